"""`undo`, `redo` and `history`, and what a proposal says of its effects."""

import json

import pytest

from shellper.cli.arguments import Options, Subcommand, parse
from shellper.cli.exits import UsageError
from tests.cli.conftest import QUESTION, Program, call, reply


@pytest.mark.parametrize(
    ("arguments", "words", "count"),
    [
        (("undo",), "undo", 1),
        (("undo", "3"), "undo", 3),
        (("redo", "-y", "2"), "redo", 2),
        (("undo", "--changed", "keep-both"), "undo", 1),
        (("history", "--json"), "history", 1),
    ],
)
def test_subcommands(arguments: tuple[str, ...], words: str, count: int) -> None:
    found = parse(arguments)
    assert isinstance(found, Subcommand) and (found.words, found.count) == (words, count)


@pytest.mark.parametrize("arguments", [("undo", "the", "last", "copy"), ("history", "of", "rome"), ("undo", "it")])
def test_requests(arguments: tuple[str, ...]) -> None:
    assert isinstance(parse(arguments), Options)


@pytest.mark.parametrize("arguments", [("undo", "0"), ("undo", "--changed", "maybe"), ("history", "--yes")])
def test_wrong_arguments(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        parse(arguments)


def test_undo_and_redo_without_a_terminal(program: Program) -> None:
    notes = program.home / "notes.txt"
    program.script(call("echo", content="three", file_name="notes.txt"), reply())
    assert program.run("-y", "add three").code == 0
    shown = program.run("undo")
    assert (shown.code, shown.out) == (4, "")
    assert shown.err == (
        f"undo `echo three >> notes.txt` in {program.home}:\n"
        "  changes notes.txt (14 B to 8 B)\n"
        "shellper: not done: there is no terminal to ask at (--yes does it without asking)\n"
    )
    assert notes.read_text() == "one\ntwo\nthree\n"
    done = program.run("undo", "--yes", "--json")
    assert done.code == 0 and notes.read_text() == "one\ntwo\n"
    (told,) = json.loads(done.out)
    assert (told["of"], told["command"], told["conflicts"]) == (1, "echo three >> notes.txt", [])
    assert program.run("redo", "--yes").code == 0
    assert notes.read_text() == "one\ntwo\nthree\n"
    assert program.run("undo", "--yes", "9").code == 1


def test_nothing_to_undo(program: Program) -> None:
    ended = program.run("undo", "--yes")
    assert (ended.code, ended.out, ended.err) == (3, "", "shellper: nothing to undo\n")
    assert program.run("history").out == ""


def test_a_file_that_has_changed_since(program: Program) -> None:
    notes = program.home / "notes.txt"
    program.script(call("cp", source="docs/plan.md", destination="notes.txt"), reply())
    program.run("-y", "copy")
    notes.write_text("mine\n")
    refused = program.run("undo", "--yes")
    assert refused.code == 2 and "notes.txt has changed since" in refused.err and "--changed=skip" in refused.err
    assert notes.read_text() == "mine\n"
    assert program.run("undo", "--yes", "--changed=keep-both").code == 0
    assert notes.read_text() == "mine\n"
    assert (program.home / "notes.earlier.txt").read_text() == "one\ntwo\n"


def test_undo_at_a_terminal(program: Program) -> None:
    program.script(call("rm", file_name="notes.txt"), reply())
    program.run("-y", "delete")
    sitting = program.sit("undo")
    sitting.expect("creates notes.txt (8 B)")
    sitting.expect("do that? [y]es [n]o (Enter does it): ")
    sitting.press("n")
    assert sitting.end().code == 4
    sitting = program.sit("undo")
    sitting.expect("do that? ")
    sitting.press("\r")
    assert sitting.end().err.endswith("yes\nundone\n")
    assert (program.home / "notes.txt").read_text() == "one\ntwo\n"


def test_a_conflict_at_a_terminal(program: Program) -> None:
    program.script(call("rm", file_name="notes.txt"), reply())
    program.run("-y", "delete")
    (program.home / "notes.txt").write_text("again\n")
    sitting = program.sit("undo")
    sitting.expect("do that? ")
    sitting.press("y")
    sitting.expect("[s]kip keep [b]oth [o]verwrite: ")
    sitting.press("o")
    assert sitting.end().code == 0
    assert (program.home / "notes.txt").read_text() == "one\ntwo\n"


def test_history(program: Program) -> None:
    program.script(call("touch", file_name="new"), reply(), call("rm", file_name="notes.txt"), reply())
    program.run("-y", "make")
    program.run("-y", "delete")
    program.run("undo", "-y")
    lines = program.run("history").out.splitlines()
    assert [line.split("  ", 1)[1].split("  ", 1)[1] for line in (line.strip() for line in lines)] == [
        "undone  rm notes.txt  (created 1 file)",
        "done    touch new  (created 1 file)",
    ]
    found = [json.loads(line) for line in program.run("history", "--json").out.splitlines()]
    assert [one["state"] for one in found] == ["undone", "done"]
    assert found[1]["paths"] == [str(program.home / "new")]


def test_effects_are_shown_before_the_question(program: Program) -> None:
    program.script(call("echo", content="three", file_name="notes.txt"), reply())
    sitting = program.sit("add three")
    sitting.expect("changes notes.txt (8 B to 14 B)\n(d shows the differences)\n")
    sitting.expect(QUESTION)
    sitting.press("d")
    sitting.expect("@@ -1,2 +1,3 @@")
    sitting.expect("+three")
    sitting.expect("[s]kip")
    sitting.press("s")
    assert sitting.end().code == 4


def test_what_will_fail_is_said(program: Program) -> None:
    program.script(call("rm", file_name="missing"))
    sitting = program.sit("delete missing")
    sitting.expect("will fail: there is no missing")
    sitting.expect("[s]kip")
    sitting.press("s")
    sitting.end()


def test_words_of_the_conversation(program: Program) -> None:
    program.script(call("rm", file_name="notes.txt"), reply())
    sitting = program.sit("--plain", "delete the notes")
    sitting.expect("[s]kip")
    sitting.press("r")
    sitting.expect("~> ")
    assert not (program.home / "notes.txt").exists()
    sitting.press("/history\n")
    sitting.expect("rm notes.txt  (deleted 1 file)")
    sitting.expect("~> ")
    sitting.press("/undo\n")
    sitting.expect("do that? ")
    sitting.press("y")
    sitting.expect("undone")
    sitting.expect("~> ")
    assert (program.home / "notes.txt").exists()
    sitting.press("/undo x\n")
    sitting.expect("takes a number")
    sitting.expect("~> ")
    sitting.press("\x04")
    assert sitting.end().code == 0


def test_the_object_of_a_turn(program: Program) -> None:
    program.script(call("mkdir", dir_name="new"), reply())
    turn = json.loads(program.run("-y", "--json", "make it").out)
    (step,) = turn["steps"]
    assert step["transaction"] == 1 and step["changed"] == [str(program.home / "new")]
    assert step["effects"]["summary"] == "creates 1 folder" and step["effects"]["known"] == "planned"


def test_what_was_interrupted_is_told_at_the_next_start(program: Program) -> None:
    program.script(call("rm", file_name="notes.txt"), reply(), call("ls"), reply())
    program.run("-y", "delete")
    place = program.state / "effects" / "transactions" / "00000001"
    journal = place / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    (place / "reserve").touch()
    ended = program.run("-y", "list")
    assert "`rm notes.txt` was interrupted; the files are as they were before it" in ended.err
    assert (program.home / "notes.txt").read_text() == "one\ntwo\n"
