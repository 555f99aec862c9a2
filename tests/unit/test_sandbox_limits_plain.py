"""test_sandbox_limits once more, as the player is built: a sanitizer's run-time needs calls that workers on a
wall don't get, and there memory has no limit."""
import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PROGRAM = "build/tests/unit/test_sandbox_limits"

built = subprocess.run(["make", "--no-print-directory", "-s", PROGRAM], cwd=TOP, stdin=subprocess.DEVNULL, timeout=300)
if built.returncode != 0:
    sys.exit("test_sandbox_limits can't be built")
os.chdir(TOP)
os.execv(PROGRAM, [PROGRAM])
