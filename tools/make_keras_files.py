"""Make the files in tests/interop/keras: models as Keras itself writes them, and what it answers.

    KERAS_BACKEND=torch python tools/make_keras_files.py

Keras 3 with any backend must be installed; it is not a part of any environment of digitlab. The tests read the files
without it. Each time they get other identifiers and a newer date, and the same numbers.
"""

import json
from pathlib import Path

import keras
import numpy as np
from keras import layers

PLACE = Path(__file__).parents[1] / "tests" / "interop" / "keras"
PIXELS = np.array([[0, 255, 128, 3], [255, 254, 1, 77], [9, 0, 0, 200]], np.uint8)


def sequential() -> keras.Model:
    """Trained, so that what the optimizer keeps is in the file, too."""
    return keras.Sequential(
        [
            keras.Input((2, 2)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(3, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(2, activation="softmax"),
        ]
    )


def functional() -> keras.Model:
    """Names of one's own, a layer without a bias, and a temperature."""
    inputs = keras.Input((4,), name="pixels")
    hidden = layers.Dense(3, activation="tanh", name="first")(inputs)
    hidden = layers.Activation("tanh", name="again")(layers.Dense(3, use_bias=False, name="second")(hidden))
    outputs = layers.Softmax()(layers.Rescaling(0.5)(layers.Dense(2, name="last")(hidden)))
    return keras.Model(inputs, outputs)


def leaky() -> keras.Model:
    """Pixels from -1 to 1, and logits."""
    scaled = layers.Rescaling(1 / 127.5, offset=-1)
    return keras.Sequential(
        [keras.Input((4,)), scaled, layers.Dense(3), layers.LeakyReLU(negative_slope=0.01), layers.Dense(2)]
    )


def gelu() -> keras.Model:
    """The tanh form."""
    inputs = keras.Input((4,))
    hidden = keras.ops.gelu(layers.Dense(3)(layers.Rescaling(1 / 255)(inputs)), approximate=True)
    return keras.Model(inputs, layers.Dense(2, activation="softmax")(hidden))


def exact_gelu() -> keras.Model:
    """What Keras means by the name alone."""
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="gelu"), layers.Dense(2, "softmax")])


def branch() -> keras.Model:
    """Two layers that take the same: this is refused."""
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Add()([layers.Dense(2)(inputs), layers.Dense(2)(inputs)]))


READ = (sequential, functional, leaky, gelu, exact_gelu)


def main() -> None:
    """Write them all."""
    PLACE.mkdir(exist_ok=True)
    answers = {"pixels": PIXELS.tolist(), "keras": keras.__version__}
    for make in (*READ, branch):
        keras.utils.set_random_seed(1)
        model = make()
        if make is sequential:
            model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
            model.fit(PIXELS.reshape(-1, 2, 2), np.array([0, 1, 0]), verbose=0)
        for variable in model.trainable_variables:  # biases would be 0
            variable.assign_add(np.random.default_rng(2).normal(0, 0.5, variable.shape))
        model.save(PLACE / f"{make.__name__}.keras")
        if make in READ:
            taken = PIXELS / 255 if make in (functional, exact_gelu) else PIXELS
            answers[make.__name__] = model.predict(taken.reshape(-1, *model.input_shape[1:]), verbose=0).tolist()
    (PLACE / "answers.json").write_text(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main()
