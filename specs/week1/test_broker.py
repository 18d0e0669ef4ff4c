"""The broker: real answers in, exact orders out, and never two orders for one intent.

alpaca-py itself runs in every spec; only the wire below it is recorded (`fixtures/alpaca/`).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings, strategies as st

import katas
from katas.week1.broker import (
    AlpacaBars,
    AlpacaBroker,
    AuthenticationError,
    BrokerError,
    InsufficientFundsError,
    InvalidOrderError,
    NotFoundError,
    OrderOutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    UnavailableError,
    client_order_id,
    data_client,
    trading_client,
)
from katas.week1.config import Settings
from katas.week1.models import Bar, Order, OrderRequest, OrderStatus, OrderType, Side
from specs.harness.curriculum import ROOT
from specs.harness.expect import Words, refused, told
from specs.harness.golden import Golden
from specs.harness.recordings import RESET, TIMEOUT, Answer, Sent, Wire, exchange, requests_told, wire
from specs.harness.strategies import instants, prices, symbols

if TYPE_CHECKING:
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient

KEY, SECRET = "PKEXAMPLE0000000001", "aSecretThatNobodyMaySee000000000000000001"
ORDERS, BY_NAME, BARS = "/v2/orders", "/v2/orders:by_client_order_id", "/v2/stocks/bars"
SOME_ID = "5f1a9a3e-6c0b-5d0e-9a44-0c7c1c1f7f11"
CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
WORDS = ("symbol", "side", "type", "time_in_force", "client_order_id")
NUMBERS = ("qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent")


@functools.cache
def client() -> TradingClient:
    """alpaca-py's client, which would wait three seconds before it repeats a request of its own accord."""
    from alpaca.trading.client import TradingClient  # takes a second: only for whoever gets this far

    made = TradingClient(KEY, SECRET, paper=True)
    made._retry = 0  # pyright: ignore[reportPrivateUsage]
    return made


@functools.cache
def plain_data_client() -> StockHistoricalDataClient:
    from alpaca.data.historical.stock import StockHistoricalDataClient

    made = StockHistoricalDataClient(KEY, SECRET)
    made._retry = 0  # pyright: ignore[reportPrivateUsage]
    return made


def body_of(name: str) -> Any:
    return exchange(name).answer.body


def request_of(wired: dict[str, Any]) -> OrderRequest:
    """The request that such an order comes from."""
    told_by_market = {"stop_price"} if wired["type"] == "trailing_stop" else set[str]()
    fields = [*WORDS, *NUMBERS]
    return OrderRequest(**{k: wired[k] for k in fields if wired[k] is not None and k not in told_by_market})


@functools.cache
def limit_request() -> OrderRequest:
    """Buy 10 AAPL, limit 187.50: what `order_accepted.json` answers."""
    return request_of(body_of("order_accepted"))


def described(answer: Answer) -> str:
    """An answer in a few words: the body too, where the status alone says that all is well."""
    if answer.error is not None:
        return {RESET: "a lost connection", TIMEOUT: "a time-out"}[answer.error]
    body = answer.text if answer.text is not None else json.dumps(answer.body)
    return f"200 with the body {body or '(empty)'}" if answer.status == 200 else str(answer.status)


def failure_of(call: Callable[[], object], *, calling: str, expected: str) -> BrokerError:
    """The BrokerError that the call ends with; any other exception goes its way."""
    try:
        got = call()
    except BrokerError as error:
        return error
    raise AssertionError(told(calling, got=got, expected=expected))


# ── a name made from the intent ──


@st.composite
def order_requests(draw: st.DrawFn) -> dict[str, Any]:
    """The fields of a valid request, without a name."""
    kind = draw(st.sampled_from(list(OrderType)))
    tif = draw(st.sampled_from(["day", "gtc"]))
    fields: dict[str, Any] = {
        "symbol": draw(symbols()),
        "side": draw(st.sampled_from(["buy", "sell"])),
        "type": kind.value,
        "time_in_force": tif,
    }
    if tif == "day" and kind is OrderType.MARKET and draw(st.booleans()):
        fields["notional"] = draw(prices("1", "99999"))
    elif tif == "day":
        fields["qty"] = draw(st.decimals(Decimal("0.0001"), Decimal(99999), places=4))
    else:
        fields["qty"] = Decimal(draw(st.integers(1, 99999)))
    if kind in {OrderType.LIMIT, OrderType.STOP_LIMIT}:
        fields["limit_price"] = draw(prices("1"))
    if kind in {OrderType.STOP, OrderType.STOP_LIMIT}:
        fields["stop_price"] = draw(prices("1"))
    if kind is OrderType.TRAILING_STOP:
        fields[draw(st.sampled_from(["trail_price", "trail_percent"]))] = draw(prices("0.01", "50"))
    if kind is OrderType.LIMIT and tif == "day":
        fields["extended_hours"] = draw(st.booleans())
    return fields


def respelled(fields: dict[str, Any], zeros: int) -> dict[str, Any]:
    """The same request with its numbers written longer, as far as a request may be: 5 as 5.00."""
    most = {k: 2 if k == "notional" else 9 for k in NUMBERS}
    decimals = {k: -int(v.as_tuple().exponent) + zeros for k, v in fields.items() if k in NUMBERS}
    longer = {k: Decimal(f"{fields[k]:.{min(n, most[k])}f}") for k, n in decimals.items()}
    return {**fields, **longer}


@pytest.mark.note("one-intent-one-name")
@given(fields=order_requests(), decided_at=instants(), zeros=st.integers(1, 4), hours=st.integers(-12, 14))
def test_the_same_intent_has_the_same_name(
    fields: dict[str, Any], decided_at: datetime, zeros: int, hours: int
) -> None:
    """5 shares are 5.00 shares, and New York's close is London's 21:00. A second name is a second order."""
    elsewhere = decided_at.astimezone(timezone(timedelta(hours=hours)))
    other = respelled(fields, zeros)
    first = client_order_id(OrderRequest(**fields), strategy="sma", decided_at=decided_at)
    second = client_order_id(OrderRequest(**other), strategy="sma", decided_at=elsewhere)
    assert first == second, told(
        "client_order_id(request, strategy='sma', decided_at=…)",
        one={k: str(v) for k, v in fields.items()} | {"decided_at": decided_at.isoformat()},
        other={k: str(v) for k, v in other.items()} | {"decided_at": elsewhere.isoformat()},
        got=f"{first} and {second}",
        expected="the same name",
        because="both are the same order, decided at the same instant",
    )


