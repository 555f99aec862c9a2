"""A real X server: what is on the screen is what the preview says, turned as it should be, and never black; films at their time."""
import calendar
import ctypes
import os
import re
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import films
import tap
from player import WAIT_S, Player, playlist, png, run

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


class XImage(ctypes.Structure):
    """The beginning of Xlib's own."""
    _fields_ = [("width", ctypes.c_int), ("height", ctypes.c_int), ("xoffset", ctypes.c_int), ("format", ctypes.c_int),
                ("data", ctypes.c_void_p), ("byte_order", ctypes.c_int), ("unit", ctypes.c_int), ("bit_order", ctypes.c_int),
                ("pad", ctypes.c_int), ("depth", ctypes.c_int), ("stride", ctypes.c_int), ("bits", ctypes.c_int)]


class Glass:
    """A client of the screen's server that looks at it many times a second, and moves its windows."""

    def __init__(self, screen):
        self.x = ctypes.CDLL("libX11.so.6")
        self.x.XOpenDisplay.restype = ctypes.c_void_p
        self.x.XDefaultRootWindow.restype = ctypes.c_ulong
        self.x.XGetImage.restype = ctypes.POINTER(XImage)
        self.display = ctypes.c_void_p(self.x.XOpenDisplay(screen.name.encode()))
        self.root = ctypes.c_ulong(self.x.XDefaultRootWindow(self.display))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.x.XCloseDisplay(self.display)

    def lights(self, points, width=WIDTH, height=HEIGHT):
        """Blue, as bright as grey is, at points in fractions of what lies in the middle of the screen, all of one moment."""
        left, top = (WIDTH - width) // 2, (HEIGHT - height) // 2
        image = self.x.XGetImage(self.display, self.root, left, top, width, height, ctypes.c_ulong(0xffffffff), 2)
        one = image.contents
        assert one.bits == 32, one.bits
        stride = one.stride
        data = ctypes.string_at(one.data, stride * one.height)
        self.x.XDestroyImage(image)  # and what `one` lies in
        return [data[int(y * height) * stride + int(x * width) * 4] for x, y in points]

    def resize_window(self, width, height):
        unused, children, count = ctypes.c_ulong(), ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self.x.XQueryTree(self.display, self.root, ctypes.byref(unused), ctypes.byref(unused), ctypes.byref(children),
                          ctypes.byref(count))
        for i in range(count.value):
            self.x.XResizeWindow(self.display, ctypes.c_ulong(children[i]), width, height)
        self.x.XSync(self.display, 0)


class Instants:
    """Where the show clock of a player stands at an instant of CLOCK_MONOTONIC: `--at` pins one to the other."""

    def __init__(self, player):
        found = re.search(r"show clock started mono_ns=(\d+) show_ms=(\d+)", player.log())
        self.mono_ns, self.show_ms = int(found[1]), int(found[2])

    def early_ns(self, frame):
        """How long before its time a frame was seen; the log's microseconds are rounded."""
        due_ns = self.mono_ns + (float(frame["show_ms"]) - self.show_ms) * 1e6
        return due_ns - 1000 - int(frame["present_ns"])


# In front of SDL's own. Says once that the window is lost, when the file named by TEST_LOSE is there, and takes the file away; or
# takes half a second, for the one named by TEST_STALL.
FAULTS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

