"""The API before two strangers: one reads its OpenAPI document, the other throws everything at it.

Schemathesis generates requests from the document itself, good and bad, and judges the answers by it:
no 5xx whatever is sent, every status, media type and body as documented, bad data refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings as searching
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.errors import InvalidSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from katas.week1.config import Settings
from katas.week1.main import PROBLEM_JSON, create_app
from katas.week1.models import Account, Bar, Order, OrderRequest, Position

OPERATIONS = [
    ("/health", "get"),
    ("/account", "get"),
    ("/positions", "get"),
    ("/signals", "get"),
    ("/signals/{symbol}", "get"),
    ("/orders", "post"),
    ("/orders/{order_id}", "get"),
    ("/orders/{order_id}", "delete"),
]
NOW = datetime(2024, 6, 3, 12, tzinfo=UTC)


class Accommodating:
    """A broker that says yes."""

    def account(self) -> Account:
        return Account(id="a", status="ACTIVE", cash=Decimal(1), equity=Decimal(1), buying_power=Decimal(1))

    def positions(self) -> list[Position]:
        return [Position(symbol="AAPL", qty=Decimal("-0.5"), avg_entry_price=Decimal("187.25"))]

    def submit(self, request: OrderRequest) -> Order:
        fields = request.model_dump(exclude={"extended_hours"})
        return Order(**fields, id="o", status="accepted", submitted_at=NOW)  # pyright: ignore[reportArgumentType]

    def order(self, order_id: str) -> Order:
        request = OrderRequest.model_validate({"symbol": "F", "side": "buy", "qty": 1, "client_order_id": "c"})
        return self.submit(request).model_copy(update={"id": order_id})

    def cancel(self, order_id: str) -> None:
        return None


class FlatMarket:
    """Forty days at ten dollars."""

    async def daily(self, symbol: str, limit: int) -> list[Bar]:
        ten = dict.fromkeys(("open", "high", "low", "close", "volume"), Decimal(10))
        days = [NOW - timedelta(days=days) for days in range(40, 0, -1)]
        return [Bar(symbol=symbol, timestamp=day, **ten) for day in days][-limit:]


def app() -> Any:
    settings = Settings(api_key="k", secret_key="s", _env_file=None)  # type: ignore[call-arg]
    return create_app(settings, Accommodating(), FlatMarket(), clock=lambda: NOW)


def test_the_openapi_document_is_valid() -> None:
    document = app().openapi()
    validate(document, cls=OpenAPIV31SpecValidator)
    operations = {(path, method) for path, item in document["paths"].items() for method in item}
    assert operations == set(OPERATIONS)


CHECKS: list[Callable[..., Any]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_sent_the_answer_is_as_documented(path: str, method: str, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_asgi("/openapi.json", app())
    operation: Any = described[path][method]

    @searching(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list[HealthCheck](HealthCheck.__members__.values()),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        response = case.call(headers={"X-Request-ID": "peer"})
        case.validate_response(response, checks=CHECKS)
        assert response.headers["x-request-id"] == ["peer"]
        if response.status_code >= 400:
            assert response.headers["content-type"] == [PROBLEM_JSON]
            problem = response.json()
            assert (problem["status"], problem["request_id"]) == (response.status_code, "peer")

    with contextlib.suppress(Unsatisfiable, InvalidSchema):  # nothing bad can be sent to a route without parameters
        ask()
