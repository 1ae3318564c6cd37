"""Gemma 3 in PyTorch, with low-rank adapters and trained control rows: what training needs and no more.

Plain PyTorch, because on a CPU with bfloat16 units it trains several times faster than a float32 trainer, and because
the loss is taken only where the model has a choice. Architecture: Gemma 3 Technical Report (2025), section 2, and
llama.cpp's gemma3 graph, whose file stores norm weights with the 1 added.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from shellper.weights.base import Base
from shellper.weights.build import EMBEDDING, FUNCTION_TOKEN_IDS

LINEAR_LAYERS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
_NORMS = ("attn_norm", "attn_q_norm", "attn_k_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
# Every sixth layer attends to everything, the others to a window, with a rope base of their own.
_GLOBAL_EVERY = 6
# Positions that attend together: small enough to skip most of what lies ahead, large enough for fast products.
_CHUNK = 128
_LOCAL_ROPE_BASE = 10_000.0


@dataclass(frozen=True)
class Shape:
    """The sizes of the network, from the base's metadata."""

    layers: int
    width: int
    heads: int
    head_width: int
    window: int
    epsilon: float
    rope_base: float

    @classmethod
    def of(cls, base: Base) -> Shape:
        """Read the sizes from the base."""
        return cls(
            layers=base.field("gemma3.block_count"),
            width=base.field("gemma3.embedding_length"),
            heads=base.field("gemma3.attention.head_count"),
            head_width=base.field("gemma3.attention.key_length"),
            window=base.field("gemma3.attention.sliding_window"),
            epsilon=base.field("gemma3.attention.layer_norm_rms_epsilon"),
            rope_base=base.field("gemma3.rope.freq_base"),
        )


class LowRankLinear(nn.Module):
    """A frozen linear layer with a trained low-rank change."""

    weight: Tensor

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        """Freeze the weight (out, in) and start the change at zero."""
        super().__init__()
        self.register_buffer("weight", weight, persistent=False)
        self.low = nn.Parameter(torch.randn(rank, weight.shape[1]) / math.sqrt(3 * weight.shape[1]))
        self.high = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.scale = alpha / rank

    def forward(self, x: Tensor) -> Tensor:
        """Return the layer's output (..., out)."""
        change = functional.linear(functional.linear(x, self.low.to(x.dtype)), self.high.to(x.dtype) * self.scale)
        return functional.linear(x, self.weight) + change


def _tensor(values: npt.NDArray[np.float32]) -> Tensor:
    """Return a copy as a tensor: what is stored in a file is mapped read-only."""
    return torch.from_numpy(np.array(values))


@torch.compile(dynamic=True)
def _norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    wide = x.float()
    return (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + epsilon) * weight).to(x.dtype)


@torch.compile(dynamic=True)
def _gated(gate: Tensor, up: Tensor) -> Tensor:
    return functional.gelu(gate, approximate="tanh") * up


def _rope(positions: Tensor, width: int, base: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return cosines and sines (time, width) for rotary positions."""
    frequencies = base ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
    angles = torch.outer(positions.float(), frequencies).repeat(1, 2)
    return angles.cos().to(dtype), angles.sin().to(dtype)


@torch.compile(dynamic=True)
def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-second, first), dim=-1) * sin


class Block(nn.Module):
    """One transformer layer."""

    def __init__(self, base: Base, index: int, shape: Shape, rank: int, alpha: float, dtype: torch.dtype) -> None:
        """Read the layer's weights from the base."""
        super().__init__()
        self.shape = shape
        self.is_global = index % _GLOBAL_EVERY == _GLOBAL_EVERY - 1
        for name in _NORMS:
            weight = _tensor(base.float32(f"blk.{index}.{name}.weight")).to(dtype)
            self.register_buffer(name, weight, persistent=False)
        self.linear = nn.ModuleDict(
            {
                name: LowRankLinear(_tensor(base.float32(f"blk.{index}.{name}.weight")).to(dtype), rank, alpha)
                for name in LINEAR_LAYERS
            }
        )

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """Return the layer's output; x is (batch, time, width), mask (1, 1, time, time)."""
        s = self.shape
        batch, time, _ = x.shape
        h = _norm(x, self.get_buffer("attn_norm"), s.epsilon)
        q = self.linear["attn_q"](h).view(batch, time, s.heads, s.head_width)
        k = self.linear["attn_k"](h).view(batch, time, 1, s.head_width)
        v = self.linear["attn_v"](h).view(batch, time, 1, s.head_width).transpose(1, 2)
        q = _rotate(_norm(q, self.get_buffer("attn_q_norm"), s.epsilon).transpose(1, 2), *rope)
        k = _rotate(_norm(k, self.get_buffer("attn_k_norm"), s.epsilon).transpose(1, 2), *rope)
        attended = torch.cat([self._attend(q, k, v, mask, begin) for begin in range(0, time, _CHUNK)], dim=1)
        x = x + _norm(self.linear["attn_output"](attended), self.get_buffer("post_attention_norm"), s.epsilon)
        h = _norm(x, self.get_buffer("ffn_norm"), s.epsilon)
        gated = _gated(self.linear["ffn_gate"](h), self.linear["ffn_up"](h))
        return x + _norm(self.linear["ffn_down"](gated), self.get_buffer("post_ffw_norm"), s.epsilon)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor, begin: int) -> Tensor:
        """Return what a stretch of positions attends to (batch, stretch, heads * head width): none looks ahead."""
        s = self.shape
        batch, _, time, _ = q.shape
        end = min(begin + _CHUNK, time)
        first = 0 if self.is_global else max(0, begin - s.window + 1)
        # All query heads share one key and value head, so they are laid one behind the other in time.
        rows = q[:, :, begin:end].reshape(batch, 1, s.heads * (end - begin), s.head_width)
        seen = mask[:, :, begin:end, first:end].repeat(1, 1, s.heads, 1)
        attended = functional.scaled_dot_product_attention(rows, k[:, :, first:end], v[:, :, first:end], attn_mask=seen)
        return attended.view(batch, s.heads, end - begin, s.head_width).transpose(1, 2).reshape(batch, end - begin, -1)


