"""The field: its keys, the history, completion."""

import os
import stat
from pathlib import Path

import pytest
from prompt_toolkit.history import FileHistory
from textual.widgets import TextArea

from shellper.frontend.history import History
from shellper.tui.completion import complete
from shellper.tui.slashes import SLASHES
from tests.tui.conftest import Room


@pytest.mark.parametrize("key", ["alt+enter", "shift+enter", "ctrl+j"])
async def test_a_new_line(room: Room, key: str) -> None:
    async with room.open("Yes.") as seat:
        await seat.type("one")
        await seat.press(key)
        await seat.type("two")
        assert seat.field.text == "one\ntwo"
        await seat.press("enter")
        await seat.ended()
        assert seat.cards[-1].request == "one\ntwo"
        await seat.sees("› one", "  two")


async def test_history_up_and_down(room: Room) -> None:
    async with room.open("1", "2", "3") as seat:
        for request in ("list all", "count", "list some"):
            await seat.say(request)
            await seat.ended()
        await seat.press("up")
        assert seat.field.text == "list some"
        await seat.press("ctrl+p")
        assert seat.field.text == "count"
        await seat.press("down")
        assert seat.field.text == "list some"
        await seat.press("ctrl+n")
        assert seat.field.text == ""
        await seat.type("list")
        await seat.press("up", "up")
        assert seat.field.text == "list all"
        await seat.press("up")
        assert seat.field.text == "list all"
        await seat.press("down", "down")
        assert seat.field.text == "list"


async def test_searching_the_history(room: Room) -> None:
    async with room.open("1", "2", "3") as seat:
        for request in ("count the lines of a.txt", "list", "count the words of b.txt"):
            await seat.say(request)
            await seat.ended()
        await seat.press("ctrl+r")
        await seat.sees("count the words of b.txt")
        await seat.type("lines count")
        await seat.until(lambda: seat.main.area._inserts == ["count the lines of a.txt"])
        await seat.press("enter")
        assert seat.field.text == "count the lines of a.txt" and seat.main.turn is None
        await seat.press("ctrl+c")
        await seat.type("count")
        await seat.press("ctrl+r", "ctrl+r", "tab")
        assert seat.field.text == "count the lines of a.txt"
        await seat.press("ctrl+r", "escape")
        assert not seat.main.area.offering and seat.field.text == "count the lines of a.txt"


async def test_completing_a_name(room: Room) -> None:
    (room.home / "two words.txt").write_text("")
    (room.home / "notebook").write_text("")
    async with room.open() as seat:
        await seat.type("show n")
        await seat.press("tab")
        assert seat.field.text == "show note"
        await seat.sees("notebook", "notes.txt")
        await seat.press("tab", "tab", "enter")
        assert seat.field.text == "show notes.txt "
        assert seat.main.turn is None
        await seat.type("and tw")
        await seat.press("tab")
        assert seat.field.text == "show notes.txt and 'two words.txt' "
        await seat.type("docs/")
        await seat.press("tab")
        assert seat.field.text.endswith(" docs/plan.md ")
        await seat.type("zzz")
        await seat.press("tab")
        assert seat.field.text.endswith("zzz") and not seat.main.area.offering


async def test_moving_in_what_is_offered(room: Room) -> None:
    for name in ("na", "nb", "nc"):
        (room.home / name).write_text("")
    async with room.open() as seat:
        await seat.type("n")
        await seat.press("tab")
        await seat.sees("na", "nb")
        await seat.press("down", "down", "up", "enter")
        assert seat.field.text == "nb "
        await seat.press("ctrl+c")
        await seat.type("n")
        await seat.press("tab", "down", "down", "shift+tab", "escape")
        assert seat.field.text == "n" and not seat.main.area.offering


async def test_words_are_offered_as_they_are_typed(room: Room) -> None:
    async with room.open() as seat:
        await seat.type("/")
        await seat.sees("/help", "the keys and these words", "/sessions")
        await seat.type("he")
        await seat.until(lambda: seat.main.area._inserts == ["/help "])
        await seat.press("enter")
        await seat.sees("Words", "Typing")
        await seat.press("escape")
        await seat.type("/th")
        await seat.press("tab")
        assert seat.field.text == "/theme "


