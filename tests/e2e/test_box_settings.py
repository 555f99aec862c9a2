"""The script with which a box takes its installer's settings from the disk's partition DUCKLING."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap

IMAGE = Path(__file__).resolve().parent.parent.parent / "packaging/image"
SCRIPT = IMAGE / "files/usr/lib/duckling-box/take-settings"


class BoxSettings(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.partition, self.taken, self.network = (self.folder / name for name in ("partition", "taken", "network"))
        self.partition.mkdir()

    def take(self):
        done = subprocess.run(["sh", str(SCRIPT), str(self.partition), str(self.taken), str(self.network)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)
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

    def test_every_line_of_the_example_is_one(self):
        """With the # taken away, it is what a player takes."""
        for line in (IMAGE / "settings/player.conf").read_text().splitlines():
            if line.startswith("#") and not line.startswith("# "):
                self.assertRegex(line, r"^#(source|key|timezone|language|rotate) = \S+$")

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
