"""What can go wrong between us and a broker, sorted by what to do next. Given: nothing here is left to write."""

from __future__ import annotations

from collections.abc import Mapping


class BrokerError(Exception):  # given
    """A broker did not do what it was asked.

    Attributes
    ----------
    status : int or None
        HTTP status, where there was an answer.
    code : int or None
        The broker's own code, such as 40310000.
    details : dict
        Further fields of the broker's answer, such as `buying_power`.
    retryable : bool
        Whether the same call may succeed later without any change.
    """

    retryable = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: int | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = dict(details or {})


class AuthenticationError(BrokerError):  # given
    """401: the broker doesn't know our keys."""


class PermissionDeniedError(BrokerError):  # given
    """403: the account may not do that."""


class InsufficientFundsError(PermissionDeniedError):  # given
    """403 with code 40310000: not enough buying power, or not enough shares."""


class NotFoundError(BrokerError):  # given
    """404: no such order, position or symbol."""


class InvalidOrderError(BrokerError):  # given
    """422: the broker refuses the request as it stands."""


class RateLimitError(BrokerError):  # given
    """429: too many requests. Nothing was done."""

    retryable = True


class UnavailableError(BrokerError):  # given
    """5xx, or no answer at all."""

    retryable = True


class OrderOutcomeUnknownError(UnavailableError):  # given
    """The order may or may not exist. Submitting it again with the same name is safe.

    Attributes
    ----------
    client_order_id : str
        The name under which to ask, or to submit again.
    """

    def __init__(self, message: str, *, client_order_id: str, status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.client_order_id = client_order_id
