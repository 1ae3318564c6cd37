"""The scripted engine plays its script."""

import threading

import pytest

from shellper.calls import ToolCall
from shellper.dialect import ModelStep, Response, Step, Turn
from shellper.engine import EngineError, Generation, GenerationCancelled, ScriptedEngine

LIST = (Turn("list it", done=False),)


def test_steps_come_in_order_and_conversations_are_kept() -> None:
    engine = ScriptedEngine([ToolCall("ls"), "which file?"])
    engine.enqueue("")
    texts: list[str] = []
    after = (Turn("list it", (Step(ToolCall("ls"), Response("a.txt")),), done=False),)
    assert engine.generate(LIST).step == ModelStep(ToolCall("ls"))
    assert engine.generate(after, texts.append).step == ModelStep(reply="which file?")
    assert engine.generate(after).step == ModelStep()
    assert "".join(texts).strip() == "which file?"
    assert engine.conversations == [LIST, after, after]
    assert engine.remaining == 0


def test_an_error_and_a_whole_generation_can_be_scripted() -> None:
    unsure = Generation(ModelStep(ToolCall("pwd")), 0.2)
    engine = ScriptedEngine([EngineError("the engine is gone"), unsure])
    with pytest.raises(EngineError, match="is gone"):
        engine.generate(LIST)
    assert engine.generate(LIST) is unsure


def test_it_can_be_cancelled_before_and_while_it_writes() -> None:
    engine = ScriptedEngine(["one two three"])
    cancelled = threading.Event()
    with pytest.raises(GenerationCancelled):
        engine.generate(LIST, lambda text: cancelled.set(), cancelled)
    with pytest.raises(GenerationCancelled):
        engine.generate(LIST, None, cancelled)


def test_asking_beyond_the_script_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="more steps"):
        ScriptedEngine().generate(LIST)


def test_tokens_are_words_and_output_is_cut_by_characters() -> None:
    engine = ScriptedEngine(output_characters=10)
    step = Step(ToolCall("cat", {"file_name": "a b"}), Response("three more words"))
    assert engine.count_tokens((Turn("show it", (step,), "done now"),)) == 10
    assert engine.cut_output("0123456789") == "0123456789"
    assert engine.cut_output("0123456789" * 3) == "01234\n[... 20 characters left out ...]\n56789"
