"""Trial of the API: accounts, orders, errors, ids, signals and batches that no spec shows, asked over ASGI."""

from __future__ import annotations

import asyncio
import math
import random
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from starlette.testclient import TestClient

_NOW = datetime(2023, 3, 9, 15, 30, tzinfo=UTC)
_DAY = timedelta(days=1)
_LATE = 0.15  # seconds that a symbol has
_STRATEGIES = ("combined", "sma_crossover", "momentum", "mean_reversion")
_ERRORS = (
    "AuthenticationError",
    "PermissionDeniedError",
    "InsufficientFundsError",
    "NotFoundError",
    "InvalidOrderError",
    "RateLimitError",
    "UnavailableError",
    "OrderOutcomeUnknownError",
    "BrokerError",
    "RuntimeError",
    "ValueError",
    "LookupError",
)
_BUILT_IN = {"RuntimeError": RuntimeError, "ValueError": ValueError, "LookupError": LookupError}
_ROUTES = {
    "account": ("GET", "/account"),
    "positions": ("GET", "/positions"),
    "submit": ("POST", "/orders"),
    "order": ("GET", "/orders/q-17"),
    "cancel": ("DELETE", "/orders/q-17"),
}


# ── what is asked ──


def inputs(rng: random.Random) -> dict[str, Any]:
    names = ["QQQ", "T", "BF.B", "NVDA", "TSLA2", "ZZZZZZZZZZ", "V", "KO"]
    return {
        "live": rng.random() < 0.5,
        "accounts": [_account(rng) for _ in range(8)],
        "positions": [[_position(rng, name) for name in rng.sample(names, rng.randint(0, 4))] for _ in range(5)],
        "orders": [_order(rng) for _ in range(14)],
        "bad orders": [_spoil(rng, _order(rng)) for _ in range(16)],
        "errors": [[error, name] for error in _ERRORS for name in rng.sample(sorted(_ROUTES), 2)],
        "ids": [_id(rng) for _ in range(20)],
        "signals": [[_closes(rng), rng.randint(0, 3), rng.choice(_STRATEGIES)] for _ in range(16)],
        "batches": [_batch(rng, names, late=i == 0) for i in range(8)],
        "symbols": [_written(rng) for _ in range(16)],
        "strategies": rng.sample(["", "COMBINED", "macd", "momentum ", "sma", "none"], 3),
    }


def _money(rng: random.Random, decimals: int, most: int = 10**9) -> str:
    return str(Decimal(rng.randint(1, most * 10**decimals)).scaleb(-decimals))


def _account(rng: random.Random) -> dict[str, Any]:
    sign = rng.choice(["", "-"])
    return {
        "id": f"u-{rng.randint(1, 10**6)}",
        "status": rng.choice(["ACTIVE", "ONBOARDING"]),
        "cash": sign + _money(rng, rng.randint(0, 9)),
        "equity": sign + _money(rng, rng.randint(2, 12), 10**7),
        "buying_power": _money(rng, 4),
        "multiplier": rng.choice(["1", "2", "4"]),
        "trading_blocked": rng.random() < 0.3,
        "daytrade_count": rng.choice([None, 0, 3]),
    }


def _position(rng: random.Random, symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "qty": rng.choice(["", "-"]) + _money(rng, rng.randint(0, 9), 1000),
        "avg_entry_price": _money(rng, 6, 900),
        "current_price": rng.choice([None, "0", _money(rng, 4, 900)]),
    }


