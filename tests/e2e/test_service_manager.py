"""What a service manager such as systemd hears of the player: that it runs, what it shows, and that it is not stuck."""
import os
import re
import signal
import socket
import tempfile
import threading
import time
import unittest
from pathlib import Path

import films
import tap
from player import WAIT_S, Player, playlist, png
from test_kiosk_screen import Server

INTERVAL_S = 0.3


class Manager:
    """The other end of NOTIFY_SOCKET. What it hears is in `lines`; it asks for a watchdog if it is given an interval."""

    def __init__(self, folder, watchdog_s=INTERVAL_S):
        Path(folder).mkdir(exist_ok=True)
        self.path, self.watchdog_s = str(Path(folder) / "notify"), watchdog_s
        self.lines, self.times, self.news = [], [], threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            words = self.socket.recv(4096).decode()
            with self.news:
                self.lines += words.splitlines()
                self.times.append(time.monotonic())
                self.news.notify_all()

    def environment(self, **more):
        """For a program that another one starts, of which WATCHDOG_PID is not known: as the units with a compositor do it."""
        watchdog = {"WATCHDOG_USEC": str(int(self.watchdog_s * 1e6))} if self.watchdog_s else {}
        return {"NOTIFY_SOCKET": self.path, "WATCHDOG_PID": None, **watchdog, **more}

    def wait(self, line, times=1, after=0):
        """Until it has heard this line so many times, after the line of that number; returns the number of lines until then."""
        with self.news:
            def heard():
                found = [i for i, told in enumerate(self.lines) if i >= after and re.fullmatch(line, told)]
                return len(found) >= times and found[times - 1] + 1
            number = self.news.wait_for(heard, WAIT_S)
            assert number, f"not heard {times} times: {line!r} in {self.lines}"
            return number

    def wait_silence(self, seconds):
        """Until it has heard nothing for so long."""
        deadline = time.monotonic() + WAIT_S
        with self.news:
            while self.news.wait(seconds):
                assert time.monotonic() < deadline, f"it is never silent for {seconds} s"


