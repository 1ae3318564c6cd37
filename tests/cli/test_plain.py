"""The plain conversation: at a terminal, in its linear form, and from a file."""

import stat

from shellper.sandbox import offer
from tests.cli.conftest import QUESTION, Program, call, error, reply

GREETING = f"Say what you want to be done. /help shows more, Ctrl+D ends.\nsandbox: {offer().label}\n"


def test_lines_of_a_file_are_printed_and_not_run(program: Program) -> None:
    program.script(call("ls"), call("touch", file_name="new"))
    ended = program.run("--plain", stdin="list\n\nmake a file\n")
    assert (ended.code, ended.out) == (0, "ls\ntouch new\n")
    assert not (program.home / "new").exists()
    assert len(program.ids()) == 1


def test_lines_without_arguments(program: Program) -> None:
    program.script(call("cd", folder="docs"), reply(), call("ls"), reply())
    ended = program.run("-y", stdin="go into docs\nlist\n")
    assert (ended.code, ended.out) == (0, "plan.md\n")


def test_the_code_is_that_of_the_last_line(program: Program) -> None:
    program.script(call("ls"), reply(), call("cat", file_name="none"), reply())
    assert program.run("-y", stdin="list\nshow none").code == 1


def test_a_failure_ends_the_lines(program: Program) -> None:
    program.script(error("no engine"), call("ls"))
    ended = program.run("-y", stdin="list\nlist\n")
    assert (ended.code, ended.out, ended.err) == (6, "", "shellper: no engine\n")


def test_linear(program: Program) -> None:
    program.script(call("cd", folder="docs"), reply(), reply("Which one?"))
    sitting = program.sit()
    sitting.expect("~> ")
    sitting.press("go into docs\n")
    sitting.expect(QUESTION)
    sitting.press("\r")
    sitting.expect("~/docs> ")
    sitting.press("delete it\n")
    sitting.expect("~/docs> ")
    sitting.press("\x04")
    ended = sitting.end()
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == (
        f"{GREETING}~> go into docs\n$ cd docs\n✓ allow: `cd` only reads\n{QUESTION}run\n"
        f"this conversation is now in {program.home}/docs; your shell stays where it is\n"
        "~/docs> delete it\nWhich one?\n~/docs> "
    )


def test_words_of_the_conversations_own(program: Program) -> None:
    program.script(call("cd", folder="docs"), reply())
    sitting = program.sit("--plain")
    for line, answer in (
        ("/help", "/new   begins a new conversation"),
        ("/frob", "shellper: there is no /frob; /help shows what there is"),
        ("go into docs", QUESTION),
    ):
        sitting.expect("~> ")
        sitting.press(f"{line}\n")
        sitting.expect(answer)
    sitting.press("r")
    sitting.expect("~/docs> ")
    sitting.press("/new\n")
    sitting.expect("~> ")
    sitting.press("/quit\n")
    assert sitting.end().code == 0


def test_a_failure_costs_a_line_at_a_terminal(program: Program) -> None:
    program.script(error("the engine is gone"), call("ls"), reply())
    sitting = program.sit("--plain", "list")
    sitting.expect("shellper: the engine is gone\n")
    sitting.expect("~> ")
    sitting.press("list\n")
    sitting.expect(QUESTION)
    sitting.press("\x03")
    sitting.expect("stopped\n")
    sitting.expect("~> ")
    sitting.press("\x03")
    assert sitting.end().code == 130


def test_with_editing_and_history(program: Program) -> None:
    program.environment["ACCESSIBLE"] = "0"
    program.script(call("ls"), reply())
    sitting = program.sit()
    sitting.expect("~>")
    sitting.press("not this\x03")  # drops the line
    sitting.press("lis")
    sitting.press("t\r")
    sitting.expect(QUESTION)
    sitting.press("r")
    sitting.expect("~>")
    sitting.press("\x04")
    ended = sitting.end()
    assert (ended.code, ended.out) == (0, "docs\nnotes.txt\n")
    history = program.state / "history"
    assert history.read_text().splitlines()[-1] == "+list"
    assert "not this" not in history.read_text()
    assert stat.S_IMODE(history.stat().st_mode) == 0o600

    program.script(call("pwd"), reply())
    sitting = program.sit()
    sitting.expect("~>")
    sitting.press("\x1b[A\r")  # the line before
    sitting.expect(QUESTION)
    sitting.press("\r")
    sitting.expect("~>")
    sitting.press("\x03")  # on an empty line
    ended = sitting.end()
    assert (ended.code, ended.out) == (130, f"{program.home}\n")
    assert program.given[-1][0]["request"] == "list"


def test_a_history_that_can_not_be_written(program: Program) -> None:
    program.environment["ACCESSIBLE"] = "0"
    (program.state / "history").mkdir(parents=True)
    program.script(reply("Hello."))
    sitting = program.sit()
    sitting.expect(f"{program.state}/history can't be used")
    sitting.expect("~>")
    sitting.press("hi\r")
    sitting.expect("Hello.")
    sitting.expect("~>")
    sitting.press("\x04")
    assert sitting.end().code == 0
