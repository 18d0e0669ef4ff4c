"""The trading API: what a request gets for an answer, above all when something goes wrong."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.message import Message
from typing import Any
from urllib.error import HTTPError

import httpx2
import pytest
from hypothesis import given, strategies as st

from katas.week1.config import Settings
from katas.week1.errors import (
    AuthenticationError,
    BrokerError,
    InsufficientFundsError,
    InvalidOrderError,
    NotFoundError,
    OrderOutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    UnavailableError,
)
from katas.week1.main import create_app
from katas.week1.models import Account, Bar, Order, OrderRequest, Position
from specs.harness.api import (
    PATIENCE,
    Answer,
    Api,
    FakeBars,
    FakeBroker,
    Gate,
    Together,
    Words,
    expect_batch,
    expect_problem,
    expect_problem_shape,
    expect_status,
    names_a_field,
    never,
)
from specs.harness.expect import told
from specs.harness.golden import Golden
from specs.harness.strategies import prices
from specs.world import market
from specs.world.server import running

NOW = datetime(2024, 6, 3, 12, 0, tzinfo=UTC)
TODAY = NOW.replace(hour=4)
DAY = timedelta(days=1)
SECRET = "SK-hunter2-do-not-print"
GOOD_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Flat at 100 for 39 days, then 101: all three signals have an opinion, and each can be worked out by hand.
JUMP = [100.0] * 39 + [101.0]

LIMIT_ORDER: dict[str, Any] = {
    "symbol": "AAPL",
    "side": "buy",
    "type": "limit",
    "time_in_force": "gtc",
    "qty": "10",
    "limit_price": "187.50",
    "client_order_id": "katas-1",
}

# Every route behind which the broker is asked: the fake's method, and the request.
BROKER_ROUTES: dict[str, tuple[str, str, object]] = {
    "account": ("GET", "/account", None),
    "positions": ("GET", "/positions", None),
    "submit": ("POST", "/orders", LIMIT_ORDER),
    "order": ("GET", "/orders/ord-1", None),
    "cancel": ("DELETE", "/orders/ord-1", None),
}
each_broker_route = pytest.mark.parametrize("name", BROKER_ROUTES)


# ── the world behind the API ──


def settings(**changes: Any) -> Settings:
    """Settings that no environment variable of the reader's changes."""
    fields: dict[str, Any] = {
        "api_key": "PK-TEST",
        "secret_key": "not-a-real-secret",
        "base_url": "https://paper-api.alpaca.markets",
        "data_url": "https://data.alpaca.markets",
        "allow_live": False,
        "request_timeout": 10.0,
        "bars_timeout": 2 * PATIENCE,
        "_env_file": None,
    }
    return Settings(**{**fields, **changes})


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = {
        "id": "acc-1",
        "status": "ACTIVE",
        "cash": "1500.10",
        "equity": "2500.30",
        "buying_power": "3000.05",
    }
    return Account(**{**fields, **changes})


def order(**changes: Any) -> Order:
    return order_for(LIMIT_ORDER, **changes)


def order_for(body: dict[str, Any], **changes: Any) -> Order:
    """The broker's order for the body of a request."""
    fields: dict[str, Any] = {**body, "id": "ord-1", "status": "new", "submitted_at": "2024-06-03T11:59:00Z"}
    return Order(**{**fields, **changes})


def bars_of(closes: list[float], *, symbol: str = "AAPL", last_opens: datetime = TODAY - DAY) -> list[Bar]:
    """Daily bars with these closes; by default the last of them closed eight hours ago."""
    return [
        Bar(
            symbol=symbol,
            timestamp=last_opens - DAY * (len(closes) - 1 - i),
            open=Decimal(str(close)),
            high=Decimal(str(close)),
            low=Decimal(str(close)),
            close=Decimal(str(close)),
            volume=Decimal(1000),
        )
        for i, close in enumerate(closes)
    ]


class World:
    """An app under test with its fakes; opened once a spec, also for all examples of a property."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._api: Api | None = None
        self.broker = FakeBroker()
        self.single: dict[tuple[str, str], Answer] = {}
        self.bars = FakeBars({}, unknown=NotFoundError("no such symbol"))

    def create_app(self, **changes: Any) -> Api:
        """The app, with these settings, and a client in front of it."""
        if self._api is None:
            app = create_app(settings(**changes), self.broker, self.bars, clock=lambda: NOW)
            self._api = self._stack.enter_context(Api(app))
        return self._api


@pytest.fixture
def world() -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        yield World(stack)


def same_as(model: Any, body: Any) -> bool:
    """Whether the JSON holds every field of the model, decimals as text. Further fields are no matter."""
    if not isinstance(body, dict):
        return False
    for name in type(model).model_fields:
        value, got = getattr(model, name), body.get(name, ...)
        if isinstance(value, Decimal | datetime):
            parse = Decimal if isinstance(value, Decimal) else datetime.fromisoformat
            with contextlib.suppress(ValueError, ArithmeticError):
                if isinstance(got, str) and parse(got) == value:
                    continue
            return False
        if got != getattr(value, "value", value):
            return False
    return True


# ── FastAPI basics ──


def test_the_health_check_asks_nobody(world: World) -> None:
    """A health check that asks the broker turns the broker's outage into a restart loop of ours."""
    answer = world.create_app().get("/health")
    expect_status(answer, 200, "neither broker nor prices are needed for it")
    assert answer.body == {"status": "ok", "paper": True}, answer.told(expected={"status": "ok", "paper": True})
    assert not world.broker.calls and not world.bars.asked, answer.told(
        got=f"calls {world.broker.calls}, prices of {world.bars.asked}", expected="no call of the broker or the prices"
    )


def test_the_health_check_says_when_the_money_is_real(world: World) -> None:
    """Whoever deploys must see at a glance which account the process trades."""
    live = {"base_url": "https://api.alpaca.markets", "allow_live": True}
    answer = world.create_app(**live).get("/health")
    assert answer.body == {"status": "ok", "paper": False}, answer.told(
        settings=live, expected={"status": "ok", "paper": False}
    )


@pytest.mark.note("decimals-are-strings")
def test_money_is_told_as_text(world: World) -> None:
    """A JSON number is a binary float to most readers, and 2500.30 is not one of those."""
    world.broker.will(account=account())
    answer = expect_status(world.create_app().get("/account"), 200)
    got = {name: answer.fields.get(name) for name in ("cash", "equity", "buying_power", "multiplier")}
    assert all(isinstance(value, str) for value in got.values()), answer.told(
        got=got, expected="all of them as strings"
    )
    assert same_as(account(), answer.body), answer.told(expected="every field of the broker's account, unchanged")


