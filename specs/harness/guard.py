"""No network but loopback: a spec that needs the world outside is a spec that fails on a train."""

from __future__ import annotations

import sys
from typing import Any

_LOOPBACK = ("127.", "localhost", "::1", "testserver", "0.0.0.0")
_state = {"installed": False, "active": False}


class NetworkRefused(OSError):
    """Code under test tried to reach a host outside this machine."""


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    return host is None or host == "" or (isinstance(host, str) and host.lower().startswith(_LOOPBACK))


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if not event.startswith("socket.") or not _state["active"]:
        return
    host: object = None
    if event in ("socket.connect", "socket.sendto") and isinstance(args[1], tuple):
        host = args[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    if not _is_loopback(host):
        raise NetworkRefused(f"specs run without a network, and your code tried to reach {host!r}")


def install() -> None:
    """Refuse connections and look-ups that leave the machine, in this process, from now on."""
    _state["active"] = True
    if not _state["installed"]:
        # An audit hook sees every library's sockets, and can't be patched away by one of them.
        sys.addaudithook(_audit)
        _state["installed"] = True


def remove() -> None:
    _state["active"] = False
