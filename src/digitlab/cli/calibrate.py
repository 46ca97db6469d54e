"""``digitlab calibrate``: a run's model, made right as often as it says."""

from pathlib import Path

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, Json, ModelFile, check_model_place
from digitlab.cli.output import print_json, say_saved, write_line
from digitlab.errors import InputError, refuse
from digitlab.evaluation.calibrating import calibrate as calibrate_run
from digitlab.runs.models import find_model
from digitlab.runs.run import Run


def calibrate(
    model: str, /, *, out: ModelFile, data: Data = "mnist", understood: DataOptions = AS_IT_IS, json: Json = False
) -> int:
    """Make a run's model right as often as it says: fit its temperature on the digits that the run held out."""
    found = find_model(model)
    help = "name the folder of a run that was trained with --validation 10000"
    if not found.path.is_dir():
        refuse(InputError, found, "a model file does not tell which digits it never learnt from", help=help)
    _check_place(out, found.path)
    train, test = understood.open(data)
    done = calibrate_run(Run(found.path), train, test, found.epoch)
    done.network.save(out)
    if json:
        print_json(done.to_dict() | {"model": found.name, "out": str(out)})
        return 0
    write_line(f"model {found}")
    write_line(f"temperature {done.temperature:.3f}, fitted on {done.held_out:,} digits that it never learnt from")
    say_saved(out)
    write_line(f"{done.after.source:<24}  before    after")
    for name, words, factor, unit in (
        ("cross_entropy", "cross-entropy", 1, ""),
        ("brier", "Brier score", 1, ""),
        ("calibration_error", "calibration error", 100, " %"),
    ):
        before, after = (factor * getattr(report, name) for report in (done.before, done.after))
        form = ".2f" if unit else ".4f"
        write_line(f"  {words:<20}{before:10{form}}{unit:2}{after:7{form}}{unit}")
    return 0


def _check_place(out: Path, run: Path) -> None:
    """Refuse a place for the model that cannot be, before the work is done."""
    check_model_place(out)
    if out.parent.resolve() == run.resolve():
        refuse(InputError, out, "what a run's folder holds is the run's alone", help="choose another --out")