@pytest.mark.note("decimals-are-strings")
@given(
    cash=st.decimals(-(10**12), 10**12, places=9, allow_nan=False),
    equity=st.decimals(-(10**12), 10**12, places=4, allow_nan=False),
    power=prices(high="999999999999"),
)
def test_any_account_arrives_to_the_last_digit(world: World, cash: Decimal, equity: Decimal, power: Decimal) -> None:
    """By way of a float the digits beyond the sixteenth are lost, and cents with them."""
    told_by_broker = account(cash=cash, equity=equity, buying_power=power)
    api = world.create_app()
    world.broker.will(account=told_by_broker)
    answer = expect_status(api.get("/account"), 200)
    assert same_as(told_by_broker, answer.body), answer.told(
        got={name: answer.fields.get(name) for name in ("cash", "equity", "buying_power")},
        expected=f"cash '{cash}', equity '{equity}', buying_power '{power}'",
    )


def test_positions_keep_their_sign_and_their_gaps(world: World) -> None:
    """A short position told as long doubles the risk that it was meant to close. No price is null, not 0."""
    held = [
        Position(symbol="AAPL", qty=Decimal("0.5"), avg_entry_price=Decimal("180.1"), current_price=Decimal("187.25")),
        Position(symbol="XYZ", qty=Decimal(-30), avg_entry_price=Decimal("12.345"), current_price=None),
    ]
    api = world.create_app()
    world.broker.will(positions=held)
    answer = expect_status(api.get("/positions"), 200)
    right = isinstance(answer.body, list) and len(answer.body) == 2
    assert right and all(same_as(p, b) for p, b in zip(held, answer.body, strict=True)), answer.told(
        expected="both positions of the broker, in its order, the short one with qty '-30' and current_price null"
    )
    world.broker.will(positions=[])
    answer = expect_status(api.get("/positions"), 200)
    assert answer.body == [], answer.told(expected=[], because="nothing is held")


@pytest.mark.parametrize(
    ("query", "action", "strength"),
    [
        ("?strategy=sma_crossover", "buy", (100.1 / (3001 / 30) - 1) / 0.02),
        ("?strategy=momentum", "buy", 0.1),
        ("?strategy=mean_reversion", "sell", 1.0),
        ("?strategy=combined", "sell", (1 - 0.1 - (100.1 / (3001 / 30) - 1) / 0.02) / 3),
        ("", "sell", (1 - 0.1 - (100.1 / (3001 / 30) - 1) / 0.02) / 3),
    ],
    ids=["sma_crossover", "momentum", "mean_reversion", "combined", "combined by default"],
)
def test_each_strategy_gives_its_own_signal(world: World, query: str, action: str, strength: float) -> None:
    """39 closes at 100, then 101: the averages cross, momentum is +1 %, z is √19, and a third each makes the vote."""
    world.bars.will(AAPL=bars_of(JUMP))
    answer = expect_status(world.create_app().get(f"/signals/AAPL{query}"), 200)
    body = answer.fields
    strategy = query.partition("=")[2] or "combined"
    right = (body.get("symbol"), body.get("strategy"), body.get("action")) == ("AAPL", strategy, action)
    assert right and body.get("strength") == pytest.approx(strength, rel=1e-6), answer.told(
        closes=JUMP, expected=f"AAPL, {strategy}, {action}, strength {strength:.6g}"
    )
    assert isinstance(body.get("reason"), str) and body["reason"], answer.told(expected="a reason that is not empty")


def test_an_unknown_strategy_is_refused_by_name(world: World) -> None:
    """A misspelt strategy that falls back to the default trades something that nobody chose."""
    world.bars.will(AAPL=bars_of(JUMP))
    for path in ("/signals/AAPL?strategy=momentun", "/signals?symbols=AAPL&strategy=momentun"):
        answer = world.create_app().get(path)
        expect_problem(answer, 422)
        fields = answer.wrong_fields
        assert fields == ["query.strategy"], answer.told(got=fields, expected=["query.strategy"])


def test_symbols_may_be_typed_in_any_case(world: World) -> None:
    """AAPL and aapl are the same share; the source of prices knows only one of them."""
    api = world.create_app()
    for written in ("aapl", "Brk.b", "f", "%20msft%20", "abcdefghij"):
        symbol = written.replace("%20", "").upper()
        world.bars.will(**{symbol: bars_of(JUMP, symbol=symbol)})
        answer = expect_status(api.get(f"/signals/{written}"), 200)
        assert answer.fields.get("symbol") == symbol and world.bars.asked == [symbol], answer.told(
            got={"symbol": answer.fields.get("symbol"), "prices asked for": world.bars.asked},
            expected=f"{symbol} in the answer and for the prices",
        )


def test_what_can_not_be_a_symbol_is_never_looked_up(world: World) -> None:
    """It would end in a URL or a query of somebody else's. Beware: "ß".upper() is "SS", a share that exists."""
    api = world.create_app()
    for written in ("1AAPL", "AAPL-B", "ABCDEFGHIJK", "AAPL.", "AAPL.WXY", "A B", "%C5%BF", "%C3%9F", "AA%0APL"):
        for field, path in (
            ("path.symbol", f"/signals/{written}"),
            ("query.symbols", f"/signals?symbols=AAPL,{written}"),
        ):
            answer = api.get(path)
            expect_status(answer, 422, "a symbol is a letter, then letters or digits, at most ten; then perhaps .B")
            fields = answer.wrong_fields
            assert fields == [field], answer.told(got=fields, expected=[field])
            assert not world.bars.asked, answer.told(got=f"prices of {world.bars.asked}", expected="nobody is asked")


def test_too_little_data_is_a_hold(world: World) -> None:
    """A young listing has no signal yet. That is an answer, not an error."""
    for closes in ([], [100.0, 101.0]):
        world.bars.will(AAPL=bars_of(closes))
        answer = expect_status(world.create_app().get("/signals/AAPL"), 200)
        as_of = answer.fields.get("as_of")
        right = (answer.fields.get("action"), answer.fields.get("strength")) == ("hold", 0)
        assert right and (as_of is None) == (not closes), answer.told(
            closes=closes, expected=f"hold, strength 0, as_of {'the close of the last bar' if closes else 'null'}"
        )


