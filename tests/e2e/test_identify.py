"""The test card: as a picture, on a screen of its own, and over what a player shows."""
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import films
import pictures
import player
import tap
from clock import Clock
from player import DUCKLING, Player, environment, playlist, run

ZONES = {"TZ": "UTC", "TZDIR": str(player.TOP / "build/zoneinfo")}


def card_on(frame):
    """No spot's name, and as bright as can be: what is under the card in these tests always has a name."""
    return frame["to"] == "" and float(frame["dim"]) == 1


class Picture(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)

    def draw(self, size, *options):
        path = self.folder / "card.png"
        done = run("identify", "-o", path, "--size", size, "--at", "2026-11-30T12:34:56.500", "--decode-timeout", "60", *options, **ZONES)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        width, height = map(int, size.split("x"))
        rgb = pictures.read_rgb(path, "black")
        self.assertEqual(len(rgb), width * height * 3)
        return lambda x, y: tuple(rgb[(y * width + x) * 3:(y * width + x) * 3 + 3])

    def test_every_shape(self):
        for size in ("64x64", "320x300", "450x800", "800x450", "1280x320"):
            with self.subTest(size):
                width, height = map(int, size.split("x"))
                at = self.draw(size)
                for x, y in ((0, 0), (width - 1, 0), (width // 3, height - 1), (0, height // 3), (width - 1, height - 1)):
                    self.assertEqual(at(x, y), (255, 255, 255))
                self.assertEqual(at(1, 1), (255, 196, 46))

    def test_texts_are_set(self):
        """What differs between two languages of the captions is where the captions are; and there is white type on the card."""
        english, korean = self.draw("800x450", "--language", "en"), self.draw("800x450", "--language", "ko")
        self.assertGreater(sum(english(x, y) != korean(x, y) for y in range(450) for x in range(800)), 100)

    def test_it_is_turned(self):
        """Upright it begins with bars of color from white to black; turned, they go down the right edge."""
        upright, turned = self.draw("360x640"), self.draw("640x360", "--rotate", "90")
        for x, y in ((5, 100), (60, 40), (300, 40), (180, 600)):
            self.assertEqual(turned(639 - y, x), upright(x, y))

    def test_what_will_not_do(self):
        for options, words in ((("-o", "card.jpg"), 'option --output needs a name that ends in .png, not "card.jpg"'),
                               (("--size", "320x200"), "option --size is for pictures; use it with -o out.png, or --window"),
                               (("playlist.json",), 'extra argument "playlist.json"; this command takes options alone')):
            done = run("identify", *options)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", f"duckling identify: {words}\n"))
        done = run("identify", "-o", self.folder / "none/card.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot draw the test card reason=", done.stderr)


class OnScreen(unittest.TestCase):
    def test_the_command_shows_it_until_it_is_ended(self):
        done = run("identify", "--window", "320x200", "--for", "1", "--refresh", "30")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("screen opened", done.stderr)
        self.assertNotIn("warn", done.stderr)
        shown = subprocess.Popen([DUCKLING, "identify", "--window", "320x200"], env=environment(), text=True, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(shown.kill)
        for line in shown.stderr:
            if "screen opened" in line:
                break
        shown.terminate()
        self.assertEqual(shown.communicate(timeout=player.WAIT_S)[0], "")
        self.assertEqual(shown.returncode, 0)


class OverTheShow(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.list = self.folder / "p.json"

    def play(self, *options, **more):
        screen = Player(self.folder, self.list, *options, env=ZONES, **more)
        self.addCleanup(screen.stop)
        return screen

    def test_sigusr1_shows_it_and_ends_it(self):
        playlist(self.list, {"a": {"background": "#804020", "duration": 3600}}, timezone="Asia/Seoul")
        screen = self.play()
        screen.wait_shown("a")
        screen.process.send_signal(signal.SIGUSR1)
        screen.wait_log("test card on seconds=60")
        screen.wait_frame(card_on, "the test card")
        count = len(screen.frames())
        screen.wait_frame(lambda f: card_on(f) and len(screen.frames()) > count + 10, "a clock that goes")
        screen.process.send_signal(signal.SIGUSR1)
        screen.wait_log('test card off reason="SIGUSR1"')
        count = len(screen.frames())
        screen.wait_frame(lambda f: len(screen.frames()) > count and screen.frames()[-1]["to"] == "a", "the spot again")
        self.assertEqual(screen.stop(), 0)
        frames = screen.frames()
        last = max(i for i, frame in enumerate(frames) if card_on(frame))
        self.assertEqual({(frame["to"], frame["mix"]) for frame in frames[last + 1:]}, {("a", "1.0000")}, "it fades, or something is between")
        self.assertNotIn("Sanitizer", screen.log())

    def test_its_minute_ends(self):
        """The monotonic clock is a test's own, and goes on by two minutes."""
        playlist(self.list, {"a": {"background": "#804020", "duration": 3600}})
        clock = Clock(self.folder)
        screen = Player(self.folder, self.list, env={**ZONES, **clock.environment()})
        self.addCleanup(screen.stop)
        screen.wait_shown("a")
        screen.process.send_signal(signal.SIGUSR1)
        screen.wait_log("test card on seconds=60")
        clock.set(0, mono_s=120)
        screen.wait_log('test card off reason="its minute is over"')
        self.assertEqual(screen.stop(), 0)

    def test_it_is_seen_outside_operating_hours(self):
        playlist(self.list, {"a": {"background": "#804020", "duration": 3600}}, timezone="Asia/Seoul")
        screen = self.play("--operating-hours", "off")
        seen = screen.wait_log("screen black, outside operating hours")
        screen.process.send_signal(signal.SIGUSR1)
        screen.wait_frame(card_on, "the test card")
        seen = screen.wait_log("screen on again", seen)
        screen.process.send_signal(signal.SIGUSR1)
        screen.wait_log("screen black, outside operating hours", seen)
        self.assertEqual(screen.stop(), 0)
        self.assertEqual(float(screen.frames()[-1]["dim"]), 0)

    def test_workers_survive_a_signal_to_all_processes(self):
        """As `systemctl kill` sends it."""
        films.film(self.folder / "f.mp4", frames=500)
        playlist(self.list, {"f": {"video": "f.mp4"}})
        screen = self.play()
        screen.wait_shown("f")
        workers = player.children(screen.process.pid)
        self.assertTrue(workers)
        for pid in (*workers, screen.process.pid):
            os.kill(pid, signal.SIGUSR1)
        screen.wait_log("test card on")
        screen.wait_frame(card_on, "the test card")
        for pid in workers:
            ignored = re.search(r"^SigIgn:\s*(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]
            self.assertTrue(int(ignored, 16) & 1 << signal.SIGUSR1 - 1)
        self.assertEqual(screen.stop(), 0)
        self.assertNotRegex(screen.log(), "warn|error")


if __name__ == "__main__":
    tap.main()
