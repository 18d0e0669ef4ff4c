"""The broker: one protocol, Alpaca behind it, and errors that say what to do next.

The hard question of trading plumbing is what a time-out means. The order may be alive. So every
order carries a name made from its intent, a doubtful answer is followed by asking for that name,
and where even that gives no answer the caller is told that the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from . import _alpaca as alpaca
from .config import Settings
from .errors import (
    AuthenticationError as AuthenticationError,
    BrokerError as BrokerError,
    InsufficientFundsError as InsufficientFundsError,
    InvalidOrderError as InvalidOrderError,
    NotFoundError as NotFoundError,
    OrderOutcomeUnknownError as OrderOutcomeUnknownError,
    PermissionDeniedError as PermissionDeniedError,
    RateLimitError as RateLimitError,
    UnavailableError as UnavailableError,
)
from .models import Account, Bar, Order, OrderRequest, Position

if TYPE_CHECKING:
    # alpaca-py brings pandas along; only code that talks to Alpaca waits for that import.
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient
    from requests import Session

_FIRST_SEARCHED = datetime(2000, 1, 1, tzinfo=UTC)


class Broker(Protocol):  # given
    """What the platform needs of any broker. Calls block; they may come from several threads."""

    def account(self) -> Account: ...

    def positions(self) -> list[Position]: ...

    def submit(self, request: OrderRequest) -> Order: ...

    def order(self, order_id: str) -> Order: ...

    def cancel(self, order_id: str) -> None: ...


class BarSource(Protocol):  # given
    """Where daily prices come from."""

    async def daily(self, symbol: str, limit: int) -> list[Bar]:
        """The last `limit` daily bars, oldest first; NotFoundError for a symbol that nobody knows."""
        ...


def client_order_id(request: OrderRequest, *, strategy: str, decided_at: datetime) -> str:
    """A name for the order that is made from its intent, so that a repeat can't become a second order.

    The intent is the strategy, the instant of its decision and every field of the request but
    `client_order_id`. Equal intents give equal names, in this process and in the next one (after a
    crash the platform must find its orders again); different intents give different names. How the
    numbers are written doesn't matter (`Decimal("5")` is `Decimal("5.00")`), nor the time zone in
    which the instant is given.

    Parameters
    ----------
    request : OrderRequest
        The order.
    strategy : str
        Who decided, not empty. Any characters, separators among them.
    decided_at : datetime
        When it was decided: the close of the bar that led to it, not the wall clock. Timezone-aware.

    Returns
    -------
    str
        1 to 128 characters out of letters, digits, `-`, `_` and `.`, as the broker takes them.

    Raises
    ------
    ValueError
        `strategy` is empty; `decided_at` has no time zone.
    """
    if not strategy:
        raise ValueError(f"strategy={strategy!r} is empty")
    if decided_at.utcoffset() is None:
        raise ValueError(f"decided_at={decided_at.isoformat()} has no time zone")
    fields = request.model_dump(exclude={"client_order_id"})
    # JSON quotes each part, so that no separator inside a name can shift the border between two.
    intent = json.dumps(
        [strategy, decided_at.astimezone(UTC).isoformat(), *(_canonical(v) for v in fields.values())]
    )
    return f"katas-{hashlib.sha256(intent.encode()).hexdigest()[:40]}"


def trading_client(settings: Settings) -> TradingClient:
    """alpaca-py's client for these settings, made safe for orders.

    Returns
    -------
    TradingClient
        Talks to `settings.base_url` with the keys of `settings`. Every request is given up after
        `settings.request_timeout` seconds (alpaca-py itself waits for ever). The SDK's own retry is
        switched off: it would repeat a POST whose answer was a 504, on its own account.
    """
    from alpaca.trading.client import TradingClient

    client = TradingClient(
        settings.api_key.get_secret_value(),
        settings.secret_key.get_secret_value(),
        paper=settings.is_paper,
        url_override=settings.base_url,
    )
    client._retry = 0  # pyright: ignore[reportPrivateUsage]  # the constructor takes 0 for "default"
    _give_up_after(client._session, settings.request_timeout)  # pyright: ignore[reportPrivateUsage]
    return client


class AlpacaBroker:
    """Alpaca's trading API as a `Broker`.

    Parameters
    ----------
    client : alpaca.trading.client.TradingClient
        As `trading_client` makes it. Its models are translated into ours; numbers become `Decimal`
        from their text, never by way of a float.

    Every method raises a `BrokerError` and nothing else when the broker doesn't do as asked:

        401  AuthenticationError                   404  NotFoundError
        403  PermissionDeniedError, or             422  InvalidOrderError
             InsufficientFundsError if the         429  RateLimitError
             code is 40310000                      5xx  UnavailableError, as for no answer at all
                                                        (time-out, connection refused or reset)
        any other status: BrokerError

    The error carries `status`, the broker's `code` and message, and its further fields as text in
    `details`. An answer that isn't JSON (a gateway's HTML page) is mapped by its status all the same.
    """

    def __init__(self, client: TradingClient) -> None:
        self._client = client

    def account(self) -> Account:
        """The account as it is now. Accounts with and without the old day-trade fields both parse."""
        a = alpaca.call(self._client.get_account)
        return Account(
            id=str(a.id),
            status=alpaca.text(a.status),
            currency=a.currency or "USD",
            cash=alpaca.number(a.cash),
            equity=alpaca.number(a.equity),
            buying_power=alpaca.number(a.buying_power),
            multiplier=alpaca.number(a.multiplier if a.multiplier is not None else 1),
            shorting_enabled=bool(a.shorting_enabled),
            trading_blocked=bool(a.trading_blocked),
            account_blocked=bool(a.account_blocked),
            trade_suspended_by_user=bool(a.trade_suspended_by_user),
            pattern_day_trader=a.pattern_day_trader,
            daytrade_count=a.daytrade_count,
        )

    def positions(self) -> list[Position]:
        """All open positions; short ones have a negative `qty`. An empty list when there are none."""
        return [
            Position(
                symbol=p.symbol,
                qty=abs(alpaca.number(p.qty)) * (-1 if alpaca.text(p.side) == "short" else 1),
                avg_entry_price=alpaca.number(p.avg_entry_price),
                current_price=alpaca.maybe(p.current_price),
            )
            for p in alpaca.call(self._client.get_all_positions)
        ]

    def submit(self, request: OrderRequest) -> Order:
        """Send an order, once.

        The request is posted once. Then:

        - It is accepted: the order. Its status may be REJECTED; that is an answer, not an error.
        - 422 because the name was used before: the order of that name, if it is the same intent
          (symbol, side, type, sizes and prices equal); otherwise InvalidOrderError.
        - 5xx, a time-out or a lost connection: ask for the order by its name. If it is there, it is
          returned. If it isn't, or asking fails too, OrderOutcomeUnknownError with the name.
        - Anything else raises as the class says, and no order exists.

        Raises
        ------
        ValueError
            `request.client_order_id` is missing: without a name a repeat would be a second order.
        BrokerError
            As above.
        """
        name = request.client_order_id
        if name is None:
            raise ValueError("client_order_id is missing: without it a repeated request is a second order")
        try:
            return alpaca.order(alpaca.call(lambda: self._client.submit_order(alpaca.request_for(request))))
        except InvalidOrderError as refused:
            if "client_order_id" not in str(refused) or "unique" not in str(refused):
                raise
            existing = self._by_name(name)
            if existing is None or not _same_intent(existing, request):
                raise InvalidOrderError(
                    f"client_order_id {name} belongs to a different order",
                    status=refused.status,
                    code=refused.code,
                ) from None
            return existing
        except UnavailableError as doubtful:
            try:
                existing = self._by_name(name)
            except BrokerError:
                existing = None
            if existing is None:
                raise OrderOutcomeUnknownError(
                    f"no answer to order {name} ({doubtful}): it may or may not exist",
                    client_order_id=name,
                    status=doubtful.status,
                ) from None
            return existing

    def order(self, order_id: str) -> Order:
        """The order with the broker's id `order_id`; NotFoundError when there is none (or it is no id at all)."""
        return alpaca.order(alpaca.call(lambda: self._client.get_order_by_id(_identifier(order_id))))

    def cancel(self, order_id: str) -> None:
        """Ask for the order to be cancelled. InvalidOrderError when it can't be any more (filled, cancelled)."""
        alpaca.call(lambda: self._client.cancel_order_by_id(_identifier(order_id)))

    def _by_name(self, name: str) -> Order | None:
        try:
            return alpaca.order(alpaca.call(lambda: self._client.get_order_by_client_id(name)))
        except NotFoundError:
            return None


