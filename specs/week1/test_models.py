"""Models: bars, quotes, signals, orders, positions and accounts that can't hold nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from itertools import product
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel

from katas.week1.models import (
    Account,
    Action,
    Bar,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Position,
    Quote,
    Side,
    Signal,
    TimeInForce,
)
from specs.harness import strategies
from specs.harness.expect import Words, refused, told
from specs.harness.golden import Golden
from specs.world.market import load

M = TypeVar("M", bound=BaseModel)
D = Decimal
# Under names of their own: the red report points to the first class of the kata that a spec uses.
STATUSES = list(OrderStatus)
FILLED, DAY, MARKET, LIMIT = OrderStatus.FILLED, TimeInForce.DAY, OrderType.MARKET, OrderType.LIMIT
BUY, SELL, HOLD = Side.BUY, Side.SELL, Action.HOLD
Fields = dict[str, Any]
NOON = datetime(2024, 3, 1, 17, 0, tzinfo=UTC)

# One plain example of each model, as text and numbers, the way they come in.
BAR: Fields = {
    "symbol": "AAPL",
    "timestamp": "2024-03-01T05:00:00Z",
    "open": "179.55",
    "high": "180.53",
    "low": "177.38",
    "close": "179.66",
    "volume": 73488000,
}
QUOTE: Fields = {
    "symbol": "AAPL",
    "timestamp": "2024-03-01T17:00:00Z",
    "bid": "179.60",
    "ask": "179.62",
    "bid_size": 300,
    "ask_size": 100,
}
SIGNAL: Fields = {"action": "buy", "strength": 0.5, "reason": "SMA(10) rose above SMA(30)"}
REQUEST: Fields = {"symbol": "AAPL", "side": "buy", "qty": 10}
ORDER: Fields = {
    "id": "904837e3-3b76-47ec-b432-046db621571b",
    "client_order_id": "aapl-1",
    "symbol": "AAPL",
    "side": "buy",
    "type": "market",
    "time_in_force": "day",
    "status": "new",
    "qty": 10,
    "submitted_at": "2024-03-01T17:00:00Z",
}
POSITION: Fields = {"symbol": "AAPL", "qty": 10, "avg_entry_price": "150.25", "current_price": "179.66"}
ACCOUNT: Fields = {
    "id": "e6fe16f3-64a4-4921-8928-cadf02f92f98",
    "status": "ACTIVE",
    "cash": "5000.10",
    "equity": "23966.50",
    "buying_power": "47933",
}

MODELS: dict[str, tuple[type[BaseModel], Fields]] = {
    "Bar": (Bar, BAR),
    "Quote": (Quote, QUOTE),
    "Signal": (Signal, SIGNAL),
    "OrderRequest": (OrderRequest, REQUEST),
    "Order": (Order, ORDER),
    "Position": (Position, POSITION),
    "Account": (Account, ACCOUNT),
}
WORLDS: dict[str, st.SearchStrategy[Fields]] = {
    "Bar": strategies.ohlcv(),
    "Quote": strategies.quotes(),
    "Signal": st.one_of(
        st.just({"action": "hold", "strength": 0.0, "reason": "no cross"}),
        st.fixed_dictionaries(
            {
                "action": st.sampled_from(["buy", "sell"]),
                "strength": st.floats(0, 1, exclude_min=True),
                "reason": st.sampled_from(["z = −2.10 …", "+4 % over 3 bars", 'a "quoted" reason']),
            }
        ),
    ),
    "OrderRequest": strategies.order_requests(),
    "Order": strategies.orders(),
    "Position": strategies.positions(),
    "Account": strategies.accounts(),
}
DECIMALS: dict[str, list[str]] = {
    "Bar": ["open", "high", "low", "close", "volume"],
    "Quote": ["bid", "ask", "bid_size", "ask_size"],
    "OrderRequest": ["qty", "notional", "limit_price", "stop_price", "trail_price", "trail_percent"],
    "Order": ["qty", "notional", "filled_qty", "filled_avg_price", "limit_price", "stop_price", "trail_percent"],
    "Position": ["qty", "avg_entry_price", "current_price"],
    "Account": ["cash", "equity", "buying_power", "multiplier"],
}
INSTANTS = {"Bar": ["timestamp"], "Quote": ["timestamp"], "Order": ["submitted_at", "filled_at"]}
# What a person would call one of them.
CALLED = {"OrderRequest": "request"} | {name: name.lower() for name in MODELS if name != "OrderRequest"}

each_model = pytest.mark.parametrize("name", MODELS)
each_with_numbers = pytest.mark.parametrize("name", DECIMALS)
each_with_instants = pytest.mark.parametrize("name", INSTANTS)


def spelled(model: type[BaseModel], fields: Fields, **changes: Any) -> str:
    """The call as a person would type it; of a long one, only what the spec changed."""
    given_fields = {**fields, **changes}
    if changes and len(given_fields) > len(changes) + 2:
        given_fields = changes
        start = "…, "
    else:
        start = ""
    return f"{model.__name__}({start}" + ", ".join(f"{k}={_typed(v)}" for k, v in given_fields.items()) + ")"


def _typed(value: Any) -> str:
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    return f"'{value}'" if isinstance(value, Decimal | datetime) else repr(value)


def accepted(model: type[M], fields: Fields, because: str = "", **changes: Any) -> M:
    """The model, which must not refuse these fields."""
    try:
        return model(**{**fields, **changes})
    except ValueError as error:
        got = Words(f"{type(error).__name__}: {' '.join(str(error).split())}")
        call = spelled(model, fields, **changes)
        raise AssertionError(told(call, got=got, expected="accepted", because=because)) from None


def turned_away(model: type[BaseModel], fields: Fields, *, naming: set[str], because: str, **changes: Any) -> None:
    """The model must refuse these fields, and name one of those at fault."""
    call = spelled(model, fields, **changes)
    try:
        model(**{**fields, **changes})
    except ValueError as error:
        assert any(name in str(error) for name in naming), told(
            call,
            got=Words(f"{type(error).__name__}: {' '.join(str(error).split())}"),
            expected=f"an error that names {' or '.join(sorted(naming))}",
            because=because,
        )
    else:
        expected = f"refused, naming {' or '.join(sorted(naming))}"
        raise AssertionError(told(call, got=Words("accepted"), expected=expected, because=because))


def means(kept: object, value: object) -> bool:
    """Whether a field holds what it was given as text or number."""
    if isinstance(kept, Decimal):
        return kept == D(str(value))
    if isinstance(kept, datetime):
        return kept == datetime.fromisoformat(str(value))
    return kept == value


def validated(name: str) -> object:
    model, fields = MODELS[name]
    return model.model_validate(fields)


# ── pydantic models: what is true of all of them ──


@each_model
def test_a_plain_example_is_accepted(name: str) -> None:
    """The everyday case, with numbers and instants as text, the way the broker sends them."""
    model, fields = MODELS[name]
    ways = {
        spelled(model, fields): lambda: accepted(model, fields),
        f"{name}.model_validate(…)": lambda: validated(name),
    }
    for call, build in ways.items():
        made: object
        try:
            made = build()
        except AttributeError as error:
            if "'NoneType'" not in str(error):
                raise
            # The next validator was handed what the one before it returned: nothing.
            got = Words(f"AttributeError: {error}")
            hint = "does the validator before it return self?"
            raise AssertionError(told(call, got=got, expected="accepted", because=hint)) from None
        assert isinstance(made, model), told(
            call, got=made, expected=f"a model of type {name}", because="does the validator return self?"
        )
        for field, value in fields.items():
            kept = getattr(made, field)
            short = f"{name}(…, {field}={_typed(value)}).{field}"
            assert means(kept, value), told(
                short, got=kept, expected="what was given", because="does its validator return the value?"
            )


@each_model
def test_a_misspelt_field_is_refused(name: str) -> None:
    """`limt_price` must never be dropped: what is left of that limit order would be a market order."""
    model, fields = MODELS[name]
    with refused(spelled(model, fields, limt_price="1.00"), naming="limt_price"):
        model(**fields, limt_price="1.00")


@each_model
def test_a_model_can_not_be_changed(name: str) -> None:
    """What was checked must be what is sent. A quantity that is set later was never checked."""
    model, fields = MODELS[name]
    made = model(**fields)
    field = next(iter(fields))
    before = getattr(made, field)
    try:
        setattr(made, field, "MSFT")
    except (ValueError, TypeError, AttributeError):
        pass
    else:
        raise AssertionError(
            told(f"{CALLED[name]}.{field} = 'MSFT'", got=Words("no error"), expected=f"an error: {name} is frozen")
        )
    assert getattr(made, field) == before, told(
        f"{CALLED[name]}.{field} = 'MSFT'", got=getattr(made, field), expected=before
    )


@each_model
@given(data=st.data())
def test_what_goes_out_as_json_comes_back_the_same(name: str, data: st.DataObject) -> None:
    """Journals, queues and the API write JSON. A price that comes back as a float is another price."""
    model, _ = MODELS[name]
    fields = data.draw(WORLDS[name])
    made = accepted(model, fields, because="such things happen")
    text = made.model_dump_json()
    try:
        back: object = model.model_validate_json(text)
    except ValueError as error:
        back = Words(f"{type(error).__name__}: {' '.join(str(error).split())}")
    assert back == made, told(
        f"{name}.model_validate_json(x.model_dump_json())", x=made, json=text, got=back, expected="x"
    )


# ── pydantic models: numbers ──


@pytest.mark.note("decimal-not-float")
@each_with_numbers
def test_money_and_quantities_are_decimal(name: str) -> None:
    """The sum of a hundred float dimes is not ten dollars, and a broker compares cents."""
    model, fields = MODELS[name]
    made = model(**fields)
    for field in DECIMALS[name]:
        value = getattr(made, field)
        assert value is None or isinstance(value, Decimal), told(
            f"{spelled(model, fields)}.{field}", got=value, expected="a Decimal"
        )


@pytest.mark.note("decimal-not-float")
def test_a_float_is_the_number_that_it_prints() -> None:
    """`Decimal(0.1)` has 55 digits; no exchange has a tick that fits it."""
    for number, expected in ((0.1, "0.1"), (0.07, "0.07"), (1.1, "1.1"), (2.675, "2.675"), (1e-9, "0.000000001")):
        request = accepted(Position, POSITION, because="a float is taken as it prints", avg_entry_price=number)
        assert request.avg_entry_price == D(expected), told(
            spelled(Position, POSITION, avg_entry_price=number) + ".avg_entry_price",
            got=request.avg_entry_price,
            expected=D(expected),
        )


@pytest.mark.note("decimal-not-float")
@given(cents=st.integers(1, 10_000_000))
def test_a_price_is_the_same_as_text_and_as_float(cents: int) -> None:
    """alpaca-py hands bars over as floats and orders as text; both are the same price."""
    exact = D(cents) / 100
    for value in (str(exact), float(exact), exact):
        request = accepted(OrderRequest, REQUEST, because="whole cents", type="limit", limit_price=value)
        assert request.limit_price == exact, told(
            spelled(OrderRequest, REQUEST, type="limit", limit_price=value), got=request.limit_price, expected=exact
        )


@each_with_numbers
def test_a_number_is_a_number(name: str) -> None:
    """NaN compares false with every limit, so that a check written as `price > limit` lets it pass."""
    model, fields = MODELS[name]
    for field in DECIMALS[name]:
        others = {k: v for k, v in fields.items() if not (field == "notional" and k == "qty")}
        for value in ("NaN", "Infinity", "-Infinity", float("nan"), float("inf"), "ten"):
            with refused(spelled(model, others, **{field: value}), naming=field):
                model(**{**others, field: value})


# ── pydantic models: instants ──


@pytest.mark.note("one-clock")
@each_with_instants
def test_an_instant_without_a_zone_is_refused(name: str) -> None:
    """09:30 is the opening in New York, Hong Kong and Shanghai. Guessed wrong, a bar is known before it happened."""
    model, fields = MODELS[name]
    for field in INSTANTS[name]:
        for naive in ("2024-03-01T09:30:00", datetime(2024, 3, 1, 9, 30), "2024-03-01"):  # noqa: DTZ001
            with refused(spelled(model, fields, **{field: naive}), naming=field):
                model(**{**fields, field: naive})


@pytest.mark.note("one-clock")
@each_with_instants
@given(at=strategies.instants(), zone=strategies.zones())
def test_an_instant_is_kept_in_utc_whatever_its_zone(name: str, at: datetime, zone: tzinfo) -> None:
    """Summer time, odd minutes, the other side of the date line: it is the same instant, told one way."""
    model, fields = MODELS[name]
    for field in INSTANTS[name]:
        local = at.astimezone(zone)
        for value in (local, local.isoformat()):
            kept = getattr(accepted(model, fields, because="it has a time zone", **{field: value}), field)
            assert kept == at and kept.utcoffset() == timedelta(0), told(
                spelled(model, fields, **{field: value}) + f".{field}", zone=str(zone), got=kept, expected=at
            )


@pytest.mark.note("one-clock")
def test_new_yorks_midnight_moves_by_an_hour_in_march() -> None:
    """Daily bars open at midnight in New York: 05:00 UTC on Friday and, over the weekend of the change, 04:00."""
    new_york = ZoneInfo("America/New_York")
    for day, hour in ((8, 5), (11, 4)):
        local = datetime(2024, 3, day, tzinfo=new_york)
        kept = accepted(Bar, BAR, timestamp=local).timestamp
        expected = datetime(2024, 3, day, hour, tzinfo=UTC)
        assert kept == expected and kept.hour == hour, told(
            spelled(Bar, BAR, timestamp=local) + ".timestamp", got=kept, expected=expected
        )


@pytest.mark.note("one-clock")
def test_half_past_one_happens_twice_in_november() -> None:
    """The clocks go back and the hour is repeated. Two bars of that hour are an hour apart, not one bar twice."""
    new_york = ZoneInfo("America/New_York")
    first, second = (
        accepted(Bar, BAR, timestamp=datetime(2024, 11, 3, 1, 30, fold=fold, tzinfo=new_york)).timestamp
        for fold in (0, 1)
    )
    assert second - first == timedelta(hours=1), told(
        "the bars of 01:30 on 2024-11-03 in New York, fold=0 and fold=1", got=[first, second], expected="an hour apart"
    )


def test_nanoseconds_are_cut_off() -> None:
    """Alpaca stamps orders and quotes to the nanosecond. Rounded up, a fill comes after the report of it."""
    for text in ("2024-03-01T17:00:00.123456789Z", "2024-03-01T12:00:00.123456999-05:00"):
        kept = accepted(Quote, QUOTE, because="this is how Alpaca writes it", timestamp=text).timestamp
        expected = NOON.replace(microsecond=123456)
        assert kept == expected, told(spelled(Quote, QUOTE, timestamp=text) + ".timestamp", got=kept, expected=expected)


@pytest.mark.note("one-clock")
@each_with_instants
def test_an_instant_that_utc_can_not_tell_is_refused(name: str) -> None:
    """Year 1 and year 9999 stand for "none" in many feeds. Converted they overflow: no ValueError, and a 500."""
    model, fields = MODELS[name]
    east, west = timezone(timedelta(hours=5)), timezone(timedelta(hours=-5))
    for at in (datetime(1, 1, 1, tzinfo=east), datetime(9999, 12, 31, 23, 59, tzinfo=west)):
        for field, value in product(INSTANTS[name], (at.isoformat(), at)):
            call = spelled(model, fields, **{field: value})
            because = f"in UTC it lies {'before the year 1' if at.year == 1 else 'after the year 9999'}"
            try:
                turned_away(model, fields, naming={field}, because=because, **{field: value})
            except ArithmeticError as error:
                got = Words(f"{type(error).__name__}: {error}")
                raise AssertionError(
                    told(call, got=got, expected=f"ValidationError naming {field}", because=because)
                ) from None


# ── pydantic models: bars ──


def test_a_bar_is_of_one_day_if_nothing_is_said() -> None:
    """Daily bars are the course's daily bread."""
    bar = Bar(**BAR)
    assert bar.timeframe == timedelta(days=1), told(
        spelled(Bar, BAR) + ".timeframe", got=bar.timeframe, expected=timedelta(days=1)
    )


