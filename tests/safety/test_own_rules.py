"""The user's own rules: they raise levels, and lower one only where they say so."""

from dataclasses import replace
from pathlib import Path

import pytest

from shellper.safety import Context, Level, RulesError, read_command, read_rules
from tests.safety.context import CONTEXT


def context(tmp_path: Path, text: str) -> Context:
    file = tmp_path / "rules.toml"
    file.write_text(text)
    return replace(CONTEXT, rules=read_rules(file))


def rule(level: str, more: str = "") -> str:
    return f'[[rule]]\nprograms = ["make", "swapoff", "rm", "ls"]\nlevel = "{level}"\nreason = "is mine"\n{more}\n'


def test_no_file_is_no_rule(tmp_path: Path) -> None:
    assert read_rules(tmp_path / "none.toml") == ()


def test_a_rule_raises(tmp_path: Path) -> None:
    own = context(tmp_path, rule("warn"))
    verdict = read_command("make x", own)
    assert verdict.level is Level.WARN
    assert "`make` is mine" in verdict.reasons
    assert read_command("ls; sudo make", own).level is Level.WARN
    assert read_command("ls", own).level is Level.WARN


def test_a_rule_does_not_lower(tmp_path: Path) -> None:
    for level in ("allow", "confirm"):
        own = context(tmp_path, rule(level))
        assert read_command("swapoff", own).level is Level.WARN
        assert read_command("make x", own).level is Level.CONFIRM
        assert read_command("rm x", own).level is Level.CONFIRM


def test_a_rule_lowers_where_it_says_so_but_never_a_block(tmp_path: Path) -> None:
    own = context(tmp_path, rule("allow", "lowers = true"))
    assert read_command("swapoff", own).level is Level.ALLOW
    assert read_command("make x", own).level is Level.ALLOW
    assert read_command("make x > /etc/x", own).level is Level.WARN
    assert read_command("rm -rf ~", own).level is Level.BLOCK
    assert read_command("make \u202e", own).level is Level.BLOCK
    assert read_command("make 'x", own).level is Level.WARN


def test_words_of_a_rule_must_be_there(tmp_path: Path) -> None:
    own = context(tmp_path, rule("block", 'first = ["deploy"]'))
    assert read_command("make deploy", own).level is Level.BLOCK
    assert read_command("make test", own).level is Level.CONFIRM


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rule]\n", "can't be read"),
        ('[[rule]]\nlevel = "warn"\n', "name its programs"),
        ('[[rule]]\nprograms = ["x"]\nlevel = "bad"\n', "level must be one of"),
        ('[[rule]]\nprograms = "x"\nlevel = "warn"\n', "programs"),
        ('[[rule]]\nprograms = ["x"]\nlevel = "warn"\ncolour = 1\n', "'colour'"),
        ("x = 1\n", "'x'"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RulesError) as caught:
        context(tmp_path, text)
    message = str(caught.value)
    assert words in message
    assert str(tmp_path) in message
    assert "\n" not in message