class Case(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.list = self.folder / "playlist.json"
        png(self.folder / "a.png", 64, 36, (220, 40, 40))
        playlist(self.list, {"a": {"image": "a.png", "duration": 86400}}, name="Still", timezone="UTC")

    def move(self):
        """From now on the picture moves all the time."""
        playlist(self.list, {"a": {"image": "a.png", "motion": "pan", "duration": 86400}}, name="Moving", timezone="UTC")


class Words(Case):
    def test_it_hears_of_start_show_and_end(self):
        manager = Manager(self.folder, watchdog_s=None)
        with Player(self.folder, self.list, frames=False, env=manager.environment()) as player:
            manager.wait('STATUS=showing spot "a" of playlist "Still"')
            self.assertEqual(player.stop(), 0, player.log())
        manager.wait("STOPPING=1")
        self.assertEqual(manager.lines.count("READY=1"), 1)
        self.assertLess(manager.lines.index("READY=1"), manager.lines.index("STOPPING=1"))
        self.assertNotIn("WATCHDOG=1", manager.lines)

    def test_a_player_that_cannot_start_is_never_ready(self):
        manager = Manager(self.folder)
        env = manager.environment(SDL_VIDEODRIVER="x11", DISPLAY=":nowhere")
        with Player(self.folder, self.list, frames=False, env=env) as player:
            self.assertEqual(player.process.wait(WAIT_S), 1)
        self.assertNotIn("READY=1", manager.lines)

    def test_what_makes_no_sense_is_told_and_the_player_plays(self):
        env = {"NOTIFY_SOCKET": "nowhere", "WATCHDOG_USEC": "5000000", "WATCHDOG_PID": None}
        with Player(self.folder, self.list, env=env) as player:
            player.wait_log(r'warn play: cannot tell the service manager that the player runs reason="NOTIFY_SOCKET is no path')
            player.wait_shown("a")
            self.assertEqual(player.stop(), 0, player.log())


class Watchdog(Case):
    def test_a_still_picture_feeds_it(self):
        manager = Manager(self.folder)
        with Player(self.folder, self.list, env=manager.environment()) as player:
            player.wait_shown("a")
            at = manager.wait("STATUS=showing spot .*")
            shown = len(player.frames())
            manager.wait("WATCHDOG=1", 10, at)
            self.assertLess(len(player.frames()) - shown, 3, "the picture stands still, but frames were presented")
            self.assertEqual(player.stop(), 0, player.log())

    def test_a_moving_picture_feeds_it(self):
        self.move()
        manager = Manager(self.folder)
        with Player(self.folder, self.list, frames=False, env=manager.environment()) as player:
            manager.wait("WATCHDOG=1", 10, manager.wait("STATUS=showing spot .*"))
            self.assertEqual(player.stop(), 0, player.log())

    def test_a_player_without_a_screen_feeds_it(self):
        """It looks for one each few seconds, which would be too seldom."""
        manager = Manager(self.folder)
        env = manager.environment(SDL_VIDEODRIVER="x11", DISPLAY=":nowhere")
        with Player(self.folder, self.list, window=None, frames=False, env=env) as player:
            at = manager.wait(r"STATUS=waiting for a screen: \S.*")
            self.assertIn("READY=1", manager.lines)
            manager.wait("WATCHDOG=1", 10, at)
            self.assertEqual(player.stop(), 0, player.log())

    def test_a_display_that_blocks_starves_it(self):
        self.move()
        manager = Manager(self.folder)
        with Server() as server:
            env = manager.environment(SDL_VIDEODRIVER=None, DISPLAY=server.name)
            with Player(self.folder, self.list, "--renderer", "cpu", window=None, frames=False, env=env) as player:
                manager.wait("WATCHDOG=1", 3, manager.wait("STATUS=showing spot .*"))
                server.process.send_signal(signal.SIGSTOP)
                manager.wait_silence(10 * INTERVAL_S)
                heard = len(manager.lines)
                server.process.send_signal(signal.SIGCONT)
                manager.wait("WATCHDOG=1", 3, heard)
                self.assertEqual(player.stop(), 0, player.log())


class Processes(Case):
    def test_a_player_that_starts_itself_again_is_heard_again(self):
        manager = Manager(self.folder)
        with Server() as server:
            env = manager.environment(SDL_VIDEODRIVER=None, DISPLAY=server.name)
            with Player(self.folder, self.list, window=None, frames=False, env=env) as player:
                manager.wait("STATUS=showing spot .*")
                server.kill()
                player.wait_log("screen lost, starting again")
                at = manager.wait("READY=1", 2)
                manager.wait("WATCHDOG=1", 5, at)
                self.assertEqual(player.stop(), 0, player.log())

    def pass_file(self, path, number="1"):
        """What starts the player with this file as a descriptor that the service manager has kept."""
        return ["sh", "-c", f'exec 3<{path}; export LISTEN_PID=$$ LISTEN_FDS={number} LISTEN_FDNAMES=duckling-card; exec "$@"', "sh"]

    def test_what_it_has_kept_and_is_no_screen_is_given_back(self):
        for path in ("/dev/null", self.list):
            with self.subTest(path=path):
                manager = Manager(self.folder / str(path).replace("/", "-"), watchdog_s=None)
                with Player(self.folder, self.list, before=self.pass_file(path), env=manager.environment(FDSTORE="1")) as player:
                    player.wait_log('warn kms_session: cannot go on with the graphics card of the player before, opening it anew '
                                    'reason="the descriptor is not that of a graphics card"')
                    at = manager.wait("FDSTOREREMOVE=1")
                    manager.wait("FDNAME=duckling-card", after=at)
                    player.wait_shown("a")
                    self.assertNotIn(str(path), self.open_files(player.process.pid))
                    self.assertEqual(player.stop(), 0, player.log())

    def open_files(self, process):
        files = [os.readlink(file) for file in Path(f"/proc/{process}/fd").iterdir() if file.name not in "012"]
        self.assertTrue(files)
        return files

    def test_what_makes_no_sense_was_not_kept(self):
        for number in ("7", "many", "0"):
            with self.subTest(number=number):
                before = self.pass_file("/dev/null", number)
                with Player(self.folder, self.list, before=before, env={"FDSTORE": "1"}) as player:
                    player.wait_log(r'warn play_restart: cannot take what the service manager has kept reason="LISTEN_FDS is ')
                    player.wait_shown("a")
                    self.assertEqual(player.stop(), 0, player.log())

    def test_workers_know_nothing_of_it(self):
        films.film(self.folder / "a.mp4", 25, 250, (160, 90))
        playlist(self.list, {"a": {"video": "a.mp4", "duration": 86400}}, timezone="UTC")
        manager = Manager(self.folder)
        with Player(self.folder, self.list, env=manager.environment()) as player:
            player.wait_shown("a")
            for worker in self.wait_children(player.process.pid):
                self.assertNotIn(b"NOTIFY_SOCKET", worker)
                self.assertIn(b"LC_ALL=", worker)
            self.assertEqual(player.stop(), 0, player.log())

    def wait_children(self, parent):
        """The environments of its workers, once it has one that has begun: before that it is a copy of the player. A film's worker
        lasts as long as the film."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            found = []
            for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
                try:
                    if Path(f"/proc/{child}/cmdline").read_bytes().rstrip(b"\0") in (b"duckling-worker", b"duckling-film"):
                        found.append(Path(f"/proc/{child}/environ").read_bytes())
                except OSError:  # it has ended meanwhile
                    pass
            if any(found):
                return [environment for environment in found if environment]
        self.fail("it has no workers")


if __name__ == "__main__":
    tap.main()
