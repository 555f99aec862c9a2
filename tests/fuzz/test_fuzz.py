"""Every fuzzer: all of its seeds, then a short search from them that is the same each time."""
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap

loader = importlib.machinery.SourceFileLoader("fuzz_run", str(Path(__file__).resolve().parent / "run"))
fuzz = importlib.util.module_from_spec(importlib.util.spec_from_loader("fuzz_run", loader))
loader.exec_module(fuzz)

SECONDS = 20
# Whichever comes first ends a search; up to there it goes the same way each time, for which addresses must be the same, too: a
# container may forbid that.
RUNS = 100000
SAME_ADDRESSES = ["setarch", "-R"] if subprocess.run(["setarch", "-R", "true"], stderr=subprocess.DEVNULL).returncode == 0 else []


def run(words):
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:exitcode=99")
    return subprocess.run(words, cwd=fuzz.TOP, env=environment, stdin=subprocess.DEVNULL, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


class Fuzzers(unittest.TestCase):
    def test_all_are_built_and_have_seeds(self):
        self.assertTrue(fuzz.fuzzers())
        for name in fuzz.fuzzers():
            self.assertTrue(fuzz.program(name).exists(), f"fuzz_{name} is not built: make fuzzers")
            self.assertTrue(fuzz.seeds(name), f"tests/fuzz/seeds/{name}/ holds nothing")

    def test_no_seeds_without_a_fuzzer(self):
        self.assertEqual(sorted(p.name for p in fuzz.SEEDS.iterdir()), fuzz.fuzzers())


def add(name):
    def replay(self):
        seeds = fuzz.seeds(name)
        done = run(fuzz.command(name) + [str(s) for s in seeds])
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        self.assertEqual(len(re.findall(r"^Executed .* in ", done.stdout, re.MULTILINE)), len(seeds))

    def search(self):
        with tempfile.TemporaryDirectory(dir=fuzz.folder(name)) as found:
            done = run(SAME_ADDRESSES + fuzz.command(name, "-seed=1", "-reload=0", f"-runs={RUNS}", f"-max_total_time={SECONDS}",
                                                     f"-max_len={fuzz.MAX_BYTES}") + [found, str(fuzz.SEEDS / name)])
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        executed = re.search(r"number_of_executed_units: (\d+)", done.stdout)
        self.assertIsNotNone(executed, done.stdout[-4000:])
        self.assertGreater(int(executed[1]), len(fuzz.seeds(name)))

    setattr(Fuzzers, f"test_{name}_replays_its_seeds", replay)
    setattr(Fuzzers, f"test_{name}_finds_nothing", search)


for each in fuzz.fuzzers():
    add(each)

if __name__ == "__main__":
    tap.main()
