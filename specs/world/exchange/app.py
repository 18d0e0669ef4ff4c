"""The exchange over HTTP: Alpaca's trading and data routes, as far as daily bars carry them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

from fastapi import FastAPI, Request, Response, WebSocket

from . import bars, rejects, stream, wire
from .core import EndOfDataError, Exchange
from .money import QTY_STEP, down, text
from .orders import Order
from .terms import number

MAX_ORDERS = 500


def create_app(exchange: Exchange) -> FastAPI:
    """An ASGI app that serves `exchange`. Every request needs its keys; `POST /sim/advance` moves time."""
    app = FastAPI(title="Paper exchange", docs_url=None, redoc_url=None, openapi_url=None)

    @app.middleware("http")
    async def authorize(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        sent = (request.headers.get("apca-api-key-id"), request.headers.get("apca-api-secret-key"))
        if sent != (exchange.key, exchange.secret):
            refusal = rejects.unauthorized()
            return reply(refusal.body, refusal.status)
        return await go_on(request)

    @app.exception_handler(rejects.RejectError)
    async def refuse(_: Request, refusal: Exception) -> Response:
        assert isinstance(refusal, rejects.RejectError)
        return reply(refusal.body, refusal.status)

    @app.exception_handler(bars.BadRequestError)
    async def bad_request(_: Request, problem: Exception) -> Response:
        return reply({"message": str(problem)}, 400)

    @app.exception_handler(404)
    async def no_route(_: Request, __: Exception) -> Response:
        return reply({"message": "endpoint not found."}, 404)

    _add_account_routes(app, exchange)
    _add_order_routes(app, exchange)
    _add_position_routes(app, exchange)
    _add_market_routes(app, exchange)

    @app.websocket("/stream")
    async def updates(socket: WebSocket) -> None:
        await stream.serve(exchange, socket)

    @app.post("/sim/advance")
    async def advance() -> Response:
        try:
            day = exchange.advance()
        except EndOfDataError as end:
            return reply({"message": str(end)}, 409)
        return reply({"date": day.isoformat(), "equity": text(exchange.ledger.equity)})

    return app


def reply(body: object, status: int = 200) -> Response:
    """JSON with a fixed layout, so that the same state is the same bytes."""
    return Response(json.dumps(body, separators=(",", ":")), status, media_type="application/json")


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object in the request; its numbers keep their digits. Raises RejectError (422)."""
    try:
        body: object = json.loads(await request.body(), parse_float=Decimal)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise rejects.RejectError(422, 40010000, "request body format is invalid")
    return cast(dict[str, Any], body)


def _add_account_routes(app: FastAPI, exchange: Exchange) -> None:
    @app.get("/v2/account")
    async def account() -> Response:
        with exchange.lock:
            return reply(wire.account(exchange))

    @app.get("/v2/clock")
    async def clock() -> Response:
        return reply(wire.clock(exchange))

    @app.get("/v2/calendar")
    async def sessions(request: Request) -> Response:
        start = _date(request, "start") or date.min
        end = _date(request, "end") or date.max
        return reply([wire.session_day(day) for day in exchange.calendar.between(start, end)])

    @app.get("/v2/assets")
    async def assets() -> Response:
        return reply([wire.asset(symbol) for symbol in exchange.market.symbols if exchange.is_listed(symbol)])

    @app.get("/v2/assets/{name}")
    async def asset(name: str) -> Response:
        symbol = _symbol(exchange, name)
        if not exchange.is_listed(symbol):
            raise rejects.not_found(f"asset not found for {name}")
        return reply(wire.asset(symbol))


def _add_order_routes(app: FastAPI, exchange: Exchange) -> None:
    @app.post("/v2/orders")
    async def submit(request: Request) -> Response:
        return reply(wire.order(exchange.submit(await body_of(request))))

    @app.get("/v2/orders")
    async def orders(request: Request) -> Response:
        with exchange.lock:
            return reply([wire.order(order) for order in _selected(exchange, request)])

    @app.delete("/v2/orders")
    async def cancel_all() -> Response:
        with exchange.lock:
            found = exchange.open_orders
            for order in found:
                exchange.cancel(order.id)
        return reply([{"id": order.id, "status": 200} for order in found], 207)

    @app.get("/v2/orders:by_client_order_id")
    async def by_client_order_id(client_order_id: str = "") -> Response:
        return reply(wire.order(exchange.order_by_client_id(client_order_id)))

    @app.get("/v2/orders/{order_id}")
    async def order(order_id: str) -> Response:
        return reply(wire.order(exchange.order(order_id)))

    @app.patch("/v2/orders/{order_id}")
    async def replace(order_id: str, request: Request) -> Response:
        return reply(wire.order(exchange.replace(order_id, await body_of(request))))

    @app.delete("/v2/orders/{order_id}")
    async def cancel(order_id: str) -> Response:
        exchange.cancel(order_id)
        return Response(status_code=204)


