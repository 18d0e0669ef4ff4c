"""Run an ASGI app on loopback for the length of a `with` block."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Generator
from typing import Any

import uvicorn

START_TIMEOUT = 10.0
STOP_TIMEOUT = 5.0


class _Server(uvicorn.Server):
    """Says when it is ready, or that it will never be."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.settled.set()


@contextlib.contextmanager
def running(app: Any) -> Generator[str]:
    """Serve `app` on a free loopback port in a thread; yields its URL, `http://127.0.0.1:PORT`.

    The port is bound before the thread starts, so no other process can take it in between. On leaving
    the block, also by an exception, the server is stopped and its thread joined. Raises RuntimeError
    if the app doesn't start within 10 seconds.
    """
    # Naming TCP matters: asyncio sends small answers at once only on sockets that say they are TCP,
    # and without that every answer waits 40 ms for the client's acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    config = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name=f"loopback-{port}", daemon=True)
    thread.start()
    try:
        with _directly():
            if not server.settled.wait(START_TIMEOUT) or not server.started:
                raise RuntimeError("the loopback server didn't start")
            yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(STOP_TIMEOUT)
        if thread.is_alive():
            server.force_exit = True
            thread.join(STOP_TIMEOUT)
        listener.close()


@contextlib.contextmanager
def _directly() -> Generator[None]:
    """Keep a proxy of the environment out of it: clients would ask it for 127.0.0.1, which is its own."""
    names = ("NO_PROXY", "no_proxy")
    before = {name: os.environ.get(name) for name in names}
    for name in names:
        os.environ[name] = ",".join(filter(None, [before[name], "127.0.0.1"]))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
