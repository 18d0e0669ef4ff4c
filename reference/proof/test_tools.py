"""Style, types, layers and workflows, by the tools that everybody uses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .running import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A tool of this very environment."""
    folder = Path(sys.executable).parent
    found = next(path for path in (folder / name, folder / f"{name}.exe") if path.exists())
    return subprocess.run(
        [str(found), *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["basedpyright", "--pythonpath", sys.executable],
        ["lint-imports"],
    ],
    ids=lambda command: command[0] if len(command) > 3 else " ".join(command),
)
def test_a_tool_has_nothing_to_say(command: list[str]) -> None:
    done = _script(*command)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_valid(workflow: Path) -> None:
    schema = _script("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow))
    assert schema.returncode == 0, schema.stdout + schema.stderr
    audit = _script("zizmor", "--offline", "--no-progress", str(workflow))
    assert audit.returncode == 0, audit.stdout + audit.stderr
