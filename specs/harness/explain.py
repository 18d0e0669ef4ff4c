"""From a failed spec to what its reader needs: what must be true, what happened, where to write.

Everything here ends as plain data, because a worker process sends it to the one that prints.
"""

from __future__ import annotations

import inspect
import linecache
import re
import types
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from .curriculum import ROOT, place_of
from .expect import shown
from .limits import TookTooLong

_LAST_OF_PRINT = 1200


class KataBroken(Exception):
    """A kata that can't be imported, or lacks a name; the message is the whole story."""

    def __init__(self, story: str, *, path: str = "", line: int = 0) -> None:
        super().__init__(story)
        self.path = path
        self.line = line


class StillEmpty(BaseException):
    """A NotImplementedError under way. Not an Exception: an empty body has no example to search or shrink."""


@dataclass
class Explanation:
    """One red spec, ready to print."""

    sentence: str
    kind: str
    week: str = ""
    kata: str = ""
    why: str = ""
    body: list[str] = field(default_factory=list)
    write: str = ""
    read: str = ""
    only: str = ""
    printed: str = ""
    error: str = ""  # the exception's type
    empty: str = ""  # the kata whose empty body stopped it

    def plain(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Frame:
    """One step of a traceback."""

    path: str
    line: int
    code: types.CodeType
    local: dict[str, Any]

    @property
    def name(self) -> str:
        return self.code.co_qualname

    @property
    def source(self) -> str:
        return linecache.getline(self.path, self.line).strip()


def frames_of(error: BaseException) -> list[Frame]:
    steps: list[Frame] = []
    tb = error.__traceback__
    while tb is not None:
        steps.append(Frame(tb.tb_frame.f_code.co_filename, tb.tb_lineno, tb.tb_frame.f_code, tb.tb_frame.f_locals))
        tb = tb.tb_next
    return steps


def relative(path: str | Path) -> str:
    """The path as the learner types it."""
    try:
        return Path(path).resolve().relative_to(ROOT).as_posix()
    except ValueError:
        return str(path)


def kind_of(item: pytest.Item) -> str:
    """What a spec is, by what it uses."""
    if "golden" in getattr(item, "fixturenames", ()):
        return "snapshot"
    return "property" if getattr(getattr(item, "obj", None), "is_hypothesis_test", False) else "unit"


def sentence_of(name: str) -> str:
    """`test_equality_is_no_cross[tie]` → `equality is no cross · tie`."""
    base, _, case = name.partition("[")
    words = base.removeprefix("test_").replace("_", " ")
    return f"{words} · {case.rstrip(']')}" if case else words


def explain(
    item: pytest.Item, error: BaseException, folder: Path, printed: str = "", *, shortly: bool = False
) -> Explanation:
    """Why the spec is red, for the person who has to make it green.

    `folder` is the implementation under test: its frames are the learner's own code. `shortly`
    leaves out what takes time to find: the report shows one red spec in full, not four hundred.
    """
    if isinstance(error, StillEmpty) and error.__cause__ is not None:
        error = error.__cause__
    place = place_of(item.path)
    plain_name = getattr(item, "originalname", None) or item.name.partition("[")[0]
    found = Explanation(
        sentence=sentence_of(item.name),
        kind=getattr(item, "kind", "") or kind_of(item),
        printed=_tail(printed),
        error=type(error).__name__,
        only=f"tox -e {place[0].name if place else 'week1'} -- -k {plain_name.removeprefix('test_')}",
    )
    function = _inner(getattr(item, "obj", None))
    found.why = inspect.cleandoc((function.__doc__ if function else getattr(item, "why", "")) or "")
    if place:
        week, kata = place
        found.week, found.kata = week.name, kata
        found.write = f"{relative(folder / week.name / kata)}.py"
        mark = item.get_closest_marker("note")
        found.read = f"katas/{week.name}/notes/{kata}.md" + (f"#{mark.args[0]}" if mark else "")
    if shortly:
        return found
    steps = frames_of(error)
    theirs = [s for s in steps if Path(s.path).is_relative_to(folder)]
    specs = [s for s in steps if s.path == str(item.path)]
    _tell(found, item, function, error, steps, theirs, specs, folder)
    return found


def _tell(
    found: Explanation,
    item: pytest.Item,
    function: Any,
    error: BaseException,
    steps: list[Frame],
    theirs: list[Frame],
    specs: list[Frame],
    folder: Path,
) -> None:
    last_is_theirs = bool(theirs) and steps[-1] is theirs[-1]
    target = _kata_function(item, function, specs[-1] if specs else None)
    if target is not None:
        found.write = _place(target) or found.write
    if isinstance(error, KataBroken):
        found.body = str(error).splitlines()
        if error.path:
            found.write = f"{relative(error.path)}:{error.line}"
    elif isinstance(error, TookTooLong):
        found.body = [f"ran for {error.args[0]:g} seconds without an answer: an endless loop, or a wait for ever."]
        found.body += _their_frames(theirs)
    elif isinstance(error, NotImplementedError) and (empty := _empty_frame(error, theirs, folder)):
        path, line, name = empty
        kata = Path(path).stem
        found.empty = kata
        found.write = f"{relative(path)}:{line}   {name}"
        earlier = kata != found.kata or Path(path).parent.name != found.week
        if earlier:
            found.read = f"katas/{Path(path).parent.name}/notes/{kata}.md"
        found.body = [f"{name} is still empty" + (f": this spec waits for the kata {kata}." if earlier else ".")]
    elif not theirs and specs and target is not None and _is_misfit(error, target):
        found.body = [f"{target.__name__} can't be called as the course calls it: {error}", ""]
        found.body += [f"    the spec says   {specs[-1].source}"]
        found.body += [f"    yours is        {target.__name__}{_signature(target)}"]
    elif last_is_theirs or (theirs and not isinstance(error, AssertionError)):
        found.body = [f"your code raised {_headline(error)}", *_their_frames(theirs), ""]
        found.body += _counter_example(function, specs) or _spec_line(specs)
    elif specs and steps[-1].path == specs[-1].path and isinstance(error, TypeError | AttributeError | KeyError):
        found.body = [f"the spec can't use what your code returned: {_headline(error)}", ""]
        found.body += [*_spec_line(specs), *_used(specs[-1])]
    elif isinstance(error, AssertionError | pytest.fail.Exception):
        found.body = _message(error, whole=not found.kata)
        found.body += [] if _is_told(found.body) else _counter_example(function, specs)
    else:
        found.body = [_headline(error)]
        if specs:
            found.body += [f"    at {relative(specs[-1].path)}:{specs[-1].line}   {specs[-1].source}"]
        found.body += _counter_example(function, specs)


def _is_misfit(error: BaseException, target: Any) -> bool:
    """Whether a call failed because the signature is not the one that the course calls."""
    words = r"missing \d+ required|unexpected keyword argument|takes .* positional argument|multiple values for"
    return isinstance(error, TypeError) and re.search(words, str(error)) is not None and callable(target)


def _spec_line(specs: list[Frame]) -> list[str]:
    return [f"    the spec says   {shown_text(specs[-1].source, 120)}"] if specs else []


def _used(frame: Frame) -> list[str]:
    """What the names in the failing line stand for."""
    names = [n for n in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", frame.source)) if n in frame.local]
    lines = [f"    {name} = {shown(frame.local[name])}" for name in names if not _is_machinery(frame.local[name])]
    nothing = any(frame.local[name] is None for name in names)
    return [*lines, "", "None: is a `return` missing?"] if nothing else lines


def _inner(obj: Any) -> Any:
    """The function that was written, under Hypothesis's wrapper."""
    handle = getattr(obj, "hypothesis", None)
    function = getattr(handle, "inner_test", None) or obj
    return inspect.unwrap(function) if callable(function) else None


def _headline(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {shown_text(text)}" if text else type(error).__name__


def shown_text(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _tail(text: str) -> str:
    if len(text) <= _LAST_OF_PRINT:
        return text
    return f"… ({len(text):,} characters printed; the last of them:)\n{text[-_LAST_OF_PRINT:]}"


def _message(error: BaseException, *, whole: bool) -> list[str]:
    """What the assertion says; pytest's own explanation only where a spec gave no message, or if `whole`."""
    lines = str(error).splitlines() or ["the assertion failed"]
    own = [i for i, line in enumerate(lines) if line.startswith("assert ")]
    if own and own[0] > 0 and not whole:
        lines = lines[: own[0]]
    return [shown_text(line, 160) for line in lines[:24]]


def _is_told(lines: list[str]) -> bool:
    return any(re.match(r"\s+got\s", line) for line in lines)


def _their_frames(theirs: list[Frame]) -> list[str]:
    lines: list[str] = []
    for step in theirs[-4:]:
        lines += [f"    {relative(step.path)}:{step.line} in {step.name}", f"        {shown_text(step.source, 90)}"]
    return lines


def _counter_example(function: Any, specs: list[Frame]) -> list[str]:
    """The spec's own arguments at the moment of failure: for a property, the shrunk example."""
    frame = next((s for s in specs if function is not None and s.code is getattr(function, "__code__", None)), None)
    if frame is None:
        return []
    names = frame.code.co_varnames[: frame.code.co_argcount + frame.code.co_kwonlyargcount]
    plain = [n for n in names if n in frame.local and not _is_machinery(frame.local[n])]
    width = max((len(n) for n in plain), default=0)
    return [f"    {name:<{width}} = {shown(frame.local[name])}" for name in plain]


def _is_machinery(value: object) -> bool:
    return type(value).__module__.split(".")[0] in {"_pytest", "syrupy", "specs"}


def _kata_function(item: pytest.Item, function: Any, frame: Frame | None) -> Any:
    """The kata's function or class that the failing line (or else the spec) uses."""
    if function is None:
        return None
    given: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    space = getattr(function, "__globals__", {})
    line = frame.source if frame else ""
    names = [*re.findall(r"[A-Za-z_]\w*", line), *_global_names(function)]
    found = [space[n] for n in names if str(getattr(space.get(n), "__module__", "")).startswith("katas.")]
    found += [v for v in given.values() if str(getattr(v, "__module__", "")).startswith("katas.")]
    own = function.__module__.rpartition(".")[2].removeprefix("test_")
    usable = [f for f in found if inspect.isroutine(f) or (inspect.isclass(f) and not issubclass(f, Enum | Exception))]
    usable = [f for f in usable if not _is_given(f)]
    # The kata under test before its neighbours, and what can be called before what it is made of.
    usable.sort(key=lambda f: (f.__module__.rpartition(".")[2] != own, inspect.isclass(f)))
    return usable[0] if usable else None


def _is_given(target: Any) -> bool:
    """Whether the course gave it whole: nothing is to be written there."""
    try:
        lines, _ = inspect.getsourcelines(target)
    except (TypeError, OSError):
        return False
    return any("# given" in line for line in lines[:3])


def _global_names(function: Any) -> tuple[str, ...]:
    return getattr(getattr(function, "__code__", None), "co_names", ())


def kata_names(item: pytest.Item) -> set[str]:
    """Names of the kata's functions and classes that the spec uses."""
    function = _inner(getattr(item, "obj", None))
    space = getattr(function, "__globals__", {})
    return {n for n in _global_names(function) if str(getattr(space.get(n), "__module__", "")).startswith("katas.")}


def _signature(target: Any) -> str:
    try:
        return str(inspect.signature(target))
    except (TypeError, ValueError):
        return "(…)"


def _place(target: Any) -> str:
    try:
        path = inspect.getsourcefile(target)
        line = inspect.getsourcelines(target)[1]
    except (TypeError, OSError):
        return ""
    return f"{relative(path or '')}:{line}   {target.__name__}"


def _empty_frame(error: BaseException, theirs: list[Frame], folder: Path) -> tuple[str, int, str] | None:
    """File, line and name of the empty body that raised NotImplementedError."""
    for step in [*reversed(theirs), *(s for cause in _causes(error) for s in reversed(frames_of(cause)))]:
        if Path(step.path).is_relative_to(folder) and "NotImplementedError" in step.source:
            name = re.sub(r"\._still_empty$", "", step.name.replace("<locals>.", ""))
            return step.path, step.code.co_firstlineno, name
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error.__cause__ or error.__context__
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
