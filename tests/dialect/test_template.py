"""The chat template that the weights carry says what the dialect says."""

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shellper.calls import ToolCall
from shellper.dialect import Conversation, Response, Step, Turn, render_conversation
from shellper.resources import prompts_folder
from shellper.weights import LlamaTokenizer
from tests.dialect.conversations import readable

CONVERSATIONS: list[Conversation] = [
    (Turn("list the files", done=False),),
    (
        Turn("list the files", (Step(ToolCall("ls", {"a": True}), Response("a.txt\nb.txt")),)),
        Turn(
            "show the end of b.txt",
            (
                Step(ToolCall("tail", {"lines": 3, "file_name": "b.txt"}), Response("x")),
                Step(ToolCall("wc", {"file_name": "b.txt"}), Response("3 b.txt")),
            ),
        ),
        Turn("make me a coffee", reply="I can only work with files."),
        Turn("and now?", done=False),
    ),
    (Turn("count it", (Step(ToolCall("wc", {"file_name": "it's"}), Response("3")),), done=False),),
]


def messages(conversation: Conversation, together: bool) -> list[dict[str, object]]:
    """Return a conversation in the form that chat templates take; `together` puts a turn's calls in one message."""
    result: list[dict[str, object]] = []
    for turn in conversation:
        result.append({"role": "user", "content": turn.request})
        for steps in [turn.steps] if together and turn.steps else [(step,) for step in turn.steps]:
            result.append({"role": "assistant", "tool_calls": [step.call.as_json() for step in steps]})
            result += [{"role": "tool", "name": step.call.name, "content": step.response.output} for step in steps]
        if turn.reply:
            result.append({"role": "assistant", "content": turn.reply})
    return result


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_the_template_renders_what_the_dialect_does(
    conversation: Conversation, together: bool, tokenizer: LlamaTokenizer, controls: dict[int, str]
) -> None:
    source = (prompts_folder() / "chat_template.jinja").read_text(encoding="utf-8")
    # As chat templates are rendered everywhere: a sandbox that drops the lines of blocks.
    template = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(source)
    text = template.render(
        {"messages": messages(conversation, together), "bos_token": "<bos>", "add_generation_prompt": True}
    )
    assert text == readable(render_conversation(conversation, tokenizer).tokens, tokenizer, controls)
