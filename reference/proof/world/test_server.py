"""`running` serves any ASGI app, and stops it whatever happens."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from fastapi import FastAPI

from specs.world.server import running


def app() -> FastAPI:
    made = FastAPI()

    @made.get("/")
    def root() -> dict[str, str]:  # pyright: ignore[reportUnusedFunction]
        return {"hello": "loopback"}

    return made


def is_open(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((str(parts.hostname), parts.port or 0)) == 0


def servers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("loopback-")]


def test_two_apps_run_side_by_side_on_loopback_and_are_gone_afterwards() -> None:
    before = servers()
    with running(app()) as one, running(app()) as two:
        assert one != two
        assert {urlsplit(url).hostname for url in (one, two)} == {"127.0.0.1"}
        assert [requests.get(url, timeout=5).json() for url in (one, two)] == [{"hello": "loopback"}] * 2
    assert servers() == before
    assert not is_open(one)
    assert not is_open(two)


def test_an_exception_in_the_block_stops_the_server_too() -> None:
    urls: list[str] = []

    def fail() -> None:
        with running(app()) as url:
            urls.append(url)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not is_open(urls[0])


def test_an_app_that_cannot_start_is_an_error_and_no_hang() -> None:
    async def broken(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.failed", "message": "no"})

    def start() -> None:
        with running(broken):
            pass

    before = servers()
    with pytest.raises(RuntimeError, match="didn't start"):
        start()
    assert servers() == before


def test_a_proxy_of_the_environment_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own sessions read these variables, and the proxy knows nothing of our loopback."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with running(app()) as url:
        assert requests.get(url, timeout=5).json() == {"hello": "loopback"}
    assert "NO_PROXY" not in os.environ


def test_small_answers_do_not_wait_for_acknowledgements() -> None:
    """A delayed acknowledgement is 40 ms; a hundred answers would take four seconds."""
    with running(app()) as url, requests.Session() as session:
        times = sorted(session.get(url, timeout=5).elapsed.total_seconds() for _ in range(50))
    assert times[len(times) // 2] < 0.03
