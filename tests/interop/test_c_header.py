"""The C header: compiled as C99 with all warnings, and run on digits, beside the same arithmetic in NumPy."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import digitlab as dl
from digitlab.data.deskew import deskew
from digitlab.interop.c_header import NAME, write_c_header
from digitlab.interop.quantized import quantize
from digitlab.network import ACTIVATIONS, Network, Preprocessing
from digitlab.network.activations import softmax

STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic", "-Wshadow", "-Wconversion", "-Wdouble-promotion"]
MAIN = f"""
#include <stdio.h>
#include "{NAME}"
int main(void) {{
    static uint8_t pixels[DIGITLAB_INPUTS];
    float logits[DIGITLAB_OUTPUTS], p[DIGITLAB_OUTPUTS];
    while (fread(pixels, 1, DIGITLAB_INPUTS, stdin) == DIGITLAB_INPUTS) {{
        int found = digitlab_predict(pixels);
        digitlab_logits(pixels, logits);
        digitlab_probabilities(pixels, p);
        printf("%d %s", found, digitlab_name(found));
        for (int k = 0; k < DIGITLAB_OUTPUTS; k++) printf("\\t%.9g %.9g", (double)logits[k], (double)p[k]);
        printf("\\n");
    }}
    return 0;
}}
"""
UPRIGHT = f"""
#include <stdio.h>
#include "{NAME}"
int main(void) {{
    static uint8_t pixels[DIGITLAB_INPUTS];
    static int16_t upright[DIGITLAB_INPUTS];
    while (fread(pixels, 1, DIGITLAB_INPUTS, stdin) == DIGITLAB_INPUTS) {{
        digitlab_deskew(pixels, upright);
        for (int k = 0; k < DIGITLAB_INPUTS; k++) putchar(upright[k]);
    }}
    return 0;
}}
"""
NAMES = f"""
#include <stdio.h>
#include "{NAME}"
int main(void) {{
    for (int k = 0; k < DIGITLAB_OUTPUTS; k++) puts(digitlab_name(k));
    return 0;
}}
"""
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler (cc) here")


def compiled(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*command, *STRICT], cwd=folder, capture_output=True, text=True, timeout=100, check=False)


def run(network: Network, pixels: np.ndarray, folder: Path, main: str = MAIN) -> bytes:
    """What a program with this header says of the pictures; undefined behaviour ends it."""
    (folder / NAME).write_bytes(write_c_header(network).content)
    (folder / "main.c").write_text(main)
    done = compiled(
        "cc", "-std=c99", "-fsanitize=undefined", "-fno-sanitize-recover", "main.c", "-o", "reader", folder=folder
    )
    if "ubsan" in done.stderr:  # the linker has no such library
        done = compiled("cc", "-std=c99", "main.c", "-o", "reader", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return subprocess.run(
        [folder / "reader"], input=pixels.tobytes(), capture_output=True, check=True, timeout=100
    ).stdout


def with_biases(sizes: list[int], activation: str = "relu", **card: object) -> Network:
    network = Network(sizes, activation=activation, seed=1)
    network.parameters[:] = 2 * network.parameters + np.random.default_rng(0).normal(0, 0.2, network.parameters.shape)
    network.card = dataclasses.replace(network.card, **card)  # type: ignore[arg-type]
    return network


@needs_cc
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_c_computes_what_numpy_does(activation, mnist, tmp_path):
    labels = tuple(f"class {number}" for number in range(7))  # no digits: nothing is measured
    network = with_biases([784, 20, 9, 7], activation, labels=labels, temperature=1.3)
    pixels = np.concatenate(
        [mnist[1].images[:200], np.full((1, 28, 28), 255, np.uint8), np.zeros((1, 28, 28), np.uint8)]
    )
    expected = quantize(network).logits(pixels)
    lines = [line.split("\t") for line in run(network, pixels, tmp_path).decode().splitlines()]
    found = np.array([[list(map(float, pair.split())) for pair in pairs] for _, *pairs in lines])  # (N, K, 2)
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-3)  # one step of a hidden unit may go the other way
    np.testing.assert_allclose(found[..., 1], softmax(expected, 1.3), atol=1e-4)
    best = found[..., 0].argmax(axis=1)
    assert [line[0] for line in lines] == [f"{k} class {k}" for k in best]
    assert np.mean(best == expected.argmax(axis=1)) > 0.99


@needs_cc
def test_what_the_header_says_of_itself_is_so(mnist, few, tmp_path):
    recipe = dl.recipe("quick", layers=(784, 16, 10), epochs=2)
    network = recipe.new_network()
    dl.fit(network, few, recipe)
    written = write_c_header(network)
    constants, buffers = (
        int(word.replace(",", "")) for word in re.findall(r"([\d,]+) bytes of (?:constants|buffers)", written.words[0])
    )
    assert constants == 784 * 16 + 16 * 10 + 2 * 4 * (16 + 10)
    assert buffers == 2 * 784 + 4 * 16
    said = re.fullmatch(
        r"(.+) % of MNIST's 10,000 test digits right; in float32 (.+) %; (\d+) other answers", written.words[1]
    )
    lines = run(network, mnist[1].images, tmp_path).decode().splitlines()
    answers, floats = np.array([int(line.split()[0]) for line in lines]), network.predict(mnist[1].images)
    right = [100 * np.mean(found == mnist[1].labels) for found in (answers, floats)]
    assert said is not None
    np.testing.assert_allclose([float(said[1]), float(said[2])], right, atol=0.011)
    assert abs(int(said[3]) - np.count_nonzero(answers != floats)) <= 1
    assert min(right) > 80
    header = written.content.decode()
    assert dl.__version__ in header
    assert all(words[1:] in header for words in written.words)


@needs_cc
def test_digits_are_made_upright_by_the_header_itself(mnist, tmp_path):
    network = with_biases([784, 10], labels=tuple("abcdefghij"), preprocessing=Preprocessing(28, kind="deskew"))
    pixels = np.concatenate([mnist[1].images[:300], np.eye(28, dtype=np.uint8)[None] * 255])
    pixels[1], pixels[2, :, :], pixels[2, 5, 3:9] = 0, 0, 90  # nothing, and a single row
    assert run(network, pixels, tmp_path, UPRIGHT) == deskew(pixels).tobytes()


@needs_cc
def test_names_are_data_and_never_code(tmp_path):
    names = ('"); system("true"); //', "a*/b", "??/", "back\\slash\\", "ズボン é", "%s%n")
    told = run(with_biases([4, 6], labels=names), np.zeros((1, 4), np.uint8), tmp_path, NAMES)
    assert told.decode() == "".join(f"{name}\n" for name in names)


@needs_cc
def test_the_program_of_the_documentation_runs(tmp_path):
    page = Path(__file__).parents[2] / "docs/how-to/microcontroller.md"
    (program,) = re.findall(r"^```c\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    network = with_biases([784, 10], labels=tuple("abcdefghij"))
    blank = np.zeros(784, np.uint8)
    assert run(network, blank, tmp_path, program).decode() == f"{network.card.labels[network.predict(blank)]}\n"


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler (c++) here")
def test_it_is_cpp_too(tmp_path):
    (tmp_path / NAME).write_bytes(write_c_header(with_biases([9, 3, 2])).content)
    (tmp_path / "main.cpp").write_text(MAIN)
    done = compiled("c++", "-std=c++11", "-fsyntax-only", "main.cpp", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_needs_no_library():
    header = write_c_header(with_biases([784, 5, 10], "gelu", labels=tuple("abcdefghij"))).content.decode()
    assert re.findall(r"^#include (.+)", header, re.MULTILINE) == ["<stdint.h>"]
    assert not re.search(r"malloc|\b(exp|tanh|round)f?\(|\bdouble [a-z]", header)
