"""The two readers: what they see, where they differ, and their limits."""

from pathlib import Path

import pytest

from shellper.safety import Level, by_shfmt, read_command, read_commands
from shellper.safety.lexer import tokenize
from shellper.safety.syntax import Simple, Unreadable, commands
from shellper.safety.tree import read_tree
from tests.safety.context import CONTEXT
from tests.safety.table import TABLE


@pytest.mark.parametrize(
    "text",
    [
        "time ls",
        "[[ -f x && $y == z* ]] && ls",
        "case $x in a|b) ls ;; *) pwd ;; esac",
        "a=(1 2 3); echo ${a[1]}",
        "declare -A m=([a]=b)",
        "for ((i = 0; i < 3; i++)); do echo $i; done",
        "(( x = 1 )) || ls",
        "echo $((1 + 2)) $'a\\n'",
        "cat <<'EOF'\n$x\nEOF",
        "select x in a b; do echo $x; done",
        "echo ${x:-$(ls)} ${y/a/$(pwd)}",
        "ls 'ä b' \"ö\" ü.txt && cat é",
        "if ls; then pwd; elif date; then id; else w; fi",
        'while read -r x; do echo "$x"; done < f',
        "f() { ls; }; f | cat",
        "ls 2>&1 >/dev/null | sort > out &",
    ],
)
def test_valid_text_is_read_without_doubts(text: str) -> None:
    assert read_tree(text).doubts == ()


@pytest.mark.parametrize("text", ["ls )", "ls 'x", "if ls", "echo $(", "cat <<EOF\nx", "ls &&", "}", "done"])
def test_what_is_no_command_is_in_doubt(text: str) -> None:
    assert read_command(text, CONTEXT).level >= Level.WARN


def test_words_have_their_places_beyond_ascii() -> None:
    tree = read_tree("echo 'ä' ö; cat ü")
    found = [word.raw for part in getattr(tree.root, "parts", ()) for word in part.words]
    assert found == ["echo", "'ä'", "ö", "cat", "ü"]


def test_readers_that_see_other_commands_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    other = by_shfmt.read("ls; pwd")
    monkeypatch.setattr(by_shfmt, "read", lambda text: other)
    assert read_command("ls  -a", CONTEXT).level is Level.WARN


def test_without_shfmt_nothing_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_shfmt, "binary", lambda: None)
    assert read_command("ls", CONTEXT).level is Level.CONFIRM
    assert read_command("rm -rf ~", CONTEXT).level is Level.BLOCK


def test_a_reading_that_works_too_long_is_a_warning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "shfmt"
    slow.write_text("#!/bin/sh\nwhile :; do :; done\n")
    slow.chmod(0o755)
    monkeypatch.setattr(by_shfmt, "binary", lambda: str(slow))
    verdict = read_command("ls", CONTEXT)
    assert verdict.level is Level.WARN
    assert "takes too long" in verdict.reasons[0]
    assert read_command("rm -rf ~", CONTEXT).level is Level.BLOCK


@pytest.mark.parametrize("text", ["$(" * 50 + "ls" + ")" * 50, "( " * 100 + "ls" + " )" * 100, "ls " + "a" * 9000])
def test_what_is_too_deep_or_long_is_a_warning(text: str) -> None:
    assert read_command(text, CONTEXT).level is Level.WARN


def test_many_commands_are_judged_as_each_one_is() -> None:
    texts = [command for command, _ in TABLE][::5]
    together = list(read_commands([(text, CONTEXT) for text in texts]))
    assert together == [read_command(text, CONTEXT) for text in texts]


@pytest.mark.parametrize("text", ["cat <<EOF", "ls \\", "ls '", "f() {", "cat <<EOF\nx\nEOF", "ls # x", "a=("])
def test_no_text_reaches_into_the_next_one(text: str) -> None:
    rows = [("ls", CONTEXT), (text, CONTEXT), ("rm -rf ~", CONTEXT), ("pwd", CONTEXT)]
    verdicts = list(read_commands(rows))
    assert [verdict.level for verdict in verdicts] == [
        Level.ALLOW,
        read_command(text, CONTEXT).level,
        Level.BLOCK,
        Level.ALLOW,
    ]


def test_the_tree_names_the_commands() -> None:
    root = by_shfmt.read("ls -a | sort; { pwd; }").root
    assert [len(words) for words in commands(root)] == [2, 1, 1]
    alone = by_shfmt.read("x=1 ls >out").root
    assert isinstance(alone, Simple)
    assert [word.raw for word in alone.assignments] == ["x=1"]
    assert alone.redirects[0].operator == ">"


def test_what_shfmt_rejects_is_said() -> None:
    with pytest.raises(Unreadable):
        by_shfmt.read("ls )")
    assert tokenize("ls a").items[0].end == 2
