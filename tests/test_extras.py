"""Libraries that may be missing."""

import sys

import pytest

from digitlab.errors import InputError
from digitlab.extras import require_extra


def test_what_is_installed_is_imported():
    assert require_extra("json.decoder", "onnx", "a test").__name__ == "json.decoder"


def test_what_is_missing_is_named_in_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError) as caught:
        require_extra("onnx.helper", "onnx", "an ONNX file")
    assert str(caught.value) == (
        "an ONNX file needs onnx, which is not installed\n  help: pip install 'digitlab[onnx]'"
    )


def test_what_is_there_and_broken_says_why(tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text("import not_there_either")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_either"):
        require_extra("broken_library", "onnx", "a test")
