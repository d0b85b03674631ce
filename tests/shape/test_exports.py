"""What a module offers is written down in it, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gateway

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "gateway").rglob("*.py")
    if path.name != "__init__.py"
)
PACKAGES = sorted(
    path.relative_to(ROOT).as_posix() for path in (ROOT / "gateway").rglob("*/__init__.py")
)


def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def _exported(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a module makes itself, imports aside."""
    names: set[str] = set()
    for node in tree.body:
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case _:
                pass
    return names


@pytest.mark.parametrize("path", MODULES)
def test_a_module_exports_names_of_its_own_each_once(path: str) -> None:
    tree = _tree(path)
    exported = _exported(tree)
    assert exported, "it has no __all__"
    assert len(set(exported)) == len(exported)
    assert set(exported) <= _defined(tree)


@pytest.mark.parametrize("path", MODULES)
def test_public_functions_and_classes_are_exported(path: str) -> None:
    tree = _tree(path)
    defined = {
        each.name
        for each in tree.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    public = {name for name in defined if not name.startswith("_")}
    assert public <= set(_exported(tree))


@pytest.mark.parametrize("path", PACKAGES)
def test_a_package_file_holds_its_docstring_only(path: str) -> None:
    tree = _tree(path)
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_the_package_offers_its_version_and_nothing_else() -> None:
    assert gateway.__all__ == ["__version__"]
