"""Training: it learns, a stopped run goes on exactly where it was, and what it exports is what it trained."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from gguf import GGUFWriter

from model.examples import Sequenced
from model.export import export
from model.network import LINEAR_LAYERS, Gemma
from model.train import Run, Settings, rate_at
from model.trained import trained_values
from shellper.weights.adapter import load_adapter
from shellper.weights.base import Base

WIDTH, FEED, HEAD, HEADS, ROWS = 32, 64, 16, 2, 96
SETTINGS = Settings(rank=4, alpha=8.0, rate=2e-2, batch_tokens=64, negatives=32, epochs=8)


class TinyBase:
    """A base of two small random layers."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)
        self._values: dict[str, Any] = {}

    def field(self, key: str) -> Any:
        return {
            "gemma3.block_count": 2,
            "gemma3.embedding_length": WIDTH,
            "gemma3.attention.head_count": HEADS,
            "gemma3.attention.key_length": HEAD,
            "gemma3.attention.sliding_window": 8,
            "gemma3.attention.layer_norm_rms_epsilon": 1e-6,
            "gemma3.rope.freq_base": 1e6,
        }[key]

    def float32(self, name: str) -> Any:
        part = name.split(".")[-2]
        shape = {
            "token_embd": (ROWS, WIDTH),
            "attn_q": (HEADS * HEAD, WIDTH),
            "attn_k": (HEAD, WIDTH),
            "attn_v": (HEAD, WIDTH),
            "attn_output": (WIDTH, HEADS * HEAD),
            "ffn_gate": (FEED, WIDTH),
            "ffn_up": (FEED, WIDTH),
            "ffn_down": (WIDTH, FEED),
        }.get(part)
        if shape is None:
            return np.ones(HEAD if part in ("attn_q_norm", "attn_k_norm") else WIDTH, dtype=np.float32)
        if name not in self._values:
            self._values[name] = self._random.normal(0, 0.2, shape).astype(np.float32)
        return self._values[name]


def _sequences() -> list[Sequenced]:
    random = np.random.default_rng(2)
    made = []
    for _ in range(12):
        tokens = tuple(int(t) for t in random.integers(0, ROWS, 20))
        made.append(Sequenced(tokens, tuple(index >= 12 for index in range(20))))
    return made


def _run(folder: Path, settings: Settings = SETTINGS) -> Run:
    return Run(folder, settings, cast(Base, TinyBase()), np.arange(ROWS))


def _losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "loss.jsonl").read_text().splitlines()]


def test_the_loss_falls(tmp_path: Path) -> None:
    _run(tmp_path).train(_sequences(), padding=0)
    losses = _losses(tmp_path)
    assert np.mean(losses[-4:]) < 0.8 * np.mean(losses[:4])


def test_a_stopped_run_ends_like_one_that_was_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = _run(tmp_path / "whole")
    whole.train(_sequences(), padding=0)

    stopped = _run(tmp_path / "stopped")
    update = stopped._update

    def interrupted(*arguments: Any) -> Any:
        if stopped.step == 11:
            stopped.checkpoint()
            raise KeyboardInterrupt
        return update(*arguments)

    monkeypatch.setattr(stopped, "_update", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stopped.train(_sequences(), padding=0)
    resumed = _run(tmp_path / "stopped")
    assert resumed.step == 11
    resumed.train(_sequences(), padding=0)
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name


def test_the_exported_adapter_merges_to_what_was_trained(tmp_path: Path) -> None:
    run = _run(tmp_path)
    run.train(_sequences(), padding=0)
    export([tmp_path], [1.0], tmp_path / "adapter.gguf")
    adapter = load_adapter(tmp_path / "adapter.gguf")
    base = TinyBase()
    base.float32("token_embd.weight")
    layers = dict(run.network.layers())
    assert len(layers) == 2 * len(LINEAR_LAYERS)
    for name, layer in layers.items():
        trained = layer.weight.float() + layer.scale * (layer.high @ layer.low)
        merged = adapter.merged(name, layer.weight.float().numpy())
        assert np.allclose(merged, trained.detach().numpy(), atol=2e-3), name
    rows = adapter.control_rows()
    assert rows is not None and np.allclose(rows, run.network.control_rows.detach().numpy())


def test_settings_stand_beside_the_checkpoint(tmp_path: Path) -> None:
    _run(tmp_path).checkpoint()
    saved = SimpleNamespace(**json.loads((tmp_path / "settings.json").read_text()))
    assert saved.rank == SETTINGS.rank and saved.alpha == SETTINGS.alpha


def test_what_a_position_sees_does_not_hang_on_the_stretches_that_attend_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Gemma(cast(Base, TinyBase()), torch.arange(ROWS), 4, 8.0, torch.float32)
    tokens = torch.randint(0, ROWS, (2, 21), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole = network(tokens)
        monkeypatch.setattr("model.network._CHUNK", 4)
        assert torch.allclose(network(tokens), whole, atol=1e-5)


def test_the_rate_warms_up_stays_and_falls() -> None:
    settings = Settings(rate=1.0, warm_up=0.1, decay=0.5)
    assert rate_at(0.0, settings) < 0.05
    assert rate_at(0.1, settings) == rate_at(0.4, settings) == 1.0
    assert rate_at(0.75, settings) == pytest.approx(0.505)
    assert rate_at(1.0, settings) == pytest.approx(0.01)
    assert rate_at(0.9, Settings(rate=1.0, warm_up=0.0, decay=0.0)) == 1.0


def test_a_run_starts_from_an_exported_adapter(tmp_path: Path) -> None:
    first = _run(tmp_path / "first")
    first.train(_sequences(), padding=0)
    adapter = tmp_path / "adapter.gguf"
    export([tmp_path / "first"], [1.0], adapter)
    second = Run(tmp_path / "second", SETTINGS, cast(Base, TinyBase()), np.arange(ROWS), start=adapter)
    for name, value in first.network.state_dict().items():
        torch.testing.assert_close(second.network.state_dict()[name], value, atol=0, rtol=2**-10)


def test_an_adapter_file_counts_in_a_mean(tmp_path: Path) -> None:
    start, end = _run(tmp_path / "start"), _run(tmp_path / "end")
    start.checkpoint()
    end.train(_sequences(), padding=0)
    adapter, mean = tmp_path / "adapter.gguf", tmp_path / "mean.gguf"
    export([tmp_path / "start"], [1.0], adapter)
    export([tmp_path / "end", adapter], [0.25, 0.75], mean)
    first, last = start.network.state_dict(), end.network.state_dict()
    for name, value in trained_values(mean).items():
        torch.testing.assert_close(value, 0.25 * last[name] + 0.75 * first[name], atol=1e-4, rtol=2**-9)


def test_what_is_no_adapter_is_named(tmp_path: Path) -> None:
    other = tmp_path / "other.gguf"
    writer = GGUFWriter(str(other), "gemma3")
    writer.add_tensor("token_embd.weight", np.zeros((2, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ValueError, match=r"token_embd.weight is no part of an adapter"):
        trained_values(other)
