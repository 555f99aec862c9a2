"""The screen of a kiosk on X11 without a window manager: its resolution changes, its server stalls, dies, comes late; keys are off."""
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import tap
import test_screen
from player import WAIT_S, Player, playlist, png

RED, GREEN, BLUE, YELLOW = (220, 40, 40), (40, 200, 60), (40, 60, 220), (230, 210, 50)
SIZES = {(640, 360): None, (320, 240): "6.4 320 328 336 344 240 241 244 249", (480, 300): "11 480 488 496 504 300 301 304 309"}


class Server(test_screen.Screen):
    """Xvfb that keeps its modes when its last client goes; `number` is one that it had before."""

    def __init__(self, number=None):
        self.number = number

    def __enter__(self):
        read, write = os.pipe()
        name = [f":{self.number}"] if self.number else []
        self.process = subprocess.Popen(
            ["Xvfb", *name, "-displayfd", str(write), "-screen", "0", "640x360x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=[write], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as ready:
            self.number = int(ready.readline())
        self.name = f":{self.number}"
        return self

    def __exit__(self, *unused):
        self.process.send_signal(signal.SIGCONT)
        super().__exit__()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def xrandr(self, *arguments):
        subprocess.run(["xrandr", "-display", self.name, *arguments], check=True, capture_output=True)

    def press(self, keysym):
        """A key, as if somebody pressed it (XTEST), once a window has the keyboard."""
        x, tests = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        x.XOpenDisplay.restype = ctypes.c_void_p
        display = ctypes.c_void_p(x.XOpenDisplay(self.name.encode()))
        focus, unused, deadline = ctypes.c_ulong(), ctypes.c_int(), time.monotonic() + WAIT_S
        while focus.value <= 1:  # none, or the root's
            assert time.monotonic() < deadline, "no window has the keyboard"
            x.XGetInputFocus(display, ctypes.byref(focus), ctypes.byref(unused))
        code = x.XKeysymToKeycode(display, ctypes.c_ulong(keysym))
        for down in (1, 0):
            tests.XTestFakeKeyEvent(display, code, down, ctypes.c_ulong(0))
        x.XSync(display, 0)
        x.XCloseDisplay(display)


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.list = self.folder / "playlist.json"
        corners = {(0, 0): RED, (1, 0): GREEN, (0, 1): BLUE, (1, 1): YELLOW}
        png(self.folder / "corners.png", 64, 36, lambda x, y: corners[x // 32, y // 18])
        png(self.folder / "turned.png", 64, 36, lambda x, y: corners[1 - x // 32, 1 - y // 18])
        self.show("corners")

    def show(self, name):
        """From now on, for good."""
        playlist(self.folder / "new.json", {name: {"image": f"{name}.png", "fit": "fill", "duration": 3600,
                                                   "transition": {"type": "cut", "duration": 0}}}, timezone="UTC")
        (self.folder / "new.json").rename(self.list)

    def play(self, server, *options, **more):
        return Player(self.folder, self.list, "--renderer", "cpu", *options, window=more.pop("window", None),
                      frames=False, env={"DISPLAY": server.name, "SDL_VIDEODRIVER": None}, **more)

    def corners(self, shot):
        return [shot[4][4], shot[4][-5], shot[-5][4], shot[-5][-5]]

    def wait_picture(self, server, player, wanted=(RED, GREEN, BLUE, YELLOW), size=(640, 360)):
        """Until the picture covers the whole screen: looked at again and again, as a screen does not tell."""
        deadline, seen = time.monotonic() + WAIT_S, None
        while time.monotonic() < deadline:
            try:
                shot = server.shot()
            except (AssertionError, subprocess.CalledProcessError) as error:  # for a moment there may be no window that covers it
                seen = error
                continue
            seen = (len(shot[0]), len(shot)), self.corners(shot)
            if seen[0] == size and all(test_screen.near(a, b) for a, b in zip(seen[1], wanted)):
                return
            self.assertIsNone(player.process.poll(), player.log())
        self.fail(f"not on the screen: {seen}\n{player.log()}")


class Resolution(Case):
    def test_the_picture_covers_the_screen_after_each_change(self):
        with Server() as server, self.play(server) as player:
            for (width, height), timing in SIZES.items():
                if timing:
                    server.xrandr("--newmode", f"{width}x{height}", *timing.split())
                    server.xrandr("--addmode", "screen", f"{width}x{height}")
            self.wait_picture(server, player)
            for width, height in [*list(SIZES)[1:], *list(SIZES)]:
                server.xrandr("--output", "screen", "--mode", f"{width}x{height}")
                self.wait_picture(server, player, size=(width, height))
            self.assertEqual(player.stop(), 0, player.log())


class Stall(Case):
    def test_after_a_stall_the_right_picture_is_shown(self):
        with Server() as server, self.play(server) as player:
            self.wait_picture(server, player)
            at = player.wait_log("now playing")
            server.process.send_signal(signal.SIGSTOP)
            self.show("turned")  # the feed's thread sees it; the main thread may wait for the server by then
            player.wait_log("playlist ready")
            server.process.send_signal(signal.SIGCONT)
            player.wait_log("now playing", at)
            self.wait_picture(server, player, (YELLOW, BLUE, GREEN, RED))
            self.assertEqual(player.stop(), 0, player.log())

    def test_sigterm_ends_it_during_a_stall(self):
        spots = {name: {"image": f"{name}.png", "motion": "pan", "duration": 1} for name in ("corners", "turned")}
        playlist(self.list, spots, timezone="UTC")
        with Server() as server, self.play(server) as player:
            player.wait_log("screen opened")
            server.process.send_signal(signal.SIGSTOP)
            began = time.monotonic()
            self.assertEqual(player.stop(), 1, player.log())
            self.assertLess(time.monotonic() - began, 60)  # far more than either limit: a machine may have no time
            self.assertRegex(player.log(), r"cannot stop in time, exiting limit_ms=(900|8000) ")


class Lost(Case):
    def test_a_player_waits_for_its_server_and_comes_back(self):
        with Server() as first, self.play(first) as player:
            self.wait_picture(first, player)
            for _ in range(2):
                at = len(player.lines)
                first.kill()
                at = player.wait_log("screen lost, starting again", at)
                at = player.wait_log("no screen, waiting for one .*DISPLAY is", at)
                with Server(first.number) as server:
                    player.wait_log("screen opened", at)
                    self.wait_picture(server, player)
                    first = server
                    if _ == 1:
                        self.assertEqual(player.stop(), 0, player.log())
                    else:
                        server.kill()

    def test_a_server_that_comes_late_is_waited_for(self):
        with Server() as server:
            pass
        with self.play(server) as player:
            player.wait_log("no screen, waiting for one")
            with Server(server.number) as late:
                self.wait_picture(late, player)
                self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("no screen"), 1)

    def test_sigterm_ends_it_while_it_waits(self):
        with Server() as server:
            pass
        with self.play(server) as player:
            player.wait_log("no screen, waiting for one")
            self.assertEqual(player.stop(), 0, player.log())

    def test_in_a_window_it_ends(self):
        with Server() as server:
            with self.play(server, window="320x180") as player:
                player.wait_log("screen opened")
                server.kill()
                self.assertEqual(player.process.wait(WAIT_S), 1)
                player.wait_log("screen lost, exiting")
        with self.play(server, window="320x180") as player:
            self.assertEqual(player.process.wait(WAIT_S), 1)
            player.wait_log("cannot start .*no display")


class Console(Case):
    def play_on_console(self, *options):
        return Player(self.folder, self.list, *options, window=None, frames=False,
                      env={"DISPLAY": None, "WAYLAND_DISPLAY": None, "SDL_VIDEODRIVER": None})

    @unittest.skipIf(Path("/dev/dri").is_dir(), "this machine has a graphics card, whose screen would be taken")
    def test_without_a_graphics_card_one_is_waited_for(self):
        with self.play_on_console("--renderer", "kms", "--connector", "HDMI-A-1", "--mode", "1920x1080@60") as player:
            player.wait_log("no screen, waiting for one .*there is no graphics card")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("no screen"), 1)

    def test_options_that_contradict_each_other(self):
        for options, words in [(["--renderer", "gpu", "--canvas", "1280x720+0+0"], "--canvas does not go with --renderer gpu"),
                               (["--renderer", "kms", "--window", "640x360"], "--window does not go with --renderer kms"),
                               (["--renderer", "kms", *["--connector=DP-1"] * 9], "--connector may be given at most 8 times")]:
            with self.subTest(words), self.play_on_console(*options) as player:
                self.assertEqual(player.process.wait(WAIT_S), 2)
                player.wait_log(f"option {words}")

    def test_a_window_shows_its_part_of_a_wall(self):
        with Server() as server, self.play(server, "--canvas", "1600x900+900+0") as player:
            self.wait_picture(server, player, (GREEN, GREEN, GREEN, GREEN))
            self.assertIn("size=1600x900", player.log())
            self.assertEqual(player.stop(), 0, player.log())


class Compositor:
    """Weston, in a window of an X server that covers its screen."""

    def __init__(self, folder, server):
        self.runtime, self.server = folder / "runtime", server
        self.runtime.mkdir(mode=0o700, exist_ok=True)

    def __enter__(self):
        self.process = subprocess.Popen(
            ["weston", "--backend=x11-backend.so", "--use-pixman", "--width=640", "--height=360", "--socket=wayland-test",
             "--idle-time=0", "--no-config"], env={**os.environ, "XDG_RUNTIME_DIR": str(self.runtime), "DISPLAY": self.server.name},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *unused):
        self.process.kill()
        self.process.wait()
        for path in self.runtime.glob("wayland-test*"):  # what it leaves when it is killed
            path.unlink()

    def environment(self):
        return {"WAYLAND_DISPLAY": "wayland-test", "XDG_RUNTIME_DIR": str(self.runtime), "SDL_VIDEODRIVER": None,
                "ASAN_OPTIONS": "detect_leaks=0"}  # of libwayland and libdecor


@unittest.skipUnless(shutil.which("weston"), "needs weston")
class Wayland(Case):
    def test_a_compositor_that_comes_late_and_goes_away_is_waited_for(self):
        with Server() as server:
            compositor = Compositor(self.folder, server)
            with Player(self.folder, self.list, "--renderer", "cpu", window=None, frames=False, env=compositor.environment()) as player:
                at = player.wait_log("no screen, waiting for one .*wayland")
                for _ in range(2):
                    with compositor:
                        self.wait_picture(server, player)
                    at = player.wait_log("screen lost, starting again", at)
                at = player.wait_log("no screen, waiting for one", at)
                self.assertEqual(player.stop(), 0, player.log())


class Keys(Case):
    ESCAPE, Q = 0xff1b, 0x71

    def test_a_key_ends_a_window_and_whoever_asked_for_it_and_no_other(self):
        for options, window, ends in (((), None, False), (("--keyboard",), None, True), ((), "640x360", True)):
            for key in (self.ESCAPE, self.Q):
                self.show("corners")
                with self.subTest(options=options, window=window, key=key), Server() as server, \
                        self.play(server, *options, window=window) as player:
                    self.wait_picture(server, player)
                    server.press(key)
                    if ends:
                        self.assertEqual(player.process.wait(WAIT_S), 0)
                        continue
                    # Read before what comes next is shown: the events of a screen come before its frames.
                    self.show("turned")
                    self.wait_picture(server, player, (YELLOW, BLUE, GREEN, RED))
                    self.assertEqual(player.stop(), 0, player.log())


if __name__ == "__main__":
    tap.main()