@pytest.mark.note("known-when")
@given(fields=strategies.ohlcv(), minutes=st.sampled_from([1, 5, 15, 60, 24 * 60, 7 * 24 * 60]))
def test_a_bar_is_known_when_it_closes(fields: Fields, minutes: int) -> None:
    """Its time stamp says when it opens. Whoever trades on its close at that time trades on the future."""
    bar = accepted(Bar, fields, timeframe=timedelta(minutes=minutes))
    expected = fields["timestamp"] + timedelta(minutes=minutes)
    assert bar.known_at == expected, told(
        f"bar of {minutes} minutes, opening {fields['timestamp'].isoformat()}: known_at",
        got=bar.known_at,
        expected=expected,
    )


@pytest.mark.note("one-clock")
def test_a_bar_that_never_closes_is_refused() -> None:
    """After 9999 there is no instant to know it at: accepted, `known_at` raises OverflowError somewhere else."""
    last = {"timestamp": "9999-12-30T23:59:59Z"}
    bar = accepted(Bar, BAR, because="it closes on the last day there is", **last)
    expected = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert bar.known_at == expected, told(spelled(Bar, BAR, **last) + ".known_at", got=bar.known_at, expected=expected)
    for beyond in ({"timestamp": "9999-12-31T00:00:00Z"}, {"timeframe": timedelta.max}):
        because = "it closes after the year 9999"
        try:
            turned_away(Bar, BAR, naming={"timestamp", "timeframe"}, because=because, **beyond)
        except ArithmeticError as error:
            got = Words(f"{type(error).__name__}: {error}")
            call = spelled(Bar, BAR, **beyond)
            raise AssertionError(told(call, got=got, expected="ValidationError", because=because)) from None


