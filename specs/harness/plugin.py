"""The harness: one pytest plugin for learners, graders and proofs.

It chooses whose code runs behind `katas`, marks specs by what they use, limits their time and
reach, and replaces pytest's screen by the red report.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from . import guard
from .broken import SpecFile, write_list
from .curriculum import ROOT, SPECS, WEEKS, place_of
from .explain import StillEmpty, explain, kata_names, kind_of, sentence_of
from .golden import Golden
from .implementation import ImplementationError, choose
from .limits import Patience, TookTooLong, leave_even_if_threads_stay, time_limit
from .report import RedReport

_FOLDER = pytest.StashKey[Path]()
_ORDER = pytest.StashKey[int]()
_STATUS = pytest.StashKey[int]()
_FIRST_RED = pytest.StashKey[bool]()
_PATIENCE = pytest.StashKey[Patience]()
_MOST_KEPT = 4000


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("katas")
    group.addoption(
        "--impl",
        default=os.environ.get("KATAS_IMPL", "katas"),
        metavar="WHOSE",
        help="whose code runs: katas (yours, the default), reference, or a path to a submission",
    )
    group.addoption("--plain", action="store_true", help="pytest's own screen instead of the red report")
    group.addoption("--results", metavar="FILE", help="also write each spec's result to FILE, a JSON object a line")
    group.addoption(
        "--profile",
        choices=["learner", "verify", "thorough"],
        default=os.environ.get("KATAS_PROFILE", "learner"),
        help="how property specs search: learner (same examples each time), verify (fresh ones), thorough (many)",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    for name, what in {
        "unit": "a spec by example",
        "property": "a spec for all inputs (Hypothesis)",
        "snapshot": "a spec against a golden file",
        "note(anchor)": "the heading of the kata's note that explains this spec",
    }.items():
        config.addinivalue_line("markers", f"{name}: {what}")
    config.stash[_PATIENCE] = Patience()
    choice = str(config.getoption("--impl"))
    writes = any(config.getoption(name, False) for name in ("update_snapshots", "update_new_snapshots_only"))
    if writes and choice != "reference":
        raise pytest.UsageError(
            "golden files come from the reference, never from the code that they judge: run `tox -e golden`"
        )
    try:
        config.stash[_FOLDER] = choose(choice)
    except ImplementationError as error:
        raise pytest.UsageError(str(error)) from None
    _hypothesis_profiles(str(config.getoption("--profile")))
    guard.install()
    config.pluginmanager.register(Honesty(), "katas-honesty")
    if config.getoption("--results") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Results(Path(str(config.getoption("--results")))), "katas-results")
    if _wants_report(config):
        # Nobody reads pytest's tracebacks here, and building them for every red spec costs seconds.
        config.option.tbstyle = "no"
        _swap_reporter(config)


def _swap_reporter(config: pytest.Config) -> None:
    old = config.pluginmanager.getplugin("terminalreporter")
    if type(old) is pytest.TerminalReporter:
        config.pluginmanager.unregister(old)
        new = RedReport(config, sys.stdout)
        config.pluginmanager.register(new, "terminalreporter")
        distributed: Any = config.pluginmanager.getplugin("terminaldistreporter")
        if distributed is not None:  # xdist holds on to the old one
            distributed.tr = new


def _wants_report(config: pytest.Config) -> bool:
    option = config.option
    plain = (
        "plain",
        "collectonly",
        "usepdb",
        "trace",
        "showfixtures",
        "show_fixtures_per_test",
        "markers",
        "version",
    )
    return not hasattr(config, "workerinput") and not any(getattr(option, name, False) for name in plain)


def _hypothesis_profiles(chosen: str) -> None:
    from hypothesis import HealthCheck, Phase, Verbosity, settings

    # No "explain" phase: it reruns the failing example for words that the red report doesn't show.
    phases = (Phase.explicit, Phase.generate, Phase.shrink)
    common: dict[str, Any] = {
        "deadline": None,
        "database": None,
        "print_blob": False,
        "phases": phases,
        "report_multiple_bugs": False,
        "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        "verbosity": Verbosity.normal,
    }
    settings.register_profile("learner", derandomize=True, max_examples=60, **common)
    settings.register_profile("verify", derandomize=False, max_examples=100, **common)
    settings.register_profile("thorough", derandomize=False, max_examples=1500, **common)
    settings.load_profile(chosen)


# ── collection ──


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Spec files know what to do when a kata can't be loaded."""
    if not module_path.is_relative_to(SPECS) or module_path.parent == SPECS / "harness":
        return None
    specs: SpecFile = SpecFile.from_parent(parent, path=module_path)
    specs.folder = parent.config.stash[_FOLDER]
    return specs


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks by what a spec uses, and teaching order."""
    for place, item in enumerate(items):
        item.stash[_ORDER] = place
        if place_of(item.path):
            item.add_marker(getattr(item, "kind", "") or kind_of(item))
            _give_up_on_empty_bodies(item)
            if item.config.option.tbstyle == "no":
                # The red report has its own words; pytest's cost a millisecond for each red.
                item.repr_failure = _no_words  # pyright: ignore[reportAttributeAccessIssue]
            # So that `-k combine` finds the specs of the function combine.
            item.extra_keyword_matches.update(kata_names(item))
    items.sort(key=_order)


def _no_words(excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
    return excinfo.exconly(tryshort=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    """`tox -e golden` also writes down which specs there are, for runs in which they can't be collected."""
    option = session.config.option
    whole = not (option.keyword or option.markexpr or any("::" in a or a.endswith(".py") for a in session.config.args))
    if whole and getattr(option, "update_snapshots", False):
        write_list(item for item in session.items if place_of(item.path))


