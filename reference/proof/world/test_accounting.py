"""For all markets and all orders: nothing is lost, nothing is made up, and a replay is the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import given, strategies as st

from specs.world.exchange import Costs, Exchange, wire
from specs.world.exchange.money import times
from specs.world.exchange.rejects import RejectError
from specs.world.market import CorporateAction, Market

from .worlds import Row, cash_by_fills, market, weekdays

SYMBOLS = ("AAPL", "MSFT")
CASH = Decimal(10_000)
CENTS = st.integers(500, 20_000).map(lambda cents: Decimal(cents) / 100)


@dataclass(frozen=True)
class Story:
    """A market, its costs, and what the trader does before each session."""

    market: Market
    costs: Costs
    multiplier: int
    moves: list[list[dict[str, Any]]]


@st.composite
def rows(draw: st.DrawFn) -> Row:
    low, one, two, high = sorted(draw(st.lists(CENTS, min_size=4, max_size=4)))
    first, last = draw(st.permutations([one, two]))
    return str(first), str(high), str(low), str(last), draw(st.integers(0, 2_000))


@st.composite
def moves(draw: st.DrawFn) -> dict[str, Any]:
    what = draw(st.sampled_from(["submit"] * 6 + ["cancel", "replace", "close"]))
    pick = draw(st.integers(0, 9))
    if what == "cancel":
        return {"do": what, "pick": pick}
    if what == "replace":
        return {"do": what, "pick": pick, "body": {"qty": str(draw(st.integers(1, 80)))}}
    if what == "close":
        return {"do": what, "symbol": draw(st.sampled_from(SYMBOLS))}
    kind = draw(st.sampled_from(["market", "market", "limit", "stop", "stop_limit", "trailing_stop"]))
    plain = kind in {"market", "limit"}
    body: dict[str, Any] = {
        "symbol": draw(st.sampled_from(SYMBOLS)),
        "side": draw(st.sampled_from(["buy", "sell"])),
        "type": kind,
        "time_in_force": draw(st.sampled_from(["day", "gtc", "opg", "cls", "ioc", "fok"] if plain else ["day", "gtc"])),
        "client_order_id": f"id-{draw(st.integers(0, 12))}",
    }
    if kind == "market" and draw(st.booleans()):
        body |= {"notional": str(draw(st.integers(1, 4000))), "time_in_force": "day"}
    else:
        body["qty"] = str(draw(st.integers(1, 60)))
    if kind in {"limit", "stop_limit"}:
        body["limit_price"] = str(draw(CENTS))
    if kind in {"stop", "stop_limit"}:
        body["stop_price"] = str(draw(CENTS))
    if kind == "trailing_stop":
        body["trail_percent"] = str(draw(st.integers(1, 50)))
    return {"do": what, "body": body}


@st.composite
def stories(draw: st.DrawFn) -> Story:
    length = draw(st.integers(2, 6))
    bars = {symbol: draw(st.lists(rows(), min_size=length, max_size=length)) for symbol in SYMBOLS}
    days = weekdays(length)[1:]
    splits = draw(st.lists(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(days)), max_size=1))
    actions = [CorporateAction(symbol, day, "split", ratio=Decimal(2)) for symbol, day in splits]
    paid = draw(st.lists(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(days)), max_size=1))
    actions += [CorporateAction(symbol, day, "cash_dividend", amount=Decimal("0.25")) for symbol, day in paid]
    costs = Costs(
        slippage_bps=Decimal(draw(st.integers(0, 50))),
        commission_bps=Decimal(draw(st.integers(0, 10))),
        commission_per_share=Decimal(draw(st.integers(0, 10))) / 1000,
        volume_share=Decimal(draw(st.integers(1, 10))) / 10,
    )
    plan = draw(st.lists(st.lists(moves(), max_size=4), min_size=length - 1, max_size=length - 1))
    return Story(market(bars, actions), costs, draw(st.sampled_from([1, 2])), plan)


def act(exchange: Exchange, move: dict[str, Any]) -> None:
    orders = list(exchange.orders)
    try:
        if move["do"] == "submit":
            exchange.submit(move["body"])
        elif move["do"] == "close":
            exchange.close_position(move["symbol"])
        elif orders:
            chosen = orders[move["pick"] % len(orders)]
            exchange.cancel(chosen) if move["do"] == "cancel" else exchange.replace(chosen, move["body"])
    except RejectError as refusal:
        assert refusal.status in {403, 404, 422}


def start(story: Story) -> Exchange:
    multiplier: Any = story.multiplier
    return Exchange(story.market, as_of=weekdays(1)[0], cash=CASH, costs=story.costs, multiplier=multiplier)


def play(story: Story) -> Exchange:
    exchange = start(story)
    for before_session in story.moves:
        for move in before_session:
            act(exchange, move)
        exchange.advance()
    return exchange


@given(stories())
def test_cash_and_positions_are_the_equity_after_every_session(story: Story) -> None:
    exchange = start(story)
    for before_session in story.moves:
        for move in before_session:
            act(exchange, move)
        exchange.advance()
        account = wire.account(exchange)
        values = [wire.position(exchange, symbol)["market_value"] for symbol in exchange.ledger.holdings]
        assert sum(map(Decimal, values), Decimal(account["cash"])) == Decimal(account["equity"])
        assert exchange.ledger.cash == cash_by_fills(exchange, CASH)
        assert Decimal(account["buying_power"]) >= 0


@given(stories())
def test_positions_are_the_sum_of_their_fills(story: Story) -> None:
    exchange = play(story)
    held: dict[str, Decimal] = {symbol: Decimal(0) for symbol in SYMBOLS}
    splits = [a for a in story.market.actions if a.ratio != 1]
    for fill in exchange.fills:
        signed = fill.qty if fill.side == "buy" else -fill.qty
        for split in splits:
            if split.symbol == fill.symbol and fill.at.date() < split.ex_date:
                signed *= split.ratio
        held[fill.symbol] += signed
    assert held == {symbol: exchange.ledger.qty(symbol) for symbol in SYMBOLS}


@given(stories())
def test_no_order_fills_more_than_it_asked_for(story: Story) -> None:
    for order in play(story).orders.values():
        if order.terms.qty is not None:
            assert 0 <= order.filled_qty <= order.terms.qty
            assert (order.status == "filled") == (order.filled_qty == order.terms.qty) or order.status == "replaced"
        else:
            assert order.terms.notional is not None
            assert order.filled_value <= order.terms.notional


@given(stories())
def test_fills_stay_within_the_bar_its_volume_and_the_costs(story: Story) -> None:
    exchange = play(story)
    taken: dict[tuple[str, Any], Decimal] = {}
    for fill in exchange.fills:
        bar = exchange.bar(fill.symbol, fill.at.date())
        assert bar is not None
        if fill.side == "buy":
            assert bar.low <= fill.price <= story.costs.slipped(bar.high, "buy")
        else:
            assert story.costs.slipped(bar.low, "sell") <= fill.price <= bar.high
        assert fill.commission * 10_000 >= times(times(fill.qty, fill.price), story.costs.commission_bps)
        assert fill.slippage >= 0
        key = (fill.symbol, bar.day)
        taken[key] = taken.get(key, Decimal(0)) + fill.qty
        assert taken[key] <= bar.volume * story.costs.volume_share


@given(stories())
def test_one_client_order_id_is_one_order(story: Story) -> None:
    names = [order.client_order_id for order in play(story).orders.values()]
    assert len(names) == len(set(names))


@given(stories())
def test_a_replay_is_the_same_byte_for_byte(story: Story) -> None:
    def told(exchange: Exchange) -> str:
        orders = [wire.order(order) for order in exchange.orders.values()]
        positions = [wire.position(exchange, symbol) for symbol in exchange.ledger.holdings]
        return json.dumps([orders, positions, exchange.events, wire.account(exchange)])

    assert told(play(story)) == told(play(story))


@given(stories())
def test_updates_tell_the_same_story_as_the_orders(story: Story) -> None:
    """Per order: executions add up to the cumulative quantity, and nothing follows a final event."""
    exchange = play(story)
    split_symbols = {a.symbol for a in story.market.actions if a.ratio != 1}
    last: dict[str, str] = {}
    executed: dict[str, Decimal] = {}
    for frame in exchange.events:
        data = frame["data"]
        identity = data["order"]["id"]
        assert last.get(identity) not in {"fill", "canceled", "expired", "replaced"}
        last[identity] = data["event"]
        if "qty" in data:
            executed[identity] = executed.get(identity, Decimal(0)) + Decimal(data["qty"])
            replaced = data["order"]["replaces"] is not None
            if data["order"]["symbol"] not in split_symbols and not replaced:
                assert executed[identity] == Decimal(data["order"]["filled_qty"])
    ids = [frame["data"]["execution_id"] for frame in exchange.events]
    assert len(ids) == len(set(ids))
