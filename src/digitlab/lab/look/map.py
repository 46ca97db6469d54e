"""Maps of the test set: where its digits lie in a layer."""

import numpy as np

from digitlab.inside import Projection, project
from digitlab.lab.lab import Lab
from digitlab.lab.look import records
from digitlab.lab.look.seen import Seen
from digitlab.lab.readers import Reader

MOST = 2000  # digits on a map: the first of the test set


def map_of(lab: Lab, reader: Reader, layer: int) -> records.LayerMap:
    """The map of a layer: 0 is the picture, then the hidden layers, last the logits.

    Raises:
        InputError: there is no such layer, or the reader knows other classes than the test set.
        DivergenceError: the network's sums are not finite.
    """
    found = _project(lab, reader, layer)
    return records.LayerMap(
        reader=reader.id,
        version=reader.version,
        layer=layer,
        what=found.what,
        names=list(found.names),
        explained=found.explained.tolist(),
        points=np.round(found.points, 4).tolist(),
        labels=found.labels.tolist(),
        predicted=lab.predictions(reader).predicted[: len(found.labels)].tolist(),
    )


def place_of(lab: Lab, seen: Seen, layer: int) -> records.Place:
    """Where a picture lies on it. Errors as `map_of`."""
    x, y = _project(lab, seen.reader, layer).place(seen.network, seen.image).tolist()
    return records.Place(**seen.told(), layer=layer, x=x, y=y)


def _project(lab: Lab, reader: Reader, layer: int) -> Projection:
    test = lab.data()[1]
    return lab.kept.get(reader, ("map", layer), lambda: project(reader.network, test[: min(MOST, len(test))], layer))