@given(open_=st.integers(1, 4), close=st.integers(1, 4))
def test_a_bar_is_accepted_if_and_only_if_its_prices_agree(open_: int, close: int) -> None:
    """Low below all, high above all, ties allowed. A bar that isn't so is a bad feed, and orders fill at its low."""
    for low, high in product(range(1, 5), repeat=2):
        prices = {"open": open_, "high": high, "low": low, "close": close}
        if low > min(open_, close, high) or high < max(open_, close):
            turned_away(Bar, BAR, naming={"low", "high"}, because="a price lies outside low and high", **prices)
        else:
            accepted(Bar, BAR, because="low is the least of them and high the greatest", **prices)


@given(fields=strategies.ohlcv())
def test_a_bar_keeps_what_it_is_given(fields: Fields) -> None:
    """No rounding, no swapping, no filling in."""
    bar = accepted(Bar, fields, because="low <= open, close <= high")
    got = {name: getattr(bar, name) for name in fields}
    assert got == fields, told("Bar(**fields)", got=got, expected=fields)


def test_a_bar_without_price_or_length_is_refused() -> None:
    """A price of 0 is a missing one: a return through it is −100 %, and the next is infinite."""
    flat = {"open": 1, "high": 1, "low": 1, "close": 1}
    for field in flat:
        for value in (0, -1):
            others = {k: v for k, v in flat.items() if k != field}
            turned_away(
                Bar, BAR, naming={field, "low", "high"}, because="prices are above 0", **{**others, field: value}
            )
    for length in (timedelta(0), timedelta(days=-1)):
        turned_away(Bar, BAR, naming={"timeframe"}, because="a bar lasts", timeframe=length)


