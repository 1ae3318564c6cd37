"""The rules as data, and the order of levels."""

import subprocess
import sys

import pytest

from shellper.calls import load_catalogue
from shellper.safety import Level, Verdict
from shellper.safety.rules import load
from shellper.safety.verdict import MOST_REASONS, combine


def test_levels_have_an_order() -> None:
    assert sorted(Level, reverse=True) == [Level.BLOCK, Level.WARN, Level.CONFIRM, Level.ALLOW]
    assert max(Level.BLOCK, Level.CONFIRM) is Level.BLOCK
    assert [level.rank for level in Level] == [0, 1, 2, 3]
    assert Level.ALLOW < Level.CONFIRM <= Level.CONFIRM < Level.WARN
    assert str(Level("block")) == "block"


def test_no_proof_is_no_permission() -> None:
    assert combine([]).level is Level.CONFIRM


def test_the_highest_level_holds_and_its_reasons_come_first() -> None:
    parts = [Verdict(Level.ALLOW, ("reads",)), Verdict(Level.CONFIRM, ("writes",)), Verdict(Level.WARN, ("risky",))]
    assert combine(parts) == Verdict(Level.WARN, ("risky", "writes"))
    many = [Verdict(Level.CONFIRM, (f"part {number}",)) for number in range(50)]
    assert len(combine(many).reasons) == MOST_REASONS


def test_every_tool_of_the_catalogue_has_its_effects() -> None:
    catalogue = load_catalogue()
    tools = load().tools
    assert set(tools) == set(catalogue.tools)
    for name, effects in tools.items():
        assert set(effects) <= set(catalogue.tools[name].by_name)


def test_no_program_is_both_read_only_and_writing() -> None:
    rules = load()
    # Packing programs only read with an option that says so, which the table demands.
    both = set(rules.reads) & (set(rules.writes) | set(rules.wrappers) | rules.shells)
    assert all(rules.reads[name].needs for name in both), both


@pytest.mark.parametrize(
    ("name", "option"),
    [("sort", "o"), ("tree", "o"), ("file", "C"), ("date", "s"), ("shuf", "o"), ("tail", "f"), ("xxd", "r")],
)
def test_options_that_write_or_never_end_are_not_in_the_table(name: str, option: str) -> None:
    read = load().reads[name]
    assert option not in read.flags
    assert option not in read.values or name == "xxd"


def test_the_parser_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, shellper.safety; print('bashlex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
