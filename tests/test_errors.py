"""The tree of errors: who descends from whom, what each one says, and that it survives a trip elsewhere."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest

from digitlab import errors
from digitlab.errors import DigitlabError, DivergenceError, ModelFileError, RecipeError, RunError, system_errors

TREE = {  # the parents, and the exit code of the command line
    "DigitlabError": ({"Exception"}, 1),
    "InputError": ({"DigitlabError", "ValueError"}, 2),
    "ArchitectureError": ({"InputError"}, 2),
    "PictureError": ({"InputError"}, 2),
    "RecipeError": ({"InputError"}, 2),
    "FileError": ({"DigitlabError"}, 1),
    "DataFileError": ({"FileError"}, 1),
    "ModelFileError": ({"FileError"}, 1),
    "RunError": ({"FileError"}, 1),
    "RunLockedError": ({"RunError"}, 1),
    "DivergenceError": ({"DigitlabError"}, 1),
    "ClusterError": ({"DigitlabError"}, 1),
    "LabError": ({"DigitlabError"}, 1),
    "BusyError": ({"LabError"}, 1),
    "UnknownError": ({"LabError"}, 1),
}
KINDS = [getattr(errors, name) for name in TREE]


def make(kind: type[DigitlabError], got: object = "11") -> DigitlabError:
    return kind("a label is not a digit", must_be="0 to 9", got=got, help="check the labels")


def test_every_error_is_in_the_tree():
    classes = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    defined = {name for name, value in classes.items() if value.__module__ == errors.__name__}
    assert defined == set(TREE)


@pytest.mark.parametrize("name", TREE)
def test_each_error_has_its_parents_and_its_exit_code(name):
    kind = getattr(errors, name)
    assert ({parent.__name__ for parent in kind.__bases__}, kind.exit_code) == TREE[name]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_answers_four_questions(kind):
    error = make(kind)
    assert (error.what, error.must_be, error.got, error.help) == (
        "a label is not a digit",
        "0 to 9",
        "11",
        "check the labels",
    )
    assert str(error).splitlines() == [
        "a label is not a digit",
        "  must be: 0 to 9",
        "  got: 11",
        "  help: check the labels",
    ]


def test_an_error_says_only_what_it_has_to_say():
    assert str(DigitlabError("there are no digits")) == "there are no digits"
    assert str(DigitlabError("there are no digits", got=0)) == "there are no digits\n  got: 0"


def test_an_error_about_a_file_begins_with_its_name_made_visible():
    with pytest.raises(RunError) as caught:
        errors.refuse(RunError, Path("runs/\x1b[2J"), "this is not a run", help="look elsewhere")
    assert str(caught.value) == "runs/\\x1b[2J: this is not a run\n  help: look elsewhere"
    assert errors.printable("a\nb\tc", keep="\n") == "a\nb\\tc"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, ValueError)])
def test_whoever_expects_a_value_error_catches_wrong_input(kind):
    with pytest.raises(ValueError, match="a label is not a digit"):
        raise make(kind)


@pytest.mark.parametrize("length", [200, 201, 1_000_000])
def test_long_values_are_shortened(length):
    got = make(DigitlabError, "x" * length).got
    assert got == "x" * length if length <= 200 else got == "x" * 200 + "..."


def test_values_of_any_type_are_shown():
    assert make(DigitlabError, [1, None]).got == "[1, None]"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy], ids=["pickle", "copy"])
def test_an_error_arrives_elsewhere_as_it_was(travel, kind):
    error = make(kind, "x" * 300)
    arrived = travel(error)
    assert type(arrived) is kind
    assert (str(arrived), arrived.args, arrived.exit_code) == (str(error), error.args, error.exit_code)


@pytest.mark.parametrize("travel", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy], ids=["pickle", "copy"])
def test_where_training_diverged_arrives_too(travel):
    error = DivergenceError("diverged", must_be="finite", got="inf", help="go slower")
    error.step, error.layer = 7, "W2"
    arrived = travel(error)
    assert (arrived.step, arrived.layer) == (7, "W2")


def test_what_cannot_be_shown_is_still_described():
    assert errors.describe(3) == "3"
    assert "int" in errors.describe(10**5000)
    assert errors.describe("x" * 300) == "'" + "x" * 199 + "..."


@pytest.mark.parametrize("name", ["x" * 10**6, 10**5000, None, ["seed"]], ids=["text", "number", "None", "list"])
def test_whatever_is_given_in_place_of_a_name_is_refused_in_few_words(name):
    with pytest.raises(errors.InputError, match="there is no thing") as caught:
        errors.require_name(name, ["seed"], "thing")
    assert len(str(caught.value)) < 500


def test_another_kind_is_refused_in_our_words():
    with pytest.raises(errors.InputError, match="the thing must be a dict") as caught:
        errors.require_kind([], dict, "the thing", "try {}")
    assert caught.value.got == "[]"


def test_an_unknown_name_is_refused_with_the_one_that_may_be_meant():
    errors.require_name("adam", ["sgd", "adam"], "optimizer")
    with pytest.raises(RecipeError) as caught:
        errors.require_name("adma", ["sgd", "adam"], "optimizer", RecipeError)
    assert str(caught.value) == "there is no optimizer 'adma'\n  must be: sgd, adam\n  help: did you mean adam?"
    ladder = ["ladder-1-minibatch", "ladder-2-he"]
    for typed, meant in {"ladder-1": "ladder-1-minibatch", "ladder-": "ladder-2-he"}.items():  # begun, or else nearest
        with pytest.raises(errors.InputError) as caught:
            errors.require_name(typed, ladder, "recipe")
        assert caught.value.help == f"did you mean {meant}?"
    with pytest.raises(errors.InputError) as caught:
        errors.require_name(["adam"], ["sgd", "adam"], "optimizer")
    assert caught.value.what == "there is no optimizer ['adam']"


def test_what_the_operating_system_complains_of_becomes_an_error_of_ours():
    with pytest.raises(RunError, match="No such file or directory") as caught, complaints():
        Path("/nowhere/at/all").read_bytes()
    assert (caught.value.what, caught.value.must_be, caught.value.help) == ("it cannot be", "a place", "look there")
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    with pytest.raises(RunError, match="in words alone"), complaints():
        raise OSError("in words alone")
    with pytest.raises(ZeroDivisionError), complaints():
        _ = 1 / 0
    with pytest.raises(ModelFileError), complaints():  # one of ours stays what it is
        raise ModelFileError("a", must_be="b", got="c", help="d")


def complaints():
    return system_errors(RunError, "it cannot be", must_be="a place", help="look there")
