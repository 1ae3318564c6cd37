"""A model file that the user names is taken only when it is made for the dialect."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from shellper.dialect import CONTROL_TOKENS
from shellper.dialect.control import ESCAPE, START_CALL
from shellper.weights import WeightsError, use_file

from .tiny import BYTES, CONTROL, NORMAL, USER_DEFINED, write_tiny

CONTROLS = tuple((name, CONTROL) for name in CONTROL_TOKENS)


def test_the_built_file_is_taken(base_weights_path: Path) -> None:
    assert use_file(base_weights_path) == base_weights_path


def test_a_path_below_home_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write_tiny(tmp_path / "mine.gguf", [*CONTROLS, *BYTES, ("a", NORMAL)])
    assert use_file(Path("~/mine.gguf")) == path


@pytest.mark.parametrize(
    ("tokens", "tokenizer", "reason"),
    [
        ([*CONTROLS[:3], *BYTES], "llama", "has no token <start_function_declaration>"),
        ([*CONTROLS[:-1], *BYTES], "llama", f"has no token {ESCAPE}"),
        ([*CONTROLS[:-1], (ESCAPE, USER_DEFINED), *BYTES], "llama", f"takes the text {ESCAPE} for a control token"),
        ([*CONTROLS, *BYTES[1:]], "llama", "has no byte tokens"),
        ([], "no_vocab", "is not a Gemma model"),
        ([], "unheard_of", "is not a model file that llama.cpp can read"),
    ],
)
def test_a_foreign_file_is_one_line(
    tokens: Sequence[tuple[str, int]], tokenizer: str, reason: str, tmp_path: Path
) -> None:
    path = write_tiny(tmp_path / "foreign.gguf", tokens, tokenizer)
    with pytest.raises(WeightsError) as caught:
        use_file(path)
    assert str(caught.value) == f"{path} {reason}{str(caught.value).partition(reason)[2]}"
    assert str(caught.value).endswith("; mend: name another file, or none to use the built one")
    assert "\n" not in str(caught.value)


def test_a_control_name_that_is_a_plain_piece_is_refused(tmp_path: Path) -> None:
    path = write_tiny(tmp_path / "plain.gguf", [*((n, k) for n, k in CONTROLS if n != START_CALL), *BYTES])
    with pytest.raises(WeightsError, match=f"has no token {START_CALL}"):
        use_file(path)


def test_what_is_no_model_is_one_line(base_weights_path: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a model")
    truncated = tmp_path / "truncated.gguf"
    with base_weights_path.open("rb") as file:
        truncated.write_bytes(file.read(100_000))
    for path, reason in (
        (tmp_path / "missing.gguf", "there is no model file"),
        (tmp_path, "there is no model file"),
        (text, "is not a GGUF file"),
        (truncated, "is not a model file that llama.cpp can read"),
    ):
        with pytest.raises(WeightsError, match=reason) as caught:
            use_file(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
