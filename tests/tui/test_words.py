"""Every word that begins with a slash, and the keys that do the same."""

import json

from shellper.tui.slashes import SLASHES
from tests.tui.conftest import Room, call

TESTED = {
    "help",
    "new",
    "sessions",
    "undo",
    "redo",
    "history",
    "jobs",
    "cd",
    "model",
    "sandbox",
    "doctor",
    "settings",
    "theme",
    "files",
    "export",
    "quit",
}


def test_every_word_has_a_test() -> None:
    assert {slash.name for slash in SLASHES} == TESTED


async def test_help(room: Room) -> None:
    async with room.open(size=(80, 100)) as seat:
        for keys in (["f1"], None):
            if keys:
                await seat.press(*keys)
            else:
                await seat.say("/help")
            await seat.sees(
                "Alt+Enter, Shift+Enter, ^J",
                "as far as that is allow",
                "/export [FILE]",
                "F3",
                "sessions",
                "side panel",
            )
            await seat.press("escape")
            assert seat.shows(seat.main)


async def test_help_closes(room: Room) -> None:
    async with room.open() as seat:
        for key in ("escape", "q", "f1"):
            await seat.press("f1")
            await seat.sees("Words", "/help")
            await seat.press(key)
            assert seat.shows(seat.main)


async def test_new(room: Room) -> None:
    async with room.open(call("cd", folder="docs"), "") as seat:
        await seat.say("go into docs")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        first = seat.main.session
        await seat.say("/new")
        await seat.until(lambda: not seat.cards)
        assert seat.main.session is not first and seat.main.header.folder == room.home


async def test_new_waits_for_the_turn(room: Room) -> None:
    async with room.open(call("ls")) as seat:
        await seat.say("list")
        await seat.asked()
        first = seat.main.session
        await seat.main.open(None)
        assert seat.main.session is first


async def test_cd(room: Room) -> None:
    (room.home / "two words").mkdir()
    async with room.open() as seat:
        for word, folder in (
            ("docs", "docs"),
            ("..", ""),
            ("'two words/'", "two words"),
            ("-", ""),
            ("~/docs", "docs"),
            ("", ""),
        ):
            await seat.say(f"/cd {word}")
            await seat.until(lambda folder=folder: seat.main.header.folder == room.home / folder)  # type: ignore[misc]
            await seat.ended()
        await seat.say("/cd none")
        await seat.ended()
        await seat.sees("No such file or directory", "✗ exit 1")


async def test_model(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("/model")
        await seat.sees("/models/gemma3-270m.gguf", "can't be read", "3,584 tokens")


async def test_sandbox(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("/sandbox")
        await seat.sees("level", seat.main.session.sandbox[:20], "time limit  120 s")


async def test_doctor(room: Room) -> None:
    async with room.open(size=(100, 60)) as seat:
        await seat.say("/doctor")
        await seat.sees("Doctor", "conversations.sqlite3", seat.main.session.sandbox[:20], "level full")
        assert "✓" in seat.screen or "can't be had" in seat.screen
        await seat.press("r")
        await seat.sees("level full")
        await seat.press("q")
        assert seat.shows(seat.main)
        await seat.main.words.take("/doctor")
        await seat.sees("level full")
        await seat.press("escape")
        assert seat.shows(seat.main)


async def test_settings(room: Room) -> None:
    async with room.open(size=(100, 30)) as seat:
        await seat.say("/settings")
        await seat.sees(
            "config.toml", "(read at the start)", "time_limit    120.0", "auto_run      false", "weights       none"
        )


async def test_theme(room: Room) -> None:
    async with room.open() as seat:
        for name in ("light", "terminal", "dark"):
            await seat.say(f"/theme {name}")
            await seat.until(lambda name=name: seat.app.theme.endswith(name))  # type: ignore[misc]
        await seat.say("/theme pink")
        await seat.sees("the theme is dark; there are: dark light terminal")


async def test_files(room: Room) -> None:
    async with room.open() as seat:
        assert not seat.main.side.display
        await seat.press("f3")
        await seat.sees("docs", "notes.txt")
        assert seat.at(seat.main.side.tree_view)
        await seat.press("down", "down", "enter")
        assert seat.field.text == "notes.txt " and seat.at(seat.field)
        await seat.press("f3")
        assert not seat.main.side.display
        await seat.say("/files")
        await seat.until(lambda: seat.main.side.display)


async def test_the_tree_is_there_where_there_is_room(room: Room) -> None:
    async with room.open(call("touch", file_name="new.txt"), "", size=(120, 30)) as seat:
        await seat.sees("▸ docs")
        await seat.say("make new.txt")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.sees("new.txt *")
        await seat.pilot.resize_terminal(70, 30)
        await seat.until(lambda: not seat.main.side.display)


async def test_export(room: Room) -> None:
    async with room.open(call("cat", file_name="notes.txt"), "That's `it`.", size=(160, 30)) as seat:
        await seat.say("/export")
        await seat.sees("nothing to export")
        await seat.say("show # notes")
        await seat.asked()
        await seat.press("r")
        await seat.ended()
        await seat.say("/export")
        await seat.sees("exported to")
        file = next(room.home.glob("shellper-*.md"))
        text = file.read_text()
        assert "## show \\# notes" in text and "```sh\ncat notes.txt\n```" in text and "one\ntwo" in text
        assert "That's \\`it\\`." in text
        await seat.say("/export")
        await seat.until(lambda: len(list(room.home.glob("shellper-*.md"))) == 2)
        await seat.say("/export out.json")
        await seat.until(lambda: (room.home / "out.json").exists())
        await seat.sees("out.json")
        assert json.loads((room.home / "out.json").read_text())["turns"][0]["request"] == "show # notes"
        await seat.say("/export out.json")
        await seat.sees("not exported", "File exists")


async def test_quit(room: Room) -> None:
    async with room.open() as seat:
        await seat.say("/quit")
        assert seat.app._exit


async def test_ctrl_q(room: Room) -> None:
    async with room.open() as seat:
        await seat.press("ctrl+q")
        assert seat.app._exit


async def test_a_word_that_there_is_not(room: Room) -> None:
    async with room.open("Yes.") as seat:
        await seat.say("/modle")
        await seat.sees("there is no /modle; did you mean /model?")
        await seat.say("/usr/bin is what?")
        await seat.ended()
        assert seat.cards[-1].request == "/usr/bin is what?"


async def test_the_palette(room: Room) -> None:
    async with room.open() as seat:
        await seat.press("f2")
        await seat.type("sandbox")
        await seat.sees("what commands are kept from")
        await seat.press("down", "enter")
        await seat.sees("time limit  120 s")


async def test_paging(room: Room) -> None:
    async with room.open() as seat:
        for _ in range(8):
            await seat.say("/model")
        await seat.until(lambda: len(seat.main.cards.children) == 9)
        await seat.until(lambda: seat.main.cards.max_scroll_y > 0)
        bottom = seat.main.cards.scroll_y
        await seat.press("pageup")
        await seat.until(lambda: seat.main.cards.scroll_y < bottom)
        await seat.press("pagedown")
        await seat.until(lambda: seat.main.cards.scroll_y == bottom)
