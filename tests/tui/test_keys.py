"""Keys: each one has a test, each name can be set, none that shells use is taken."""

from dataclasses import replace
from pathlib import Path

import pytest
from textual.binding import Binding

from shellper.tui.app import ShellperApp
from shellper.tui.keytable import as_markdown, key_table, names
from shellper.tui.screens.asking import ConfirmScreen, LineScreen
from shellper.tui.screens.changes import ChangesScreen, ReversalScreen
from shellper.tui.screens.conversation import ConversationScreen
from shellper.tui.screens.doctor import DoctorScreen
from shellper.tui.screens.help import HelpScreen
from shellper.tui.screens.pager import PagerScreen
from shellper.tui.screens.sessions import SessionsScreen
from shellper.tui.widgets.field import Field
from shellper.tui.widgets.request import RequestField
from shellper.tui.widgets.stage import State
from shellper.tui.widgets.step import StepView
from tests.tui.conftest import Room, call

README = Path(__file__).resolve().parents[2] / "README.md"

# Where each key is pressed by a test, as FILE::TEST.
TESTED: dict[type, dict[str, str]] = {
    ShellperApp: {
        "ctrl+q": "test_words::test_ctrl_q",
        "ctrl+c": "test_typing::test_ctrl_c_clears_and_then_says_how_to_quit",
        "ctrl+z": "test_terminal::test_ctrl_z_suspends_and_fg_comes_back",
        "f2": "test_words::test_the_palette",
    },
    ConversationScreen: {
        "escape": "test_deciding::test_looking_back_at_a_card",
        "f1": "test_words::test_help",
        "f3": "test_words::test_files",
        "f4": "test_sessions::test_searching_and_opening",
        "pageup": "test_words::test_paging",
        "pagedown": "test_words::test_paging",
    },
    Field: dict.fromkeys(("alt+enter", "shift+enter", "ctrl+j", "enter"), "test_typing::test_a_new_line")
    | {"escape": "test_deciding::test_an_edit_that_is_left"},
    RequestField: {
        "escape": "test_deciding::test_a_question_takes_the_focus_from_an_empty_line_alone",
        "ctrl+r": "test_typing::test_searching_the_history",
        "ctrl+p": "test_typing::test_history_up_and_down",
        "ctrl+n": "test_typing::test_history_up_and_down",
        "ctrl+underscore": "test_keys::test_typing_is_undone",
        "ctrl+d": "test_typing::test_ctrl_d",
        "pageup": "test_words::test_paging",
        "pagedown": "test_words::test_paging",
    },
    StepView: {
        "enter": "test_deciding::test_run",
        "r": "test_deciding::test_run",
        "y": "test_deciding::test_run",
        "e": "test_deciding::test_edit_in_place_with_its_verdict",
        "x": "test_deciding::test_explain_and_back",
        "question_mark": "test_deciding::test_explain_and_back",
        "d": "test_deciding::test_diff",
        "s": "test_deciding::test_skip",
        "n": "test_deciding::test_skip",
        "q": "test_deciding::test_stop",
        "a": "test_deciding::test_run_the_rest",
        "v": "test_deciding::test_looking_back_at_a_card",
        "f": "test_deciding::test_asking_again_with_the_error",
        "m": "test_deciding::test_taking_what_may_have_been_meant",
        "o": "test_deciding::test_outside_the_sandbox",
        "t": "test_tmux::test_a_command_gets_the_terminal",
        "c": "test_deciding::test_copy",
        "C": "test_deciding::test_looking_back_at_a_card",
        "up": "test_typing::test_tab_goes_to_the_last_card_and_back",
        "down": "test_typing::test_tab_goes_to_the_last_card_and_back",
    },
    SessionsScreen: {
        "enter": "test_sessions::test_searching_and_opening",
        "escape": "test_sessions::test_searching_and_opening",
        "f6": "test_sessions::test_renaming",
        "f8": "test_sessions::test_deleting",
        "f5": "test_sessions::test_exporting",
        "down": "test_sessions::test_up_and_down",
        "up": "test_sessions::test_up_and_down",
    },
    LineScreen: {"escape": "test_sessions::test_renaming"},
    ConfirmScreen: {
        "y": "test_sessions::test_deleting",
        "n": "test_sessions::test_deleting",
        "escape": "test_sessions::test_deleting",
        "q": "test_sessions::test_deleting",
    },
    ChangesScreen: {
        "u": "test_changes::test_history",
        "r": "test_changes::test_history",
        "enter": "test_changes::test_history",
        "d": "test_changes::test_history",
        "escape": "test_changes::test_history",
        "q": "test_changes::test_nothing_to_undo",
    },
    ReversalScreen: {
        "y": "test_changes::test_undo_and_redo",
        "enter": "test_changes::test_undo_and_redo",
        "s": "test_changes::test_what_has_changed_since",
        "b": "test_changes::test_what_has_changed_since",
        "o": "test_changes::test_what_has_changed_since",
        "d": "test_changes::test_the_diff_of_an_undo",
        "n": "test_changes::test_leaving_it",
        "escape": "test_changes::test_leaving_it",
        "q": "test_changes::test_leaving_it",
    },
    PagerScreen: {
        "escape": "test_sessions::test_the_pager",
        "q": "test_sessions::test_the_pager",
        "slash": "test_sessions::test_the_pager",
        "n": "test_sessions::test_the_pager",
        "c": "test_sessions::test_the_pager",
    },
    HelpScreen: dict.fromkeys(("escape", "q", "f1"), "test_words::test_help_closes"),
    DoctorScreen: dict.fromkeys(("r", "escape", "q"), "test_words::test_doctor"),
}

