"""A clock that is plainly wrong: the show goes by the time that has passed for certain, until the clock can be right.

The player runs with a small library in front of libc's clock, which the test can set."""
import datetime
import tempfile
import time
import unittest
from pathlib import Path

import channel
import player
import tap
from clock import Clock

YEAR_MS = 365 * 86400 * 1000


def wall_ms():
    return time.time() * 1000


class Floor(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.clock = Clock(self.folder)
        self.keys = channel.Keys(self.folder)
        self.seoul = channel.Channel(self.keys, "seoul")
        player.png(self.folder / "a.png", 64, 36, (200, 40, 20))
        self.publish(1)

    def publish(self, version, **fields):
        media = {"a.png": (self.folder / "a.png").read_bytes()}
        # A spot a second, so that there are frames to look at.
        spots = {name: {"image": "a.png", "duration": 1, "transition": {"type": "cut"}} for name in ("x", "y")}
        self.seoul.publish(self.folder / "root", version, f"v{version}", media, spots=spots, fields=fields)

    def play(self):
        one = player.Player(self.folder, self.folder / "root/channels/seoul", "--key", str(self.keys.public),
                            env=self.clock.environment())
        self.addCleanup(one.__exit__)
        return one

    def shown_ms(self, one, pattern):
        """The show's time soon after the log said so."""
        one.wait_log(pattern)
        count = len(one.frames())
        frame = one.wait_frame(lambda f: len(one.frames()) > count and f["to"] in ("x", "y"), "a frame after that")
        return float(one.frames()[-1]["show_ms"]) if frame else None

    def test_battery_is_empty(self):
        """The clock says 1970. The pointer is accepted, and its time counts; then a time server answers."""
        self.clock.set(-wall_ms() + 5000)
        one = self.play()
        shown = self.shown_ms(one, "now playing kind=playlist name=\"v1\"")
        self.assertIn("clock not trusted", one.log())
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.clock.set(0, True)
        shown = self.shown_ms(one, "clock trusted again")
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.assertEqual(one.stop(), 0)

    def test_restart_with_an_empty_battery(self):
        one = self.play()
        self.shown_ms(one, "now playing kind=playlist name=\"v1\"")
        self.assertNotIn("clock not trusted", one.log())
        one.stop()
        self.clock.set(-3 * YEAR_MS)
        again = self.play()
        shown = self.shown_ms(again, "now playing kind=playlist name=\"v1\"")
        self.assertIn("clock not trusted", again.log())
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.assertEqual(again.stop(), 0)

    def test_clock_that_is_synchronised_is_believed(self):
        one = self.play()
        self.shown_ms(one, "now playing kind=playlist name=\"v1\"")
        one.stop()
        self.clock.set(-3 * YEAR_MS, True)
        again = self.play()
        shown = self.shown_ms(again, "now playing kind=playlist name=\"v1\"")
        self.assertNotIn("clock not trusted", again.log())
        self.assertLess(abs(shown - (wall_ms() - 3 * YEAR_MS)), 60000)
        self.assertEqual(again.stop(), 0)

    def test_clock_that_is_an_hour_slow_is_left_alone(self):
        """Whoever signed may be fast by as much."""
        self.clock.set(-3600 * 1000)
        one = self.play()
        shown = self.shown_ms(one, "now playing kind=playlist name=\"v1\"")
        self.assertNotIn("clock not trusted", one.log())
        self.assertLess(abs(shown - (wall_ms() - 3600 * 1000)), 60000)
        self.assertEqual(one.stop(), 0)

    def test_takeover_ends_with_an_empty_battery(self):
        """The time that has passed for certain does not stand still."""
        self.clock.set(-wall_ms() + 5000)
        one = self.play()
        one.wait_shown("x")
        media = {"a.png": (self.folder / "a.png").read_bytes()}
        spots = {name: {"image": "a.png", "duration": 1, "transition": {"type": "cut"}} for name in ("t", "u")}
        self.seoul.takeover(self.folder / "root", 1, "notice", media, days=6 / 86400, spots=spots)
        one.wait_shown("t")
        one.wait_log("takeover ended version=1")
        one.wait_log("now playing kind=playlist name=\"v1\"")
        count = len(one.frames())
        one.wait_frame(lambda f: len(one.frames()) > count and f["to"] in ("x", "y"), "a frame after that")
        self.assertEqual(one.stop(), 0)

    def test_playlist_signed_ahead_and_a_clock_that_is_right(self):
        """Nine hours, as by a laptop that takes its local time for UTC: the show goes by the wall clock all the same."""
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.publish(2, signed=later)
        self.clock.set(0, True)
        one = self.play()
        shown = self.shown_ms(one, "now playing kind=playlist name=\"v2\"")
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.assertNotIn("clock not trusted", one.log())
        self.assertEqual(one.stop(), 0)

    def test_pointer_from_the_future_moves_no_clock(self):
        one = self.play()
        self.shown_ms(one, "now playing kind=playlist name=\"v1\"")
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
        end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=500)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.publish(2, signed=later, expires=end)
        shown = self.shown_ms(one, "signed in the future")
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.assertNotIn('name="v2"', one.log())
        self.assertEqual(one.stop(), 0)


if __name__ == "__main__":
    tap.main()