def test_a_day_without_trades_is_a_day() -> None:
    """A volume of 0 is a value; a negative one is not."""
    bar = accepted(Bar, BAR, because="nobody traded", volume=0)
    assert bar.volume == 0, told(spelled(Bar, BAR, volume=0) + ".volume", got=bar.volume, expected=0)
    turned_away(Bar, BAR, naming={"volume"}, because="shares are counted from 0", volume=-1)


def test_every_recorded_day_is_a_bar() -> None:
    """What real markets did must fit, AAPL's fall by half on 2000-09-29 included."""
    for symbol, days in load().bars.items():
        for day in days[::25]:
            fields = {k: getattr(day, k) for k in ("open", "high", "low", "close", "volume")}
            at = datetime(day.day.year, day.day.month, day.day.day, tzinfo=ZoneInfo("America/New_York"))
            bar = accepted(Bar, {"symbol": symbol, "timestamp": at, **fields}, because=f"{day.day} happened")
            assert bar.close == day.close, told(f"{symbol} on {day.day}: close", got=bar.close, expected=day.close)


# ── pydantic models: quotes ──


@pytest.mark.note("crossed-is-news-not-an-error")
def test_a_crossed_quote_is_accepted_and_says_so() -> None:
    """Before the open venues quote without trading, and bids stand above offers. That is news, not an error."""
    quote = accepted(Quote, QUOTE, because="before the open quotes cross", bid="179.70", ask="179.60")
    got = (quote.is_crossed, quote.spread, quote.mid)
    expected = (True, D("-0.10"), D("179.65"))
    assert got == expected, told("bid 179.70, ask 179.60: is_crossed, spread, mid", got=got, expected=expected)


def test_equal_bid_and_ask_are_locked_not_crossed() -> None:
    """A locked market costs nothing to cross; a crossed one pays."""
    quote = accepted(Quote, QUOTE, bid="179.60", ask="179.60")
    got = (quote.is_crossed, quote.spread)
    assert got == (False, 0), told("bid 179.60, ask 179.60: is_crossed, spread", got=got, expected=(False, 0))


@given(fields=strategies.quotes(two_sided=True))
def test_mid_and_spread_lie_between_bid_and_ask(fields: Fields) -> None:
    """mid + spread/2 is the ask and mid − spread/2 the bid, exactly, also where they are crossed."""
    quote = accepted(Quote, fields, because="both sides are there")
    mid, spread = quote.mid, quote.spread
    right = (
        mid is not None
        and spread is not None
        and mid + spread / 2 == fields["ask"]
        and mid - spread / 2 == fields["bid"]
        and quote.is_crossed == (fields["bid"] > fields["ask"])
    )
    assert right, told(
        "mid, spread, is_crossed",
        bid=fields["bid"],
        ask=fields["ask"],
        got=(mid, spread, quote.is_crossed),
        expected=((fields["bid"] + fields["ask"]) / 2, fields["ask"] - fields["bid"], fields["bid"] > fields["ask"]),
    )


@pytest.mark.note("zero-is-a-value")
@given(fields=strategies.quotes(), empty=st.sampled_from([("bid",), ("ask",), ("bid", "ask")]))
def test_a_quote_with_an_empty_side_has_no_middle(fields: Fields, empty: tuple[str, ...]) -> None:
    """A price of 0 means nobody is there. Half of the other side is no fair price, and no spread is tight."""
    quote = accepted(Quote, {**fields, **dict.fromkeys(empty, 0)}, because="0 is an empty side, as Alpaca sends it")
    got = (quote.mid, quote.spread, quote.is_crossed)
    assert got == (None, None, False), told(
        "mid, spread, is_crossed", bid=quote.bid, ask=quote.ask, got=got, expected=(None, None, False)
    )


def test_a_negative_price_or_size_is_refused() -> None:
    """A sign that slipped into a quote turns every comparison round."""
    for field in ("bid", "ask", "bid_size", "ask_size"):
        turned_away(Quote, QUOTE, naming={field}, because="0 is the least", **{field: -1})


# ── pydantic models: signals ──


@given(action=st.sampled_from(Action), hundredths=st.integers(-20, 120))
def test_a_signal_is_as_strong_as_its_action(action: Action, hundredths: int) -> None:
    """In [0, 1]; 0 for HOLD and only for HOLD. A BUY of no strength, or a HOLD of some, is somebody's bug."""
    strength = hundredths / 100
    fields = {"action": action, "strength": strength, "reason": "a spec"}
    if 0 <= strength <= 1 and (strength == 0) == (action is HOLD):
        accepted(Signal, fields, because="it is within [0, 1], and 0 exactly for HOLD")
    else:
        turned_away(Signal, fields, naming={"strength"}, because="strength is in [0, 1], and 0 exactly for HOLD")


def test_a_signal_that_is_no_number_or_gives_no_reason_is_refused() -> None:
    """Sizes are multiplied by the strength, and somebody will ask why."""
    for strength in (float("nan"), float("inf")):
        turned_away(Signal, SIGNAL, naming={"strength"}, because="it is no share of anything", strength=strength)
    turned_away(Signal, SIGNAL, naming={"reason"}, because="a signal says why", reason="")


