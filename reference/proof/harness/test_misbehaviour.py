"""Katas that misbehave end in a sentence and a red, never in a dead or endless run."""

from __future__ import annotations

import pytest

from .house import EMPTY_SIGNALS, GOOD_SIGNALS, House


def broken(body: str) -> str:
    """Signals of which `double` does this."""
    return GOOD_SIGNALS.replace("return 2 * x", body)


def test_a_loop_without_end_is_stopped(house: House) -> None:
    house.kata("signals", broken("while True: pass"))
    seen = house.run(KATAS_PATIENCE="0.05")
    assert seen.status == 1
    assert "ran for 1 seconds without an answer" in seen
    assert "while True: pass" in seen
    assert "1/3" in seen, "the other specs still ran"


def test_a_loop_that_catches_everything_is_stopped(house: House) -> None:
    house.kata("signals", broken("\n        while True:\n            try: pass\n            except Exception: pass"))
    assert house.run(KATAS_PATIENCE="0.05").status == 1


def test_a_wait_without_end_is_stopped(house: House) -> None:
    house.kata("signals", broken("__import__('threading').Event().wait()"))
    seen = house.run(KATAS_PATIENCE="0.05")
    assert seen.status == 1
    assert "without an answer" in seen


def test_an_import_without_end_is_stopped(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS + "\n\n    while True: pass\n")
    seen = house.run(KATAS_PATIENCE="0.05")
    assert seen.status == 1
    assert "importing katas/week1/signals.py took over 1.5 seconds" in seen
    assert "0/3" in seen


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("raise SystemExit(0)", "leaves Python"),
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_package", "No module named 'no_such_package'"),
        ("from .models import Missing", "katas/week1/models.py is missing"),
    ],
)
def test_a_kata_that_can_not_be_imported_is_told(house: House, statement: str, sentence: str) -> None:
    house.kata("signals", GOOD_SIGNALS + f"\n\n    {statement}\n")
    seen = house.run()
    assert seen.status == 1
    assert sentence in seen
    assert "0/3" in seen
    assert "Traceback" not in seen


def test_a_name_that_the_course_calls_is_missing(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS.replace("def triple", "def trebble"))
    seen = house.run()
    assert "katas/week1/signals.py has no triple" in seen
    assert seen.status == 1


def test_a_kata_that_is_missing_altogether(house: House) -> None:
    (house.root / "katas" / "week1" / "signals.py").unlink()
    seen = house.run()
    assert "katas/week1/signals.py is missing" in seen
    assert seen.status == 1


def test_ten_megabytes_of_print_are_cut(house: House) -> None:
    house.kata("signals", broken("print('x' * 10_000_000) or 0"))
    for arguments in ((), ("-n", "2")):
        seen = house.run(*arguments)
        assert seen.status == 1
        assert "your code printed" in seen
        assert len(seen.text) < 10_000


def test_sys_exit_is_a_red(house: House) -> None:
    house.kata("signals", broken("raise SystemExit(0)"))
    seen = house.run()
    assert seen.status == 1
    assert "SystemExit" in seen
    assert "1/3" in seen


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "workers"])
def test_threads_that_never_end_do_not_keep_the_run(house: House, arguments: tuple[str, ...]) -> None:
    house.kata("signals", broken("__import__('threading').Thread(target=__import__('threading').Event().wait).start()"))
    seen = house.run(*arguments)
    assert seen.status == 1
    assert "1/3" in seen


def test_a_worker_that_dies_is_a_red(house: House) -> None:
    house.kata("signals", broken("__import__('os')._exit(0)"))
    assert house.run("-n", "2").status == 1


def test_the_network_is_out_of_reach(house: House) -> None:
    house.kata("signals", broken("__import__('socket').create_connection(('example.com', 80), 1)"))
    seen = house.run()
    assert seen.status == 1
    assert "specs run without a network" in seen
    assert "example.com" in seen


