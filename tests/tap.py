"""unittest, printing TAP: `tap.main()` at the end of a test file."""
import sys
import traceback
import unittest


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


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:], sys.modules["__main__"])
    result = _Result()
    suite.run(result)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
