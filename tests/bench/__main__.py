"""Benchmarks of the engine and the one-shot: `python -m tests.bench`.

Speeds are given as ratios to plain llama.cpp decoding of the same file in the same run, and times as medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from shellper.config import paths
from shellper.dialect import Conversation, Response, Step, Turn, render_conversation
from shellper.engine import Engine, open_engine, status, stop
from shellper.engine.decoder import Decoder
from shellper.weights.store import ensure

REQUESTS = (
    "show me what is in this folder",
    "how many words does the file report-2024.txt have?",
    "copy budget.xlsx into the archive folder please",
    "rename 'old name.txt' to new_name.txt",
    "find every python file",
    "I no longer need draft.md",
    "which lines of server.log mention timeout",
    "go to the invoices folder",
)
_MILLISECONDS = 1000


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * _MILLISECONDS


def _ask(engine: Engine, conversation: Conversation) -> tuple[float, float]:
    """Return milliseconds to the first written text and to the whole step."""
    began = time.perf_counter()
    first: list[float] = []
    engine.generate(conversation, on_text=lambda text: first.append(time.perf_counter()))
    return (first[0] - began) * _MILLISECONDS, (time.perf_counter() - began) * _MILLISECONDS


def latency(weights: Path) -> None:
    """Print request to proposal, cold (no engine process) and warm, and for a follow-up in a conversation."""
    stop(weights)
    engine = open_engine(weights)
    cold = _ask(engine, (Turn(REQUESTS[0], done=False),))
    warm = [_ask(engine, (Turn(request, done=False),)) for request in REQUESTS * 3]
    follow: list[tuple[float, float]] = []
    history: Conversation = ()
    for request in REQUESTS:
        turn = Turn(request, done=False)
        follow.append(_ask(engine, (*history, turn)))
        step = engine.generate((*history, turn)).step
        steps = (Step(step.call, Response("one.txt\ntwo.txt\nthree.txt")),) if step.call else ()
        history = (*history, Turn(request, steps))
    print(f"request to proposal, cold: first text {cold[0]:.0f} ms, whole call {cold[1]:.0f} ms")
    for name, rows in (("warm", warm), ("follow-up", follow)):
        first, whole = (statistics.median(column) for column in zip(*rows, strict=True))
        print(
            f"request to proposal, {name}: first text {first:.0f} ms, whole call {whole:.0f} ms (median of {len(rows)})"
        )
    host = status(weights)
    if host is not None:
        print(f"memory of the engine: {host.memory_bytes / 1e6:.0f} MB now, {_peak(host.pid):.0f} MB at its peak")
    engine.close()


def _peak(pid: int) -> float:
    """Return the largest resident size of a process so far in MB (Linux), or nan."""
    path = Path(f"/proc/{pid}/status")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    return float("nan")


def speed(weights: Path) -> None:
    """Print tokens a second of constrained decoding and of plain llama.cpp decoding, and their ratios."""
    from shellper.calls import load_catalogue

    decoder = Decoder(weights, load_catalogue())
    text = "Please look at the report about the garden and tell me what it says about the roses. " * 24
    prompt = decoder.tokenizer.text(text)[:400]
    request = "copy the file budget report 2024.xlsx into the folder archive/2024 please"
    turn = render_conversation((Turn(request, done=False),), decoder.tokenizer).tokens
    context = decoder.context

    def plain_prefill() -> None:
        context.keep([])
        context.read(prompt, lambda: None)

    plain_prefill()
    plain = len(prompt) / min(_timed(plain_prefill) for _ in range(5)) * _MILLISECONDS
    rates: list[float] = []
    for _ in range(5):
        context.keep([])
        decoded = decoder.decode(prompt, False, lambda text: None, lambda: None)
        rates.append(len(prompt) / decoded.prefill_seconds)
    print(f"prefill: {max(rates):.0f} tokens/s, plain {plain:.0f}, ratio {max(rates) / plain:.2f}")

    written: list[float] = []
    plain_decode: list[float] = []
    for _ in range(5):
        context.keep([])
        decoded = decoder.decode(turn, False, lambda text: None, lambda: None)
        written.append(len(decoded.tokens) / decoded.decode_seconds)
        context.keep([])
        logits = context.read(turn, lambda: None)
        began = time.perf_counter()
        for _ in decoded.tokens:
            logits = context.read([int(logits.argmax())], lambda: None)
        plain_decode.append(len(decoded.tokens) / (time.perf_counter() - began))
    ratio = statistics.median(written) / statistics.median(plain_decode)
    print(
        f"decode: {statistics.median(written):.0f} tokens/s through the grammar, plain"
        f" {statistics.median(plain_decode):.0f}, ratio {ratio:.2f} (forced tokens are read in batches)"
    )
    decoder.close()


def one_shot() -> None:
    """Print the whole time and the peak memory of `shellper --print` with the engine running."""
    command = [sys.executable, "-m", "shellper", "--print", REQUESTS[0]]
    with tempfile.TemporaryDirectory() as folder:

        def run() -> None:
            subprocess.run(command, cwd=folder, check=True, capture_output=True)

        def version() -> None:
            subprocess.run([*command[:3], "--version"], check=True, capture_output=True)

        run()
        times = [_timed(run) for _ in range(7)]
        start = [_timed(version) for _ in range(7)]
        # Of this process alone, with those that it has waited for: the engine is not one of them.
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, ended, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)
    peak = usage.ru_maxrss / 1000
    print(f"one-shot: {statistics.median(times):.0f} ms from the shell to the command, engine running")
    print(f"start-up: {statistics.median(start):.0f} ms for --version; peak memory of the one-shot {peak:.0f} MB")


def main() -> None:
    """Run every benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, help="a built model file; the one in use when left out")
    arguments = parser.parse_args()
    # Before anything else runs a child, whose memory would be counted too.
    if arguments.weights is None:
        one_shot()
    weights = arguments.weights or ensure(paths().data)
    latency(weights)
    speed(weights)


if __name__ == "__main__":
    main()