# ── pydantic models: order requests ──


def test_an_order_is_a_market_order_for_the_day_if_nothing_is_said() -> None:
    """The defaults, in one place and on purpose."""
    request = OrderRequest(**REQUEST)
    got = (request.type, request.time_in_force, request.extended_hours, request.limit_price, request.client_order_id)
    expected = (MARKET, DAY, False, None, None)
    assert got == expected, told(
        f"{spelled(OrderRequest, REQUEST)}: type, time_in_force, extended_hours, limit_price, client_order_id",
        got=got,
        expected=expected,
    )


@pytest.mark.note("zero-is-a-value")
@given(qty=st.sampled_from([None, "0", "-1", "10", "0.5"]), notional=st.sampled_from([None, "0", "-1", "100", "99.95"]))
def test_an_order_is_in_shares_or_in_dollars(qty: str | None, notional: str | None) -> None:
    """Both, and the broker picks one; neither, and it refuses. 0 is given, and wrong: not the same as nothing."""
    fields = {"symbol": "AAPL", "side": "buy", "qty": qty, "notional": notional}
    good = [v for v in (qty, notional) if v is not None]
    if len(good) == 1 and D(good[0]) > 0:
        accepted(OrderRequest, fields, because="exactly one of qty and notional is given, and above 0")
    else:
        because = "exactly one of qty and notional is given" if len(good) != 1 else "sizes are above 0"
        turned_away(OrderRequest, fields, naming={"qty", "notional"}, because=because)


# Which prices each type takes: written out, since this is what must not be clever.
TAKES: dict[str, list[set[str]]] = {
    "market": [set()],
    "limit": [{"limit_price"}],
    "stop": [{"stop_price"}],
    "stop_limit": [{"limit_price", "stop_price"}],
    "trailing_stop": [{"trail_price"}, {"trail_percent"}],
}
PRICES = {"limit_price": "187.50", "stop_price": "187.40", "trail_price": "2.125", "trail_percent": "0.125"}


@pytest.mark.note("price-and-type")
@given(kind=st.sampled_from(list(TAKES)), side=st.sampled_from(["buy", "sell"]))
def test_an_order_has_the_prices_of_its_type_and_no_others(kind: str, side: str) -> None:
    """A limit order without its limit is a market order; a market order with one shows that somebody meant a limit."""
    for chosen in product([False, True], repeat=len(PRICES)):
        prices = {name: PRICES[name] for name, taken in zip(PRICES, chosen, strict=True) if taken}
        fields = {**REQUEST, "side": side, "type": kind, **prices}
        if prices.keys() in TAKES[kind]:
            accepted(OrderRequest, fields, because=f"these are the prices of a {kind} order")
        else:
            at_fault: set[str] = set().union(*(prices.keys() ^ wanted for wanted in TAKES[kind]))
            needs = " or ".join(" and ".join(sorted(wanted)) or "no price" for wanted in TAKES[kind])
            turned_away(OrderRequest, fields, naming=at_fault, because=f"a {kind} order takes {needs}")


@pytest.mark.note("zero-is-a-value")
@given(
    kind=st.sampled_from(list(TAKES)), name=st.sampled_from(list(PRICES)), number=st.sampled_from(["0", "0.00", "-1"])
)
def test_a_price_of_zero_is_given_and_wrong(kind: str, name: str, number: str) -> None:
    """`if limit_price:` takes 0 for nothing, and sends a market order for what was meant to cost no more than 0."""
    prices = {n: PRICES[n] for n in sorted(TAKES[kind][0])} | {name: number}
    turned_away(OrderRequest, {**REQUEST, "type": kind, **prices}, naming={name}, because="a price is above 0")


@pytest.mark.note("the-tick")
@given(
    n=st.one_of(st.integers(1, 30_000), st.integers(9_950, 10_250)),
    field=st.sampled_from(["limit_price", "stop_price"]),
)
def test_a_price_lies_on_the_tick(n: int, field: str) -> None:
    """Whole cents from a dollar on, hundredths of a cent below. Off the tick it comes back as a 422, too late."""
    price = D(n).scaleb(-4)
    fields = {**REQUEST, "type": "stop_limit", "limit_price": "5", "stop_price": "5", field: price}
    if price < 1 or n % 100 == 0:
        accepted(OrderRequest, fields, because="it is on the tick of Rule 612")
    else:
        turned_away(OrderRequest, fields, naming={field}, because="from 1.00 on the tick is 0.01")


@pytest.mark.note("the-tick")
def test_the_tick_changes_at_one_dollar() -> None:
    """11.055 was refused and 0.6013 taken, to a user's surprise (alpaca-trade-api-csharp #497)."""
    for price in ("0.0001", "0.6013", "0.9999", "1", "1.00", "1.01", "11.05", "187.500", "1E+2"):
        accepted(OrderRequest, REQUEST, because="it is on the tick", type="limit", limit_price=price)
    for price in ("0.00005", "0.99995", "1.0001", "1.005", "11.055", "187.5000000001"):
        turned_away(
            OrderRequest, REQUEST, naming={"limit_price"}, because="it is off the tick", type="limit", limit_price=price
        )


@pytest.mark.note("the-tick")
def test_no_number_is_too_large_or_too_fine_to_be_judged() -> None:
    """Decimal's % gives up beyond 28 digits, with an error that is no ValueError: a 500 for whoever posts 1E+30."""
    for price in ("1E+30", "1E+3000", "123456789012345678901234567890.12", "123456789012345678901234567890.5"):
        accepted(OrderRequest, REQUEST, because="it is above 0 and in whole cents", type="limit", limit_price=price)
    for price in ("123456789012345678901234567890.125", "1.00" + "0" * 40 + "1", "1E-3000"):
        turned_away(
            OrderRequest, REQUEST, naming={"limit_price"}, because="it is off the tick", type="limit", limit_price=price
        )
    accepted(OrderRequest, REQUEST, because="it is a whole number of shares", qty="1E+40", time_in_force="gtc")


