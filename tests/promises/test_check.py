"""The checker of promises, against runs that it must not let pass."""

from pathlib import Path

import pytest

from tests.promises.check import Promise, Run, problems, read_cargo, read_figures, read_promises, read_pytest

ROOT = Path(__file__).parents[2]

TABLE = """
Some words | with a bar.

| Promise | Shown by |
| --- | :---: |
| A removed member reads nothing more | `tests/story/test_story.py::test_removed` `cargo:inmost_core::log::tests::gap` |
| It is quick | `figure:seal_200` |

| not | a row without the rule |
"""

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.story.test_story" name="test_removed[1]" file="tests/story/test_story.py"/>
<testcase classname="tests.story.test_story" name="test_removed[2]" file="tests/story/test_story.py"/>
<testcase classname="tests.story.test_story.TestBots" name="test_bot" file="tests/story/test_story.py"/>
<testcase classname="server.x.test_y" name="test_broken" file="server/x/test_y.py"><failure>no</failure></testcase>
<testcase classname="server.x.test_y" name="test_later" file="server/x/test_y.py"><skipped type="pytest.xfail"/></testcase>
<testcase classname="server.x.test_y" name="test_unclean" file="server/x/test_y.py"/>
<testcase classname="server.x.test_y" name="test_unclean" file="server/x/test_y.py"><error>at teardown</error></testcase>
</testsuite></testsuites>"""

CARGO = """
   Compiling inmost-core v0.1.0
     Running unittests src/lib.rs (target/debug/deps/inmost_core-1a2b3c4d5e6f7a8b)

running 3 tests
test log::tests::gap ... ok
test log::tests::refuses - should panic ... ok
test log::tests::slow ... ignored, takes an hour
     Running tests/vectors.rs (target/debug/deps/vectors-00112233445566aa)
test frozen ... FAILED
   Doc-tests inmost_public
test engine/public/src/lib.rs - (line 4) ... ok
"""


def test_the_table_gives_each_promise_with_its_proofs():
    assert read_promises(TABLE) == [
        Promise(
            "A removed member reads nothing more",
            6,
            ("tests/story/test_story.py::test_removed", "cargo:inmost_core::log::tests::gap"),
        ),
        Promise("It is quick", 7, ("figure:seal_200",)),
    ]


def test_a_pytest_run_is_read_by_node_id():
    run = read_pytest(JUNIT)
    assert run.passed == {
        "tests/story/test_story.py::test_removed[1]",
        "tests/story/test_story.py::test_removed[2]",
        "tests/story/test_story.py::TestBots::test_bot",
    }
    assert run.failed == {"server/x/test_y.py::test_broken", "server/x/test_y.py::test_unclean"}
    assert run.skipped == {"server/x/test_y.py::test_later"}


def test_a_cargo_run_is_read_by_crate_and_test():
    run = read_cargo(CARGO)
    assert run.passed == {
        "cargo:inmost_core::log::tests::gap",
        "cargo:inmost_core::log::tests::refuses",
        "cargo:inmost_public::engine/public/src/lib.rs - (line 4)",
    }
    assert run.failed == {"cargo:vectors::frozen"}
    assert run.skipped == {"cargo:inmost_core::log::tests::slow"}


def found(proof: str, run: Run, root: Path = Path()) -> list[str]:
    return problems([Promise("p", 1, (proof,))], run, {"seal_200"}, root)


def test_a_promise_is_shown_by_all_parameters_of_its_test():
    run = Run(passed={"a.py::test_a[1]", "a.py::test_a[2]"})
    assert found("a.py::test_a", run) == []
    assert found("a.py::test_a[2]", run) == []
    run = Run(passed={"a.py::test_a[1]"}, failed={"a.py::test_a[2]"})
    assert "failed" in found("a.py::test_a", run)[0]


@pytest.mark.parametrize(
    "proof",
    [
        "a.py::test_b",
        "a.py::test",
        "b.py::test_a",
        "cargo:core::x",
        "figure:open_200",
        "picture:no.svg",
        "seal_200",
        "a.py",
    ],
)
def test_a_proof_that_names_nothing_that_ran_fails(proof, tmp_path):
    assert len(found(proof, Run(passed={"a.py::test_a"}), tmp_path)) == 1


def test_figures_and_pictures_show_by_being_there(tmp_path):
    (tmp_path / "chat.svg").touch()
    assert found("figure:seal_200", Run(), tmp_path) == []
    assert found("picture:chat.svg", Run(), tmp_path) == []


def test_the_figures_that_the_bench_keeps_are_found_by_their_names(tmp_path):
    assert "seal_200_bytes" in read_figures(ROOT / "bench/results/latest.json")
    assert read_figures(tmp_path / "latest.json") == set()


def test_a_skipped_test_fails_the_run_whether_or_not_a_promise_names_it():
    run = Run(passed={"a.py::test_a"}, skipped={"a.py::test_b"})
    assert found("a.py::test_a", run) == ["skipped: a.py::test_b"]
    assert "was skipped" in found("a.py::test_b", run)[0]


def test_a_promise_without_a_proof_and_a_list_without_promises_fail():
    assert len(problems([Promise("p", 1, ())], Run(), set(), Path())) == 1
    assert len(problems([], Run(passed={"a.py::test_a"}), set(), Path())) == 1


def test_the_closing_line_has_the_form_that_ci_reads():
    assert Run(passed={"a", "b"}, failed={"c"}).closing_line() == "2 passed, 1 failed"
    assert Run(passed={"a"}, skipped={"c"}).closing_line() == "1 passed, 0 failed, 1 skipped"
