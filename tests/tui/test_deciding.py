"""Every key of a card, and what it decides."""

from dataclasses import replace

import pytest

from shellper.dialect import ModelStep
from shellper.engine import Generation
from shellper.session import Action
from shellper.tui.screens import turns as turns_module
from shellper.tui.widgets.stage import State
from tests.tui.conftest import Room, call, unsure


@pytest.mark.parametrize("key", ["r", "y", "enter"])
async def test_run(room: Room, key: str) -> None:
    async with room.open(call("wc", file_name="notes.txt"), "") as seat:
        await seat.say("count the lines")
        await seat.asked()
        await seat.sees("$ wc", "✓ allow", "r run")
        await seat.press(key)
        await seat.ended()
        await seat.sees("2 notes.txt", "✓ exit 0 ·", "· sandbox ")
        assert seat.at(seat.field)


@pytest.mark.parametrize("key", ["s", "n"])
async def test_skip(room: Room, key: str) -> None:
    async with room.open(call("touch", file_name="new")) as seat:
        await seat.say("make a file")
        await seat.asked()
        await seat.press(key)
        await seat.ended()
        await seat.sees("skipped, nothing was run")
        assert not (room.home / "new").exists()


async def test_stop(room: Room) -> None:
    async with room.open(call("touch", file_name="new")) as seat:
        await seat.say("make a file")
        await seat.asked()
        await seat.press("q")
        await seat.ended()
        await seat.sees("stopped, nothing was run")
        assert seat.last.outcome is not None and seat.last.outcome.decision.action is Action.STOP


async def test_ctrl_c_at_a_question_stops(room: Room) -> None:
    async with room.open(call("touch", file_name="new")) as seat:
        await seat.say("make a file")
        await seat.asked()
        await seat.press("ctrl+c")
        await seat.ended()
        assert not (room.home / "new").exists()