@given(
    digits=st.integers(1, 10**6).filter(lambda n: n % 10 != 0),
    places=st.integers(0, 12),
    field=st.sampled_from(["qty", "notional"]),
)
def test_a_size_has_the_decimals_that_the_broker_counts(digits: int, places: int, field: str) -> None:
    """Nine decimals of a share, two of a dollar. Rounding it here would be a decision, and not this model's."""
    value, most = D(digits).scaleb(-places), {"qty": 9, "notional": 2}[field]
    fields = {"symbol": "AAPL", "side": "buy", field: value}
    if places <= most:
        request = accepted(OrderRequest, fields, because=f"{field} takes up to {most} decimals")
        assert getattr(request, field) == value, told(
            spelled(OrderRequest, fields) + f".{field}", got=getattr(request, field), expected=value
        )
    else:
        turned_away(OrderRequest, fields, naming={field}, because=f"{field} takes at most {most} decimals")


def test_zeros_at_the_end_of_a_size_do_not_count() -> None:
    """1.0000000000 is one share and 10.000 are ten dollars, whatever some formatter wrote."""
    for field, text in (("qty", "1.0000000000"), ("qty", "0.5000000000000"), ("notional", "10.000"), ("qty", "1E+1")):
        fields = {"symbol": "AAPL", "side": "buy", field: text}
        request = accepted(OrderRequest, fields, because="zeros at the end are no decimals")
        assert getattr(request, field) == D(text), told(
            spelled(OrderRequest, fields) + f".{field}", got=getattr(request, field), expected=D(text)
        )


@given(
    duration=st.sampled_from(TimeInForce),
    size=st.sampled_from([{"qty": "10"}, {"qty": "10.0"}, {"qty": "0.5"}, {"qty": "1.5"}, {"notional": "100"}]),
)
def test_fractions_and_dollars_are_for_the_day(duration: TimeInForce, size: dict[str, str]) -> None:
    """No exchange trades half a share; the broker does, and only for orders of the day. 10.0 is no fraction."""
    fields = {"symbol": "AAPL", "side": "buy", "time_in_force": duration, **size}
    whole = D(size.get("qty", "0.5")) % 1 == 0
    if whole or duration is DAY:
        accepted(OrderRequest, fields, because="whole shares go with all, the rest with DAY")
    else:
        turned_away(
            OrderRequest, fields, naming={*size, "time_in_force"}, because="fractions and dollars are for DAY orders"
        )


@given(kind=st.sampled_from(OrderType), duration=st.sampled_from(TimeInForce))
def test_extended_hours_take_a_limit_and_a_day(kind: OrderType, duration: TimeInForce) -> None:
    """At 4 a.m. the book is empty, and a market order pays whatever the only quote there asks."""
    prices = {name: PRICES[name] for name in sorted(TAKES[kind.value][0])}
    fields = {**REQUEST, "type": kind, "time_in_force": duration, **prices}
    accepted(OrderRequest, fields, because="it is for the session")
    fields["extended_hours"] = True
    if kind is LIMIT and duration is DAY:
        accepted(OrderRequest, fields, because="it is a limit order of the day")
    else:
        turned_away(
            OrderRequest,
            fields,
            naming={"extended_hours", "type", "time_in_force"},
            because="extended hours are for LIMIT orders that are DAY",
        )


def test_our_own_name_for_an_order_has_1_to_128_characters() -> None:
    """The broker takes each name once and no longer ones; cut off by it, two names would become one."""
    for length in (1, 48, 128):
        accepted(OrderRequest, REQUEST, because=f"{length} characters", client_order_id="x" * length)
    for length in (0, 129):
        turned_away(
            OrderRequest,
            REQUEST,
            naming={"client_order_id"},
            because=f"{length} characters",
            client_order_id="x" * length,
        )


@pytest.mark.parametrize(
    ("field", "value"),
    [("side", "hold"), ("side", "BUY!"), ("type", "moon"), ("time_in_force", "forever"), ("symbol", "")],
    ids=str,
)
def test_what_the_broker_does_not_know_is_refused(field: str, value: str) -> None:
    """Here it costs an exception; there it costs the moment."""
    turned_away(OrderRequest, REQUEST, naming={field}, because="the broker has no such thing", **{field: value})


# ── pydantic models: orders ──

ENDED = {"filled", "canceled", "expired", "replaced", "rejected"}


@pytest.mark.note("is-it-still-open")
def test_an_order_is_open_until_it_has_ended() -> None:
    """Taken for ended while it may still fill, it is sent again: twice the position. Five states end it, no others."""
    for status in STATUSES:
        full: Fields = {"filled_qty": 10, "filled_avg_price": "179.60"} if status is FILLED else {}
        order = accepted(Order, ORDER, status=status, **full)
        expected = status.value not in ENDED
        assert order.is_open is expected, told(
            spelled(Order, ORDER, status=status) + ".is_open", got=order.is_open, expected=expected
        )


@pytest.mark.note("is-it-still-open")
@given(fields=strategies.orders())
def test_what_is_filled_and_what_remains_is_what_was_asked_for(fields: Fields) -> None:
    """Partial fills are the rule. Counted wrong, the rest is bought twice or never."""
    in_dollars: Fields = {**fields, "qty": None, "notional": Decimal(500)}
    for reported in (fields, in_dollars):  # the same order, and one of the same story in dollars
        order = accepted(Order, reported, because="a broker may report this")
        remaining, asked, filled = order.remaining_qty, reported.get("qty"), reported["filled_qty"]
        right = remaining is None if asked is None else remaining is not None and remaining + filled == asked
        assert right, told(
            "order.remaining_qty",
            status=reported["status"],
            qty=asked,
            notional=reported.get("notional"),
            filled_qty=filled,
            got=remaining,
            expected=None if asked is None else asked - filled,
        )


@given(qty=st.integers(1, 4), status=st.one_of(st.just(FILLED), st.sampled_from(OrderStatus)))
def test_a_fill_that_contradicts_its_order_is_refused(qty: int, status: OrderStatus) -> None:
    """More than was asked for, no price for it, or FILLED and not full: the books would never balance again."""
    for filled, price in product(range(qty + 2), ("179.60", None)):
        at_fault: dict[str, str] = {}
        if filled > qty:
            at_fault["filled_qty"] = "more is filled than was asked for"
        if filled > 0 and price is None:
            at_fault["filled_avg_price"] = "something is filled, at no price"
        if status is FILLED and filled != qty:
            at_fault |= {"filled_qty": "it is FILLED and not full", "status": "it is FILLED and not full"}
        fill: Fields = {"qty": qty, "filled_qty": filled, "filled_avg_price": price, "status": status}
        if at_fault:
            because = ", and ".join(dict.fromkeys(at_fault.values()))
            turned_away(Order, ORDER, naming=set(at_fault), because=because, **fill)
        else:
            accepted(Order, ORDER, because="nothing in it contradicts itself", **fill)


