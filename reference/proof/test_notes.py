"""Notes and docstrings: their code runs, their links hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from specs.harness.curriculum import WEEKS

from .running import KATAS, ROOT, SPECS, weeks_of_reference

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PAGES = sorted([ROOT / "README.md", *KATAS.rglob("*.md"), *(ROOT / "fixtures").rglob("*.md")])
NOTES = [page for page in PAGES if page.parent.name == "notes"]
AGAINST_REFERENCE = (
    "import sys; from specs.harness.implementation import choose; choose('reference'); exec(sys.stdin.read(), {})"
)


def anchors(page: Path) -> set[str]:
    """Anchors as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    slugs: set[str] = set()
    for heading in HEADING.findall(text):
        words = re.sub(r"[`*_]", "", heading).strip().lower()
        slugs.add(re.sub(r"[^\w\- ]", "", words).replace(" ", "-"))
    return slugs


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", AGAINST_REFERENCE],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("page", [p for p in PAGES if BLOCK.search(p.read_text("utf-8"))], ids=lambda p: p.stem)
def test_the_code_of_a_page_runs(page: Path) -> None:
    """All python blocks of the page, one after the other, as a reader would type them."""
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    done = _run("\n".join(blocks))
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "module",
    [
        f"katas.{path.parent.name}.{path.stem}"
        for folder in weeks_of_reference()
        for path in sorted(folder.glob("*.py"))
        if ">>>" in path.read_text("utf-8")
    ],
)
def test_the_examples_of_docstrings_are_true(module: str) -> None:
    done = _run(f"import doctest, {module} as m\nr = doctest.testmod(m)\nassert r.attempted and not r.failed, r")
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_every_kata_has_a_note_with_hints() -> None:
    for week in (w for w in WEEKS if w.written):
        for kata in week.katas:
            note = KATAS / week.name / "notes" / f"{kata}.md"
            assert note.exists(), f"{note} is missing"
            text = note.read_text(encoding="utf-8")
            assert text.count("<details>") >= 3, f"{note} needs three graded hints"
            assert BLOCK.search(text), f"{note} has no worked example that runs"
        assert (KATAS / week.name / "README.md").exists()


def test_what_specs_point_to_in_notes_is_there() -> None:
    for path in SPECS.glob("*/test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        note = KATAS / path.parent.name / "notes" / f"{path.stem.removeprefix('test_')}.md"
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.note"):
                anchor = ast.literal_eval(node.args[0])
                assert anchor in anchors(note), f"{path.name} points to #{anchor}, {note} has {sorted(anchors(note))}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page}: {target}"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{page}: {target}"
