"""Running a command: policy, sandbox levels, the launcher, and catching the output."""

from shellper.sandbox.capture import Captured, TextStream
from shellper.sandbox.interactive import wants_terminal
from shellper.sandbox.left import Holding, Kept, Leftover, LeftProcess, OnLeft, identity
from shellper.sandbox.levels import Offer, Probe, Trial, current_level, forget, offer
from shellper.sandbox.overlay import OverlayImpossible, OverlayRun, run_in_overlay
from shellper.sandbox.policy import Limits, Policy, SandboxError, SandboxLevel, WallsError
from shellper.sandbox.refusals import explain_refusal
from shellper.sandbox.roots import project_root
from shellper.sandbox.run import RunResult, chosen_level, run
from shellper.sandbox.stopping import Stopping

__all__ = [
    "Captured",
    "Holding",
    "Kept",
    "LeftProcess",
    "Leftover",
    "Limits",
    "Offer",
    "OnLeft",
    "OverlayImpossible",
    "OverlayRun",
    "Policy",
    "Probe",
    "RunResult",
    "SandboxError",
    "SandboxLevel",
    "Stopping",
    "TextStream",
    "Trial",
    "WallsError",
    "chosen_level",
    "current_level",
    "explain_refusal",
    "forget",
    "identity",
    "offer",
    "project_root",
    "run",
    "run_in_overlay",
    "wants_terminal",
]