int SDL_UpdateWindowSurface(void *window)
{
    int (*own)(void *) = (int (*)(void *))dlsym(RTLD_NEXT, "SDL_UpdateWindowSurface");
    if (unlink(getenv("TEST_STALL")) == 0)
        usleep(500000);
    return unlink(getenv("TEST_LOSE")) == 0 ? -1 : own(window);
}
"""


class Faults:
    def __init__(self, folder):
        self.library, self.lose, self.stall = folder / "faults.so", folder / "lose", folder / "stall"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", self.library], input=FAULTS, text=True, check=True)

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "TEST_LOSE": str(self.lose), "TEST_STALL": str(self.stall),
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


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
        # Four corners of four colors, so that a turned or mirrored picture is told apart.
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

    def numbers_on_screen(self, screen, player, fps, turn):
        """Looks at the numbered film at ten different times; yields the number seen, and the frames of the log around that look."""
        def centre(block):
            x, y = (block % 4 + 0.5) / 4, (block // 4 + 0.5) / 4
            for _ in range(turn // 90):
                x, y = 1 - y, x
            return x, y
        points, seen = [centre(block) for block in range(16)], set()
        with Glass(screen) as glass:
            while len(seen) < 10:
                begin_ns = time.monotonic_ns()
                lights = glass.lights(points)
                end_ns = time.monotonic_ns()
                player.wait_frame(lambda f: int(f["present_ns"]) > end_ns, "the next frame")
                frames = player.frames()
                before = [f for f in frames if int(f["present_ns"]) <= begin_ns][-1]
                after = [f for f in frames if int(f["present_ns"]) > end_ns][0]
                self.assertFalse(any(40 < light < 215 for light in lights), lights)
                number = sum(1 << i for i, light in enumerate(lights) if light > 127)
                if number not in seen:
                    yield number, before, after
                seen.add(number)

    def test_the_film_on_the_screen_is_at_the_frame_of_the_instant(self):
        fps, start_ms = 10, calendar.timegm((2026, 2, 6, 0, 0, 0)) * 1000
        films.film(self.folder / "a.mp4", 200, fps)
        playlist(self.list, {"a": {"video": "a.mp4", "fit": "fill", "duration": 19, "transition": {"type": "cut", "duration": 0}}},
                 timezone="UTC")
        frame_on = lambda frame: int((float(frame["show_ms"]) - start_ms) * fps / 1000)
        for at, rotate in (("00:00:00", 0), ("00:00:07", 0), ("00:00:03", 90)):
            with Screen() as screen, Player(self.folder, self.list, "--at", f"2026-02-06T{at}Z", "--rotate", str(rotate), "--renderer",
                                            "cpu", "--log-level", "debug", window=None, env=screen.environment()) as player:
                player.wait_shown("a")
                for number, before, after in self.numbers_on_screen(screen, player, fps, rotate):
                    with self.subTest(at=at, rotate=rotate, number=number, before=before, after=after):
                        self.assertGreaterEqual(number, frame_on(before) - 1)
                        self.assertLessEqual(number, frame_on(after))
                self.assertEqual(player.stop(), 0)
                instants = Instants(player)
                self.assertEqual([f for f in player.frames() if instants.early_ns(f) > 0], [])

    def test_no_frame_is_seen_before_its_time(self):
        """Pictures that move and fade, on a screen that does not wait: drawing is begun early, and waited for."""
        playlist(self.list, {name: {"image": "corners.png", "motion": motion, "duration": 2,
                                    "transition": {"type": "crossfade", "duration": 1}}
                             for name, motion in (("in", "drift-in"), ("pan", "pan"))}, timezone="UTC")
        for hz in ("60", "25"):
            with Screen() as screen, Player(self.folder, self.list, "--at", "2026-02-06T00:00:00Z", "--refresh", hz, "--renderer", "cpu",
                                            "--log-level", "debug", window=None, env=screen.environment()) as player:
                player.wait_shown("in")
                player.wait_shown("pan")
                self.assertEqual(player.stop(), 0)
                instants = Instants(player)
                self.assertGreater(len(player.frames()), 10)
                self.assertEqual([f for f in player.frames() if instants.early_ns(f) > 0], [])

    def test_a_window_of_another_size_shows_the_film_all_the_while(self):
        white = "color=white:size=160x90:rate=25:duration=30,format=yuv420p"
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", white, *films.H264, self.folder / "white.mp4"],
                       check=True, timeout=WAIT_S)
        playlist(self.list, {"white": {"video": "white.mp4", "duration": 29, "transition": {"type": "cut", "duration": 0}}},
                 timezone="UTC", defaults={"transition": {"type": "crossfade", "duration": 1}})
        lights = []
        with Screen() as screen, Glass(screen) as glass, \
                Player(self.folder, self.list, "--at", "2026-02-06T00:00:00Z", "--renderer", "cpu", window="320x180",
                       env=screen.environment()) as player:
            player.wait_shown("white")
            for width, height in ((400, 200), (300, 200), (320, 180)):
                begin_ns, deadline, settled = time.monotonic_ns(), time.monotonic() + 60, False
                glass.resize_window(width, height)
                while not settled:
                    lights += [glass.lights([(0.5, 0.5)], 16, 16)[0] for _ in range(50)]
                    self.assertGreater(min(lights), 200)
                    self.assertLess(time.monotonic(), deadline, player.log())
                    if f"size={width}x{height}" not in player.log():
                        continue
                    # What was kept fades into what is made for the new size, and then that is shown alone.
                    froms = [f["from"] for f in player.frames() if int(f["present_ns"]) > begin_ns]
                    settled = "white" in froms and not froms[-1]
            self.assertEqual(player.stop(), 0)
            shown = [f["to"] for f in player.frames()]
        self.assertEqual(set(shown[shown.index("white"):]), {"white"})

    def test_a_screen_that_is_lost_and_found_shows_what_it_showed(self):
        faults = Faults(self.folder)
        films.film(self.folder / "a.mp4", 200, 10)
        playlist(self.list, {"a": {"video": "a.mp4", "fit": "fill", "duration": 19, "transition": {"type": "cut", "duration": 0}},
                             "b": {"image": "corners.png", "duration": 19, "transition": {"type": "crossfade", "duration": 6}}},
                 timezone="UTC")
        one = lambda condition, after, what: player.wait_frame(lambda f: int(f["present_ns"]) > after and condition(f), what)
        with Screen() as screen, Player(self.folder, self.list, "--at", "2026-02-06T00:00:12Z", "--renderer", "cpu", window=None,
                                        env={**screen.environment(), **faults.environment()}) as player:
            player.wait_shown("a")
            for condition, what in ((lambda f: f["to"] == "a" and f["mix"] == "1.0000", "the film"),
                                    (lambda f: f["from"] == "a", "the crossfade")):
                before = one(condition, 0, what)
                faults.lose.touch()
                line = player.wait_log("screen lost")
                player.wait_log("screen opened", line)
                after = one(condition, time.monotonic_ns(), what + " again")
                frames = [f for f in player.frames() if int(before["present_ns"]) <= int(f["present_ns"]) <= int(after["present_ns"])]
                self.assertEqual({f["to"] for f in frames}, {before["to"]})
                self.assertEqual({f["from"] for f in frames}, {before["from"]})
                mixes = [float(f["mix"]) for f in frames]
                self.assertEqual(mixes, sorted(mixes))
            self.assertEqual(player.stop(), 0)

    def test_a_stall_is_told_with_all_that_it_missed(self):
        """Half a second of a crossfade: one late frame, fifteen missed refreshes at thirty a second."""
        faults = Faults(self.folder)
        playlist(self.list, {name: {"image": "corners.png", "duration": 3, "transition": {"type": "crossfade", "duration": 1.5}}
                             for name in ("one", "two", "three")}, timezone="UTC")
        with Player(self.folder, self.list, "--at", "2026-02-06T00:00:00Z", env=faults.environment()) as player:
            player.wait_frame(lambda f: f["from"] == "one", "the crossfade")
            faults.stall.touch()
            player.wait_shown("two")
            self.assertFalse(faults.stall.exists())
            self.assertEqual(player.stop(), 0)
            # What was told at once, and the rest at the end; more than this stall where the machine is busy.
            missed = [int(n) for n in re.findall(r'screen refreshes missed spot="\w*" plays=\d+ missed=(\d+) due=\d+', player.log())]
            self.assertGreaterEqual(sum(missed), 15, player.log())
            self.assertLessEqual(len(missed), 2)

    def test_house_card(self):
        # Here the GPU is looked for, as on a wall. Mesa's software driver is unloaded with what it leaked, and a leak without a
        # module can't be named to the sanitizer: the other tests here look for leaks, this one does not.
        with Screen() as screen, Player(self.folder, "http://127.0.0.1:1/playlist.json", window=None,
                                        env={**screen.environment(), "ASAN_OPTIONS": "detect_leaks=0"}) as player:
            player.wait_log("screen opened")
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
