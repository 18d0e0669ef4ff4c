"""The house keeps its rooms: who may import whom, what the learner's edition holds, what the stubs are."""

from __future__ import annotations

import ast
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from .running import KATAS, ROOT, SPECS, weeks_of_reference

TOP_LEVEL = {
    "katas",
    "specs",
    "reference",
    "fixtures",
    "conftest.py",
    "pyproject.toml",
    "tox.ini",
    "README.md",
    "LICENSE",
}


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True).stdout


def _imports(path: Path) -> list[tuple[int, str]]:
    """Module names that a file imports, with their level (0 is absolute)."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
    return found


def test_the_top_level_is_fixed() -> None:
    tracked = {name.split("/")[0] for name in _git("ls-files").decode().splitlines()}
    assert {name for name in tracked if not name.startswith(".")} <= TOP_LEVEL


def test_the_learners_edition_holds_nothing_of_the_reference() -> None:
    """A missing `export-ignore` would hand out every answer."""
    with tarfile.open(fileobj=BytesIO(_git("archive", "--format=tar", "HEAD"))) as archive:
        names = archive.getnames()
    assert names
    assert not [name for name in names if name.split("/")[0] in {"reference", ".ci"}]
    assert "katas/week1/signals.py" in names


def test_specs_never_import_the_reference() -> None:
    """An expected value that came from the answer would agree with any answer."""
    guilty = [
        f"{path}: {module}"
        for path in SPECS.rglob("*.py")
        for _, module in _imports(path)
        if module.split(".")[0] == "reference"
    ]
    assert not guilty


def test_implementations_import_their_neighbours_relatively() -> None:
    """`--impl` puts any folder behind `katas`; an absolute import would reach past it."""
    guilty = [
        f"{path}: {module}"
        for folder in weeks_of_reference()
        for path in folder.rglob("*.py")
        for level, module in _imports(path)
        if level == 0 and module.split(".")[0] in {"katas", "reference", "specs"}
    ]
    assert not guilty


def test_a_week_never_imports_a_later_one() -> None:
    guilty: list[str] = []
    for folder in weeks_of_reference():
        for path in folder.rglob("*.py"):
            for level, module in _imports(path):
                target = module.split(".")[0]
                upward = level >= 2 and target.startswith("week") and folder.name != "final"
                if upward and int(target.removeprefix("week")) > int(folder.name.removeprefix("week")):
                    guilty.append(f"{path}: {module}")
    assert not guilty


def test_stubs_are_the_stripped_reference() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reference.proof.stubs", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_golden_files_are_never_written_from_learner_code(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in SPECS.rglob("__snapshots__/**/*.json")}
    assert before
    for impl in ("katas", str(KATAS)):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "specs", "--impl", impl, "--snapshot-update", "-p", "no:cacheprovider"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 4, done.stdout + done.stderr
        assert "tox -e golden" in done.stdout + done.stderr
    assert {path: path.read_bytes() for path in SPECS.rglob("__snapshots__/**/*.json")} == before


@pytest.mark.parametrize("word", ["NotImplementedError"])
def test_the_reference_has_no_empty_body(word: str) -> None:
    guilty = [
        path for folder in weeks_of_reference() for path in folder.rglob("*.py") if word in path.read_text("utf-8")
    ]
    assert not guilty
