"""The weights without quantization, to measure what it costs: `python -m model.float32 OUT.gguf`.

Then `python -m model.evaluate tests/eval/core.jsonl --weights OUT.gguf --label float32`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from shellper.calls import load_catalogue
from shellper.weights.adapter import kept_rows, load_adapter, shipped_adapter_path
from shellper.weights.base import open_base
from shellper.weights.build import Recipe, build


def main() -> None:
    """Build the shipped adapter's weights in float32."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    recipe = Recipe(load_adapter(shipped_adapter_path()), kept_rows(), load_catalogue().version, quantized=False)
    with open_base() as base:
        build(base, recipe, parser.parse_args().out)


if __name__ == "__main__":
    main()
