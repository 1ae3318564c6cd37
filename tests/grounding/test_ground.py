"""Grounding: what stands in the place of a call that the disk does not allow."""

from pathlib import Path

import pytest

from shellper.calls import LocalDisk, ToolCall, render
from shellper.dialect import ModelStep, Response, Step, Turn
from shellper.engine import Generation, ScriptedEngine
from shellper.grounding.ground import Grounded, ground


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "beds").mkdir()
    (tmp_path / "beds" / "roses.txt").touch()
    (tmp_path / "New folder").mkdir()
    return tmp_path


def grounded(folder: Path, step: ModelStep, request: str, likely: ToolCall | None = None) -> Grounded:
    engine = ScriptedEngine()
    engine.likely = [likely] if likely else []
    conversation = (Turn(request, done=False),)
    return ground(engine, conversation, Generation(step, 0.5), LocalDisk(folder, folder))


def cd(path: str) -> ToolCall:
    return ToolCall("cd", {"folder": path})


def test_what_can_work_and_what_is_said_stay(folder: Path) -> None:
    for step in (ModelStep(cd("beds")), ModelStep(reply="Which one?"), ModelStep()):
        found = grounded(folder, step, "go there", likely=cd("New folder"))
        assert found.generation == Generation(step, 0.5) and not found.note


def test_the_likeliest_call_that_can_work_is_taken_and_the_user_is_told(folder: Path) -> None:
    found = grounded(folder, ModelStep(cd("beds/roses.txt")), "go where it is", likely=cd("beds"))
    assert found.generation.step.call == cd("beds")
    assert "beds/roses.txt" in found.note and "isn't possible" in found.note
    found = grounded(folder, ModelStep(cd("bets")), "go there", likely=cd("beds"))
    assert found.generation.step.call == cd("beds")
    assert "bets" in found.note and "isn't there" in found.note


def test_a_name_that_the_user_has_said_goes_before_one_that_nobody_has(folder: Path) -> None:
    step, said = ModelStep(cd("New folder")), cd("beds")
    found = grounded(folder, step, "go into beds", likely=said)
    assert found.generation.step.call == said and found.generation.alternative == step
    assert "New folder" in found.note and "likelier" in found.note
    assert grounded(folder, step, "go into beds").generation.step == step


def test_what_is_typed_as_a_command_stays(folder: Path) -> None:
    step, likely = ModelStep(ToolCall("cat", {"file_name": "beds"})), ToolCall("ls", {"path": "beds"})
    assert grounded(folder, step, "show beds", likely).generation.step.call == likely
    assert grounded(folder, step, " cat beds ", likely).generation.step == step
    one, other = (
        ToolCall("diff", {"file_name1": first, "file_name2": second})
        for first, second in (("a.conf", "a.conf.old"), ("a.conf.old", "a.conf"))
    )
    (folder / "a.conf").touch()
    (folder / "a.conf.old").touch()
    same = ToolCall("diff", {"file_name1": "a.conf.old", "file_name2": "a.conf.old"})
    for typed in (one, other):
        assert grounded(folder, ModelStep(same), render(typed)).generation.step.call == typed
        assert grounded(folder, ModelStep(one), render(typed)).generation.step.call == typed


def test_a_name_that_nobody_has_said_is_asked_about(folder: Path) -> None:
    found = grounded(folder, ModelStep(ToolCall("cat", {"file_name": "the_file.txt"})), "show the file")
    assert found.generation.step == ModelStep(reply="There is no the_file.txt here. Which file do you mean?")


def test_a_name_that_the_user_has_said_stays_where_nothing_else_is_likely(folder: Path) -> None:
    step = ModelStep(ToolCall("cat", {"file_name": "roses.txt"}))
    assert grounded(folder, step, "show roses.txt").generation.step == step
    likely = ToolCall("cat", {"file_name": "beds/roses.txt"})
    assert grounded(folder, step, "show roses.txt", likely).generation.step.call == likely


def test_a_name_that_was_said_of_something_else_gives_way_and_is_offered(folder: Path) -> None:
    step = ModelStep(cd("roses.txt"))
    found = grounded(folder, step, "go where the beds are and show roses.txt", likely=cd("beds"))
    assert found.generation.step.call == cd("beds") and found.generation.alternative == step


