"""Measure the model that ships and the seed model again, for `docs/reference/robustness.md`: `make robustness`.

The seed model is what `digitlab train seed` makes; it is trained here. All follows from seeds.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import digitlab as dl
from digitlab.display.robustness import robustness_markdown
from digitlab.evaluation import attack_examples, measure_robustness
from digitlab.figures import draw_attacks, draw_corruptions, draw_robustness, save_figure

HERE = Path(__file__).parent
PAGE, NUMBERS, IMAGES = HERE / "reference/robustness.md", HERE / "reference/robustness.json", HERE / "images"


def with_tables(page: str, tables: str) -> str:
    """The page with these tables in their place."""
    begins, ends = "<!-- tables begin -->\n\n", "\n<!-- tables end -->"
    return re.sub(f"(?<={begins}).*(?={ends})", lambda _: tables, page, flags=re.DOTALL)


def main() -> None:
    train, test = dl.load_mnist()
    recipe = dl.recipe("seed")
    seed = recipe.new_network()
    dl.fit(seed, train, recipe, progress=True)
    standard = dl.load("standard")
    measured = {name: measure_robustness(network, test) for name, network in (("standard", standard), ("seed", seed))}
    NUMBERS.write_text(json.dumps({name: one.to_dict() for name, one in measured.items()}, indent=1) + "\n")
    PAGE.write_text(with_tables(PAGE.read_text("utf-8"), robustness_markdown(measured)), "utf-8")
    save_figure(draw_corruptions(test.images), IMAGES / "corruptions.png")
    save_figure(draw_robustness(measured), IMAGES / "robustness.png")
    save_figure(draw_attacks(attack_examples(standard, test), standard.card.labels), IMAGES / "attacks.png")


if __name__ == "__main__":
    main()