def _add_position_routes(app: FastAPI, exchange: Exchange) -> None:
    @app.get("/v2/positions")
    async def positions() -> Response:
        with exchange.lock:
            return reply([wire.position(exchange, symbol) for symbol in sorted(exchange.ledger.holdings)])

    @app.delete("/v2/positions")
    async def close_all(cancel_orders: str = "false") -> Response:
        with exchange.lock:
            if cancel_orders.lower() == "true":
                for order in exchange.open_orders:
                    exchange.cancel(order.id)
            closed: list[dict[str, Any]] = []
            for symbol in sorted(exchange.ledger.holdings):
                try:
                    done: dict[str, Any] = wire.order(exchange.close_position(symbol))
                    closed.append({"symbol": symbol, "status": 200, "body": done})
                except rejects.RejectError as refusal:
                    closed.append({"symbol": symbol, "status": refusal.status, "body": refusal.body})
        return reply(closed, 207)

    @app.get("/v2/positions/{name}")
    async def position(name: str) -> Response:
        with exchange.lock:
            symbol = _symbol(exchange, name)
            if symbol not in exchange.ledger.holdings:
                raise rejects.not_found("position does not exist")
            return reply(wire.position(exchange, symbol))

    @app.delete("/v2/positions/{name}")
    async def close(name: str, request: Request) -> Response:
        with exchange.lock:
            symbol = _symbol(exchange, name)
            qty, percentage = number(request.query_params, "qty"), number(request.query_params, "percentage")
            if percentage is not None:
                qty = down(abs(exchange.ledger.qty(symbol)) * percentage / 100, QTY_STEP)
            return reply(wire.order(exchange.close_position(symbol, qty)))


def _add_market_routes(app: FastAPI, exchange: Exchange) -> None:
    @app.get("/v2/stocks/bars")
    async def page(request: Request) -> Response:
        with exchange.lock:
            return reply(bars.page(exchange, request.query_params))

    @app.get("/v2/stocks/bars/latest")
    async def latest(symbols: str = "") -> Response:
        with exchange.lock:
            return reply(bars.latest(exchange, [name for name in symbols.split(",") if name]))


def _symbol(exchange: Exchange, name: str) -> str:
    """Routes take a symbol or an asset id."""
    return next((symbol for symbol in exchange.market.symbols if wire.asset_id(symbol) == name), name)


def _date(request: Request, name: str) -> date | None:
    value = request.query_params.get(name)
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        raise rejects.invalid(f"invalid {name}: {value}") from None


def _selected(exchange: Exchange, request: Request) -> list[Order]:
    """The orders that the query of `GET /v2/orders` asks for, newest first unless `direction=asc`."""
    params = request.query_params
    status, limit = params.get("status", "open"), number(params, "limit") or Decimal(50)
    if status not in {"open", "closed", "all"}:
        raise rejects.invalid(f"invalid status: {status}")
    if not 1 <= limit <= MAX_ORDERS:
        raise rejects.invalid(f"limit must be between 1 and {MAX_ORDERS}")
    symbols = {name for name in params.get("symbols", "").split(",") if name}
    after, until = (_instant(params.get(name), name) for name in ("after", "until"))
    found = [
        order
        for order in exchange.orders.values()
        if (status == "all" or order.is_open == (status == "open"))
        and (not symbols or order.terms.symbol in symbols)
        and params.get("side", order.terms.side) == order.terms.side
        and (after is None or order.submitted_at > after)
        and (until is None or order.submitted_at <= until)
    ]
    if params.get("direction", "desc") == "desc":
        found.reverse()
    return found[: int(limit)]


def _instant(value: str | None, name: str) -> datetime | None:
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value.replace(" ", "+"))
    except ValueError:
        raise rejects.invalid(f"invalid {name}: {value}") from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