def test_what_would_do_nothing_is_asked_about(folder: Path) -> None:
    same = ToolCall("diff", {"file_name1": "beds/roses.txt", "file_name2": "beds/roses.txt"})
    reply = grounded(folder, ModelStep(same), "compare it with last week's").generation.step.reply
    assert reply == "That would be beds/roses.txt and the very same. Which other one do you mean?"


def test_what_can_work_gives_way_to_what_is_likelier_and_is_offered_beside_it(folder: Path) -> None:
    (folder / "plan.txt").touch()
    (folder / "New folder" / "old").mkdir()
    moved = ToolCall("mv", {"source": "plan.txt", "destination": "old"})
    likely = ToolCall("mv", {"source": "plan.txt", "destination": "New folder/old"})
    found = grounded(folder, ModelStep(moved), "move the plan to old", likely)
    assert found.generation.step.call == likely and found.generation.alternative == ModelStep(moved)
    assert "this is likelier" in found.note
    assert grounded(folder, ModelStep(moved), "rename the plan to old").generation.step.call == moved


def test_a_new_name_is_put_right_by_the_request_and_nothing_else_is(folder: Path) -> None:
    made, likely = (ToolCall("mkdir", {"dir_name": name}) for name in ("beds/materialy", "beds/materials"))
    found = grounded(folder, ModelStep(made), "in beds make a folder materials", likely)
    assert found.generation.step.call == likely and found.generation.alternative == ModelStep(made)
    pattern, other = (
        ToolCall("grep", {"file_name": "beds/roses.txt", "pattern": text}) for text in ("colours?", "colour")
    )
    kept = grounded(folder, ModelStep(pattern), "which lines of the roses speak of colour", other)
    assert kept.generation.step.call == pattern
    deleted, sub = (ToolCall("rm", {"file_name": name}) for name in ("*.txt", "beds/roses.txt"))
    assert grounded(folder, ModelStep(deleted), "delete *.txt", sub).generation.step.call == deleted


def test_a_part_of_a_name_becomes_the_whole_without_asking_the_model(folder: Path) -> None:
    found = grounded(folder, ModelStep(cd("New")), "go to New folder")
    assert found.generation.step.call == cd("New folder") and not found.note


def test_the_only_call_that_the_user_has_named_needs_no_likelihood(folder: Path) -> None:
    (folder / "gig.txt").touch()
    step = ModelStep(ToolCall("cat", {"file_name": "pig.txt"}))
    found = grounded(folder, step, "gig.txt??")
    assert found.generation.step.call == ToolCall("cat", {"file_name": "gig.txt"}) and "pig.txt" in found.note
    (folder / "beds" / "gig.txt").touch()
    assert grounded(folder, step, "gig.txt??").generation.step.call is None


def test_a_name_that_was_in_vain_before_gives_way_to_the_only_one_like_it(folder: Path) -> None:
    step = ModelStep(ToolCall("cat", {"file_name": "beds/Roses.txt"}))
    before = Turn("show the roses", reply="There is no beds/Roses.txt here. Which file do you mean?")
    engine, disk = ScriptedEngine(), LocalDisk(folder, folder)
    found = ground(engine, (before, Turn("small r", done=False)), Generation(step, 0.5), disk)
    assert found.generation.step.call == ToolCall("cat", {"file_name": "beds/roses.txt"}) and "Roses" in found.note
    assert ground(engine, (Turn("small r", done=False),), Generation(step, 0.5), disk).generation.step.call is None


def test_a_part_of_what_was_said_takes_its_place_only_where_it_is_likely(folder: Path) -> None:
    step, likely = ModelStep(cd("beds/flowers")), cd("beds")
    assert grounded(folder, step, "go to beds/flowers").generation.step == step
    assert grounded(folder, step, "go to beds/flowers", likely).generation.step.call == likely


def test_what_changes_something_is_never_put_in_its_place_unasked(folder: Path) -> None:
    (folder / "keep.txt").touch()
    for tool, name in (("rm", "logs.txt"), ("chmod", "script.sh")):
        mode = {"mode": "+x"} if tool == "chmod" else {}
        step = ModelStep(ToolCall(tool, {"file_name": name, **mode}))
        assert grounded(folder, step, "all the logs, and see keep.txt").generation.step.call is None
    step = ModelStep(ToolCall("rm", {"file_name": "keeps.txt"}))
    failed = Turn("delete keeps.txt", (Step(ToolCall("rm", {"file_name": "keeps.txt"}), Response("no such file", 1)),))
    engine, disk = ScriptedEngine(), LocalDisk(folder, folder)
    for request in ("delete keeps.txt, i said", "that file"):
        call = ground(engine, (failed, Turn(request, done=False)), Generation(step, 0.5), disk).generation.step.call
        assert call is None or call == step.call