def test_loopback_is_within_reach(house: House) -> None:
    code = "__import__('socket').create_server(('127.0.0.1', 0)).close() or 2 * x"
    house.kata("signals", GOOD_SIGNALS.replace("return 2 * x", f"return {code}"))
    assert house.run().status == 0


def test_a_skipped_spec_is_not_green(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    for mark in ("skip", "xfail"):
        house.spec(
            "signals",
            f"""
            import pytest
            from katas.week1.signals import double


            @pytest.mark.{mark}(reason="later")
            def test_twice():
                assert double(1) == 3
            """,
        )
        assert house.run().status == 1
        assert house.run("--plain").status == 1


def test_tests_of_the_learners_own_run_beside_the_specs(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    house.write("specs/week1/test_mine.py", "def test_mine():\n    assert 1 + 1 == 2\n")
    seen = house.run()
    assert seen.status == 0
    assert "your own" in seen
    house.write("specs/week1/test_mine.py", "def test_mine():\n    assert 1 + 1 == 3, 'a sum'\n")
    seen = house.run()
    assert seen.status == 1
    assert "assert (1 + 1) == 3" in seen
    assert "3/3" in seen


def test_golden_files_are_refused_to_learner_code(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    for option in ("--snapshot-update", "--snapshot-update-new-only"):
        seen = house.run(option)
        assert seen.status == 4
        assert "tox -e golden" in seen


def test_a_golden_file_that_is_missing_is_told(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    house.spec("signals", "def test_golden(golden):\n    golden.check({'a': 1})\n")
    seen = house.run()
    assert seen.status == 1
    assert "golden file of this spec is missing" in seen


def test_an_implementation_that_is_not_there_is_told(house: House) -> None:
    seen = house.run("--impl", "nowhere")
    assert seen.status == 4
    assert "--impl nowhere: there is no folder" in seen
    assert "Traceback" not in seen


def test_the_chosen_implementation_runs(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS, of="reference")
    assert house.run("--impl", "reference").status == 0
    assert house.run("--impl", str(house.root / "reference")).status == 0
    assert house.run().status == 1


def test_the_name_of_a_kata_means_its_specs(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    house.kata("main", "def double(x: int) -> int:\n    return 0\n")
    house.spec("main", "from katas.week1.main import double\n\n\ndef test_signals():\n    assert double(1) == 2\n")
    assert house.run("signals").status == 0
    assert house.run("signals", "-v").status == 0
    assert house.run("-k", "signals").status == 1, "-k finds the spec of main that mentions signals as well"
    assert house.run("main").status == 1


def test_cases_are_counted_although_the_kata_can_not_be_read(house: House) -> None:
    house.spec(
        "signals",
        """
        import pytest
        from katas.week1.signals import double


        @pytest.mark.parametrize("x", [1, 2, 3, 4])
        def test_twice(x):
            assert double(x) == 2 * x
        """,
    )
    house.kata("signals", GOOD_SIGNALS, of="reference")
    assert house.run("--impl", "reference", "--snapshot-update").status == 0
    house.kata("signals", "def double(x: int) -> int\n")
    assert "0/4" in house.run()


def test_a_run_that_is_interrupted_is_not_green(house: House) -> None:
    """What had run by then was green; the rest is not known."""
    house.kata("signals", GOOD_SIGNALS)
    house.spec(
        "signals",
        """
        import signal
        from katas.week1.signals import double


        def test_a():
            assert double(1) == 2


        def test_b():
            # In the background Ctrl-C is ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.raise_signal(signal.SIGINT)


        def test_c():
            assert double(1) == 2
        """,
    )
    seen = house.run()
    assert seen.status == 2
    assert "GREEN" not in seen
    assert "STOPPED  after 1 of 3 specs" in seen


def test_kinds_are_known_by_what_a_spec_uses(house: House) -> None:
    house.kata("signals", GOOD_SIGNALS)
    assert "1/1" in house.run("-m", "property")
    assert "2/2" in house.run("-m", "unit")
    house.kata("signals", EMPTY_SIGNALS + "\n    def (")
    assert "0/1" in house.run("-m", "property"), "also when the kata can't be read"
