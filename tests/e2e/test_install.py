"""make install and uninstall, the manual page, and the package list."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import TOP, environment, run


def make(*arguments):
    done = subprocess.run(["make", "-s", *arguments], cwd=TOP, text=True, capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done


class Install(unittest.TestCase):
    def test_uninstall_leaves_nothing(self):
        for prefix in ("/usr", "/opt/signage"):
            with tempfile.TemporaryDirectory() as folder:
                make("install", f"DESTDIR={folder}", f"PREFIX={prefix}")
                files = [p for p in Path(folder).rglob("*") if p.is_file()]
                self.assertTrue(all(str(p).startswith(folder + prefix + "/") for p in files))
                self.assertIn(Path(folder + prefix + "/bin/duckling"), files)
                self.assertTrue([p for p in files if p.name == "duckling.1"])
                self.assertTrue([p for p in files if "fonts" in p.parts])
                make("uninstall", f"DESTDIR={folder}", f"PREFIX={prefix}")
                self.assertEqual([p for p in Path(folder).rglob("*") if p.is_file() or p.name == "duckling"], [])

    def test_installed_program_finds_its_fonts(self):
        with tempfile.TemporaryDirectory() as folder:
            make("install", f"DESTDIR={folder}", "PREFIX=/usr")
            program = Path(folder) / "usr/bin/duckling"
            listing = Path(folder) / "p.json"
            listing.write_text('{"format":"duckling/1","spots":{"a":{"tagline":"Small"}}}')
            done = subprocess.run([program, "preview", listing, "-o", Path(folder) / "x.png", "--size", "320x180"], text=True,
                                  capture_output=True, env=environment(), timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Manual(unittest.TestCase):
    def test_manual_lists_the_options_that_help_lists(self):
        page = (TOP / "packaging/man/duckling.1").read_text().replace("\\-", "-").replace("\\e", "\\")
        for command in ("play", "preview", "check", "guide", "explain", "publish", "takeover"):
            section = page.split(f".SS duckling {command}")[1].split(".SS ")[0].split(".SH ")[0]
            told = {}
            for entry in section.split(".TP\n")[1:]:
                head, text = entry.strip().split("\n", 1)
                told[head.removeprefix(".B ").strip()] = text.strip()
            shown = {}
            for line in run(command, "--help").stdout.splitlines():
                found = re.match(r"  (-\w, |    )(--\S+(?: [A-Z|0-9a-z]+)?) +(.*)$", line)
                if found:
                    shown[(found[1].strip() + " " + found[2]).strip()] = found[3].strip()
            self.assertGreaterEqual(len(shown), 5)
            self.assertEqual(told, shown)


class Version(unittest.TestCase):
    def test_one_version_everywhere(self):
        version = run("--version").stdout.split()[1]
        self.assertIn(f"VERSION := {version}", (TOP / "Makefile").read_text())
        self.assertIn(f'"duckling {version}"', (TOP / "packaging/man/duckling.1").read_text())


if __name__ == "__main__":
    tap.main()