def changes(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """Each a valid request that differs from `fields` in one thing."""
    other: list[dict[str, Any]] = [
        {**fields, "symbol": "AAPL" if fields["symbol"] != "AAPL" else "F"},
        {**fields, "side": "sell" if fields["side"] == "buy" else "buy"},
    ]
    other += [{**fields, k: fields[k] + 1} for k in NUMBERS if k in fields]
    if "qty" in fields and not fields["qty"] % 1 and not fields.get("extended_hours"):
        other.append({**fields, "time_in_force": "day" if fields["time_in_force"] == "gtc" else "gtc"})
    if fields["type"] in {"limit", "stop"}:
        price = fields["limit_price"] if fields["type"] == "limit" else fields["stop_price"]
        bare = {k: v for k, v in fields.items() if k not in {"limit_price", "stop_price", "extended_hours"}}
        swapped = ("stop", "stop_price") if fields["type"] == "limit" else ("limit", "limit_price")
        other.append({**bare, "type": swapped[0], swapped[1]: price})
    if fields["type"] == "trailing_stop":
        had = "trail_price" if "trail_price" in fields else "trail_percent"
        rest = {k: v for k, v in fields.items() if k != had}
        other.append({**rest, "trail_percent" if had == "trail_price" else "trail_price": fields[had]})
    if "extended_hours" in fields:
        other.append({**fields, "extended_hours": not fields["extended_hours"]})
    if "notional" in fields:
        other.append({**{k: v for k, v in fields.items() if k != "notional"}, "qty": fields["notional"]})
    return other


@pytest.mark.note("one-intent-one-name")
@given(fields=order_requests(), decided_at=instants())
def test_another_intent_has_another_name(fields: dict[str, Any], decided_at: datetime) -> None:
    """A field left out of the name swallows orders: the second is taken for a repeat of the first."""
    name = client_order_id(OrderRequest(**fields), strategy="sma", decided_at=decided_at)
    for other in changes(fields):
        changed = sorted(k for k in {*fields, *other} if fields.get(k) != other.get(k))
        got = client_order_id(OrderRequest(**other), strategy="sma", decided_at=decided_at)
        assert got != name, told(
            "client_order_id(request, strategy='sma', decided_at=…)",
            one={k: str(v) for k, v in fields.items()},
            other={k: str(v) for k, v in other.items()},
            got=f"{got} for both",
            expected="two names",
            because=f"they differ in {', '.join(changed)}",
        )


@pytest.mark.note("one-intent-one-name")
@given(decided_at=instants(), later=st.sampled_from([1, 1_000_000, 86_400_000_000]))
def test_the_next_decision_has_a_name_of_its_own(decided_at: datetime, later: int) -> None:
    """The same order, decided again on the next bar, or by another strategy, is wanted again."""
    request = OrderRequest(symbol="AAPL", side=Side.BUY, qty=Decimal(5))
    following = decided_at + timedelta(microseconds=later)
    names = {
        "sma": client_order_id(request, strategy="sma", decided_at=decided_at),
        "sma, later": client_order_id(request, strategy="sma", decided_at=following),
        "momentum": client_order_id(request, strategy="momentum", decided_at=decided_at),
    }
    assert len(set(names.values())) == 3, told(
        "client_order_id(request, strategy=…, decided_at=…)",
        decided_at=decided_at,
        later=following,
        got=names,
        expected="three names",
        because="three decisions are three orders",
    )


@pytest.mark.note("one-intent-one-name")
@given(
    words=st.lists(st.sampled_from(["a", "b", "sma", "5", "buy"]), min_size=3, max_size=4),
    separator=st.sampled_from([*"|-_:;,/. \n\0\"'\\", "||", '","']),
)
def test_a_separator_inside_a_strategy_moves_no_border(words: list[str], separator: str) -> None:
    """Joined by "-", strategy "a-b" with symbol "c" is strategy "a" with symbol "b-c" (instructor #2585)."""
    seen: dict[str, tuple[str, str]] = {}
    for cut in range(1, len(words)):
        strategy, symbol = separator.join(words[:cut]), separator.join(words[cut:])
        request = OrderRequest(symbol=symbol, side=Side.BUY, qty=Decimal(5))
        name = client_order_id(request, strategy=strategy, decided_at=CLOSE)
        assert name not in seen, told(
            "client_order_id(request, strategy=…, decided_at=…)",
            one=f"strategy {seen.get(name, ('', ''))[0]!r}, symbol {seen.get(name, ('', ''))[1]!r}",
            other=f"strategy {strategy!r}, symbol {symbol!r}",
            got=f"{name} for both",
            expected="two names",
        )
        seen[name] = (strategy, symbol)


@given(strategy=st.text(min_size=1, max_size=300), fields=order_requests(), decided_at=instants())
def test_every_name_is_one_that_the_broker_takes(strategy: str, fields: dict[str, Any], decided_at: datetime) -> None:
    """Alpaca refuses a name of 129 characters, and the order with it."""
    name = client_order_id(OrderRequest(**fields), strategy=strategy, decided_at=decided_at)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", name), told(
        "client_order_id(request, strategy=…, decided_at=…)",
        strategy=strategy,
        got=f"{name!r}, {len(name)} characters",
        expected="1 to 128 letters, digits, '-', '_' or '.'",
    )


def test_a_request_may_carry_its_name_already() -> None:
    """The name is not part of what it names: computed again, from the order that went out, it is the same."""
    request = OrderRequest(symbol="AAPL", side=Side.BUY, qty=Decimal(5))
    name = client_order_id(request, strategy="sma", decided_at=CLOSE)
    again = client_order_id(request.model_copy(update={"client_order_id": name}), strategy="sma", decided_at=CLOSE)
    assert again == name, told(
        "client_order_id(request, strategy='sma', decided_at=…), the request carrying a name", got=again, expected=name
    )


