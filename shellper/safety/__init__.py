"""Reading a command before it runs, and the verdict on it: `allow`, `confirm`, `warn` or `block`, with reasons."""

from shellper.safety.judge import judge, read_command, read_commands
from shellper.safety.rules import Rule, RulesError, read_rules
from shellper.safety.verdict import Context, Level, Verdict

__all__ = [
    "Context",
    "Level",
    "Rule",
    "RulesError",
    "Verdict",
    "judge",
    "read_command",
    "read_commands",
    "read_rules",
]