@pytest.mark.note("a-bar-is-known-when-it-closes")
def test_the_bar_of_the_running_session_does_not_count(world: World) -> None:
    """Its close is not a close yet. A signal from it trades on a price that the day may never end at."""
    running_bar = bars_of([50.0], last_opens=TODAY)
    world.bars.will(AAPL=bars_of(JUMP) + running_bar)
    answer = expect_status(world.create_app().get("/signals/AAPL?strategy=momentum"), 200)
    got = answer.fields
    as_of = datetime.fromisoformat(got["as_of"]) if isinstance(got.get("as_of"), str) else None
    right = got.get("action") == "buy" and got.get("strength") == pytest.approx(0.1)
    assert right and as_of == TODAY, answer.told(
        expected=f"buy, strength 0.1, as_of {TODAY.isoformat()}",
        because=f"at {NOW.isoformat()} the bar that opened at {TODAY.isoformat()} is not over",
    )


@pytest.mark.note("a-bar-is-known-when-it-closes")
def test_a_bar_counts_from_the_instant_of_its_close(world: World) -> None:
    """known_at <= now, with equality: the platform acts at the close, not a day after it."""
    world.bars.will(AAPL=bars_of(JUMP, last_opens=NOW - DAY))
    answer = expect_status(world.create_app().get("/signals/AAPL?strategy=momentum"), 200)
    as_of = answer.fields.get("as_of")
    right = isinstance(as_of, str) and datetime.fromisoformat(as_of) == NOW
    assert right and answer.fields.get("action") == "buy", answer.told(
        expected=f"buy, as_of {NOW.isoformat()}", because="the last bar closed at this very instant"
    )


@pytest.mark.note("a-bar-is-known-when-it-closes")
@given(
    closes=st.lists(st.integers(50, 150), min_size=1, max_size=45),
    later=st.lists(st.sampled_from([1, 90, 5000]), min_size=1, max_size=4),
    strategy=st.sampled_from(["combined", "sma_crossover", "momentum", "mean_reversion"]),
)
def test_what_is_not_known_yet_changes_nothing(
    world: World, closes: list[int], later: list[int], strategy: str
) -> None:
    """The same signal with and without the bars that close later. Whatever differs has seen the future."""
    past = bars_of([float(c) for c in closes])
    future = bars_of([float(c) for c in later], last_opens=TODAY + DAY * (len(later) - 1))
    api = world.create_app()
    answers: list[dict[str, Any]] = []
    for bars in (past, past + future):
        world.bars.will(AAPL=bars)
        answer = expect_status(api.get(f"/signals/AAPL?strategy={strategy}"), 200)
        answers.append({name: answer.fields.get(name) for name in ("as_of", "action", "strength")})
    assert answers[0] == answers[1], told(
        f"GET /signals/AAPL?strategy={strategy}",
        closes=closes,
        not_yet_known=later,
        got=answers[1],
        expected=f"{answers[0]}, as without the bars that are not over",
    )


def test_an_order_goes_to_the_broker_as_it_was_asked(world: World) -> None:
    """201, the broker's order in the body, and one call with every field in place."""
    api = world.create_app()
    world.broker.will(submit=order(status="partially_filled", filled_qty="2.5", filled_avg_price="187.4999"))
    answer = expect_status(api.post("/orders", LIMIT_ORDER), 201, "an order was created")
    expected = order(status="partially_filled", filled_qty="2.5", filled_avg_price="187.4999")
    assert same_as(expected, answer.body), answer.told(expected="every field of the broker's order, decimals as text")
    assert world.broker.calls == [("submit", OrderRequest(**LIMIT_ORDER))], answer.told(
        got=f"calls {world.broker.calls}", expected="one call of broker.submit with the order of the body"
    )


@st.composite
def order_bodies(draw: st.DrawFn) -> dict[str, Any]:
    """The JSON of a good order: each type with its prices, shares or dollars, decimals as text."""
    kind = draw(st.sampled_from(["market", "limit", "stop", "stop_limit", "trailing_stop"]))
    price = prices(low="1.00", high="900").map(str)
    body: dict[str, Any] = {
        "symbol": draw(st.sampled_from(["AAPL", "BRK.B", "F"])),
        "side": draw(st.sampled_from(["buy", "sell"])),
        "type": kind,
        "time_in_force": "day",
        "client_order_id": draw(st.text("abcXYZ019-_.", min_size=1, max_size=20)),
    }
    if kind in ("limit", "stop_limit"):
        body["limit_price"] = draw(price)
    if kind in ("stop", "stop_limit"):
        body["stop_price"] = draw(price)
    if kind == "trailing_stop":
        body[draw(st.sampled_from(["trail_price", "trail_percent"]))] = draw(price)
    if kind == "market" and draw(st.booleans()):
        body["notional"] = draw(price)
    else:
        body["qty"] = str(draw(st.integers(1, 5000)))
        if kind != "trailing_stop" and draw(st.booleans()):
            body["time_in_force"] = "gtc"
    return body


@given(body=order_bodies())
def test_any_good_order_arrives_once_and_unchanged(world: World, body: dict[str, Any]) -> None:
    """A price that went through a float is off the tick, and an order that arrives twice is two orders."""
    sizes = {name: body[name] for name in ("qty", "notional") if name in body}
    api = world.create_app()
    world.broker.will(submit=order_for(body, status="accepted"))
    answer = expect_status(api.post("/orders", body), 201)
    assert world.broker.calls == [("submit", OrderRequest(**body))], answer.told(
        got=f"calls {world.broker.calls}", expected="one call of broker.submit with the order of the body"
    )
    got = {name: answer.fields.get(name) for name in sizes}
    assert same_as(world.broker.answers["submit"], answer.body), answer.told(got=got, expected=sizes)


def test_a_rejected_order_is_an_order_all_the_same(world: World) -> None:
    """The exchange said no to it; the request was fine, and the caller needs the order's id to see why."""
    world.broker.will(submit=order(status="rejected"))
    answer = expect_status(world.create_app().post("/orders", LIMIT_ORDER), 201, "rejected is a status, not an error")
    assert answer.fields.get("status") == "rejected", answer.told(expected="status: rejected")


def test_an_order_is_found_by_its_id(world: World) -> None:
    """The broker's id, as the broker gave it."""
    world.broker.will(order=order(id="904837e3-3b76", status="filled", filled_qty=10, filled_avg_price="187.5"))
    answer = expect_status(world.create_app().get("/orders/904837e3-3b76"), 200)
    assert answer.fields.get("status") == "filled", answer.told(expected="the broker's order, filled")
    assert world.broker.calls == [("order", "904837e3-3b76")], answer.told(
        got=world.broker.calls, expected=[("order", "904837e3-3b76")]
    )


