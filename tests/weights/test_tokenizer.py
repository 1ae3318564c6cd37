"""Every text survives the vocabulary, and none becomes a control token."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shellper.dialect import CONTROL_TOKENS
from shellper.weights import LlamaTokenizer, WeightsError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
hard = st.text(
    st.sampled_from("ab /\n\t\r\0\x7f\x1b<>_|\u2581\u2028\ufeff\u0301\u200d\U0001f468\U0001f3fd\U0010ffff\ue000é字"),
    max_size=60,
)
lookalikes = st.lists(
    st.one_of(
        st.sampled_from([*CONTROL_TOKENS, "<eos>", "<pad>", "<unk>", "<mask>", "<0x41>", "</s>", "\n", " "]), texts
    )
).map("".join)


@pytest.fixture(scope="module")
def tokenizer(base_weights_path: Path) -> LlamaTokenizer:
    return LlamaTokenizer.from_file(base_weights_path)


@pytest.fixture(scope="module")
def controls(tokenizer: LlamaTokenizer) -> frozenset[int]:
    return frozenset(tokenizer.control(name) for name in (*CONTROL_TOKENS, "<eos>", "<pad>", "<unk>", "<mask>"))


@given(text=st.one_of(texts, hard, lookalikes))
def test_a_text_survives_and_holds_no_control_token(
    text: str, tokenizer: LlamaTokenizer, controls: frozenset[int]
) -> None:
    tokens = tokenizer.text(text)
    assert tokenizer.decode(tokens) == text
    assert controls.isdisjoint(tokens)


@given(data=st.binary(max_size=100))
def test_bytes_that_are_utf8_survive(data: bytes, tokenizer: LlamaTokenizer) -> None:
    text = data.decode("utf-8", "ignore")
    assert b"".join(map(tokenizer.piece, tokenizer.text(text))) == text.encode()


def test_every_character_that_is_one_piece_survives(tokenizer: LlamaTokenizer) -> None:
    every = [chr(point) for point in range(0x11000) if not 0xD800 <= point < 0xE000]
    text = "".join(every)
    assert tokenizer.decode(tokenizer.text(text)) == text


def test_a_lone_surrogate_does_not_break_the_tokenizer(tokenizer: LlamaTokenizer) -> None:
    assert tokenizer.decode(tokenizer.text("a\udcffb")) == "a?b"


def test_control_tokens_have_no_text(tokenizer: LlamaTokenizer, controls: frozenset[int]) -> None:
    assert len(controls) == len(CONTROL_TOKENS) + 4
    assert {tokenizer.piece(token) for token in controls} == {b""}
    assert not tokenizer.text_mask()[sorted(controls)].any()


def test_byte_tokens_are_found_by_name(tokenizer: LlamaTokenizer) -> None:
    for byte in range(256):
        assert tokenizer.piece(tokenizer.control(f"<0x{byte:02X}>")) == bytes([byte])
    assert not tokenizer.text_mask()[tokenizer.control("<0x00>")]


def test_an_unknown_control_token_is_refused(tokenizer: LlamaTokenizer) -> None:
    with pytest.raises(WeightsError, match="has no token <start_of_nothing>; mend: ") as caught:
        tokenizer.control("<start_of_nothing>")
    assert "\n" not in str(caught.value)


def test_a_long_text_is_cut_as_its_parts_are(tokenizer: LlamaTokenizer) -> None:
    line = "a line of a long log file, number 17\n"
    assert tokenizer.text(line * 2000) == tokenizer.text(line) * 2000
