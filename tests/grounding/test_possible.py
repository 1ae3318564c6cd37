"""What the disk knows of a call: whether it can work, and which calls could be meant where it can't."""

from __future__ import annotations

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.possible import Impossible, impossible


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    for name in ("beds/roses.txt", "beds/tulips.txt", "plan.txt", "plan.txt.old", "New folder/a b.txt", ".hidden"):
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x\n", encoding="utf-8")
    (tmp_path / "shed").mkdir()
    (home / "empty").mkdir()
    (home / "link").symlink_to("beds")
    (home / "loop").symlink_to("loop")
    return home


def doubt(folder: Path, call: ToolCall, request: str = "do that") -> Impossible | None:
    return impossible(call, load_catalogue(), LocalDisk(folder, folder), request)


def call(name: str, **arguments: str | int | bool) -> ToolCall:
    return ToolCall(name, arguments)


@pytest.mark.parametrize(
    "fine",
    [
        call("cat", file_name="plan.txt"),
        call("cat", file_name="*.txt"),
        call("rm", file_name="*.tmp"),
        call("cd", folder="beds"),
        call("cd", folder="-"),
        call("cd", folder="../.."),
        call("cd", folder="../shed"),
        call("ls"),
        call("ls", path="beds"),
        call("ls", path="plan.txt", long=True),
        call("rm", file_name="link"),
        call("zip", archive="all.zip", source="beds"),
        call("tar", archive="all.tar.gz", source="beds"),
        call("echo", content="x", file_name="new.txt"),
        call("rm", file_name="beds", recursive=True),
        call("grep", file_name="beds", pattern="x", recursive=True),
        call("mv", source="plan.txt", destination="beds"),
        call("mv", source="plan.txt", destination="beds/new.txt"),
        call("mkdir", dir_name="a/b/c", parents=True),
        call("touch", file_name="new.txt"),
        call("untar", archive="plan.txt", folder="not/there"),
        call("pwd"),
    ],
)
def test_what_can_work_is_left_alone(folder: Path, fine: ToolCall) -> None:
    assert doubt(folder, fine) is None


@pytest.mark.parametrize(
    ("bad", "likely"),
    [
        (call("cd", folder="beds/roses.txt"), call("cd", folder="beds")),
        (call("cat", file_name="rose.txt"), call("cat", file_name="beds/roses.txt")),
        (call("cat", file_name="beds"), call("ls", path="beds")),
        (call("ls", path="beds/roses.txt"), call("ls")),
        (call("ls", path="bed"), call("ls", path="beds")),
        (call("ls", path="plan.txt"), call("cat", file_name="plan.txt")),
        (call("du", path="gone"), call("du")),
        (call("grep", file_name="beds", pattern="x"), call("grep", file_name="beds", pattern="x", recursive=True)),
        (call("rmdir", dir_name="plan.txt"), call("rmdir", dir_name="empty")),
        (call("rmdir", dir_name="beds"), call("rmdir", dir_name="empty")),
        (
            call("cp", source="beds/roses.txt", destination="beds"),
            call("cp", source="beds/roses.txt", destination="New folder"),
        ),
        (call("mv", source="plan.txt", destination="."), call("mv", source="beds/tulips.txt", destination=".")),
        (
            call("diff", file_name1="plan.txt", file_name2="plan.txt"),
            call("diff", file_name1="plan.txt", file_name2="plan.txt.old"),
        ),
        (call("cd", folder="shed"), call("cd", folder="../shed")),
        (call("cd", folder="~/bed"), call("cd", folder="~/beds")),
        (
            call("diff", file_name1="plan.txt", file_name2="plan.txt"),
            call("diff", file_name1="plan.txt.old", file_name2="plan.txt"),
        ),
        (call("touch", file_name="bed/new.txt"), call("touch", file_name="beds/new.txt")),
        (call("touch", file_name="bed/new.txt"), call("touch", file_name="new.txt")),
        (
            call("mv", source="roses.txt", destination="beds"),
            call("mv", source="plan.txt", destination="beds"),
        ),
        (
            call("mv", source="plan.txt", destination="bed/new.txt"),
            call("mv", source="plan.txt", destination="new.txt"),
        ),
    ],
)
def test_what_is_there_is_what_could_be_meant(folder: Path, bad: ToolCall, likely: ToolCall) -> None:
    found = doubt(folder, bad)
    assert found is not None
    assert likely in found.calls and bad not in found.calls
    assert not found.is_named


def test_all_of_what_could_be_meant_can_work(folder: Path) -> None:
    both = doubt(folder, call("mv", source="pln.txt", destination="bed/new.txt"))
    assert both is not None and both.calls == ()
    over = doubt(folder, call("cp", source="beds/roses.txt", destination="bed/plan.txt"))
    assert over is not None
    assert call("cp", source="beds/roses.txt", destination="plan.txt") not in over.calls
    assert call("cp", source="beds/roses.txt", destination="empty/plan.txt") in over.calls


def test_what_is_taken_away_is_what_the_user_said_and_lies_in_the_folder(folder: Path) -> None:
    (folder / "empty" / "lily.txt").touch()
    said = doubt(folder, call("rm", file_name="beds/lily.txt"), "delete lily.txt in beds")
    assert said is not None and said.is_named
    assert said.calls == (call("rm", file_name="empty/lily.txt"),)
    unsaid = doubt(folder, call("rm", file_name="gone.txt"))
    assert unsaid is not None and unsaid.calls
    assert not any(str(one.arguments["file_name"]).startswith("..") for one in unsaid.calls)


