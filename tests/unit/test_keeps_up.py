"""The tests' own excuse for a busy machine, until_it_keeps_up: for what is late, and for nothing else."""
import tempfile
import unittest

import tap
from clock import SLOWER, Late, check_slots, in_time, until_it_keeps_up


def frames(*shown):
    return [{"show_ms": str(ms), "to": name} for ms, name in shown]


def slot_of(ms):
    return ("red", "green", "blue")[int(ms // 1000) % 3], ms // 1000 * 1000


class KeepsUp(unittest.TestCase):
    def times(self, trouble, passes_at=None):
        """How often a check is made that ends in such trouble, until it passes."""
        count = 0

        def check(env):
            nonlocal count
            count += 1
            if count != passes_at:
                raise trouble
        with tempfile.TemporaryDirectory() as folder:
            try:
                until_it_keeps_up(folder, check)
            except type(trouble):
                self.assertIsNone(passes_at)
        return count

    def test_only_what_is_late_comes_again(self):
        self.assertEqual(self.times(AssertionError("the wrong picture")), 1)
        self.assertEqual(self.times(RuntimeError("a crash")), 1)
        self.assertEqual(self.times(Late("a late picture")), len(SLOWER))
        self.assertEqual(self.times(Late("a late picture"), passes_at=2), 2)

    def test_in_time(self):
        in_time(True, "")
        with self.assertRaises(Late):
            in_time(False, "")

    def outcome(self, *shown, **how):
        try:
            check_slots(self, frames(*shown), slot_of, **how)
        except Late:
            return "late"
        except AssertionError:
            return "wrong"
        return "right"

    def test_slots(self):
        right = (500, "red"), (1000, "green"), (2090, "blue"), (3100, "red"), (4200, "green")
        self.assertEqual(self.outcome(*right), "right")
        self.assertEqual(self.outcome(*right, late_ms=50), "late")
        self.assertEqual(self.outcome((500, "red"), (1300, "green"), (2000, "blue")), "late")
        self.assertEqual(self.outcome((500, "red"), (1000, "red"), (2000, "blue"), (3000, "red")), "late")
        self.assertEqual(self.outcome((500, "red"), (1000, "red"), (2000, "blue"), (3000, "red"), never=("green",)), "right")
        self.assertEqual(self.outcome((500, "red"), (1000, "blue"), (2000, "blue")), "wrong")
        self.assertEqual(self.outcome((500, "red"), (1300, "green"), (1400, "red"), (2000, "blue")), "wrong")
        self.assertEqual(self.outcome((500, "red"), (1000, "green"), (2000, "blue"), never=("green",)), "wrong")


if __name__ == "__main__":
    tap.main()
