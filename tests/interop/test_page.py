"""The page of a network, as a file; what it does in a browser: tests/browser/test_one_html_file.py."""

from __future__ import annotations

import base64
import hashlib
import re

import numpy as np
import pytest

import digitlab as dl
from digitlab.errors import InputError
from digitlab.interop import page
from digitlab.interop.bundle import bundle
from digitlab.interop.page import PACKAGE, SOURCES, make_page
from digitlab.network.card import new_card


@pytest.fixture(scope="module")
def digits(mnist):
    return mnist[1][:200]


def test_it_says_how_precise_it_is_and_what_that_costs(digits, tmp_path):
    written = make_page(dl.load("standard"), digits)
    assert len(written.content) <= 4_000_000
    weights, reads, rounding = written.words[-3:]
    assert weights.startswith(
        "weights: float16 (of the network that tells digits from all else: int8) instead of float32"
    )
    assert re.search(r"% of the 200 pictures of MNIST test.* right$", reads)
    assert re.match(r"rounding: .* % before; 0 other answers, ", rounding)


def test_what_fits_is_exact_and_costs_nothing(digits):
    network = dl.Network([784, 8, 10], seed=1)
    told = make_page(network, digits).words[-2:]
    right = 100 * np.mean(network.predict(digits.images) == digits.labels)
    assert told == ["weights: float32", f"{right:.2f} % of the 200 pictures of {digits.source} right"]


def test_a_network_of_other_classes_is_not_measured_on_digits(tmp_path):
    network = dl.Network([784, 8, 2])
    network.card = new_card(network.architecture, ["yes", "no"])
    done = dl.export_model(network, tmp_path / "a.html")
    assert done.words[-1] == "weights: float32"
    assert "tells apart: yes, no" in (tmp_path / "a.html").read_text("utf-8")


def test_it_holds_all_that_it_needs_and_its_policy_names_its_own_script():
    content = make_page(dl.Network([784, 4, 10]), None).content.decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', content)[1]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("script type=.module.", "style"):
        text = re.search(rf"<{tag}>(.*?)</(?:script|style)>", content, re.DOTALL)[1]
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:)""", content)
    assert content.count("</script>") == 3


@pytest.mark.parametrize("sizes", [[100, 10], [785, 3, 10]])
def test_other_inputs_than_28_x_28_are_refused(sizes, tmp_path):
    with pytest.raises(InputError, match="28 x 28"):
        dl.export_model(dl.Network(sizes), tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_a_network_that_no_page_has_room_for_is_refused(monkeypatch):
    monkeypatch.setattr(page, "MOST_BYTES", 400_000)
    with pytest.raises(InputError, match="7,850 parameters is too large"):
        make_page(dl.Network([784, 10]), None)


def test_modules_become_functions_each_behind_those_that_it_imports(tmp_path):
    (tmp_path / "a.js").write_text(
        'import { one as two } from "./b.js";\nimport c from "./c.js";\nexport const all = two + c;\n'
    )
    (tmp_path / "b.js").write_text('export { one } from "./d.js";\n')
    (tmp_path / "c.js").write_text("export default function(){}")
    (tmp_path / "d.js").write_text("const n=1;export{n as one};")
    names = re.findall(r"^const (\$\w)", script := bundle(tmp_path, tmp_path / "a.js"), re.MULTILINE)
    assert names == ["$d", "$b", "$c", "$a"]
    assert "const { one: two } = $b;" in script
    assert "return { one: $d.one };" in script
    assert "return { all };" in script
    assert not re.search(r"^(import|export)\b", bundle(PACKAGE, SOURCES / "main.js"), re.MULTILINE)


def test_modules_that_import_each_other_are_an_error(tmp_path):
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\n')
    with pytest.raises(AssertionError, match="imports itself"):
        bundle(tmp_path, tmp_path / "a.js")
