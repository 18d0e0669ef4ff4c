"""Specs whose kata can't be loaded: counted one by one, red with a sentence, never a traceback of ours.

A syntax error in a kata would otherwise stop the collection of its whole spec file, and the bars
with it. Before a spec file is collected, the katas that it imports are; where one fails, stand-ins
with the names of the specs take their place.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from .explain import KataBroken, relative
from .limits import SECONDS_AN_IMPORT, TookTooLong, time_limit

LIST = "specs.json"


def trouble_with(spec: Path, folder: Path) -> KataBroken | None:
    """Why the spec file can't be collected with this implementation, or None."""
    # Imports stand at the top: parsing the specs below them, too, costs more than importing the katas.
    head = re.split(r"^(?:def|class|@|async def)\b", spec.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[
        0
    ]
    for module, names in _kata_imports(ast.parse(head)):
        try:
            with time_limit(SECONDS_AN_IMPORT):
                loaded = importlib.import_module(module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return _story(error, module, folder)
        path = relative(getattr(loaded, "__file__", None) or folder)
        missing = [name for name in names if not hasattr(loaded, name)]
        if missing:
            return KataBroken(
                f"{path} has no {' and no '.join(missing)}, which the course calls by that name.",
                path=path,
                line=1,
            )
    return None


def _kata_imports(tree: ast.Module) -> Iterable[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("katas."):
            yield node.module, [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("katas."):
                    yield alias.name, []


def _story(error: BaseException, module: str, folder: Path) -> KataBroken:
    wanted = folder.joinpath(*module.split(".")[1:]).with_suffix(".py")
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("katas."):
        missing = folder.joinpath(*str(error.name).split(".")[1:]).with_suffix(".py")
        return KataBroken(f"{relative(missing)} is missing.", path=str(missing), line=1)
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        line = error.lineno or 1
        source = (error.text or "").strip()
        return KataBroken(
            f"Python can't read {relative(error.filename)}, line {line}: {error.msg}\n\n    {source}",
            path=error.filename,
            line=line,
        )
    steps = [s for s in traceback.extract_tb(error.__traceback__) if Path(s.filename).is_relative_to(folder)]
    path, line = (steps[-1].filename, steps[-1].lineno or 1) if steps else (str(wanted), 1)
    where = f"{relative(path)}, line {line}"
    if isinstance(error, TookTooLong):
        return KataBroken(
            f"importing {relative(wanted)} took over {SECONDS_AN_IMPORT:g} seconds: it still ran at {where}.",
            path=path,
            line=line,
        )
    what = "leaves Python" if isinstance(error, SystemExit) else "raises"
    source = f"\n\n    {steps[-1].line}" if steps else ""
    text = " ".join(str(error).split())
    return KataBroken(
        f"importing {relative(wanted)} {what} ({type(error).__name__}: {text}) at {where}.{source}",
        path=path,
        line=line,
    )


class BrokenSpec(pytest.Item):
    """Stands where a spec would stand, and says why it can't run."""

    def __init__(self, *, node: ast.FunctionDef | ast.AsyncFunctionDef, story: KataBroken, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        decorators = " ".join(ast.unparse(d) for d in node.decorator_list)
        arguments = {a.arg for a in node.args.args}
        self.kind = "snapshot" if "golden" in arguments else "property" if "given(" in decorators else "unit"
        self.why = ast.get_docstring(node) or ""
        self.line = node.lineno
        self.story = story

    def runtest(self) -> None:
        raise KataBroken(str(self.story), path=self.story.path, line=self.story.line)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name


class SpecFile(pytest.Module):
    """A file of specs. If a kata that it imports can't be loaded, stand-ins take the specs' place."""

    folder: Path

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        story = trouble_with(self.path, self.folder)
        if story is None:
            return super().collect()
        nodes = {node.name: node for node in _spec_functions(self.path)}
        return [
            BrokenSpec.from_parent(self, name=name, node=nodes[name.partition("[")[0]], story=story)
            for name in spec_names(self.path)
        ]


def spec_names(path: Path) -> list[str]:
    """The specs that a file holds, each case of a parametrised one by itself.

    Cases are known from the list that `tox -e golden` writes; a function that isn't in it counts once.
    """
    functions = [node.name for node in _spec_functions(path)] if path.exists() else []
    listed: dict[str, list[str]] = {}
    if (path.parent / LIST).exists():
        known: dict[str, list[str]] = json.loads((path.parent / LIST).read_text(encoding="utf-8"))
        for name in known.get(path.name, []):
            listed.setdefault(name.partition("[")[0], []).append(name)
    return [name for function in functions for name in listed.get(function, [function])]


def write_list(items: Iterable[pytest.Item]) -> None:
    """Write down which specs each file of a week holds."""
    weeks: dict[Path, dict[str, list[str]]] = {}
    for item in items:
        weeks.setdefault(item.path.parent, {}).setdefault(item.path.name, []).append(item.name)
    for folder, files in weeks.items():
        text = json.dumps(files, indent=1, ensure_ascii=False) + "\n"
        (folder / LIST).write_text(text, encoding="utf-8", newline="\n")


def _spec_functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
