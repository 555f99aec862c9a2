"""make install and uninstall, the manual page, and the package list."""
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import films
import tap
from player import TOP, WAIT_S, environment, run


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
                # Debian's own rules find a stick's file system, and tell systemd of the stick: ours go between them.
                rules = [p.name for p in files if p.parent.name == "rules.d"]
                self.assertEqual(sorted(["60-persistent-storage.rules", *rules, "99-systemd.rules"])[1:-1], rules)
                self.assertEqual(len(rules), 1)
                make("uninstall", f"DESTDIR={folder}", f"PREFIX={prefix}")
                self.assertEqual([p for p in Path(folder).rglob("*") if p.is_file() or p.name == "duckling"], [])

    def test_installed_program_finds_its_fonts(self):
        with tempfile.TemporaryDirectory() as folder:
            make("install", f"DESTDIR={folder}", "PREFIX=/usr")
            program = Path(folder) / "usr/bin/duckling"
            listing = Path(folder) / "p.json"
            listing.write_text('{"format":"duckling/1","spots":{"a":{"tagline":"Small"}}}')
            done = subprocess.run([program, "preview", listing, "-o", Path(folder) / "x.png", "--size", "320x180"], text=True,
                                  capture_output=True, env=environment(), timeout=WAIT_S)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class Films(unittest.TestCase):
    """What decodes films is a program of its own, which only workers start."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        make("install", f"DESTDIR={self.folder}", "PREFIX=/usr")
        self.program = self.folder / "usr/bin/duckling"
        self.films = self.folder / "usr/libexec/duckling/duckling-films"
        films.film(self.folder / "a.mp4", 25, 25, (160, 90))
        self.listing = self.folder / "p.json"
        self.listing.write_text('{"format":"duckling/1","spots":{"a":{"video":"a.mp4"}}}')

    def test_installed_program_opens_films(self):
        done = subprocess.run([self.program, "check", "--json", self.listing], text=True, capture_output=True,
                              env=environment(), timeout=WAIT_S)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn('"codec":"h264"', done.stdout.replace(" ", ""))

    def test_without_its_program_pictures_play(self):
        self.films.unlink()
        self.listing.write_text('{"format":"duckling/1","spots":{"b":{"tagline":"Small"}}}')
        done = subprocess.run([self.program, "play", self.listing, "--window", "160x90", "--for", "2", "--frames-log",
                               self.folder / "frames.csv"], text=True, capture_output=True, env=environment(), timeout=WAIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, r"error worker_process: cannot play films, reinstall Duckling reason=.cannot find duckling-films in \S+/bin or in \S+/libexec/duckling")
        self.assertIn(",b,", (self.folder / "frames.csv").read_text())

    def test_without_its_program_check_says_so(self):
        self.films.unlink()
        done = subprocess.run([self.program, "check", self.listing], text=True, capture_output=True, env=environment(), timeout=WAIT_S)
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("cannot find duckling-films in ", done.stdout)

    def test_a_program_for_films_that_is_not_this_players_is_told_and_no_medium_is_blamed(self):
        """One that an upgrade left behind ends with 1, as it does not know the magic; the loader of libraries ends with 127."""
        for status, words in ((1, "duckling-films is of a different version than the player; install both from one release"),
                              (127, "duckling-films cannot start: a library that it needs is missing; reinstall Duckling")):
            self.films.unlink()
            self.films.write_text(f"#!/bin/sh\nexit {status}\n")
            self.films.chmod(0o755)
            done = subprocess.run([self.program, "play", self.listing, "--window", "160x90", "--for", "1", "--store",
                                   self.folder / "store", "--state", self.folder / "state"], text=True, capture_output=True,
                                  env=environment(), timeout=WAIT_S)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(words, done.stderr)
            self.assertNotIn("quarantined", done.stderr)

    def test_no_other_program_loads_ffmpeg(self):
        def needed(program):
            return subprocess.run(["readelf", "-d", program], text=True, check=True, capture_output=True).stdout
        self.assertIn("libavcodec", needed(self.films))
        self.assertNotRegex(needed(self.program), "libav|libsw")


def options_of(text):
    """What a help lists: {"-o, --output FILE": words}. Words may begin on the next line, and go on there."""
    found = re.findall(r"^  (-\w, |    )(--\S+(?: \S+)?)(?:  +|\n +)(\S.*(?:\n {10}.*)*)$", text, re.MULTILINE)
    return {(letter.strip() + " " + name).strip(): " ".join(words.split()) for letter, name, words in found}


class Manual(unittest.TestCase):
    def test_manual_lists_the_options_that_help_lists(self):
        page = (TOP / "packaging/man/duckling.1").read_text().replace("\\-", "-").replace("\\e", "\\")
        for command in ("play", "preview", "check", "guide", "explain", "publish", "takeover", "config", "doctor", "identify", "setup"):
            section = page.split(f".SS duckling {command}")[1].split(".SS ")[0].split(".SH ")[0]
            told = {}
            for entry in section.split(".TP\n")[1:]:
                head, text = entry.strip().split("\n", 1)
                told[head.removeprefix(".B ").strip()] = text.strip()
            shown = options_of(run(command, "--help-all").stdout)
            self.assertGreaterEqual(len(shown), 5)
            self.assertEqual(told, shown)


class Version(unittest.TestCase):
    def test_one_version_everywhere(self):
        version = run("--version").stdout.split()[1]
        self.assertIn(f"VERSION := {version}", (TOP / "Makefile").read_text())
        self.assertIn(f'"duckling {version}"', (TOP / "packaging/man/duckling.1").read_text())


if __name__ == "__main__":
    tap.main()
