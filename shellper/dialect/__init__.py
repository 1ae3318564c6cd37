"""FunctionGemma's format, both ways: conversations to token-safe prompts, and model output to tool calls or text."""

from shellper.dialect.control import CONTROL_TOKENS, FUNCTION_TOKENS, Tokenizer
from shellper.dialect.conversation import Conversation, ModelStep, Response, Step, Turn
from shellper.dialect.cut import cut_output
from shellper.dialect.declarations import declaration_segments
from shellper.dialect.grammar import Allowed, Grammar
from shellper.dialect.parse import DialectError, parse_step
from shellper.dialect.prompt import Rendered, call_segments, encode, render_conversation

__all__ = [
    "CONTROL_TOKENS",
    "FUNCTION_TOKENS",
    "Allowed",
    "Conversation",
    "DialectError",
    "Grammar",
    "ModelStep",
    "Rendered",
    "Response",
    "Step",
    "Tokenizer",
    "Turn",
    "call_segments",
    "cut_output",
    "declaration_segments",
    "encode",
    "parse_step",
    "render_conversation",
]
