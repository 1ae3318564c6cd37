"""Conversations as tokens: the golden form, growth at the end only, and no text that becomes a control token."""

from collections import Counter

from hypothesis import given, settings

from shellper.calls import ToolCall, load_catalogue
from shellper.dialect import (
    CONTROL_TOKENS,
    Conversation,
    Response,
    Step,
    Turn,
    declaration_segments,
    encode,
    render_conversation,
)
from shellper.dialect.cut import numbered
from shellper.dialect.prompt import Control, spaced
from shellper.weights import LlamaTokenizer
from tests.dialect.conversations import FORGED, conversations, readable

CONVERSATION = (
    Turn(
        "what is in this folder?",
        (Step(ToolCall("ls"), Response("a.txt\nit's <escape>\n")),),
    ),
    Turn(
        "copy a.txt to b.txt and show its last 3 lines",
        (
            Step(ToolCall("cp", {"source": "a.txt", "destination": "b.txt"}), Response()),
            Step(ToolCall("tail", {"lines": 3, "file_name": "b.txt"}), Response("no such file", exit_code=1)),
        ),
    ),
    Turn(
        "all files, really",
        (
            Step(ToolCall("ls", {"a": True, "long": False}), Response(state="skipped")),
            Step(ToolCall("pwd"), Response("/tmp", command="pwd -P")),
            Step(ToolCall("cd", {"folder": ".."})),
        ),
        reply="There is nothing else.",
    ),
    Turn("thanks", reply="", done=False),
)
GOLDEN = """\
<bos><start_of_turn>user
what is in this folder?<end_of_turn>
<start_of_turn>model
<start_function_call>call:ls{}<end_function_call><start_function_response>\
response:ls{output:<escape>1 a.txt
2 it's <escape>
3 <escape>}<end_function_response><end_of_turn>
<start_of_turn>user
copy a.txt to b.txt and show its last 3 lines<end_of_turn>
<start_of_turn>model
<start_function_call>call:cp{destination:<escape> b.txt<escape>,source:<escape> a.txt<escape>}<end_function_call>\
<start_function_response>response:cp{ok:true}<end_function_response>\
<start_function_call>call:tail{file_name:<escape> b.txt<escape>,lines:3}<end_function_call>\
<start_function_response>response:tail{exit:1,output:<escape> no such file<escape>}<end_function_response><end_of_turn>
<start_of_turn>user
all files, really<end_of_turn>
<start_of_turn>model
<start_function_call>call:ls{a:true,long:false}<end_function_call>\
<start_function_response>response:ls{skipped:true}<end_function_response>\
<start_function_call>call:pwd{}<end_function_call>\
<start_function_response>response:pwd{command:<escape> pwd -P<escape>,output:<escape> /tmp<escape>}\
<end_function_response>\
<start_function_call>call:cd{folder:<escape> ..<escape>}<end_function_call>\
<start_function_response>response:cd{}<end_function_response>There is nothing else.<end_of_turn>
<start_of_turn>user
thanks<end_of_turn>
<start_of_turn>model
"""


def test_a_conversation_has_functiongemmas_form(tokenizer: LlamaTokenizer, controls: dict[int, str]) -> None:
    assert readable(render_conversation(CONVERSATION, tokenizer).tokens, tokenizer, controls) == GOLDEN


def test_the_model_writes_calls_replies_and_ends(tokenizer: LlamaTokenizer, controls: dict[int, str]) -> None:
    rendered = render_conversation(CONVERSATION, tokenizer)
    assert len(rendered.tokens) == len(rendered.written)
    written = [token for token, by_model in zip(rendered.tokens, rendered.written, strict=True) if by_model]
    assert readable(written, tokenizer, controls) == (
        "<start_function_call>call:ls{}<end_function_call><start_function_response><end_of_turn>"
        "<start_function_call>call:cp{destination:<escape> b.txt<escape>,source:<escape> a.txt<escape>}"
        "<end_function_call><start_function_response>"
        "<start_function_call>call:tail{file_name:<escape> b.txt<escape>,lines:3}"
        "<end_function_call><start_function_response><end_of_turn>"
        "<start_function_call>call:ls{a:true,long:false}<end_function_call><start_function_response>"
        "<start_function_call>call:pwd{}<end_function_call><start_function_response>"
        "<start_function_call>call:cd{folder:<escape> ..<escape>}<end_function_call><start_function_response>"
        "There is nothing else.<end_of_turn>"
    )


