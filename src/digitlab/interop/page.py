"""One HTML file that draws, reads and explains with a network: for whoever has a browser, and nothing else.

The file holds the network, the page (`page/`, with parts of the lab's page) and nothing that would be fetched; its
Content-Security-Policy forbids it to ask anybody. What a picture becomes before it is read is computed in the browser,
to the same bytes as here: `tests/browser/test_page_arithmetic.py` holds it to `tests/golden/prepare.json`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitlab.data.digits import DIGIT_NAMES, SIDE, Digits
from digitlab.errors import InputError
from digitlab.interop.bundle import bundle
from digitlab.interop.dense import Written, digits_to_measure
from digitlab.interop.packing import PRECISIONS, Packed, pack_all
from digitlab.network.activations import Floats
from digitlab.network.network import Network
from digitlab.network.shipped import DIGIT_OR_NOT, load_shipped
from digitlab.reading import reject
from digitlab.version import __version__

MOST_BYTES = 4_000_000  # of the whole file: as much as any mail takes
FOR_THE_PAGE = 150_000  # of them, for all but the networks
PACKAGE = Path(__file__).parents[1]
SOURCES = PACKAGE / "interop/page"
LAB = PACKAGE / "lab/static"
STYLES = (LAB / "css/base.css", LAB / "css/read.css", LAB / "css/inside.css", SOURCES / "page.css")
EXACT = next(iter(PRECISIONS))  # of the weights: nothing is lost
MOST_NAMED = 12  # classes that the title names


def write_page(network: Network) -> Written:
    """The page of a network, and what rounding its weights costs on MNIST's test digits, where it reads digits.

    Raises:
        InputError: a network that takes no pictures of 28 x 28 pixels, or one that is too large for 4 MB.
    """
    return make_page(network, digits_to_measure(network))


def make_page(network: Network, test: Digits | None) -> Written:
    """The page of a network, measured on some digits: see `write_page`."""
    if network.architecture.sizes[0] != SIDE * SIDE:
        got = f"{network.architecture.sizes[0]} inputs"
        raise InputError("a page reads pictures of 28 x 28 pixels alone", must_be=f"{SIDE * SIDE} inputs", got=got)
    card = network.card
    networks = [network, load_shipped(DIGIT_OR_NOT)] if card.labels == DIGIT_NAMES else [network]
    packed = pack_all(networks, (MOST_BYTES - FOR_THE_PAGE) * 3 // 4)  # base64 makes four bytes of three
    weights = _precision(packed)
    reads, rounding = ("", "") if test is None else _measure(networks, packed, test)
    facts = {"Reads": reads, **_facts(network), "Weights": weights, "Rounding": rounding}
    model = {
        "title": _title(card.labels),
        "network": _shape(packed[0]),
        "classes": card.labels,
        "deskew": card.deskews,
        "rejection": _rejection(packed[1]) if len(packed) > 1 else None,
        "facts": {name: told for name, told in facts.items() if told},
        "version": __version__,
    }
    words = ["open it in a browser, and draw", f"weights: {weights}", reads, rounding and f"rounding: {rounding}"]
    return Written(_html(model, packed).encode(), [told for told in words if told])


def _shape(packed: Packed) -> dict[str, Any]:
    """What the page must know to unpack a network."""
    architecture, card = packed.network.architecture, packed.network.card
    return {
        "sizes": architecture.sizes,
        "activation": architecture.activation,
        "temperature": card.temperature or 1.0,
        "precision": packed.precision,
    }


def _rejection(packed: Packed) -> dict[str, Any]:
    """The network that tells digits from all else, and the rule of doubt."""
    limits = {"rejected": reject.OPERATING_POINT, "doubted": reject.DOUBTED, "sure": reject.SURE}
    return {"shape": _shape(packed), **limits}


def _title(names: Sequence[str]) -> str:
    if tuple(names) == DIGIT_NAMES:
        return "A neural network that reads handwritten digits"
    which = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} kinds of pictures"
    return f"A neural network that tells apart: {which}"


def _facts(network: Network) -> dict[str, str]:
    """What a reader of the page may want to know, by name."""
    architecture, training = network.architecture, network.card.training
    facts = {"Layers": f"{architecture}, {architecture.activation}: {architecture.parameter_count:,} learnt numbers"}
    if training:
        facts["Learnt from"] = f"{training.samples:,} pictures of {training.source}, in {training.epochs:,} epochs"
    return facts


def _precision(packed: Sequence[Packed]) -> str:
    told = packed[0].precision
    if len(packed) > 1 and packed[1].precision != told:
        told += f" (of the network that tells digits from all else: {packed[1].precision})"
    limit = f"{MOST_BYTES // 10**6} MB"
    return told if told == EXACT else f"{told} instead of {EXACT}, to stay below {limit}"


def _measure(networks: Sequence[Network], packed: Sequence[Packed], test: Digits) -> tuple[str, str]:
    """How good the page is; and what it has lost against the networks that it was made of, if anything. In words."""
    rounded = [one.network for one in packed]
    after = rounded[0].probabilities(test.images)
    reads = f"{_right(after, test)} of the {len(test):,} pictures of {test.source} right"
    if all(one.precision == EXACT for one in packed):
        return reads, ""
    before = networks[0].probabilities(test.images)
    others = np.sum(before.argmax(axis=1) != after.argmax(axis=1))
    furthest = np.abs(before - after).max()
    rounding = f"{_right(before, test)} before; {others:,} other answers, probabilities by at most {furthest:.1g} off"
    if len(networks) > 1:
        verdicts = [_verdicts(one[1], test, found) for one, found in ((networks, before), (rounded, after))]
        rounding += f", {np.sum(verdicts[0] != verdicts[1]):,} other doubts and rejections"
    return reads, rounding


def _right(probabilities: Floats, test: Digits) -> str:
    return f"{100 * np.mean(probabilities.argmax(axis=1) == test.labels):.2f} %"


def _verdicts(rejector: Network, test: Digits, probabilities: Floats) -> NDArray[np.intp]:
    """Of each answer: 0 where it is believed, 1 in doubt, 2 rejected; as `digitlab.reading.reject.verdict`."""
    digit = rejector.probabilities(test.images)[:, 1]
    return np.where(digit < reject.OPERATING_POINT, 2, reject.are_doubtful(digit, probabilities).astype(np.intp))


def _html(model: dict[str, Any], packed: Sequence[Packed]) -> str:
    style = "\n".join(path.read_text("utf-8") for path in STYLES)
    script = bundle(PACKAGE, SOURCES / "main.js")
    only_this = f"script-src {_hash(script)}; style-src {_hash(style)}; img-src data:"
    return Template((SOURCES / "page.html").read_text("utf-8")).substitute(
        policy=f"default-src 'none'; {only_this}; base-uri 'none'; form-action 'none'",
        version=__version__,
        title=escape(model["title"]),
        icon=_base64((LAB / "icon.svg").read_bytes()),
        style=style,
        model=json.dumps(model, ensure_ascii=False).replace("<", "\\u003c"),
        weights="\n".join(_base64(one.content) for one in packed),
        script=script,
    )


def _hash(text: str) -> str:
    """A text of the page, as its policy names it."""
    return f"'sha256-{_base64(hashlib.sha256(text.encode()).digest())}'"


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