def test_a_cancelled_order_leaves_nothing_to_say(world: World) -> None:
    """204, and a body of no bytes: one that says `null` breaks a strict client."""
    world.broker.will(cancel=None)
    answer = expect_status(world.create_app().ask("DELETE", "/orders/904837e3-3b76"), 204)
    assert answer.text == "", answer.told(expected="no body")
    assert world.broker.calls == [("cancel", "904837e3-3b76")], answer.told(
        got=world.broker.calls, expected=[("cancel", "904837e3-3b76")]
    )


# ── async routes ──


@pytest.mark.note("nothing-blocks-the-loop")
@each_broker_route
def test_a_broker_that_is_slow_does_not_stop_the_health_check(world: World, name: str) -> None:
    """A blocking call in an `async def` holds up every other request; the orchestrator sees a dead process."""
    gate = Gate({"account": account, "positions": list, "cancel": lambda: None}.get(name, order)())
    api = world.create_app()
    world.broker.will(**{name: gate})
    method, path, body = BROKER_ROUTES[name]
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(api.ask, method, path, body)
        try:
            assert gate.somebody_is_inside(unless=slow), told(
                f"{method} {path}",
                got=slow.result() if slow.done() else Words("nothing"),
                expected=f"a call of broker.{name}",
            )
            health = pool.submit(api.get, "/health")
            with contextlib.suppress(TimeoutError):
                health.result(PATIENCE / 2)
            answered = health.done()
        finally:
            gate.open()
        assert answered and health.result().status == 200, told(
            "GET /health",
            meanwhile=Words(f"{method} {path} waits in broker.{name}"),
            got=health.result() if answered else Words(f"no answer in {PATIENCE / 2:g} seconds"),
            expected="an answer at once",
            because="broker calls block, and so must never run on the event loop",
        )
        expect_status(slow.result(), {"submit": 201, "cancel": 204}.get(name, 200))


@pytest.mark.note("one-request-for-many")
def test_many_symbols_are_asked_for_at_once(world: World) -> None:
    """Twelve symbols at 200 ms each are 200 ms together and 2.4 s in turn: too late for the close."""
    symbols = [f"S{i}" for i in range(12)]
    together = Together(len(symbols), bars_of(JUMP))
    api = world.create_app(bars_timeout=PATIENCE / 8)
    world.bars.will(**dict.fromkeys(symbols, together))
    answer = api.get(f"/signals?symbols={','.join(symbols)}")
    told_of = [entry["symbol"] for entry in expect_batch(answer) if entry["signal"]]
    assert told_of == symbols, answer.told(
        got=f"signals of {', '.join(told_of) or 'none'}",
        expected="a signal of each",
        because="no price comes before all twelve have been asked for",
    )


@pytest.mark.note("one-request-for-many")
def test_a_symbol_that_never_answers_fails_alone(world: World) -> None:
    """Each symbol has its own time. One timeout over all of them throws the good answers away."""
    api = world.create_app(bars_timeout=0.2)
    world.bars.will(AAPL=bars_of(JUMP), SLOW=never, MSFT=bars_of(JUMP, symbol="MSFT"), SLOWER=never)
    answer = api.get("/signals?symbols=AAPL,SLOW,MSFT,SLOWER")
    got = {
        e["symbol"]: e["problem"].get("status") if e["problem"] else e["signal"].get("action")
        for e in expect_batch(answer)
    }
    expected = {"AAPL": "sell", "SLOW": 504, "MSFT": "sell", "SLOWER": 504}
    assert got == expected, answer.told(bars_timeout=0.2, got=got, expected=expected)


def test_prices_that_never_come_are_a_gateway_timeout(world: World) -> None:
    """A caller who waits for ever is a position that nobody watches."""
    api = world.create_app(bars_timeout=0.05)
    world.bars.will(AAPL=never)
    expect_problem(api.get("/signals/AAPL"), 504, "the prices took longer than bars_timeout, 0.05 seconds")


@pytest.mark.note("one-request-for-many")
def test_a_failing_symbol_carries_its_problem_and_the_others_their_signals(world: World) -> None:
    """One delisted share must not blind the platform to all the others."""
    failures = {
        "GONE": (NotFoundError("no bars of GONE"), 404),
        "BUSY": (RateLimitError("slow down"), 503),
        "KEYS": (AuthenticationError("unauthorised"), 502),
        "BUG": (ZeroDivisionError(f"division by {SECRET}"), 500),
    }
    api = world.create_app()
    world.bars.will(AAPL=bars_of(JUMP), **{symbol: error for symbol, (error, _) in failures.items()})
    answer = api.get("/signals?symbols=GONE,BUSY,AAPL,KEYS,BUG")
    entries = {entry["symbol"]: entry for entry in expect_batch(answer)}
    assert list(entries) == ["GONE", "BUSY", "AAPL", "KEYS", "BUG"], answer.told(
        got=list(entries), expected=["GONE", "BUSY", "AAPL", "KEYS", "BUG"]
    )
    for symbol, (error, status) in failures.items():
        entry = entries[symbol]
        assert entry["signal"] is None, answer.told(got=entry, expected=f"no signal of {symbol}: {error!r}")
        expect_problem_shape(answer, entry["problem"], status, "/signals")
    assert entries["AAPL"]["signal"] and entries["AAPL"]["signal"].get("action") == "sell", answer.told(
        got=entries["AAPL"], expected="the signal of AAPL and no problem"
    )
    assert SECRET not in answer.text, answer.told(expected="nothing of an exception that nobody expected")


@pytest.mark.note("one-request-for-many")
@given(
    asked=st.lists(
        st.sampled_from(["AAPL", "aapl", "MSFT", " msft", "Flat", "GONE", "gone", "BUG", "NEW"]), min_size=1, max_size=8
    ),
    strategy=st.sampled_from(["combined", "momentum"]),
)
def test_a_batch_says_of_each_symbol_what_the_single_question_says(
    world: World, asked: list[str], strategy: str
) -> None:
    """In the order of the question, each symbol once. Entries that swap places trade the wrong share."""
    api = world.create_app()
    world.bars.will(
        AAPL=bars_of(JUMP),
        MSFT=bars_of([100.0] * 39 + [98.0], symbol="MSFT"),
        FLAT=bars_of([100.0] * 40, symbol="FLAT"),
        NEW=[],
        BUG=RuntimeError("a bug"),
    )
    answer = api.get(f"/signals?symbols={','.join(asked)}&strategy={strategy}")
    entries = expect_batch(answer)
    symbols = list(dict.fromkeys(written.strip().upper() for written in asked))
    got = [entry["symbol"] for entry in entries]
    assert got == symbols, answer.told(got=got, expected=symbols)
    for symbol, entry in zip(symbols, entries, strict=True):
        if (symbol, strategy) not in world.single:
            world.single[symbol, strategy] = api.get(f"/signals/{symbol}?strategy={strategy}")
        single = world.single[symbol, strategy]
        expected = (single.body, None) if single.status == 200 else (None, single.status)
        got = (entry["signal"], entry["problem"] and entry["problem"].get("status"))
        assert got == expected, answer.told(
            got=entry, expected=f"{symbol} as told by {single.call}: {expected[0] or expected[1]}"
        )


