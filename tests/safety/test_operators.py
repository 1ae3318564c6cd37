"""`${name...}` with an operator gives what bash gives."""

import shutil
import subprocess

import pytest

from shellper.safety.operators import worked_out

VALUES = {"a": "report.tar.gz", "b": "/home/ann/x", "c": "rm", "d": "", "e": "a", "f": "Ab cd"}
OPERATORS = [
    *("%.*", "%%.*", "#*.", "##*.", "%.gz", "%/", "##*/", "%/*", "#/", "%%", "#"),
    *("/r/X", "//r/X", "/#r/X", "/%m/X", "//a", "/a*/Z", "/?/Q"),
    *(":1", ":0:2", ":1:1", ": -2", ": -2:1", ":0:-1", ":9"),
    *("^", "^^", ",", ",,"),
]
TEXTS = [f"${{{name}{operator}}}" for name in VALUES for operator in OPERATORS] + ["${!e}", "${!c}"]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_bash_agrees() -> None:
    settings = "; ".join(f"{name}='{value}'" for name, value in VALUES.items())
    # Where bash has nothing to cut, it says so and prints nothing.
    lines = "\n".join(f'printf "%s=%s\\n" {place} "{text}"' for place, text in enumerate(TEXTS))
    done = subprocess.run(["bash", "-c", f"{settings}\n{lines}"], capture_output=True, text=True, check=False)
    told = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert len(told) > len(TEXTS) - 5
    for place, text in enumerate(TEXTS):
        found = worked_out(text, VALUES.get)
        assert found is None or found == told.get(str(place), found), text


def test_what_is_known() -> None:
    assert worked_out("${a%.gz}", VALUES.get) == "report.tar"
    assert worked_out("${a:0:3}${a}", VALUES.get) is None
    assert worked_out("${z%.gz}", VALUES.get) is None
    assert worked_out("${!e}", VALUES.get) == "report.tar.gz"
