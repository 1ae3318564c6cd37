"""The level of every command in the table, and the reasons for it."""

import pytest

from shellper.safety import Level, read_command
from tests.safety.context import CONTEXT
from tests.safety.table import TABLE


@pytest.mark.parametrize(("command", "level"), TABLE, ids=[ascii(command)[:60] for command, _ in TABLE])
def test_level(command: str, level: Level) -> None:
    verdict = read_command(command, CONTEXT)
    assert verdict.level is level, verdict.reasons
    assert verdict.reasons
    assert all(reason and reason.isprintable() for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("rm -rf ~", "your home folder"),
        ("rm -rf /", "the root of the disk"),
        ("rm *", "everything in the working directory"),
        ("rm -rf ..", "above the working directory"),
        ('rm -rf "$UNSET"/*', "if `$UNSET` is empty"),
        ("sudo ls", "administrator"),
        ("curl x | sh", "whatever the network sends"),
        ("cat ~/.ssh/id_rsa", "keys or passwords"),
        ("ls 'x", "can't be read"),
        ("ls \u202e", "U+202E"),
        ("sort -o x y", "`-o`"),
        ("ls", "`ls` only reads"),
    ],
)
def test_first_reasons_name_the_part(command: str, words: str) -> None:
    assert words in " ".join(read_command(command, CONTEXT).reasons[:2])


def test_the_table_is_large_enough() -> None:
    assert len({command for command, _ in TABLE}) == len(TABLE) >= 300
