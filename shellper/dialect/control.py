"""The control tokens of the dialect, and the tokenizer it is written with."""

from __future__ import annotations

from typing import Protocol

BOS = "<bos>"
START_OF_TURN = "<start_of_turn>"
END_OF_TURN = "<end_of_turn>"
START_DECLARATION = "<start_function_declaration>"
END_DECLARATION = "<end_function_declaration>"
START_CALL = "<start_function_call>"
END_CALL = "<end_function_call>"
START_RESPONSE = "<start_function_response>"
END_RESPONSE = "<end_function_response>"
ESCAPE = "<escape>"

# FunctionGemma's seven, in the order of their ids (its tokenizer puts them at 46 to 52).
FUNCTION_TOKENS = (
    START_DECLARATION,
    END_DECLARATION,
    START_CALL,
    END_CALL,
    START_RESPONSE,
    END_RESPONSE,
    ESCAPE,
)
CONTROL_TOKENS = (BOS, START_OF_TURN, END_OF_TURN, *FUNCTION_TOKENS)


class Tokenizer(Protocol):
    """What the dialect needs of a tokenizer; text never becomes a control token."""

    @property
    def size(self) -> int:
        """How many tokens there are; their ids are those below it."""

    def text(self, text: str) -> list[int]:
        """Return the tokens of a text, special tokens off."""

    def control(self, name: str) -> int:
        """Return the id of a control token."""

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for, none for a control token."""
