"""Trial of the broker: orders, positions, refusals, lost answers and histories that no spec shows."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from specs.harness.recordings import RESET, TIMEOUT, Answer, Sent, wire

_SIZES = ("qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent")
_STATES = ["new", "accepted", "pending_new", "held", "canceled", "done_for_day", "stopped", "suspended", "rejected"]
_FAULTS = ["500", "502 page", "503", "504 page", "reset", "timeout", "200 page", "200 list"]
_LOOKUPS = ["found", "filled", "another", "404", "503", "reset"]
_FIRST = datetime(2018, 3, 5, 5, tzinfo=UTC)


def inputs(rng: random.Random) -> dict[str, Any]:
    requests = [_request(rng, n) for n in range(24)]
    return {
        "orders": [_order(rng) for _ in range(25)],
        "positions": [[_position(rng) for _ in range(rng.randint(0, 4))] for _ in range(6)],
        "accounts": [_account(rng) for _ in range(8)],
        "requests": requests,
        "doubts": [[rng.choice(requests), rng.choice(_FAULTS), rng.choice(_LOOKUPS)] for _ in range(30)],
        "repeats": [[rng.choice(requests), rng.choice(_LOOKUPS)] for _ in range(14)],
        "refusals": [_refusal(rng) for _ in range(40)],
        "names": [_intent(rng) for _ in range(60)],
        "bars": [_history(rng) for _ in range(10)],
    }


def run(week1: SimpleNamespace, given: dict[str, Any]) -> dict[str, Any]:
    broker = week1.broker.AlpacaBroker(_client("trading"))
    return {
        "orders": [_answered(lambda wired=o: _plain_order(broker.order(wired["id"])), o) for o in given["orders"]],
        "positions": [_answered(lambda: _plain_positions(broker), body) for body in given["positions"]],
        "accounts": [_answered(lambda: _plain_account(broker), body) for body in given["accounts"]],
        "requests": [_submitted(week1, broker, fields, None, "found") for fields in given["requests"]],
        "doubts": [_submitted(week1, broker, *case) for case in given["doubts"]],
        "repeats": [_submitted(week1, broker, fields, "taken", lookup) for fields, lookup in given["repeats"]],
        "refusals": [_refused(week1, broker, *case) for case in given["refusals"]],
        "names": _groups(week1, given["names"]),
        "bars": [_history_read(week1, *case) for case in given["bars"]],
    }


# ── drawing ──


def _digits(rng: random.Random, most: int = 9) -> str:
    return f"{rng.randint(1, 10 ** rng.randint(1, 9))}.{rng.randint(0, 10**most - 1):0{most}d}"


def _request(rng: random.Random, n: int) -> dict[str, Any]:
    kind = rng.choice(["market", "limit", "stop", "stop_limit", "trailing_stop"])
    fields: dict[str, Any] = {
        "symbol": rng.choice(["IBM", "GE", "BRK.B", "MSFT"]),
        "side": rng.choice(["buy", "sell"]),
        "type": kind,
        "time_in_force": rng.choice(["day", "gtc"]),
        "client_order_id": f"trial-{n}",
    }
    if fields["time_in_force"] == "day" and kind == "market" and rng.random() < 0.5:
        fields["notional"] = f"{rng.randint(1, 99999)}.{rng.randint(0, 99):02d}"
    elif fields["time_in_force"] == "day":
        fields["qty"] = f"{rng.randint(0, 500)}.{rng.randint(1, 99999):05d}"
    else:
        fields["qty"] = str(rng.randint(1, 4000))
    if kind in {"limit", "stop_limit"}:
        fields["limit_price"] = f"{rng.uniform(1, 800):.2f}"
    if kind in {"stop", "stop_limit"}:
        fields["stop_price"] = f"{rng.uniform(1, 800):.2f}"
    if kind == "trailing_stop":
        fields[rng.choice(["trail_price", "trail_percent"])] = f"{rng.uniform(0.2, 20):.2f}"
    return fields


def _wired(fields: dict[str, Any], order_id: str, **more: Any) -> dict[str, Any]:
    """An order as Alpaca writes it, made of a request."""
    at = "2026-10-08T13:30:00.000000001Z"
    return {
        "id": order_id, "created_at": at, "updated_at": at, "submitted_at": at, "filled_at": None, "replaced_by": None,
        "replaces": None, "asset_class": "us_equity", "filled_qty": "0", "filled_avg_price": None, "order_class": "",
        "status": "new", "extended_hours": False, "legs": None, **dict.fromkeys(_SIZES), **fields,
        "order_type": fields["type"], **more,
    }  # fmt: skip


def _id(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _order(rng: random.Random) -> dict[str, Any]:
    more: dict[str, Any] = {"status": rng.choice(_STATES)}
    if rng.random() < 0.4:
        more |= {"replaced_by": _id(rng), "status": "replaced"} if rng.random() < 0.5 else {"replaces": _id(rng)}
    fields = _request(rng, rng.randint(0, 10**6))
    if "qty" in fields:
        whole = _digits(rng)
        more |= {"qty": whole, "filled_qty": f"{int(Decimal(whole)) // 3}.5", "filled_avg_price": _digits(rng, 4)}
    return _wired(fields, _id(rng), **more)


def _position(rng: random.Random) -> dict[str, Any]:
    side = rng.choice(["long", "short"])
    minus = "-" if side == "short" and rng.random() < 0.7 else ""
    return {
        "asset_id": _id(rng), "symbol": rng.choice(["IBM", "GE", "F"]), "exchange": "NYSE", "asset_class": "us_equity",
        "avg_entry_price": _digits(rng, 4), "qty": f"{minus}{_digits(rng)}", "side": side, "cost_basis": "1",
        "current_price": rng.choice([None, "0", _digits(rng, 4)]),
    }  # fmt: skip


def _account(rng: random.Random) -> dict[str, Any]:
    return {
        "id": _id(rng), "account_number": "PA1", "status": rng.choice(["ACTIVE", "ACCOUNT_UPDATED", "INACTIVE"]),
        "cash": rng.choice(["", "-"]) + _digits(rng, 2), "equity": _digits(rng, 6), "buying_power": _digits(rng, 2),
        "multiplier": rng.choice(["1", "2", "4"]), "currency": "USD", "trade_suspended_by_user": rng.random() < 0.3,
        **({"daytrade_count": 2, "pattern_day_trader": True} if rng.random() < 0.5 else {}),
    }  # fmt: skip


def _refusal(rng: random.Random) -> list[Any]:
    status = rng.choice([400, 401, 403, 403, 404, 406, 409, 422, 429, 500, 503, 504, 520])
    code = rng.choice([None, 40310000, 40310100, 40010001, 50010000])
    body: Any = {"message": "refused", "available": str(rng.randint(0, 9))} | ({} if code is None else {"code": code})
    if rng.random() < 0.25:
        body = rng.choice([None, [], "refused", 5])
    return [rng.choice(["account", "positions", "order", "cancel"]), status, body]


def _intent(rng: random.Random) -> list[Any]:
    fields = {
        "symbol": "GE",
        "side": rng.choice(["buy", "sell"]),
        "type": "limit",
        "qty": rng.choice(["2", "2.0", "2.000", "20", "0.2"]),
        "limit_price": rng.choice(["5", "5.00", "50"]),
    }
    at = _FIRST + timedelta(days=rng.randint(0, 1))
    return [fields, rng.choice(["x", "é|\n"]), at.isoformat(), rng.choice([-300, 0, 330])]


def _history(rng: random.Random) -> list[Any]:
    price, bars = rng.uniform(3, 300), []
    for n in range(rng.randint(0, 30)):
        price *= 1 + rng.uniform(-0.05, 0.05)
        close = round(price * (1 + rng.uniform(-0.02, 0.02)), 4)
        opened = round(price, 4)
        bars.append(
            {
                "t": f"{_FIRST + timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}", "o": opened, "c": close,
                "h": round(max(opened, close) * 1.01, 4), "l": round(min(opened, close) * 0.99, 4),
                "v": rng.randint(0, 10**8), "n": 1, "vw": opened,
            }
        )  # fmt: skip
    return [bars, rng.randint(1, 35), rng.randint(2, 9)]


# ── running ──


def _client(kind: str) -> Any:
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient

    made = (
        TradingClient("key", "secret", paper=True) if kind == "trading" else StockHistoricalDataClient("key", "secret")
    )
    made._retry = 0  # pyright: ignore[reportPrivateUsage]
    return made


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize(), "f")


def _plain_order(order: Any) -> list[Any]:
    numbers = [_text(getattr(order, name)) for name in (*_SIZES, "filled_qty", "filled_avg_price")]
    words = [order.id, order.client_order_id, order.symbol, order.replaced_by, order.replaces]
    enums = [e.value for e in (order.side, order.type, order.time_in_force, order.status)]
    return [*words, *enums, *numbers, order.submitted_at.astimezone(UTC).isoformat(timespec="seconds")]


def _plain_positions(broker: Any) -> list[Any]:
    return [[p.symbol, _text(p.qty), _text(p.avg_entry_price), _text(p.current_price)] for p in broker.positions()]


def _plain_account(broker: Any) -> list[Any]:
    account = broker.account()
    return [*(_text(getattr(account, n)) for n in ("cash", "equity", "buying_power", "multiplier")), account.can_trade]


def _answered(call: Callable[[], Any], body: Any) -> Any:
    with wire() as broker:
        broker.respond(lambda _: Answer(body=body))
        return call()


def _caught(week1: SimpleNamespace, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except week1.broker.BrokerError as error:
        return {
            "error": type(error).__name__,
            "status": error.status,
            "code": error.code,
            "details": dict(error.details),
        }


def _submitted(
    week1: SimpleNamespace, broker: Any, fields: dict[str, Any], fault: str | None, lookup: str
) -> dict[str, Any]:
    """What became of one submit, what was posted, and for which name was asked."""
    request = week1.models.OrderRequest(**fields)
    known = _wired(fields, "3c0e7a1c-5d57-4c4e-8a51-1f0a8cb2a001")
    with wire() as served:
        served.respond(lambda sent: _post_answer(known, fault) if sent.method == "POST" else _lookup(known, lookup))
        outcome = _caught(week1, lambda: _plain_order(broker.submit(request)))
        if isinstance(outcome, dict):
            outcome = outcome["error"]
        asked = sorted({str(sent.query.get("client_order_id")) for sent in served.sent if sent.method == "GET"})
        return {"outcome": outcome, "posted": [_plain_body(sent.body) for sent in served.posts()], "asked": asked}


def _plain_body(body: dict[str, Any]) -> dict[str, str | None]:
    numbers = {k: _text(Decimal(str(body[k]))) for k in _SIZES if body.get(k) is not None}
    return {k: str(body[k]) for k in ("symbol", "side", "type", "time_in_force", "client_order_id")} | numbers


def _post_answer(known: dict[str, Any], fault: str | None) -> Answer:
    match fault:
        case None:
            return Answer(body=known)
        case "taken":
            return Answer(status=422, body={"code": 40010001, "message": "client_order_id must be unique"})
        case "reset":
            return Answer(error=RESET)
        case "timeout":
            return Answer(error=TIMEOUT)
        case "200 list":
            return Answer(body=[known])
        case _:
            status, _, page = fault.partition(" ")
            return Answer(status=int(status), text="<html>gateway</html>" if page else '{"message":"no"}')


def _lookup(known: dict[str, Any], what: str) -> Answer:
    match what:
        case "found":
            return Answer(body=known)
        case "filled":
            size = known["qty"] or "1.5"
            return Answer(body={**known, "status": "filled", "filled_qty": size, "filled_avg_price": "12.34"})
        case "another":
            return Answer(body={**known, "side": "sell" if known["side"] == "buy" else "buy"})
        case "reset":
            return Answer(error=RESET)
        case _:
            return Answer(status=int(what), body={"message": "no"})


def _refused(week1: SimpleNamespace, broker: Any, call: str, status: int, body: Any) -> Any:
    arguments = ["3c0e7a1c-5d57-4c4e-8a51-1f0a8cb2a001"] if call in {"order", "cancel"} else []
    with wire() as served:
        served.respond(lambda _: Answer(status=status, body=body))
        return _caught(week1, lambda: str(getattr(broker, call)(*arguments)))


def _groups(week1: SimpleNamespace, intents: list[list[Any]]) -> list[Any]:
    """For each intent the first one of the same name: names are free, their equality is not."""
    names: list[str] = []
    for fields, strategy, at, minutes in intents:
        request = week1.models.OrderRequest(**fields)
        elsewhere = datetime.fromisoformat(at).astimezone(timezone(timedelta(minutes=minutes)))
        names.append(week1.broker.client_order_id(request, strategy=strategy, decided_at=elsewhere))
    return [[names.index(name), 1 <= len(name) <= 128 and name.isascii()] for name in names]


def _history_read(week1: SimpleNamespace, bars: list[dict[str, Any]], limit: int, page: int) -> Any:
    def answer(sent: Sent) -> Answer:
        asked = sent.query
        fitting = bars if "start" in asked else []
        if asked.get("sort") == "desc":
            fitting = fitting[::-1]
        first = int(asked.get("page_token") or 0)
        last = first + min(page, int(asked.get("limit") or 1000))
        found = fitting[first:last]
        token = str(last) if last < len(fitting) else None
        return Answer(body={"bars": {"GE": found} if found else {}, "next_page_token": token})

    with wire() as served:
        served.respond(answer)
        source = week1.broker.AlpacaBars(_client("data"))
        return _caught(week1, lambda: [_plain_bar(bar) for bar in asyncio.run(source.daily("GE", limit))])


def _plain_bar(bar: Any) -> list[str | None]:
    return [bar.timestamp.isoformat(), *(_text(v) for v in (bar.open, bar.high, bar.low, bar.close, bar.volume))]
