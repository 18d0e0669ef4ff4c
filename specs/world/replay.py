"""A long/flat strategy that trades through Week 1's API, session by session, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Protocol, cast

import requests

TIMEOUT = 20.0
"""Seconds for one answer. Nothing here takes one second; a hanging server must not hang the demo."""
BUFFER = Decimal("0.99")
"""Part of the target that is spent: tomorrow's open is not tonight's close."""


class ReplayError(RuntimeError):
    """The API or the exchange gave an answer that the replay can't go on with."""


class Namer(Protocol):
    """Makes the client_order_id of an order."""

    def __call__(self, body: dict[str, str], *, strategy: str, decided_at: datetime) -> str: ...


@dataclass
class Record:
    """What the replay saw: the days played, equity in USD before the first and after each, and counts."""

    days: list[date] = field(default_factory=list[date])
    equity: list[Decimal] = field(default_factory=list[Decimal])
    orders: int = 0
    refused: int = 0
    without_signal: int = 0


class Replay:
    """Asks the API for signals, sends orders through it, and moves the exchange's clock.

    Every symbol may have an equal share of the equity. `buy` opens a position of that size if there
    is none, `sell` closes it, `hold` leaves it. Shares are rounded down; nothing is borrowed.
    """

    def __init__(self, api: str, exchange: str, keys: tuple[str, str], symbols: Sequence[str], namer: Namer) -> None:
        self._api, self._exchange = api, exchange
        self._symbols, self._namer = tuple(symbols), namer
        self._session = requests.Session()
        self._session.trust_env = False
        self._keys = {"APCA-API-KEY-ID": keys[0], "APCA-API-SECRET-KEY": keys[1]}
        self.record = Record()

    def run(self, sessions: int, strategy: str, tick: Callable[[], object]) -> Record:
        """Play up to `sessions` sessions, fewer if the recorded market ends. Raises ReplayError."""
        self.record.equity.append(Decimal(self.ask("GET", "/account")["equity"]))
        for _ in range(sessions):
            self._decide(strategy)
            done = self._send("POST", f"{self._exchange}/sim/advance", headers=self._keys)
            if done.status_code == 409:
                break
            played = _body(done)
            self.record.days.append(date.fromisoformat(played["date"]))
            self.record.equity.append(Decimal(played["equity"]))
            tick()
        return self.record

    def ask(self, method: str, route: str, **more: Any) -> Any:
        """An answer of the API. Raises ReplayError for a problem."""
        return _body(self._send(method, self._api + route, **more))

    def close(self) -> None:
        self._session.close()

    def _decide(self, strategy: str) -> None:
        asked = {"symbols": ",".join(self._symbols), "strategy": strategy}
        results = cast(list[dict[str, Any]], self.ask("GET", "/signals", params=asked)["results"])
        account = self.ask("GET", "/account")
        held = {p["symbol"]: Decimal(p["qty"]) for p in self.ask("GET", "/positions")}
        prices = self._prices()
        share = Decimal(account["equity"]) / len(self._symbols)
        cash = Decimal(account["cash"])
        for result in results:
            symbol, signal = result["symbol"], result["signal"]
            if signal is None:
                self._problem(result["problem"])
                continue
            if signal["action"] == "sell" and symbol in held:
                self._order(symbol, "sell", held[symbol], signal)
            elif signal["action"] == "buy" and symbol not in held and symbol in prices:
                budget = min(share, cash) * BUFFER
                qty = (budget / prices[symbol]).to_integral_value(ROUND_FLOOR)
                if qty > 0 and self._order(symbol, "buy", qty, signal):
                    cash -= qty * prices[symbol]

    def _order(self, symbol: str, side: str, qty: Decimal, signal: dict[str, Any]) -> bool:
        body = {"symbol": symbol, "side": side, "type": "market", "time_in_force": "day", "qty": f"{qty:f}"}
        decided_at = datetime.fromisoformat(signal["as_of"])
        name = self._namer(body, strategy=signal["strategy"], decided_at=decided_at)
        answer = self._send("POST", f"{self._api}/orders", json={**body, "client_order_id": name})
        if answer.status_code in {403, 422}:
            self.record.refused += 1
            return False
        _body(answer)
        self.record.orders += 1
        return True

    def _prices(self) -> dict[str, Decimal]:
        url = f"{self._exchange}/v2/stocks/bars/latest"
        answer = self._send("GET", url, params={"symbols": ",".join(self._symbols)}, headers=self._keys)
        return {symbol: Decimal(str(bar["c"])) for symbol, bar in _body(answer)["bars"].items()}

    def _problem(self, problem: dict[str, Any]) -> None:
        """A symbol that isn't listed yet has no signal; any other problem ends the replay."""
        if problem["status"] != 404:
            raise ReplayError(f"no signal: {problem['title']} ({problem['detail']})")
        self.record.without_signal += 1

    def _send(self, method: str, url: str, **more: Any) -> requests.Response:
        try:
            return self._session.request(method, url, timeout=TIMEOUT, **more)
        except requests.RequestException as error:
            raise ReplayError(f"{method} {_route(url)}: no answer ({type(error).__name__})") from None


def _body(answer: requests.Response) -> Any:
    if answer.ok:
        return answer.json()
    try:
        problem = cast(dict[str, Any], answer.json())
    except ValueError:
        problem = {}
    told = ": ".join(str(problem[name]) for name in ("title", "detail", "message") if problem.get(name))
    request = f"{answer.request.method} {_route(answer.request.url or '')}"
    raise ReplayError(f"{request} answered {answer.status_code}{': ' + told if told else ''}")


def _route(url: str) -> str:
    """The part of a URL that is the same in every run: without host, port and query."""
    return "/" + url.split("?")[0].split("/", 3)[-1]
