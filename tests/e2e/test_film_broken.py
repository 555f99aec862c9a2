"""Film workers that die or stop while their film is on a screen: the right picture is on it again afterwards. And films through a
swap: what runs goes on."""
import os
import signal
import tempfile
import unittest
from pathlib import Path

import films
import tap
import test_screen
from clock import in_time, until_it_keeps_up
from player import WAIT_S, Player, children, playlist, png
from servers import wait_for

MIDNIGHT = "2026-02-06T00:00:00Z"
MIDNIGHT_MS = 1770336000000
FPS = 25
CUT = {"type": "cut", "duration": 0}


def setUpModule():
    global KEPT, MEDIA
    KEPT = tempfile.TemporaryDirectory()
    MEDIA = Path(KEPT.name)
    films.film(MEDIA / "long.mp4", 60 * FPS, FPS, (64, 36))
    png(MEDIA / "still.png", 64, 36, (200, 90, 40))


def tearDownModule():
    KEPT.cleanup()


def film_workers(player):
    """The processes that decode films, oldest first."""
    found = []
    for pid in children(player.process.pid):
        try:
            # The process that they are forked from has an argument.
            if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == b"duckling-film":
                found.append(pid)
        except OSError:  # has ended
            pass
    return found


def offset_ms(frame):
    return float(frame["show_ms"]) - MIDNIGHT_MS