class AlpacaBars:
    """Daily bars from Alpaca's market data, as a `BarSource`.

    Parameters
    ----------
    client : alpaca.data.historical.stock.StockHistoricalDataClient
        Its answers may come in pages; the SDK follows them.
    feed : str
        "iex" (free) or "sip" (all exchanges).
    """

    def __init__(self, client: StockHistoricalDataClient, feed: str = "iex") -> None:
        self._client = client
        self._feed = feed

    async def daily(self, symbol: str, limit: int) -> list[Bar]:
        """The last `limit` daily bars of `symbol`, oldest first, unadjusted; fewer if there are no more.

        The request runs in a thread of its own, so the event loop goes on meanwhile. The bar of the
        running session may be among them: ask `Bar.known_at`.

        Raises
        ------
        ValueError
            `limit` is below 1.
        NotFoundError
            Alpaca has no bar of that symbol.
        BrokerError
            As for `AlpacaBroker`.
        """
        if limit < 1:
            raise ValueError(f"limit={limit}: need at least 1")
        return await asyncio.to_thread(self._daily, symbol, limit)

    def _daily(self, symbol: str, limit: int) -> list[Bar]:
        from alpaca.common.enums import Sort
        from alpaca.data.enums import DataFeed
        from alpaca.data.requests import StockBarsRequest
        from alpaca.data.timeframe import TimeFrame, TimeFrameUnit

        # Newest first, so that `limit` cuts off the old end.
        request = StockBarsRequest(
            symbol_or_symbols=symbol,
            timeframe=TimeFrame(1, TimeFrameUnit.Day),
            start=_FIRST_SEARCHED,
            limit=limit,
            sort=Sort.DESC,
            feed=DataFeed(self._feed),
        )
        found: Any = alpaca.call(lambda: self._client.get_stock_bars(request))
        newest_first = found.data.get(symbol, [])
        if not newest_first:
            raise NotFoundError(f"no bars of {symbol}")
        return [
            Bar(
                symbol=symbol,
                timestamp=bar.timestamp,
                timeframe=timedelta(days=1),
                open=alpaca.number(bar.open),
                high=alpaca.number(bar.high),
                low=alpaca.number(bar.low),
                close=alpaca.number(bar.close),
                volume=alpaca.number(bar.volume),
            )
            for bar in reversed(newest_first)
        ]


def _same_intent(existing: Order, request: OrderRequest) -> bool:
    return all(getattr(existing, name) == getattr(request, name) for name in _INTENT)


_INTENT = (
    "symbol",
    "side",
    "type",
    "time_in_force",
    "qty",
    "notional",
    "limit_price",
    "stop_price",
    "trail_price",
    "trail_percent",
)


def _identifier(order_id: str) -> UUID:
    try:
        return UUID(order_id)
    except ValueError:
        raise NotFoundError(f"there is no order {order_id!r}: that is not an id of Alpaca's") from None


def _canonical(value: object) -> object:
    """One spelling for equal values."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.value if isinstance(value, Enum) else value


def _give_up_after(session: Session, seconds: float) -> None:
    """Give every request of the session a time-out, which requests has only call by call."""
    plain = session.request

    def limited(*args: Any, **kwargs: Any) -> Any:
        return plain(*args, **{"timeout": seconds, **kwargs})

    session.request = limited  # type: ignore[method-assign]
