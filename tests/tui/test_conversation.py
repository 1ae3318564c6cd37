"""Turns as they are drawn: building, running, ending, failing."""

from dataclasses import replace
from importlib import import_module

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from shellper.effects import Known
from shellper.engine import EngineError
from shellper.safety import Level, Verdict
from shellper.session import Action, Decision, Proposal
from shellper.tui import look
from shellper.tui.app import run
from shellper.tui.screens.conversation import ConversationScreen
from shellper.tui.turn import MOST_PENDING, Pending
from shellper.tui.widgets.stage import State
from shellper.tui.widgets.tail import LIVE_LINES
from tests.tui.conftest import Held, Room, call, unsure


async def test_at_first(room: Room) -> None:
    git = room.home / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/trunk\n")
    async with room.open() as seat:
        await seat.sees("~  trunk", "gemma3-270m · sandbox ", "F1 help", "^Q quit", "Say what you want")
        assert seat.at(seat.field)


async def test_it_is_seen_being_built_and_can_be_cancelled(room: Room) -> None:
    room.engine = Held()
    async with room.open() as seat:
        await seat.say("count the lines")
        await seat.sees('building  wc{file_name:"not')
        await seat.press("ctrl+c")
        await seat.ended()
        await seat.sees("stopped")
        assert seat.at(seat.field)


async def test_a_reply(room: Room) -> None:
    async with room.open("Which [b]file[/b] do you mean?") as seat:
        await seat.say("delete it")
        await seat.ended()
        await seat.sees("› delete it", "Which [b]file[/b] do you mean?")


async def test_nothing_to_run(room: Room) -> None:
    async with room.open("") as seat:
        await seat.say("sing")
        await seat.ended()
        await seat.sees("there is nothing to run for this")


async def test_an_engine_that_fails_costs_one_line(room: Room) -> None:
    async with room.open(EngineError("the engine is gone"), "Hello.") as seat:
        await seat.say("list")
        await seat.ended()
        await seat.sees("the engine is gone")
        await seat.say("hello")
        await seat.ended()
        await seat.sees("Hello.")


