"""Between alpaca-py and our models: its answers into ours, our requests into its, its errors into ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

from .errors import (
    AuthenticationError,
    BrokerError,
    InsufficientFundsError,
    InvalidOrderError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    UnavailableError,
)
from .models import Account, Bar, Order, OrderRequest, OrderStatus, OrderType, Position, Side, TimeInForce

_T = TypeVar("_T")

_INSUFFICIENT = 40310000
_BY_STATUS: dict[int | None, type[BrokerError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    422: InvalidOrderError,
    429: RateLimitError,
}


def call(action: Callable[[], _T]) -> _T:
    """Run one SDK call and its translation; whatever goes wrong comes out as a BrokerError."""
    from alpaca.common.exceptions import APIError
    from requests.exceptions import RequestException

    try:
        return action()
    except APIError as error:
        failure = mapped(error.status_code, str(error))
    except RequestException as error:
        # Only the kind: a message of requests may repeat a header, and the keys travel in headers.
        failure = UnavailableError(f"no usable answer from the broker ({type(error).__name__})")
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
        # pydantic's ValidationError is a ValueError; a body that is null or a list gives the others.
        failure = UnavailableError(f"an answer that can't be read ({type(error).__name__})")
    # Raised outside the handlers: the SDK's exception holds the request, and with it the keys.
    raise failure


def mapped(status: int | None, body: str) -> BrokerError:
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    fields: dict[str, Any] = found if isinstance(found, dict) else {}
    code = fields.get("code")
    message = str(fields.get("message") or f"HTTP status {status}")
    kind: type[BrokerError] = BrokerError
    if status == 403 and code == _INSUFFICIENT:
        kind = InsufficientFundsError
    elif status in _BY_STATUS:
        kind = _BY_STATUS[status]
    elif status is not None and status >= 500:
        kind = UnavailableError
    return kind(
        message,
        status=status,
        code=code if isinstance(code, int) else None,
        details={k: str(v) for k, v in fields.items() if k not in {"code", "message"}},
    )


def request_for(order: OrderRequest) -> Any:
    from alpaca.trading import requests as sdk

    kinds = {
        OrderType.MARKET: sdk.MarketOrderRequest,
        OrderType.LIMIT: sdk.LimitOrderRequest,
        OrderType.STOP: sdk.StopOrderRequest,
        OrderType.STOP_LIMIT: sdk.StopLimitOrderRequest,
        OrderType.TRAILING_STOP: sdk.TrailingStopOrderRequest,
    }
    fields = order.model_dump(mode="json", exclude_none=True)
    if not order.extended_hours:
        del fields["extended_hours"]
    return kinds[order.type](**fields)


def account(a: Any) -> Account:
    return Account(
        id=str(a.id),
        status=text(a.status),
        currency=a.currency or "USD",
        cash=number(a.cash),
        equity=number(a.equity),
        buying_power=number(a.buying_power),
        multiplier=number(a.multiplier if a.multiplier is not None else 1),
        shorting_enabled=bool(a.shorting_enabled),
        trading_blocked=bool(a.trading_blocked),
        account_blocked=bool(a.account_blocked),
        trade_suspended_by_user=bool(a.trade_suspended_by_user),
        pattern_day_trader=a.pattern_day_trader,
        daytrade_count=a.daytrade_count,
    )


def position(p: Any) -> Position:
    return Position(
        symbol=p.symbol,
        qty=abs(number(p.qty)) * (-1 if text(p.side) == "short" else 1),
        avg_entry_price=number(p.avg_entry_price),
        current_price=maybe(p.current_price),
    )


def bars(found: Any, symbol: str) -> list[Bar]:
    return [
        Bar(
            symbol=symbol,
            timestamp=bar.timestamp,
            timeframe=timedelta(days=1),
            open=number(bar.open),
            high=number(bar.high),
            low=number(bar.low),
            close=number(bar.close),
            volume=number(bar.volume),
        )
        for bar in found.data.get(symbol, [])
    ]


def order(o: Any) -> Order:
    return Order(
        id=str(o.id),
        client_order_id=o.client_order_id,
        symbol=o.symbol,
        side=Side(text(o.side)),
        type=OrderType(text(o.type if o.type is not None else o.order_type)),
        time_in_force=TimeInForce(text(o.time_in_force)),
        status=OrderStatus(text(o.status)),
        qty=maybe(o.qty),
        notional=maybe(o.notional),
        filled_qty=number(o.filled_qty if o.filled_qty is not None else 0),
        filled_avg_price=maybe(o.filled_avg_price),
        limit_price=maybe(o.limit_price),
        stop_price=maybe(o.stop_price),
        trail_price=maybe(o.trail_price),
        trail_percent=maybe(o.trail_percent),
        submitted_at=o.submitted_at,
        filled_at=o.filled_at,
        replaced_by=None if o.replaced_by is None else str(o.replaced_by),
        replaces=None if o.replaces is None else str(o.replaces),
    )


def text(value: object) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def number(value: object) -> Decimal:
    # By way of the shortest text that gives the float again: Decimal(0.1) is not 0.1.
    return Decimal(str(value))


def maybe(value: object) -> Decimal | None:
    return None if value is None else number(value)
