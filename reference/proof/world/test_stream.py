"""Trade updates through the real TradingStream, and what the websocket says to a stranger."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from alpaca.trading.stream import TradingStream
from websockets.sync.client import connect

from .worlds import FREE, KEY, SECRET, Row, exchange_on, order, served

FLAT: Row = ("100", "100", "100", "100", 1000)


def test_an_order_s_life_arrives_in_order_and_adds_up() -> None:
    """accepted, new, partial_fill, fill: the frames' own quantities add up to the order's."""
    exchange = exchange_on([FLAT] * 4, costs=replace(FREE, volume_share=Decimal("0.1")))
    seen: list[Any] = []
    listening, complete = threading.Event(), threading.Event()

    class Watched(TradingStream):
        """Tells when the exchange has confirmed the subscription; the SDK itself ignores that frame."""

        async def _dispatch(self, msg: dict[str, Any]) -> None:
            if msg.get("stream") == "listening":
                listening.set()
            await super()._dispatch(msg)

    async def on_update(update: Any) -> None:
        await asyncio.sleep(0)
        seen.append(update)
        if update.event == "fill":
            complete.set()

    with served(exchange) as world:
        url = world.url.replace("http://", "ws://") + "/stream"
        stream: Any = Watched(KEY, SECRET, url_override=url)
        stream.subscribe_trade_updates(on_update)
        thread = threading.Thread(target=stream.run, daemon=True)
        thread.start()
        assert listening.wait(10)
        body = order(qty="150", kind="limit", limit_price="100", time_in_force="gtc")
        sent = exchange.submit(body)
        exchange.advance()
        exchange.advance()
        assert complete.wait(10)
        stream.stop()
        exchange.submit(order())  # the SDK looks whether it should stop only after the next frame
        thread.join(10)
        assert not thread.is_alive()

    assert [str(getattr(u.event, "value", u.event)) for u in seen[:4]] == ["accepted", "new", "partial_fill", "fill"]
    assert {str(u.order.id) for u in seen[:4]} == {sent.id}
    fills = [(u.qty, u.price, u.position_qty, u.order.filled_qty) for u in seen[2:4]]
    assert fills == [(100.0, 100.0, 100.0, "100"), (50.0, 100.0, 150.0, "150")]
    assert [u.timestamp for u in seen] == sorted(u.timestamp for u in seen)
    assert len({u.execution_id for u in seen[:4]}) == 4


def test_frames_are_binary_and_strangers_hear_nothing() -> None:
    exchange = exchange_on([FLAT] * 2)
    with served(exchange) as world, connect(world.url.replace("http://", "ws://") + "/stream") as socket:

        def ask(message: dict[str, Any] | str) -> Any:
            socket.send(message if isinstance(message, str) else json.dumps(message))
            frame = socket.recv(timeout=10)
            assert isinstance(frame, bytes)
            return json.loads(frame)

        listen = {"action": "listen", "data": {"streams": ["trade_updates"]}}
        assert ask(listen)["data"]["status"] == "unauthorized"
        assert ask("no json")["data"]["status"] == "unauthorized"
        assert ask({"action": "auth", "key": KEY, "secret": "wrong"})["data"]["status"] == "unauthorized"
        exchange.submit(order())
        assert ask({"action": "auth", "key": KEY, "secret": SECRET}) == {
            "stream": "authorization",
            "data": {"action": "authenticate", "status": "authorized"},
        }
        assert ask(listen) == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
        exchange.advance()
        frame = socket.recv(timeout=10)
        assert json.loads(frame)["data"]["event"] == "new"


def test_a_client_that_leaves_is_forgotten() -> None:
    exchange = exchange_on([FLAT] * 3)
    with served(exchange) as world:
        with connect(world.url.replace("http://", "ws://") + "/stream") as socket:
            socket.send(json.dumps({"action": "auth", "key": KEY, "secret": SECRET}))
            socket.recv(timeout=10)
        exchange.submit(order())
        exchange.advance()
        assert exchange.fills


def test_a_wrong_key_ends_the_sdk_s_handshake() -> None:
    with served(exchange_on([FLAT] * 2)) as world:
        stream = TradingStream(KEY, "wrong", url_override=world.url.replace("http://", "ws://") + "/stream")

        async def shake_hands() -> None:
            await stream._connect()  # pyright: ignore[reportPrivateUsage]
            try:
                await stream._auth()  # pyright: ignore[reportPrivateUsage]
            finally:
                await stream.close()

        with pytest.raises(ValueError, match="failed to authenticate"):
            asyncio.run(shake_hands())
