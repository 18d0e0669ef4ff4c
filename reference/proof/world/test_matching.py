"""Where an order trades in a bar: by example, and for all bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, strategies as st

from specs.world.exchange import Costs
from specs.world.exchange.matching import Ask, Match, match
from specs.world.exchange.terms import Side
from specs.world.market import DailyBar

from .worlds import FREE, bar

BAR = bar("100", "110", "90", "105")


def ask(
    side: Side, kind: str, limit: str | None = None, stop: str | None = None, tif: str = "gtc", *, hit: bool = False
) -> Ask:
    limit_price = None if limit is None else Decimal(limit)
    return Ask(side, kind, tif, limit_price, None if stop is None else Decimal(stop), hit)


@pytest.mark.parametrize(
    ("what", "price"),
    [
        (ask("buy", "market"), "100"),
        (ask("sell", "market", tif="opg"), "100"),
        (ask("buy", "market", tif="cls"), "105"),
        (ask("buy", "limit", "102"), "100"),
        (ask("buy", "limit", "95"), "95"),
        (ask("buy", "limit", "89"), None),
        (ask("sell", "limit", "98"), "100"),
        (ask("sell", "limit", "108"), "108"),
        (ask("sell", "limit", "111"), None),
        (ask("buy", "limit", "95", tif="ioc"), None),
        (ask("buy", "limit", "100", tif="fok"), "100"),
        (ask("sell", "limit", "104", tif="cls"), "105"),
        (ask("sell", "limit", "106", tif="cls"), None),
        (ask("sell", "stop", stop="95"), "95"),
        (ask("sell", "stop", stop="102"), "100"),
        (ask("sell", "stop", stop="89"), None),
        (ask("buy", "stop", stop="107"), "107"),
        (ask("buy", "stop", stop="99"), "100"),
        (ask("sell", "trailing_stop", stop="96"), "96"),
        (ask("buy", "stop_limit", "108", "107"), "107"),
        (ask("buy", "stop_limit", "106", "107"), None),
        (ask("buy", "stop_limit", "97", "96"), "97"),
        (ask("sell", "stop_limit", "103", "104"), "103"),
        (ask("sell", "stop_limit", "94", "95", hit=True), "100"),
    ],
)
def test_an_order_trades_where_a_bar_s_four_prices_put_it(what: Ask, price: str | None) -> None:
    found = match(what, BAR, FREE).price
    assert found == (None if price is None else Decimal(price))


def test_a_stop_limit_that_fires_in_the_bar_does_not_trust_the_path() -> None:
    """Stop 107, limit 106: the bar was below 106 at some time, but nobody knows whether after 107."""
    assert match(ask("buy", "stop_limit", "106", "107"), BAR, FREE) == Match(None, triggered=True)


@pytest.mark.parametrize(
    ("side", "limit", "price"), [("buy", "100.03", "100.03"), ("buy", "101", "100.05"), ("sell", "99.97", "99.97")]
)
def test_slippage_ends_at_the_limit(side: Side, limit: str, price: str) -> None:
    """Five basis points of 100 are 0.05; a limit 0.03 away allows 0.03."""
    found = match(ask(side, "limit", limit), BAR, replace(FREE, slippage_bps=Decimal(5)))
    assert found.price == Decimal(price)
    assert found.slipped == abs(Decimal(price) - 100)


CENTS = st.integers(1, 30_000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def bars(draw: st.DrawFn) -> DailyBar:
    low, *middle, high = sorted(draw(st.lists(CENTS, min_size=4, max_size=4)))
    first, last = draw(st.permutations(middle))
    return DailyBar("AAPL", date(2005, 1, 3), first, high, low, last, Decimal(1000))


@st.composite
def asks(draw: st.DrawFn) -> Ask:
    kind = draw(st.sampled_from(["market", "limit", "stop", "stop_limit", "trailing_stop"]))
    plain = kind in {"market", "limit"}
    tif = draw(st.sampled_from(["day", "gtc", "opg", "cls", "ioc", "fok"] if plain else ["day", "gtc"]))
    return Ask(
        draw(st.sampled_from(["buy", "sell"])),
        kind,
        tif,
        draw(CENTS) if kind in {"limit", "stop_limit"} else None,
        None if plain else draw(CENTS),
    )


COSTS = st.integers(0, 300).map(lambda bps: replace(FREE, slippage_bps=Decimal(bps)))


@given(asks(), bars())
def test_without_slippage_a_fill_lies_inside_the_bar(what: Ask, traded: DailyBar) -> None:
    price = match(what, traded, FREE).price
    assume(price is not None)
    assert price is not None
    assert traded.low <= price <= traded.high


@given(asks(), bars(), COSTS)
def test_slippage_never_improves_a_price_and_leaves_the_bar_by_no_more_than_itself(
    what: Ask, traded: DailyBar, costs: Costs
) -> None:
    free, paid = match(what, traded, FREE), match(what, traded, costs)
    assert (free.price is None) == (paid.price is None)
    assume(free.price is not None)
    assert free.price is not None
    assert paid.price is not None
    worse = paid.price - free.price if what.side == "buy" else free.price - paid.price
    assert worse == paid.slipped >= 0
    allowed = costs.slipped(traded.high, "buy") if what.side == "buy" else costs.slipped(traded.low, "sell")
    assert paid.price <= allowed if what.side == "buy" else paid.price >= allowed


@given(asks(), bars(), COSTS)
def test_no_fill_is_worse_than_its_limit(what: Ask, traded: DailyBar, costs: Costs) -> None:
    price = match(what, traded, costs).price
    assume(price is not None and what.limit_price is not None)
    assert price is not None
    assert what.limit_price is not None
    assert price <= what.limit_price if what.side == "buy" else price >= what.limit_price


@given(asks(), bars())
def test_a_stop_never_fills_better_than_the_stop_or_the_open(what: Ask, traded: DailyBar) -> None:
    price = match(what, traded, FREE).price
    assume(price is not None and what.kind in {"stop", "trailing_stop"})
    assert price is not None
    assert what.stop_price is not None
    worst = max if what.side == "buy" else min
    assert price == worst(what.stop_price, traded.open)


@given(asks(), bars())
def test_selling_mirrors_buying(what: Ask, traded: DailyBar) -> None:
    """Turn prices and side upside down: the fill turns with them."""
    top = Decimal(1000)

    def over(price: Decimal | None) -> Decimal | None:
        return None if price is None else top - price

    mirrored = replace(
        what,
        side="sell" if what.side == "buy" else "buy",
        limit_price=over(what.limit_price),
        stop_price=over(what.stop_price),
    )
    flipped = replace(
        traded, open=top - traded.open, high=top - traded.low, low=top - traded.high, close=top - traded.close
    )
    here, there = match(what, traded, FREE), match(mirrored, flipped, FREE)
    assert over(here.price) == there.price
    assert here.triggered == there.triggered


@given(CENTS, st.integers(1, 10_000), st.integers(0, 100), st.integers(0, 100))
def test_commission_is_never_below_what_was_agreed(price: Decimal, qty: int, bps: int, mills: int) -> None:
    costs = Costs(commission_bps=Decimal(bps), commission_per_share=Decimal(mills) / 1000)
    exact = price * qty * bps / 10_000 + costs.commission_per_share * qty
    assert exact <= costs.commission(Decimal(qty), price) < exact + Decimal("0.01")


@pytest.mark.parametrize(
    ("name", "value"),
    [("slippage_bps", "-1"), ("commission_per_share", "-0.01"), ("volume_share", "0"), ("volume_share", "1.1")],
)
def test_costs_that_would_pay_the_trader_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(FREE, **{name: Decimal(value)})  # pyright: ignore[reportArgumentType]
