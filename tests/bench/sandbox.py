"""What the sandbox costs: `python -m tests.bench.sandbox`, as differences within one run.

Each round runs one command in every way, so that a machine that is busy is busy for all of them.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from shellper.sandbox import Policy, SandboxLevel, offer, run, run_in_overlay

COMMAND = "echo changed > file"
_MILLISECONDS = 1000


def ways(top: Path) -> dict[str, Callable[[], object]]:
    """Return the ways to run the command: plainly, at each level that is offered, and in an overlay."""
    root = top / "root"
    root.mkdir()
    (root / "file").write_text("first\n")
    policy = Policy(folder=root, home=Path.home())
    stores: Iterator[Path] = (top / f"store-{number}" for number in range(1 << 30))

    def plain() -> None:
        subprocess.run(
            ["/bin/bash", "-c", COMMAND], cwd=root, check=True, stdin=subprocess.DEVNULL, capture_output=True
        )

    def at(level: SandboxLevel) -> Callable[[], object]:
        return lambda: run(COMMAND, Policy(folder=root, home=Path.home(), level=level))

    found: dict[str, Callable[[], object]] = {"plain": plain}
    found |= {str(level): at(level) for level in SandboxLevel if offer().level.reaches(level)}
    if offer().level is SandboxLevel.FULL:
        found["overlay"] = lambda: run_in_overlay(COMMAND, policy, next(stores))
    return found


def _processor() -> float:
    """Return the seconds of processor time that we and our children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def measure(rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return the milliseconds of each way, round by round: as they pass, and of the processor.

    The processor's say more where the machine is busy; what is killed before it is waited for is not in them.
    """
    with tempfile.TemporaryDirectory() as folder:
        found = ways(Path(folder))
        times: dict[str, list[float]] = {name: [] for name in found}
        used: dict[str, list[float]] = {name: [] for name in found}
        for _ in range(rounds):
            for name, act in found.items():
                began, before = time.perf_counter(), _processor()
                act()
                times[name].append((time.perf_counter() - began) * _MILLISECONDS)
                used[name].append((_processor() - before) * _MILLISECONDS)
    return times, used


def main() -> None:
    """Print the median extra cost of each way over a plain run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    times, used = measure(parser.parse_args().rounds)
    plain, plain_used = times.pop("plain"), used.pop("plain")
    print(f"plain: {statistics.median(plain):.1f} ms (median of {len(plain)})")
    for name, own in times.items():
        extra = [one - other for one, other in zip(own, plain, strict=True)]
        processor = statistics.median(one - other for one, other in zip(used[name], plain_used, strict=True))
        line = f"{name}: {statistics.median(extra):+.1f} ms over plain, least {min(extra):+.1f} ms"
        print(f"{line}, of the processor {processor:+.1f} ms")


if __name__ == "__main__":
    main()