def test_fifty_symbols_are_taken_and_no_more(world: World) -> None:
    """Without a limit one request may spend the rate limit of a whole day. A repeat costs nothing and doesn't count."""
    symbols = [f"S{i}" for i in range(51)]
    api = world.create_app()
    world.bars.will(**{symbol: bars_of([100.0]) for symbol in symbols})
    answer = api.get(f"/signals?symbols={','.join([*symbols[:50], 's7'])}")
    entries = expect_batch(answer)
    assert len(entries) == 50, answer.told(got=f"{len(entries)} entries", expected="one for each of 50 symbols")
    world.bars.asked.clear()
    answer = api.get(f"/signals?symbols={','.join(symbols)}")
    expect_problem(answer, 422, "51 symbols are too many")
    fields = answer.wrong_fields
    assert fields == ["query.symbols"], answer.told(got=fields, expected=["query.symbols"])
    assert not world.bars.asked, answer.told(
        got=f"prices of {len(world.bars.asked)} symbols", expected="nobody is asked"
    )


def test_an_empty_part_is_no_symbol(world: World) -> None:
    """Something was meant to stand there. Skipping it hides which share the caller believes to have asked for."""
    api = world.create_app()
    world.bars.will(AAPL=bars_of(JUMP), MSFT=bars_of(JUMP))
    for query in ("", "?symbols=", "?symbols=%20", "?symbols=,", "?symbols=AAPL,,MSFT", "?symbols=AAPL,"):
        answer = api.get(f"/signals{query}")
        expect_problem(answer, 422, "a symbol is missing")
        fields = answer.wrong_fields
        assert fields == ["query.symbols"], answer.told(got=fields, expected=["query.symbols"])
        assert not world.bars.asked, answer.told(got=f"prices of {world.bars.asked}", expected="nobody is asked")


@pytest.mark.note("request-ids")
def test_two_requests_at_once_keep_their_own_ids(world: World) -> None:
    """An id kept in a global is the id of whoever came last, and the log tells the wrong story."""
    gate = Gate(NotFoundError("no such order"))
    api = world.create_app()
    world.broker.will(order=gate, positions=[])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(lambda: api.get("/orders/1", x_request_id="first"))
        try:
            assert gate.somebody_is_inside(unless=slow), told(
                "GET /orders/1", got=Words("no call"), expected="a call of broker.order"
            )
            second = api.get("/positions", x_request_id="second")
        finally:
            gate.open()
        first = slow.result()
    problem = expect_problem(first, 404)
    got = {"first": (first.request_id, problem["request_id"]), "second": second.request_id}
    assert got == {"first": ("first", "first"), "second": "second"}, first.told(
        meanwhile="GET /positions [x-request-id: 'second'] comes and goes",
        got=got,
        expected={"first": ("first", "first"), "second": "second"},
    )


# ── error handling ──


@pytest.mark.note("whose-fault")
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AuthenticationError("unknown key", status=401), 502),
        (PermissionDeniedError("account restricted", status=403), 502),
        (InsufficientFundsError("insufficient buying power", status=403, code=40310000), 403),
        (NotFoundError("order not found", status=404), 404),
        (InvalidOrderError("order is already filled", status=422), 422),
        (RateLimitError("too many requests", status=429), 503),
        (UnavailableError("bad gateway", status=502), 503),
        (OrderOutcomeUnknownError("no answer", client_order_id="katas-1"), 504),
        (BrokerError("418 from the broker", status=418), 502),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_the_status_says_whose_fault_it_is(world: World, error: BrokerError, status: int) -> None:
    """The broker's 401 is about our keys: passed on as 401 it sends the caller looking for theirs."""
    api = world.create_app()
    for name, (method, path, body) in BROKER_ROUTES.items():
        world.broker.will(**{name: error})
        answer = api.ask(method, path, body)
        because = f"broker.{name} raised {type(error).__name__}"
        problem = expect_problem(answer, status, because)
        retry = answer.headers.get("retry-after")
        assert status != 503 or retry == "1", answer.told(
            got=f"Retry-After: {retry or 'none'}", expected="Retry-After: 1", because=because
        )
        if status in (403, 404, 422):
            assert str(error) in problem["detail"], answer.told(
                expected=f"a detail that says {str(error)!r}", because="the caller can mend it, if told"
            )


def test_errors_of_the_prices_are_told_like_those_of_the_broker(world: World) -> None:
    """An unknown symbol is a 404, a busy source a 503: the same rules, whoever raised them."""
    errors = {
        "NONE": (NotFoundError("none"), 404),
        "BUSY": (RateLimitError("busy"), 503),
        "KEYS": (AuthenticationError("k"), 502),
    }
    api = world.create_app()
    world.bars.will(**{symbol: error for symbol, (error, _) in errors.items()})
    for symbol, (error, status) in errors.items():
        answer = api.get(f"/signals/{symbol}")
        expect_problem(answer, status, f"the source of prices raised {type(error).__name__}")
        retry = answer.headers.get("retry-after")
        assert status != 503 or retry == "1", answer.told(
            got=f"Retry-After: {retry or 'none'}", expected="Retry-After: 1"
        )


@pytest.mark.note("whose-fault")
def test_an_unknown_outcome_names_the_order(world: World) -> None:
    """The order may be alive. Only its name lets the caller ask, or repeat without buying twice."""
    name = "katas-0d2f-77"
    world.broker.will(submit=OrderOutcomeUnknownError("no answer from the broker", client_order_id=name))
    answer = world.create_app().post("/orders", {**LIMIT_ORDER, "client_order_id": name})
    problem = expect_problem(answer, 504)
    assert name in problem["detail"], answer.told(
        got={"detail": problem["detail"]}, expected=f"a detail with the client_order_id {name}"
    )


