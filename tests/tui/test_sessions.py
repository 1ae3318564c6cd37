"""Past conversations and the pager: every key of theirs."""

from textual.widgets import OptionList

from shellper.tui.screens.pager import PagerScreen
from shellper.tui.screens.sessions import SessionsScreen
from tests.tui.conftest import Room, Seat


async def talk(seat: Seat, room: Room, *requests: str) -> None:
    """Have a conversation for each request."""
    for request in requests:
        room.engine.enqueue(f"Answer to {request}.")
        await seat.say(request)
        await seat.ended()
        await seat.say("/new")
        await seat.until(lambda: not seat.cards)


async def listing(seat: Seat) -> None:
    await seat.press("f4")
    await seat.until(lambda: isinstance(seat.app.screen, SessionsScreen))


async def test_searching_and_opening(room: Room) -> None:
    async with room.open() as seat:
        await talk(seat, room, "count lines", "list files", "make a folder")
        await seat.say("/sessions")
        await seat.sees("make a folder", "list files", "count lines", "1 turn")
        await seat.type("lines")
        await seat.until(lambda: "make a folder" not in seat.screen)
        await seat.press("enter")
        await seat.sees("› count lines", "Answer to count lines.")
        assert seat.at(seat.field)
        await listing(seat)
        await seat.sees("• count lines")
        await seat.press("escape")
        assert seat.shows(seat.main)


async def test_up_and_down(room: Room) -> None:
    async with room.open() as seat:
        await talk(seat, room, "first", "second")
        await listing(seat)
        await seat.sees("second")
        choices = seat.app.screen.query_one(OptionList)
        await seat.press("down")
        assert choices.highlighted == 1
        await seat.press("up")
        assert choices.highlighted == 0


async def test_renaming(room: Room) -> None:
    async with room.open() as seat:
        await talk(seat, room, "first")
        await listing(seat)
        await seat.sees("first")
        await seat.press("f6")
        await seat.sees("Another title")
        seat.input.value = "a better title"
        await seat.press("enter")
        await seat.sees("a better title")
        assert room.store.conversations()[0].title == "a better title"
        await seat.press("f6", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, SessionsScreen))
        assert room.store.conversations()[0].title == "a better title"


async def test_deleting(room: Room) -> None:
    async with room.open() as seat:
        await talk(seat, room, "first", "second")
        await listing(seat)
        await seat.sees("second")
        for key in ("n", "escape", "q"):
            await seat.press("f8")
            await seat.sees("Delete this conversation?", "1 turn, for good")
            await seat.press(key)
            await seat.until(lambda: isinstance(seat.app.screen, SessionsScreen))
        assert len(room.store.conversations()) == 2
        await seat.press("f8")
        await seat.sees("Delete this conversation?")
        await seat.press("y")
        await seat.until(lambda: len(room.store.conversations()) == 1)
        assert room.store.conversations()[0].title == "first"


async def test_the_conversation_that_goes_on_stays(room: Room) -> None:
    async with room.open("Yes.") as seat:
        await seat.say("first")
        await seat.ended()
        await listing(seat)
        await seat.sees("• first")
        await seat.press("f8")
        await seat.sees("this conversation goes on")


async def test_exporting(room: Room) -> None:
    async with room.open() as seat:
        await talk(seat, room, "first")
        await listing(seat)
        await seat.sees("first")
        for name, begin in (("", "# first"), ("talk.json", "{")):
            await seat.press("f5")
            await seat.sees("Export to (.md")
            if name:
                seat.input.value = name
            await seat.press("enter")
            await seat.until(lambda: isinstance(seat.app.screen, SessionsScreen))
            file = room.home / (name or f"shellper-{room.store.conversations()[0].id}.md")
            await seat.until(file.exists)
            await seat.until(lambda file=file, begin=begin: file.read_text().startswith(begin))  # type: ignore[misc]
            await seat.sees("exported to")
        await seat.press("f5")
        seat.input.value = "talk.json"
        await seat.press("enter")
        await seat.sees("not exported", "File exists")
        await seat.press("f5", "escape")
        await seat.until(lambda: isinstance(seat.app.screen, SessionsScreen))


async def test_nothing_kept(room: Room) -> None:
    async with room.open() as seat:
        await listing(seat)
        await seat.sees("no conversation is kept yet")
        await seat.press("enter", "f6", "f8", "f5", "escape")
        assert seat.shows(seat.main)
    async with room.open(start=room.start(store=False)) as seat:
        await seat.say("/sessions")
        await seat.sees("no conversations are kept")


async def test_the_pager(room: Room) -> None:
    text = "".join(f"line {number}\n" for number in range(50)) + "a \x1b[31m needle\nanother needle"
    async with room.open() as seat:
        seat.app.push_screen(PagerScreen("cat [b]x[/b]", text))
        await seat.sees("cat [b]x[/b] · 52 lines", "line 1")
        await seat.press("slash")
        await seat.type("needle")
        await seat.press("enter")
        pager = seat.app.screen
        assert isinstance(pager, PagerScreen)
        await seat.until(lambda: pager._area.cursor_location[0] == 50)
        assert pager._area.selected_text == "needle"
        await seat.press("n")
        assert pager._area.cursor_location[0] == 51
        await seat.press("n")
        assert pager._area.cursor_location[0] == 50
        await seat.press("slash", "escape")
        assert seat.shows(pager)
        await seat.press("c")
        await seat.until(lambda: "<U+001B>" in seat.app.clipboard)
        await seat.press("q")
        assert seat.shows(seat.main)
