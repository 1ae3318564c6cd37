"""Running a command: policy, sandbox levels, the launcher, and catching the output."""

from shellper.sandbox.capture import Captured
from shellper.sandbox.policy import Limits, Policy, SandboxError, SandboxLevel, current_level
from shellper.sandbox.run import RunResult, run

__all__ = [
    "Captured",
    "Limits",
    "Policy",
    "RunResult",
    "SandboxError",
    "SandboxLevel",
    "current_level",
    "run",
]