async def test_an_engine_that_fails_after_a_command(room: Room) -> None:
    async with room.open(call("ls"), EngineError("the engine is gone")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.sees("notes.txt", "✓ exit 0", "the engine is gone")


async def test_a_failing_command(room: Room) -> None:
    async with room.open(call("cat", file_name="none"), "") as seat:
        await seat.say("show none")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.sees("No such file", "✗ exit 1")


async def test_a_low_confidence_is_said(room: Room) -> None:
    async with room.open(unsure("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.sees("the model is unsure (31%)")


async def test_effects_are_said_once(room: Room) -> None:
    async with room.open(call("rm", file_name="notes.txt")) as seat:
        await seat.say("delete the notes")
        await seat.asked()
        await seat.sees("deletes notes.txt (8 B)")
        assert seat.screen.count("deletes") == 1 and "changes files" not in seat.screen


@pytest.mark.parametrize(
    "command", ["mv notes.txt docs", "rm *.txt", "echo x > ./new", "touch docs/new ~/other", "mkdir -p a/b"]
)
def test_reasons_that_effects_repeat_are_left_out(room: Room, command: str) -> None:
    proposals: list[Proposal] = []

    def skip(proposal: Proposal) -> Decision:
        proposals.append(proposal)
        return Decision(Action.SKIP)

    room.session().run_command(command, skip)
    proposal = proposals[0]
    if proposal.effects is None or proposal.effects.known is not Known.TRIED:
        pytest.skip("commands can't be tried out here: no overlay in a user namespace")
    assert proposal.verdict.reasons
    assert look.beside_effects(proposal.verdict, proposal, room.home).reasons == ()


async def test_a_reason_that_says_more_than_the_effects_stays(room: Room) -> None:
    more, bare = "deletes `notes.txt`: other programs run or trust that file", "deletes `notes.txt`"
    async with room.open(call("rm", file_name="notes.txt")) as seat:
        await seat.say("delete it")
        proposal = (await seat.asked()).proposal
        both, alone = Verdict(Level.WARN, (bare, more)), Verdict(Level.WARN, (bare,))
        assert look.beside_effects(both, proposal, room.home).reasons == (more,)
        assert look.beside_effects(alone, proposal, room.home).reasons == (bare,)


async def test_nothing_is_markup_and_nothing_an_escape(room: Room) -> None:
    name = "[red]x[] $(boom)"
    (room.home / name).write_text("[bold]no[/bold] \x1b[31mred\x1b[0m \u202eback\n[/]\n")
    async with room.open(call("cat", file_name=name), "") as seat:
        await seat.say(f"show [blue]{name}[/blue]")
        await seat.asked()
        await seat.sees(f"› show [blue]{name}[/blue]", f"'{name}'")
        await seat.press("r")
        await seat.ended()
        await seat.sees("[bold]no[/bold] red <U+202E>back", "[/]")


async def test_a_flood_is_cut_and_stays_short(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!seq 1 300000")
        await seat.asked()
        await seat.press("r")
        await seat.until(lambda: not seat.stands(State.ASKED))
        assert len(seat.last._tail.lines) <= LIVE_LINES + 1
        await seat.ended()
        await seat.sees("300000", "more lines", "exit 0")
        assert len(seat.last.output) < MOST_PENDING


async def test_output_is_seen_while_it_comes_and_ctrl_c_stops_it(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!echo first; sleep 100")
        await seat.asked()
        if seat.last.proposal.verdict.level == "warn":
            await seat.press("y")
            await seat.type("yes")
            await seat.press("enter")
        else:
            await seat.press("r")
        await seat.sees("first", "^C stops it")
        assert seat.main.turn is not None
        await seat.press("ctrl+c")
        await seat.ended()
        await seat.sees("! stopped by you")


async def test_ctrl_c_once_twice_thrice(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!trap '' INT TERM; while :; do echo more; sleep 0.05; done")
        await seat.asked()
        await seat.press("y")
        if seat.stands(State.CONSENTING):
            await seat.type("yes")
            await seat.press("enter")
        await seat.sees("more", "^C stops it")
        seat.field.focus()
        await seat.type("next")
        await seat.press("ctrl+c")
        await seat.sees("stopping … ^C again kills it")
        assert seat.field.text == "next"
        await seat.press("ctrl+c")
        if seat.main.turn is not None:
            await seat.press("ctrl+c")
            assert seat.field.text == ""
        await seat.ended()
        await seat.sees("! stopped by you")


async def test_a_silent_command_is_killed_by_the_second_ctrl_c(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("shellper.sandbox.run"), "_ASK_PATIENCE", 1e6)
    async with room.open() as seat:
        await seat.say("!trap '' INT TERM; echo on; while :; do sleep 0.1; done")
        await seat.until(lambda: seat.main.turn is not None and seat.main.turn.skip_preview(), "a preview")
        await seat.asked()
        await seat.press("y")
        if seat.stands(State.CONSENTING):
            await seat.type("yes")
            await seat.press("enter")
        await seat.sees("on", "^C stops it")
        await seat.press("ctrl+c")
        await seat.sees("stopping … ^C again kills it")
        await seat.press("ctrl+c")
        await seat.ended()
        await seat.sees("on", "! stopped by you")


async def test_ctrl_c_leaves_a_preview_out(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!sleep 300; echo hi > new")
        await seat.sees("trying it out · ^C leaves that out")
        await seat.press("ctrl+c")
        step = await seat.asked()
        assert step.proposal.effects is not None
        assert step.proposal.effects.notes[0] == "not previewed: you stopped it"
        await seat.sees("not previewed: you stopped it")
        assert not (room.home / "new").exists()
        await seat.press("s")
        await seat.ended()


async def test_leaving_ends_what_runs(room: Room) -> None:
    async with room.open(call("touch", file_name="new")) as seat:
        await seat.say("make a file")
        await seat.asked()
        turn = seat.main.turn
        await seat.press("ctrl+q")
    assert turn is not None and turn.cancelled.is_set()
    assert not (room.home / "new").exists()


async def test_commands_at_allow_run_unasked_where_that_is_set(room: Room) -> None:
    room.settings = replace(room.settings, auto_run=True)
    async with room.open(call("ls"), "") as seat:
        await seat.say("list")
        await seat.ended()
        await seat.sees("notes.txt", "✓ exit 0")


async def test_cd_moves_the_header_and_the_tree(room: Room) -> None:
    async with room.open(call("cd", folder="docs"), "", size=(130, 30)) as seat:
        await seat.say("go into docs")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.sees("~/docs", "now in ~/docs", "plan.md")
        assert seat.main.side.tree_view.path == room.home / "docs"


async def test_a_conversation_that_goes_on(room: Room) -> None:
    async with room.open(call("ls"), "That's all.") as seat:
        await seat.say("list")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        conversation = seat.main.session.conversation_id
    assert conversation is not None
    async with room.open(start=room.start(conversation)) as seat:
        await seat.sees("› list", "$ ls", "notes.txt", "That's all.")


async def test_another_warning_is_told(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        assert seat.main.turn is not None
        seat.main.turn.on_warning("this conversation is no longer saved")
        await seat.sees("no longer saved")


def test_a_bug_is_raised_when_the_terminal_is_back(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    async def boom(self: ConversationScreen) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(ConversationScreen, "on_mount", boom)
    monkeypatch.setattr("shellper.tui.app.ShellperApp.get_driver_class", lambda self: HeadlessDriver)
    with pytest.raises(ZeroDivisionError):
        run(room.start())


def test_pending_keeps_the_end() -> None:
    pending = Pending(most=10)
    pending.put("0123456789abc\n")
    pending.put("xy\n")
    assert pending.take() == ("xy\n", 2)
    pending.put("a\nb")
    assert pending.take() == ("a\nb", 1)
    assert pending.take() == ("", 0)
