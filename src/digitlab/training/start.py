"""Where a training starts: at the beginning, where it was stopped, or where another one was.

`digitlab.runs.starts` makes a `Start` in each of these ways; the loop needs to know no more.
"""

from dataclasses import dataclass
from typing import Protocol

from digitlab.engines import Engine
from digitlab.network.network import Network
from digitlab.training.events import EpochDone, Event
from digitlab.training.recipe_files import NamedRecipe
from digitlab.training.state import Outcome, State


class Keeper(Protocol):
    """Whoever keeps a training while it goes on. Where and how is its own affair (`digitlab.runs.writer`)."""

    @property
    def due(self) -> bool:
        """Whether it is time for another checkpoint."""

    def record(self, event: EpochDone) -> None:
        """Take an epoch into the history."""

    def checkpoint(self, state: State, outcome: Outcome, *, snapshot: bool = False) -> None:
        """Commit a state. A snapshot is kept for good."""

    def finish(self, state: State | None, outcome: Outcome, network: Network) -> None:
        """Commit the end: the trained network, and the state where one can go on from it."""

    def close(self) -> None:
        """Nothing more will come."""


@dataclass(frozen=True)
class Ended:
    """A training after which there is nothing to do: the network that came of it, and what is told of it again."""

    network: Network
    events: tuple[Event, ...]


@dataclass
class Start:
    """What a training starts from.

    Attributes:
        recipe: every setting that changes the result, and what the training is for.
        state: of the training so far; of a new one, its first parameters.
        engine: what computes.
        threads: how many it may use; None for as many as the process may.
        earlier: the epochs that were done before.
        keeper: who keeps it, or None.
        snapshot_every: epochs after which a checkpoint is kept for good; 0 for never.
        warnings: what a person should know before it goes on, such as a damaged checkpoint that was passed over.
        ended: set where nothing is left to do.
    """

    recipe: NamedRecipe
    state: State
    engine: Engine
    threads: int | None = None
    earlier: tuple[EpochDone, ...] = ()
    keeper: Keeper | None = None
    snapshot_every: int = 0
    warnings: tuple[str, ...] = ()
    ended: Ended | None = None
