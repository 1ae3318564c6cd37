"""SHELLper, an offline terminal copilot: a request becomes a shell command that is shown, confirmed and run."""

__version__ = "0.1.0"
