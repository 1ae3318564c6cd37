"""Training the adapter: `python -m model.train DATA.jsonl --run FOLDER`; a stopped run goes on where it was.

The loss stands over all choices of a conversation in one pass. Checkpoints, the settings and a loss log lie in the
run's folder.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from model.conversations import from_json
from model.examples import Sequenced, batches, padded, sequence
from model.network import Gemma
from model.trained import CHECKPOINT, trained_values
from shellper.calls import load_catalogue
from shellper.dialect import Grammar
from shellper.weights.adapter import kept_rows
from shellper.weights.base import Base, open_base
from shellper.weights.tokenizer import LlamaTokenizer

_CHECKPOINT_SECONDS = 240
_LONGEST = 1536
PRECISIONS = {"bfloat16": torch.bfloat16, "float32": torch.float32}


@dataclass(frozen=True)
class Settings:
    """What a run is made of; the same settings and data give the same adapter on the same machine.

    `precision` is what the products are computed in: bfloat16 is the fastest on a CPU that has units for it (the flags
    `amx_bf16` or `avx512_bf16`), float32 on all others. `steps` ends the run after so many batches, 0 after all of
    them. `decay` is the share of the run, at its end, over which the learning rate falls to nothing: 0 for a stage
    that another one goes on from.
    """

    rank: int = 32
    alpha: float = 64.0
    rate: float = 5e-4
    warm_up: float = 0.03
    decay: float = 0.6
    batch_tokens: int = 3072
    negatives: int = 6000
    epochs: int = 1
    steps: int = 0
    seed: int = 1
    precision: str = "bfloat16"


def load_sequences(data: Path, tokenizer: LlamaTokenizer) -> list[Sequenced]:
    """Read conversations and return them as tokens; those longer than the limit are left out."""
    grammar = Grammar(load_catalogue(), tokenizer)
    with data.open(encoding="utf-8") as lines:
        made = [sequence(from_json(line).conversation, tokenizer, grammar) for line in lines]
    return [one for one in made if len(one.tokens) <= _LONGEST]


def rate_at(share: float, settings: Settings) -> float:
    """Return the learning rate after a share of the run: a linear warm-up, a plateau, a linear fall to a hundredth."""
    warm = (share + 1e-3) / settings.warm_up if settings.warm_up else 1.0
    falling = (1 - share) / settings.decay if settings.decay else 1.0
    return settings.rate * min(1.0, warm, 0.01 + 0.99 * falling)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint so that a crash leaves the old one or the new one."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


class Run:
    """A training run in a folder."""

    def __init__(
        self, folder: Path, settings: Settings, base: Base, kept: npt.NDArray[np.int64], start: Path | None = None
    ) -> None:
        """Load the network, and the state of an earlier start of this run, the end of another, or an adapter."""
        torch.manual_seed(settings.seed)
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.settings = folder, settings
        self.network = Gemma(
            base, torch.from_numpy(kept), settings.rank, settings.alpha, PRECISIONS[settings.precision]
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.rate, betas=(0.9, 0.99), weight_decay=0.0
        )
        self.step = 0
        checkpoint = folder / CHECKPOINT
        if checkpoint.exists():
            state = torch.load(checkpoint, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]
        elif start is not None:
            self.network.load_state_dict(trained_values(start))
            if start.is_dir():
                self.optimizer.load_state_dict(torch.load(start / CHECKPOINT, weights_only=True)["optimizer"])
        (folder / "settings.json").write_text(json.dumps(asdict(settings), indent=2) + "\n", encoding="utf-8")

    def checkpoint(self) -> None:
        """Save where the run is."""
        state = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}
        save(self.folder / CHECKPOINT, state)

    def train(self, sequences: list[Sequenced], padding: int) -> None:
        """Go through the sequences from the step the run is at."""
        settings = self.settings
        plan = [
            batch
            for epoch in range(settings.epochs)
            for batch in batches(sequences, settings.batch_tokens, settings.seed + epoch)
        ][: settings.steps or None]
        saved = time.monotonic()
        with (self.folder / "loss.jsonl").open("a", encoding="utf-8") as log:
            while self.step < len(plan):
                began = time.monotonic()
                torch.manual_seed(settings.seed * 1_000_003 + self.step)
                loss, count, norm = self._update(plan[self.step], padding, self.step / len(plan))
                self.step += 1
                tokens = sum(len(row.tokens) for row in plan[self.step - 1])
                entry = {
                    "step": self.step,
                    "of": len(plan),
                    "loss": round(loss, 4),
                    "choices": count,
                    "tokens": tokens,
                    "norm": round(norm, 3),
                    "tokens_per_second": round(tokens / (time.monotonic() - began)),
                }
                log.write(json.dumps(entry) + "\n")
                log.flush()
                if time.monotonic() - saved > _CHECKPOINT_SECONDS:
                    self.checkpoint()
                    saved = time.monotonic()
        self.checkpoint()

    def _update(self, batch: list[Sequenced], padding: int, share: float) -> tuple[float, int, float]:
        """Make one step; return the mean loss, the number of choices and the gradient's norm."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate_at(share, self.settings)
        tokens, chosen = padded(batch, padding)
        total, count = self.network.loss(tokens, chosen, self.settings.negatives)
        loss = total / count
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item(), count, float(norm)


def main() -> None:
    """Train and leave the last checkpoint in the run's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--vocabulary", type=Path, required=True, help="a built model file, for its tokenizer")
    parser.add_argument("--start", type=Path, help="a finished run, or an adapter file, to start from")
    for name, value in asdict(Settings()).items():
        choices = tuple(PRECISIONS) if name == "precision" else None
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value, choices=choices)
    arguments = vars(parser.parse_args())
    settings = Settings(**{name: arguments[name] for name in asdict(Settings())})
    torch.set_num_threads(os.cpu_count() or 1)
    tokenizer = LlamaTokenizer.from_file(arguments["vocabulary"])
    sequences = load_sequences(arguments["data"], tokenizer)
    with open_base() as base:
        run = Run(arguments["run"], settings, base, kept_rows(), arguments["start"])
    print(
        f"{len(sequences)} conversations, {sum(len(s.tokens) for s in sequences)} tokens, at step {run.step}",
        flush=True,
    )
    run.train(sequences, tokenizer.control("<pad>"))


if __name__ == "__main__":
    main()
