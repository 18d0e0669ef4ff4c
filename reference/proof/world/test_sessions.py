"""What a session does to orders, positions and cash, bar by bar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from specs.world.exchange import Costs, EndOfDataError, Exchange
from specs.world.exchange.rejects import RejectError
from specs.world.market import CorporateAction, load

from .worlds import FREE, Row, exchange_on, order, weekdays

FLAT: Row = ("100", "100", "100", "100")
D = Decimal


def state(exchange: Exchange, sent: Any) -> tuple[str, Decimal, Decimal | None]:
    found = exchange.order(sent.id)
    return found.status, found.filled_qty, found.average


def test_an_order_fills_in_the_next_bar_and_never_in_the_one_it_was_decided_on() -> None:
    exchange = exchange_on([FLAT, ("50", "51", "49", "50")])
    sent = exchange.submit(order())
    assert state(exchange, sent) == ("accepted", 0, None)
    exchange.advance()
    assert state(exchange, sent) == ("filled", 10, 50)


def test_a_day_order_expires_and_a_gtc_order_waits() -> None:
    exchange = exchange_on([FLAT, FLAT, ("100", "100", "90", "95")])
    day = exchange.submit(order(kind="limit", limit_price="92"))
    gtc = exchange.submit(order(kind="limit", limit_price="92", time_in_force="gtc"))
    exchange.advance()
    assert (exchange.order(day.id).status, exchange.order(gtc.id).status) == ("expired", "new")
    exchange.advance()
    assert state(exchange, gtc) == ("filled", 10, 92)


@pytest.mark.parametrize("tif", ["opg", "cls", "ioc", "fok"])
def test_what_one_moment_does_not_fill_is_cancelled(tif: str) -> None:
    exchange = exchange_on([FLAT, ("100", "105", "90", "102")])
    sent = exchange.submit(order(kind="limit", limit_price="95", time_in_force=tif))
    exchange.advance()
    assert state(exchange, sent) == ("canceled", 0, None)


def test_volume_caps_a_fill_and_the_rest_waits() -> None:
    """A tenth of 1,000 shares is 100: three bars for 250."""
    exchange = exchange_on(
        [FLAT] + [("100", "100", "100", "100", 1000)] * 3, costs=replace(FREE, volume_share=D("0.1"))
    )
    sent = exchange.submit(order(qty="250", kind="limit", limit_price="100", time_in_force="gtc"))
    seen: list[tuple[str, Decimal]] = []
    for _ in range(3):
        exchange.advance()
        seen.append(state(exchange, sent)[:2])
    assert seen == [("partially_filled", 100), ("partially_filled", 200), ("filled", 250)]
    assert [fill.qty for fill in exchange.fills] == [100, 100, 50]


def test_orders_share_one_bar_s_volume() -> None:
    exchange = exchange_on([FLAT, ("100", "100", "100", "100", 1000)], costs=replace(FREE, volume_share=D("0.1")))
    first, second = exchange.submit(order(qty="80")), exchange.submit(order(qty="80"))
    exchange.advance()
    assert state(exchange, first)[:2] == ("filled", 80)
    assert state(exchange, second)[:2] == ("expired", 20)


def test_fill_or_kill_takes_all_or_nothing_and_immediate_or_cancel_what_there_is() -> None:
    for tif, filled in (("fok", 0), ("ioc", 100)):
        exchange = exchange_on([FLAT, ("100", "100", "100", "100", 1000)], costs=replace(FREE, volume_share=D("0.1")))
        sent = exchange.submit(order(qty="250", time_in_force=tif))
        exchange.advance()
        assert state(exchange, sent)[:2] == ("canceled", filled)


def test_a_gap_fills_a_stop_at_the_open_and_not_at_the_stop() -> None:
    exchange = exchange_on([FLAT, FLAT, ("80", "85", "78", "84")])
    exchange.submit(order())
    exchange.advance()
    stop = exchange.submit(order("sell", kind="stop", stop_price="95", time_in_force="gtc"))
    exchange.advance()
    assert state(exchange, stop) == ("filled", 10, 80)


def test_a_trailing_stop_follows_the_highs_and_never_comes_back() -> None:
    rows: list[Row] = [
        FLAT,
        FLAT,
        ("100", "120", "99", "119"),
        ("119", "119", "112", "113"),
        ("113", "114", "107", "108"),
    ]
    exchange = exchange_on(rows)
    exchange.submit(order())
    exchange.advance()
    stop = exchange.submit(order("sell", kind="trailing_stop", trail_price="10", time_in_force="gtc"))
    marks: list[Decimal | None] = []
    for _ in range(3):
        marks.append(exchange.order(stop.id).stop_price)
        exchange.advance()
    assert marks == [90, 110, 110]
    assert state(exchange, stop) == ("filled", 10, 110)


def test_the_stop_comes_before_the_target_when_one_bar_holds_both() -> None:
    """Half of the position each: the bar reaches 95 and 105, and nobody knows which first."""
    exchange = exchange_on([FLAT, FLAT, ("100", "106", "94", "100")])
    exchange.submit(order(qty="20"))
    exchange.advance()
    exchange.submit(order("sell", kind="limit", limit_price="105", time_in_force="gtc"))
    exchange.submit(order("sell", kind="stop", stop_price="95", time_in_force="gtc"))
    exchange.advance()
    assert [fill.price for fill in exchange.fills[1:]] == [95, 105]


def test_a_split_restates_positions_and_open_orders() -> None:
    split = CorporateAction("AAPL", weekdays(3)[2], "split", ratio=D(2))
    exchange = exchange_on([FLAT, FLAT, ("50", "52", "48", "50")], actions=[split])
    exchange.submit(order(qty="11"))
    exchange.advance()
    before = exchange.ledger.equity
    target = exchange.submit(order("sell", qty="5", kind="limit", limit_price="110.01", time_in_force="gtc"))
    stop = exchange.submit(order("sell", qty="3", kind="stop", stop_price="90.01", time_in_force="gtc"))
    exchange.advance()
    holding = exchange.ledger.holdings["AAPL"]
    assert (holding.qty, holding.average, exchange.ledger.equity) == (22, 50, before)
    restated = exchange.order(target.id).terms, exchange.order(stop.id).terms
    assert [(t.qty, t.limit_price or t.stop_price) for t in restated] == [(10, D("55.01")), (6, D("45.00"))]


def test_a_split_restates_what_a_half_filled_order_has_filled() -> None:
    """100 of 250 bought at 100: after 2:1 that is 200 of 500 at 50, and 300 are still wanted."""
    split = CorporateAction("AAPL", weekdays(3)[2], "split", ratio=D(2))
    rows: list[Row] = [FLAT, ("100", "100", "100", "100", 100), ("50", "50", "50", "50", 300)]
    exchange = exchange_on(rows, actions=[split])
    sent = exchange.submit(order(qty="250", kind="limit", limit_price="100", time_in_force="gtc"))
    exchange.advance()
    assert state(exchange, sent) == ("partially_filled", 100, 100)
    exchange.advance()
    assert state(exchange, sent) == ("filled", 500, 50)
    assert exchange.ledger.qty("AAPL") == 500
    assert exchange.ledger.cash == 75_000


def test_apple_s_split_of_2005_changes_the_shares_and_not_the_equity() -> None:
    exchange = Exchange(load(), as_of=date(2005, 2, 24), costs=FREE)
    exchange.submit(order(qty="100"))
    exchange.advance()
    exchange.advance()
    assert exchange.ledger.qty("AAPL") == 200
    bought = exchange.fills[0].price
    assert exchange.ledger.equity == 100_000 - 100 * bought + 200 * D("44.86")


def test_twelve_years_of_apple_agree_with_the_source_s_adjusted_close() -> None:
    """Two splits and no dividend before 2012-08: what a holder has must follow the adjusted close."""
    bars = {bar.day: bar for bar in load().bars["AAPL"]}
    first, last = date(2000, 3, 1), date(2012, 8, 8)
    exchange = Exchange(load().only(["AAPL"]), as_of=first, costs=FREE)
    exchange.submit(order(qty="100"))
    exchange.advance()
    cost = exchange.fills[0].price * 100 - 100 * bars[exchange.today].close
    start = bars[exchange.today].adjusted_close
    while exchange.today < last:
        exchange.advance()
    end = bars[last].adjusted_close
    assert start is not None
    assert end is not None
    grown = (exchange.ledger.equity - exchange.ledger.cash) / (exchange.fills[0].price * 100 - cost)
    assert float(grown) == pytest.approx(float(end / start), rel=1e-6)
    assert exchange.ledger.qty("AAPL") == 400


def test_microsoft_s_special_dividend_is_paid_to_a_long_and_charged_to_a_short() -> None:
    for side, paid in (("buy", 308), ("sell", -308)):
        exchange = Exchange(load(), as_of=date(2004, 11, 11), costs=FREE)
        exchange.submit(order(side, qty="100", symbol="MSFT"))
        exchange.advance()
        cash = exchange.ledger.cash
        exchange.advance()
        assert exchange.today == date(2004, 11, 15)
        assert exchange.ledger.cash - cash == exchange.ledger.dividends == paid


def test_buying_on_the_ex_date_earns_no_dividend() -> None:
    exchange = Exchange(load(), as_of=date(2004, 11, 12), costs=FREE)
    exchange.submit(order(qty="100", symbol="MSFT"))
    exchange.advance()
    assert exchange.ledger.dividends == 0


def test_costs_are_paid_on_both_sides() -> None:
    costs = Costs(slippage_bps=D(10), commission_bps=D(1), commission_per_share=D("0.01"))
    exchange = exchange_on([FLAT, FLAT, FLAT], costs=costs)
    exchange.submit(order(qty="100"))
    exchange.advance()
    exchange.close_position("AAPL")
    exchange.advance()
    bought, sold = exchange.fills
    assert (bought.price, bought.commission, bought.slippage) == (D("100.1"), D("2.01"), 10)
    assert (sold.price, sold.commission, sold.slippage) == (D("99.9"), 2, 10)
    assert exchange.ledger.cash == 100_000 - D("24.01")


def test_a_replacement_carries_what_was_already_filled() -> None:
    exchange = exchange_on(
        [FLAT] + [("100", "100", "100", "100", 1000)] * 3, costs=replace(FREE, volume_share=D("0.1"))
    )
    old = exchange.submit(order(qty="250", kind="limit", limit_price="100", time_in_force="gtc"))
    exchange.advance()
    with pytest.raises(RejectError, match="qty must be > filled_qty"):
        exchange.replace(old.id, {"qty": "100"})
    new = exchange.replace(old.id, {"qty": "150"})
    assert (new.filled_qty, new.remaining) == (100, 50)
    exchange.advance()
    assert state(exchange, new) == ("filled", 150, 100)
    assert exchange.ledger.qty("AAPL") == 150


def test_a_refused_replacement_leaves_the_old_order_alone() -> None:
    exchange = exchange_on([FLAT, FLAT])
    old = exchange.submit(order(kind="limit", limit_price="90"))
    for change in ({"qty": "5000"}, {"limit_price": "90.001"}, {"client_order_id": old.client_order_id}):
        with pytest.raises(RejectError):
            exchange.replace(old.id, change)
    assert [o.id for o in exchange.open_orders] == [old.id]


def test_a_short_order_holds_three_percent_more_than_the_last_price() -> None:
    """Its price may rise before it trades; 100,000 USD carry 1,941 short shares at 100, not 2,000."""
    exchange = exchange_on([FLAT, FLAT])
    with pytest.raises(RejectError, match="insufficient buying power") as caught:
        exchange.submit(order("sell", qty="1942"))
    assert caught.value.body["cost_basis"] == "200026"
    exchange.submit(order("sell", qty="1941"))
    assert exchange.buying_power == 200_000 - 1941 * 103


def test_a_cover_can_not_buy_more_than_the_short() -> None:
    exchange = exchange_on([FLAT, FLAT, FLAT])
    exchange.submit(order("sell"))
    exchange.advance()
    with pytest.raises(RejectError, match="insufficient qty"):
        exchange.submit(order(qty="11"))
    exchange.submit(order())
    exchange.advance()
    assert not exchange.ledger.holdings
    assert exchange.ledger.cash == 100_000


def test_after_the_last_bar_there_is_no_session() -> None:
    exchange = exchange_on([FLAT, FLAT])
    exchange.advance()
    with pytest.raises(EndOfDataError):
        exchange.advance()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"as_of": date(2005, 1, 1)}, "as_of"), ({"cash": D(-1)}, "cash"), ({"multiplier": 4}, "multiplier")],
)
def test_an_impossible_exchange_is_refused(wrong: dict[str, Any], message: str) -> None:
    options: dict[str, Any] = {"as_of": date(2005, 1, 3), **wrong}
    with pytest.raises(ValueError, match=message):
        Exchange(load(), **options)
