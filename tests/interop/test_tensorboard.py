"""A training for TensorBoard: read by another hand, and by TensorBoard itself where it is installed."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image

import digitlab as dl
from digitlab.errors import InputError
from digitlab.interop.tensorboard import TensorBoardLog
from digitlab.training.events import Advice, EpochDone, Remark, SettingChanged, Started, StepDone, Stopped
from tests.interop.event_files import curve, read_events, values

pytest.importorskip("tensorboardX", reason="writes the event files")
RECIPE = dl.recipe("minibatch", layers=(784, 12, 10), batch_size=50, epochs=20, validation=100)
CURVES = {
    "loss/training": "loss",
    "accuracy/training": "accuracy",
    "loss/validation": "validation_loss",
    "accuracy/validation": "validation_accuracy",
    "learning_rate": "learning_rate",
    "epoch": "epoch",
}
WEIGHTS = "weights of the first layer"


@pytest.fixture(scope="module")
def told(tmp_path_factory, few):
    """A folder, the network and the history of a training that was logged there."""
    folder, network = tmp_path_factory.mktemp("logs") / "one", RECIPE.new_network()
    with TensorBoardLog(folder, network, RECIPE) as log:
        history = dl.fit(network, few, RECIPE, listeners=[log], layers_every=10, threads=1)
    return folder, network, history


def started(step: int = 0, earlier: tuple[EpochDone, ...] = ()) -> Started:
    return Started("784-12-10", "MNIST", 100, 20, "numpy", 1, epoch=len(earlier), step=step, earlier=earlier)


def test_the_curves_are_those_of_the_history(told):
    folder, _, history = told
    for tag, name in CURVES.items():
        points = [(epoch.step, np.float32(getattr(epoch, name))) for epoch in history.epochs]
        assert curve(folder, tag) == points, tag
    for number in (1, 2):
        for name in ("weights", "gradient", "change"):
            sizes = [(one.step, np.float32(getattr(one.layers[number - 1], name))) for one in history.layers]
            assert curve(folder, f"{name}/layer_{number}") == sizes


def test_tensorboard_itself_reads_the_same(told):
    module = "tensorboard.backend.event_processing.event_accumulator"
    accumulators = pytest.importorskip(module, reason="TensorBoard is the oracle")
    folder, _, history = told
    found = accumulators.EventAccumulator(str(folder)).Reload()
    for tag, name in CURVES.items():
        points = [(epoch.step, np.float32(getattr(epoch, name))) for epoch in history.epochs]
        assert [(one.step, one.value) for one in found.Scalars(tag)] == points
    assert found.Images(WEIGHTS)[-1].step == history.epochs[-1].step


def test_the_weights_are_pictures(told):
    folder, network, history = told
    pictures = values(folder)[WEIGHTS]
    assert [step for step, _ in pictures] == [0, *(epoch.step for epoch in history.epochs if epoch.epoch % 2 == 0)]
    kept = pictures[-1][1].image
    picture = np.asarray(Image.open(io.BytesIO(kept.encoded_image_string))).astype(int)
    assert picture.shape == (kept.height, kept.width, 3) == (2 * 28, 8 * 28, 3)
    W = network.layers[0].W
    for unit, (row, column) in {0: (0, 0), 9: (1, 1)}.items():
        square = picture[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
        redder = (square[..., 0] - square[..., 2]).ravel()
        assert (np.sign(redder) * np.sign(W[:, unit]) >= 0).all()
        assert np.corrcoef(redder, W[:, unit])[0, 1] > 0.99
    assert (picture[28:, 5 * 28 :] == 255).all()  # there are 12 units


def test_the_settings_are_hparams(told):
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    found = values(told[0])

    def read(tag: str) -> HParamsPluginData:
        ((_, value),) = found[f"_hparams_/{tag}"]
        assert value.metadata.plugin_data.plugin_name == "hparams"
        return HParamsPluginData.FromString(value.metadata.plugin_data.content)

    settings = read("session_start_info").session_start_info.hparams
    assert set(settings) == set(RECIPE.to_dict())
    assert settings["layers"].string_value == "784-12-10"
    assert settings["learning_rate"].number_value == RECIPE.learning_rate
    assert settings["optimizer"].string_value == RECIPE.optimizer
    measured = [metric.name.tag for metric in read("experiment").experiment.metric_infos]
    assert measured == list(CURVES)[:4]
    assert read("session_end_info").session_end_info.status == 1  # a success


def test_steps_changes_and_words_are_told(tmp_path):
    words = Advice(1, "try more"), Remark(1, "a worker is gone")
    with TensorBoardLog(tmp_path, RECIPE.new_network(), RECIPE) as log:
        for event in (started(), StepDone(7, 1, 2.5, 0.25), SettingChanged(7, "momentum", 0.5), *words):
            log(event)
    assert curve(tmp_path, "loss/step") == [(7, 2.5)]
    assert curve(tmp_path, "accuracy/step") == [(7, 0.25)]
    assert curve(tmp_path, "changed/momentum") == [(7, 0.5)]
    for event in words:
        ((step, told),) = values(tmp_path)[f"{type(event).__name__.lower()}/text_summary"]
        assert (step, told.tensor.string_val) == (7, [event.words.encode()])
    ((_, words),) = values(tmp_path)["training/text_summary"]
    assert words.tensor.string_val == [b"network 784-12-10, 100 digits from MNIST, engine numpy"]


def test_a_training_that_diverges_says_so(tmp_path):
    with TensorBoardLog(tmp_path, RECIPE.new_network(), RECIPE) as log:
        log(started())
        log.tell_divergence(8, "training diverged at step 8")
    ((step, words),) = values(tmp_path)["diverged/text_summary"]
    assert (step, words.tensor.string_val) == (8, [b"training diverged at step 8"])


def test_a_resumed_training_has_no_point_twice(tmp_path):
    epochs = tuple(EpochDone(epoch, 10 * epoch, 1 / epoch, 0.5, 0.1) for epoch in range(1, 6))
    for resumed in (False, True):
        with TensorBoardLog(tmp_path, RECIPE.new_network(), RECIPE, resume=resumed) as log:
            for event in (started(20, epochs[:2]), *epochs[2:], Stopped("finished", 5, 50, 1.0)):
                log(event)
    assert [path.name[-15:] for path in sorted(tmp_path.iterdir())] == ["000001.digitlab", "000002.digitlab"]
    assert curve(tmp_path, "loss/training") == [(epoch.step, np.float32(epoch.loss)) for epoch in epochs]
    steps = [step for step, _ in values(tmp_path)[WEIGHTS]]
    assert steps == sorted(set(steps)) == [20, 40, 50]
    assert len(values(tmp_path)["_hparams_/experiment"]) == 1


def test_tensorboard_itself_has_no_point_twice(tmp_path):
    """In both of its readers: one takes the first start in a folder for no restart."""
    module = "tensorboard.backend.event_processing"
    first = pytest.importorskip(f"{module}.event_accumulator", reason="TensorBoard is the oracle")
    second = pytest.importorskip(f"{module}.plugin_event_accumulator")
    epochs = tuple(EpochDone(epoch, 10 * epoch, 1 / epoch, 0.5, 0.1) for epoch in range(1, 6))
    for begun, after in ((0, 4), (2, 5)):  # killed after epoch 4, gone on with from epoch 2
        with TensorBoardLog(tmp_path, RECIPE.new_network(), RECIPE, resume=True) as log:
            for event in (started(10 * begun, epochs[:begun]), *epochs[begun:after]):
                log(event)
        (path, *_) = sorted(tmp_path.iterdir())
        path.write_bytes(path.read_bytes()[:-5])  # by a power failure
    one = first.EventAccumulator(str(tmp_path)).Reload()
    other = second.EventAccumulator(str(tmp_path)).Reload()
    for points in (one.Scalars("loss/training"), other.Tensors("loss/training")):
        assert [point.step for point in points] == [10, 20, 30, 40, 50]
    for pictures in (one.Images(WEIGHTS), other.Tensors(WEIGHTS)):
        assert [picture.step for picture in pictures] == [0, 20, 40]


def test_other_pictures_have_no_pictures_of_weights(tmp_path):
    recipe = dl.recipe("minibatch", layers=(4, 3, 10))
    with TensorBoardLog(tmp_path, dl.Network([4, 3, 10]), recipe) as log:
        log(started())
    assert WEIGHTS not in values(tmp_path)
    assert len(read_events(tmp_path)) == 4


def test_a_folder_is_of_one_training(tmp_path):
    network = RECIPE.new_network()
    with TensorBoardLog(tmp_path / "one", network, RECIPE) as log:
        log(started())
        with pytest.raises(InputError, match="a new log needs a new folder"):
            log(started())
    with pytest.raises(InputError, match="one: a new log needs a new folder"):
        TensorBoardLog(tmp_path / "one", network, RECIPE)
    with TensorBoardLog(tmp_path / "two", network, RECIPE):
        pass
    assert list((tmp_path / "two").iterdir()) == []  # nothing was told


def test_without_tensorboardx_one_line_names_the_extra(tmp_path, monkeypatch):
    for module in [name for name in sys.modules if name.startswith("tensorboardX")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(InputError) as caught:
        TensorBoardLog(tmp_path / "log", RECIPE.new_network(), RECIPE)
    assert str(caught.value) == (
        "a TensorBoard log needs tensorboardX, which is not installed\n  help: pip install 'digitlab[tensorboard]'"
    )
    assert not (tmp_path / "log").exists()


def test_parts_that_were_mistaken_are_named(tmp_path):
    with pytest.raises(InputError, match="the network must be a Network"):
        TensorBoardLog(tmp_path, RECIPE, RECIPE)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the recipe must be a Recipe"):
        TensorBoardLog(tmp_path, RECIPE.new_network(), "seed")  # type: ignore[arg-type]
