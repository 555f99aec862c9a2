"""Two hundred plays of everything into everything leave nothing behind (`make soak`: two thousand); and the measure that says so
can say otherwise."""
import importlib.machinery
import importlib.util
import tempfile
import unittest
from pathlib import Path

import tap
from clock import in_time, until_it_keeps_up

loader = importlib.machinery.SourceFileLoader("soak", str(Path(__file__).resolve().parent.parent / "soak"))
soak = importlib.util.module_from_spec(importlib.util.spec_from_loader("soak", loader))
loader.exec_module(soak)


# What a busy machine may be told of.
SLOW = ("screen refreshes missed", "film decoded too slowly, frames dropped")


class Soak(unittest.TestCase):
    def test_nothing_grows(self):
        with tempfile.TemporaryDirectory() as folder:
            until_it_keeps_up(Path(folder), lambda env: self.play(Path(folder), env))

    def play(self, folder, env):
        samples, changes, complaints = soak.run(folder, 200, 5, env)
        in_time(len(samples) > 40, f"only {len(samples)} samples")
        in_time(changes >= 0.9 * 200, f"only {changes} of 200 plays were seen")
        slow = [line for line in complaints if any(words in line for words in SLOW)]
        self.assertEqual([line for line in complaints if line not in slow], [])
        in_time(not slow, "\n".join(slow))
        self.assertEqual(soak.faults(samples, changes, 200), [])

    def test_growth_is_told(self):
        even = {"descriptors": 10, "processes": 2, "mappings": 900, "memory_kb": 40000}
        for name, growth in (("descriptors", 1), ("processes", 1), ("mappings", 1), ("memory_kb", 100)):
            with self.subTest(name):
                samples = [{**even, name: even[name] + growth * i} for i in range(100)]
                self.assertEqual(len(soak.faults(samples, 200, 200)), 1)
        self.assertEqual(soak.faults([even] * 100, 200, 200), [])
        busy = [{**even, "descriptors": even["descriptors"] + 9 * (i > 80 and i % 3 > 0)} for i in range(100)]
        self.assertEqual(soak.faults(busy, 200, 200), [])  # more at once, but given back
        self.assertEqual(soak.faults([even] * 100, 100, 200), ["only 100 of 200 plays were seen"])

    def test_complaints_are_found(self):
        wrong = ["error loader: still quarantined spot=\"one\"", "warn loader: film ends early spot=\"two\" file=\"two.mp4\" end_s=1.0 length_s=4.0"]
        fine = ["info play: now playing kind=playlist name=\"an error and a warn \" spots=4", "root: no error here"]
        self.assertEqual(soak.complaints_in([fine[0], wrong[0], fine[1], wrong[1]]), wrong)


if __name__ == "__main__":
    tap.main()