async def test_edit_in_place_with_its_verdict(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.press("e")
        assert seat.stands(State.EDITED)
        await seat.type("; rm -rf ~")
        await seat.sees("✗ block")
        await seat.press(*["backspace"] * len("; rm -rf ~"))
        await seat.sees("✓ allow")
        await seat.type(" docs")
        room.engine.enqueue("")
        await seat.press("enter")
        await seat.asked()
        assert seat.last.proposal.command == "ls docs" and seat.last.proposal.call is None
        await seat.press("r")
        await seat.ended()
        await seat.sees("plan.md")
        assert len(seat.cards[-1].steps) == 1


async def test_an_edit_that_is_left(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.press("e")
        await seat.type("xyz")
        await seat.press("escape")
        assert seat.stands(State.ASKED) and seat.last.proposal.command == "ls"
        assert seat.at(seat.last)


@pytest.mark.parametrize("key", ["x", "question_mark"])
async def test_explain_and_back(room: Room, key: str) -> None:
    async with room.open(call("wc", file_name="notes.txt")) as seat:
        await seat.say("count")
        step = await seat.asked()
        meaning = step.proposal.explanation[0][1]
        await seat.press(key)
        await seat.sees(meaning[:30])
        await seat.press(key)
        await seat.until(lambda: meaning[:30] not in seat.screen)


async def test_copy(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.press("c")
        assert seat.app.clipboard == "ls"
        await seat.sees("OSC 52")
        assert seat.stands(State.ASKED)


async def test_diff(room: Room) -> None:
    async with room.open(call("echo", content="three", file_name="notes.txt")) as seat:
        await seat.say("add three to the notes")
        await seat.asked()
        await seat.sees("? confirm", "changes notes.txt", "d diff")
        await seat.press("d")
        await seat.sees("+three", "Esc close")
        await seat.press("escape")
        assert seat.shows(seat.main)
        assert seat.stands(State.ASKED)


async def test_no_diff_without_changes(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        assert "d diff" not in seat.screen
        await seat.press("d")
        assert seat.shows(seat.main)


async def test_run_the_rest(room: Room) -> None:
    steps = [call("ls"), call("cat", file_name="notes.txt"), call("touch", file_name="new")]
    async with room.open(*steps) as seat:
        await seat.say("list, show, make")
        await seat.asked()
        await seat.press("a")
        await seat.until(lambda: len(seat.cards[-1].steps) == 3, "the third call")
        await seat.asked()
        ran = [step.outcome is not None and step.outcome.ran for step in seat.cards[-1].steps]
        assert ran == [True, True, False]
        assert "run the rest" not in seat.screen.split("touch")[-1]
        room.engine.enqueue("")
        await seat.press("r")
        await seat.ended()
        assert (room.home / "new").exists()


async def test_several_calls_are_decided_in_turn(room: Room) -> None:
    async with room.open(call("mkdir", dir_name="old"), call("mv", source="notes.txt", destination="old"), "") as seat:
        await seat.say("make old and move the notes there")
        await seat.asked()
        await seat.press("r")
        await seat.until(lambda: len(seat.cards[-1].steps) == 2)
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        assert (room.home / "old" / "notes.txt").exists()
        assert len(seat.cards) == 1


async def test_taking_what_may_have_been_meant(room: Room) -> None:
    async with room.open(call("cat", file_name="note.txt"), "") as seat:
        await seat.say("show note.txt")
        await seat.asked()
        await seat.sees("did you mean: cat notes.txt")
        await seat.press("m")
        await seat.until(lambda: seat.last.proposal.command == "cat notes.txt")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        assert seat.last.outcome is not None and seat.last.outcome.exit_code == 0


async def test_what_stands_for_a_call_that_can_not_work_says_so(room: Room) -> None:
    room.engine.likely = [call("cat", file_name="notes.txt")]
    async with room.open(call("cat", file_name="ntes.txt"), "") as seat:
        await seat.say("show what I wrote")
        await seat.asked()
        await seat.sees("cat notes.txt", "the model first wrote ntes.txt, which isn't there")
        await seat.press("s")
        await seat.ended()


async def test_running_the_rest_stops_at_what_stands_for_another_call(room: Room) -> None:
    room.engine.likely = [call("cat", file_name="notes.txt")]
    async with room.open(call("ls"), call("cat", file_name="ntes.txt"), "") as seat:
        await seat.say("list it and show what I wrote")
        await seat.asked()
        await seat.press("a")
        await seat.until(lambda: seat.last.proposal.command == "cat notes.txt")
        await seat.asked()
        await seat.press("s")
        await seat.ended()


async def test_the_models_second_choice_can_be_taken(room: Room) -> None:
    room.settings = replace(room.settings, keys={"meant": "g"})
    other = ModelStep(call("cat", file_name="notes.txt"))
    first = Generation(ModelStep(call("rm", file_name="notes.txt")), 0.31, alternative=other)
    async with room.open(first, "") as seat:
        await seat.say("that one")
        await seat.asked()
        await seat.sees("the model is unsure (31%)", "did you mean: cat notes.txt   (g takes it)")
        await seat.press("g")
        await seat.until(lambda: seat.last.proposal.command == "cat notes.txt")
        await seat.asked()
        await seat.press("s")
        await seat.ended()


async def test_without_an_alternative_no_key_takes_one(room: Room) -> None:
    async with room.open(unsure("rm", file_name="notes.txt")) as seat:
        await seat.say("that one")
        await seat.asked()
        assert "takes it" not in seat.screen and not seat.last.check_action("meant", ())
        await seat.press("m")
        assert seat.stands(State.ASKED)


async def test_outside_the_sandbox(room: Room) -> None:
    async with room.open(call("ls"), "") as seat:
        await seat.say("list")
        await seat.asked()
        await seat.press("o")
        await seat.ended()
        assert seat.last.outcome is not None and seat.last.outcome.decision.outside
        await seat.sees("sandbox none")


async def test_asking_again_with_the_error(room: Room) -> None:
    async with room.open(call("cat", file_name="none.txt"), "") as seat:
        await seat.say("show none.txt")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.sees("✗ exit 1", "Tab, then f asks again with the error")
        room.engine.enqueue(call("cat", file_name="notes.txt"), "")
        await seat.press("tab", "f")
        await seat.asked()
        assert len(seat.cards) == 2 and seat.cards[-1].request == "show none.txt"
        given = room.engine.conversations[-1][-1].request
        assert given.startswith("show none.txt\ncat none.txt (exit code 1)") and "No such file" in given
        await seat.press("r")
        await seat.ended()
        await seat.sees("✓ exit 0")
        assert "asks again" not in seat.screen
        await seat.press("tab", "f", "up", "f")
        assert len(seat.cards) == 2


async def test_asking_to_mend_a_command_of_ones_own(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!cat none.txt")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        room.engine.enqueue("Which file?")
        await seat.press("tab", "f")
        await seat.ended()
        await seat.sees("› this command failed, mend it: cat none.txt", "Which file?")


async def test_warn_needs_a_word(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!eval 'echo hi > made'")
        await seat.asked()
        await seat.sees("! warn", "type yes to run")
        await seat.press("enter")
        assert seat.stands(State.ASKED)
        await seat.press("y")
        assert seat.stands(State.CONSENTING)
        await seat.type("no")
        await seat.press("enter")
        assert seat.stands(State.ASKED)
        assert not (room.home / "made").exists()
        await seat.press("r")
        await seat.press("escape")
        assert seat.stands(State.ASKED)
        await seat.press("y")
        await seat.type("yes")
        await seat.press("enter")
        await seat.ended()
        assert (room.home / "made").read_text() == "hi\n"


async def test_block_can_not_be_run(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("!rm -rf ~")
        await seat.asked()
        await seat.sees("✗ block")
        assert "r run" not in seat.screen
        for key in ("r", "y", "enter", "a", "o"):
            await seat.press(key)
            assert seat.stands(State.ASKED)
        await seat.press("s")
        await seat.ended()
        assert (room.home / "notes.txt").exists()


async def test_a_key_that_was_hit_before_is_no_answer(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "KEY_GUARD", 1e6)
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.until(lambda: seat.step is not None and seat.stands(State.ASKED))
        for key in ("r", "enter", "a", "s", "q", "e"):
            await seat.press(key)
            assert seat.stands(State.ASKED)
        assert seat.at(seat.field) and seat.field.text == "rasqe"


async def test_a_question_takes_the_focus_from_an_empty_line_alone(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "KEY_GUARD", 0.05)
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        assert seat.at(seat.last)
        await seat.press("escape")
        await seat.type("next")
        assert seat.field.text == "next" and "leave the line" in seat.screen
        await seat.press("escape")
        assert seat.at(seat.last)
        await seat.press("s")
        await seat.ended()
        assert seat.at(seat.field) and seat.field.text == "next"


@pytest.mark.parametrize("key", ["r", "enter", "s", "q"])
async def test_what_is_typed_right_behind_a_decision_is_the_next_request(room: Room, key: str) -> None:
    async with room.open(call("ls"), "") as seat:
        await seat.say("list")
        await seat.asked()
        await seat.hit(key, *"rescan", "space", *"my", "space", *"files")
        await seat.until(lambda: seat.field.text == "rescan my files", seat.field.text)
        await seat.ended()
        assert seat.field.text == "rescan my files" and seat.app.clipboard == ""
        assert len(seat.cards) == 1 and seat.last.outcome is not None
        assert seat.last.outcome.decision.action is {"s": Action.SKIP, "q": Action.STOP}.get(key, Action.RUN)


async def test_what_is_typed_right_behind_a_request_is_the_next_one(room: Room) -> None:
    async with room.open("Yes.") as seat:
        await seat.hit(*"list", "enter", *"count")
        await seat.ended()
        assert [card.request for card in seat.cards] == ["list"] and seat.field.text == "count"


async def test_an_edit_takes_what_is_typed_fast_and_no_more(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        await seat.hit("e", "backspace", "backspace", *"ls", "space", *"docs", "enter", *"next")
        await seat.until(lambda: seat.last.proposal.command == "ls docs" and seat.stands(State.ASKED))
        await seat.until(lambda: seat.field.text == "next")
        assert seat.at(seat.field)


async def test_what_is_being_typed_goes_on(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        seat.field.focus()
        await seat.type("ru")
        await seat.asked()
        await seat.type("r")
        assert seat.field.text == "rur" and seat.stands(State.ASKED)
        await seat.press("enter")
        assert seat.stands(State.ASKED)
        await seat.sees("one thing at a time")


async def test_looking_back_at_a_card(room: Room) -> None:
    (room.home / "long").write_text("".join(f"line {number}\n" for number in range(100)))
    async with room.open(call("cat", file_name="long"), "") as seat:
        await seat.say("show it")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.sees("⋯ 86 more lines", "line 99")
        await seat.press("tab")
        assert seat.at(seat.last)
        await seat.press("c")
        assert seat.app.clipboard == seat.last.proposal.command
        await seat.press("C")
        assert seat.app.clipboard == (room.home / "long").read_text()
        await seat.press("v")
        await seat.sees("100 lines", "line 20")
        await seat.press("escape", "enter")
        await seat.sees("100 lines")
        await seat.press("q", "escape")
        assert seat.at(seat.field)
