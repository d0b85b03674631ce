"""The exception tree: what an error says, and who mends it."""

from __future__ import annotations

import inspect
import re

import pytest

from gateway import errors
from gateway.errors import (
    ArgumentError,
    ArgumentFault,
    BackendUnreachable,
    DeclarationError,
    Finding,
    GatewayError,
    InputRefused,
    JobNotFound,
    NodeFaults,
    Place,
    PromptRejected,
    RunError,
)

PLACE = Place("services.yaml", 3, 5)
FIRST = Finding(code="key-unknown", message="no key `x`", place=PLACE, mend="Remove it.")
SECOND = Finding(code="key-missing", message="no `workflow`")
WARNING = Finding(code="services-none", message="nothing is published", severity="warning")


def _classes() -> list[type[GatewayError]]:
    return [
        each
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, GatewayError)
    ]


def test_a_place_reads_as_editors_and_terminals_expect() -> None:
    assert str(PLACE) == "services.yaml:3:5"


def test_a_finding_as_json_has_every_field_in_order() -> None:
    finding = Finding(
        code="key-unknown",
        message="no key `x`",
        place=PLACE,
        service="draw",
        parameter="steps",
        found="x",
        mend="Remove it.",
    )
    assert list(finding.as_json().items()) == [
        ("code", "key-unknown"),
        ("severity", "error"),
        ("file", "services.yaml"),
        ("line", 3),
        ("column", 5),
        ("service", "draw"),
        ("parameter", "steps"),
        ("found", "x"),
        ("mend", "Remove it."),
        ("message", "no key `x`"),
    ]


def test_a_finding_without_a_place_has_none_in_json() -> None:
    told = SECOND.as_json()
    assert (told["file"], told["line"], told["column"]) == (None, None, None)


def test_an_error_says_its_message_and_then_its_mend() -> None:
    error = BackendUnreachable("Nothing listens.", where="studio", mend="Start ComfyUI.")
    assert str(error) == "Nothing listens. Start ComfyUI."
    assert (error.code, error.where, error.found) == ("backend-unreachable", "studio", "")


def test_an_error_without_a_mend_says_its_message() -> None:
    assert str(RunError("It failed.")) == "It failed."


def test_a_code_of_its_own_goes_before_the_kind_s() -> None:
    assert GatewayError("x", code="wrong-use").code == "wrong-use"
    assert GatewayError("x").code == "gateway-error"


@pytest.mark.parametrize(
    ("findings", "message"),
    [
        ((FIRST,), "no key `x`"),
        ((WARNING, FIRST, SECOND), "no key `x` (and 1 more)"),
        ((), "the declaration is invalid"),
    ],
)
def test_a_declaration_error_counts_errors_and_keeps_all_findings(
    findings: tuple[Finding, ...], message: str
) -> None:
    error = DeclarationError(findings)
    assert error.message == message
    assert error.findings == findings
    assert "gateway validate" in error.mend


def test_an_argument_error_names_every_argument() -> None:
    faults = [ArgumentFault("/steps", "must be at most 50"), ArgumentFault("", "has no `x`")]
    error = ArgumentError(faults)
    assert error.message == "/steps: must be at most 50; /: has no `x`"
    assert error.where == "/steps, /"
    assert error.mend == "Correct the arguments and call again."
    assert error.faults == tuple(faults)


def test_a_refused_input_is_an_argument_error_with_its_own_code_and_mend() -> None:
    error = InputRefused([ArgumentFault("/image", "is not there")], mend="Upload it first.")
    assert (error.code, error.mend) == ("input-refused", "Upload it first.")


def test_a_job_that_is_not_there_is_told_without_saying_whether_it_was() -> None:
    error = JobNotFound("abc")
    assert error.code == "job-not-found"
    assert "there is no job 'abc'" in error.message
    assert "x" * 65 not in JobNotFound("x" * 200).message
    assert JobNotFound("abc", mend="Ask again.").mend == "Ask again."


def test_a_rejected_prompt_keeps_what_was_wrong_with_each_node() -> None:
    faults = {"3": NodeFaults("KSampler")}
    error = PromptRejected("Refused.", node_errors=faults, mend="Correct it.")
    assert error.node_errors == faults
    assert str(error) == "Refused. Correct it."


def test_every_kind_has_a_code_of_its_own_in_kebab_case() -> None:
    codes = [each.default_code for each in _classes()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", code) for code in codes)


def test_the_tree_in_the_docstring_has_every_kind() -> None:
    drawn = re.findall(r"^ {4,}(\w+)", str(errors.__doc__), re.MULTILINE)
    assert sorted(drawn) == sorted(each.__name__ for each in _classes())


def test_a_backends_reason_does_not_name_the_backend_again() -> None:
    error = BackendUnreachable("Backend studio: nothing listens there.", where="studio")
    assert error.reason == "nothing listens there."
    assert BackendUnreachable("nothing listens", where="studio").reason == "nothing listens"
