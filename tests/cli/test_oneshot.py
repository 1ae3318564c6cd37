"""Golden transcripts of the one-shot at a terminal: what is shown, what is printed, the exit code."""

import base64
import re
import stat

import pytest

from shellper.calls import ToolCall, explain
from tests.cli.conftest import QUESTION, Ended, Program, call, reply, shown


def test_enter_runs(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("show", "me", "this folder")
    sitting.expect(QUESTION)
    sitting.press("\r")
    assert sitting.end() == Ended(
        0,
        "docs\nnotes.txt\n",
        f"$ ls\n✓ allow: `ls` only reads\n{QUESTION}run\n",
    )
    assert program.given[0][0]["request"] == "show me this folder"


@pytest.mark.parametrize("key", ["r", "R", "y", "\n"])
def test_other_keys_that_run(program: Program, key: str) -> None:
    program.script(call("wc", file_name="notes.txt"), reply())
    sitting = program.sit("count")
    sitting.expect(QUESTION)
    sitting.press(key)
    assert sitting.end().out == "2 notes.txt\n"


@pytest.mark.parametrize(
    ("key", "word"), [("s", "skip"), ("n", "skip"), ("\x1b", "skip"), ("q", "stop"), ("\x04", "stop")]
)
def test_declining(program: Program, key: str, word: str) -> None:
    touch = call("touch", file_name="new")
    program.script(touch)
    sitting = program.sit("make a file")
    sitting.expect(QUESTION)
    sitting.press(key)
    proposal = shown(program, touch, "touch new", "confirm", "?", "creates new (0 B)")
    assert sitting.end() == Ended(4, "", f"{proposal}{QUESTION}{word}\n")
    assert not (program.home / "new").exists()


def test_keys_that_mean_nothing_are_passed_over(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("\x1b[A")
    sitting.press("zé€1 ")
    sitting.press("r")
    assert sitting.end().err.endswith(f"{QUESTION}run\n")


def test_what_was_typed_before_the_question_is_no_answer(program: Program) -> None:
    program.script(call("touch", file_name="new"))
    sitting = program.sit("make a file")
    sitting.press("rrrr\r\r")
    sitting.expect(QUESTION)
    sitting.press("s")
    assert sitting.end().code == 4
    assert not (program.home / "new").exists()


def test_explain_then_run(program: Program) -> None:
    ls = call("ls", long=True, path="docs")
    program.script(ls, reply())
    sitting = program.sit("list docs with sizes")
    sitting.expect(QUESTION)
    sitting.press("x")
    sitting.expect(QUESTION)
    sitting.press("s")
    assert sitting.end().err == (
        f"$ ls -l docs\n✓ allow: `ls` only reads\n{QUESTION}explain\n"
        + "".join(f"  {part:<4}  {meaning}\n" for part, meaning in explain(ToolCall.from_json(ls["call"])))
        + f"{QUESTION}skip\n"
    )


def test_edit_is_proposed_again_with_its_own_verdict(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("e")
    sitting.expect("ls")
    sitting.press("\x15echo changed > made; cat made\r")
    sitting.expect("confirm")
    sitting.expect(QUESTION)
    sitting.press("x")
    sitting.expect("this command is your own")
    sitting.expect(QUESTION)
    sitting.press("\r")
    ended = sitting.end()
    assert (ended.code, ended.out) == (0, "changed\n")
    assert (program.home / "made").read_text() == "changed\n"
    assert program.given[1][0]["steps"][0]["response"]["command"] == "echo changed > made; cat made"


def test_edit_that_changes_nothing_asks_again(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("e")
    sitting.expect("$ ")
    sitting.press("\r")
    sitting.expect("nothing was changed")
    sitting.expect(QUESTION)
    sitting.press("s")
    assert sitting.end().code == 4


def test_warn_needs_the_word(program: Program) -> None:
    (program.home / ".bashrc").write_text("# mine\n")
    program.script(call("echo", content="alias x=y", file_name=".bashrc"), reply())
    sitting = program.sit("add an alias")
    sitting.expect("! warn: ")
    sitting.expect("type yes to run, or [e]dit e[x]plain [c]opy [s]kip: ")
    sitting.press("\r")  # means nothing here
    sitting.press("ya\r")
    sitting.expect("not yes; type yes to run")
    sitting.press("yas\x7f\x7fes\r")
    ended = sitting.end()
    assert ended.code == 0
    assert "run\n" in ended.err
    assert (program.home / ".bashrc").read_text() == "# mine\nalias x=y\n"


def test_warn_by_r_asks_for_the_word(program: Program) -> None:
    (program.home / ".bashrc").write_text("# mine\n")
    program.script(call("echo", content="alias x=y", file_name=".bashrc"), reply())
    sitting = program.sit("add an alias")
    sitting.expect("[s]kip: ")
    sitting.press("r")
    sitting.expect("type yes: ")
    sitting.press("\x1b")
    sitting.expect("not yes; ")
    sitting.press("s")
    assert sitting.end().code == 4
    assert (program.home / ".bashrc").read_text() == "# mine\n"


def test_block_can_not_be_run(program: Program) -> None:
    program.script(call("rm", file_name="/", recursive=True))
    sitting = program.sit("delete it all")
    sitting.expect("can't be run; [e]dit e[x]plain [c]opy [s]kip: ")
    sitting.press("r\ry\n")
    sitting.press("s")
    ended = sitting.end()
    assert (ended.code, ended.out) == (5, "")
    assert ended.err.startswith("$ rm -r /\n✗ block: deletes `/`")
    assert ended.err.endswith("skip\n")


def test_several_calls_are_decided_in_turn(program: Program) -> None:
    mkdir, touch, ls = call("mkdir", dir_name="a"), call("touch", file_name="a/b"), call("ls", path="a")
    proposals = (
        shown(program, mkdir, "mkdir a", "confirm", "?", "creates a, an empty folder"),
        shown(program, touch, "touch a/b", "confirm", "?", "creates a/b (0 B)"),
        shown(program, ls, "ls a", "allow", "✓"),
    )
    program.script(mkdir, touch, ls, reply("Done."))
    sitting = program.sit("make a with b, show it")
    for key in "rsr":
        sitting.expect(QUESTION)
        sitting.press(key)
    ended = sitting.end()
    assert (ended.code, ended.out) == (0, "")
    words = ("run", "skip", "run")
    drawn = [f"{proposal}{QUESTION}{word}\n" for proposal, word in zip(proposals, words, strict=True)]
    assert ended.err == "".join(drawn) + "Done.\n"
    states = [step["response"]["state"] for step in program.given[-1][0]["steps"]]
    assert states == ["ran", "skipped", "ran"]


def test_the_last_commands_own_code(program: Program) -> None:
    program.script(call("grep", file_name="notes.txt", pattern="three"), reply())
    sitting = program.sit("find three")
    sitting.expect(QUESTION)
    sitting.press("r")
    assert sitting.end() == Ended(
        1,
        "",
        f"$ grep three notes.txt\n✓ allow: `grep` only reads\n{QUESTION}run\nexit code 1\n",
    )


def test_errors_of_the_command_go_to_stderr(program: Program) -> None:
    program.script(call("cat", file_name="nothing"), reply())
    sitting = program.sit("show nothing")
    sitting.expect(QUESTION)
    sitting.press("r")
    ended = sitting.end()
    assert (ended.code, ended.out) == (1, "")
    assert "run\ncat: nothing: No such file or directory\nexit code 1\n" in ended.err


def test_cd_says_that_the_shell_stays(program: Program) -> None:
    program.script(call("cd", folder="docs"), call("ls"), reply())
    sitting = program.sit("go into docs and list")
    for _ in range(2):
        sitting.expect(QUESTION)
        sitting.press("r")
    docs = program.home / "docs"
    assert sitting.end() == Ended(
        0,
        "plan.md\n",
        f"$ cd docs\n✓ allow: `cd` only reads\n{QUESTION}run\n"
        f"this conversation is now in {docs}; your shell stays where it is\n"
        f"in {docs}\n$ ls\n✓ allow: `ls` only reads\n{QUESTION}run\n",
    )


def test_low_confidence_is_shown(program: Program) -> None:
    program.script(call("ls", confidence=0.42))
    sitting = program.sit("hm")
    sitting.expect(f"the model is unsure (42%)\n{QUESTION}")
    sitting.press("s")
    sitting.end()


def test_what_may_have_been_meant_is_one_key_away(program: Program) -> None:
    program.script(call("cat", file_name="ntes.txt"), reply())
    sitting = program.sit("show ntes.txt")
    sitting.expect(f"did you mean: cat notes.txt   (m takes it)\n{QUESTION}")
    sitting.press("m")
    sitting.expect(f"$ cat notes.txt\n✓ allow: `cat` only reads\n{QUESTION}")
    sitting.press("r")
    ended = sitting.end()
    assert ended.out == (program.home / "notes.txt").read_text()


def test_what_stands_for_a_call_that_can_not_work_says_so(program: Program) -> None:
    likely = {"name": "cat", "arguments": {"file_name": "notes.txt"}}
    program.script({**call("cat", file_name="ntes.txt"), "likely": likely}, reply())
    sitting = program.sit("show what I wrote")
    note = "the model first wrote ntes.txt, which isn't there; this is the likeliest that is"
    sitting.expect(f"$ cat notes.txt\n✓ allow: `cat` only reads\n{note}\n{QUESTION}")
    sitting.press("s")
    sitting.end()


def test_yes_deletes_nothing_that_the_model_wrote_in_a_second_try(program: Program) -> None:
    likely = {"name": "rm", "arguments": {"file_name": "notes.txt"}}
    program.script({**call("rm", file_name="ntes.txt"), "likely": likely})
    ended = program.run("-y", "delete what I wrote")
    assert ended.code == 4 and (program.home / "notes.txt").exists()
    assert "not run: --yes takes away only what was meant at once; the model first wrote ntes.txt" in ended.err
    program.script({**call("rm", file_name="ntes.txt"), "likely": likely})
    printed = program.run("-p", "delete what I wrote")
    assert printed.out == "rm notes.txt\n" and "the model first wrote ntes.txt" in printed.err


def test_reply_is_for_people(program: Program) -> None:
    program.script(reply("Which folder do you mean?"))
    assert program.sit("delete the folder").end() == Ended(3, "", "Which folder do you mean?\n")


def test_no_reply_and_no_call(program: Program) -> None:
    program.script(reply())
    ended = program.sit("sing").end()
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == "shellper: there is nothing to run for this; say it in other words\n"


def test_control_characters_are_made_visible(program: Program) -> None:
    (program.home / "a\x1b[31m\u202etxt").touch()
    program.script(call("cat", file_name="a\x1b[31m\u202etxt"))
    sitting = program.sit("show it")
    sitting.expect("[s]kip: ")
    sitting.press("s")
    ended = sitting.end()
    assert ended.code == 5
    assert "\x1b" not in ended.err and "\u202e" not in ended.err
    assert "cat 'a<U+001B>[31m<U+202E>txt'\n" in ended.err


def test_copy_by_a_tool(program: Program) -> None:
    tools = program.home.parent / "tools"
    tools.mkdir()
    clipboard = program.home.parent / "clipboard"
    tool = tools / "xclip"
    tool.write_text(f'#!/bin/sh\n[ "$*" = "-selection clipboard" ] && cat > {clipboard}\n')
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    program.environment |= {"DISPLAY": ":9", "PATH": f"{tools}:/usr/bin:/bin"}
    program.script(call("ls", a=True))
    sitting = program.sit("list")
    sitting.expect(QUESTION)
    sitting.press("c")
    ended = sitting.end()
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.endswith("copy\nshellper: copied by xclip\n")
    assert clipboard.read_text() == "ls -a"


def test_copy_by_the_terminal(program: Program) -> None:
    program.environment["PATH"] = "/nowhere"
    program.script(call("cat", file_name="ü.txt"))
    sitting = program.sit("show ü.txt")
    sitting.expect(QUESTION)
    sitting.press("c")
    ended = sitting.end()
    found = re.search("\x1b]52;c;([A-Za-z0-9+/=]*)\x07", ended.err)
    assert ended.code == 0 and found
    assert base64.b64decode(found[1]).decode() == "cat 'ü.txt'"
    assert "OSC 52" in ended.err


def test_piped_input_is_context_and_keys_come_from_the_terminal(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("what failed?", piped="make: *** [all] Error 2\n")
    sitting.expect(QUESTION)
    sitting.press("r")
    assert sitting.end() == Ended(0, "docs\nnotes.txt\n", f"$ ls\n✓ allow: `ls` only reads\n{QUESTION}run\n")
    assert program.given[0][0]["request"] == "what failed?\nmake: *** [all] Error 2\n"


def test_editing_with_piped_input(program: Program) -> None:
    program.script(call("ls"), reply())
    sitting = program.sit("what failed?", piped="x\n")
    sitting.expect(QUESTION)
    sitting.press("e")
    sitting.expect("ls")
    sitting.press(" docs\r")
    sitting.expect(QUESTION)
    sitting.press("r")
    assert sitting.end().out == "plan.md\n"


def test_continue_goes_on(program: Program) -> None:
    program.script(call("cat", file_name="notes.txt"), reply())
    program.run("-y", "show the notes")
    program.script(call("sort", file_name="notes.txt", reverse=True), reply())
    assert program.run("-c", "-y", "now sort it backwards").out == "two\none\n"
    assert [turn["request"] for turn in program.given[-1]] == ["show the notes", "now sort it backwards"]
    assert program.given[-1][0]["steps"][0]["response"]["output"] == "one\ntwo\n"
    assert len(program.ids()) == 1


def test_continue_keeps_the_folder(program: Program) -> None:
    program.script(call("cd", folder="docs"), reply())
    program.run("-y", "go into docs")
    program.script(call("ls"), reply())
    ended = program.run("--continue", "-y", "list")
    assert ended == Ended(0, "plan.md\n", f"in {program.home}/docs\n$ ls\n✓ allow: `ls` only reads\n")


def test_continue_with_nothing_to_go_on_with(program: Program) -> None:
    program.script(call("ls"), reply())
    ended = program.run("-c", "-y", "list")
    assert ended.code == 0
    assert ended.err.startswith("shellper: there is no conversation to go on with; this is a new one\n")


def test_auto_run_does_not_ask_for_what_only_reads(program: Program) -> None:
    program.config.parent.mkdir(parents=True)
    program.config.write_text("auto_run = true\n")
    touch = call("touch", file_name="new")
    program.script(call("ls"), touch)
    sitting = program.sit("list, then make a file")
    sitting.expect(shown(program, touch, "touch new", "confirm", "?", "creates new (0 B)") + QUESTION)
    sitting.press("q")
    ended = sitting.end()
    assert (ended.code, ended.out) == (4, "docs\nnotes.txt\n")
