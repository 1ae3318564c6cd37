"""New names and texts that a call has otherwise than they are said."""

from __future__ import annotations

from pathlib import Path

from shellper.calls import LocalDisk, ToolCall, load_catalogue
from shellper.grounding.new_names import said_otherwise


def otherwise(folder: Path, request: str, tool: str, **arguments: str) -> set[str]:
    """Return the values that the calls have in the place of what is doubted."""
    if "source" in arguments:
        (folder / arguments["source"]).touch()
    call = ToolCall(tool, dict(arguments))
    given, calls = said_otherwise(call, load_catalogue(), LocalDisk(folder, folder), request)
    assert bool(given) or not calls
    return {str(value) for one in calls for name, value in one.arguments.items() if value != arguments[name]}


def test_a_name_in_quotation_marks_goes_before_another(tmp_path: Path) -> None:
    assert otherwise(tmp_path, 'make a folder "printouts" here', "mkdir", dir_name="prints") == {"printouts"}
    (tmp_path / "x").mkdir()
    assert otherwise(tmp_path, "name it 'logs' in x", "mkdir", dir_name="x/all") == {"x/logs", "logs"}
    assert not otherwise(tmp_path, 'make "prints" and "logs"', "mkdir", dir_name="prints")
    (tmp_path / "docs").mkdir()
    arguments = {"source": "docs/plan.txt", "destination": "docs/plan_old.txt"}
    assert not otherwise(tmp_path, 'in docs, rename "plan.txt" so that it ends in old', "mv", **arguments)
    assert not otherwise(tmp_path, 'pack the mails about "rent"', "mkdir", dir_name="mails")
    assert not otherwise(tmp_path, 'make a folder prints, "please"', "mkdir", dir_name="prints")


def test_words_around_a_name_may_not_belong_to_it(tmp_path: Path) -> None:
    names = otherwise(tmp_path, "copy it for Lina: lina.txt", "cp", source="a.txt", destination="Lina: lina.txt")
    assert {"Lina", "lina.txt"} <= names
    assert "logs" in otherwise(tmp_path, "rename arch 2 logs", "mv", source="arch", destination="arch 2 logs")
    assert "'80s" in otherwise(tmp_path, "make a folder '80s in here", "mkdir", dir_name="80s in here")
    assert not otherwise(tmp_path, "rename a to Stamps & co", "mv", source="a", destination="Stamps & co")
    assert not otherwise(tmp_path, "a folder named Acme, Inc", "mkdir", dir_name="Acme, Inc")
    assert otherwise(tmp_path, "add New for me", "mkdir", dir_name="New for me") == {"New"}
    assert not otherwise(tmp_path, 'make "my own folder"', "mkdir", dir_name="my own folder")


def test_an_ending_alone_is_no_name(tmp_path: Path) -> None:
    arguments = {"source": "tactics.md", "destination": ".txt"}
    assert otherwise(tmp_path, "it should end in .txt: tactics.txt", "mv", **arguments) == {"tactics.txt"}
    arguments["source"] = "in/draft_open"
    (tmp_path / "in").mkdir()
    assert otherwise(tmp_path, "with .txt at the end", "mv", **arguments) == {"in/draft_open.txt"}


def test_a_number_alone_goes_before_a_name_around_it(tmp_path: Path) -> None:
    assert otherwise(tmp_path, "by its number only, so 12", "mkdir", dir_name="#12") == {"12"}
    assert not otherwise(tmp_path, "by its number only, so 12", "mkdir", dir_name="b12")
    assert not otherwise(tmp_path, "#12 it is", "mkdir", dir_name="#12")


def test_what_is_there_is_no_new_name(tmp_path: Path) -> None:
    (tmp_path / "my prints").mkdir()
    assert not otherwise(tmp_path, 'an empty file in "my prints"', "touch", file_name="my prints/a.txt")
    assert not otherwise(tmp_path, 'beside the folder "my prints" one for logs', "mkdir", dir_name="journal")
    assert not otherwise(tmp_path, 'put it in "prints"', "cp", source="a.txt", destination="my prints")


def test_the_text_for_a_file_is_hardly_its_name(tmp_path: Path) -> None:
    arguments = {"content": ".ignore", "file_name": ".ignore"}
    assert otherwise(tmp_path, "put '*.bak' into .ignore", "echo", **arguments) == {"*.bak"}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "mail.eml").touch()
    found = otherwise(tmp_path, "show the From line of mail.eml", "grep", pattern="mail.eml", file_name="in/mail.eml")
    assert {"From", "line"} <= found and "the" not in found
    arguments = {"content": "Step 2: heat", "file_name": "steps.txt"}
    request = "now add 'Step 2: heat to 80 C' too"
    assert otherwise(tmp_path, request, "echo", **arguments) == {"Step 2: heat to 80 C"}
    assert not otherwise(tmp_path, "add 'Step 2: heat' and 'Step 2: heat more'", "echo", **arguments)
    assert not otherwise(tmp_path, "add Step 2: heat to 80 C", "echo", **arguments)
    assert not otherwise(tmp_path, "which folders are in d", "find", path="d", type="d")