@pytest.mark.note("zero-is-a-value")
def test_a_fill_at_a_price_of_zero_is_a_fill() -> None:
    """Worthless rights change hands at 0. `if filled_avg_price:` takes that for no price at all."""
    order = accepted(Order, ORDER, because="0 is a price", filled_qty=10, filled_avg_price=0, status="filled")
    assert order.filled_avg_price == 0 and order.remaining_qty == 0, told(
        "filled_avg_price, remaining_qty", got=(order.filled_avg_price, order.remaining_qty), expected=(D(0), D(0))
    )


def test_the_prices_of_an_order_are_the_brokers_business() -> None:
    """A trailing stop has a stop_price, a spread may cost less than nothing. Refused, the order is lost to us."""
    for kind, prices in {
        "trailing_stop": {"trail_percent": "1.5", "stop_price": "176.96365"},
        "limit": {"limit_price": "187.12345"},
        "market": {"limit_price": "0", "stop_price": "-0.05"},
    }.items():
        order = accepted(Order, ORDER, because="of prices the broker has the say", type=kind, **prices)
        got = {name: getattr(order, name) for name in prices}
        expected = {name: D(text) for name, text in prices.items()}
        assert got == expected, told(spelled(Order, ORDER, type=kind, **prices), got=got, expected=expected)


def test_the_size_of_an_order_is_in_shares_in_dollars_in_both_or_not_told() -> None:
    """Once filled, an order in dollars may come with both; FILLED can't be checked against shares not asked for."""
    bare = {k: v for k, v in ORDER.items() if k != "qty"}
    filled: Fields = {"filled_qty": 4, "filled_avg_price": "25"}
    cases: list[tuple[Fields, Decimal | None]] = [
        ({"qty": 10, "notional": 250, **filled}, D(6)),
        ({"qty": 10, **filled}, D(6)),
        ({"notional": 100, "status": "filled", **filled}, None),
        ({"notional": 100, "status": "filled"}, None),
        ({**filled}, None),
    ]
    for fields, expected in cases:
        order = accepted(Order, bare, because="the broker may tell one size, both or neither", **fields)
        assert order.remaining_qty == expected, told(
            spelled(Order, bare, **fields) + ".remaining_qty", got=order.remaining_qty, expected=expected
        )
    for field in ("qty", "notional"):
        turned_away(Order, bare, naming={field}, because="a size that is told is above 0", **{field: 0})


def test_an_order_in_dollars_has_no_shares_left_to_count() -> None:
    """How many shares 100 dollars will have been is known at the end; None says so, 0 would say 'done'."""
    fields = {k: v for k, v in ORDER.items() if k != "qty"} | {"notional": "100"}
    order = accepted(Order, fields, filled_qty="0.3", filled_avg_price="179.60", status="partially_filled")
    assert order.remaining_qty is None, told(
        "Order(notional='100', filled_qty='0.3', …).remaining_qty", got=order.remaining_qty, expected=None
    )


def test_a_cancelled_order_keeps_its_fill() -> None:
    """Four of ten were filled before the cancel arrived. They are in the portfolio, whatever the status says."""
    order = accepted(Order, ORDER, status="canceled", filled_qty=4, filled_avg_price="179.60")
    got = (order.is_open, order.filled_qty, order.remaining_qty)
    assert got == (False, 4, 6), told(
        spelled(Order, ORDER, status="canceled", filled_qty=4) + ": is_open, filled_qty, remaining_qty",
        got=got,
        expected=(False, D(4), D(6)),
    )


# ── pydantic models: positions ──


@given(fields=strategies.positions())
def test_value_less_cost_is_the_gain(fields: Fields) -> None:
    """To the last decimal, long or short. With floats the two columns of a report differ by a cent."""
    position = accepted(Position, fields)
    cost, value, gain = position.cost_basis, position.market_value, position.unrealized_pl
    price = fields["current_price"]
    expected = (
        fields["qty"] * fields["avg_entry_price"],
        None if price is None else fields["qty"] * price,
        None if price is None else fields["qty"] * price - fields["qty"] * fields["avg_entry_price"],
    )
    assert (cost, value, gain) == expected, told(
        "cost_basis, market_value, unrealized_pl", **fields, got=(cost, value, gain), expected=expected
    )


@given(fields=strategies.positions())
def test_a_short_position_mirrors_the_long_one(fields: Fields) -> None:
    """What one gains the other loses: all signs turn, and the side. Else a losing short looks like a winner."""
    one = accepted(Position, fields)
    other = accepted(Position, fields, qty=-fields["qty"])

    def mirrored(value: Decimal | None) -> Decimal | None:
        return None if value is None else -value

    got = (other.cost_basis, other.market_value, other.unrealized_pl)
    expected = (-one.cost_basis, mirrored(one.market_value), mirrored(one.unrealized_pl))
    assert got == expected and {one.side, other.side} == {BUY, SELL}, told(
        "cost_basis, market_value, unrealized_pl of the mirrored position",
        **{**fields, "qty": -fields["qty"]},
        got=got,
        expected=expected,
        because=f"the sides must differ too: {one.side.name} and {other.side.name}",
    )


def test_a_short_gains_when_the_price_falls() -> None:
    """Ten shares sold at 100 and now at 90: 1000 received, 900 owed, 100 gained."""
    fields = {"symbol": "AAPL", "qty": -10, "avg_entry_price": 100, "current_price": 90}
    short = accepted(Position, fields)
    got = (short.side, short.cost_basis, short.market_value, short.unrealized_pl)
    expected = (SELL, D(-1000), D(-900), D(100))
    assert got == expected, told(
        f"{spelled(Position, fields)}: side, cost_basis, market_value, unrealized_pl", got=got, expected=expected
    )


