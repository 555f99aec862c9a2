"""Shapes of screens, from the playlist to the picture: preview, its contact sheets, publish, and a player that is turned."""
import signal
import struct
import zlib

import films
import pictures
import publishing
import tap
from player import Player, png, run
from test_screen import near, read_png

COLORS = {"landscape": (200, 40, 40), "portrait": (40, 160, 40), "wide": (40, 40, 200), "square": (200, 200, 40)}
AT = ("--at", "2026-02-06T12:00:00Z", "--timezone", "UTC")
GROUND = (0x0c, 0x12, 0x16)  # of a contact sheet


class Case(publishing.Publishing):
    def setUp(self):
        super().setUp()
        for shape, color in COLORS.items():
            png(self.folder / f"{shape}.png", 16, 16, color)
        png(self.folder / "all.png", 16, 16, (255, 255, 255))

    def shaped(self, *shapes):
        return {shape: f"{shape}.png" for shape in shapes}

    def preview(self, *options):
        done = run("preview", self.path, "-o", self.folder / "p.png", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return read_png(self.folder / "p.png")


class Preview(Case):
    def setUp(self):
        super().setUp()
        self.path = self.write({"a": {"image": self.shaped(*COLORS)}})

    def middle(self, *options):
        rows = self.preview(*AT, *options)
        return rows[len(rows) // 2][len(rows[0]) // 2]

    def test_each_screen_shows_the_nearest(self):
        for size, shape in (("320x180", "landscape"), ("180x320", "portrait"), ("400x100", "wide"), ("128x128", "square"), ("128x96", "landscape"),
                            ("128x97", "square"), ("800x300", "landscape"), ("801x300", "wide")):
            self.assertEqual(self.middle("--size", size), COLORS[shape], size)

    def test_the_screen_is_what_people_see(self):
        self.assertEqual(self.middle("--size", "320x180", "--rotate", "90"), COLORS["portrait"])
        self.assertEqual(self.middle("--size", "180x320", "--rotate", "270"), COLORS["landscape"])
        self.assertEqual(self.middle("--size", "400x100", "--rotate", "180"), COLORS["wide"])

    def test_some_shapes_serve_all_screens(self):
        self.path = self.write({"a": {"image": self.shaped("portrait", "wide")}})
        for size, shape in (("320x180", "wide"), ("128x128", "portrait"), ("150x100", "portrait"), ("151x100", "wide")):
            self.assertEqual(self.middle("--size", size), COLORS[shape], size)

    def test_focus_by_shape(self):
        """A stripe at the top and one at the bottom: the crop of a wide screen goes where its focus is."""
        self.path = self.write({"a": {"image": "striped.png", "focus": {"landscape": [0.5, 0], "wide": [0.5, 1]}}})
        rows = [[COLORS["landscape"]] * 64] * 32 + [[COLORS["wide"]] * 64] * 32
        write_rows(self.folder / "striped.png", rows)
        self.assertEqual(self.middle("--size", "320x160"), COLORS["landscape"])
        self.assertEqual(self.middle("--size", "640x160"), COLORS["wide"])

    def test_a_style_by_shape(self):
        style = {"h": {"position": {"landscape": "top-left", "wide": "bottom-right"}, "size": {"landscape": 0.1, "wide": 0.4}, "shadow": False}}
        self.path = self.write({"a": {"tagline": "Small", "tagline_style": "h"}}, styles=style)
        boxes = {}
        for size in ("320x180", "720x180"):
            rows = self.preview(*AT, "--size", size)
            ink = [(x, y) for y, row in enumerate(rows) for x, pixel in enumerate(row) if max(pixel) > 128]
            boxes[size] = (min(x for x, _ in ink), min(y for _, y in ink), max(x for x, _ in ink), max(y for _, y in ink))
        left, top, right, bottom = boxes["320x180"]
        self.assertLess((right, bottom), (160, 60))
        self.assertLess(left, 20)
        wide = boxes["720x180"]
        self.assertGreater(wide[2], 700)
        self.assertGreater(wide[1], 60)
        self.assertAlmostEqual((wide[3] - wide[1]) / (bottom - top), 4, delta=0.5)

    def test_a_sheet_of_several_sizes(self):
        """All in a row, equally high; one that is given twice is there once."""
        self.path = self.write({"a": {"image": self.shaped(*COLORS)}, "b": {"image": "all.png", "tagline": {"en": "Small", "ko": "작은"}}})
        rows = self.preview("--sheet", *(option for size in ("1920x1080", "1080x1920", "3840x960", "1080x1080", "1920x1080") for option in ("--size", size)))
        widths = [640, 202, 1440, 360]
        self.assertEqual((len(rows[0]), len(rows)), (16 + sum(width + 16 for width in widths), 16 + 3 * 376))
        x = 16
        for width, shape in zip(widths, COLORS):
            self.assertEqual(rows[16 + 180][x + width // 2], COLORS[shape])
            self.assertEqual({rows[16 + y][x + column] for y in (0, 359) for column in (0, width - 1)}, {COLORS[shape]})
            self.assertEqual(rows[16 + 180][x - 1], GROUND)
            for line in (1, 2):
                self.assertTrue(near(rows[16 + line * 376 + 5][x + width // 2], (255, 255, 255)))
            x += width + 16

    def test_guides(self):
        plain, guided = self.preview(*AT, "--size", "360x360"), self.preview(*AT, "--size", "360x360", "--guides")
        changed = [[a != b for a, b in zip(*pair)] for pair in zip(plain, guided)]
        for at in (120, 240, 20, 340):  # thirds, and 5.5 % of the shorter side
            self.assertGreater(sum(changed[at]), 300, at)
            self.assertGreater(sum(row[at] for row in changed), 300, at)
        self.assertFalse(any(changed[60][x] for x in range(30, 110)))
        sheet = self.preview("--sheet", "--guides", "--size", "320x180")
        self.assertNotEqual(sheet[16 + 90][16 + 160], COLORS["landscape"])

    def test_what_does_not_go_together(self):
        for options, words in ((("-o", "p.png", "--size", "320x180", "--size", "180x320"), "may be given several times only together with --sheet"),
                               (("-o", "p.mp4", "--to", "2026-02-06T12:00:01Z", "--guides"), "--guides is for pictures")):
            done = run("preview", self.path, *options)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(words, done.stderr)


def write_rows(path, rows):
    flat = b"".join(b"\0" + b"".join(bytes(pixel) for pixel in row) for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + pictures.chunk(b"IHDR", header) + pictures.chunk(b"IDAT", zlib.compress(flat)) + pictures.chunk(b"IEND", b""))


class Published(Case):
    def test_the_compiled_form(self):
        """As it was written, with the facts about the files of all shapes."""
        for name, frames in (("l", 48), ("p", 49)):
            films.film(self.folder / f"{name}.mp4", frames=frames, fps=24, size=(64, 64))
        video = {"portrait": "p.mp4", "landscape": "l.mp4"}
        self.put(self.write({"a": {"image": self.shaped("wide", "square"), "focus": {"wide": [0, 1]}}, "b": {"video": video}}))
        playlist = self.channel.pointer()[1]
        self.assertEqual(playlist["spots"]["a"]["focus"], {"wide": [0, 1]})
        self.assertEqual(set(playlist["files"]), {"wide.png", "square.png", "l.mp4", "p.mp4"})
        self.assertEqual([playlist["files"][name]["duration_ms"] for name in ("l.mp4", "p.mp4")], [2000, 2041])

    def test_films_of_different_lengths_are_refused(self):
        for name, frames in (("l", 48), ("p", 51)):
            films.film(self.folder / f"{name}.mp4", frames=frames, fps=24, size=(64, 64))
        path = self.write({"b": {"video": {"portrait": "p.mp4", "landscape": "l.mp4"}}})
        self.refuse("fault   $.spots.b.video.portrait: the film is 2.125 s long, and the landscape one 2.000 s", path)

    def test_a_player_that_is_turned(self):
        """It fetches what it needs, which is then on screen; what other shapes have it never asks for."""
        self.put(self.write({"a": {"image": self.shaped("landscape", "portrait", "wide")}, "b": {"image": "all.png"}}))
        config = self.folder / "player.conf"
        config.write_text("[screen]\nrotate = 0\n")
        names = {name: publishing.medium(self.folder / f"{name}.png")[0][6:70] for name in ("landscape", "portrait", "wide", "all")}
        with Player(self.folder, f"{self.base}/channels/seoul/", "--key", self.folder / "operator.pub", "--config", config) as player:
            player.wait_shown("a")
            stored = {path.name for path in (self.folder / "store/media").iterdir()}
            self.assertEqual({name for name in names if names[name] in stored}, {"landscape", "all"})
            config.write_text("[screen]\nrotate = 90\n")
            player.process.send_signal(signal.SIGHUP)
            at = player.wait_log("screen has another shape, fetching media files for it files=1")
            player.wait_log("playlist ready kind=playlist from=network", at)
            stored = {path.name for path in (self.folder / "store/media").iterdir()}
            self.assertEqual({name for name in names if names[name] in stored}, {"landscape", "portrait", "all"})
            self.assertEqual(player.stop(), 0)
            self.assertNotRegex(player.log(), "(?m)^(error|warn)")


if __name__ == "__main__":
    tap.main()