async def test_ctrl_c_clears_and_then_says_how_to_quit(room: Room) -> None:
    async with room.open() as seat:
        await seat.type("abc")
        await seat.press("ctrl+c")
        assert seat.field.text == ""
        await seat.press("ctrl+c")
        await seat.sees("^Q quits")


async def test_ctrl_d(room: Room) -> None:
    async with room.open() as seat:
        await seat.type("abc")
        await seat.press("left", "ctrl+d")
        assert seat.field.text == "ab"
        await seat.press("ctrl+c", "ctrl+d")
        assert seat.app._exit


async def test_tab_goes_to_the_last_card_and_back(room: Room) -> None:
    async with room.open() as seat:
        for _ in range(2):
            await seat.say("!ls")
            await seat.asked()
            await seat.press("r")
            await seat.ended()
        await seat.press("tab")
        assert seat.at(seat.last)
        await seat.press("up")
        assert seat.at(seat.cards[0].step)
        await seat.press("down", "down")
        assert seat.at(seat.field)


async def test_the_history_is_that_of_the_plain_conversation(room: Room) -> None:
    file = room.state / "history"
    FileHistory(str(file)).store_string("from plain\nmode")
    async with room.open("Yes.") as seat:
        await seat.press("up")
        assert seat.field.text == "from plain\nmode"
        await seat.say("from here")
        await seat.ended()
    assert list(FileHistory(str(file)).load_history_strings()) == ["from here", "from plain\nmode"]


async def test_a_history_that_can_not_be_used(room: Room) -> None:
    (room.state / "history").mkdir()
    async with room.open("Yes.") as seat:
        await seat.sees("history can't be used")
        await seat.say("hello")
        await seat.ended()
        await seat.sees("Yes.")


def test_history_file(tmp_path: Path) -> None:
    file = tmp_path / "state" / "history"
    history = History(file)
    for request in ("one", "two\nlines", "two\nlines", "ü"):
        history.add(request)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert History(file).requests == ["one", "two\nlines", "ü"] == history.requests
    assert history.search("LINES two", 5) == ["two\nlines"]
    assert History(None).requests == []


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("show ", ["a b", "docs/", "notes.txt"]),
        ("show .", [".hidden"]),
        ("show docs/", ["plan.md"]),
        ("show 'a", ["a b"]),
        ("!cat not", ["notes.txt"]),
        ("!no", ["notes.txt"]),
        ("/cd ", ["docs/"]),
        ("~/n", ["notes.txt"]),
        ("what's in n", ["notes.txt"]),
        ("'a b' and \"a b\" n", ["notes.txt"]),
        ("show 'a b'", ["a b", "docs/", "notes.txt"]),
        ("a\\ ", ["a b"]),
        ("none/", []),
        ("/ex", ["/export"]),
        ("/etc/host", None),
    ],
)
def test_completions(tmp_path: Path, text: str, choices: list[str] | None) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "plan.md").write_text("")
    for name in ("notes.txt", "a b", ".hidden"):
        (tmp_path / name).write_text("")
    found = complete(text, tmp_path, tmp_path, [slash.name for slash in SLASHES])
    if choices is None:
        assert all(os.path.lexists(inserted.strip().strip("'")) for _, inserted in found.choices)
    else:
        assert [shown for shown, _ in found.choices] == choices


def test_completion_quotes_what_a_shell_would_split(tmp_path: Path) -> None:
    for name in ("a b", "it's", "do$lar"):
        (tmp_path / name).mkdir()
    inserted = dict(complete("", tmp_path, tmp_path, []).choices)
    assert inserted == {"a b/": "'a b/", "do$lar/": "'do$lar/", "it's/": "'it'\"'\"'s/'"}


async def test_an_offer_for_an_older_text_is_not_taken(room: Room) -> None:
    async with room.open("Yes.") as seat:
        await seat.type("/he")
        await seat.until(lambda: seat.main.area._inserts == ["/help "])
        with seat.field.prevent(TextArea.Changed):  # as when keys come faster than the offers
            seat.field.put("hello")
        await seat.press("enter")
        await seat.ended()
        assert seat.cards[-1].request == "hello"
        await seat.type("/")
        await seat.sees("/cd")
        await seat.press("backspace")
        assert not seat.main.area.offering
