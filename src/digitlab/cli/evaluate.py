"""``digitlab evaluate``: how good a model is on the test set."""

from digitlab.cli.options import AS_IT_IS, Data, DataOptions, Json, Model, open_model
from digitlab.cli.output import print_json, write_line
from digitlab.display.report import report_text
from digitlab.evaluation import evaluate as evaluate_network


def evaluate(
    *, model: Model = None, data: Data = "mnist", understood: DataOptions = AS_IT_IS, json: Json = False
) -> int:
    """Measure a model on the test set: accuracy with its interval, cross-entropy, and each digit."""
    found, network = open_model(model)
    _, test = understood.open(data)
    report = evaluate_network(network, test)
    if json:
        print_json(report.to_dict() | {"model": found.name})
    else:
        write_line(f"model {found}")
        write_line(report_text(report))
    return 0