def _give_up_on_empty_bodies(item: pytest.Item) -> None:
    """Keep Hypothesis from shrinking the example for which an empty body raised: every example does."""
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    if handle is None or hasattr(handle.inner_test, "gives_up"):
        return
    inner = handle.inner_test

    @functools.wraps(inner)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return inner(*args, **kwargs)
        except NotImplementedError as empty:
            raise StillEmpty from empty

    run.gives_up = True  # pyright: ignore[reportAttributeAccessIssue]  # items of one spec share the function
    handle.inner_test = run


def _order(item: pytest.Item) -> tuple[int, int, int]:
    place = place_of(item.path)
    mine = item.stash.get(_ORDER, 0)
    if place is None:
        return (len(WEEKS), 0, mine)
    found, kata = place
    return (WEEKS.index(found), found.katas.index(kata), mine)


# ── running one spec ──


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    patience = item.config.stash[_PATIENCE]
    if item.path.is_relative_to(ROOT / "reference"):  # the proofs of the course take what they need
        return (yield)
    try:
        with time_limit(patience.seconds):
            return (yield)
    except TookTooLong as late:
        late.args = (patience.seconds,)
        patience.lose()
        raise


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    place = place_of(item.path)
    extra: dict[str, Any] = {}
    if place:
        extra["kata"] = {
            "week": place[0].name,
            "kata": place[1],
            "order": list(_order(item)),
            "name": sentence_of(item.name),
            "kind": getattr(item, "kind", "") or kind_of(item),
        }
    if report.failed and call.excinfo is not None:
        told = explain(
            item,
            call.excinfo.value,
            item.config.stash[_FOLDER],
            report.capstdout + report.capstderr,
            shortly=not _shown(item.config),
        )
        extra["explanation"] = told.plain()
    # A kata may print megabytes; a worker sends this to the printing process.
    report.sections = [(name, text[-_MOST_KEPT:]) for name, text in report.sections]
    report.__dict__.update(extra)
    return report


class Honesty:
    """Exit status 0 says that all is green: a spec that was skipped or expected to fail is not."""

    def __init__(self) -> None:
        self._not_green = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and hasattr(report, "kata"):
            self._not_green = True

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._not_green and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


class Results:
    """Writes one line a spec as soon as it is done, so that a killed run leaves what it had."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._failed: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            told: dict[str, Any] = getattr(report, "explanation", {"body": report.longreprtext.splitlines()})
            self._failed.setdefault(report.nodeid, {"phase": report.when, **told})
        if report.when == "call" or report.outcome != "passed":
            self._outcome = report.outcome
        if report.when == "teardown":
            failed = self._failed.get(report.nodeid)
            line = {
                "id": report.nodeid,
                "outcome": "failed" if failed else self._outcome,
                **getattr(report, "kata", {}),
                "failure": failed,
            }
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()

    def pytest_unconfigure(self) -> None:
        self._file.close()


def _shown(config: pytest.Config) -> bool:
    """Whether somebody will see this red in full. Specs run in teaching order, so the first is the next one."""
    first = config.stash.get(_FIRST_RED, True)
    config.stash[_FIRST_RED] = False
    return first or config.get_verbosity() > 0 or bool(config.getoption("--results"))


@pytest.fixture
def golden(snapshot: Any) -> Golden:
    """`golden.check(data, rtol=1e-9)`: equal to the golden file of this spec, within the tolerance."""
    return Golden(snapshot)


# ── leaving ──


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_STATUS] = int(session.exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    guard.remove()
    leave_even_if_threads_stay(config.stash.get(_STATUS, 1))
