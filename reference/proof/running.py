"""Runs the specs in a process of their own and reads the results back as data."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "reference"
KATAS = ROOT / "katas"
SPECS = ROOT / "specs"
WEEKS = sorted(folder.name for folder in SPECS.glob("week*") if folder.is_dir())
# Named, not found: the peers' plugins take seconds to import, and nothing else may take part.
PLUGINS = ("_hypothesis_pytestplugin", "syrupy")
FINAL = ["final"] if (SPECS / "final").is_dir() else []


@dataclass(frozen=True)
class Run:
    """One run of pytest over specs."""

    status: int
    specs: list[dict[str, Any]]
    output: str

    @property
    def red(self) -> list[dict[str, Any]]:
        return [s for s in self.specs if s["outcome"] != "passed"]

    @property
    def told(self) -> str:
        """The reds in short, then the end of what pytest printed."""
        lines = [f"{s['id']}: {s['outcome']} {_first((s['failure'] or {}).get('body'))}" for s in self.red[:12]]
        return "\n".join([*lines, self.output[-3000:]])


def _first(body: list[str] | None) -> str:
    return body[0] if body else ""


def run_specs(impl: str | Path, *arguments: str, workspace: Path, seconds: float = 600) -> Run:
    """Run specs with an implementation behind `katas`.

    `arguments` go to pytest; without a path among them all weeks run. `workspace` is a folder for
    what the run leaves behind.
    """
    results = workspace / "results.jsonl"
    results.unlink(missing_ok=True)
    paths = [] if any(a.startswith("specs/") for a in arguments) else ["specs"]
    output = workspace / "output.txt"
    plugins = [part for name in PLUGINS for part in ("-p", name)]
    command = [*plugins, "--impl", str(impl), "--results", str(results), "-p", "no:cacheprovider", *paths, *arguments]
    status = _warm(command, output, seconds) if hasattr(os, "fork") else _cold(command, output, seconds)
    lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
    printed = output.read_text(encoding="utf-8", errors="replace")
    if status is None:
        raise TimeoutError(f"pytest {' '.join(command)} took over {seconds:g} s\n{printed[-3000:]}")
    return Run(status, [json.loads(line) for line in lines], printed)


def _environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _cold(command: list[str], output: Path, seconds: float) -> int | None:
    with output.open("wb") as file:
        try:
            return subprocess.run(
                [sys.executable, "-m", "pytest", *command],
                cwd=ROOT,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            return None


@cache
def _server() -> subprocess.Popen[str]:
    """One warm process for each process that asks; it ends when its standard input does."""
    return subprocess.Popen(
        [sys.executable, "-m", "reference.proof.warm"],
        cwd=ROOT,
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _warm(command: list[str], output: Path, seconds: float) -> int | None:
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    print(json.dumps({"arguments": command, "output": str(output), "seconds": seconds}), file=server.stdin, flush=True)
    return json.loads(server.stdout.readline())


def weeks_of_reference() -> list[Path]:
    """The folders of the reference that are an implementation, not proof, trials or benchmarks."""
    return [*sorted(REFERENCE.glob("week*")), *([REFERENCE / "final"] if (REFERENCE / "final").is_dir() else [])]


def copy_of_reference(to: Path) -> Path:
    """A copy of the reference's weeks, to break or to overlay."""
    for folder in weeks_of_reference():
        shutil.copytree(folder, to / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
    return to
