"""The script with which a box takes its installer's settings from the disk's partition DUCKLING."""
import os
import re
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
        self.partition, self.taken, self.network = (self.folder / name for name in ("partition", "taken", "network"))
        self.partition.mkdir()

    def take(self):
        environment = {**os.environ, "DUCKLING": str(player.DUCKLING)}
        done = subprocess.run(["sh", str(SCRIPT), str(self.partition), str(self.taken), str(self.network)], stdin=subprocess.DEVNULL,
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


if __name__ == "__main__":
    tap.main()