# Ctrl+S and Ctrl+\ never reach a program that leaves the terminal's own keys alone; in a raw one they must do nothing.
OF_SHELLS = {"ctrl+l", "ctrl+s", "ctrl+g", "ctrl+t", "ctrl+o", "ctrl+backslash", "tab"}


def own_keys(widget: type) -> list[str]:
    bindings = [one for one in vars(widget)["BINDINGS"] if isinstance(one, Binding)]
    found = [key for one in bindings for key in one.key.split(",")]
    return [*found, widget.COMMAND_PALETTE_BINDING] if widget is ShellperApp else found


@pytest.mark.parametrize("widget", TESTED)
def test_every_key_has_a_test(widget: type) -> None:
    assert sorted(own_keys(widget)) == sorted(TESTED[widget])
    for place in TESTED[widget].values():
        file, _, name = place.partition("::")
        assert f"def {name}(" in (Path(__file__).parent / f"{file}.py").read_text(), place


def test_no_key_of_shells_is_taken() -> None:
    assert not OF_SHELLS & {key for widget in TESTED for key in own_keys(widget)}


def test_names_stand_for_one_thing_each() -> None:
    rows = [row for _, group in key_table() for row in group if row.name]
    assert len({row.name for row in rows}) == len(rows) == len(names())


def test_the_readme_has_the_table_of_keys() -> None:
    assert as_markdown() in README.read_text()


async def test_keys_can_be_set(room: Room) -> None:
    room.settings = replace(room.settings, keys={"sessions": "f9", "run": "g", "copy": "k,K"})
    async with room.open(call("ls"), "", size=(100, 24)) as seat:
        await seat.sees("F9 sessions")
        await seat.say("list")
        await seat.asked()
        await seat.sees("g run", "k copy")
        await seat.press("r", "f4", "c")
        assert seat.stands(State.ASKED) and seat.shows(seat.main)
        assert seat.app.clipboard != "ls"
        await seat.press("K")
        assert seat.app.clipboard == "ls"
        await seat.press("g")
        await seat.ended()
        await seat.sees("✓ exit 0")
        await seat.press("f9")
        await seat.until(lambda: isinstance(seat.app.screen, SessionsScreen))
        await seat.press("escape", "f1")
        await seat.until(lambda: isinstance(seat.app.screen, HelpScreen))
    assert [row.key for _, rows in key_table(room.settings.keys) for row in rows if row.name == "copy"] == ["k, K"]


async def test_a_key_that_there_is_not_is_said(room: Room) -> None:
    room.settings = replace(room.settings, keys={"runn": "g"})
    async with room.open() as seat:
        await seat.sees("there is no key 'runn' to set")


async def test_typing_is_undone(room: Room) -> None:
    async with room.open() as seat:
        await seat.type("abc")
        await seat.press("ctrl+underscore")
        assert seat.field.text == ""


async def test_ctrl_l_and_others_change_nothing(room: Room) -> None:
    async with room.open("Hello.") as seat:
        await seat.say("hi")
        await seat.ended()
        await seat.type("abc")
        before = seat.screen
        await seat.press("ctrl+l", "ctrl+s", "ctrl+g", "ctrl+t", "ctrl+o", "ctrl+backslash")
        assert seat.field.text == "abc" and seat.screen == before
        await seat.press("ctrl+a", "ctrl+k")
        assert seat.field.text == ""
        await seat.type("one two")
        await seat.press("ctrl+w")
        assert seat.field.text == "one "
        await seat.press("ctrl+u")
        assert seat.field.text == ""
