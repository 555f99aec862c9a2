"""The worked examples in playlists/: each is right for the schema that it names, and every spot of it can be drawn."""
import json
import struct
import tempfile
import unittest
import zlib
from pathlib import Path

import tap
from jsonschema import Draft202012Validator
from player import TOP, run

FOLDER = TOP / "playlists"
SCHEMA = FOLDER / "playlist.schema.json"
EXAMPLES = sorted(path for path in FOLDER.glob("*.json") if path != SCHEMA)
WIDTH, HEIGHT = 320, 180
# The ceremony of two-countries.json, as clocks show it in Seoul.
CEREMONY = "2026-02-06T20:00:05"


def pixels(path):
    """The size of a PNG, and its rows as they were before compression: equal for equal pictures."""
    data = Path(path).read_bytes()
    size, at, packed = struct.unpack(">II", data[16:24]), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    return size, zlib.decompress(packed)


class Examples(unittest.TestCase):
    def preview(self, playlist, at, language="ko", zone="Asia/Seoul"):
        with tempfile.TemporaryDirectory() as folder:
            picture = Path(folder) / "x.png"
            done = run("preview", playlist, "-o", picture, "--size", f"{WIDTH}x{HEIGHT}", "--at", at, "--language", language,
                       "--timezone", zone)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            size, rows = pixels(picture)
            self.assertEqual((size, len(rows)), ((WIDTH, HEIGHT), HEIGHT * (1 + 3 * WIDTH)))
            return rows

    def test_each_is_right_for_its_schema(self):
        validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
        self.assertGreaterEqual(len(EXAMPLES), 6)
        for path in EXAMPLES:
            with self.subTest(path.name):
                playlist = json.loads(path.read_text())
                self.assertEqual((path.parent / playlist["$schema"]).resolve(), SCHEMA)
                self.assertEqual([f"{error.json_path}: {error.message}" for error in validator.iter_errors(playlist)], [])

    def test_each_draws_an_instant(self):
        for path in EXAMPLES:
            with self.subTest(path.name):
                rows = self.preview(path, CEREMONY)
                self.assertGreater(len(set(rows)), 50, "a picture, or at least letters, would have more in it")

    def test_each_says_its_taglines_in_all_languages(self):
        for path in EXAMPLES:
            if path.name == "crossfade.json":
                continue  # goes from one language to the other
            for name, spot in json.loads(path.read_text())["spots"].items():
                if "video" in spot:
                    continue  # the film has no words
                with self.subTest(f"{path.name}: {name}"):
                    self.assertEqual(sorted(spot["tagline"]), ["en", "ko", "zh-Hans"])

    def test_the_ceremony_is_the_same_picture_in_both_countries(self):
        playlist = FOLDER / "two-countries.json"
        before, during = "2026-02-06T19:59:59+09:00", CEREMONY + "+09:00"
        seoul = self.preview(playlist, during)
        self.assertEqual(seoul, self.preview(playlist, during, zone="Asia/Shanghai"))
        self.assertNotEqual(seoul, self.preview(playlist, during, language="zh-Hans"))
        self.assertNotEqual(self.preview(playlist, before), self.preview(playlist, before, zone="Asia/Shanghai"))

    def test_each_has_its_line(self):
        lines = (FOLDER / "README.md").read_text()
        for path in EXAMPLES:
            self.assertEqual(lines.count(f"\n| [{path.name}]({path.name}) | "), 1, path.name)


if __name__ == "__main__":
    tap.main()