class Gemma(nn.Module):
    """Gemma 3 over a pruned vocabulary; trained are the low-rank changes and the rows of the function tokens."""

    embedding: Tensor
    output_norm: Tensor
    places: Tensor

    def __init__(self, base: Base, kept: Tensor, rank: int, alpha: float, dtype: torch.dtype) -> None:
        """Read the network from the base; `kept` are the base's ids of the vocabulary's rows."""
        super().__init__()
        self.shape = Shape.of(base)
        embedding = _tensor(base.float32(EMBEDDING)[kept.numpy()])
        self.register_buffer("embedding", embedding.to(dtype), persistent=False)
        self.register_buffer("output_norm", _tensor(base.float32("output_norm.weight")).to(dtype), persistent=False)
        places = torch.searchsorted(kept, torch.tensor(FUNCTION_TOKEN_IDS))
        self.register_buffer("places", places, persistent=False)
        self.control_rows = nn.Parameter(embedding[places].clone())
        self.blocks = nn.ModuleList(
            Block(base, index, self.shape, rank, alpha, dtype) for index in range(self.shape.layers)
        )

    def rows(self, tokens: Tensor) -> Tensor:
        """Return the embedding rows of tokens, the trained ones in place."""
        plain = self.embedding[tokens]
        is_control = (tokens >= self.places[0]) & (tokens <= self.places[-1])
        trained = self.control_rows[(tokens - self.places[0]).clamp(0, len(self.places) - 1)].to(plain.dtype)
        return torch.where(is_control.unsqueeze(-1), trained, plain)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the last hidden states (batch, time, width) of token ids (batch, time), padded at the end."""
        s = self.shape
        time = tokens.shape[1]
        x = self.rows(tokens) * math.sqrt(s.width)
        positions = torch.arange(time)
        distance = positions[:, None] - positions[None, :]
        everything = (distance >= 0)[None, None]
        window = everything & (distance < s.window)[None, None]
        far = _rope(positions, s.head_width, s.rope_base, x.dtype)
        near = _rope(positions, s.head_width, _LOCAL_ROPE_BASE, x.dtype)
        for block in self.blocks:
            is_global = block.is_global
            x = block(x, far if is_global else near, everything if is_global else window)
        return _norm(x, self.output_norm, s.epsilon)

    def loss(self, tokens: Tensor, chosen: Tensor, negatives: int) -> tuple[Tensor, int]:
        """Return the summed loss and the number of tokens it is over.

        `chosen` (batch, time) marks the tokens that the model chooses. The softmax runs over the batch's own tokens
        and a random sample of the others, weighted so that its expected sum is that of the whole vocabulary.
        """
        hidden = self(tokens[:, :-1])[chosen[:, 1:]]
        targets = tokens[:, 1:][chosen[:, 1:]]
        own = torch.unique(torch.cat((tokens.flatten(), self.places)))
        others = torch.randint(0, len(self.embedding), (negatives,))
        others = torch.unique(others[~torch.isin(others, own)])
        logits = functional.linear(hidden, self.rows(torch.cat((own, others)))).float()
        logits[:, len(own) :] += math.log((len(self.embedding) - len(own)) / len(others))
        return functional.cross_entropy(logits, torch.searchsorted(own, targets), reduction="sum"), len(targets)

    def layers(self) -> Iterator[tuple[str, LowRankLinear]]:
        """Yield the adapted layers by their names in the model file."""
        for index, block in enumerate(self.blocks):
            for name in LINEAR_LAYERS:
                yield f"blk.{index}.{name}.weight", block.linear[name]  # type: ignore[index, misc]