@pytest.mark.parametrize("body", [{}, {"client_order_id": None}], ids=["missing", "null"])
def test_an_order_without_a_name_is_refused(world: World, body: dict[str, Any]) -> None:
    """Without a client_order_id the caller who repeats after a time-out buys twice."""
    nameless = {k: v for k, v in LIMIT_ORDER.items() if k != "client_order_id"} | body
    world.broker.will(submit=order())
    answer = world.create_app().post("/orders", nameless)
    expect_problem(answer, 422, "the order has no client_order_id")
    fields = answer.wrong_fields
    assert fields == ["body.client_order_id"], answer.told(got=fields, expected=["body.client_order_id"])
    assert not world.broker.calls, answer.told(got=f"calls {world.broker.calls}", expected="the broker isn't asked")


@pytest.mark.note("errors-that-name-the-field")
@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"qty": "ten"}, ["qty"]),
        ({"side": "hold"}, ["side"]),
        ({"limt_price": "187.50"}, ["limt_price"]),
        ({"symbol": None}, ["symbol"]),
        ({"qty": "-1"}, ["qty"]),
        ({"limit_price": "187.505"}, ["limit_price"]),
        ({"notional": "100"}, ["qty", "notional"]),
        ({"stop_price": "180"}, ["stop_price"]),
    ],
    ids=["no number", "no side", "misspelt", "null", "negative", "off the tick", "two sizes", "a price too many"],
)
def test_a_bad_order_names_its_field_and_goes_nowhere(world: World, change: dict[str, Any], fields: list[str]) -> None:
    """Also where a validator raised: pydantic hands on the ValueError itself, which JSON can't hold."""
    world.broker.will(submit=order())
    answer = world.create_app().post("/orders", {**LIMIT_ORDER, **change})
    problem = expect_problem(answer, 422, f"{' / '.join(fields)} can't be used")
    assert names_a_field(problem, *fields), answer.told(
        got={"errors": problem["errors"]},
        expected=f"an error with the field {' or '.join(f'body.{f}' for f in fields)}",
    )
    assert not world.broker.calls, answer.told(got=f"calls {world.broker.calls}", expected="the broker isn't asked")


@pytest.mark.note("errors-that-name-the-field")
@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"symbol": "AAPL", "side": "buy",', "body"),
        ("[1, 2]", "body"),
        ("null", "body"),
        ("", "body"),
        ('{"symbol": "AAPL", "side": "buy", "client_order_id": "a", "qty": NaN}', "body.qty"),
        ('{"symbol": "AAPL", "side": "buy", "client_order_id": "a", "qty": Infinity}', "body.qty"),
        ('{"symbol": "AAPL", "side": "buy", "client_order_id": "a", "qty": "\\ud800"}', "body.qty"),
    ],
    ids=["cut off", "a list", "null", "nothing", "NaN", "Infinity", "half a character"],
)
def test_a_body_that_is_no_order_is_the_callers_error(world: World, text: str, field: str) -> None:
    """Python reads NaN and lone surrogates but can't write them: an error that repeats its input is a 500."""
    world.broker.will(submit=order())
    answer = world.create_app().ask("POST", "/orders", text=text)
    expect_problem(answer, 422, "the body is no order")
    fields = answer.wrong_fields
    assert fields == [field], answer.told(got=fields, expected=[field])
    assert not world.broker.calls, answer.told(got=f"calls {world.broker.calls}", expected="the broker isn't asked")


@st.composite
def spoilt_orders(draw: st.DrawFn) -> tuple[dict[str, Any], list[str]]:
    """A good order with one thing wrong, and the fields of which one must be named."""
    body = draw(order_bodies())
    size = "qty" if "qty" in body else "notional"
    price = next((name for name in ("limit_price", "stop_price") if name in body), size)
    field, value = draw(
        st.one_of(
            st.tuples(st.sampled_from(["symbol", "side", "client_order_id"]), st.sampled_from([..., None, "", [], {}])),
            st.tuples(st.just(size), st.sampled_from(["", "ten", [], {}, "0", "-3", -3, "0.0000000001", "1e-30"])),
            st.tuples(st.just(price), st.sampled_from(["", "cheap", [1], "0", "-187.50", "NaN", "Infinity"])),
            st.tuples(st.sampled_from(["side", "type", "time_in_force"]), st.sampled_from(["hold", "", 7, {}])),
            st.tuples(st.just("client_order_id"), st.sampled_from(["x" * 129, 17, []])),
            st.tuples(st.sampled_from(["limt_price", "Qty", "leverage", "__class__"]), st.sampled_from([1, None, {}])),
            st.tuples(st.just("qty, notional"), st.sampled_from(["both", "neither"])),
        )
    )
    if field == "qty, notional":
        body.pop(size)
        if value == "both":
            body |= {"qty": "1", "notional": "100"}
        return body, ["qty", "notional"]
    body[field] = value
    if value is ...:
        del body[field]
    return body, [field]


@pytest.mark.note("errors-that-name-the-field")
@given(spoilt=spoilt_orders())
def test_no_bad_order_gets_past_the_door(world: World, spoilt: tuple[dict[str, Any], list[str]]) -> None:
    """422, the field, and no call of the broker: never a 500, and never a guess at what was meant."""
    body, fields = spoilt
    api = world.create_app()
    world.broker.will(submit=order())
    answer = api.post("/orders", body)
    problem = expect_problem(answer, 422, f"{' / '.join(fields)} can't be used")
    assert names_a_field(problem, *fields), answer.told(
        got={"errors": problem["errors"]},
        expected=f"an error with the field {' or '.join(f'body.{f}' for f in fields)}",
    )
    assert not world.broker.calls, answer.told(got=f"calls {world.broker.calls}", expected="the broker isn't asked")


def test_errors_of_the_framework_look_like_all_the_others(world: World) -> None:
    """A client has one piece of code for errors. A route that doesn't exist must not crash it."""
    api = world.create_app()
    expect_problem(api.get("/nowhere"), 404)
    answer = api.ask("PUT", "/account", {})
    expect_problem(answer, 405)
    assert "GET" in answer.headers.get("allow", ""), answer.told(
        got=f"Allow: {answer.headers.get('allow')}",
        expected="Allow: GET",
        because="a 405 says what is allowed (RFC 9110)",
    )


def _headers(secret: str) -> Message:
    found = Message()
    found["X-Debug"] = secret
    return found


UNEXPECTED: list[Callable[[], Exception]] = [
    lambda: RuntimeError(SECRET),
    lambda: ValueError(f"bad key {SECRET}"),
    lambda: KeyError(SECRET),
    lambda: PermissionError(13, "denied", SECRET),
    lambda: HTTPError("http://broker", 500, SECRET, _headers(SECRET), None),
]