def test_an_ls_of_a_file_is_doubted_only_where_the_user_did_not_name_it(folder: Path) -> None:
    assert doubt(folder, call("ls", path="plan.txt"), "is plan.txt still here?") is None
    found = doubt(folder, call("ls", path="plan.txt"), "show what is in there")
    assert found is not None and not found.is_certain


def test_a_folder_with_its_slash_is_a_name_like_any_other(folder: Path) -> None:
    found = doubt(folder, call("cd", folder="bets/"), "go to bets")
    assert found is not None and found.is_named and found.calls == ()


def test_only_things_of_the_right_kind_could_be_meant(folder: Path) -> None:
    found = doubt(folder, call("cd", folder="plan"))
    assert found is not None
    assert {one.arguments["folder"] for one in found.calls} >= {"beds", "..", "../shed"}
    assert not {one.arguments["folder"] for one in found.calls} & {"plan.txt", "beds/roses.txt", ".hidden"}


def test_nothing_becomes_the_deletion_of_a_whole_tree(folder: Path) -> None:
    assert doubt(folder, call("rm", file_name="beds")) is None
    for name, parameter, given in (("rm", "file_name", "bets"), ("rmdir", "dir_name", "beds")):
        found = doubt(folder, call(name, **{parameter: given}))
        assert found is not None and found.calls
        assert not any(one.arguments.get("recursive") for one in found.calls)
        assert all(one.arguments.get(parameter) not in ("beds", "New folder") for one in found.calls)


def test_where_a_thing_of_that_name_is_elsewhere_it_is_most_likely_meant(folder: Path) -> None:
    (folder / "beds" / "old").mkdir()
    moved = doubt(folder, call("mv", source="plan.txt", destination="old"), "move plan.txt into old")
    assert moved is not None and not moved.is_certain
    assert moved.calls == (call("mv", source="plan.txt", destination="beds/old"),)
    added = doubt(folder, call("echo", content="x", file_name="roses.txt"))
    assert added is not None and added.calls == (call("echo", content="x", file_name="beds/roses.txt"),)


def test_a_text_for_a_new_file_is_likelier_for_one_of_that_name_with_an_ending(folder: Path) -> None:
    for said in ("roses", "Roses"):
        added = doubt(folder, call("echo", content="x", file_name=said))
        assert added is not None and added.calls == (call("echo", content="x", file_name="beds/roses.txt"),)
        assert not added.is_certain
    (folder / "roses").touch()
    assert doubt(folder, call("echo", content="x", file_name="roses")) is None
    (folder / "plan.txt").unlink()
    assert doubt(folder, call("echo", content="x", file_name="plan.txt")) is None
    assert doubt(folder, call("mv", source="beds/roses.txt", destination="plan.txt")) is None


def test_two_paths_are_never_made_the_same(folder: Path) -> None:
    found = doubt(folder, call("mv", source="gone.txt", destination="plan.txt"))
    assert found is not None
    assert "plan.txt" not in {one.arguments["source"] for one in found.calls}


def test_what_would_be_moved_onto_itself_may_get_a_name_that_was_said(folder: Path) -> None:
    same = call("mv", source="beds/roses.txt", destination="beds/roses.txt")
    found = doubt(folder, same, "call the roses buds.txt, still in beds")
    assert found is not None and found.is_in_vain
    wanted = {one.arguments["destination"] for one in found.calls}
    assert {"beds/buds.txt", "buds.txt"} <= wanted
    # What is there is not overwritten, and a word like "the" is no name.
    assert not {"beds/beds/roses.txt", "beds/the", "plan.txt"} & wanted


def test_a_name_that_the_user_said_is_only_looked_for_elsewhere(folder: Path) -> None:
    found = doubt(folder, call("cat", file_name="roses.txt"), "show roses.txt please")
    assert found is not None and found.is_named
    assert found.calls == (call("cat", file_name="beds/roses.txt"),)
    assert found.whole is None
    gone = doubt(folder, call("cat", file_name="lilies.txt"), "show lilies.txt please")
    assert gone is not None and gone.is_named and gone.calls == ()
    assert call("cat", file_name="plan.txt") in gone.wider
    removed = doubt(folder, call("rm", file_name="lilies.txt"), "delete lilies.txt please")
    assert removed is not None and removed.calls == () and removed.wider == ()


def test_an_article_is_no_name(folder: Path) -> None:
    found = doubt(folder, call("cat", file_name="the"), "show the file")
    assert found is not None and not found.is_named


def test_a_part_of_a_name_that_the_user_said_stands_for_the_whole(folder: Path) -> None:
    found = doubt(folder, call("cd", folder="New"), "go to New folder")
    assert found is not None and found.whole == call("cd", folder="New folder")
    longer = doubt(folder, call("cat", file_name="b.txt"), "show New folder/a b.txt")
    assert longer is not None and longer.whole == call("cat", file_name="New folder/a b.txt")
    both = doubt(folder, call("cat", file_name="old"), "show plan.txt.old and old")
    assert both is not None and both.whole is None and both.calls == ()


def test_a_tree_of_any_size_is_looked_at_in_part_and_the_nearest_first(folder: Path) -> None:
    for number in range(600):
        (folder / f"{number}.csv").touch()
    found = doubt(folder, call("cat", file_name="x.csv"))
    assert found is not None and len(found.calls) == 400
    folders = doubt(folder, call("cd", folder="bets"))
    assert folders is not None and call("cd", folder="beds") in folders.calls