def number_on(rows):
    """Of the film's picture that fills the screen; None where it is none, or two of them mixed."""
    number = 0
    for block in range(16):
        light = sum(rows[(block // 4 * 2 + 1) * len(rows) // 8][(block % 4 * 2 + 1) * len(rows[0]) // 8]) / 3
        if 40 < light < 215:
            return None
        number |= (light > 127) << block
    return number


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.list = self.folder / "playlist.json"
        for file in MEDIA.iterdir():
            os.link(file, self.folder / file.name)

    def write(self, spots):
        new = self.folder / "new.json"
        playlist(new, spots, timezone="UTC", defaults={"transition": {"type": "crossfade", "duration": 1}})
        new.rename(self.list)

    def play(self, screen=None, timeout_s=5, env=None):
        shape = {"window": f"{test_screen.WIDTH}x{test_screen.HEIGHT}", "env": screen.environment()} if screen else {"env": env}
        return Player(self.folder, self.list, "--at", MIDNIGHT, "--decode-timeout", str(timeout_s), **shape)

    def wait_until(self, player, ms):
        return player.wait_frame(lambda f: offset_ms(f) >= ms, f"{ms} ms")


class Broken(Case):
    def shown(self, screen, player, start_ms):
        """The number on the screen, and the first and the last that is right: those of the frames logged before and after."""
        before = player.frames()[-1]
        number = number_on(screen.shot())
        player.wait_frame(lambda f: int(f["present_ns"]) > int(before["present_ns"]), "another frame")
        return (number, *(int((offset_ms(f) - start_ms) * FPS / 1000) for f in (before, player.frames()[-1])))

    def wait_right(self, screen, player, start_ms=0, above=-1):
        """Until the number on screen is the right one, and greater than `above`; returns it. That of a film which stands still is right
        at most until it has stood for a while."""
        for _ in range(WAIT_S):
            number, first, last = self.shown(screen, player, start_ms)
            if number is not None and first <= number <= last < first + FPS and number > above:
                return number
        self.fail(f"{number} on screen, {first} to {last} would be right\n{player.log()}")

    def break_it(self, sig):
        """Every film worker: that of the film on screen, and that of the next slot, which waits."""
        self.write({"film": {"video": "long.mp4", "duration": 55, "transition": CUT}})
        with test_screen.Screen() as screen, self.play(screen) as player:
            self.wait_until(player, 2500)
            number = self.wait_right(screen, player)
            workers = film_workers(player)
            self.assertTrue(workers)
            for pid in workers:
                os.kill(pid, sig)
            player.wait_log("film decoding failed")
            self.wait_right(screen, player, above=number + FPS)
            self.assertNotIn(workers[0], film_workers(player))
            self.assertNotIn("quarantined", player.log())
            self.assertEqual(player.stop(), 0, player.log())

    def test_killed_at_a_frame(self):
        self.break_it(signal.SIGKILL)

    def test_stopped_at_a_frame(self):
        self.break_it(signal.SIGSTOP)

    def test_stopped_again_and_again(self):
        """Within one slot, as by a disk that is busy for some seconds: that is not held against the film."""
        self.write({"film": {"video": "long.mp4", "duration": 55, "transition": CUT}, "still": {"image": "still.png"}})
        with test_screen.Screen() as screen, self.play(screen, 2) as player:
            player.wait_shown("film")
            number = -1
            for _ in range(3):
                number = self.wait_right(screen, player, above=number + FPS)
                worker = film_workers(player)[0]
                os.kill(worker, signal.SIGSTOP)
                wait_for(lambda gone=worker: gone not in film_workers(player), "another worker takes its place")
            self.wait_right(screen, player, above=number + FPS)
            self.assertNotIn("quarantined", player.log())
            self.assertEqual(player.stop(), 0, player.log())

    def test_killed_before_its_slot(self):
        self.write({"still": {"image": "still.png", "duration": 6, "transition": CUT},
                    "film": {"video": "long.mp4", "duration": 50, "transition": CUT}})
        with test_screen.Screen() as screen, self.play(screen) as player:
            player.wait_shown("still")
            waiting = None
            for _ in range(WAIT_S * 10):
                if waiting := film_workers(player):
                    break
                player.process.poll()
            self.assertTrue(waiting)
            for pid in waiting:
                os.kill(pid, signal.SIGKILL)
            player.wait_log("film decoding failed")
            player.wait_shown("film")
            self.wait_right(screen, player, 6000)
            self.assertEqual(player.stop(), 0)


class Swapped(Case):
    SPOT = {"video": "long.mp4", "duration": 55, "transition": CUT}

    def test_an_unchanged_film_goes_on(self):
        """The same worker, and no transition."""
        self.write({"film": self.SPOT, "still": {"image": "still.png"}})
        with self.play() as player:
            player.wait_shown("film")
            workers = film_workers(player)
            self.assertEqual(len(workers), 1)
            seen = len(player.lines)
            self.write({"film": {**self.SPOT, "duration": 50, "volume": 0}, "still": {"image": "still.png"}})
            player.wait_log("now playing", seen)
            swapped = offset_ms(player.frames()[-1])
            self.wait_until(player, swapped + 2000)
            self.assertEqual(film_workers(player), workers)
            self.assertEqual({(f["from"], f["to"]) for f in player.frames() if offset_ms(f) > swapped}, {("", "film")})
            self.assertEqual(player.stop(), 0)

    def test_the_film_before_goes_on_until_it_has_faded(self):
        """Also while the new one is still being loaded."""
        until_it_keeps_up(self.folder, self.play_until_it_has_faded)

    def play_until_it_has_faded(self, env):
        self.write({"film": self.SPOT, "still": {"image": "still.png"}})
        with self.play(env=env) as player:
            start = player.wait_shown("film")
            self.write({"other": {**self.SPOT, "focus": [0.1, 0.1]}, "still": {"image": "still.png"}})
            player.wait_shown("other")
            player.stop()
            player.end_well()
            frames = [f for f in player.frames() if offset_ms(f) >= offset_ms(start)]
        self.assertIn(("film", "other"), {(f["from"], f["to"]) for f in frames})
        worst = max(offset_ms(b) - offset_ms(a) for a, b in zip(frames, frames[1:]))
        in_time(worst <= 100, f"nothing was drawn for {worst} ms")


if __name__ == "__main__":
    tap.main()
