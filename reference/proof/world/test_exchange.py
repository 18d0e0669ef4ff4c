"""The exchange through the real SDK: an unmodified alpaca-py trades against it on loopback."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
from alpaca.common.enums import Sort
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderStatus, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    TrailingStopOrderRequest,
)

from specs.world.exchange import Exchange
from specs.world.market import load

from .worlds import Clients, refused, served

FRIDAY = date(2004, 12, 31)


@pytest.fixture
def world() -> Generator[Clients]:
    """The recorded market on the evening of 2004-12-31."""
    with served(Exchange(load(), as_of=FRIDAY)) as clients:
        yield clients


@pytest.fixture(scope="module")
def untouched() -> Generator[Clients]:
    """The same, shared by tests that leave no order behind."""
    with served(Exchange(load(), as_of=FRIDAY)) as clients:
        yield clients


def buy(symbol: str = "AAPL", qty: float = 10, **more: Any) -> MarketOrderRequest:
    return MarketOrderRequest(symbol=symbol, qty=qty, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, **more)


def limit(side: OrderSide, price: float, qty: float = 10, tif: TimeInForce = TimeInForce.GTC) -> LimitOrderRequest:
    return LimitOrderRequest(symbol="AAPL", qty=qty, side=side, time_in_force=tif, limit_price=price)


def test_a_day_in_the_life_of_an_order(world: Clients) -> None:
    """Accepted in the evening, filled at the next open, a position and less cash afterwards."""
    sent = world.trading.submit_order(buy(client_order_id="first"))
    assert sent.status == OrderStatus.ACCEPTED
    world.exchange.advance()
    filled = world.trading.get_order_by_client_id("first")
    assert (filled.id, filled.status, filled.filled_qty) == (sent.id, OrderStatus.FILLED, "10")
    # The open of 2005-01-03 was 64.78; 5 basis points are 0.03239, and a buy's price goes up to 64.8124.
    assert filled.filled_avg_price == "64.8124"
    assert filled.filled_at is not None
    assert filled.filled_at.replace(microsecond=0) == datetime(2005, 1, 3, 14, 30, tzinfo=UTC)
    position = world.trading.get_open_position("AAPL")
    assert (position.qty, position.current_price, position.market_value) == ("10", "63.29", "632.9")
    account = world.trading.get_account()
    assert Decimal(account.cash) == 100_000 - 10 * Decimal("64.8124") - Decimal("0.05")
    assert Decimal(account.equity) == Decimal(account.cash) + Decimal("632.9")
    assert "pattern_day_trader" not in account.model_dump(exclude_none=True)


def test_wrong_keys_open_nothing(untouched: Clients) -> None:
    stranger = TradingClient("someone", "else", url_override=untouched.url)
    assert refused(stranger.get_account) == (401, {"code": 40110000, "message": "request is not authorized"})


def test_clock_and_calendar_follow_new_york(untouched: Clients) -> None:
    clock = untouched.trading.get_clock()
    assert not clock.is_open
    assert clock.timestamp.isoformat() == "2005-01-03T09:00:00-05:00"
    assert clock.next_open.isoformat() == "2005-01-03T09:30:00-05:00"
    asked = GetCalendarRequest(start=date(2004, 11, 24), end=date(2004, 11, 29))
    found = [(day.date.isoformat(), day.close.hour) for day in untouched.trading.get_calendar(asked)]
    assert found == [("2004-11-24", 16), ("2004-11-26", 13), ("2004-11-29", 16)]


def test_assets_are_what_trades_by_now(untouched: Clients) -> None:
    assert [asset.symbol for asset in untouched.trading.get_all_assets()] == ["AAPL", "GOOG", "IBM", "MSFT"]
    assert untouched.trading.get_asset("IBM").fractionable
    assert refused(lambda: untouched.trading.get_asset("FB"))[0] == 404


def test_orders_are_found_by_status_symbol_side_and_time(world: Clients) -> None:
    first = world.trading.submit_order(buy())
    world.exchange.advance()
    second = world.trading.submit_order(buy("IBM"))
    third = world.trading.submit_order(limit(OrderSide.SELL, 90.0))

    def ids(**query: Any) -> list[Any]:
        return [order.id for order in world.trading.get_orders(GetOrdersRequest(**query))]

    assert [order.id for order in world.trading.get_orders()] == [third.id, second.id]
    assert ids(status=QueryOrderStatus.CLOSED) == [first.id]
    assert ids(status=QueryOrderStatus.ALL, direction=Sort.ASC) == [first.id, second.id, third.id]
    assert ids(status=QueryOrderStatus.ALL, symbols=["AAPL"], side=OrderSide.BUY) == [first.id]
    assert ids(status=QueryOrderStatus.ALL, after=first.submitted_at, limit=1) == [third.id]
    assert ids(status=QueryOrderStatus.ALL, until=first.submitted_at) == [first.id]
    assert world.trading.get_order_by_id(first.id).symbol == "AAPL"


def test_unknown_orders_and_positions_are_404(untouched: Clients) -> None:
    missing = "001c0b29-5bc9-45c4-bd32-5ba323c997b3"
    expected = (404, {"code": 40410000, "message": f"order not found for {missing}"})
    assert refused(lambda: untouched.trading.get_order_by_id(missing)) == expected
    assert refused(lambda: untouched.trading.cancel_order_by_id(missing)) == expected
    assert refused(lambda: untouched.trading.get_order_by_client_id("none"))[0] == 404
    no_position = (404, {"code": 40410000, "message": "position does not exist"})
    assert refused(lambda: untouched.trading.get_open_position("IBM")) == no_position
    assert refused(lambda: untouched.trading.close_position("IBM")) == no_position


def test_more_than_the_buying_power_is_refused(untouched: Clients) -> None:
    status, body = refused(lambda: untouched.trading.submit_order(buy(qty=3200)))
    assert (status, body) == (
        403,
        {
            "buying_power": "200000",
            "code": 40310000,
            "cost_basis": "206080",
            "message": "insufficient buying power",
        },
    )


def test_open_orders_hold_buying_power_until_they_are_cancelled(world: Clients) -> None:
    sent = world.trading.submit_order(limit(OrderSide.BUY, 50.0, qty=3000))
    assert world.trading.get_account().buying_power == "50000"
    assert refused(lambda: world.trading.submit_order(buy("IBM", 1000)))[1]["buying_power"] == "50000"
    world.trading.cancel_order_by_id(sent.id)
    assert world.trading.get_account().buying_power == "200000"
    assert world.trading.get_order_by_id(sent.id).status == OrderStatus.CANCELED


def test_shares_that_an_order_holds_cannot_be_sold_twice(world: Clients) -> None:
    world.trading.submit_order(buy())
    world.exchange.advance()
    world.trading.submit_order(limit(OrderSide.SELL, 90.0, qty=8))
    assert world.trading.get_open_position("AAPL").qty_available == "2"
    status, body = refused(lambda: world.trading.submit_order(limit(OrderSide.SELL, 91.0, qty=5)))
    assert (status, body) == (
        403,
        {
            "available": "2",
            "code": 40310000,
            "existing_qty": "10",
            "held_for_orders": "8",
            "message": "insufficient qty available for order (requested: 5, available: 2)",
            "symbol": "AAPL",
        },
    )


def test_a_repeated_client_order_id_never_makes_a_second_order(world: Clients) -> None:
    world.trading.submit_order(buy(client_order_id="once"))
    again = refused(lambda: world.trading.submit_order(buy(client_order_id="once")))
    assert again == (422, {"code": 40010001, "message": "client_order_id must be unique"})
    world.exchange.advance()
    assert refused(lambda: world.trading.submit_order(buy("IBM", client_order_id="once")))[0] == 422
    assert len(world.trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL))) == 1
    assert world.trading.get_open_position("AAPL").qty == "10"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"type": "limit"}, 40010001, "limit orders require only limit price"),
        ({"type": "stop"}, 40010001, "stop orders require only stop price"),
        ({"limit_price": "5"}, 40010001, "market orders require no stop or limit price"),
        ({"type": "limit", "limit_price": "11.055"}, 42210000, "invalid limit_price 11.055. sub-penny increment"),
        ({"type": "trailing_stop"}, 40010001, "trailing stop orders must specify one of"),
        ({"notional": "100"}, 40010001, "only one of qty or notional"),
        ({"qty": None}, 40010001, "qty or notional is required"),
        ({"qty": "0"}, 40010001, "qty must be > 0"),
        ({"qty": "-1"}, 40010001, "qty must be > 0"),
        ({"qty": "NaN"}, 40010001, "qty must be a number"),
        ({"qty": "0.5", "time_in_force": "gtc"}, 42210000, "fractional orders must be DAY orders"),
        ({"qty": "0.5", "side": "sell"}, 42210000, "fractional orders cannot be sold short"),
        ({"symbol": "NOPE"}, 42210000, 'asset "NOPE" not found'),
        ({"symbol": "FB"}, 42210000, 'asset "FB" not found'),
        ({"side": "hold"}, 40010001, "invalid side: hold"),
        ({"time_in_force": "gtd"}, 40010001, "invalid time_in_force: gtd"),
        ({"type": "stop", "stop_price": "60", "time_in_force": "ioc"}, 42210000, "invalid time_in_force ioc"),
        ({"extended_hours": True}, 42210000, "extended hours order must be DAY limit orders"),
        ({"client_order_id": "x" * 129}, 40010001, "client_order_id must be no more than 128"),
        ({"order_class": "bracket"}, 42210000, "order_class 'bracket' is not supported"),
    ],
)
def test_an_impossible_order_is_a_422(untouched: Clients, body: dict[str, Any], code: int, message: str) -> None:
    """Sent without the SDK, which refuses most of these itself."""
    good = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "1"}
    keys = {"APCA-API-KEY-ID": untouched.exchange.key, "APCA-API-SECRET-KEY": untouched.exchange.secret}
    answer = requests.post(f"{untouched.url}/v2/orders", json={**good, **body}, headers=keys, timeout=10)
    assert answer.status_code == 422
    assert answer.json()["code"] == code
    assert answer.json()["message"].startswith(message)
    assert not untouched.exchange.orders


def test_a_body_that_is_no_json_object_is_a_422(untouched: Clients) -> None:
    keys = {"APCA-API-KEY-ID": untouched.exchange.key, "APCA-API-SECRET-KEY": untouched.exchange.secret}
    for text in ("", "[]", "{"):
        answer = requests.post(f"{untouched.url}/v2/orders", data=text, headers=keys, timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (422, 40010000)


def test_an_order_that_could_trade_with_our_own_is_refused(world: Clients) -> None:
    world.trading.submit_order(limit(OrderSide.BUY, 60.0))
    world.trading.submit_order(limit(OrderSide.SELL, 61.0))
    status, body = refused(lambda: world.trading.submit_order(limit(OrderSide.SELL, 60.0)))
    assert (status, body) == (
        422,
        {"code": 42210000, "message": "potential wash trade detected. use complex orders"},
    )


def test_a_filled_order_cannot_be_cancelled_or_replaced(world: Clients) -> None:
    sent = world.trading.submit_order(buy())
    world.exchange.advance()
    expected = (422, {"code": 42210000, "message": 'order is already in "filled" state'})
    assert refused(lambda: world.trading.cancel_order_by_id(sent.id)) == expected
    assert refused(lambda: world.trading.replace_order_by_id(sent.id, ReplaceOrderRequest(qty=5))) == expected


def test_replacing_an_order_leaves_one_open(world: Clients) -> None:
    old = world.trading.submit_order(limit(OrderSide.BUY, 50.0))
    new = world.trading.replace_order_by_id(old.id, ReplaceOrderRequest(limit_price=51.5, qty=12))
    assert (new.replaces, new.limit_price, new.qty) == (old.id, "51.5", "12")
    gone = world.trading.get_order_by_id(old.id)
    assert (gone.status, gone.replaced_by) == (OrderStatus.REPLACED, new.id)
    assert [order.id for order in world.trading.get_orders()] == [new.id]
    assert world.trading.get_account().buying_power == str(200_000 - 618)


def test_cancelling_all_orders_reports_each(world: Clients) -> None:
    sent = [world.trading.submit_order(limit(OrderSide.BUY, price)) for price in (50.0, 51.0)]
    assert [(done.id, done.status) for done in world.trading.cancel_orders()] == [(o.id, 200) for o in sent]
    assert not world.trading.get_orders()


def test_positions_close_in_part_and_all_at_once(world: Clients) -> None:
    for symbol in ("AAPL", "IBM"):
        world.trading.submit_order(buy(symbol))
    world.exchange.advance()
    half = world.trading.close_position("AAPL", ClosePositionRequest(percentage="50"))
    assert (half.side, half.qty) == (OrderSide.SELL, "5")
    closed = world.trading.close_all_positions(cancel_orders=True)
    assert [(done.symbol, done.status) for done in closed] == [("AAPL", 200), ("IBM", 200)]
    world.exchange.advance()
    assert not world.trading.get_all_positions()
    assert not world.exchange.ledger.holdings


def test_a_notional_order_spends_no_more_than_its_notional(world: Clients) -> None:
    request = MarketOrderRequest(symbol="AAPL", notional=500.0, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
    sent = world.trading.submit_order(request)
    assert (sent.qty, sent.notional) == (None, "500")
    world.exchange.advance()
    filled = world.trading.get_order_by_id(sent.id)
    spent = Decimal(str(filled.filled_qty)) * Decimal(str(filled.filled_avg_price))
    assert filled.status == OrderStatus.FILLED
    assert Decimal("499.99") < spent <= 500


def test_a_trailing_stop_shows_its_mark_and_its_stop(world: Clients) -> None:
    world.trading.submit_order(buy())
    world.exchange.advance()
    request = TrailingStopOrderRequest(
        symbol="AAPL", qty=10, side=OrderSide.SELL, time_in_force=TimeInForce.GTC, trail_percent=5.0
    )
    sent = world.trading.submit_order(request)
    assert (sent.hwm, sent.stop_price, sent.trail_percent) == ("63.29", "60.12", "5")


def test_a_short_ties_up_more_than_its_proceeds(world: Clients) -> None:
    """Regulation T: selling 500 IBM short brings cash, and buying power falls all the same."""
    before = Decimal(str(world.trading.get_account().buying_power))
    request = MarketOrderRequest(symbol="IBM", qty=500, side=OrderSide.SELL, time_in_force=TimeInForce.DAY)
    world.trading.submit_order(request)
    world.exchange.advance()
    position = world.trading.get_open_position("IBM")
    assert (position.side.value, position.qty) == ("short", "-500")
    account = world.trading.get_account()
    assert Decimal(account.cash) > 100_000
    assert Decimal(account.equity) == Decimal(account.cash) + Decimal(position.market_value)
    assert Decimal(account.buying_power) == 2 * Decimal(account.equity) + Decimal(position.market_value)
    assert Decimal(account.buying_power) < before
    assert Decimal(account.non_marginable_buying_power) < 100_000


def test_a_cash_account_cannot_sell_short() -> None:
    with served(Exchange(load(), as_of=FRIDAY, multiplier=1)) as world:
        request = MarketOrderRequest(symbol="IBM", qty=1, side=OrderSide.SELL, time_in_force=TimeInForce.DAY)
        assert refused(lambda: world.trading.submit_order(request))[0] == 403
        assert world.trading.get_account().buying_power == "100000"
        assert not world.trading.get_account().shorting_enabled


def test_the_admin_route_moves_time_and_says_when_there_is_none_left(world: Clients) -> None:
    keys = {"APCA-API-KEY-ID": world.exchange.key, "APCA-API-SECRET-KEY": world.exchange.secret}
    first = requests.post(f"{world.url}/sim/advance", headers=keys, timeout=10)
    assert first.json() == {"date": "2005-01-03", "equity": "100000"}
    assert requests.post(f"{world.url}/sim/advance", timeout=10).status_code == 401
    with served(Exchange(load(), as_of=date(2013, 3, 1))) as over:
        assert requests.post(f"{over.url}/sim/advance", headers=keys, timeout=10).status_code == 409


def test_unknown_routes_are_404(untouched: Clients) -> None:
    keys = {"APCA-API-KEY-ID": untouched.exchange.key, "APCA-API-SECRET-KEY": untouched.exchange.secret}
    answer = requests.get(f"{untouched.url}/v2/nothing", headers=keys, timeout=10)
    assert (answer.status_code, answer.json()) == (404, {"message": "endpoint not found."})
