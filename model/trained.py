"""Reading what training has made: the trained values of a run's folder, or of an adapter file that was exported."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader

from shellper.weights.adapter import ALPHA_KEY, CONTROL_ROWS

CHECKPOINT = "checkpoint.pt"
_LOW_RANK = re.compile(r"blk\.(\d+)\.(\w+)\.weight\.lora_([ab])")
_PARTS = {"a": "low", "b": "high"}


def trained_values(source: Path) -> dict[str, torch.Tensor]:
    """Return the trained values (float32) by their names in the network, of a run's folder or an adapter file."""
    if source.is_dir():
        values: dict[str, torch.Tensor] = torch.load(source / CHECKPOINT, weights_only=True)["network"]
        return values
    values = {}
    for tensor in GGUFReader(source).tensors:
        name = tensor.name
        if found := _LOW_RANK.fullmatch(name):
            name = f"blocks.{found[1]}.linear.{found[2]}.{_PARTS[found[3]]}"
        elif name != CONTROL_ROWS:
            raise ValueError(f"{source}: {name} is no part of an adapter; give a run's folder or an adapter file")
        values["control_rows" if name == CONTROL_ROWS else name] = torch.from_numpy(tensor.data.astype(np.float32))
    return values


def alpha_of(source: Path) -> float:
    """Return the scale that a run's, or an adapter file's, low-rank changes were trained with."""
    if source.is_dir():
        return float(json.loads((source / "settings.json").read_text(encoding="utf-8"))["alpha"])
    field = GGUFReader(source).get_field(ALPHA_KEY)
    if field is None:
        raise ValueError(f"{source}: no {ALPHA_KEY} in it; give a run's folder or an adapter file")
    return float(field.contents())
