"""The box's own scripts: how it takes its installer's settings from the disk's partition DUCKLING, and how a key brings setup to the
screen."""
import os
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import player
import tap

IMAGE = Path(__file__).resolve().parent.parent.parent / "packaging/image"
SCRIPT = IMAGE / "files/usr/lib/duckling-box/take-settings"


class BoxSettings(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.partition, self.taken, self.network, self.dropins = (self.folder / name for name in ("partition", "taken", "network", "dropins"))
        self.partition.mkdir()

    def take(self):
        environment = {**os.environ, "DUCKLING": str(player.DUCKLING)}
        done = subprocess.run(["sh", str(SCRIPT), str(self.partition), str(self.taken), str(self.network), str(self.dropins)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env=environment, timeout=player.WAIT_S)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return done.stdout, sorted(path.name for path in self.taken.iterdir())

    def test_as_notepad_saves_it(self):
        (self.partition / "player.conf").write_bytes(b"\xef\xbb\xbfsource = /a b\r\n\r\nlanguage = ko\r\n")
        self.assertEqual(("taken: player.conf\n", ["player.conf"]), self.take())
        self.assertEqual(b"source = /a b\n\nlanguage = ko\n", (self.taken / "player.conf").read_bytes())

    def test_comments_alone_are_no_settings(self):
        """As the partition comes with the image: the package's own configuration counts."""
        (self.partition / "player.conf").write_bytes((IMAGE / "settings/player.conf").read_bytes())
        self.assertEqual(("", []), self.take())

    def test_a_slip_of_the_pen(self):
        """Not taken, and told with its line: the box shows what it shows without settings."""
        for line, told in (("rotat = 90", "rotat: unknown option; did you mean rotate"), ("rotate = 91", "needs 0, 90, 180 or 270")):
            (self.partition / "player.conf").write_text(f"language = ko\n{line}\n")
            said, taken = self.take()
            self.assertEqual([], taken)
            self.assertRegex(said, f"^wrong, not taken: .*player.conf:2: .*{told}")

    def test_every_line_of_the_example_is_one(self):
        """With the # taken away, a player takes it."""
        lines = [line[1:] for line in (IMAGE / "settings/player.conf").read_text().splitlines() if re.match(r"#\w", line)]
        self.assertLess(4, len(lines))
        (self.partition / "player.conf").write_text("\n".join(lines) + "\n")
        self.assertEqual(("taken: player.conf\n", ["player.conf"]), self.take())

    def test_keys_and_networks(self):
        (self.partition / "operator.pub").write_bytes(b"untrusted comment: x\nRWQ\n")
        (self.partition / "wall.network").write_bytes(b"[Match]\r\nType=ether\r\n")
        (self.partition / "photo.jpg").write_bytes(b"x")
        self.assertEqual(["operator.pub", "wall.network"], self.take()[1])
        self.assertEqual(b"[Match]\nType=ether\n", (self.network / "10-wall.network").read_bytes())

    def test_what_can_be_no_setting(self):
        (self.partition / "player.conf").mkdir()
        (self.partition / "huge.pub").write_bytes(bytes(2 << 20))
        (self.partition / "name with spaces.network").write_bytes(b"[Match]\n")
        self.assertEqual(["name with spaces.network"], self.take()[1])

    def test_no_partition(self):
        self.partition.rmdir()
        self.assertEqual(("", []), self.take())

    def test_a_new_file_takes_the_place_of_what_setup_was_told(self):
        """Not so one without a line, a wrong one, or where setup is asked for."""
        self.dropins.mkdir()
        told, kept = self.dropins / "50-setup.conf", self.dropins / "50-setup.conf.old"
        told.write_text("language = zh\n")
        for text, more in (("# nothing\n", None), ("rotat = 90\n", None), ("language = ko\n", "setup"), ("language = ko\n", "setup.txt")):
            (self.partition / "player.conf").write_text(text)
            if more:
                (self.partition / more).touch()
            self.take()
            self.assertTrue(told.exists(), (text, more))
            if more:
                (self.partition / more).unlink()
        self.assertIn(f"which is kept: {kept}\n", self.take()[0])
        self.assertEqual((False, "language = zh\n"), (told.exists(), kept.read_text()))
        self.assertEqual("taken: player.conf\n", self.take()[0])


class Keys(unittest.TestCase):
    """What a key does, before and after a box is set up."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.root = self.folder / "root"
        for name in ("boot/duckling", "run/duckling-box", "etc/duckling/player.conf.d"):
            (self.root / name).mkdir(parents=True)

    def is_new(self):
        done = subprocess.run(["sh", str(SCRIPT.parent / "is-new"), str(self.root)], capture_output=True, text=True)
        self.assertEqual(("", ""), (done.stdout, done.stderr))
        return {0: True, 1: False}[done.returncode]

    def test_a_box_is_new_until_somebody_has_set_it_up(self):
        self.assertTrue(self.is_new())
        (self.root / "etc/duckling/player.conf.d/50-setup.conf.old").touch()
        (self.root / "run/duckling-box/operator.pub").touch()
        self.assertTrue(self.is_new())
        for name in ("run/duckling-box/player.conf", "etc/duckling/player.conf.d/50-setup.conf", "etc/duckling/player.conf.d/60-stick.conf"):
            (self.root / name).touch()
            self.assertFalse(self.is_new(), name)
            for asked in ("setup", "setup.txt"):
                (self.root / "boot/duckling" / asked).touch()
                self.assertTrue(self.is_new(), (name, asked))
                (self.root / "boot/duckling" / asked).unlink()
            (self.root / name).unlink()
        shutil.rmtree(self.root / "etc/duckling/player.conf.d")
        self.assertTrue(self.is_new())

    def wait(self, *events, new=2):
        """What is started for these events of a keyboard that is pulled out then; the box is new so many times."""
        programs = self.folder / "programs"
        programs.mkdir(exist_ok=True)
        said = self.folder / "said"
        said.write_text("")
        (self.folder / "asked").write_text("")
        for name, text in (("systemctl", f'echo "$*" >>{said}'), ("is-new", f'echo >>{self.folder}/asked; [ $(wc -l <{self.folder}/asked) -le {new} ]')):
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        shutil.copy(SCRIPT.parent / "wait-key", programs)
        device = self.folder / "event0"
        device.write_bytes(b"".join(struct.pack("=qqHHi", 1, 2, *event) for event in events))
        done = subprocess.run([str(programs / "wait-key"), str(device)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=player.WAIT_S, env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"})
        self.assertEqual((0, "", ""), (done.returncode, done.stdout, done.stderr))
        return said.read_text().splitlines()

    def test_a_key_starts_setup(self):
        start = "start --wait box-setup.service"
        scan, enter, end = (4, 4, 28), (1, 28, 1), (0, 0, 0)
        self.assertEqual([start], self.wait(scan, enter, end))
        self.assertEqual([start] * 3, self.wait(scan, enter, end, new=6))
        self.assertEqual([start] * 2, self.wait(scan, enter, end, new=5), "set up while it waited")
        for event in ((1, 28, 0), (1, 28, 2), (1, 116, 1), (1, 114 + 256, 1), (2, 28, 1), scan, end):
            self.assertEqual([], self.wait(event), event)
        self.assertEqual([], self.wait())
        self.assertEqual([], self.wait(enter, new=0))


if __name__ == "__main__":
    tap.main()
