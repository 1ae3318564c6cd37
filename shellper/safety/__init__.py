"""Reading a command before it runs, and the verdict on it: `allow`, `confirm`, `warn` or `block`, with reasons."""

from shellper.safety.judge import judge, read_command
from shellper.safety.verdict import Context, Level, Verdict

__all__ = ["Context", "Level", "Verdict", "judge", "read_command"]
