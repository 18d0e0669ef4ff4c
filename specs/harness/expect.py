"""Assertion messages in the learner's language: called what, got what, expected what, because."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

_MOST_ITEMS = 12


def shown(value: object, *, width: int = 160) -> str:
    """A value as a person would write it: short, without type noise."""
    text = _shown(value)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _shown(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, float):
        return repr(value) if not math.isfinite(value) else f"{value:.12g}"
    if isinstance(value, Decimal):
        return f"Decimal('{value}')"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + _items([f"{_shown(k)}: {_shown(v)}" for k, v in value.items()]) + "}"
    if isinstance(value, Words):
        return str(value)
    if isinstance(value, str | bytes):
        return repr(value)
    if isinstance(value, Sequence):
        inside = _items([_shown(v) for v in value])
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    fields = getattr(type(value), "model_fields", None)
    if isinstance(fields, dict):
        inside = ", ".join(f"{name}={_shown(getattr(value, name, None))}" for name in fields)
        return f"{type(value).__name__}({inside})"
    if type(value).__repr__ is object.__repr__:
        return f"a {type(value).__name__}"
    return " ".join(repr(value).split())


def _items(parts: list[str]) -> str:
    if len(parts) <= _MOST_ITEMS:
        return ", ".join(parts)
    middle = f"… {len(parts) - _MOST_ITEMS + 2} more …"
    return ", ".join([*parts[: _MOST_ITEMS - 3], middle, parts[-1]])


class Words(str):
    """A sentence that stands where a value would: shown without quotes."""

    __slots__ = ()


def told(call: str, *, got: object, expected: object, because: str = "", **given: object) -> str:
    """The message of a failed assertion.

    `call` is what a person would type; `given` explains names in it. `expected` may be a sentence.
    """
    width = max([len(name) for name in given] + [8])
    lines = [call]
    lines += [f"    {name:<{width}}  {shown(value)}" for name, value in given.items()]
    lines.append(f"    {'got':<{width}}  {shown(got)}")
    lines.append(f"    {'expected':<{width}}  {expected if isinstance(expected, str) else shown(expected)}")
    if because:
        lines.append(f"    {'because':<{width}}  {because}")
    return "\n".join(lines)


@contextlib.contextmanager
def refused(
    call: str,
    *,
    naming: str | Sequence[str],
    error: type[Exception] = ValueError,
    because: str = "",
    **given: Any,
) -> Generator[None]:
    """The body must be refused with `error`, and the message must name the parameter (and value).

    Any other exception, NotImplementedError among them, passes through untouched.
    """
    names = [naming] if isinstance(naming, str) else list(naming)
    try:
        yield
    except error as raised:
        text = str(raised)
        missing = [name for name in names if name not in text]
        assert not missing, told(
            call,
            got=Words(f"{type(raised).__name__}: {text}"),
            expected=f"a message that names {', '.join(missing)}",
            because=because or "whoever reads it must know what to mend",
            **given,
        )
    else:
        raise AssertionError(
            told(
                call,
                got=Words("no error"),
                expected=f"{error.__name__} naming {', '.join(names)}",
                because=because,
                **given,
            )
        )
