"""Trial of the models: good and bad bars, quotes, requests, orders, positions and accounts, none of them in a spec."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

_FIRST = datetime(1999, 7, 1, tzinfo=UTC)
_KINDS = {
    "market": (),
    "limit": ("limit_price",),
    "stop": ("stop_price",),
    "stop_limit": ("limit_price", "stop_price"),
    "trailing_stop": ("trail_price",),
}
_PRICES = ("limit_price", "stop_price", "trail_price", "trail_percent")
_DURATIONS = ["day"] * 8 + ["gtc", "opg", "cls", "ioc", "fok"]
_OPEN = ["new", "accepted", "pending_new", "partially_filled", "done_for_day", "pending_cancel", "pending_replace"]
_RARE = ["pending_review", "accepted_for_bidding", "stopped", "suspended", "calculated", "held"]
_ENDED = ["filled", "canceled", "expired", "replaced", "rejected"]
_PROPERTIES = {
    "Bar": ("known_at",),
    "Quote": ("mid", "spread", "is_crossed"),
    "Signal": (),
    "OrderRequest": (),
    "Order": ("is_open", "remaining_qty"),
    "Position": ("side", "cost_basis", "market_value", "unrealized_pl"),
    "Account": ("can_trade",),
}


def inputs(rng: random.Random) -> dict[str, Any]:
    return {
        "Bar": [_bar(rng) for _ in range(35)],
        "Quote": [_quote(rng) for _ in range(25)],
        "Signal": [_signal(rng) for _ in range(20)],
        "OrderRequest": [_request(rng) for _ in range(80)],
        "Order": [_order(rng) for _ in range(40)],
        "Position": [_position(rng) for _ in range(25)],
        "Account": [_account(rng) for _ in range(20)],
    }


def run(week1: SimpleNamespace, given: dict[str, Any]) -> dict[str, Any]:
    return {name: [_made(week1, name, fields) for fields in cases] for name, cases in given.items()}


def _made(week1: SimpleNamespace, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    model = getattr(week1.models, name)
    try:
        made = model(**fields)
        back = model.model_validate_json(made.model_dump_json())
    except Exception as error:
        return {"error": "ValueError" if isinstance(error, ValueError) else type(error).__name__}
    told = {field: _plain(getattr(back, field)) for field in model.model_fields}
    return told | {field: _plain(getattr(back, field)) for field in _PROPERTIES[name]} | {"same": back == made}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return getattr(value, "value", value)


# ── drawing ──


def _price(rng: random.Random, places: int | None = None) -> str:
    places = rng.choice([2] * 10 + [3, 4]) if places is None else places
    return str(Decimal(rng.randint(1, rng.choice([300, 20_000, 900_000]))).scaleb(-places))


def _instant(rng: random.Random) -> str:
    at = _FIRST + timedelta(seconds=rng.randint(0, 10**9), microseconds=rng.choice([0, 0, rng.randint(1, 999_999)]))
    draw = rng.random()
    if draw < 0.07:
        return at.replace(tzinfo=None).isoformat()
    if draw < 0.5:
        return at.isoformat().replace("+00:00", "Z")
    if draw < 0.6:
        return f"{at.replace(tzinfo=None, microsecond=0).isoformat()}.{rng.randint(0, 10**9 - 1):09}Z"
    return at.astimezone(timezone(timedelta(minutes=15 * rng.randint(-47, 47)))).isoformat()


def _bar(rng: random.Random) -> dict[str, Any]:
    prices = sorted(Decimal(_price(rng, 2)) for _ in range(4))
    low, open_, close, high = prices
    if rng.random() < 0.4:
        low, open_, close, high = rng.sample(prices, 4)
    bar: dict[str, Any] = {"symbol": rng.choice(["ZVZZT", "GE", "RDS.A"]), "timestamp": _instant(rng)}
    bar |= {"open": float(open_), "high": str(high), "low": str(low), "close": float(close)}
    bar["volume"] = rng.choice([0, rng.randint(1, 10**10), "12.5", -4])
    if rng.random() < 0.5:
        bar["timeframe"] = 60 * rng.choice([1, 30, 240, 10_080])
    return bar


def _quote(rng: random.Random) -> dict[str, Any]:
    bid = rng.choice([_price(rng), _price(rng), "0", "0.00", "-0.01"])
    ask = rng.choice([bid, _price(rng), str(max(Decimal(bid), Decimal(0)) + Decimal("0.03")), "0"])
    sizes = {"bid_size": rng.choice([0, rng.randint(1, 900)]), "ask_size": rng.randint(-1, 50)}
    return {"symbol": "ZVZZT", "timestamp": _instant(rng), "bid": bid, "ask": float(ask), **sizes}


def _signal(rng: random.Random) -> dict[str, Any]:
    action = rng.choice(["buy", "sell", "hold"])
    strength = 0 if action == "hold" else round(rng.uniform(0.001, 1), 6)
    if rng.random() < 0.3:
        strength = rng.choice([0, 1, round(rng.uniform(-0.2, 1.2), 6)])
    return {"action": action, "strength": strength, "reason": "" if rng.random() < 0.1 else "why"}


def _request(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(list(_KINDS))
    duration = rng.choice(_DURATIONS)
    fields: dict[str, Any] = {"symbol": "ZVZZT", "side": rng.choice(["buy", "sell"]), "type": kind}
    fields |= {"time_in_force": duration, **{name: _price(rng) for name in _KINDS[kind]}}
    if kind == "trailing_stop" and rng.random() < 0.4:
        fields["trail_percent"] = fields.pop("trail_price")
    if rng.random() < 0.12:
        fields[rng.choice(_PRICES)] = rng.choice(["0", _price(rng)])
    if rng.random() < 0.1:
        fields.pop(rng.choice(_PRICES), None)
    if rng.random() < 0.75:
        places = rng.choice([0, 0, 0, 0, 1, 9, 9, 10])
        fields["qty"] = str(Decimal(rng.randint(1, 10**11)).scaleb(-places))
    if "qty" not in fields or rng.random() < 0.06:
        fields["notional"] = rng.choice([_price(rng, 2), _price(rng, 2), "10.000", "33.335"])
    if rng.random() < 0.15:
        fields["extended_hours"] = rng.random() < 0.7
    if rng.random() < 0.3:
        fields["client_order_id"] = "q" * rng.choice([0, 1, 40, 60, 127, 128, 128, 129])
    if rng.random() < 0.04:
        fields["limit_prise"] = "1"
    return fields


def _order(rng: random.Random) -> dict[str, Any]:
    qty = Decimal(rng.randint(1, 60))
    status = rng.choice([*_OPEN, *_RARE, *_ENDED, "filled", "partially_filled"])
    filled = rng.choice([Decimal(0), qty, qty, min(qty, Decimal("0.25")), qty + 1 if rng.random() < 0.3 else qty])
    order: dict[str, Any] = {
        "id": f"{rng.getrandbits(64):016x}",
        "client_order_id": f"t-{rng.randint(0, 999)}",
        "symbol": "ZVZZT",
        "side": rng.choice(["buy", "sell"]),
        "type": rng.choice(list(_KINDS)),
        "time_in_force": rng.choice(_DURATIONS),
        "status": status,
        "qty": str(qty),
        "filled_qty": str(filled),
        "filled_avg_price": _price(rng, 4) if rng.random() < 0.85 else None,
        "limit_price": rng.choice([None, _price(rng)]),
        "submitted_at": _instant(rng),
        "filled_at": rng.choice([None, _instant(rng)]),
        "replaces": rng.choice([None, "0a1b"]),
    }
    if rng.random() < 0.25:
        order["notional"] = _price(rng, 2)
        del order["qty"]
    return order


def _position(rng: random.Random) -> dict[str, Any]:
    units = 0 if rng.random() < 0.1 else rng.choice([-1, 1]) * rng.randint(1, 10**6)
    qty = Decimal(units).scaleb(-rng.choice([0, 3, 6]))
    price = rng.choice([None, "0", _price(rng), float(_price(rng))])
    return {"symbol": "GE", "qty": str(qty), "avg_entry_price": _price(rng), "current_price": price}


def _account(rng: random.Random) -> dict[str, Any]:
    account: dict[str, Any] = {
        "id": "a1",
        "status": rng.choice(["ACTIVE", "ACTIVE", "ACTIVE", "APPROVED", "DISABLED"]),
        "cash": str(Decimal(rng.randint(-(10**7), 10**7)) / 100),
        "equity": str(Decimal(rng.randint(-(10**4), 10**7)) / 100),
        "buying_power": rng.choice(["0", _price(rng, 2), _price(rng, 2), _price(rng, 2), "-0.01"]),
    }
    for flag in ("shorting_enabled", "trading_blocked", "account_blocked", "trade_suspended_by_user"):
        if rng.random() < 0.5:
            account[flag] = rng.random() < 0.35
    if rng.random() < 0.5:
        account |= {"pattern_day_trader": rng.random() < 0.5, "daytrade_count": rng.randint(0, 4)}
    if rng.random() < 0.4:
        account["multiplier"] = rng.choice(["1", "2", "2", "4", "4", "0.5"])
    return account
