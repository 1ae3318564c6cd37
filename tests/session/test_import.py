"""What importing the session costs: nothing that only a model or a reading needs."""

import subprocess
import sys


def test_it_loads_nothing_heavy() -> None:
    program = "import shellper.session, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"llama_cpp", "numpy", "gguf", "bashlex", "psutil", "platformdirs", "textual", "rich", "prompt_toolkit"}
    assert not heavy & set(ran.stdout.split())
