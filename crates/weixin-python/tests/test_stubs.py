"""What `help()` shows is what the type stubs say."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Iterator

import pytest
import weixin_login
from weixin_login import _core

STUB = Path(weixin_login.__file__).parent / "_core.pyi"


def documented() -> Iterator[tuple[str, str]]:
    """The names in the stub that have a text, and the texts."""
    for item in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if not isinstance(item, (ast.ClassDef, ast.FunctionDef)):
            continue
        nodes: list[tuple[str, ast.ClassDef | ast.FunctionDef]] = [(item.name, item)]
        if isinstance(item, ast.ClassDef):
            nodes += [(f"{item.name}.{one.name}", one) for one in item.body if isinstance(one, ast.FunctionDef)]
        for path, node in nodes:
            text = ast.get_docstring(node)
            if text:
                yield path, text


@pytest.mark.parametrize(("path", "text"), [*documented()], ids=[path for path, _ in documented()])
def test_help_shows_the_text_of_the_stub(path: str, text: str) -> None:
    found: object = _core
    for name in path.split("."):
        found = getattr(found, name)
    assert inspect.getdoc(found) == text
