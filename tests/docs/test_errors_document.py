"""docs/errors.md has a heading for every code an error or a finding can carry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.docs.documents import ROOT

# Values whose first argument is a code.
CODED = {"Finding", "PromptFault", "Problem", "Failure", "Objection", "_Broken"}
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def _literal(node: ast.expr | None) -> list[str]:
    """Return the texts that an expression can be: one, or both branches of a condition."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return _literal(body) + _literal(orelse)
        case _:
            return []


def _codes_of(node: ast.AST) -> list[str]:
    match node:
        case ast.keyword(arg="code", value=value):
            return _literal(value)
        case (
            ast.Assign(targets=[ast.Name(id="default_code")], value=value)
            | ast.AnnAssign(target=ast.Name(id="default_code"), value=value)
        ):
            return _literal(value)
        case ast.FunctionDef(name="_code"):
            returns = (each for each in ast.walk(node) if isinstance(each, ast.Return))
            return [code for each in returns for code in _literal(each.value)]
        case ast.Call(func=ast.Name(id=name), args=[first, *_]) if name in CODED:
            return _literal(first)
        case _:
            return []


def _codes() -> Iterator[str]:
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from _codes_of(node)


def _headings() -> list[str]:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return re.findall(r"^### `(.+)`$", text, re.MULTILINE)


def test_every_code_is_kebab_case_or_one_word() -> None:
    odd = {code for code in _codes() if not CODE.fullmatch(code) and not code.isalpha()}
    assert odd == set()


def test_every_code_has_a_heading_and_every_heading_a_code() -> None:
    codes = {code for code in _codes() if code}
    headings = _headings()
    assert sorted(codes - set(headings)) == []
    assert sorted(set(headings) - codes) == []


def test_no_code_is_told_twice() -> None:
    headings = _headings()
    assert len(headings) == len(set(headings))


def test_every_code_is_told_with_a_cause_and_a_mend() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    told = re.split(r"^### `.+`$", text, flags=re.MULTILINE)[1:]
    assert all(len(each.split("\n## ")[0].strip()) > 40 for each in told)
