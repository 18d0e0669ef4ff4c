"""Market data through the real SDK: what is known, in pages, adjusted on request."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import requests
from alpaca.common.enums import Sort
from alpaca.data.enums import Adjustment, DataFeed
from alpaca.data.requests import StockBarsRequest, StockLatestBarRequest
from alpaca.data.timeframe import TimeFrame

from specs.world.exchange import Exchange
from specs.world.market import load

from .worlds import Clients, served

DAY: Any = TimeFrame.Day
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> Generator[Clients]:
    """The recorded market after the close of 2005-03-01, the day after Apple's split."""
    with served(Exchange(load(), as_of=date(2005, 3, 1))) as clients:
        yield clients


def closes(world: Clients, symbol: str = "AAPL", **more: Any) -> list[float]:
    fields: dict[str, Any] = {"start": LONG_AGO, **more}
    request = StockBarsRequest(symbol_or_symbols=symbol, timeframe=DAY, **fields)
    return [bar.close for bar in world.data.get_stock_bars(request).data.get(symbol, [])]


def raw(world: Clients, **params: str) -> requests.Response:
    keys = {"APCA-API-KEY-ID": world.exchange.key, "APCA-API-SECRET-KEY": world.exchange.secret}
    query = {"symbols": "AAPL", "timeframe": "1Day", "start": "2005-02-22", **params}
    return requests.get(f"{world.url}/v2/stocks/bars", params=query, headers=keys, timeout=10)


def test_bars_end_with_the_last_session_played(world: Clients) -> None:
    newest_first = closes(world, limit=2, sort=Sort.DESC, feed=DataFeed.IEX)
    assert newest_first == [44.5, 44.86]
    request = StockBarsRequest(symbol_or_symbols="AAPL", timeframe=DAY, start=LONG_AGO)
    last = world.data.get_stock_bars(request).data["AAPL"][-1]
    assert last.timestamp == datetime(2005, 3, 1, 5, tzinfo=UTC)


def test_raw_bars_show_the_split_and_adjusted_ones_do_not(world: Clients) -> None:
    start = datetime(2005, 2, 25, tzinfo=UTC)
    assert closes(world, start=start) == [88.99, 44.86, 44.5]
    assert closes(world, start=start, adjustment=Adjustment.SPLIT) == [44.495, 44.86, 44.5]


def test_adjustment_knows_nothing_of_a_split_to_come() -> None:
    """On the eve of the split nobody has halved the past; a replay that did would look ahead."""
    with served(Exchange(load(), as_of=date(2005, 2, 25))) as before:
        found = closes(before, limit=1, sort=Sort.DESC, adjustment=Adjustment.ALL)
        assert found == [88.99]


def test_dividends_are_adjusted_on_request(world: Clients) -> None:
    start, end = datetime(2004, 11, 12, tzinfo=UTC), datetime(2004, 11, 16, tzinfo=UTC)
    plain = closes(world, "MSFT", start=start, end=end)
    adjusted = closes(world, "MSFT", start=start, end=end, adjustment=Adjustment.ALL)
    assert plain == [29.97, 27.39]
    days = {bar.day: bar.adjusted_close for bar in load().bars["MSFT"]}
    before, after = days[date(2004, 11, 12)], days[date(2004, 11, 15)]
    assert before is not None
    assert after is not None
    assert adjusted[0] / adjusted[1] == pytest.approx(float(before / after), rel=1e-5)
    # By then one more dividend, 0.08 on 2005-02-15, has been paid.
    assert 27.2 < adjusted[1] < plain[1]


def test_pages_join_to_the_whole(world: Clients) -> None:
    whole = raw(world, symbols="AAPL,IBM").json()
    assert whole["next_page_token"] is None
    parts: dict[str, list[Any]] = {}
    token, pages = "", 0
    while token is not None:
        page = raw(world, symbols="IBM,AAPL", limit="3", **({"page_token": token} if token else {})).json()
        assert 1 <= sum(len(bars) for bars in page["bars"].values()) <= 3
        for symbol, bars in page["bars"].items():
            parts.setdefault(symbol, []).extend(bars)
        token, pages = page["next_page_token"], pages + 1
    assert parts == whole["bars"]
    assert pages == 4


def test_the_sdk_follows_pages_by_itself(world: Clients) -> None:
    request = StockBarsRequest(symbol_or_symbols=["AAPL", "IBM", "MSFT"], timeframe=DAY, start=LONG_AGO)
    found = world.data.get_stock_bars(request).data
    sessions = sum(1 for bar in load().bars["AAPL"] if bar.day <= date(2005, 3, 1))
    assert {symbol: len(bars) for symbol, bars in found.items()} == dict.fromkeys(("AAPL", "IBM", "MSFT"), sessions)


def test_an_unknown_or_unlisted_symbol_has_no_bars_and_is_no_error(world: Clients) -> None:
    assert raw(world, symbols="NOPE,FB").json() == {"bars": {}, "next_page_token": None}


def test_without_a_start_only_today_is_asked_for(world: Clients) -> None:
    """As on the real service; a client that forgets `start` gets nothing before the open."""
    assert raw(world, start="").json()["bars"] == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeframe", "1Min"),
        ("feed", "bloomberg"),
        ("sort", "up"),
        ("adjustment", "magic"),
        ("limit", "0"),
        ("limit", "10001"),
        ("start", "yesterday"),
        ("page_token", "%%%"),
        ("page_token", "QUFQTHxEfDE5OTktMDEtMDE="),
        ("symbols", ""),
    ],
)
def test_unusable_parameters_are_a_400_that_names_them(world: Clients, name: str, value: str) -> None:
    answer = raw(world, **{name: value})
    assert answer.status_code == 400
    assert name in answer.json()["message"]


def test_the_latest_bar_is_the_last_session_s(world: Clients) -> None:
    found = world.data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=["AAPL", "FB"]))
    assert {symbol: bar.close for symbol, bar in found.items()} == {"AAPL": 44.5}