@pytest.mark.note("a-500-says-nothing")
@pytest.mark.parametrize("make", UNEXPECTED, ids=lambda make: type(make()).__name__)
def test_an_unexpected_error_tells_the_caller_nothing(world: World, make: Callable[[], Exception]) -> None:
    """Exception texts hold keys, paths and SQL. The caller gets a request id, and the log the rest."""
    api = world.create_app()
    asks = [(name, *route) for name, route in BROKER_ROUTES.items()]
    world.bars.will(AAPL=make())
    for name, method, path, body in [*asks, ("daily", "GET", "/signals/AAPL", None)]:
        world.broker.will(**{name: make()})
        answer = api.ask(method, path, body)
        expect_problem(answer, 500, f"{name}() raised {type(make()).__name__}, which nobody expects")
        leaks = [text for text in (answer.text, *answer.headers.values()) if SECRET in text]
        assert not leaks, answer.told(got=leaks, expected="nothing of the exception, in body or headers")


@pytest.mark.note("a-500-says-nothing")
def test_a_model_that_breaks_inside_is_not_the_callers_fault(world: World) -> None:
    """pydantic's ValidationError is a ValueError, and repeats its input. Behind the routes it is a 500."""

    def nonsense(*_: object) -> Account:
        return account(cash=SECRET)

    world.broker.will(account=nonsense)
    answer = world.create_app().get("/account")
    expect_problem(answer, 500, "the broker's answer made no sense; the request did")
    assert SECRET not in answer.text, answer.told(expected="nothing of the exception")


@pytest.mark.note("a-500-says-nothing")
def test_the_log_has_what_the_caller_is_not_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The traceback, under the request's id: otherwise nobody will ever find out."""
    api = world.create_app()
    world.broker.will(positions=RuntimeError("the reason why"))
    world.bars.will(BUG=RuntimeError("another reason"))
    with caplog.at_level(logging.WARNING):
        for path, reason in (("/positions", "the reason why"), ("/signals?symbols=BUG", "another reason")):
            caplog.clear()
            answer = api.get(path, x_request_id="find-me")
            for part in (reason, "Traceback", "find-me"):
                assert part in caplog.text, answer.told(
                    got=f"logged: {caplog.text[-300:] or 'nothing'}",
                    expected=f"{part!r} in the log",
                    because="the log must hold the traceback and the request id",
                )


def every_kind_of_answer(world: World) -> Iterator[tuple[str, str, object]]:
    """Requests for one answer of each kind."""
    world.broker.will(
        account=account(), positions=RuntimeError("boom"), submit=order(), order=NotFoundError("none"), cancel=None
    )
    world.bars.will(AAPL=bars_of(JUMP), BUG=ValueError("boom"))
    yield "GET", "/health", None
    yield "GET", "/account", None
    yield "GET", "/positions", None
    yield "GET", "/signals/AAPL", None
    yield "GET", "/signals/BUG", None
    yield "GET", "/signals?symbols=AAPL,BUG,GONE", None
    yield "GET", "/signals", None
    yield "POST", "/orders", LIMIT_ORDER
    yield "POST", "/orders", {}
    yield "GET", "/orders/1", None
    yield "DELETE", "/orders/1", None
    yield "PUT", "/orders/1", {}
    yield "GET", "/nowhere", None


@pytest.mark.note("request-ids")
def test_every_answer_carries_the_callers_request_id(world: World) -> None:
    """The 500 most of all, and there Starlette's error handler runs outside of your middleware (starlette #1175)."""
    api = world.create_app()
    for method, path, body in every_kind_of_answer(world):
        answer = api.ask(method, path, body, headers={"X-Request-ID": "desk-7.a_B"})
        assert answer.request_id == "desk-7.a_B", answer.told(
            got=f"{answer.status}, X-Request-ID: {answer.request_id or 'none'}", expected="X-Request-ID: desk-7.a_B"
        )


@pytest.mark.note("request-ids")
def test_no_two_requests_share_an_id(world: World) -> None:
    """Whoever sends none is given one, on every answer, and never the same twice."""
    api = world.create_app()
    seen: list[str] = []
    for method, path, body in [*every_kind_of_answer(world)] * 2:
        answer = api.ask(method, path, body)
        assert GOOD_ID.fullmatch(answer.request_id), answer.told(
            got=f"{answer.status}, X-Request-ID: {answer.request_id or 'none'}",
            expected="a fresh id of 1 to 64 letters, digits, '.', '_' or '-'",
        )
        assert answer.request_id not in seen, answer.told(got=answer.request_id, expected="an id not given before")
        seen.append(answer.request_id)


@pytest.mark.note("request-ids")
def test_an_id_that_could_do_harm_is_replaced(world: World) -> None:
    """It is written into the answer and the log. A line break in it forges a header, or a log entry."""
    api = world.create_app()
    for bad in ("", " ", "a" * 65, "two words", "abc\n", "abc\r\nSet-Cookie: a=b", "a/b", "<script>", "é", "²", "\0"):
        answer = api.ask("GET", "/nowhere", headers={"X-Request-ID": bad})
        problem = expect_problem(answer, 404)
        fresh = answer.request_id
        assert fresh != bad and GOOD_ID.fullmatch(fresh) and problem["request_id"] == fresh, answer.told(
            got=repr(fresh),
            expected="a fresh id",
            because="only 1 to 64 letters, digits, '.', '_' or '-' are kept",
        )


@pytest.mark.note("request-ids")
@given(
    sent=st.one_of(
        st.text("aZ09._-", max_size=6),
        st.text(st.characters(min_codepoint=0, max_codepoint=255), max_size=6),
        st.text("aZ9_-.éµ²", min_size=1, max_size=4),
        st.builds(lambda n, end: "a" * n + end, st.integers(61, 66), st.sampled_from(["", "\n", " ", "é"])),
    )
)
def test_a_request_id_is_kept_if_and_only_if_it_is_harmless(world: World, sent: str) -> None:
    """Kept, so that two services' logs can be joined; replaced, so that nobody writes into ours."""
    answer = world.create_app().ask("GET", "/health", headers={"X-Request-ID": sent})
    got = answer.request_id
    if GOOD_ID.fullmatch(sent):
        assert got == sent, answer.told(got=repr(got), expected=f"{sent!r}, the caller's")
    else:
        assert got != sent and GOOD_ID.fullmatch(got), answer.told(
            got=repr(got), expected="a fresh id of 1 to 64 letters, digits, '.', '_' or '-'"
        )


# ── integration ──


