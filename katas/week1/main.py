"""The trading API: account, positions, signals and orders over HTTP.

Three habits make it fit for money. A blocking call never runs on the event loop, so one slow
broker doesn't stop the health check. One slow or unknown symbol doesn't fail the others. And every
error has the same shape (RFC 9457) with a request id, and never a secret or a stack trace.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum

from fastapi import FastAPI
from pydantic import BaseModel, Field

from .broker import (
    BarSource,
    Broker,
)
from .config import Settings
from .models import Action

MOST_SYMBOLS = 50
BARS_ASKED = 60
PROBLEM_JSON = "application/problem+json"


class Strategy(str, Enum):
    """Which signal is asked for; COMBINED is the equally weighted vote of the other three."""

    COMBINED = "combined"
    SMA_CROSSOVER = "sma_crossover"
    MOMENTUM = "momentum"
    MEAN_REVERSION = "mean_reversion"


class FieldProblem(BaseModel):  # given
    """One field of a request that can't be used. `field` is a dotted path such as `body.qty`."""

    field: str
    message: str


class Problem(BaseModel):  # given
    """An error as RFC 9457 has it, with the request's id and the fields at fault."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldProblem] = Field(default_factory=list[FieldProblem])


class SignalOut(BaseModel):  # given
    """A signal and what it rests on: `as_of` is when the last bar used was known, None without bars."""

    symbol: str
    strategy: Strategy
    as_of: datetime | None
    action: Action
    strength: float
    reason: str


class BatchEntry(BaseModel):  # given
    """One symbol of a batch: its signal, or the problem that it had."""

    symbol: str
    signal: SignalOut | None = None
    problem: Problem | None = None


class Batch(BaseModel):  # given
    """The answers for many symbols, in the order in which they were asked."""

    results: list[BatchEntry]


def utc_now() -> datetime:  # given
    """The wall clock."""
    return datetime.now(UTC)


def create_app(
    settings: Settings, broker: Broker, bars: BarSource, *, clock: Callable[[], datetime] = utc_now
) -> FastAPI:
    """The application, with everything that it depends on handed in.

    Routes
    ------
    GET /health
        `{"status": "ok", "paper": true}`, `paper` being `settings.is_paper`; asks nobody.
    GET /account, GET /positions
        As the broker has them: every field, decimals as JSON strings with all their digits.
    GET /signals/{symbol}?strategy=combined
        A `SignalOut`, from up to `BARS_ASKED` daily bars. `strategy` is one of `Strategy`; the signals
        run with their default parameters; COMBINED weighs them equally. Only bars with
        `known_at <= clock()` count: the bar of the running session isn't over yet. `as_of` is the
        `known_at` of the last bar that counts. Prices that take longer than `settings.bars_timeout`
        seconds are given up (504).
    GET /signals?symbols=AAPL,MSFT&strategy=combined
        A `Batch`: for each symbol what the route above would answer. All of them are asked for
        concurrently, each with `bars_timeout` seconds of its own. A symbol that fails, for whatever
        reason, gets the `Problem` in its own entry, and the answer is still 200. Order is kept, a
        repeated symbol is answered once, at most `MOST_SYMBOLS` different ones are taken (422
        otherwise).
    POST /orders
        Body: an `OrderRequest` with its `client_order_id` (422 without). 201 and the `Order`; a
        REJECTED order is an order too.
    GET /orders/{order_id}
        The `Order`.
    DELETE /orders/{order_id}
        204 without a body.

    A symbol is one to ten of A–Z and 0–9, a letter first, then perhaps a dot and one or two letters
    (`BRK.B`). Lower case and spaces around it are taken, and it is answered in upper case. Anything
    else, the empty part of `AAPL,,MSFT` among it, is a 422 for the whole request, and nobody is asked.

    Errors
    ------
    Every error is a `Problem` with media type `application/problem+json`:

        400, 404, 405, …          the framework's own, with its headers (a 405 has `Allow`)
        422                       the request is wrong, and the broker isn't asked; or InvalidOrderError
        403                       InsufficientFundsError
        404                       NotFoundError
        502                       AuthenticationError, PermissionDeniedError and any other BrokerError:
                                  our side's fault, not the caller's
        503 with Retry-After: 1   RateLimitError, UnavailableError
        504                       OrderOutcomeUnknownError, with its `client_order_id` in the detail;
                                  bars that took too long
        500                       any other exception, ValueError and the models' own ValidationError
                                  among them: raised behind the routes they are our fault. It is logged
                                  (`logging`, with traceback and request id); the answer says nothing of it

    `title` is the status's phrase, `detail` says what went wrong (for a 403, 404 or 422 of the
    broker's in the broker's words), `instance` is the path of the request without its query.
    `errors` lists what is wrong with a request, each with the dotted path of its field: `body.qty`,
    `body.client_order_id`, `query.symbols`, `query.strategy`, `path.symbol`. A rule over several fields
    has one of them, or `body`, as its field, and their names in its message. A body that is no JSON
    object has `body`.

    Every answer, errors and the 500 among them, carries `X-Request-ID`: the caller's, if it is 1 to 64
    ASCII letters, digits, `.`, `_` or `-`; otherwise a fresh one, made by the same rule. A problem
    repeats it as `request_id`, in a batch too.

    Parameters
    ----------
    settings : Settings
        `bars_timeout` and `is_paper` are used.
    broker : Broker
        Its calls block, so they never run on the event loop: while one of them waits, every other
        request is answered.
    bars : BarSource
        Asynchronous; may raise any BrokerError.
    clock : callable
        The present instant, timezone-aware.
    """
    raise NotImplementedError
