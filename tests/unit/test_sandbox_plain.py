"""test_sandbox once more, as the player is built: a sanitizer's run-time needs calls that workers on a wall don't get."""
import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PROGRAM = "build/tests/unit/test_sandbox"

built = subprocess.run(["make", "--no-print-directory", "-s", PROGRAM], cwd=TOP, stdin=subprocess.DEVNULL, timeout=300)
if built.returncode != 0:
    sys.exit("test_sandbox can't be built")
os.chdir(TOP)
os.execv(PROGRAM, [PROGRAM])
