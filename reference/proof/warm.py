"""A process that has imported everything, and forks for each run of the specs.

    python -m reference.proof.warm < jobs

A job is a line of JSON: pytest's arguments, a file for its output, seconds that it may take. The
answer is a line of JSON with the exit status, or null for a run that had to be killed. Imports cost
more than most runs, and a fork has them for nothing. Only POSIX can fork; elsewhere `running` starts
a process for each run.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from contextlib import suppress

IMPORTS = (
    "alpaca.data.historical.stock",
    "alpaca.data.timeframe",
    "alpaca.trading.client",
    "fastapi",
    "httpx2",
    "hypothesis",
    "hypothesis.extra._patching",
    "hypothesis.strategies",
    "pydantic_settings",
    "pytest",
    "responses",
    "specs.harness.broken",
    "specs.harness.explain",
    "specs.harness.golden",
    "specs.harness.guard",
    "specs.harness.prices",
    "specs.harness.recordings",
    "specs.harness.strategies",
    "specs.world.server",
    "starlette.testclient",
    "syrupy",
    "uvicorn",
)


def serve() -> None:
    for name in IMPORTS:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps(_forked(job["arguments"], job["output"], job["seconds"])), flush=True)


def _forked(arguments: list[str], output: str, seconds: float) -> int | None:
    child = os.fork()
    if child == 0:
        _child(arguments, output)
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(0.005)


def _child(arguments: list[str], output: str) -> None:
    status = 70
    try:
        os.setpgid(0, 0)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(file, 1)
        os.dup2(file, 2)
        import pytest

        status = int(pytest.main(arguments))
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        # Nothing of the parent's may run on: no atexit, no second reader of its standard input.
        os._exit(status)


if __name__ == "__main__":
    serve()
