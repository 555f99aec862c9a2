"""The Makefile's targets and variables, and what CI runs."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import TOP

MAKEFILE = (TOP / "Makefile").read_text()


def make(*arguments):
    keep = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "WERROR", "SAN", "V", "CFLAGS")}
    return subprocess.run(["make", *arguments], cwd=TOP, env=keep, text=True, capture_output=True, timeout=120)


class Targets(unittest.TestCase):
    def setUp(self):
        done = make("help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.text = done.stdout
        self.listed = re.findall(r"^  ([a-z-]+) +[A-Z].*\.(?: .*)?$|^  ([a-z-]+) +[A-Z].*\)\.$", self.text, re.MULTILINE)
        self.listed = [a or b for a, b in self.listed]

    def test_those_for_people_are_listed(self):
        people, parts = re.findall(r"^\.PHONY: (.*)$", MAKEFILE.replace("\\\n", " "), re.MULTILINE)
        self.assertEqual(sorted(self.listed), sorted(people.split()))
        self.assertFalse(set(self.listed).intersection(parts.split()))
        self.assertGreaterEqual(len(self.listed), 13)

    def test_those_listed_are_there(self):
        database = make("-pq", "--no-print-directory", "help").stdout
        for target in self.listed:
            self.assertRegex(database, rf"(?m)^{target}:")

    def test_those_of_the_contributors_are_listed(self):
        words = set(re.findall(r"\bmake ([a-z]+)(?= {2,}|$|`)", (TOP / "CONTRIBUTING.md").read_text(), re.MULTILINE))
        self.assertGreater(len(words), 8)
        self.assertLessEqual(words - set("fuzzers".split()), set(self.listed))

    def test_the_default(self):
        self.assertRegex(make("-pq", "--no-print-directory").stdout, r"(?m)^\.DEFAULT_GOAL := all$")


class Warnings(unittest.TestCase):
    def compile(self, *variables):
        with tempfile.TemporaryDirectory() as folder:
            odd = Path(folder) / "odd.h"
            odd.write_text("static int nobody_calls_this(void)\n{\n    return 1;\n}\n")
            return make("-s", f"B={folder}", f"CFLAGS=-O0 -include {odd}", *variables, f"{folder}/obj/player/core/err.o")

    def test_fail_no_build(self):
        done = self.compile()
        self.assertIn("nobody_calls_this", done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_fail_where_they_shall(self):
        done = self.compile("WERROR=1")
        self.assertIn("nobody_calls_this", done.stderr)
        self.assertNotEqual(done.returncode, 0)

    def test_fail_lint_and_tests(self):
        recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[1]
        builds = [line for line in recipe.splitlines() if "$(MAKE)" in line]
        self.assertEqual([line for line in builds if "WERROR=1" not in line], [])
        self.assertGreaterEqual(len(builds), 1)
        self.assertRegex((TOP / "packaging/lint").read_text(), r"(?m)^make .*\bWERROR=1\b.* print-flags")


class ContinuousIntegration(unittest.TestCase):
    """.ci/run with another make, which writes down what it is asked for."""

    def run_it(self, kiosk="", fails="none"):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / ".ci").mkdir()
            shutil.copy(TOP / ".ci/run", folder / ".ci/run")
            fake = folder / "make"
            fake.write_text('#!/bin/sh\nfor word; do last=$word; done\necho "$*" >>"$ASKED"\necho "$last: 3 passed, 0 failed"\n'
                            '[ "$last" != "$FAILS" ]\n')
            fake.chmod(0o755)
            done = subprocess.run([folder / ".ci/run"], text=True, capture_output=True, timeout=60, cwd="/",
                                  env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ASKED": str(folder / "asked"),
                                       "FAILS": fails, "KIOSK": kiosk})
            return done.returncode, (folder / "asked").read_text().splitlines(), done.stdout.splitlines()

    def test_runs_lint_then_the_tests(self):
        status, asked, lines = self.run_it()
        self.assertEqual((status, asked), (0, ["WERROR=1 lint", "WERROR=1 test"]))
        self.assertEqual(lines[-1], "test: 3 passed, 0 failed")

    def test_runs_those_of_the_kiosk_where_it_is_told_to(self):
        status, asked, lines = self.run_it("1")
        self.assertEqual((status, asked), (0, ["WERROR=1 lint", "WERROR=1 test-kiosk", "WERROR=1 test"]))
        self.assertEqual(lines[-1], "test: 3 passed, 0 failed")

    def test_fails_with_each(self):
        for target in ("lint", "test-kiosk", "test"):
            self.assertNotEqual(self.run_it("1", target)[0], 0, target)


if __name__ == "__main__":
    tap.main()
