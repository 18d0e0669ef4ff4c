"""What an order asks for: parsing and validation of the request body, as Alpaca refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast, get_args

from .money import text, tick
from .rejects import invalid, unprocessable

Side = Literal["buy", "sell"]
Kind = Literal["market", "limit", "stop", "stop_limit", "trailing_stop"]
TimeInForce = Literal["day", "gtc", "opg", "cls", "ioc", "fok"]

STOP_KINDS: frozenset[str] = frozenset({"stop", "stop_limit", "trailing_stop"})
MAX_CLIENT_ORDER_ID = 128


@dataclass(frozen=True, slots=True)
class Terms:
    """A valid order request. Exactly one of `qty` (shares) and `notional` (USD) is given; prices in USD."""

    symbol: str
    side: Side
    kind: Kind
    time_in_force: TimeInForce
    qty: Decimal | None
    notional: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trail_price: Decimal | None
    trail_percent: Decimal | None
    extended_hours: bool
    client_order_id: str | None

    @property
    def is_fractional(self) -> bool:
        return self.qty is None or self.qty != int(self.qty)


def parse(body: Mapping[str, Any]) -> Terms:
    """Read the body of `POST /v2/orders`. Raises RejectError (422) as the real service would."""
    symbol = body.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise invalid("symbol is required")
    order_class = body.get("order_class") or "simple"
    if order_class != "simple":
        raise unprocessable(f"order_class {order_class!r} is not supported by this exchange")
    client_order_id = body.get("client_order_id") or None
    if client_order_id is not None and not isinstance(client_order_id, str):
        raise invalid("client_order_id must be a string")
    if client_order_id is not None and len(client_order_id) > MAX_CLIENT_ORDER_ID:
        raise invalid(f"client_order_id must be no more than {MAX_CLIENT_ORDER_ID} characters")
    terms = Terms(
        symbol=symbol,
        side=cast(Side, _choice(body, "side", get_args(Side))),
        kind=cast(Kind, _choice(body, "type", get_args(Kind))),
        time_in_force=cast(TimeInForce, _choice(body, "time_in_force", get_args(TimeInForce))),
        qty=number(body, "qty"),
        notional=number(body, "notional"),
        limit_price=number(body, "limit_price"),
        stop_price=number(body, "stop_price"),
        trail_price=number(body, "trail_price"),
        trail_percent=number(body, "trail_percent"),
        extended_hours=bool(body.get("extended_hours")),
        client_order_id=client_order_id,
    )
    validate(terms)
    return terms


def validate(terms: Terms) -> None:
    """Check the rules that tie fields together. Raises RejectError (422)."""
    _check_size(terms)
    _check_prices(terms)
    _check_time_in_force(terms)


def number(body: Mapping[str, Any], name: str) -> Decimal | None:
    """A numeric field, sent as JSON number or string. Raises RejectError (422) for anything else."""
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        parsed = Decimal(str(value))
    except InvalidOperation:
        raise invalid(f"{name} must be a number") from None
    if isinstance(value, bool) or not parsed.is_finite():
        raise invalid(f"{name} must be a number")
    return parsed


def _choice(body: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = body.get(name)
    if value is None or value == "":
        raise invalid(f"{name} is required")
    if value not in allowed:
        raise invalid(f"invalid {name}: {value}")
    return str(value)


def _check_size(terms: Terms) -> None:
    if terms.qty is None and terms.notional is None:
        raise invalid("qty or notional is required")
    if terms.qty is not None and terms.notional is not None:
        raise invalid("only one of qty or notional is accepted")
    for name, size, places in (("qty", terms.qty, 9), ("notional", terms.notional, 2)):
        if size is not None and size <= 0:
            raise invalid(f"{name} must be > 0")
        if size is not None and size != round(size, places):
            raise unprocessable(f"{name} can't have more than {places} decimals")
    if not terms.is_fractional:
        return
    if terms.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
    if terms.notional is not None and terms.kind != "market":
        raise unprocessable("notional orders must be market orders")


def _check_prices(terms: Terms) -> None:
    has_limit, has_stop = terms.limit_price is not None, terms.stop_price is not None
    if terms.kind == "market" and (has_limit or has_stop):
        raise invalid("market orders require no stop or limit price")
    if terms.kind == "limit" and (not has_limit or has_stop):
        raise invalid("limit orders require only limit price")
    if terms.kind == "stop" and (not has_stop or has_limit):
        raise invalid("stop orders require only stop price")
    if terms.kind == "stop_limit" and not (has_stop and has_limit):
        raise invalid("stop limit orders require both stop and limit price")
    trails = [trail for trail in (terms.trail_price, terms.trail_percent) if trail is not None]
    if terms.kind == "trailing_stop" and (len(trails) != 1 or has_limit or has_stop):
        raise invalid("trailing stop orders must specify one of trail_price or trail_percent")
    if terms.kind != "trailing_stop" and trails:
        raise invalid("trail_price and trail_percent are only for trailing stop orders")
    if terms.trail_percent is not None and terms.trail_percent >= 100:
        raise invalid("trail_percent must be < 100")
    for name in ("limit_price", "stop_price", "trail_price", "trail_percent"):
        price = cast(Decimal | None, getattr(terms, name))
        if price is not None and price <= 0:
            raise invalid(f"{name} must be > 0")
        if price is not None and name in {"limit_price", "stop_price"} and price % tick(price) != 0:
            raise unprocessable(
                f"invalid {name} {text(price)}. sub-penny increment does not fulfill minimum pricing criteria"
            )


def _check_time_in_force(terms: Terms) -> None:
    if terms.kind in STOP_KINDS and terms.time_in_force not in {"day", "gtc"}:
        raise unprocessable(f"invalid time_in_force {terms.time_in_force} for a {terms.kind} order")
    if terms.extended_hours and (terms.kind != "limit" or terms.time_in_force != "day"):
        raise unprocessable("extended hours order must be DAY limit orders")