@pytest.mark.note("one-intent-one-name")
def test_the_name_is_the_same_after_a_crash() -> None:
    """Python's hash() of a text is another one in each process: whoever restarts would order again."""
    fields: dict[str, Any] = {"symbol": "AAPL", "side": "buy", "qty": "5", "type": "limit", "limit_price": "187.5"}
    here = client_order_id(OrderRequest(**fields), strategy="sma", decided_at=CLOSE)
    program = (
        "import json, sys; from datetime import datetime\n"
        "from specs.harness.implementation import choose; choose(sys.argv[1])\n"
        "from katas.week1.broker import client_order_id\n"
        "from katas.week1.models import OrderRequest\n"
        "request = OrderRequest(**json.loads(sys.argv[2]))\n"
        "print(client_order_id(request, strategy='sma', decided_at=datetime.fromisoformat(sys.argv[3])))"
    )
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    there = subprocess.run(
        [sys.executable, "-c", program, str(next(iter(katas.__path__))), json.dumps(fields), CLOSE.isoformat()],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert there.stdout.strip() == here, told(
        "client_order_id(request, strategy='sma', decided_at=…) in a new process",
        got=there.stdout.strip() or there.stderr.strip()[-200:],
        expected=here,
    )


def test_a_decision_needs_a_strategy_and_a_time_zone() -> None:
    """16:00 is five different instants around the world: without a zone the name is a guess."""
    request = OrderRequest(symbol="AAPL", side=Side.BUY, qty=Decimal(5))
    with refused("client_order_id(request, strategy='', decided_at=…)", naming="strategy"):
        client_order_id(request, strategy="", decided_at=CLOSE)
    naive = CLOSE.replace(tzinfo=None)
    with refused("client_order_id(request, strategy='sma', decided_at=naive)", naming="decided_at", naive=naive):
        client_order_id(request, strategy="sma", decided_at=naive)


# ── what the broker tells ──


def test_the_account_of_today_has_no_day_trade_fields() -> None:
    """Alpaca stopped sending them on 2026-07-06, when FINRA's rule went: parsers that insisted broke that day."""
    with wire("account"):
        account = AlpacaBroker(client()).account()
    got = (account.cash, account.equity, account.buying_power, account.multiplier, account.currency)
    expected = (Decimal("88214.37"), Decimal("104613.2918"), Decimal("187342.66"), Decimal(2), "USD")
    assert got == expected, told("broker.account(): cash, equity, buying power …", got=got, expected=expected)
    assert (account.pattern_day_trader, account.daytrade_count) == (None, None), told(
        "broker.account(): pattern_day_trader, daytrade_count",
        got=(account.pattern_day_trader, account.daytrade_count),
        expected=(None, None),
        because="they were not sent, and False or 0 would be invented",
    )


def test_an_account_of_before_july_2026_is_read_as_well() -> None:
    """Recordings and journals outlive a change of the API. Borrowed money is cash below zero."""
    with wire("account_before_july_2026"):
        account = AlpacaBroker(client()).account()
    got = (account.pattern_day_trader, account.daytrade_count, account.cash)
    assert got == (False, 3, Decimal("-1520.08")), told(
        "broker.account(): pattern_day_trader, daytrade_count, cash", got=got, expected=(False, 3, Decimal("-1520.08"))
    )


def test_a_blocked_account_says_so() -> None:
    """A platform that doesn't carry the flag over goes on deciding on orders that will all be refused."""
    with wire("account_blocked"):
        account = AlpacaBroker(client()).account()
    got = (account.trading_blocked, account.shorting_enabled, account.can_trade)
    assert got == (True, False, False), told(
        "broker.account(): trading_blocked, shorting_enabled, can_trade", got=got, expected=(True, False, False)
    )


money_texts = st.decimals(Decimal("-1e13"), Decimal("1e13"), places=9).map(lambda d: format(d, "f"))


@pytest.mark.note("text-not-floats")
@given(cash=money_texts, equity=money_texts)
def test_money_arrives_to_the_last_digit(cash: str, equity: str) -> None:
    """By way of a float, 12345678901.123456789 loses its end, and the books never balance again."""
    answer = {**body_of("account"), "cash": cash, "equity": equity}
    with wire() as broker:
        broker.answer("GET", "/v2/account", Answer(body=answer))
        account = AlpacaBroker(client()).account()
    assert (account.cash, account.equity) == (Decimal(cash), Decimal(equity)), told(
        "broker.account(): cash, equity", sent=(cash, equity), got=(account.cash, account.equity), expected="the same"
    )


@given(
    shares=st.decimals(Decimal("0.001"), Decimal(999999), places=3).map(lambda d: format(d, "f")),
    side=st.sampled_from(["long", "short"]),
    minus=st.booleans(),
)
def test_the_side_of_a_position_is_its_sign(shares: str, side: str, minus: bool) -> None:
    """A short position booked as long doubles the exposure that it was to hedge."""
    sent = f"-{shares}" if side == "short" and minus else shares
    name = "positions_short" if side == "short" else "positions_long"
    answer = [{**body_of(name)[0], "qty": sent, "side": side}]
    with wire() as broker:
        broker.answer("GET", "/v2/positions", Answer(body=answer))
        (position,) = AlpacaBroker(client()).positions()
    expected = Decimal(shares) * (-1 if side == "short" else 1)
    assert position.qty == expected, told(
        "broker.positions()[0].qty", sent=f"qty {sent!r}, side {side!r}", got=position.qty, expected=expected
    )


def test_no_positions_are_an_empty_list() -> None:
    """Not None and not an error: a flat book is the most ordinary one."""
    with wire("positions_none"):
        positions = AlpacaBroker(client()).positions()
    assert positions == [], told("broker.positions(), the broker sends []", got=positions, expected=[])


def test_a_position_without_a_price_has_none() -> None:
    """No price is not a price of 0, which would be a total loss. An entry at 0 is one: shares that were a gift."""
    with wire("positions_without_price"):
        positions = AlpacaBroker(client()).positions()
    got = [(p.symbol, p.avg_entry_price, p.current_price) for p in positions]
    expected = [("MSFT", Decimal(0), None), ("AAPL", Decimal("181.4333"), Decimal("187.1"))]
    assert got == expected, told("broker.positions(): symbol, entry, price", got=got, expected=expected)


def mismatch(order: Order, wired: dict[str, Any]) -> str:
    """The first field in which an order is not what was sent, or nothing."""
    for name in (*NUMBERS, "filled_qty", "filled_avg_price"):
        expected = None if wired[name] is None else Decimal(wired[name])
        if getattr(order, name) != expected:
            return f"{name} {getattr(order, name)!r}, sent {wired[name]!r}"
    for name in (
        "id",
        "client_order_id",
        "symbol",
        "side",
        "type",
        "time_in_force",
        "status",
        "replaces",
        "replaced_by",
    ):
        if getattr(order, name) != wired[name]:
            return f"{name} {getattr(order, name)!r}, sent {wired[name]!r}"
    return ""


def read_order(wired: dict[str, Any]) -> Order:
    with wire() as broker:
        broker.answer("GET", f"{ORDERS}/{wired['id']}", Answer(body=wired))
        return AlpacaBroker(client()).order(wired["id"])


@pytest.mark.note("text-not-floats")
@pytest.mark.parametrize("wired", body_of("orders_every_type"), ids=lambda wired: wired["client_order_id"][6:])
def test_an_order_is_read_as_it_was_sent(wired: dict[str, Any]) -> None:
    """Each type has its own prices. One that is dropped or swapped is found out when it triggers."""
    difference = mismatch(read_order(wired), wired)
    assert not difference, told("broker.order(id)", type=wired["type"], got=difference, expected="what was sent")


def test_every_status_of_the_broker_is_known() -> None:
    """The day on which an order is "suspended" is a bad day to find out that nobody wrote that state down."""
    orders = body_of("orders_every_status")
    assert {o["status"] for o in orders} == {s.value for s in OrderStatus}
    for wired in orders:
        difference = mismatch(read_order(wired), wired)
        assert not difference, told(
            "broker.order(id)", status=wired["status"], got=difference, expected="what was sent"
        )


def test_a_partial_fill_says_how_much_and_how_dear() -> None:
    """37.25 of 100 are held at 187.4871. Whoever books all or nothing is wrong by the rest."""
    wired = body_of("order_partially_filled")
    order = read_order(wired)
    got = (order.filled_qty, order.remaining_qty, order.filled_avg_price, order.is_open)
    expected = (Decimal("37.25"), Decimal("62.75"), Decimal("187.4871"), True)
    assert got == expected, told("broker.order(id): filled, remaining, average, open", got=got, expected=expected)


@pytest.mark.parametrize("name", ["order_fractional", "order_filled_at_zero", "order_replaced", "order_replacement"])
def test_the_corners_of_an_order_are_read(name: str) -> None:
    """Nine decimals; a fill at an average of 0, which is a value; both ends of a chain of replacements."""
    wired = body_of(name)
    difference = mismatch(read_order(wired), wired)
    assert not difference, told("broker.order(id)", recording=name, got=difference, expected="what was sent")


def test_instants_are_read_in_utc_and_aware() -> None:
    """Alpaca writes nanoseconds, and now and then New York's offset. A naive instant is five hours of lookahead."""
    wired = {
        **body_of("order_filled_at_zero"),
        "submitted_at": "2026-11-20T10:04:05.123456789-05:00",
        "filled_at": "2026-11-20T15:04:07.5Z",
    }
    order = read_order(wired)
    assert order.filled_at is not None and order.submitted_at.tzinfo is not None, told(
        "broker.order(id): submitted_at, filled_at",
        got=(order.submitted_at, order.filled_at),
        expected="aware instants",
    )
    submitted = datetime(2026, 11, 20, 15, 4, 5, 123456, tzinfo=UTC)
    filled = datetime(2026, 11, 20, 15, 4, 7, 500000, tzinfo=UTC)
    off = max(abs(order.submitted_at - submitted), abs(order.filled_at - filled))
    assert off <= timedelta(microseconds=1), told(
        "broker.order(id): submitted_at, filled_at",
        got=(order.submitted_at, order.filled_at),
        expected=(submitted, filled),
    )


def test_the_book_as_the_broker_tells_it(golden: Golden) -> None:
    """Accounts, positions and orders of all recordings, field by field."""
    book: dict[str, Any] = {}
    for name in ("account", "account_before_july_2026", "account_blocked"):
        with wire(name):
            book[name] = AlpacaBroker(client()).account()
    for name in ("positions_long_and_short", "positions_short_by_side", "positions_without_price", "positions_none"):
        with wire(name):
            book[name] = AlpacaBroker(client()).positions()
    for name in ("order_partially_filled", "order_fractional", "order_replaced", "order_replacement"):
        book[name] = read_order(body_of(name))
    golden.check(book)


def test_orders_of_every_type_and_status(golden: Golden) -> None:
    """All types and all eighteen states, as our models hold them."""
    orders = [*body_of("orders_every_type"), *body_of("orders_every_status")]
    golden.check({wired["client_order_id"]: read_order(wired) for wired in orders})


# ── orders on their way out ──


def sent_numbers(body: dict[str, Any]) -> dict[str, Decimal]:
    """Sizes and prices of a posted order, which may be written as numbers or as text."""
    return {k: Decimal(str(body[k])) for k in NUMBERS if body.get(k) is not None}


def posted(broker: Wire) -> dict[str, Any]:
    """The body of the only POST."""
    assert len(broker.posts()) == 1, told(
        "broker.submit(request)", got=requests_told(broker.sent), expected=f"one POST {ORDERS}"
    )
    return dict(broker.posts()[0].body)


ACCEPTED = ["", "_market", "_stop", "_stop_limit", "_trail_price", "_trail_percent", "_notional"]


@pytest.mark.parametrize("kind", ACCEPTED, ids=lambda kind: kind[1:] or "limit")
def test_an_order_leaves_as_it_was_meant(kind: str) -> None:
    """A limit order whose limit is left behind is a market order. Prices that the type doesn't have stay out."""
    recording = exchange(f"order_accepted{kind}")
    request = request_of(recording.answer.body)
    with wire(recording.name) as broker:
        order = AlpacaBroker(client()).submit(request)
        body = posted(broker)
    expected = {k: recording.request.body[k] for k in WORDS} | sent_numbers(recording.request.body)
    got = {k: body.get(k) for k in WORDS} | sent_numbers(body)
    assert got == expected, told("broker.submit(request) posts", request=request, got=got, expected=expected)
    assert not body.get("extended_hours"), told(
        "broker.submit(request) posts", got=body, expected="no extended_hours: it was not asked for"
    )
    difference = mismatch(order, recording.answer.body)
    assert not difference, told("broker.submit(request)", got=difference, expected="the order that the broker sent")


def test_extended_hours_reach_the_broker() -> None:
    """Dropped, the order waits for the morning while the news is traded tonight."""
    request = limit_request().model_copy(update={"extended_hours": True})
    with wire("order_accepted") as broker:
        AlpacaBroker(client()).submit(request)
        body = posted(broker)
    assert body.get("extended_hours") is True, told(
        "broker.submit(request) posts", got=body, expected="extended_hours: true"
    )


def echo(sent: Sent) -> Answer | None:
    """A broker that takes everything."""
    if (sent.method, sent.path) != ("POST", ORDERS):
        return None
    numbers = {k: format(v, "f") for k, v in sent_numbers(sent.body).items()}
    words = {k: sent.body[k] for k in WORDS}
    empty = dict.fromkeys(NUMBERS)
    return Answer(body={**body_of("order_accepted"), **empty, **words, **numbers, "order_type": words["type"]})


@given(fields=order_requests())
def test_a_request_is_posted_once_with_its_own_numbers(fields: dict[str, Any]) -> None:
    """No rounding on the way: 0.0001 shares are not 0 (`round(qty, 1)` has lost orders), and none is sent twice."""
    request = OrderRequest(**fields, client_order_id="katas-1")
    with wire() as broker:
        broker.respond(echo)
        order = AlpacaBroker(client()).submit(request)
        got = sent_numbers(posted(broker))
    expected = {k: v for k in NUMBERS if (v := fields.get(k)) is not None}
    assert got == expected, told("broker.submit(request) posts", request=request, got=got, expected=expected)
    assert order.qty == request.qty and order.side is request.side, told(
        "broker.submit(request)", got=order, expected=f"{request.side.value} {request.qty}"
    )


@pytest.mark.note("what-a-time-out-means")
def test_an_order_without_a_name_is_not_sent() -> None:
    """Without a name nobody can ask what became of it, and a repeat is a second order."""
    request = limit_request().model_copy(update={"client_order_id": None})
    with wire("order_accepted") as broker:
        with refused("broker.submit(request without client_order_id)", naming="client_order_id"):
            AlpacaBroker(client()).submit(request)
        assert broker.sent == [], told(
            "broker.submit(request without client_order_id)", got=requests_told(broker.sent), expected="nothing is sent"
        )


def test_a_rejected_order_is_an_answer() -> None:
    """The broker took the request and the market didn't take the order. An exception would lose its id."""
    with wire("order_rejected"):
        order = AlpacaBroker(client()).submit(request_of(body_of("order_rejected")))
    assert order.status is OrderStatus.REJECTED and not order.is_open, told(
        "broker.submit(request)", got=order.status, expected=OrderStatus.REJECTED
    )


# ── doubt: the order may exist ──

DOUBTS = {
    "500": "error_500",
    "502": "error_502_page",
    "504": "error_504_after_accept",
    "reset": "no_answer_reset",
    "time-out": "no_answer_timeout",
    "a page with 200": "garbage_page",
    "JSON that is no order": "garbage_json",
    "null": "garbage_null",
}
SECONDS = {
    "503": Answer(status=503, text="<html>"),
    "429": Answer(status=429, body={}),
    "401": Answer(status=401, body={}),
    "reset": Answer(error=RESET),
    "time-out": Answer(error=TIMEOUT),
    "null": Answer(),
}
each_doubt = pytest.mark.parametrize("doubt", DOUBTS)
USED = "422, the name was used before"


def unknown(broker: Wire, *, post: str, look_up: str) -> None:
    """To submit must end in OrderOutcomeUnknownError that carries the name, after one POST."""
    name = limit_request().client_order_id
    calling = f"broker.submit(request): POST answered by {post}, then the look-up by name by {look_up}"
    expected = f"OrderOutcomeUnknownError with client_order_id {name!r}"
    error = failure_of(lambda: AlpacaBroker(client()).submit(limit_request()), calling=calling, expected=expected)
    right = isinstance(error, OrderOutcomeUnknownError) and error.client_order_id == name
    named = f", client_order_id {error.client_order_id!r}" if isinstance(error, OrderOutcomeUnknownError) else ""
    assert right, told(calling, got=Words(f"{type(error).__name__}: {error}{named}"), expected=expected)
    posted(broker)


def found_again(broker: Wire, wired: dict[str, Any], *, post: str, request: OrderRequest | None = None) -> Order:
    """To submit must return the order that the look-up by name finds, after one POST."""
    calling = f"broker.submit(request): POST answered by {post}, then the look-up by name finds the order"
    expected = f"that order, {wired['id']}"
    try:
        order = AlpacaBroker(client()).submit(request or limit_request())
    except BrokerError as error:
        got = Words(f"{type(error).__name__}: {error}")
        raise AssertionError(told(calling, got=got, expected=expected)) from None
    assert order.id == wired["id"], told(calling, got=order.id, expected=expected)
    posted(broker)
    return order


@pytest.mark.note("what-a-time-out-means")
@each_doubt
def test_an_order_behind_a_lost_answer_is_found_by_its_name(doubt: str) -> None:
    """A 504 is the gateway's patience, not the broker's answer: the order lives. Called failed, it is sent again."""
    with wire(DOUBTS[doubt], "order_by_name") as broker:
        found_again(broker, body_of("order_by_name"), post=described(exchange(DOUBTS[doubt]).answer))


@pytest.mark.note("what-a-time-out-means")
@each_doubt
def test_an_order_that_is_nowhere_is_unknown_and_not_failed(doubt: str) -> None:
    """Not found *yet*: it may still be on its way. The caller needs the name, and nothing is posted again."""
    with wire(DOUBTS[doubt], "order_by_name_unknown") as broker:
        unknown(broker, post=described(exchange(DOUBTS[doubt]).answer), look_up="404, no such order")


@pytest.mark.note("what-a-time-out-means")
@pytest.mark.parametrize("second", SECONDS)
def test_if_asking_fails_too_the_outcome_is_unknown(second: str) -> None:
    """The error of the second question says nothing about the order. It must not hide that there may be one."""
    with wire("error_504_after_accept") as broker:
        broker.answer("GET", BY_NAME, SECONDS[second])
        unknown(broker, post="504", look_up=described(SECONDS[second]))


@pytest.mark.note("what-a-time-out-means")
def test_a_name_used_before_is_the_same_order() -> None:
    """After a crash the platform orders again what it had ordered. The broker says "must be unique": all is well."""
    with wire("error_422_duplicate_name", "order_by_name") as broker:
        found_again(broker, body_of("order_by_name"), post=USED)


def test_a_name_used_before_is_returned_as_it_stands_now() -> None:
    """Meanwhile it may have filled, or been cancelled. Both are the order."""
    for now in ({"status": "filled", "filled_qty": "10", "filled_avg_price": "187.4"}, {"status": "canceled"}):
        with wire("error_422_duplicate_name") as broker:
            wired = {**body_of("order_by_name"), **now}
            broker.answer("GET", BY_NAME, Answer(body=wired))
            order = found_again(broker, wired, post=USED)
        assert order.status.value == now["status"], told(
            f"broker.submit(request): POST answered by {USED}, then the look-up by name finds it {now['status']}",
            got=order.status,
            expected=f"that order, its status {now['status']}",
        )


OTHERS: dict[str, dict[str, Any]] = {
    "symbol": {"symbol": "MSFT"},
    "side": {"side": "sell"},
    "qty": {"qty": "20"},
    "limit_price": {"limit_price": "187.51"},
    "time_in_force": {"time_in_force": "gtc"},
    "type": {"type": "stop_limit", "order_type": "stop_limit", "stop_price": "180"},
    "dollars": {"qty": None, "notional": "10"},
}


@pytest.mark.note("what-a-time-out-means")
@pytest.mark.parametrize("before", ["error_422_duplicate_name", "error_504_after_accept"], ids=["422", "504"])
@pytest.mark.parametrize("difference", OTHERS)
def test_a_name_that_means_another_order_is_refused(difference: str, before: str) -> None:
    """Two intents got one name. Handing out the other's order would report a purchase that never happened."""
    other = {**body_of("order_by_name"), "id": SOME_ID, **OTHERS[difference]}
    post = USED if "422" in before else described(exchange(before).answer)
    calling = (
        f"broker.submit(request): POST answered by {post}, then the look-up finds an order of another {difference}"
    )
    with wire(before) as broker:
        broker.answer("GET", BY_NAME, Answer(body=other))
        error = failure_of(
            lambda: AlpacaBroker(client()).submit(limit_request()), calling=calling, expected="InvalidOrderError"
        )
    got = Words(f"{type(error).__name__}: {error}")
    assert isinstance(error, InvalidOrderError), told(calling, got=got, expected="InvalidOrderError")


def test_a_trailing_stop_is_recognised_wherever_it_has_trailed_to() -> None:
    """Its stop_price is the market's doing, not the request's: compared, every repeat would be another order."""
    wired = body_of("order_accepted_trail_price")
    with wire("error_422_duplicate_name") as broker:
        broker.answer("GET", BY_NAME, Answer(body={**wired, "hwm": "280", "stop_price": "275.75"}))
        found_again(broker, wired, post=f"{USED} by a trailing stop", request=request_of(wired))


@pytest.mark.note("what-a-time-out-means")
def test_a_used_name_that_can_not_be_looked_up_is_unknown() -> None:
    """The broker says that the name exists, then doesn't answer: ours, or another's? Nobody knows."""
    for second in (Answer(status=500, body={}), Answer(error=RESET), Answer(status=404, body={})):
        with wire("error_422_duplicate_name") as broker:
            broker.answer("GET", BY_NAME, second)
            unknown(broker, post=USED, look_up=described(second))


class LossyExchange:
    """Takes each name once, as Alpaca does, and loses requests and answers on the way."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = iter(faults)
        self.orders: dict[str, dict[str, Any]] = {}

    def __call__(self, sent: Sent) -> Answer:
        fault = next(self.faults, "")
        if fault == "lost on the way there":
            return Answer(error=RESET)
        answer = self._post(sent) if sent.method == "POST" else self._by_name(sent.query["client_order_id"])
        lost = {"504 on the way back": Answer(status=504, text="<html>"), "lost on the way back": Answer(error=TIMEOUT)}
        return lost.get(fault, answer)

    def _post(self, sent: Sent) -> Answer:
        name = sent.body["client_order_id"]
        if name in self.orders:
            return exchange("error_422_duplicate_name").answer
        taken = echo(sent)
        assert taken is not None
        self.orders[name] = taken.body
        return taken

    def _by_name(self, name: str) -> Answer:
        found = self.orders.get(name)
        return Answer(body=found) if found else exchange("order_by_name_unknown").answer


@pytest.mark.note("what-a-time-out-means")
@given(
    faults=st.lists(
        st.sampled_from(["", "lost on the way there", "lost on the way back", "504 on the way back"]), max_size=8
    )
)
@settings(max_examples=40)
def test_however_much_is_lost_one_intent_is_one_order(faults: list[str]) -> None:
    """Submitted until it is known, with whatever going missing: one order, and one POST a call."""
    request = limit_request()
    lossy = LossyExchange(faults)
    order: Order | None = None
    calls = 0
    with wire() as broker:
        broker.respond(lossy)
        while order is None and calls <= len(faults):  # each call meets one loss at least
            calls += 1
            with contextlib.suppress(OrderOutcomeUnknownError):
                order = AlpacaBroker(client()).submit(request)
        posts = len(broker.posts())
    assert order is not None, told(
        f"broker.submit(request), {calls} times",
        faults=faults,
        got="OrderOutcomeUnknownError each time",
        expected="the order",
        because=f"only {len(faults)} messages were lost",
    )
    assert (posts, list(lossy.orders)) == (calls, [request.client_order_id]), told(
        f"broker.submit(request), {calls} times until the order was known",
        faults=faults,
        got=f"{posts} POSTs, orders {list(lossy.orders)}",
        expected=f"{calls} POSTs, one order {request.client_order_id}",
    )


@pytest.mark.parametrize(
    ("recording", "kind"),
    [
        ("error_422_sub_penny", InvalidOrderError),
        ("error_403_buying_power", InsufficientFundsError),
        ("error_429", RateLimitError),
    ],
)
def test_a_clear_refusal_is_no_doubt(recording: str, kind: type[BrokerError]) -> None:
    """The broker said no: there is no order, nothing to look for, and nothing to repeat as it stands."""
    with wire(recording, "order_by_name") as broker:
        error = failure_of(
            lambda: AlpacaBroker(client()).submit(limit_request()),
            calling=f"broker.submit(request), answered by {recording}",
            expected=kind.__name__,
        )
        posted(broker)
    assert type(error) is kind, told(
        f"broker.submit(request), answered by {recording}", got=type(error).__name__, expected=kind.__name__
    )


# ── Exercise: error handling ──

CALLS: dict[str, Callable[[], object]] = {
    "account()": lambda: AlpacaBroker(client()).account(),
    "positions()": lambda: AlpacaBroker(client()).positions(),
    "order(id)": lambda: AlpacaBroker(client()).order(SOME_ID),
    "cancel(id)": lambda: AlpacaBroker(client()).cancel(SOME_ID),
}
BY_STATUS: dict[int, type[BrokerError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    422: InvalidOrderError,
    429: RateLimitError,
}
each_call = pytest.mark.parametrize("call", CALLS)


def kind_for(status: int, body: object) -> type[BrokerError]:
    """The table of the class's docstring."""
    if status >= 500:
        return UnavailableError
    code = body.get("code") if isinstance(body, dict) else None
    return InsufficientFundsError if (status, code) == (403, 40310000) else BY_STATUS.get(status, BrokerError)


def failing(call: str, answer: Answer) -> BrokerError:
    """What the call raises when everything is answered by `answer`."""
    with wire() as broker:
        broker.respond(lambda _: answer)
        calling = f"broker.{call}, answered by {described(answer)}"
        return failure_of(CALLS[call], calling=calling, expected="a BrokerError")


@pytest.mark.note("exercise-error-handling")
@pytest.mark.parametrize(
    ("recording", "kind", "code"),
    [
        ("error_401", AuthenticationError, 40110000),
        ("error_403_not_allowed", PermissionDeniedError, 40310100),
        ("error_403_buying_power", InsufficientFundsError, 40310000),
        ("error_404_order", NotFoundError, 40410000),
        ("error_422_sub_penny", InvalidOrderError, 42210000),
        ("error_429", RateLimitError, None),
        ("error_500", UnavailableError, 50010000),
        ("error_503_page", UnavailableError, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_error_tells_what_to_do_next(recording: str, kind: type[BrokerError], code: int | None) -> None:
    """Wrong keys, no money and a busy server call for three different things. One exception for all calls for none."""
    answer = exchange(recording).answer
    error = failing("account()", answer)
    got = (type(error).__name__, error.status, error.code)
    expected = (kind.__name__, answer.status, code)
    assert got == expected, told(f"broker.account(), answered by {recording}", got=got, expected=expected)


bodies = st.one_of(
    st.fixed_dictionaries(
        {"message": st.sampled_from(["no", "", "insufficient qty"])},
        optional={"code": st.sampled_from([40310000, 40010001, 0]), "symbol": st.just("AAPL")},
    ),
    st.sampled_from([[], None, 7, "no", {}, {"code": None, "message": None}]),
    st.sampled_from(["<html><h1>Bad Gateway</h1></html>", "", "{"]).map(lambda text: Answer(text=text)),
)


@pytest.mark.note("exercise-error-handling")
@given(
    call=st.sampled_from(list(CALLS)),
    status=st.sampled_from([400, 401, 402, 403, 404, 405, 409, 418, 422, 425, 429, 500, 501, 502, 503, 504, 522, 599]),
    body=bodies,
)
@settings(max_examples=60)
def test_nothing_but_the_right_broker_error_comes_out(call: str, status: int, body: Any) -> None:
    """Whatever the body is: JSON, a list, a page or nothing. A KeyError on "code" hides a 401 behind a riddle."""
    answer = Answer(status=status, text=body.text) if isinstance(body, Answer) else Answer(status=status, body=body)
    error = failing(call, answer)
    expected = kind_for(status, answer.body)
    assert (type(error), error.status) == (expected, status), told(
        f"broker.{call}",
        answered=f"status {status}, body {answer.text if answer.text is not None else json.dumps(answer.body)}",
        got=f"{type(error).__name__}, status {error.status}",
        expected=f"{expected.__name__}, status {status}",
    )


@pytest.mark.note("exercise-error-handling")
@each_call
def test_no_answer_is_an_unavailable_broker(call: str) -> None:
    """A caller that waits for BrokerError dies of requests' own exception, in the middle of a trading day."""
    for gone in (RESET, TIMEOUT):
        error = failing(call, Answer(error=gone))
        assert (type(error), error.status) == (UnavailableError, None), told(
            f"broker.{call}, answered by {described(Answer(error=gone))}",
            got=f"{type(error).__name__}, status {error.status}",
            expected="UnavailableError, no status",
        )


@pytest.mark.note("exercise-error-handling")
@pytest.mark.parametrize("call", ["account()", "positions()", "order(id)"])
def test_an_answer_that_is_no_answer_is_not_a_success(call: str) -> None:
    """A log-in page of a proxy comes with status 200. Half an account made of it would be traded on."""
    for text in ("<html>Sign in</html>", "null", "[1]", '{"ok": true}', ""):
        error = failing(call, Answer(text=text))
        assert type(error) is UnavailableError, told(
            f"broker.{call}, answered by {described(Answer(text=text))}",
            got=type(error).__name__,
            expected="UnavailableError",
        )


@pytest.mark.note("exercise-error-handling")
def test_too_little_money_says_how_much_there_is() -> None:
    """A sizer that reads `buying_power` can come back with an order that fits."""
    error = failing("account()", exchange("error_403_buying_power").answer)
    expected = {"buying_power": "1210.44", "cost_basis": "1875"}
    assert error.details == expected, told("error.details", got=error.details, expected=expected)
    shares = failing("account()", exchange("error_403_shares").answer)
    got = {k: shares.details.get(k) for k in ("available", "existing_qty", "held_for_orders", "symbol")}
    wanted = {"available": "4", "existing_qty": "10", "held_for_orders": "6", "symbol": "AAPL"}
    assert got == wanted, told("error.details", got=shares.details, expected=wanted)


@pytest.mark.note("exercise-error-handling")
def test_the_words_of_the_broker_are_kept() -> None:
    """ "HTTP 422" sends a person to the logs; "sub-penny increment" tells them what to mend."""
    for name in ("error_422_sub_penny", "error_403_buying_power"):
        answer = exchange(name).answer
        error = failing("account()", answer)
        assert answer.body["message"] in str(error), told("str(error)", got=str(error), expected=answer.body["message"])


def test_an_id_that_is_none_is_not_found() -> None:
    """Alpaca answers 422 to an id that is no UUID (Alpaca-API #135), alpaca-py raises ValueError. It is not there."""
    for call, what in ((AlpacaBroker(client()).order, "order"), (AlpacaBroker(client()).cancel, "cancel")):
        with wire() as broker:
            broker.respond(lambda _: Answer(status=422, body={"code": 40010001, "message": "order_id is missing"}))
            error = failure_of(
                lambda call=call: call("not-an-id"), calling=f"broker.{what}('not-an-id')", expected="NotFoundError"
            )
        assert isinstance(error, NotFoundError), told(
            f"broker.{what}('not-an-id')", got=type(error).__name__, expected="NotFoundError"
        )


def test_cancelling_asks_for_the_one_order() -> None:
    """Exactly this order, and nothing else: `DELETE /v2/orders` without an id cancels the whole book."""
    recording = exchange("cancel_accepted")
    wanted = str(recording.request.path)
    with wire("cancel_accepted") as broker:
        AlpacaBroker(client()).cancel(wanted.rpartition("/")[2])
        assert [(s.method, s.path) for s in broker.sent] == [("DELETE", wanted)], told(
            "broker.cancel(id)", got=requests_told(broker.sent), expected=f"DELETE {wanted}"
        )


def test_cancelling_too_late_is_told() -> None:
    """It has filled: whoever believes it cancelled sends the replacement and holds both."""
    recording = exchange("cancel_too_late")
    with wire("cancel_too_late"):
        error = failure_of(
            lambda: AlpacaBroker(client()).cancel(recording.request.path.rpartition("/")[2]),
            calling="broker.cancel(id of a filled order)",
            expected="InvalidOrderError",
        )
    assert type(error) is InvalidOrderError, told(
        "broker.cancel(id of a filled order)", got=type(error).__name__, expected="InvalidOrderError"
    )


def _with_broken_key() -> TradingClient:
    from alpaca.trading.client import TradingClient

    made = TradingClient(KEY, f"{SECRET}\n", paper=True)
    made._retry = 0  # pyright: ignore[reportPrivateUsage]
    return made


@pytest.mark.note("exercise-error-handling")
@pytest.mark.parametrize("leak", ["401", "a page that repeats the request", "a key with a line break"])
def test_no_error_shows_a_key(leak: str) -> None:
    """Errors end in logs and tickets. requests itself prints a header that it refuses, key and all."""
    page = f"<html><pre>APCA-API-KEY-ID: {KEY}\nAPCA-API-SECRET-KEY: {SECRET}</pre></html>"
    answers = {"401": exchange("error_401").answer, "a page that repeats the request": Answer(status=502, text=page)}
    with wire() as broker:
        broker.respond(lambda _: answers.get(leak, Answer()))
        used = _with_broken_key() if leak == "a key with a line break" else client()
        error = failure_of(
            lambda: AlpacaBroker(used).account(), calling=f"broker.account(): {leak}", expected="a BrokerError"
        )
    places = {
        "message": str(error),
        "repr": repr(error),
        "details": str(error.details),
        "traceback": "".join(traceback.format_exception(error)),
    }
    keys = {"the API key": KEY, "the secret key": SECRET}
    shown = {name: [place for place, text in places.items() if key in text] for name, key in keys.items()}
    got = "; ".join(f"{name} in its {', '.join(where)}" for name, where in shown.items() if where)
    lines = [line.strip() for line in places["traceback"].splitlines() if KEY in line or SECRET in line]
    assert not got, told(
        f"the error of broker.account(): {leak}",
        got=Words(got),
        expected="neither of the two keys, in none of its texts",
        because=f"the traceback says: {lines[0][:100]}" if lines else "",
    )


# ── trading_client ──


def settings_for(**more: Any) -> Settings:
    return Settings(api_key=KEY, secret_key=SECRET, _env_file=None, **more)  # pyright: ignore[reportCallIssue]


@pytest.mark.parametrize(
    "where",
    [{}, {"base_url": "http://127.0.0.1:8765"}, {"base_url": "https://api.alpaca.markets", "allow_live": True}],
    ids=["paper", "this machine", "live"],
)
def test_the_client_talks_to_the_address_of_the_settings(where: dict[str, Any]) -> None:
    """alpaca-py chooses paper or live by a flag of its own. One overlooked flag is the difference to real money."""
    chosen = settings_for(**where)
    with wire("account") as broker:
        trading_client(chosen).get_account()
        (sent,) = broker.sent
    assert sent.url == f"{chosen.base_url}/v2/account", told(
        "trading_client(settings).get_account()", got=sent, expected=f"GET {chosen.base_url}/v2/account"
    )
    keys = (sent.headers.get("APCA-API-KEY-ID"), sent.headers.get("APCA-API-SECRET-KEY"))
    assert keys == (KEY, SECRET), told("its keys", got=keys, expected=(KEY, SECRET))


@pytest.mark.note("what-a-time-out-means")
def test_no_request_waits_for_ever() -> None:
    """alpaca-py gives requests no time-out (alpaca-py #415): a broker that falls silent stops the platform with it."""
    made = trading_client(settings_for(request_timeout=2.5))
    order = exchange("order_partially_filled")
    with wire("account", order.name, "cancel_accepted", "order_accepted") as broker:
        made.get_account()
        made.get_order_by_id(order.answer.body["id"])
        made.cancel_order_by_id(exchange("cancel_accepted").request.path.rpartition("/")[2])
        made.post("/orders", {})
        sent = list(broker.sent)
    for one in sent:
        limits = one.timeout if isinstance(one.timeout, tuple) else (one.timeout,)
        assert all(limit is not None and 0 < limit <= 2.5 for limit in limits), told(
            f"trading_client(settings with request_timeout=2.5): {one.method} {one.path}",
            got=f"timeout {one.timeout}",
            expected="timeout 2.5",
        )


@pytest.mark.note("what-a-time-out-means")
def test_the_client_for_prices_is_as_safe_as_the_one_for_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address, a time-out, and no pauses of three seconds inside somebody else's deadline."""
    from alpaca.common.exceptions import APIError

    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    chosen = settings_for(request_timeout=2.5)
    made = data_client(chosen)
    with wire() as broker:
        broker.respond(lambda _: Answer(status=429, body={"message": "slow down"}))
        with pytest.raises(APIError):
            made.get("/stocks/bars", {"symbols": "AAPL"})
        sent = list(broker.sent)
    facts = (len(sent), len(naps), sent[0].url.startswith(f"{chosen.data_url}/v2/stocks/bars"))
    assert facts == (1, 0, True), told(
        "data_client(settings).get('/stocks/bars', …), answered by 429",
        got=f"{facts[0]} requests, {facts[1]} pauses, the first to {sent[0].url}",
        expected=f"1 request, no pause, to {chosen.data_url}",
    )
    limits = sent[0].timeout if isinstance(sent[0].timeout, tuple) else (sent[0].timeout,)
    assert all(limit is not None and 0 < limit <= 2.5 for limit in limits), told(
        "data_client(settings with request_timeout=2.5)", got=f"timeout {sent[0].timeout}", expected="timeout 2.5"
    )
    keys = (sent[0].headers.get("APCA-API-KEY-ID"), sent[0].headers.get("APCA-API-SECRET-KEY"))
    assert keys == (KEY, SECRET), told("its keys", got=keys, expected=(KEY, SECRET))


@pytest.mark.note("what-a-time-out-means")
@pytest.mark.parametrize("status", [504, 429])
def test_the_client_repeats_no_order_of_its_own_accord(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """alpaca-py repeats after 429 and 504, POSTs among them, three times. A 504 may hide an order."""
    from alpaca.common.exceptions import APIError

    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    made = trading_client(settings_for())
    with wire() as broker:
        broker.respond(lambda _: Answer(status=status, body={"message": "no"}))
        with pytest.raises(APIError):
            made.post("/orders", {"symbol": "AAPL"})
        assert len(broker.sent) == 1, told(
            f"trading_client(settings).post('/orders', …), answered by {status}",
            got=f"{len(broker.sent)} times the same POST",
            expected="once",
        )


# ── bars ──


class BarServer:
    """Alpaca's daily bars in small: sorted, cut, paged, and from today on unless told otherwise."""

    def __init__(self, symbol: str, bars: list[dict[str, Any]], page: int = 1000) -> None:
        self.symbol, self.page = symbol, page
        self.bars = sorted(bars, key=lambda bar: bar["t"])

    def __call__(self, sent: Sent) -> Answer | None:
        asked = sent.query
        if sent.path != BARS:
            return None
        if asked.get("timeframe") != "1Day":
            return Answer(status=400, body={"message": f"timeframe {asked.get('timeframe')}"})
        fitting = [bar for bar in self.bars if self._asked_for(asked, datetime.fromisoformat(bar["t"]))]
        if asked.get("sort") == "desc":
            fitting.reverse()
        first = int(asked.get("page_token") or 0)
        last = first + min(self.page, int(asked.get("limit") or 1000))
        found = fitting[first:last] if self.symbol in asked["symbols"].split(",") else []
        token = str(last) if last < len(fitting) and found else None
        return Answer(body={"bars": {self.symbol: found} if found else {}, "next_page_token": token})

    @staticmethod
    def _asked_for(asked: dict[str, str], at: datetime) -> bool:
        def instant(text: str) -> datetime:
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=UTC)

        start, end = asked.get("start"), asked.get("end")
        return start is not None and instant(start) <= at and (end is None or at <= instant(end))


def recorded_bars() -> list[dict[str, Any]]:
    return [bar for page in ("bars_page_1", "bars_page_2") for bar in body_of(page)["bars"]["AAPL"]]


def daily(server: BarServer, symbol: str, limit: int, feed: str = "iex") -> tuple[list[Bar], Wire]:
    with wire() as broker:
        broker.respond(server)
        source = AlpacaBars(plain_data_client(), feed) if feed != "iex" else AlpacaBars(plain_data_client())
        return asyncio.run(source.daily(symbol, limit)), broker


@pytest.mark.note("the-last-bars")
@given(days=st.integers(1, 12), limit=st.integers(1, 14), page=st.integers(1, 5))
@settings(max_examples=40)
def test_the_last_bars_come_oldest_first_over_any_pages(days: int, limit: int, page: int) -> None:
    """The first page of ten years ends ten years ago: an average over it is not the one of this morning."""
    first = datetime(2001, 1, 2, 5, tzinfo=UTC)  # a share that stopped trading long ago
    opens = [first + timedelta(days=n) for n in range(days)]
    bars = [
        {
            "t": at.isoformat().replace("+00:00", "Z"),
            "o": 10,
            "h": 11 + n,
            "l": 9,
            "c": 10.5,
            "v": 100,
            "n": 1,
            "vw": 10,
        }
        for n, at in enumerate(opens)
    ]
    expected = opens[-limit:]
    got: object
    try:
        got = [bar.timestamp for bar in daily(BarServer("AAPL", bars, page), "AAPL", limit)[0]]
    except BrokerError as error:
        got = Words(f"{type(error).__name__}: {error}")
    right = got == expected
    assert right, told(
        f"bars.daily('AAPL', {limit})",
        there_are=Words(f"{days} daily bars, {page} a page, the first on {first.date()}"),
        got=[str(at.date()) for at in got] if isinstance(got, list) else got,
        expected=[str(at.date()) for at in expected],
    )


@pytest.mark.note("text-not-floats")
def test_the_numbers_of_a_bar_are_those_of_the_wire() -> None:
    """186.4 as binary is 186.400000000000005684…; as a Decimal of that it equals no price that was ever quoted."""
    got, _ = daily(BarServer("AAPL", recorded_bars()), "AAPL", 7)
    for bar, wired in zip(got, sorted(recorded_bars(), key=lambda bar: bar["t"]), strict=True):
        numbers = (bar.open, bar.high, bar.low, bar.close, bar.volume)
        expected = tuple(Decimal(str(wired[k])) for k in "ohlcv")
        assert numbers == expected, told("bars.daily('AAPL', 7)", day=wired["t"], got=numbers, expected=expected)
        at = datetime.fromisoformat(wired["t"])
        facts = (bar.symbol, bar.timeframe, bar.timestamp, bar.timestamp.utcoffset())
        assert facts == ("AAPL", timedelta(days=1), at, timedelta(0)), told(
            "bars.daily('AAPL', 7)", got=facts, expected=("AAPL", timedelta(days=1), at, timedelta(0))
        )


def test_seven_recorded_days(golden: Golden) -> None:
    """Two pages, as our models hold them."""
    golden.check(daily(BarServer("AAPL", recorded_bars(), page=4), "AAPL", 7)[0])


def test_prices_are_asked_for_adjusted_for_splits_and_from_the_feed_that_was_chosen() -> None:
    """Apple split 2 for 1 on 2005-02-28. Unadjusted, every average took it for a crash, for weeks."""
    for feed in ("iex", "sip"):
        _, broker = daily(BarServer("AAPL", recorded_bars()), "AAPL", 2, feed)
        query = broker.sent[0].query
        got = (query.get("feed"), query.get("adjustment", "raw"))
        assert got == (feed, "split"), told(
            f"AlpacaBars(client, feed={feed!r}).daily('AAPL', 2) asks for feed, adjustment",
            got=got,
            expected=(feed, "split"),
        )


def test_an_unknown_symbol_is_not_found() -> None:
    """Alpaca sends an empty answer with status 200 (alpaca-docs #59): "no bars" would read as "no signal" for ever."""
    with wire() as broker:
        broker.respond(BarServer("AAPL", recorded_bars()))
        error = failure_of(
            lambda: asyncio.run(AlpacaBars(plain_data_client()).daily("NOSUCH", 5)),
            calling="bars.daily('NOSUCH', 5), the broker sends no bar",
            expected="NotFoundError",
        )
    assert isinstance(error, NotFoundError), told(
        "bars.daily('NOSUCH', 5)", got=type(error).__name__, expected="NotFoundError"
    )


def test_less_than_one_bar_is_refused() -> None:
    """`limit=0` means "no limit" to alpaca-py: a typo would fetch twenty years."""
    for limit in (0, -1):
        with wire() as broker:
            broker.respond(BarServer("AAPL", recorded_bars()))
            with refused(f"bars.daily('AAPL', {limit})", naming="limit"):
                asyncio.run(AlpacaBars(plain_data_client()).daily("AAPL", limit))


@pytest.mark.note("exercise-error-handling")
def test_the_errors_of_bars_are_broker_errors() -> None:
    """The same table as for orders, so that one handler serves both."""
    cases: list[tuple[Answer, type[BrokerError]]] = [
        (Answer(status=401, body={"message": "no"}), AuthenticationError),
        (exchange("error_403_forbidden").answer, PermissionDeniedError),
        (exchange("error_429").answer, RateLimitError),
        (exchange("error_503_page").answer, UnavailableError),
        (Answer(error=RESET), UnavailableError),
        (Answer(text="<html>"), UnavailableError),
    ]
    for answer, kind in cases:
        with wire() as broker:
            broker.respond(lambda _, answer=answer: answer)
            what = f"bars.daily('AAPL', 5), answered by {described(answer)}"
            error = failure_of(
                lambda: asyncio.run(AlpacaBars(plain_data_client()).daily("AAPL", 5)),
                calling=what,
                expected=kind.__name__,
            )
        assert type(error) is kind, told(what, got=type(error).__name__, expected=kind.__name__)


@pytest.mark.note("the-last-bars")
def test_waiting_for_bars_does_not_stop_the_event_loop() -> None:
    """alpaca-py blocks. Called on the loop, one slow symbol stops every other request of the server."""
    others_ran = threading.Event()
    server = BarServer("AAPL", recorded_bars())
    seen: list[bool] = []

    def slow(sent: Sent) -> Answer | None:
        seen.append(others_ran.wait(timeout=1.0))  # until the loop has had its turn
        return server(sent)

    async def both() -> list[Bar]:
        asked = asyncio.ensure_future(AlpacaBars(plain_data_client()).daily("AAPL", 2))
        while not asked.done():
            await asyncio.sleep(0)
            if seen or broker.sent:
                others_ran.set()
        return await asked

    with wire() as broker:
        broker.respond(slow)
        got = asyncio.run(both())
    assert all(seen) and len(got) == 2, told(
        "bars.daily('AAPL', 2), and another task meanwhile",
        got="the other task had to wait for the bars",
        expected="it runs while alpaca-py waits",
    )
