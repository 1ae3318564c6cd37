"""What must hold for every text: it is read without an error, and `allow` is never given to what isn't seen."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shellper.safety import Context, Level, Verdict, read_command
from tests.safety.context import CONTEXT

WORDS = ["ls", "cat", "echo", "a", "-l", "'b c'", '"d"', "~", "*", r"\$x", "'$(rm x)'", "{e,f}", "2>&1", ">/dev/null"]
JOINS = [" ", " ", "  ", " ; ", " && ", " | ", "\n"]
SUBSTITUTIONS = [
    "$(rm x)",
    "`rm x`",
    "$(date)",
    "<(rm x)",
    "${y:-$(rm x)}",
    "${y}",
    "$y",
    "$((1))",
    '"$(rm x)"',
]
FRAGMENTS = [
    *WORDS,
    *SUBSTITUTIONS,
    *(
        "canary",
        ";canary",
        "$(canary)",
        "`canary`",
        "'",
        '"',
        "\\",
        "\n",
        " ",
        ";",
        "&&",
        "|",
        "#",
        " #",
        "$",
        "(",
        ")",
    ),
    *(
        "{ ",
        "; }",
        "<(",
        "$(",
        "${x:-",
        "}",
        "<<E\n",
        "\nE\n",
        "<<<",
        "$'",
        '$"',
        "((",
        "))",
        "[[ ",
        "~$(canary)",
        "! ",
    ),
    *(
        "if ",
        "then ",
        "fi",
        "\\\n",
        "A=",
        "&",
        "'$(canary)'",
        '"`canary`"',
        r"\`canary\`",
        "[ -v ",
        " ]",
        "test ",
        "cd sub",
    ),
    *(
        "$'can\\x61ry'",
        "[[ -v ",
        " ]]",
        "case x in x) ",
        ";; esac",
        "time ",
        "a=(",
        "${x/",
        "${a[",
        "]}",
        "${x@P}",
        "<<'E'\n",
    ),
    *("x=canary;", "$x", "${x:-canary}", "read x;", "((", "let ", "xargs ", "echo canary|", "sh -c ", "env ", "-eq "),
    *("set -- canary;", '"$@"', "$1", "f() { ", " ;}; f ", "printf -v x canary;", "${x%y}", "${x:0:9}", "x=ls;", "||"),
    *("< <(echo canary)", '"${a[@]}"', "IFS=a;", "x=$((1));", "while ", "do ", "source ", "bash -c '$0' ", "export "),
    *("sed -n ", "1p", "awk ", "find . ", "{canary,b}", "$((", "$[", "for x in a; do ", "done", "command ", "coproc "),
]

fragments = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=12).map("".join)
plain_commands = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(JOINS)), max_size=6).map(
    lambda parts: "echo " + "".join(word + join for word, join in parts)
)


def is_whole(verdict: Verdict) -> bool:
    """Tell whether a verdict has what a user needs: a level and printable reasons."""
    return bool(verdict.reasons) and all(reason.isprintable() for reason in verdict.reasons)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_any_text_gets_a_verdict(text: str) -> None:
    assert is_whole(read_command(text, CONTEXT))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="lsrm /~*'\"\\$`(){}[]<>|&;#!=\n\t-ex1,.", max_size=60))
def test_any_shell_characters_get_a_verdict(text: str) -> None:
    assert is_whole(read_command(text, CONTEXT))


@settings(deadline=None, max_examples=200)
@given(fragments)
def test_any_shell_fragments_get_a_verdict(text: str) -> None:
    assert is_whole(read_command(text, CONTEXT))


@settings(deadline=None, max_examples=100)
@given(plain_commands, st.sampled_from(SUBSTITUTIONS), st.sampled_from(["", "x", "'y'", "-"]), st.booleans())
def test_a_live_substitution_is_never_allowed(plain: str, substitution: str, before: str, in_front: bool) -> None:
    word = before + substitution
    text = f"cat {word}; {plain}" if in_front else f"{plain}\ncat {word}"
    assert read_command(text, CONTEXT).level > Level.ALLOW


@settings(deadline=None, max_examples=50)
@given(plain_commands, st.sampled_from(["rm -rf /", "sudo rm -rf ~", "sh -c 'rm -rf /'", "dd of=/dev/sda"]))
def test_a_blocked_command_blocks_whatever_is_around_it(plain: str, blocked: str) -> None:
    for text in (f"{blocked}; {plain}", f"({blocked}) ; {plain}", f"echo $({blocked})", f"if {blocked}; then ls; fi"):
        assert read_command(text, CONTEXT).level is Level.BLOCK


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder where the only program is `canary`, which leaves a mark when it runs."""
    root = tmp_path_factory.mktemp("bench")
    for name in ("bin", "work", "work/sub"):
        (root / name).mkdir()
    canary = root / "bin" / "canary"
    canary.write_text(f"#!/bin/sh\n: > '{root}/mark'\n")
    canary.chmod(0o755)
    return root


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
@settings(deadline=None, max_examples=400)
@given(text=fragments)
def test_bash_runs_no_unknown_program_in_what_is_allowed(text: str, bench: Path) -> None:
    context = Context(bench / "work", bench)
    if read_command(text, context).level is not Level.ALLOW:
        return
    bash = shutil.which("bash") or "bash"
    environment = {"PATH": str(bench / "bin"), "HOME": str(bench)}
    subprocess.run(
        [bash, "-c", text],
        cwd=bench / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
    )
    assert not (bench / "mark").exists()
    assert [entry.name for entry in (bench / "work").iterdir()] == ["sub"]
