"""A real X server: what is on the screen is what the preview says, turned as it should be, and never black."""
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import Player, playlist, png, run

WIDTH, HEIGHT = 640, 360


class Screen:
    """Xvfb on a display number that it finds itself, and says once it is ready."""

    def __enter__(self):
        read, write = os.pipe()
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"], pass_fds=[write],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as ready:
            self.name = ":" + ready.readline().strip()
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()

    def environment(self):
        return {"DISPLAY": self.name, "SDL_VIDEODRIVER": "x11"}

    def shot(self):
        """The screen as rows of (r, g, b), read from xwd's format (X11/XWDFile.h)."""
        data = subprocess.run(["xwd", "-root", "-silent", "-display", self.name], check=True, capture_output=True).stdout
        header = struct.unpack(">25I", data[:100])
        size, width, height, bits, stride, colors = header[0], header[4], header[5], header[11], header[12], header[19]
        assert bits == 32, f"{bits} bits a pixel: the window does not cover the screen"
        start = size + colors * 12
        rows = []
        for y in range(height):
            row = data[start + y * stride:start + y * stride + width * 4]
            rows.append([(row[4 * x + 2], row[4 * x + 1], row[4 * x]) for x in range(width)])
        return rows


def near(a, b, by=2):
    return all(abs(x - y) <= by for x, y in zip(a, b))


def read_png(path):
    """Rows of (r, g, b), by way of the netpbm-like raw form that Python can't read: so a small PNG reader for 8-bit RGB."""
    import zlib
    data = path.read_bytes()
    at, body, width, height = 8, b"", 0, 0
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        chunk = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", chunk[:8])
        elif kind == b"IDAT":
            body += chunk
        at += 12 + length
    raw, stride, rows, above = zlib.decompress(body), width * 3, [], bytes(width * 3)
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = line[x - 3] if x >= 3 else 0
            corner = above[x - 3] if x >= 3 else 0
            if kind == 1:
                line[x] = line[x] + left & 255
            elif kind == 2:
                line[x] = line[x] + above[x] & 255
            elif kind == 3:
                line[x] = line[x] + (left + above[x]) // 2 & 255
            elif kind == 4:
                p = left + above[x] - corner
                best = min((abs(p - left), 0, left), (abs(p - above[x]), 1, above[x]), (abs(p - corner), 2, corner))
                line[x] = line[x] + best[2] & 255
        above = bytes(line)
        rows.append([tuple(above[3 * x:3 * x + 3]) for x in range(width)])
    return rows


class OnScreen(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.list = self.folder / "playlist.json"
        # Four corners of four colours, so that a turned or mirrored picture is told apart.
        corners = {(0, 0): (220, 40, 40), (1, 0): (40, 200, 60), (0, 1): (40, 60, 220), (1, 1): (230, 210, 50)}
        png(self.folder / "corners.png", 64, 36, lambda x, y: corners[x // 32, y // 18])

    def test_fullscreen_is_the_preview_pixel_for_pixel(self):
        playlist(self.list, {"corners": {"image": "corners.png", "tagline": {"zh-Hans": "相信小的伟大"}, "duration": 3600}})
        with Screen() as screen, Player(self.folder, self.list, "--language", "zh-CN", "--renderer", "cpu", window=None,
                                        env=screen.environment()) as player:
            player.wait_shown("corners")
            shot = screen.shot()
            self.assertEqual(player.stop(), 0)
        done = run("preview", self.list, "-o", self.folder / "p.png", "--size", f"{WIDTH}x{HEIGHT}", "--language", "zh-CN",
                   "--at", "2026-02-06T00:30:00Z")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(shot, read_png(self.folder / "p.png"))

    def test_rotation(self):
        playlist(self.list, {"corners": {"image": "corners.png", "fit": "fill", "duration": 3600}})
        red, green, blue, yellow = (220, 40, 40), (40, 200, 60), (40, 60, 220), (230, 210, 50)
        # The corners of the screen, clockwise from the top left, for each rotation.
        wanted = {"0": [red, green, yellow, blue], "90": [blue, red, green, yellow],
                  "180": [yellow, blue, red, green], "270": [green, yellow, blue, red]}
        for rotate, colors in wanted.items():
            with Screen() as screen, Player(self.folder, self.list, "--rotate", rotate, window=None,
                                            env=screen.environment()) as player:
                player.wait_shown("corners")
                shot = screen.shot()
            seen = [shot[20][20], shot[20][-20], shot[-20][-20], shot[-20][20]]
            for a, b in zip(seen, colors):
                self.assertTrue(near(a, b), (rotate, seen))

    def test_house_card(self):
        # Here the GPU is looked for, as on a wall. Mesa's software driver is unloaded with what it leaked, and a leak without a
        # module can't be named to the sanitizer: the other tests here look for leaks, this one does not.
        with Screen() as screen, Player(self.folder, "http://127.0.0.1:1/playlist.json", window=None,
                                        env={**screen.environment(), "ASAN_OPTIONS": "detect_leaks=0"}) as player:
            player.wait_log("screen open")
            # The card grows: ground, duckling, words. Looked at until it is all there; whether it comes is what is tested.
            yellow = lambda: [p for row in screen.shot() for p in row if p[0] > 200 and p[1] > 140 and p[2] < 120]
            player.wait_frame(lambda f: f["mix"] == "1.0000" and len(yellow()) > 50, "the duckling")
            shot = screen.shot()
            self.assertEqual(player.stop(), 0)
        pixels = [pixel for row in shot for pixel in row]
        self.assertTrue(all(sum(pixel) > 20 for pixel in pixels), "black on the house card")

    def test_a_damaged_picture_alone_leaves_the_house_card_not_black(self):
        whole = bytearray((self.folder / "corners.png").read_bytes())
        whole[45] ^= 0xff
        (self.folder / "bad.png").write_bytes(whole)
        playlist(self.list, {"bad": {"image": "bad.png"}})
        with Screen() as screen, Player(self.folder, self.list, "--renderer", "cpu", window=None, env=screen.environment()) as player:
            player.wait_log('spot="bad"')
            yellow = lambda: [p for row in screen.shot() for p in row if p[0] > 200 and p[1] > 140 and p[2] < 120]
            player.wait_frame(lambda f: f["mix"] == "1.0000" and len(yellow()) > 50, "the duckling")
            self.assertEqual(player.stop(), 0)


if __name__ == "__main__":
    tap.main()
