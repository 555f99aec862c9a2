"""Which shape serves a screen: random screens against the definition of duckling-playlist(5), SHAPES, written down once more in
logarithms. TEST_SEED sets the seed, TEST_ROUNDS how many screens there are."""
import math
import os
import random
import subprocess
import unittest
from fractions import Fraction
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
PROBE = TOP / "build/asan/tests/faults/probe_shape"
SEED = int(os.environ.get("TEST_SEED") or 20260206)
ROUNDS = int(os.environ.get("TEST_ROUNDS") or 20000)
LIMIT_S = 120
NOMINAL = {"landscape": Fraction(16, 9), "portrait": Fraction(9, 16), "wide": Fraction(4), "square": Fraction(1)}
NAMES = list(NOMINAL)


def nearest(given, width, height):
    """The definition. Two distances that are the same to the last digits are so exactly, or not at all: then fractions decide."""
    def distance(name):
        return abs(math.log(width / height) - math.log(NOMINAL[name]))
    least = min(map(distance, given))
    ties = [name for name in given if distance(name) - least < 1e-12]
    aspect = Fraction(width, height)
    exact = {name: max(aspect / NOMINAL[name], NOMINAL[name] / aspect) for name in ties}
    return min(ties, key=lambda name: (exact[name], NAMES.index(name)))


def screens(dice):
    """Of all sizes, of usual ones, and of such whose aspect is exactly between two shapes, or a pixel beside that."""
    for _ in range(ROUNDS):
        yield dice.randint(1, 16384), dice.randint(1, 16384)
        yield int(2 ** dice.uniform(0, 26)), int(2 ** dice.uniform(0, 26))
        yield dice.choice([640, 1080, 1280, 1920, 3840, 7680, 7840]), dice.choice([360, 480, 720, 960, 1080, 1920, 1952, 3840])
        # sqrt(16/9 × 9/16), sqrt(16/9 × 4), sqrt(16/9 × 1), sqrt(9/16 × 4), sqrt(9/16 × 1), sqrt(4 × 1)
        width, height = dice.choice([(1, 1), (8, 3), (4, 3), (3, 2), (3, 4), (2, 1)])
        factor = dice.randint(1, 5000)
        yield width * factor + dice.choice([-1, 0, 0, 0, 1]), height * factor


class Shapes(unittest.TestCase):
    def test_nearest(self):
        dice = random.Random(SEED)
        asked = []
        for size in screens(dice):
            if size[0] > 0:
                asked.append((dice.randint(1, 15), *size))
        lines = "".join(f"{number} {width} {height}\n" for number, width, height in asked)
        done = subprocess.run([PROBE], input=lines, text=True, capture_output=True, timeout=LIMIT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        answers = done.stdout.split()
        self.assertEqual(len(answers), len(asked))
        seen = set()
        for (number, width, height), answer in zip(asked, answers):
            given = [name for i, name in enumerate(NAMES) if number >> i & 1]
            self.assertEqual(answer, nearest(given, width, height), f"seed {SEED}: {given} on {width} × {height}")
            seen.add((number, answer))
        self.assertEqual(len(seen), 4 * 8, "each shape of each set was the nearest of it once")

    def test_today(self):
        """With landscape and portrait alone, as ever: portrait is for what is higher than wide."""
        for width, height in screens(random.Random(SEED + 1)):
            if width > 0:
                self.assertEqual(nearest(["landscape", "portrait"], width, height), "portrait" if height > width else "landscape")


if __name__ == "__main__":
    tap.main()