def test_what_the_user_counts_to_or_orders_is_asked_for_and_the_first_one_offered(folder: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (folder / name).touch()
    shown = Turn("list", (Step(ToolCall("ls", {}), Response("a.txt\nb.txt")),))
    one, other = (ModelStep(ToolCall("cat", {"file_name": name})) for name in ("a.txt", "b.txt"))
    for request in ("show the second", "both, b first", 'what is in "b.txt"?'):
        engine = ScriptedEngine()
        engine.likely = [other.call] if other.call else []
        conversation = (shown, Turn(request, done=False))
        found = ground(engine, conversation, Generation(one, 0.5), LocalDisk(folder, folder))
        assert found.generation.step == other and found.generation.alternative == one


def test_the_text_of_a_file_is_meant_by_what_is_in_it(folder: Path) -> None:
    (folder / "TODO").touch()
    step, text = ModelStep(ToolCall("ls", {"path": "TODO"})), ToolCall("cat", {"file_name": "TODO"})
    assert grounded(folder, step, "whats in TODO").generation.step.call == text
    assert grounded(folder, step, "is there a TODO").generation.step == step
    folder_step = ModelStep(ToolCall("ls", {"path": "beds"}))
    assert grounded(folder, folder_step, "what's in beds").generation.step == folder_step


def test_a_description_is_no_name(folder: Path) -> None:
    step = ModelStep(ToolCall("diff", {"file_name1": "beds/roses.txt", "file_name2": "last week's list"}))
    assert grounded(folder, step, "compare it to last week's list").generation.step.call is None
    named = ModelStep(ToolCall("cat", {"file_name": "Last Week.txt"}))
    assert grounded(folder, named, "show Last Week.txt").generation.step == named


def test_what_a_part_of_a_name_hints_at_is_taken_where_it_is_likely(folder: Path) -> None:
    (folder / "tulips.txt").touch()
    step, likely = (
        ModelStep(ToolCall("cat", {"file_name": "tulips.txt"})),
        ToolCall("cat", {"file_name": "beds/roses.txt"}),
    )
    found = grounded(folder, step, "and the one about roses", likely)
    assert found.generation.step.call == likely and found.generation.alternative == step
    assert grounded(folder, step, "and the one about roses").generation.step == step


def test_a_folder_that_is_wanted_is_made_first(folder: Path) -> None:
    (folder / "tulips.txt").touch()
    moved, made = ToolCall("mv", {"source": "*.txt", "destination": "bulbs"}), ToolCall("mkdir", {"dir_name": "bulbs"})
    assert grounded(folder, ModelStep(moved), "all texts into a new folder bulbs", made).generation.step.call == made


def test_an_option_that_nobody_asked_for_goes_where_the_model_agrees(folder: Path) -> None:
    plain = ToolCall("sort", {"file_name": "beds/roses.txt"})
    step = ModelStep(ToolCall("sort", {**plain.arguments, "unique": True}))
    assert grounded(folder, step, "sort the roses", plain).generation.step.call == plain
    assert grounded(folder, step, "sort the roses, each only once", plain).generation.step == step


def test_a_file_is_not_written_over_unless_that_is_wanted(folder: Path) -> None:
    for name in ("draft.txt", "final.txt"):
        (folder / name).touch()
    step = ModelStep(ToolCall("mv", {"source": "draft.txt", "destination": "final.txt"}))
    found = grounded(folder, step, "I want final.txt renamed")
    assert found.generation.step.call is None and "final.txt" in found.generation.step.reply
    assert grounded(folder, step, "put the draft over final.txt").generation.step == step


def test_what_is_replaced_is_written_over_and_not_the_other(folder: Path) -> None:
    for name in ("draft.txt", "final.txt"):
        (folder / name).touch()
    one, other = (
        ToolCall("cp", {"source": source, "destination": target})
        for source, target in (("final.txt", "draft.txt"), ("draft.txt", "final.txt"))
    )
    request = "replace final.txt by a copy of the draft"
    assert grounded(folder, ModelStep(one), request, other).generation.step.call == other
    assert grounded(folder, ModelStep(other), request, one).generation.step.call == other
