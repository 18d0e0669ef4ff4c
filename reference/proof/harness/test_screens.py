"""The learner's screen is the product: what it prints, letter by letter."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from .house import EMPTY_SIGNALS, GOOD_SIGNALS, House, Screen


class ScreenFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@pytest.fixture
def screen(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(ScreenFile)


HALF_DONE = EMPTY_SIGNALS.replace("raise NotImplementedError", "return 2 * x if x < 1000 else 0", 1)


def check(seen: Screen, screen: SnapshotAssertion, status: int = 1) -> None:
    assert seen.steady == screen
    assert seen.status == status


def test_all_red(house: House, screen: SnapshotAssertion) -> None:
    check(house.run(), screen)


def test_all_red_on_a_wide_screen(house: House, screen: SnapshotAssertion) -> None:
    check(house.run(columns=120), screen)


def test_all_red_on_a_narrow_screen(house: House, screen: SnapshotAssertion) -> None:
    check(house.run(columns=50), screen)


def test_a_shrunk_counter_example(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", HALF_DONE)
    check(house.run(), screen)


def test_everything_with_v(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", HALF_DONE)
    check(house.run("-v"), screen)


def test_a_terminal_that_knows_only_ascii(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", HALF_DONE)
    seen = house.run(PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert seen.text.isascii()
    check(seen, screen)


def test_two_workers_print_the_same(house: House) -> None:
    house.kata("signals", HALF_DONE)
    assert house.run("-n", "2").steady == house.run().steady


def test_all_green(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", GOOD_SIGNALS)
    check(house.run(), screen, status=0)


def test_a_part_that_is_green(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", GOOD_SIGNALS)
    check(house.run("-k", "double"), screen, status=0)


def test_nothing_selected(house: House, screen: SnapshotAssertion) -> None:
    check(house.run("-k", "no_such_spec"), screen, status=5)


def test_a_syntax_error(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", "def double(x: int) -> int\n    return 2 * x\n")
    check(house.run(), screen)


def test_a_wrong_signature(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", GOOD_SIGNALS.replace("double(x: int)", "double(x: int, y: int)"))
    check(house.run(), screen)


def test_an_exception_of_the_learners(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", GOOD_SIGNALS.replace("return 2 * x", "return [][x]"))
    check(house.run(), screen)


def test_a_return_that_was_forgotten(house: House, screen: SnapshotAssertion) -> None:
    house.kata("signals", GOOD_SIGNALS.replace("return 2 * x", "2 * x"))
    house.spec(
        "signals",
        """
        from katas.week1.signals import double


        def test_twice_has_a_sign():
            \"\"\"Of a number.\"\"\"
            answer = double(21)
            assert answer.real > 0
        """,
    )
    check(house.run(), screen)


def test_a_name_that_nearly_fits(house: House, screen: SnapshotAssertion) -> None:
    check(house.run("-k", "dubble"), screen, status=5)


def test_an_earlier_kata_that_is_empty(house: House, screen: SnapshotAssertion) -> None:
    house.kata("broker", "from .signals import double\n\n\ndef order(x: int) -> int:\n    return double(x)\n")
    house.spec(
        "broker",
        '''
        from katas.week1.broker import order


        def test_an_order_is_doubled():
            """Orders come in pairs."""
            assert order(1) == 2
        ''',
    )
    check(house.run("-k", "broker"), screen)


def test_a_golden_file_that_differs(house: House, screen: SnapshotAssertion) -> None:
    house.spec(
        "signals",
        '''
        from katas.week1.signals import double


        def test_doubles(golden):
            """Doubles of a few numbers."""
            golden.check({"one": double(1), "many": [double(x) / 3 for x in (1, 2)]}, rtol=1e-6)
        ''',
    )
    house.kata("signals", GOOD_SIGNALS, of="reference")
    house.kata("signals", GOOD_SIGNALS)
    assert house.run("--impl", "reference", "--snapshot-update").status == 0
    assert house.run().status == 0
    house.kata("signals", GOOD_SIGNALS.replace("2 * x", "2 * x + 1e-9"))
    assert house.run().status == 0, "the last digits are within the tolerance"
    house.kata("signals", GOOD_SIGNALS.replace("2 * x", "x + 2"))
    check(house.run(), screen)
