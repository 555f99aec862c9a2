"""unittest, printing TAP: `tap.main()` at the end of a test file."""
import os
import random
import sys
import traceback
import unittest
import zoneinfo
from pathlib import Path

# Zones of the tests' own (tests/zones), for what they start and for themselves: the world's change.
ZONES = Path(__file__).resolve().parent.parent / "build/zoneinfo"
os.environ["TZDIR"] = str(ZONES)
zoneinfo.reset_tzpath([ZONES])


class _Result(unittest.TestResult):
    number = 0

    def _line(self, verdict, test, note=""):
        self.number += 1
        print(f"{verdict} {self.number} - {test.id().removeprefix('__main__.')}{note}", flush=True)

    def addSuccess(self, test):
        self._line("ok", test)

    def addSkip(self, test, reason):
        self._line("ok", test, f" # SKIP {reason}")

    def _fail(self, test, trouble):
        self._line("not ok", test)
        print("".join("# " + l + "\n" for l in "".join(traceback.format_exception(*trouble)).splitlines()), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._fail(subtest, err)


def _shuffled(suite, by):
    """In another order; the cases of a class stay together, for what they share is made once."""
    classes = {}
    def gather(part):
        for test in part:
            if isinstance(test, unittest.TestSuite):
                gather(test)
            else:
                classes.setdefault(type(test), []).append(test)
    gather(suite)
    groups = list(classes.values())
    by.shuffle(groups)
    for group in groups:
        by.shuffle(group)
    return unittest.TestSuite(test for group in groups for test in group)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    if "TEST_SHUFFLE" in os.environ:
        suite = _shuffled(suite, random.Random(os.environ["TEST_SHUFFLE"]))
    result = _Result()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
