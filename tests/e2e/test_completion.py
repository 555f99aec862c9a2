"""Completion of the command line by bash (packaging/completion), held against what the program's help lists."""
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import DUCKLING, TOP, WAIT_S, environment, run

COMPLETION = TOP / "packaging/completion/duckling.bash"
COMMANDS = ("play", "preview", "check", "guide", "explain", "publish", "takeover", "config", "doctor", "identify", "setup")


def complete(*words):
    """What bash offers for the last of these words."""
    script = (f"source {shlex.quote(str(COMPLETION))}\nCOMP_WORDS=(duckling {' '.join(map(shlex.quote, words))})\nCOMP_CWORD={len(words)}\n"
              f"_duckling {shlex.quote(str(DUCKLING))} \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"\n"
              "for reply in \"${COMPREPLY[@]}\"; do printf '%s\\n' \"$reply\"; done\n")
    done = subprocess.run(["bash", "--norc", "-c", script], text=True, env=environment(), capture_output=True, timeout=WAIT_S)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.split()


def options(command):
    return re.findall(r"^  (?:-\w, |    )(--[a-z-]+)(?: (\S+))?", run(command, "--help-all").stdout, re.MULTILINE)


class Completion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(complete(""), [*COMMANDS, "--help", "--version"])
        self.assertEqual(complete("pre"), ["preview"])
        listed = re.findall(r"^  ([a-z]+) ", run("--help").stdout, re.MULTILINE)
        self.assertEqual(listed, list(COMMANDS))

    def test_every_option_of_every_command(self):
        for command in COMMANDS:
            listed = [name for name, _ in options(command)]
            self.assertGreaterEqual(len(listed), 5)
            self.assertEqual(complete(command, "--"), listed, command)
        self.assertEqual(complete("play", "--rot"), ["--rotate"])

    def test_choices_of_every_option_that_has_some(self):
        count = 0
        for command in COMMANDS:
            for name, value in options(command):
                choices = value.split("|") if "|" in value and not value.isupper() else []
                if choices:
                    count += 1
                    self.assertEqual(complete(command, name, ""), choices, f"{command} {name}")
        self.assertGreaterEqual(count, 5)
        self.assertEqual(complete("play", "--rotate", "1"), ["180"])

    def test_files_are_left_to_bash(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "a.json").touch()
            for words in (("play", folder + "/"), ("play", "--key", folder + "/"), ("play", "--house", ""), ("preview", "-o", "")):
                self.assertEqual(complete(*words), [], words)
        self.assertIn("-o default", COMPLETION.read_text())


if __name__ == "__main__":
    tap.main()
