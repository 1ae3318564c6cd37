"""What the dialect's tests share: the real vocabulary, and its grammar."""

from pathlib import Path

import pytest

from shellper.calls import load_catalogue
from shellper.dialect import CONTROL_TOKENS, Grammar
from shellper.weights import LlamaTokenizer


@pytest.fixture(scope="session")
def tokenizer(base_weights_path: Path) -> LlamaTokenizer:
    return LlamaTokenizer.from_file(base_weights_path)


@pytest.fixture(scope="session")
def controls(tokenizer: LlamaTokenizer) -> dict[int, str]:
    """The names of the control tokens by their ids."""
    return {tokenizer.control(name): name for name in CONTROL_TOKENS}


@pytest.fixture(scope="session")
def grammar(tokenizer: LlamaTokenizer) -> Grammar:
    return Grammar(load_catalogue(), tokenizer)
