"""QR codes on screens: whether a reader of other people's reads what the playlist says, and what check says of those it would not."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import playlist, run

AT = "2026-11-30T00:00:02Z"
SIZES = ("1920x1080", "1080x1920", "3840x960", "1080x1080", "640x360")


def read_codes(path):
    """What zbar finds in a picture."""
    done = subprocess.run(["zbarimg", "--quiet", "--raw", "-Sbinary", "--oneshot", path], capture_output=True, check=False)
    return done.stdout.removesuffix(b"\n").decode()


class Codes(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.list = self.folder / "p.json"

    def write(self, **spots):
        playlist(self.list, {name: {"duration": 10, **spot} for name, spot in spots.items()}, timezone="UTC")

    def preview(self, size, *options):
        done = run("preview", self.list, "--at", AT, "--size", size, "-o", self.folder / "p.png", *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return self.folder / "p.png"

    def found(self, *options):
        done = run("check", self.list, "--json", "--no-cache", "--at", AT, *options)
        self.assertEqual(done.stderr, "")
        return {(line["level"], line["path"], line["text"]) for line in map(json.loads, done.stdout.splitlines()) if "path" in line}

    def test_a_reader_reads_it_on_screens_of_all_shapes(self):
        texts = ("https://example.org/small", "https://예시.한국/작은 것의 위대함", "以小见大", "BEGIN:VCARD\r\nFN:Duckling\r\nEND:VCARD", "0", "x" * 300)
        for i, text in enumerate(texts):
            look = {"position": ("top-left", "center", "bottom-right")[i % 3], **({"dark": "#0e3a44", "light": "#ffe9b8"} if i % 2 else {})}
            self.write(a={"background": "#204080", "tagline": "Small", "qr": {"text": text, "size": 0.5, **look}})
            for size in SIZES:
                with self.subTest(text=text[:20], size=size):
                    self.assertEqual(read_codes(self.preview(size)), text)

    def test_it_is_read_from_a_screen_that_is_turned(self):
        self.write(a={"qr": {"text": "https://example.org/turned"}})
        for rotation in ("90", "180", "270"):
            self.assertEqual(read_codes(self.preview("1080x1920", "--rotate", rotation)), "https://example.org/turned")

    def test_it_stays_while_the_picture_fades_below_it(self):
        """The same code on both sides of a transition is the same text: in its middle it is read as before."""
        fade = {"transition": {"type": "crossfade", "duration": 2}, "qr": {"text": "https://example.org/stays"}}
        self.write(a={"background": "#804020", **fade}, b={"background": "#204080", **fade})
        done = run("preview", self.list, "--at", "2026-11-30T00:00:11Z", "--size", "640x360", "-o", self.folder / "p.png")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(read_codes(self.folder / "p.png"), "https://example.org/stays")

    def test_it_stands_whole_beside_a_text_that_would_rise(self):
        """Lines that rise would take their part of the code along."""
        self.write(before={"background": "#204080"},
                   a={"tagline": "To the greatness\nof small.", "text_motion": "rise", "transition": {"type": "cut", "duration": 0},
                      "qr": {"text": "https://example.org/rise"}})
        seen = []
        for at in ("10.1", "10.3", "15"):
            done = run("preview", self.list, "--at", f"2026-11-30T00:00:{at}Z", "--size", "640x360", "-o", self.folder / "p.png")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(read_codes(self.folder / "p.png"), "https://example.org/rise")
            seen.append((self.folder / "p.png").read_bytes())
        self.assertEqual(seen, [seen[-1]] * 3)

    def test_what_check_remembers_is_of_the_same_code(self):
        for size, words in ((0.2, None), (0.05, "a module has"), (0.2, None)):
            self.write(a={"qr": {"text": "https://example.org/small", "size": size}})
            done = run("check", self.list, "--json", "--at", AT, "--size", "1920x1080", XDG_CACHE_HOME=self.folder / "cache")
            self.assertEqual(words is not None, "a module has" in done.stdout, done.stdout)

    def test_a_code_in_the_gap_beside_a_short_line_covers_nothing(self):
        """The square of the text, but none of its letters."""
        self.write(a={"tagline": "To the greatness of small, of all that is smaller\nthan\nwe", "tagline_style": "s",
                      "qr": {"text": "0", "size": 0.1, "position": "bottom"}})
        data = json.loads(self.list.read_text())
        data["styles"] = {"s": {"size": 0.055, "box": [0.03, 0.4, 0.94, 0.545], "valign": "bottom"}}
        self.list.write_text(json.dumps(data))
        self.assertEqual(self.found("--size", "1920x1080"), set())
        data["spots"]["a"]["tagline"] = "than\nwe\nTo the greatness of small, of all that is smaller"
        self.list.write_text(json.dumps(data))
        self.assertIn("covers part of it", str(self.found("--size", "1920x1080")))

    def test_check_is_content_with_a_good_one(self):
        self.write(a={"tagline": "Small", "qr": {"text": "https://example.org/small", "position": "top-right"}})
        self.assertEqual(self.found(), set())

    def test_check_finds_what_cannot_be_read(self):
        self.write(a={"qr": {"text": "https://example.org/" + "x" * 200, "size": 0.1}},
                   b={"qr": {"text": "x" * 2000, "size": 0.1}},
                   c={"qr": {"text": "small", "dark": "#ffffff", "light": "#000000"}},
                   d={"qr": {"text": "small", "dark": "#808080", "light": "#909090"}},
                   e={"tagline": "To the greatness of small, and of all that is smaller", "qr": {"text": "small", "position": "bottom-left"}})
        found = {path: (level, text) for level, path, text in self.found("--size", "1920x1080")}
        self.assertEqual(sorted(found), ["$.spots.a.qr", "$.spots.b.qr", "$.spots.c.qr", "$.spots.d.qr", "$.spots.e.tagline"])
        self.assertRegex(found["$.spots.a.qr"][1], r"on 1920 × 1080 a module has 1 × 1 pixels, .* make its size at least 0\.\d+, or its text shorter$")
        self.assertEqual(found["$.spots.b.qr"][0], "fault")
        self.assertIn("it is not shown: 169 × 169 modules do not fit into its square: make its size at least 0.5, or", found["$.spots.b.qr"][1])
        self.assertIn("many phones read no inverted codes", found["$.spots.c.qr"][1])
        self.assertIn("the contrast of its colors is 1.", found["$.spots.d.qr"][1])
        self.assertIn("the QR code covers part of it", found["$.spots.e.tagline"][1])

    def test_check_advises_no_size_that_is_not_allowed(self):
        self.write(a={"qr": {"text": "x" * 2000, "size": 0.5}})
        (_, _, text), = self.found("--size", "640x360")
        self.assertTrue(text.endswith(": make its text shorter"), text)

    def test_what_check_advises_is_enough(self):
        self.write(a={"qr": {"text": "https://example.org/" + "x" * 200, "size": 0.1}})
        (_, _, text), = self.found("--size", "1920x1080")
        size = float(text.split("at least ")[1].split(",")[0])
        self.write(a={"qr": {"text": "https://example.org/" + "x" * 200, "size": size}})
        self.assertEqual(self.found("--size", "1920x1080"), set())
        self.assertEqual(read_codes(self.preview("1920x1080")), "https://example.org/" + "x" * 200)

    def test_faults_of_the_playlist(self):
        for qr, words in (({}, "text: is missing"), ({"text": ""}, "text: is empty"), ({"text": "x" * 2001}, "has 2001 bytes; at most 2000"),
                          ({"text": "a", "size": 0.6}, "a number from 0.05 to 0.5"), ({"text": "a", "size": 0}, "a number from 0.05 to 0.5"),
                          ({"text": "a", "position": "middle"}, "position: "), ({"text": "a", "dark": "black"}, "dark: "),
                          ({"text": "a\x00b"}, ""), ({"text": "a\x07"}, "control character"), ({"text": "a", "colour": "#fff"}, "colour: unknown key"),
                          ("https://example.org", "qr: "), (None, "qr: ")):
            with self.subTest(qr=str(qr)[:40]):
                self.write(a={"background": "#000000", "qr": qr})
                done = run("check", self.list, "--no-cache")
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stdout)


if __name__ == "__main__":
    tap.main()