def _order(rng: random.Random) -> dict[str, Any]:
    kind = rng.choice(["market", "limit", "stop", "stop_limit", "trailing_stop"])
    order: dict[str, Any] = {
        "symbol": rng.choice(["QQQ", "T", "BF.B"]),
        "side": rng.choice(["buy", "sell"]),
        "type": kind,
        "client_order_id": "".join(rng.choices(string.ascii_letters + "-_.", k=rng.randint(1, 40))),
    }
    if "limit" in kind:
        order["limit_price"] = str(Decimal(rng.randint(100, 90_000)) / 100)
    if kind.startswith("stop"):
        order["stop_price"] = str(Decimal(rng.randint(100, 90_000)) / 100)
    if kind == "trailing_stop":
        order[rng.choice(["trail_price", "trail_percent"])] = str(Decimal(rng.randint(10, 900)) / 100)
    if kind == "market" and rng.random() < 0.5:
        order["notional"] = str(Decimal(rng.randint(100, 10**6)) / 100)
    else:
        order["qty"] = str(rng.randint(1, 999))
        order["time_in_force"] = rng.choice(["day", "gtc"])
    return order


def _spoil(rng: random.Random, order: dict[str, Any]) -> dict[str, Any]:
    match rng.randrange(7):
        case 0:
            order.pop(rng.choice(["symbol", "side", "client_order_id"]))
        case 1:
            order[rng.choice(["symbol", "side", "type"])] = rng.choice([None, 3, ["buy"], ""])
        case 2:
            order["qty" if "qty" in order else "notional"] = rng.choice(["-0.5", "0", "1,000", "NaN", "1e-12", []])
        case 3:
            order[rng.choice(["price", "Side", "qty ", "leverage"])] = "1"
        case 4:
            order |= {"qty": "3", "notional": "50.00"}
        case 5:
            order["client_order_id"] = rng.choice(["", "k" * rng.randint(129, 400), None])
        case _:
            order["time_in_force"] = rng.choice(["forever", "DAY ", 0])
    return order


def _id(rng: random.Random) -> str:
    good = "".join(rng.choices(string.ascii_letters + string.digits + "._-", k=rng.choice([1, 8, 36, 63, 64])))
    bad = rng.choice([" ", "\n", "\t", "/", ":", "é", "+", "@", "\x7f", "x" * 65])
    cut = rng.randint(0, len(good))
    return rng.choice([good, good[:cut] + bad + good[cut:], good + bad])


def _closes(rng: random.Random) -> list[float]:
    price = rng.uniform(2, 600)
    closes: list[float] = []
    for _ in range(rng.choice([1, 19, 20, 21, 30, 31, 45, 75])):
        price *= 1 + max(-0.5, rng.gauss(0, 0.03))
        closes.append(round(max(price, 0.5), 2))
    return closes


def _batch(rng: random.Random, names: list[str], *, late: bool) -> list[list[Any]]:
    asked = rng.choices(names, k=rng.randint(1, 10))
    fates = {name: rng.choice(["fine", "fine", "fine", "short", *_ERRORS]) for name in names}
    fates[asked[0]] = "late" if late else "fine"
    seen = {name: _closes(rng) for name in names}
    return [[rng.choice([name, name.lower(), f" {name}"]), fates[name], seen[name]] for name in asked]


def _written(rng: random.Random) -> str:
    word = "".join(rng.choices(string.ascii_letters + string.digits, k=rng.choice([1, 4, 9, 10, 11])))
    return word + rng.choice(["", "", ".a", ".WS", ".abc", ".", "-", "%20", "%0Aa", "%C4%B1", "..B"])


# ── what is answered ──


def run(week1: SimpleNamespace, given: dict[str, Any]) -> dict[str, Any]:
    broker, bars = _Broker(), _Bars()
    settings = week1.config.Settings(
        api_key="PK",
        secret_key="SK",
        base_url="https://api.alpaca.markets" if given["live"] else "https://paper-api.alpaca.markets",
        data_url="https://data.alpaca.markets",
        allow_live=True,
        bars_timeout=_LATE,
        _env_file=None,
    )
    app = week1.main.create_app(settings, broker, bars, clock=lambda: _NOW)
    with TestClient(app, raise_server_exceptions=False) as client:
        trial = _Trial(week1, broker, bars, client)
        return {
            "health": trial.ask("GET", "/health")["body"],
            "accounts": [trial.account(a) for a in given["accounts"]],
            "positions": [trial.positions(p) for p in given["positions"]],
            "orders": [trial.order(o) for o in given["orders"]],
            "bad orders": [trial.bad_order(o) for o in given["bad orders"]],
            "errors": [trial.error(*pair) for pair in given["errors"]],
            "ids": [trial.request_id(i) for i in given["ids"]],
            "signals": [trial.signal(*s) for s in given["signals"]],
            "batches": [trial.batch(b) for b in given["batches"]],
            "symbols": [trial.symbol(s) for s in given["symbols"]],
            "strategies": [trial.strategy(s) for s in given["strategies"]],
        }