@pytest.mark.note("zero-is-a-value")
def test_worthless_is_not_without_a_price() -> None:
    """A price of 0 is a total loss; no price is no answer. `if current_price:` shows the bankrupt as unknown."""
    for price, expected in ((0, (D(0), D("-1502.50"))), (None, (None, None))):
        position = accepted(Position, POSITION, current_price=price)
        got = (position.market_value, position.unrealized_pl)
        assert got == expected, told(
            spelled(Position, POSITION, current_price=price) + ": market_value, unrealized_pl",
            got=got,
            expected=expected,
        )


def test_a_position_of_nothing_is_none() -> None:
    """A closed position is no longer in the list. One of 0 shares would be on neither side."""
    for qty in (0, "0.000"):
        turned_away(Position, POSITION, naming={"qty"}, because="0 shares are no position", qty=qty)


# ── pydantic models: accounts ──

BLOCKS = ("trading_blocked", "account_blocked", "trade_suspended_by_user")


@given(
    status=st.sampled_from(["ACTIVE", "ONBOARDING", "ACCOUNT_CLOSED", "INACTIVE"]),
    blocked=st.sets(st.sampled_from(BLOCKS)),
)
def test_an_account_trades_only_if_nothing_speaks_against_it(status: str, blocked: set[str]) -> None:
    """Each of three blocks is enough, and so is a status that isn't ACTIVE."""
    flags: Fields = {name: name in blocked for name in BLOCKS}
    account = accepted(Account, ACCOUNT, status=status, **flags)
    expected = status == "ACTIVE" and not blocked
    assert account.can_trade is expected, told(
        spelled(Account, ACCOUNT, status=status, **flags) + ".can_trade", got=account.can_trade, expected=expected
    )


def test_an_account_may_owe_money() -> None:
    """On margin cash is negative. Buying power never is."""
    account = accepted(Account, ACCOUNT, because="money is borrowed", cash="-250.75", buying_power=0)
    assert account.cash == D("-250.75"), told(
        spelled(Account, ACCOUNT, cash="-250.75") + ".cash", got=account.cash, expected=D("-250.75")
    )
    turned_away(Account, ACCOUNT, naming={"buying_power"}, because="one can't buy for less than 0", buying_power="-1")


def test_the_leverage_of_an_account_is_one_or_more() -> None:
    """A cash account has 1. A 0 would size every order at nothing, and 0.5 would halve it without a word."""
    for granted in ("1", "2", "4"):
        account = accepted(Account, ACCOUNT, because="1 is a cash account", multiplier=granted)
        assert account.multiplier == D(granted), told(
            spelled(Account, ACCOUNT, multiplier=granted) + ".multiplier", got=account.multiplier, expected=D(granted)
        )
    for wrong in ("0", "0.99", "-1"):
        turned_away(Account, ACCOUNT, naming={"multiplier"}, because="1 is a cash account", multiplier=wrong)


def test_an_account_is_read_with_and_without_the_day_trade_fields() -> None:
    """Alpaca stopped sending them in July 2026. Unknown is None; 0 day trades would be an answer."""
    without = accepted(Account, ACCOUNT, because="the broker no longer sends them")
    got = (without.pattern_day_trader, without.daytrade_count)
    assert got == (None, None), told(
        spelled(Account, ACCOUNT) + ": pattern_day_trader, daytrade_count", got=got, expected=(None, None)
    )
    old = accepted(Account, ACCOUNT, because="older recordings have them", pattern_day_trader=False, daytrade_count=0)
    got = (old.pattern_day_trader, old.daytrade_count)
    assert got == (False, 0), told(
        "Account(…, pattern_day_trader=False, daytrade_count=0)", got=got, expected=(False, 0)
    )


def test_a_new_account_may_do_nothing_special() -> None:
    """Dollars, no leverage, no short selling: what isn't granted isn't there."""
    account = Account(**ACCOUNT)
    got = (account.currency, account.multiplier, account.shorting_enabled, account.can_trade)
    assert got == ("USD", 1, False, True), told(
        f"{spelled(Account, ACCOUNT)}: currency, multiplier, shorting_enabled, can_trade",
        got=got,
        expected=("USD", D(1), False, True),
    )


# ── pydantic models: in one picture ──


@pytest.mark.parametrize("symbol", ["AAPL", "IBM"])
def test_a_week_of_real_bars(symbol: str, golden: Golden) -> None:
    """The week before the clocks changed in 2009 and the week after, as models and when each was known."""
    days = [d for d in load().bars[symbol] if datetime(2009, 3, 4).date() <= d.day <= datetime(2009, 3, 11).date()]  # noqa: DTZ001
    bars = [
        accepted(
            Bar,
            {
                "symbol": symbol,
                "timestamp": datetime(d.day.year, d.day.month, d.day.day, tzinfo=ZoneInfo("America/New_York")),
                **{k: getattr(d, k) for k in ("open", "high", "low", "close", "volume")},
            },
        )
        for d in days
    ]
    golden.check([{**bar.model_dump(), "known_at": bar.known_at} for bar in bars])


def test_the_life_of_an_order(golden: Golden) -> None:
    """Accepted, filled in three parts, and cancelled one share short; and the position that it leaves."""
    steps: list[Fields] = [
        {"status": "pending_new"},
        {"status": "new"},
        {"status": "partially_filled", "filled_qty": "0.5", "filled_avg_price": "179.61"},
        {"status": "partially_filled", "filled_qty": "9", "filled_avg_price": "179.6144"},
        {"status": "pending_cancel", "filled_qty": "9", "filled_avg_price": "179.6144"},
        {"status": "canceled", "filled_qty": "9", "filled_avg_price": "179.6144"},
    ]
    told_of: list[Fields] = []
    for step in steps:
        order = accepted(Order, {**ORDER, "type": "limit", "limit_price": "179.62", **step})
        told_of.append({**order.model_dump(), "is_open": order.is_open, "remaining_qty": order.remaining_qty})
    left = accepted(Position, {"symbol": "AAPL", "qty": "9", "avg_entry_price": "179.6144", "current_price": "181.2"})
    value = {name: getattr(left, name) for name in ("side", "cost_basis", "market_value", "unrealized_pl")}
    golden.check({"order": told_of, "position": {**left.model_dump(), **value}})
