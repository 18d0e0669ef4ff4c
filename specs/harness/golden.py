"""Golden outputs: one readable JSON file a spec, compared with the tolerance that the spec states.

syrupy finds, writes and cleans up the files. Here stand the format and the comparison: numbers
agree within a relative tolerance, so that a platform's last digit breaks nothing; all else is exact.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from .expect import shown

_MOST_DIFFERENCES = 6


def plain(value: Any) -> Any:
    """The value as JSON can hold it: decimals as text, NaN as "nan", arrays as lists."""
    if value is None or (isinstance(value, bool | str | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() else str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if hasattr(value, "model_dump"):
        return plain(value.model_dump())
    if isinstance(value, Mapping):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if hasattr(value, "to_dict"):  # pandas: Series and DataFrame, by index label
        return plain(value.to_dict())
    if hasattr(value, "tolist"):  # numpy: scalars and arrays
        return plain(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"a golden output can't hold {type(value).__name__}: {shown(value)}")


def differences(got: Any, expected: Any, *, rtol: float, atol: float, at: str = "") -> Iterator[str]:
    """One line for each place where the two disagree."""
    numbers = isinstance(got, int | float) and isinstance(expected, int | float)
    if numbers and not isinstance(got, bool) and not isinstance(expected, bool):
        if not math.isclose(got, expected, rel_tol=rtol, abs_tol=atol):
            yield f"{at or 'value'}:  got {shown(got)}, expected {shown(expected)}"
    elif isinstance(got, dict) and isinstance(expected, dict):
        for key in [*expected, *(k for k in got if k not in expected)]:
            where = f"{at}.{key}" if at else str(key)
            if key not in got:
                yield f"{where}:  missing, expected {shown(expected[key])}"
            elif key not in expected:
                yield f"{where}:  got {shown(got[key])}, expected nothing of that name"
            else:
                yield from differences(got[key], expected[key], rtol=rtol, atol=atol, at=where)
    elif isinstance(got, list) and isinstance(expected, list):
        if len(got) != len(expected):
            yield f"{at or 'value'}:  got {len(got)} items, expected {len(expected)}"
        for i, (a, b) in enumerate(zip(got, expected, strict=False)):
            yield from differences(a, b, rtol=rtol, atol=atol, at=f"{at}[{i}]")
    elif type(got) is not type(expected) or got != expected:
        yield f"{at or 'value'}:  got {shown(got)}, expected {shown(expected)}"


class GoldenFile(SingleFileSnapshotExtension):
    """JSON, keys in the order in which the spec gave them, tolerant of the last digits."""

    _write_mode = WriteMode.TEXT
    file_extension = "json"
    rtol = 1e-9
    atol = 0.0

    def serialize(self, data: Any, **_: Any) -> str:
        return json.dumps(plain(data), indent=1, ensure_ascii=False) + "\n"

    def matches(self, *, serialized_data: Any, snapshot_data: Any) -> bool:
        pairs = differences(json.loads(serialized_data), json.loads(snapshot_data), rtol=self.rtol, atol=self.atol)
        return next(pairs, None) is None


class Golden:
    """Compares a spec's result with its golden file."""

    def __init__(self, snapshot: SnapshotAssertion) -> None:
        self._snapshot = snapshot

    def check(self, data: Any, *, rtol: float = 1e-9, atol: float = 0.0) -> None:
        """Fail, naming the places, unless `data` equals the golden file within the tolerance."""

        class Tolerant(GoldenFile):
            pass

        Tolerant.rtol, Tolerant.atol = rtol, atol
        shot = self._snapshot.use_extension(Tolerant)
        got = plain(data)
        if shot == got:
            return
        recalled = shot.executions[shot.num_executions - 1].recalled_data
        if recalled is None:
            raise AssertionError("the golden file of this spec is missing; restore it: git checkout -- specs")
        lines = list(differences(got, json.loads(str(recalled)), rtol=rtol, atol=atol))
        more = [f"… and {len(lines) - _MOST_DIFFERENCES} more"] if len(lines) > _MOST_DIFFERENCES else []
        raise AssertionError(
            "\n".join(["differs from the golden output:", *(f"    {x}" for x in lines[:_MOST_DIFFERENCES] + more)])
        )
