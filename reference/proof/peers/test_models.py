"""alpaca-py's own models, fed with the broker's JSON: the same values as ours, and what ours accept it accepts too."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from katas.week1 import models as ours

enums = pytest.importorskip("alpaca.trading.enums")

ORDER_NUMBERS = (
    "qty",
    "notional",
    "filled_qty",
    "filled_avg_price",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
)
PRICES = {
    "market": (),
    "limit": ("limit_price",),
    "stop": ("stop_price",),
    "stop_limit": ("limit_price", "stop_price"),
    "trailing_stop": ("trail_percent",),
}
AT = datetime(2026, 7, 7, 13, 30, tzinfo=UTC)


def number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def text(value: Any) -> str:
    return str(getattr(value, "value", value))


def cents(rng: random.Random, places: int = 2) -> str:
    return str(Decimal(rng.randint(1, 10**6)).scaleb(-places))


def stamp(rng: random.Random) -> str:
    """As Alpaca writes it: to the nanosecond, trailing zeros left out."""
    nanos = rng.choice([0, 123_000_000, rng.randint(0, 10**9 - 1)])
    tail = f".{nanos:09}".rstrip("0").rstrip(".") if nanos else ""
    return (AT + timedelta(seconds=rng.randint(0, 10**7))).strftime("%Y-%m-%dT%H:%M:%S") + tail + "Z"


# ── the words ──


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (ours.OrderStatus, "OrderStatus"),
        (ours.OrderType, "OrderType"),
        (ours.TimeInForce, "TimeInForce"),
        (ours.Side, "OrderSide"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_words_on_the_wire_are_the_same(mine: Any, theirs: str) -> None:
    assert {member.value for member in mine} == {member.value for member in getattr(enums, theirs)}


# ── orders ──


def order_body(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(list(PRICES))
    status = rng.choice(["new", "partially_filled", "filled", "canceled", "replaced", "rejected", "held"])
    qty = Decimal(cents(rng, rng.choice([0, 9])))
    filled = {"filled": qty, "partially_filled": qty / 2, "canceled": qty / 4}.get(status, Decimal(0))
    body: dict[str, Any] = {
        "id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "client_order_id": f"peer-{rng.randint(0, 999)}",
        "created_at": stamp(rng),
        "updated_at": stamp(rng),
        "submitted_at": stamp(rng),
        "filled_at": stamp(rng) if status == "filled" else None,
        "expired_at": None,
        "canceled_at": None,
        "failed_at": None,
        "replaced_at": None,
        "replaced_by": str(uuid.UUID(int=rng.getrandbits(128), version=4)) if status == "replaced" else None,
        "replaces": None,
        "asset_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "symbol": "AAPL",
        "asset_class": "us_equity",
        "notional": None,
        "qty": str(qty),
        "filled_qty": f"{filled:f}",
        "filled_avg_price": cents(rng, 4) if filled else None,
        "order_class": "",
        "order_type": kind,
        "type": kind,
        "side": rng.choice(["buy", "sell"]),
        "time_in_force": rng.choice(["day", "gtc"]),
        "limit_price": None,
        "stop_price": None,
        "trail_price": None,
        "trail_percent": None,
        "status": status,
        "extended_hours": False,
        "legs": None,
        "hwm": None,
    }
    return body | {name: cents(rng) for name in PRICES[kind]}


@pytest.mark.parametrize("seed", range(60))
def test_an_order_says_the_same_in_both(seed: int) -> None:
    from alpaca.trading.models import Order

    body = order_body(random.Random(seed))
    theirs = Order(**body)
    mine = ours.Order(**{k: v for k, v in body.items() if k in ours.Order.model_fields})
    for name in ORDER_NUMBERS:
        assert getattr(mine, name) == number(getattr(theirs, name)), name
    for name in ("id", "client_order_id", "symbol", "side", "type", "time_in_force", "status", "replaced_by"):
        assert text(getattr(mine, name)) == text(getattr(theirs, name)), name
    assert (mine.submitted_at, mine.filled_at) == (theirs.submitted_at, theirs.filled_at)
    assert ours.Order.model_validate_json(mine.model_dump_json()) == mine


# ── order requests ──


def request_fields(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(list(PRICES))
    fields: dict[str, Any] = {"symbol": "AAPL", "side": rng.choice(["buy", "sell"]), "type": kind}
    fields[rng.choice(["qty", "qty", "notional"])] = cents(rng)
    fields |= {name: cents(rng) for name in PRICES[kind]}
    for name in ("limit_price", "stop_price", "trail_price", "trail_percent", "qty", "notional"):
        if rng.random() < 0.08:
            fields[name] = rng.choice([cents(rng), "0", None])
    return fields


def test_what_ours_accepts_alpaca_py_accepts_and_sends_unchanged() -> None:
    from alpaca.trading import requests as sdk

    kinds: dict[str, Any] = {
        "market": sdk.MarketOrderRequest,
        "limit": sdk.LimitOrderRequest,
        "stop": sdk.StopOrderRequest,
        "stop_limit": sdk.StopLimitOrderRequest,
        "trailing_stop": sdk.TrailingStopOrderRequest,
    }
    rng = random.Random(1)
    accepted = 0
    for _ in range(600):
        fields = request_fields(rng)
        try:
            mine = ours.OrderRequest(**fields)
        except ValueError:
            continue
        accepted += 1
        wire = kinds[fields["type"]](**mine.model_dump(mode="json", exclude_none=True)).to_request_fields()
        sent = {name: number(wire.get(name)) for name in ORDER_NUMBERS if name in ours.OrderRequest.model_fields}
        assert sent == {name: getattr(mine, name) for name in sent}
        assert (text(wire["type"]), text(wire["side"])) == (mine.type.value, mine.side.value)
    assert accepted > 200


def test_which_prices_go_with_which_type_is_alpaca_pys_opinion_too() -> None:
    """All combinations of prices and types: ours refuse exactly what the SDK refuses, two trails included."""
    from alpaca.trading import requests as sdk

    kinds: dict[str, Any] = {
        "market": sdk.MarketOrderRequest,
        "limit": sdk.LimitOrderRequest,
        "stop": sdk.StopOrderRequest,
        "stop_limit": sdk.StopLimitOrderRequest,
        "trailing_stop": sdk.TrailingStopOrderRequest,
    }
    names = ("limit_price", "stop_price", "trail_price", "trail_percent")
    for kind, chosen in product(kinds, product([False, True], repeat=len(names))):
        prices = {name: "5.25" for name, taken in zip(names, chosen, strict=True) if taken}
        fields: dict[str, Any] = {"symbol": "F", "side": "buy", "qty": 1, "time_in_force": "day", **prices}
        assert _accepts(ours.OrderRequest, {**fields, "type": kind}) == _accepts(kinds[kind], fields), (kind, prices)


def _accepts(model: Any, fields: dict[str, Any]) -> bool:
    try:
        model(**fields)
    except ValueError:
        return False
    return True


# ── positions and accounts ──


def test_a_positions_sums_are_the_brokers_own() -> None:
    """Cost, value and gain as the broker wrote them, long and short."""
    from alpaca.trading.models import Position

    rng = random.Random(2)
    for _ in range(60):
        sign = rng.choice([1, -1])
        qty, entry, price = sign * Decimal(cents(rng, rng.choice([0, 6]))), Decimal(cents(rng)), Decimal(cents(rng))
        body = {
            "asset_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "symbol": "AAPL",
            "exchange": "NASDAQ",
            "asset_class": "us_equity",
            "avg_entry_price": str(entry),
            "qty": str(qty),
            "side": "long" if sign > 0 else "short",
            "market_value": str(qty * price),
            "cost_basis": str(qty * entry),
            "unrealized_pl": str(qty * price - qty * entry),
            "current_price": str(price),
        }
        theirs = Position.model_validate(body)
        mine = ours.Position(
            symbol=theirs.symbol,
            qty=number(theirs.qty) or Decimal(0),
            avg_entry_price=number(theirs.avg_entry_price) or Decimal(0),
            current_price=number(theirs.current_price),
        )
        for name in ("market_value", "cost_basis", "unrealized_pl", "qty", "current_price"):
            assert getattr(mine, name) == number(getattr(theirs, name)), name
        assert {"buy": "long", "sell": "short"}[mine.side.value] == text(theirs.side)


@pytest.mark.parametrize("with_day_trades", [True, False])
def test_an_account_is_read_by_both_with_and_without_its_old_fields(with_day_trades: bool) -> None:
    from alpaca.trading.models import TradeAccount

    body: dict[str, Any] = {
        "id": "b6f2f3a0-9a3c-4a0e-8e3b-0f4f1f1c2d3e",
        "account_number": "PA0000000001",
        "status": "ACTIVE",
        "currency": "USD",
        "cash": "-1203.4400000001",
        "equity": "98765.01",
        "buying_power": "197530.02",
        "multiplier": "4",
        "shorting_enabled": True,
        "trading_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
    }
    if with_day_trades:
        body |= {"pattern_day_trader": False, "daytrade_count": 0}
    theirs = TradeAccount(**body)
    mine = ours.Account(**{k: v for k, v in body.items() if k in ours.Account.model_fields})
    for name in ("cash", "equity", "buying_power", "multiplier"):
        assert getattr(mine, name) == number(getattr(theirs, name)), name
    for name in ("shorting_enabled", "trading_blocked", "account_blocked", "pattern_day_trader", "daytrade_count"):
        assert getattr(mine, name) == getattr(theirs, name), name
    assert mine.can_trade and ours.Account.model_validate_json(mine.model_dump_json()) == mine


# ── market data ──


def test_bars_and_quotes_carry_the_same_prices() -> None:
    """alpaca-py reads them as floats; as the numbers that they print they are ours."""
    from alpaca.data.models import Bar, Quote

    rng = random.Random(3)
    for _ in range(60):
        low, open_, close, high = sorted(round(rng.uniform(0.5, 900), rng.choice([2, 4])) for _ in range(4))
        raw: Any = {"t": stamp(rng), "o": open_, "h": high, "l": low, "c": close, "v": 31_415, "n": 9, "vw": open_}
        bar = Bar("AAPL", raw)
        mine = ours.Bar(
            symbol=bar.symbol,
            timestamp=bar.timestamp,
            **{name: getattr(bar, name) for name in ("open", "high", "low", "close", "volume")},
        )
        for name in ("open", "high", "low", "close", "volume"):
            assert getattr(mine, name) == number(getattr(bar, name)), name
        assert mine.timestamp == bar.timestamp

        raw = {
            "t": stamp(rng),
            "bp": high,
            "bs": 2,
            "bx": "V",
            "ap": rng.choice([low, 0]),
            "as": 0,
            "ax": "V",
            "c": ["R"],
        }
        quote = Quote("AAPL", raw)
        seen: dict[str, Any] = {"bid": quote.bid_price, "ask": quote.ask_price}
        seen |= {"bid_size": quote.bid_size, "ask_size": quote.ask_size}
        book = ours.Quote(symbol=quote.symbol, timestamp=quote.timestamp, **seen)
        assert {name: getattr(book, name) for name in seen} == {name: number(value) for name, value in seen.items()}
        assert book.is_crossed == (0 < quote.ask_price < quote.bid_price)
