"""Exporting the adapter of a run, or the mean of several: `python -m model.export RUN... [--shares SHARE...]`.

A RUN is a run's folder or an adapter file. Several must have started from one another, or their mean is no model
(weight averaging along a run: Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better
Generalization").
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from model.network import LINEAR_LAYERS
from model.trained import alpha_of, trained_values
from shellper.calls import load_catalogue
from shellper.weights.adapter import ALPHA_KEY, CONTROL_ROWS, shipped_adapter_path
from shellper.weights.base import BASE_SHA256

_MIB = 1 << 20


def mean_state(runs: Sequence[Path], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """Return the mean of the trained values of runs or adapter files, each by its share; the shares sum to 1."""
    mean: dict[str, torch.Tensor] = {}
    for run, share in zip(runs, shares, strict=True):
        for key, value in trained_values(run).items():
            mean[key] = mean[key] + share * value if key in mean else share * value
    return mean


def export(runs: Sequence[Path], shares: Sequence[float], out: Path) -> None:
    """Write the mean of the adapters of runs as float16, by a temporary file and a rename."""
    from gguf import GGUFWriter

    state = mean_state(runs, shares)
    part = out.with_suffix(".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = GGUFWriter(str(part), "gemma3")
    writer.add_type("adapter")
    writer.add_name("FunctionGemma-SHELLper 270M adapter")
    writer.add_license("gemma")
    writer.add_string("adapter.type", "lora")
    writer.add_float32(ALPHA_KEY, alpha_of(runs[0]))
    writer.add_string("shellper.base.sha256", BASE_SHA256)
    writer.add_uint32("shellper.catalogue.version", load_catalogue().version)
    writer.add_tensor(CONTROL_ROWS, state["control_rows"].numpy().astype(np.float32))
    layers = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("blocks."))
    for index in range(layers):
        for name in LINEAR_LAYERS:
            for ours, stored in (("low", "lora_a"), ("high", "lora_b")):
                values = state[f"blocks.{index}.linear.{name}.{ours}"].numpy().astype(np.float16)
                writer.add_tensor(f"blk.{index}.{name}.weight.{stored}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(out)


def main() -> None:
    """Export and say how large the file is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--shares", nargs="+", type=float, help="each run's share of the mean; equal without it")
    parser.add_argument("--out", type=Path, default=shipped_adapter_path())
    arguments = parser.parse_args()
    shares = arguments.shares or [1 / len(arguments.runs)] * len(arguments.runs)
    if len(shares) != len(arguments.runs) or abs(sum(shares) - 1) > 1e-6:
        parser.error("--shares needs a share for each run, together 1")
    export(arguments.runs, shares, arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size / _MIB:.1f} MiB")


if __name__ == "__main__":
    main()
