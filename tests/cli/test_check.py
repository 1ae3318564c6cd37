"""`shellper check`: the verdict on commands that aren't run."""

import json
import subprocess

import pytest

from shellper.cli.arguments import Options, Subcommand, parse
from tests.cli.conftest import Program


@pytest.mark.parametrize(
    ("command", "level", "code"),
    [("ls -la", "allow", 0), ("touch x", "confirm", 3), ('rm -rf "$X"', "warn", 4), ("rm -rf ~", "block", 5)],
)
def test_the_exit_code_tells_the_verdict(command: str, level: str, code: int, program: Program) -> None:
    ended = program.run("check", command)
    assert ended.code == code, ended.err
    first, *reasons = ended.out.splitlines()
    assert first == level
    assert reasons and all(reason.startswith("  ") for reason in reasons)
    assert not (program.home / "x").exists()


def test_as_json(program: Program) -> None:
    ended = program.run("check", "--json", "rm -rf ~")
    assert json.loads(ended.out) == {"verdict": "block", "reasons": ["deletes `~`: that is your home folder"]}


def test_hidden_characters_are_shown(program: Program) -> None:
    ended = program.run("check", "ls \u202e")
    assert ended.code == 5
    assert "U+202E" in ended.out and "\u202e" not in ended.out


def serve(program: Program, text: str) -> list[dict[str, object]]:
    done = subprocess.run(
        program.command(("check", "--jsonl")),
        cwd=program.home,
        env=program.environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_lines_are_answered_in_their_order(program: Program) -> None:
    rows = [{"cmd": "ls"}, {"cmd": "rm -rf /home/bob", "home": "/home/bob", "cwd": "/tmp"}, {"cmd": "cat <<EOF"}]
    rows += [{"cmd": f"rm x{number}"} for number in range(100)]
    answers = serve(program, "".join(json.dumps(row) + "\n" for row in rows))
    assert [answer["verdict"] for answer in answers] == ["allow", "block", "warn", *["confirm"] * 100]
    assert all(answer["reasons"] for answer in answers)


def test_the_context_of_a_line_counts(program: Program) -> None:
    rows = [{"cmd": "rm -rf *", "cwd": "/home/ann/x"}, {"cmd": "rm -rf ~ann", "home": "/data/a", "user": "ann"}]
    rows += [{"cmd": "rm -rf docs", "cwd": str(program.home)}]
    answers = serve(program, "".join(json.dumps(row) + "\n" for row in rows))
    assert [answer["verdict"] for answer in answers] == ["block", "block", "confirm"]


def test_a_wrong_line_is_answered_and_the_next_one_served(program: Program) -> None:
    text = 'x\n{"cmd": 1}\n{"cmd": "ls", "cwd": "relative"}\n[1]\n\n{"cmd": "ls"}'
    *wrong, right = serve(program, text)
    assert len(wrong) == 4
    assert all(list(answer) == ["error"] for answer in wrong)
    assert right["verdict"] == "allow"


def test_an_answer_comes_while_the_source_is_open(program: Program) -> None:
    process = subprocess.Popen(
        program.command(("check", "--jsonl")),
        cwd=program.home,
        env=program.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    for command, level in (("ls", "allow"), ("rm -rf ~", "block")):
        process.stdin.write(json.dumps({"cmd": command}) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["verdict"] == level
    process.stdin.close()
    process.stdout.close()
    assert process.wait(timeout=60) == 0


def test_own_rules_count(program: Program) -> None:
    program.config.parent.mkdir(parents=True, exist_ok=True)
    file = program.config.parent / "rules.toml"
    file.write_text('[[rule]]\nprograms = ["ls"]\nlevel = "warn"\nreason = "is not for today"\n')
    ended = program.run("check", "ls")
    assert (ended.code, "is not for today" in ended.out) == (4, True)
    file.write_text("[[rule]]\nlevel = 1\n")
    ended = program.run("check", "ls")
    assert ended.code == 2
    assert str(file) in ended.err and len(ended.err.splitlines()) == 1


def test_wrong_arguments(program: Program) -> None:
    assert program.run("check").code == 2
    assert program.run("check", "--jsonl", "ls").code == 2


def test_a_sentence_is_a_request_and_one_word_a_command() -> None:
    assert isinstance(parse(("check", "the", "disk", "space")), Options)
    found = parse(("check", "du -sh"))
    assert isinstance(found, Subcommand)
    assert (found.words, found.command) == ("check", "du -sh")