class _Broker:
    """Does what `answer` does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.asked: list[Any] = []

    def account(self) -> Any:
        return self._answer("account")

    def positions(self) -> Any:
        return self._answer("positions")

    def submit(self, request: Any) -> Any:
        return self._answer(request)

    def order(self, order_id: str) -> Any:
        return self._answer(order_id)

    def cancel(self, order_id: str) -> Any:
        return self._answer(order_id)

    def _answer(self, asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class _Bars:
    def __init__(self) -> None:
        self.series: dict[str, Any] = {}

    async def daily(self, symbol: str, limit: int) -> Any:
        found = self.series[symbol]
        if found == "late":
            await asyncio.wait([asyncio.ensure_future(asyncio.Event().wait())], timeout=20 * _LATE)
        if isinstance(found, Exception):
            raise found
        return found[-limit:]


class _Trial:
    def __init__(self, week1: SimpleNamespace, broker: _Broker, bars: _Bars, client: TestClient) -> None:
        self.week1, self.broker, self.bars, self.client = week1, broker, bars, client

    def ask(self, method: str, path: str, body: Any = None, request_id: str = "trial") -> dict[str, Any]:
        self.broker.asked.clear()
        headers = [(b"x-request-id", request_id.encode("latin-1"))]
        answer = self.client.request(method, path, json=body, headers=headers)
        json = answer.json() if answer.content else None
        found: dict[str, Any] = {"status": answer.status_code, "body": json}
        if answer.status_code >= 400:
            found["body"] = _problem(json, answer.headers.get("x-request-id"))
            found["media type"] = answer.headers.get("content-type")
            found["retry-after"] = answer.headers.get("retry-after") if answer.status_code == 503 else None
        return found

    def account(self, fields: dict[str, Any]) -> Any:
        self.broker.answer = self.week1.models.Account(**fields)
        body = self.ask("GET", "/account")["body"]
        return {name: _exact(body.get(name)) for name in sorted(type(self.broker.answer).model_fields)}

    def positions(self, held: list[dict[str, Any]]) -> Any:
        self.broker.answer = [self.week1.models.Position(**fields) for fields in held]
        body = self.ask("GET", "/positions")["body"]
        return [{name: _exact(p.get(name)) for name in held[0]} for p in body]

    def order(self, fields: dict[str, Any]) -> Any:
        made = {"time_in_force": "day", **fields, "id": "q-17", "status": "accepted", "submitted_at": _NOW}
        self.broker.answer = self.week1.models.Order(**made)
        answer = self.ask("POST", "/orders", fields)
        asked = [{name: _plain(getattr(request, name)) for name in fields} for request in self.broker.asked]
        back = {name: _exact(answer["body"].get(name)) for name in (*fields, "id", "status")}
        return {"status": answer["status"], "asked": asked, "order": back}

    def bad_order(self, fields: dict[str, Any]) -> Any:
        self.broker.answer = RuntimeError("the broker must not be asked")
        answer = self.ask("POST", "/orders", fields)
        return {"status": answer["status"], "media type": answer["media type"], "calls": len(self.broker.asked)}

    def error(self, name: str, call: str) -> Any:
        self.broker.answer = self._error(name, "told by the broker")
        method, path = _ROUTES[call]
        order = {"symbol": "T", "side": "buy", "qty": "1", "client_order_id": "c-1"}
        answer = self.ask(method, path, order if call == "submit" else None)
        if name == "OrderOutcomeUnknownError":
            answer["named"] = "name-5150" in answer["body"]["detail"]
        del answer["body"]["detail"]
        return answer

    def request_id(self, sent: str) -> Any:
        answer = self.client.get("/health", headers=[(b"x-request-id", sent.encode("latin-1"))])
        back = answer.headers.get("x-request-id", "")
        return {"kept": back == sent, "usable": _usable(back)}

    def signal(self, closes: list[float], later: int, strategy: str) -> Any:
        self.bars.series = {"KO": self._bars("KO", closes, later)}
        return _signal(self.ask("GET", f"/signals/ko?strategy={strategy}")["body"])

    def batch(self, asked: list[list[Any]]) -> Any:
        self.bars.series = {}
        for written, fate, closes in asked:
            symbol = written.strip().upper()
            self.bars.series[symbol] = (
                self._error(fate, symbol)
                if fate in _ERRORS
                else {"late": "late", "short": []}.get(fate, self._bars(symbol, closes, 1))
            )
        answer = self.client.get("/signals", params={"symbols": ",".join(written for written, _, _ in asked)})
        return [
            {
                "symbol": e["symbol"],
                "signal": _signal(e["signal"]) if e["signal"] else None,
                "problem": _problem(e["problem"], answer.headers.get("x-request-id"), detail=False),
            }
            for e in answer.json()["results"]
        ]

    def symbol(self, written: str) -> Any:
        self.bars.series = _Everything([])
        single, many = self.ask("GET", f"/signals/{written}"), self.ask("GET", f"/signals?symbols=T,{written}")
        return [single["status"], many["status"], single["body"].get("symbol")]

    def strategy(self, written: str) -> Any:
        self.bars.series = _Everything([])
        return self.ask("GET", f"/signals/T?strategy={written}")["status"]

    def _bars(self, symbol: str, closes: list[float], later: int) -> list[Any]:
        """The last `later` of them are not over yet."""
        first = _NOW - timedelta(hours=6) - _DAY * (len(closes) - later)
        return [
            self.week1.models.Bar(
                symbol=symbol,
                timestamp=first + _DAY * i,
                **dict.fromkeys(("open", "high", "low", "close"), Decimal(str(close))),
                volume=1,
            )
            for i, close in enumerate(closes)
        ]

    def _error(self, name: str, message: str) -> Exception:
        if name in _BUILT_IN:
            return _BUILT_IN[name](message)
        kind = getattr(self.week1.broker, name)
        more = {"client_order_id": "name-5150"} if name == "OrderOutcomeUnknownError" else {}
        return kind(message, **more)


class _Everything(dict[str, Any]):
    """The same answer for each symbol."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def __missing__(self, _: str) -> Any:
        return self.answer


def _problem(problem: Any, header: str | None, *, detail: bool = True) -> Any:
    """What of a problem every right solution agrees on."""
    if problem is None:
        return None
    found = {name: problem.get(name) for name in ("status", "instance")}
    found["same id"] = problem.get("request_id") == header
    found["fields"] = sorted({e["field"].partition(".")[0] for e in problem.get("errors", [])})
    return {**found, "detail": problem.get("detail", "")} if detail else found


def _signal(signal: dict[str, Any]) -> dict[str, Any]:
    at = signal["as_of"] and datetime.fromisoformat(signal["as_of"]).astimezone(UTC).isoformat()
    said = {k: signal[k] for k in ("symbol", "strategy", "action")}
    return {**said, "strength": round(float(signal["strength"]), 7), "as_of": at}


def _usable(text: str) -> bool:
    return 1 <= len(text) <= 64 and all(c in string.ascii_letters + string.digits + "._-" for c in text)


def _exact(value: Any) -> Any:
    """Decimals come as text; one spelling for each."""
    if isinstance(value, str):
        try:
            return _plain(Decimal(value))
        except ArithmeticError:
            return value
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() else str(value)
    return getattr(value, "value", value)
