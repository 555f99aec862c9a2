"""A stored picture that the disk has damaged, or that somebody has replaced: it is never shown, its slot holds the picture before it, and it is fetched again."""
import os
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
        # So many that b's picture is let go between its slots, and opened anew.
        pictures = {"a": "a.png", "b": "b.png", "c": "a.png", "d": "a.png"}
        spots = {spot: {"image": name, "duration": 1, "transition": {"type": "cut"}} for spot, name in pictures.items()}
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


    def replaced(self, replace):
        """While it plays, long before all files are read again: it is never shown, and the right one comes back."""
        stored = self.folder / "store/media" / channel.sha256(self.media["b.png"])
        evil = self.folder / "evil.png"
        player.png(evil, 64, 36, (250, 250, 250))
        evil.write_bytes(evil.read_bytes() + bytes(stored.stat().st_size - evil.stat().st_size))
        name, away = channel.medium_name("b.png", self.media["b.png"]), self.folder / "away.png"
        with self.play() as one:
            one.wait_shown("b")
            one.wait_shown("d")
            (self.root / name).rename(away)
            opened = self.now(one)
            replace(stored, evil)
            at = one.wait_log("damaged or missing, fetching it again path=\"b.png\"")
            one.wait_log("spot=\"b\" .*is damaged and is being fetched again", at)
            self.assertEqual({f["to"] for f in one.frames() if float(f["show_ms"]) > opened} & {"b"}, set())
            away.rename(self.root / name)
            one.wait_frame(lambda f: f["to"] == "b" and float(f["show_ms"]) > opened, "b again")
            self.assertEqual(stored.read_bytes(), self.media["b.png"])
            self.assertFalse(stored.is_symlink())
            self.assertEqual(one.stop(), 0, one.log())

    def now(self, one):
        return float(one.frames()[-1]["show_ms"])

    def test_replaced_by_another_file(self):
        self.replaced(lambda stored, evil: evil.rename(stored))

    def test_replaced_by_a_link(self):
        def link(stored, evil):
            stored.unlink()
            stored.symlink_to(evil)
        self.replaced(link)

    def test_written_to_with_its_times_put_back(self):
        def write(stored, evil):
            st = stored.stat()
            stored.write_bytes(evil.read_bytes())
            os.utime(stored, ns=(st.st_atime_ns, st.st_mtime_ns))
        self.replaced(write)

    def test_replaced_by_its_own_bytes_plays_on(self):
        stored = self.folder / "store/media" / channel.sha256(self.media["b.png"])
        with self.play() as one:
            one.wait_shown("b")
            one.wait_shown("d")
            opened = self.now(one)
            copy = self.folder / "copy.png"
            copy.write_bytes(self.media["b.png"])
            copy.rename(stored)
            one.wait_frame(lambda f: f["to"] == "b" and float(f["show_ms"]) > opened, "b again")
            self.assertNotIn("damaged", one.log())
            self.assertEqual(one.stop(), 0, one.log())


if __name__ == "__main__":
    tap.main()
