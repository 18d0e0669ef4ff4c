"""alpaca-py's own models of the same answers: what they say and what ours say must be one thing."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from katas.week1.broker import AlpacaBroker
from katas.week1.models import OrderRequest
from specs.harness.recordings import Answer, exchange, wire

TEXTS = ("id", "client_order_id", "symbol", "side", "type", "time_in_force", "status", "replaced_by", "replaces")
NUMBERS = (
    "qty",
    "notional",
    "filled_qty",
    "filled_avg_price",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
)


def _client() -> Any:
    from alpaca.trading.client import TradingClient

    client = TradingClient("PKEXAMPLE", "secret", paper=True)
    client._retry = 0  # pyright: ignore[reportPrivateUsage]
    return client


def _text(value: Any) -> str | None:
    return None if value is None else str(getattr(value, "value", value))


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _agree(ours: Any, theirs: Any) -> None:
    for name in TEXTS:
        assert _text(getattr(ours, name)) == _text(getattr(theirs, name)), name
    for name in NUMBERS:
        assert getattr(ours, name) == _number(getattr(theirs, name)), name
    for name in ("submitted_at", "filled_at"):
        assert getattr(ours, name) == getattr(theirs, name), name


def _both(wired: dict[str, Any]) -> tuple[Any, Any]:
    with wire() as broker:
        broker.answer("GET", f"/v2/orders/{wired['id']}", Answer(body=wired))
        client = _client()
        return AlpacaBroker(client).order(wired["id"]), client.get_order_by_id(wired["id"])


@pytest.mark.parametrize("name", ["orders_every_type", "orders_every_status"])
def test_recorded_orders(name: str) -> None:
    for wired in exchange(name).answer.body:
        _agree(*_both(wired))


def test_random_orders() -> None:
    rng = random.Random(7)
    plain = exchange("order_accepted").answer.body
    for _ in range(60):
        qty = Decimal(rng.randint(1, 10**12)) / 10 ** rng.randint(0, 9)
        filled = qty * rng.randint(0, 99) / 100
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=rng.randint(0, 10**13))
        wired = {
            **plain,
            "qty": format(qty, "f"),
            "filled_qty": format(filled, "f"),
            "filled_avg_price": f"{rng.uniform(0.01, 900):.6f}",
            "limit_price": f"{rng.uniform(1, 900):.2f}",
            "side": rng.choice(["buy", "sell"]),
            "submitted_at": at.isoformat(),
            "status": "partially_filled",
        }
        _agree(*_both(wired))


@pytest.mark.parametrize("name", ["account", "account_before_july_2026", "account_blocked"])
def test_accounts(name: str) -> None:
    with wire(name):
        ours, theirs = AlpacaBroker(_client()).account(), _client().get_account()
    for field in ("cash", "equity", "buying_power", "multiplier"):
        assert getattr(ours, field) == _number(getattr(theirs, field)), field
    for field in ("trading_blocked", "account_blocked", "shorting_enabled", "pattern_day_trader", "daytrade_count"):
        assert getattr(ours, field) == getattr(theirs, field), field
    assert (ours.id, ours.status) == (str(theirs.id), theirs.status.value)


@pytest.mark.parametrize("name", ["positions_long", "positions_short", "positions_long_and_short"])
def test_what_a_position_is_worth_is_what_alpaca_says(name: str) -> None:
    """Our signed quantity gives Alpaca's own market value, cost and profit."""
    with wire(name):
        ours, theirs = AlpacaBroker(_client()).positions(), _client().get_all_positions()
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        for field, sent in (
            (mine.market_value, other.market_value),
            (mine.cost_basis, other.cost_basis),
            (mine.unrealized_pl, other.unrealized_pl),
        ):
            assert float(field or 0) == pytest.approx(float(sent), abs=1e-4)


def test_random_requests_leave_as_alpaca_py_writes_them() -> None:
    from alpaca.trading.requests import LimitOrderRequest

    rng = random.Random(11)
    for number in range(60):
        fields: dict[str, Any] = {
            "symbol": rng.choice(["AAPL", "BRK.B"]),
            "side": rng.choice(["buy", "sell"]),
            "time_in_force": rng.choice(["day", "gtc"]),
            "qty": str(rng.randint(1, 10**6)),
            "limit_price": f"{rng.uniform(1, 900):.2f}",
            "client_order_id": f"peer-{number}",
        }
        with wire("order_accepted") as broker:
            AlpacaBroker(_client()).submit(OrderRequest(type="limit", **fields))  # pyright: ignore[reportArgumentType]
            _client().submit_order(LimitOrderRequest(**fields))
            ours, theirs = (_plain(sent.body) for sent in broker.posts())
        assert ours == theirs


def _plain(body: dict[str, Any]) -> dict[str, str]:
    numbers = {k: Decimal(str(body[k])) for k in ("qty", "limit_price")}
    return {k: str(v) for k, v in {**body, **numbers}.items() if v is not None}
