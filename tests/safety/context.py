"""The context of the tables: a user's project folder that doesn't exist on the machine that runs the tests."""

from pathlib import Path

from shellper.safety import Context

HOME = Path("/home/ann")
FOLDER = HOME / "code" / "project"
CONTEXT = Context(folder=FOLDER, home=HOME)
