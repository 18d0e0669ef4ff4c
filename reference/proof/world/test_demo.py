"""The demo: deterministic, honest about an empty kata, and gone when it is interrupted."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

import katas
from specs.harness.curriculum import ROOT
from specs.world import demo

SHORT = ["--impl", "reference", "--sessions", "30", "--start", "2005-02-01"]


@pytest.fixture(autouse=True)
def _chosen_again() -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    """The demo chooses whose code stands behind `katas`; other tests want theirs back."""
    before = list(katas.__path__)
    yield
    if list(katas.__path__) != before:
        katas.__path__[:] = before
        for name in [name for name in sys.modules if name.startswith("katas.")]:
            del sys.modules[name]


def run(*arguments: str, out: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = demo.main([*arguments, "--out", str(out)])
    told = capsys.readouterr()
    return code, told.out.replace(str(out.as_posix()), "OUT"), told.err


def test_two_runs_print_the_same_bytes_and_draw_the_same_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = run(*SHORT, out=tmp_path / "one", capsys=capsys)
    two = run(*SHORT, out=tmp_path / "two", capsys=capsys)
    assert one == two
    code, told, err = one
    assert (code, err) == (0, "")
    assert told.startswith("AAPL GOOG IBM MSFT, 2005-02-01 to 2005-03-15, 30 sessions, strategy combined")
    for line in ("final equity", "total return", "CAGR", "Sharpe", "max drawdown", "orders", "fills", "costs paid"):
        assert f"\n{line}" in told
    pictures = [(tmp_path / name / "equity.png").read_bytes() for name in ("one", "two")]
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(b"\x89PNG")


def test_a_symbol_that_is_not_listed_yet_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--impl", "reference", "--symbols", "aapl", "fb", "--start", "2012-05-15", "--sessions", "6"]
    code, told, _ = run(*arguments, out=tmp_path, capsys=capsys)
    assert code == 0
    assert told.startswith("AAPL FB, 2012-05-15 to 2012-05-22, 6 sessions")
    assert "\n4 times a symbol had no price yet.\n" in told


def test_the_last_session_ends_the_replay_early(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--impl", "reference", "--start", "2013-02-27", "--sessions", "50", "--symbols", "IBM"]
    code, told, _ = run(*arguments, out=tmp_path, capsys=capsys)
    assert code == 0
    assert told.startswith("IBM, 2013-02-27 to 2013-03-01, 3 sessions")


@pytest.mark.parametrize(
    ("kata", "function", "story"),
    [
        ("signals.py", "def momentum(", "week1/signals.py: momentum is still empty"),
        ("broker.py", '    def positions(self) -> list[Position]:\n        "', "AlpacaBroker.positions is still empty"),
        ("main.py", "def create_app(", "week1/main.py: create_app is still empty"),
    ],
)
def test_an_empty_kata_is_named_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kata: str, function: str, story: str
) -> None:
    """The reference with one body emptied, as a learner's folder would be."""
    folder = tmp_path / "katas"
    shutil.copytree(ROOT / "reference" / "week1", folder / "week1", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "week1" / kata
    text = file.read_text(encoding="utf-8")
    start = text.index('"""', text.index(function))
    end = text.index('"""', start + 3) + 3
    indent = text[text.rindex("\n", 0, start) + 1 : start]
    file.write_text(f"{text[:end]}\n{indent}raise NotImplementedError{text[end:]}", encoding="utf-8")
    code, told, err = run("--impl", str(folder), "--sessions", "2", out=tmp_path / "out", capsys=capsys)
    assert (code, told) == (1, "")
    assert err.endswith(f"{story}\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--symbols", "AAPL", "TSLA"], "no prices of TSLA"),
        (["--start", "2000-03-01"], "--start"),
        (["--start", "2014-01-01"], "--start"),
        (["--sessions", "0"], "--sessions"),
        (["--cash", "-5"], "--cash"),
        (["--impl", "nowhere"], "nowhere"),
    ],
)
def test_an_option_that_cannot_be_served_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    code, told, err = run(*arguments, out=tmp_path, capsys=capsys)
    assert (code, told) == (2, "")
    assert message in err


# Windows sends Ctrl-C to a whole console, the test run included; Ctrl-Break reaches one group of processes.
INTERRUPT = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)
OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    """Interrupted in the middle of the replay: one line, 130, and no process that lives on."""
    code = (
        "import signal, sys; from specs.world import demo, replay\n"
        # A test run in the background ignores Ctrl-C, and its children inherit that.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "advance = replay.Replay._decide\n"
        "def told(self, strategy):\n"
        "    print('trading', flush=True); advance(self, strategy)\n"
        "replay.Replay._decide = told\n"
        f"sys.exit(demo.main(['--impl', 'reference', '--out', {str(tmp_path)!r}]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        creationflags=OWN_GROUP,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "trading\n"
        process.send_signal(INTERRUPT)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err == "Interrupted: nothing is left running.\n"
    assert not (tmp_path / "equity.png").exists()
