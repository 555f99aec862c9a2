"""What the programs say about themselves at a terminal: help, versions, and what is wrong with a command line."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import DUCKLING, TOP, environment, run

COLUMNS = 80
COMMANDS = ("play", "preview", "check", "guide", "explain", "publish", "takeover", "config", "doctor", "identify", "setup")
# What nobody needs on the first day.
LATER = ("--no-sandbox", "--decode-timeout", "--log-level", "--ca-file")


def options(text):
    return set(re.findall(r"^  (?:-\w, |    )(--[\w-]+)", text, re.MULTILINE))


class Help(unittest.TestCase):
    def ask(self, *arguments):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        self.assertEqual([line for line in done.stdout.splitlines() if len(line) > COLUMNS or line != line.rstrip()], [])
        return done.stdout

    def test_of_the_program_lists_the_commands(self):
        text = self.ask("--help")
        self.assertTrue(text.startswith("Usage: duckling COMMAND "))
        self.assertEqual(tuple(re.findall(r"^  ([a-z]+) +\w.*$", text, re.MULTILINE)), COMMANDS)
        self.assertEqual(self.ask("-h"), text)

    def test_without_arguments_is_on_standard_error(self):
        done = run()
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertEqual(done.stderr, self.ask("--help"))

    def test_of_a_command_is_short(self):
        for command in COMMANDS:
            with self.subTest(command):
                text = self.ask(command, "--help")
                self.assertTrue(text.startswith(f"Usage: duckling {command} "))
                self.assertLessEqual(len(text.splitlines()), 24)
                first = options(text) - {"--help", "--help-all"}
                self.assertTrue(2 <= len(first) <= 5, first)
                self.assertFalse(first.intersection(LATER))
                self.assertRegex(text, rf"\nExample: duckling {command} ")
                self.assertTrue(text.endswith(f"\n`duckling {command} --help-all` lists every option.\n"))
                self.assertEqual(self.ask(command, "-h"), text)

    def test_all_of_a_command(self):
        for command in COMMANDS:
            with self.subTest(command):
                text = self.ask(command, "--help-all")
                self.assertLess(options(self.ask(command, "--help")), options(text))
                self.assertIn("--log-level", options(text))
                self.assertIn("\nSettings and logs:\n", text)

    def test_examples_are_understood(self):
        """Each gets past its options: it fails for its files, or for the year that it was written in."""
        with tempfile.TemporaryDirectory() as folder:
            for command in COMMANDS[:-4]:
                text = self.ask(command, "--help")
                example = re.search(r"^Example: duckling (.*(?:\n {10}.*)*)$", text, re.MULTILINE)[1].split()
                done = subprocess.run([DUCKLING, *example], cwd=folder, text=True, capture_output=True, env=environment(),
                                      stdin=subprocess.DEVNULL, timeout=60)
                with self.subTest(example):
                    self.assertRegex(done.stdout + done.stderr, r"\.json: No such file|option --until needs a time (in|at)")

    def test_asks_for_nothing_else(self):
        """Neither a playlist nor a configuration file must be there."""
        self.ask("guide", "--config", "/no/such/file", "--help")
        self.ask("publish", "--help")
        self.ask("check", "a", "b", "--help")


class Version(unittest.TestCase):
    LIBRARIES = ("SDL2", "SDL2_image", "SDL2_ttf", "libcurl", "TLS")
    FFMPEG = ("FFmpeg", "libavformat", "libavcodec", "libavutil", "libswscale", "libswresample")

    def read(self, program):
        done = subprocess.run([program, "--version"], text=True, capture_output=True, env=environment(), timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        for line in lines:
            self.assertRegex(line, r"^[\w-]+ \S*\d\S*( \(compiled with \S+\))?$")
        return lines, [line.split()[0] for line in lines]

    def test_of_the_player(self):
        lines, names = self.read(DUCKLING)
        self.assertRegex(lines[0], r"^duckling \d+\.\d+\.\d+$")
        self.assertEqual(tuple(names[1:]), self.LIBRARIES + self.FFMPEG)
        linked = subprocess.run(["pkg-config", "--modversion", "sdl2"], text=True, capture_output=True, check=True).stdout.strip()
        self.assertIn(f"SDL2 {linked}", lines[1])

    def test_of_the_program_for_films(self):
        lines, names = self.read(DUCKLING.with_name("duckling-films"))
        self.assertEqual(names, ["duckling-films", *self.FFMPEG])
        self.assertEqual(lines[1:], self.read(DUCKLING)[0][-len(self.FFMPEG):])

    def test_without_the_program_for_films(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = Path(folder) / "duckling"
            alone.write_bytes(DUCKLING.read_bytes())
            alone.chmod(0o755)
            done = subprocess.run([alone, "--version"], text=True, capture_output=True, env=environment(), timeout=60)
            self.assertEqual(done.returncode, 0)
            self.assertIn("\nFFmpeg unknown (cannot find duckling-films in ", done.stdout)
            other = Path(folder) / "duckling-films"
            other.write_text("#!/bin/sh\nexit 2\n")
            other.chmod(0o755)
            done = subprocess.run([alone, "--version"], text=True, capture_output=True, env=environment(), timeout=60)
            self.assertEqual(done.returncode, 0)
            self.assertIn("\nFFmpeg unknown (duckling-films did not answer: ", done.stdout)


class Mistakes(unittest.TestCase):
    def refuse(self, words, *arguments, status=2):
        done = run(*arguments)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (status, "", words + "\n"), arguments)

    def test_commands(self):
        self.refuse('duckling: unknown command "plya"; did you mean "play"?', "plya", "p.json")
        self.refuse('duckling: unknown command "Preview"; did you mean "preview"?', "Preview")
        self.refuse('duckling: unknown command "dance"; duckling --help lists the commands', "dance")
        self.refuse('duckling: unknown command "--verbose"; duckling --help lists the commands', "--verbose")
        self.refuse('duckling: unknown command "?[31m"; duckling --help lists the commands', "\x1b[31m")

    def test_nothing_that_is_typed_controls_the_terminal(self):
        """C1 controls, which some terminals obey, and characters that turn the direction of a line."""
        for typed, shown in (("\x9b31m", "?31m"), ("a\u202eb", "a?b"), ("a\u2066b\u2069", "a?b?"), ("a\u200fb", "a?b"), ("a\u2028b", "a?b"),
                             ("작은", "작은")):
            self.refuse(f'duckling: unknown command "{shown}"; duckling --help lists the commands', typed)
            self.refuse(f"duckling play: unknown option --{shown}; --help-all lists every option", "play", "--" + typed, "p.json")

    def test_options(self):
        self.refuse("duckling play: unknown option --widnow; did you mean --window?", "play", "--widnow", "1280x720", "p.json")
        self.refuse("duckling play: unknown option -window; did you mean --window?", "play", "-window", "1280x720", "p.json")
        self.refuse("duckling guide: unknown option --window; --help-all lists every option", "guide", "--window", "1x1", "p.json")
        self.refuse("duckling check: unknown option -x; --help-all lists every option", "check", "-x", "p.json")
        self.refuse("duckling play: option --st is ambiguous; is it --store or --state?", "play", "--st", "x")
        self.refuse('duckling play: option --window needs a size such as 1280x720, not "big"', "play", "--window", "big")
        self.refuse('duckling play: option --quota needs a number of bytes from 1M to 1000T, not "5"', "play", "--quota", "5")
        self.refuse('duckling play: option --for needs a number from 0 to 31536000, not "-1"', "play", "--for", "-1")
        self.refuse('duckling play: option --renderer needs auto, gpu, cpu or kms, not "gpuu"', "play", "--renderer", "gpuu")
        self.refuse('duckling play: option --mode needs WxH or WxH@HZ, such as 1920x1080@60, not "4k"', "play", "--mode", "4k")
        self.refuse("duckling play: option --canvas needs WxH+X+Y, the wall's size and this screen's place on it, such as "
                    '3840x1080+1920+0, not "1920x1080"', "play", "--canvas", "1920x1080")
        self.refuse("duckling takeover: option --until needs a value (TIME)", "takeover", "on", "--until")
        self.refuse("duckling play: option --source may be given at most 8 times", "play", *["--source=a"] * 9)

    def test_arguments(self):
        self.refuse("duckling play: no playlist given; use duckling play FILE, URL or CHANNEL/", "play")
        self.refuse("duckling preview: no playlist given; use duckling preview FILE -o out.png", "preview")
        self.refuse("duckling preview: no output file given; add -o out.png or -o out.mp4", "preview", "p.json")
        self.refuse('duckling play: extra argument "9"; this command takes at most 8 sources', "play", *"123456789")
        self.refuse('duckling check: extra argument "b"; this command takes one playlist', "check", "a", "b")

    def test_sources_that_are_none(self):
        for source, words in (("", "the source is empty: give a playlist file"), ("http://x:y:z/", "not a valid address: Port"),
                              ("http://x:y:z/p.json", "not a valid address: Port")):
            with self.subTest(source), tempfile.TemporaryDirectory() as folder:
                done = run("play", source, "--store", f"{folder}/store", "--state", f"{folder}/state")
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)

    def test_times(self):
        """What is no time is a mistake in the command line, in each command alike, and found before anything is done."""
        words = "needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00, not"
        where = ("--to", "/no/such", "--channel", "c", "--key", "/no/such.key")
        for command, option, more in (("play", "at", ()), ("preview", "at", ("-o", "o.png")), ("preview", "from", ("-o", "o.mp4", "--to", "2026-01-01T00:00Z")),
                                      ("preview", "to", ("-o", "o.mp4")), ("guide", "from", ()), ("guide", "to", ()), ("explain", "at", ()),
                                      ("check", "at", ()), ("publish", "expires", where), ("takeover", "until", where)):
            with self.subTest(command=command, option=option):
                source = ("on", "/no/such.json") if command == "takeover" else ("/no/such.json",)
                self.refuse(f'duckling {command}: option --{option} {words} "noon"', command, *source, *more, f"--{option}", "noon")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "p.json"
            path.write_text('{"format": "duckling/1", "spots": {"a": {"tagline": "A"}}}')
            for command, option in (("check", "at"), ("guide", "from"), ("explain", "at")):
                with self.subTest(command=command):
                    self.refuse(f"duckling {command}: option --{option} needs a time in the years 1971 to 2199, not 9999-05-05T12:00:00Z",
                                command, path, f"--{option}", "9999-05-05T12:00:00Z")

    def test_configuration(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            def refuse(text, words):
                Path(file.name).write_text(text)
                self.refuse(f"duckling play: {file.name}:2: {words}", "play", "--config", file.name, status=78)
            refuse("# A wall\nwindwo = 64x64\n", "windwo: unknown option; did you mean window?")
            refuse("# A wall\nwindow = big\n", "window: big: needs a size such as 1280x720")
            refuse("# A wall\nwindow\n", "a line needs the form name = value")
            refuse("# A wall\nwindow = \x1b[31m\n", "window: ?[31m: needs a size such as 1280x720")
            refuse("# A wall\nhouse = #black\n", "house: #black: needs a picture or a color such as #000000")
        for command in COMMANDS:
            if command in ("doctor", "setup"):  # tells such a fault among others; makes a configuration where there is none
                continue
            with self.subTest(command=command):
                self.refuse(f"duckling {command}: option --config: /no/such/file: No such file or directory", command, "--config",
                            "/no/such/file", status=78)


if __name__ == "__main__":
    tap.main()
