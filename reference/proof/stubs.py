"""Makes `katas/` out of `reference/`: the same modules without their answers.

    python -m reference.proof.stubs            write katas/week*/*.py
    python -m reference.proof.stubs --check    exit 1, with a diff, if they differ from what would be written

What stays: docstrings, signatures, types, public constants, enums, protocols, fields of models and
dataclasses, and whatever is marked `# given` on its first line. What goes: bodies, private names,
validators and constraints. A model gets a guard that raises NotImplementedError, for the learner to
take out.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
from pathlib import Path

import libcst as cst

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "reference"
KATAS = ROOT / "katas"

_MODEL_BASES = {"BaseModel", "BaseSettings"}
_KEPT_BASES = {"Enum", "StrEnum", "IntEnum", "Protocol"}
_EMPTY_BODY = "raise NotImplementedError"
_GUARD = """
@model_validator(mode="before")
@classmethod
def _still_empty(cls, data: Any) -> Any:
    raise NotImplementedError  # take this guard out when you write the model
"""


def stub(source: str) -> str:
    """The stub of one module, not yet formatted."""
    tree = cst.parse_module(source)
    maker = _Maker(_private_bases(tree))
    body: list[cst.BaseStatement | cst.SimpleStatementLine | cst.BaseCompoundStatement] = []
    for i, node in enumerate(tree.body):
        kept = node if i == 0 and _is_docstring(node) else maker.top(node)
        if kept is not None:
            body.append(kept)
    if maker.guarded:
        extra = cst.parse_statement("from pydantic import model_validator\n")
        extra_any = cst.parse_statement("from typing import Any\n")
        # After the docstring and the __future__ import; ruff sorts the rest.
        body[2:2] = [extra_any, extra]
    return tree.with_changes(body=body).code


class _Maker:
    def __init__(self, private_bases: dict[str, list[str]]) -> None:
        self._private_bases = private_bases
        self.guarded = False

    def top(self, node: cst.BaseStatement) -> cst.BaseStatement | None:
        match node:
            case cst.SimpleStatementLine():
                return node if not _private_targets(node) else None
            case cst.FunctionDef():
                return self._function(node)
            case cst.ClassDef():
                return self._class(node)
            case _:
                return node

    def _function(self, node: cst.FunctionDef) -> cst.FunctionDef | None:
        name = node.name.value
        if _is_given(node):
            return node
        if name.startswith("_") and not (name.startswith("__") and name.endswith("__")):
            return None
        kept = [_docstring_of(node)] if _docstring_of(node) is not None else []
        body = [*kept, cst.parse_statement(_EMPTY_BODY)]
        return node.with_changes(body=cst.IndentedBlock(body=[b for b in body if b is not None]))

    def _class(self, node: cst.ClassDef) -> cst.ClassDef | None:
        bases = self._bases(node)
        if _is_given(node) or (bases & _KEPT_BASES):
            return node
        if node.name.value.startswith("_"):
            return None
        is_model = bool(bases & _MODEL_BASES)
        lines: list[cst.BaseStatement] = []
        for i, inner in enumerate(node.body.body):
            kept = self._member(inner, is_model=is_model, first=i == 0)
            if kept is not None:
                lines.append(kept)
        if is_model:
            self.guarded = True
            place = next((i for i, line in enumerate(lines) if isinstance(line, cst.FunctionDef)), len(lines))
            lines.insert(place, cst.parse_statement(_GUARD))
        return node.with_changes(bases=self._public_bases(node), body=cst.IndentedBlock(body=lines))

    def _member(
        self, node: cst.BaseStatement | cst.BaseSmallStatement, *, is_model: bool, first: bool
    ) -> cst.BaseStatement | None:
        if isinstance(node, cst.FunctionDef):
            return self._function(node)
        if not isinstance(node, cst.SimpleStatementLine):
            return None
        if first and _is_docstring(node):
            return node
        if _private_targets(node) or _targets(node) == ["model_config"]:
            return None
        return _bare_field(node) if is_model else node

    def _bases(self, node: cst.ClassDef) -> set[str]:
        found: set[str] = set()
        for arg in node.bases:
            name = cst.Module([]).code_for_node(arg.value)
            found |= {name, *self._private_bases.get(name, [])}
        return found

    def _public_bases(self, node: cst.ClassDef) -> list[cst.Arg]:
        public: list[cst.Arg] = []
        for arg in node.bases:
            name = cst.Module([]).code_for_node(arg.value)
            replaced = self._private_bases.get(name)
            public += [cst.Arg(cst.parse_expression(n)) for n in replaced] if replaced else [arg]
        return public


def _private_bases(tree: cst.Module) -> dict[str, list[str]]:
    """The bases behind each private class, which stand in for it where it is hidden."""
    return {
        node.name.value: [cst.Module([]).code_for_node(arg.value) for arg in node.bases]
        for node in tree.body
        if isinstance(node, cst.ClassDef) and node.name.value.startswith("_")
    }


def _is_given(node: cst.FunctionDef | cst.ClassDef) -> bool:
    header = node.body.header if isinstance(node.body, cst.IndentedBlock) else None
    comment = header.comment if header else None
    return comment is not None and comment.value.startswith("# given")


def _is_docstring(node: cst.BaseStatement | cst.BaseSmallStatement) -> bool:
    return (
        isinstance(node, cst.SimpleStatementLine)
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _docstring_of(node: cst.FunctionDef) -> cst.BaseStatement | None:
    first = node.body.body[0]
    if isinstance(first, cst.SimpleStatementLine) and _is_docstring(first):
        return first
    return None


def _targets(node: cst.SimpleStatementLine) -> list[str]:
    names: list[str] = []
    for statement in node.body:
        if isinstance(statement, cst.Assign):
            names += [t.target.value for t in statement.targets if isinstance(t.target, cst.Name)]
        elif isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
            names.append(statement.target.value)
    return names


def _private_targets(node: cst.SimpleStatementLine) -> bool:
    return any(name.startswith("_") and not name.endswith("__") for name in _targets(node))


def _bare_field(node: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    """`qty: Decimal | None = Field(default=None, gt=0)` → `qty: Decimal | None = None`."""
    statement = node.body[0]
    if not (isinstance(statement, cst.AnnAssign) and isinstance(statement.value, cst.Call)):
        return node
    if cst.Module([]).code_for_node(statement.value.func) != "Field":
        return node
    given = {arg.keyword.value: arg for arg in statement.value.args if arg.keyword}
    if "default" in given:
        value: cst.BaseExpression | None = given["default"].value
    elif "default_factory" in given:
        value = statement.value.with_changes(
            args=[given["default_factory"].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
        )
    else:
        value = None
    equal = statement.equal if value is not None else cst.MaybeSentinel.DEFAULT
    return node.with_changes(body=[statement.with_changes(value=value, equal=equal)])


def formatted(source: str, path: Path) -> str:
    """Without the imports that only the answer needed, and as the formatter likes it."""
    for command in (["check", "--quiet", "--select", "F401,I", "--fix"], ["format", "--quiet"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", str(path), "-"],
            input=source,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=ROOT,
        )
        if done.returncode > 1 or not done.stdout:
            raise RuntimeError(f"ruff {command[0]} of the stub {path} failed:\n{done.stderr}")
        source = done.stdout
    return source


def all_stubs() -> dict[Path, str]:
    """Every stub, by its path below `katas/`."""
    made: dict[Path, str] = {}
    folders = [*sorted(REFERENCE.glob("week*")), REFERENCE / "final"]
    for source in (file for folder in folders for file in sorted(folder.rglob("*.py"))):
        relative = source.relative_to(REFERENCE)
        if source.name.startswith("_") and source.name != "__init__.py":
            continue
        text = source.read_text(encoding="utf-8")
        made[relative] = text if source.name == "__init__.py" else formatted(stub(text), KATAS / relative)
    return made


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the learner's stubs out of the reference.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a stub is out of date")
    check = parser.parse_args().check
    made = all_stubs()
    stale: list[str] = []
    for relative, text in made.items():
        path = KATAS / relative
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == text:
            continue
        name = f"katas/{relative.as_posix()}"
        stale.append(name)
        if check:
            sys.stdout.writelines(
                difflib.unified_diff(old.splitlines(True), text.splitlines(True), name, f"{name} (from the reference)")
            )
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {name}")
    extra = {p.relative_to(KATAS) for week in KATAS.glob("week*") for p in week.glob("*.py")} - made.keys()
    for relative in sorted(extra):
        print(f"katas/{relative.as_posix()} has no reference")
    if check and (stale or extra):
        print("out of date: run `tox -e stubs`")
        return 1
    print(f"{len(made)} stubs are {'up to date' if check else 'written'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
