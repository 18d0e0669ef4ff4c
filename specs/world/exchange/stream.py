"""The `/stream` websocket: authorise, listen, then every trade update as a binary JSON frame."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any, cast

from fastapi import WebSocket, WebSocketDisconnect

from .core import Exchange

Frame = dict[str, Any]


async def serve(exchange: Exchange, socket: WebSocket) -> None:
    """Talk to one client until it leaves. Updates from before it listens are not repeated."""
    await socket.accept()
    loop = asyncio.get_running_loop()
    updates: asyncio.Queue[Frame] = asyncio.Queue()

    def on_update(frame: Frame) -> None:
        # Called in whatever thread advances the exchange; it may outlive this socket's loop.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(updates.put_nowait, frame)

    silence = exchange.listen(on_update)
    state = {"authorized": False, "listening": False}
    sender = asyncio.create_task(_send_updates(socket, updates, state))
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
            await _send(socket, _answer(exchange, message.get("text") or message.get("bytes"), state))
    except WebSocketDisconnect:
        pass
    finally:
        silence()
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sender


async def _send_updates(socket: WebSocket, updates: asyncio.Queue[Frame], state: dict[str, bool]) -> None:
    while True:
        frame = await updates.get()
        if state["listening"]:
            try:
                await _send(socket, frame)
            except (RuntimeError, WebSocketDisconnect):
                return


async def _send(socket: WebSocket, frame: Frame) -> None:
    await socket.send_bytes(json.dumps(frame).encode())


def _answer(exchange: Exchange, message: str | bytes | None, state: dict[str, bool]) -> Frame:
    try:
        parsed: object = json.loads(message or "")
    except ValueError:
        parsed = None
    request = cast(Frame, parsed) if isinstance(parsed, dict) else {}
    action = request.get("action")
    nested = request.get("data")
    data = cast(Frame, nested) if isinstance(nested, dict) else {}
    if action in {"auth", "authenticate"}:
        key = request.get("key", data.get("key_id"))
        secret = request.get("secret", data.get("secret_key"))
        state["authorized"] = (key, secret) == (exchange.key, exchange.secret)
        status = "authorized" if state["authorized"] else "unauthorized"
        return {"stream": "authorization", "data": {"action": "authenticate", "status": status}}
    if not state["authorized"]:
        return {"stream": "authorization", "data": {"action": action, "status": "unauthorized"}}
    if action == "listen":
        named = data.get("streams")
        asked = cast(list[object], named) if isinstance(named, list) else []
        streams = [name for name in asked if name == "trade_updates"]
        state["listening"] = bool(streams)
        return {"stream": "listening", "data": {"streams": streams}}
    return {"stream": "listening", "data": {"error": f"invalid action: {action}"}}