def meant_controls(conversation: Conversation) -> Counter[str]:
    """Count the control tokens that a conversation's form has, whatever its texts are."""
    counts = Counter({"<bos>": 1})
    for turn in conversation:
        counts.update({"<start_of_turn>": 2, "<end_of_turn>": 2})
        for step in turn.steps:
            response = step.response
            ran = response.state == "ran"
            values = sum(isinstance(value, str) for value in step.call.arguments.values())
            values += (response.command is not None) + (ran and bool(response.output))
            counts.update({"<start_function_call>": 1, "<end_function_call>": 1, "<escape>": 2 * values})
            counts.update({"<start_function_response>": 1, "<end_function_response>": 1})
    return +counts


@given(conversation=conversations)
def test_no_text_becomes_a_control_token(
    conversation: Conversation, tokenizer: LlamaTokenizer, controls: dict[int, str]
) -> None:
    rendered = render_conversation(conversation, tokenizer)
    assert Counter(controls[token] for token in rendered.tokens if token in controls) == meant_controls(conversation)


@settings(max_examples=50)
@given(conversation=conversations)
def test_a_conversation_only_grows_at_its_end(conversation: Conversation, tokenizer: LlamaTokenizer) -> None:
    whole = render_conversation(conversation, tokenizer).tokens
    *before, last = conversation
    for steps in range(len(last.steps) + 1):
        open_turn = Turn(last.request, last.steps[:steps], done=False)
        shorter = render_conversation((*before, open_turn), tokenizer).tokens
        assert whole[: len(shorter)] == shorter
        assert len(shorter) < len(whole)


def test_a_forged_call_in_an_output_stays_text(tokenizer: LlamaTokenizer, controls: dict[int, str]) -> None:
    conversation = (Turn("show x", (Step(ToolCall("cat", {"file_name": FORGED}), Response(FORGED)),), done=False),)
    tokens = render_conversation(conversation, tokenizer).tokens
    assert tokens.count(tokenizer.control("<start_function_call>")) == 1
    text = readable(tokens, tokenizer, controls)
    assert (text.count(spaced(FORGED)), text.count(numbered(FORGED))) == (1, 1)


def test_declarations_name_every_tool_between_bos_and_the_first_turn(
    tokenizer: LlamaTokenizer, controls: dict[int, str]
) -> None:
    catalogue = load_catalogue()
    tokens = render_conversation((Turn("hi", done=False),), tokenizer, declaration_segments(catalogue)).tokens
    text = readable(tokens, tokenizer, controls)
    assert text.startswith("<bos><start_of_turn>developer\n")
    assert text.endswith("<end_of_turn>\n<start_of_turn>user\nhi<end_of_turn>\n<start_of_turn>model\n")
    for tool in catalogue.tools.values():
        assert f"<start_function_declaration>declaration:{tool.name}{{description:<escape>{tool.description}" in text
    assert (
        "declaration:tail{description:<escape>Show the last lines of a file.<escape>,parameters:{properties:{"
        "file_name:{description:<escape>the file<escape>,type:<escape>STRING<escape>},"
        "lines:{description:<escape>how many lines<escape>,type:<escape>INTEGER<escape>}},"
        "required:[<escape>file_name<escape>],type:<escape>OBJECT<escape>}}<end_function_declaration>"
    ) in text


def test_only_a_control_segment_becomes_a_control_token(tokenizer: LlamaTokenizer, controls: dict[int, str]) -> None:
    for name in CONTROL_TOKENS:
        assert encode([Control(name)], tokenizer) == [tokenizer.control(name)]
        assert not set(encode([name], tokenizer)) & set(controls)
