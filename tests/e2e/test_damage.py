"""A stored picture that the disk has damaged: it is never shown, its slot holds the picture before it, and it is fetched again."""
import tempfile
import unittest
from pathlib import Path

import channel
import player
import tap


class Damage(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.root = self.folder / "root"
        self.keys = channel.Keys(self.folder)
        self.media = {}
        for name, color in (("a.png", (200, 40, 20)), ("b.png", (20, 40, 200))):
            player.png(self.folder / name, 64, 36, color)
            self.media[name] = (self.folder / name).read_bytes()
        spots = {name[0]: {"image": name, "duration": 1, "transition": {"type": "cut"}} for name in self.media}
        channel.Channel(self.keys, "seoul").publish(self.root, 1, "one", self.media, spots=spots)
        with self.play() as one:
            one.wait_shown("a")
            one.wait_shown("b")
            self.assertEqual(one.stop(), 0)

    def play(self):
        return player.Player(self.folder, self.root / "channels/seoul", "--key", str(self.keys.public))

    def test_damaged_picture_is_not_shown_and_comes_back(self):
        name = channel.medium_name("b.png", self.media["b.png"])
        stored = self.folder / "store/media" / channel.sha256(self.media["b.png"])
        stored.write_bytes(channel.flip(self.media["b.png"], 60, 3))  # as long as it was
        away = self.folder / "away.png"
        (self.root / name).rename(away)
        with self.play() as one:
            one.wait_log("damaged or missing, fetching it again path=\"b.png\"")
            one.wait_shown("a")
            # A whole loop goes by: b has had its slot.
            start = float(one.frames()[-1]["show_ms"])
            one.wait_log("spot=\"b\" file=\"b.png\" reason=\"the file is damaged and is being fetched again\"")
            self.assertFalse(stored.exists())
            self.assertNotIn("b", {f["to"] for f in one.frames()})
            (self.root / name).write_bytes(self.media["b.png"])
            frame = one.wait_shown("b")
            self.assertGreater(float(frame["show_ms"]), start)
            self.assertEqual(stored.read_bytes(), self.media["b.png"])
            self.assertEqual(one.stop(), 0)


if __name__ == "__main__":
    tap.main()
