"""Graphs of ONNX as other programs make them, by the library ``onnx``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
helper, numpy_helper = onnx.helper, onnx.numpy_helper

RNG = np.random.default_rng(5)
P, H, K = 9, 6, 3
W1, b1 = RNG.normal(size=(P, H)).astype(np.float32), RNG.normal(size=H).astype(np.float32)
W2, b2 = RNG.normal(size=(H, K)).astype(np.float32), RNG.normal(size=K).astype(np.float32)
PIXELS = RNG.integers(0, 256, (20, P), dtype=np.uint8)
X = PIXELS / np.float32(255)
ARRAYS = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W1T": W1.T, "row": b1[None], "255": np.float32(255)}
ARRAYS |= {"half": np.float32(0.5), "one": np.float32(1), "root": np.float32(2**0.5), "three": np.float32(3)}
ARRAYS |= {"cubic": np.float32(0.044715), "root2": np.float32((2 / np.pi) ** 0.5), "mean": X.mean(0), "std": X.std(0)}
ARRAYS |= {"square": RNG.normal(size=(H, H)).astype(np.float32), "[20, 9]": np.array([20, 9])}
ARRAYS |= {"column": np.ones((H, 1), np.float32), "infinite": np.float32(np.inf)}
TAIL = [("Gemm", "a W2 b2", "z2"), ("Softmax", "z2", "y")]
FIRST = ("Gemm", "x W1 b1", "z")


def graph(steps: list[tuple[Any, ...]], *, opset: int = 17, kind: int = 1, shape: Any = ("N", P)) -> bytes:
    """A file with these nodes: operator, inputs, outputs, attributes; and with the arrays that they name."""
    nodes = []
    for op, inputs, outputs, *attributes in steps:
        given = dict(*attributes)
        nodes.append(
            helper.make_node(op, inputs.split("|") if "|" in inputs else inputs.split(), outputs.split(), **given)
        )
    arrays = {name: array for name, array in ARRAYS.items() if any(name in node.input for node in nodes)}
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info("y", 1, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(made, opset_imports=opsets, ir_version=8, producer_name="somebody")
    content: bytes = model.SerializeToString()
    return content
