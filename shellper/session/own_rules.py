"""The user's own rules of safety, from the file beside the settings."""

from __future__ import annotations

from shellper.config import ConfigError, paths
from shellper.safety import Rule, RulesError, read_rules

RULES_NAME = "rules.toml"


def own_rules() -> tuple[Rule, ...]:
    """Return the user's own rules; no file means none. Raises `ConfigError` where the file is wrong."""
    try:
        return read_rules(paths().config / RULES_NAME)
    except RulesError as error:
        raise ConfigError(str(error)) from error