def test_two_apps_in_one_process_share_nothing(world: World) -> None:
    """A paper and a live account side by side. State in a module is the other one's account."""
    apis = [world.create_app()]
    brokers = [world.broker, FakeBroker()]
    with Api(create_app(settings(), brokers[1], FakeBars({}, unknown=NotFoundError("none")), clock=lambda: NOW)) as api:
        apis.append(api)
        for i, broker in enumerate(brokers):
            broker.will(account=account(id=f"acc-{i}"))
        got = [expect_status(a.get("/account"), 200).fields.get("id") for a in apis]
    assert got == ["acc-0", "acc-1"], told(
        "create_app(…, broker_0, …), create_app(…, broker_1, …); GET /account of each",
        got=got,
        expected=["acc-0", "acc-1"],
    )


def test_a_day_of_trading_over_real_http(world: World) -> None:
    """uvicorn, a socket and an HTTP client: signal, order, look, cancel, account."""
    world.bars.will(AAPL=bars_of(JUMP))
    world.broker.will(submit=order(), order=order(status="filled", filled_qty=10, filled_avg_price="187.5"))
    world.broker.will(cancel=InvalidOrderError("order is already filled"), account=account())
    asked = [
        ("GET", "/health", None),
        ("GET", "/signals/AAPL", None),
        ("POST", "/orders", LIMIT_ORDER),
        ("GET", "/orders/ord-1", None),
        ("DELETE", "/orders/ord-1", None),
        ("GET", "/account", None),
    ]
    got: list[object] = []
    app = create_app(settings(), world.broker, world.bars, clock=lambda: NOW)
    with running(app) as url, httpx2.Client(base_url=url, timeout=2 * PATIENCE, trust_env=False) as client:
        for i, (method, path, body) in enumerate(asked):
            response = client.request(method, path, json=body, headers={"X-Request-ID": f"step-{i}"})
            assert response.headers.get("x-request-id") == f"step-{i}", told(
                f"{method} {path} [x-request-id: step-{i}]",
                got=response.headers.get("x-request-id"),
                expected=f"step-{i}",
            )
            said = response.json() if response.content else {}
            key = {"/health": "paper", "/signals/AAPL": "action", "/account": "cash"}.get(path, "status")
            got.append((method, path, response.status_code, said.get(key)))
    expected = [
        ("GET", "/health", 200, True),
        ("GET", "/signals/AAPL", 200, "sell"),
        ("POST", "/orders", 201, "new"),
        ("GET", "/orders/ord-1", 200, "filled"),
        ("DELETE", "/orders/ord-1", 422, 422),
        ("GET", "/account", 200, "1500.10"),
    ]
    for mine, theirs in zip(got, expected, strict=True):
        assert mine == theirs, told("over http://127.0.0.1, one after the other", got=mine, expected=theirs)


def test_a_table_of_errors(world: World, golden: Golden) -> None:
    """What a client sees of each kind of error, without the words."""
    name = {"client_order_id": "katas-1"}
    market_order = {"symbol": "AAPL", "side": "buy", "qty": "1", **name}
    requests: list[tuple[str, str, object, object]] = [
        ("GET", "/nowhere", None, None),
        ("POST", "/account", {}, None),
        ("POST", "/orders", {}, None),
        ("POST", "/orders", [], None),
        ("POST", "/orders", {**market_order, "qty": "many", "side": "up", "size": 1}, None),
        ("POST", "/orders", {**market_order, "client_order_id": None}, None),
        ("POST", "/orders", market_order, InsufficientFundsError("not enough")),
        ("POST", "/orders", market_order, InvalidOrderError("not fractionable")),
        ("POST", "/orders", market_order, RateLimitError("slow down")),
        ("POST", "/orders", market_order, OrderOutcomeUnknownError("no answer", client_order_id="katas-1")),
        ("POST", "/orders", market_order, PermissionDeniedError("not allowed")),
        ("POST", "/orders", market_order, MemoryError("no")),
        ("GET", "/orders/none", None, NotFoundError("none")),
        ("DELETE", "/orders/done", None, InvalidOrderError("already filled")),
        ("GET", "/signals/no-symbol", None, None),
        ("GET", "/signals/GONE", None, None),
        ("GET", "/signals/AAPL?strategy=luck", None, None),
        ("GET", "/signals?symbols=AAPL,", None, None),
        ("GET", "/signals", None, None),
    ]
    api = world.create_app()
    table: list[dict[str, Any]] = []
    for method, path, body, error in requests:
        world.broker.will(submit=error, order=error, cancel=error)
        answer = api.ask(method, path, body, headers={"X-Request-ID": "golden"})
        problem = expect_problem(answer, answer.status)
        table.append(
            {
                "request": f"{method} {path}",
                "body": json.dumps(body) if body is not None else None,
                "broker": type(error).__name__ if error else None,
                "status": answer.status,
                "media type": answer.media_type,
                "retry-after": answer.headers.get("retry-after") if answer.status == 503 else None,
                "instance": problem["instance"],
                "request_id": problem["request_id"],
                "fields": answer.wrong_fields,
            }
        )
    golden.check(table)


def history(symbol: str, until: date) -> list[Bar]:
    """Real bars that opened up to that day, each at midnight UTC."""
    return [
        Bar(
            symbol=symbol,
            timestamp=datetime.combine(bar.day, time(), UTC),
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
        )
        for bar in market.load().bars[symbol]
        if until - timedelta(days=150) < bar.day <= until
    ]


@pytest.mark.parametrize("strategy", ["combined", "sma_crossover", "momentum", "mean_reversion"])
def test_what_the_api_advised_in_2008(world: World, strategy: str, golden: Golden) -> None:
    """Real prices at noon of a day each month: today's bar, still running, among them."""
    symbols = ["AAPL", "IBM", "MSFT"]
    now = [NOW]
    app = create_app(settings(), world.broker, world.bars, clock=lambda: now[0])
    advice: dict[str, Any] = {}
    with Api(app) as api:
        for month in range(1, 13):
            now[0] = datetime(2008, month, 17, 12, tzinfo=UTC)
            world.bars.will(**{symbol: history(symbol, now[0].date()) for symbol in symbols})
            answer = api.get(f"/signals?symbols={','.join(symbols)}&strategy={strategy}")
            entries = expect_batch(answer)
            advice[now[0].date().isoformat()] = {e["symbol"]: _signed(answer, e["signal"]) for e in entries}
    golden.check(advice, rtol=1e-7)


def _signed(answer: Answer, signal: Any) -> dict[str, Any]:
    assert isinstance(signal, dict), answer.told(expected="a signal of each symbol")
    as_of = datetime.fromisoformat(signal["as_of"]).astimezone(UTC).isoformat() if signal["as_of"] else None
    return {"as_of": as_of, "signed strength": {"buy": 1, "sell": -1, "hold": 0}[signal["action"]] * signal["strength"]}
