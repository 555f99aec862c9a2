"""Crash loops: a player that is killed again and again leaves out what was on screen, then the playlist, for the one before it."""
import shutil
import signal
import tempfile
import unittest
from pathlib import Path

import publishing
import servers
import tap
from clock import Clock
from player import Player, playlist, png
from test_service_manager import Manager

MIDNIGHT = "2026-02-06T00:00:00Z"


class Service:
    """What systemd does for a unit: a folder in memory, which it keeps over restarts, and somebody to tell. The time since the machine
    has started is the test's."""

    def __init__(self, case, folder, *arguments):
        self.case, self.folder, self.arguments = case, Path(folder), arguments
        self.runtime = self.folder / "run"
        self.runtime.mkdir()
        self.manager = Manager(self.folder, watchdog_s=None)
        self.heard, self.boot_s = 0, 1000
        self.clock = Clock(self.folder)
        self.wait_s(0)

    def wait_s(self, seconds):
        self.boot_s += seconds
        self.clock.set(0, boot_ms=self.boot_s * 1000)

    def start(self, **env):
        source, *options = self.arguments
        self.heard = len(self.manager.lines)
        return Player(self.folder, source, *options, frames=False,
                      env=self.manager.environment(RUNTIME_DIRECTORY=str(self.runtime), **self.clock.environment(), **env))

    def wait_shown(self, words):
        self.manager.wait(f"STATUS=showing {words}", after=self.heard)

    def crash(self, words, times=3, sig=signal.SIGKILL, after_s=10):
        """Lets it show this and kills it, each time so long after the one before; returns the log of the last run."""
        for _ in range(times):
            self.wait_s(after_s)
            with self.start() as player:
                self.wait_shown(words)
                player.process.send_signal(sig)
                self.case.assertEqual(player.process.wait(), -sig, player.log())
        return player.log()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.list = self.folder / "playlist.json"
        for name, color in (("a", (220, 40, 40)), ("b", (40, 200, 40))):
            png(self.folder / f"{name}.png", 64, 36, color)

    def write(self, name="First", **more):
        playlist(self.list, {n: {"image": f"{n}.png"} for n in "ab"}, name=name, timezone="UTC",
                 defaults={"duration": 2, "transition": {"duration": 0.2}}, **more)


class OfAFile(Case):
    def setUp(self):
        super().setUp()
        self.write()
        self.service = Service(self, self.folder, self.list, "--at", MIDNIGHT)

    def test_a_spot_is_left_out(self):
        self.service.crash('spot "a" .*')
        with self.service.start() as player:
            player.wait_log('error play_crash: player crashed, started again spot="?a"? playlist=[0-9a-f]{16}')
            player.wait_log('error play_crash: spot left out after crashes spot="?a"? .* crashes=3 retry_after_h=6')
            self.service.wait_shown("the house card")
            self.service.wait_shown('spot "b" .*')
            self.assertNotIn('STATUS=showing spot "a" of playlist "First"', self.service.manager.lines[self.service.heard:])
            self.assertEqual(player.stop(), 0, player.log())
        # It stays so, and nothing is told twice.
        with self.service.start() as player:
            self.service.wait_shown('spot "b" .*')
            self.assertEqual(player.stop(), 0, player.log())
            self.assertNotIn("crash", player.log())
        # A new version has its chance.
        self.write("Second")
        with self.service.start() as player:
            self.service.wait_shown('spot "a" of playlist "Second"')
            self.assertEqual(player.stop(), 0, player.log())

    def test_then_the_playlist(self):
        """Of a file there is none before it."""
        self.service.crash('spot "a" .*')
        self.service.crash('spot "b" .*')
        with self.service.start() as player:
            player.wait_log("error play_crash: playlist left out after crashes playlist=.* crashes=3 retry_after_h=6")
            self.service.wait_shown("the house card: waiting for .*playlist.json: the playlist crashed the player again and again.*")
            self.write("Second")
            self.service.wait_shown('spot "a" of playlist "Second"')
            self.assertEqual(player.stop(), 0, player.log())

    def test_the_watchdog_counts_and_an_end_does_not(self):
        self.service.crash('spot "a" .*', 2, signal.SIGABRT)
        for _ in range(2):
            with self.service.start() as player:
                self.service.wait_shown('spot "a" .*')
                self.assertEqual(player.stop(), 0, player.log())
        self.assertNotIn("crash", player.log())
        self.service.crash('spot "a" .*', 1, signal.SIGABRT)
        with self.service.start() as player:
            player.wait_log("spot left out after crashes")
            self.assertEqual(player.stop(), 0, player.log())

    def test_crashes_that_are_far_apart_are_none(self):
        self.service.crash('spot "a" .*', 4, after_s=31)
        self.service.wait_s(31)
        with self.service.start() as player:
            self.service.wait_shown('spot "a" .*')
            self.assertEqual(player.stop(), 0, player.log())
            self.assertIn("player crashed", player.log())

    def test_after_hours_it_is_tried_again_while_it_plays(self):
        self.service.crash('spot "a" .*')
        with self.service.start() as player:
            self.service.wait_shown('spot "b" .*')
            self.service.wait_s(6 * 3600)
            player.wait_log("info play_crash: trying again what was left out after crashes")
            self.service.wait_shown('spot "a" .*')
            self.assertEqual(player.stop(), 0, player.log())

    def test_so_is_a_playlist(self):
        self.service.crash('spot "a" .*')
        self.service.crash('spot "b" .*')
        with self.service.start() as player:
            self.service.wait_shown("the house card: .*crashed.*")
            self.service.wait_s(6 * 3600)
            self.service.wait_shown('spot "b" .*')
            self.service.wait_shown('spot "a" .*')
            self.assertEqual(player.stop(), 0, player.log())

    def test_without_a_folder_nothing_is_noted(self):
        shutil.rmtree(self.service.runtime)
        with self.service.start() as player:
            self.service.wait_shown('spot "a" .*')
            player.wait_log("warn play_crash: cannot use the notes of what was on screen .*No such file")
            self.assertEqual(player.stop(), 0, player.log())

    def test_notes_that_cannot_be_written_are_told_once(self):
        self.service.crash('spot "a" .*', 1)
        note = self.service.runtime / "on-screen"
        note.unlink()
        (note / "x").mkdir(parents=True)  # a folder that nothing can take the place of
        with self.service.start() as player:
            player.wait_log("cannot use the notes of what was on screen")
            self.service.wait_shown('spot "a" .*')
            self.service.wait_shown('spot "b" .*')
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("cannot note what is on screen"), 1, player.log())

    def test_a_second_player_leaves_them_alone(self):
        with self.service.start() as first:
            self.service.wait_shown('spot "a" .*')
            other = self.folder / "other"
            other.mkdir()
            env = {"RUNTIME_DIRECTORY": str(self.service.runtime)}
            with Player(other, self.list, "--at", MIDNIGHT, env=env) as second:
                second.wait_log("another player notes what is on its screen")
                second.wait_shown("a")
                self.assertEqual(second.stop(), 0, second.log())
            self.assertIn("running\n", (self.service.runtime / "on-screen").read_text())
            self.assertEqual(first.stop(), 0, first.log())

    def test_before_anything_is_shown(self):
        self.list.unlink()
        self.service.crash("the house card.*")
        self.write()
        with self.service.start() as player:
            player.wait_log("error play_crash: all playlists left out after crashes crashes=3 retry_after_min=10")
            self.service.wait_shown("the house card: the player crashed 3 times before it showed anything.*")
            self.service.wait_s(600)
            self.service.wait_shown('spot "a" .*')
            self.assertEqual(player.stop(), 0, player.log())


class OfAChannel(publishing.Publishing):
    def publish(self, name):
        png(self.folder / f"{name}.png", 64, 36, (220, 40, len(name)))
        self.write({name: {"image": f"{name}.png", "duration": 86400}}, name=name, timezone="UTC")
        self.put()

    def media(self, store):
        return {p.name for p in (store / "media").iterdir()}

    def test_then_the_previous_playlist_then_the_card(self):
        service = Service(self, self.folder, f"{self.base}/channels/seoul/", "--key", str(self.folder / "operator.pub"))
        self.publish("one")
        with service.start() as player:
            service.wait_shown('spot "one" .*')
            self.publish("two")
            service.wait_shown('spot "two" .*')
            self.assertEqual(player.stop(), 0, player.log())
        service.crash('spot "two" .*')
        service.crash("the house card")  # of that playlist, whose only spot is left out
        log = service.crash('spot "one" .*', 1)
        self.assertRegex(log, "error play_crash: playlist left out after crashes")
        self.assertRegex(log, 'warn rollout: going back to the previous playlist .*reason="the last one crashed')
        service.crash('spot "one" .*', 2)
        service.crash("the house card")
        with service.start() as player:
            player.wait_log("playlist left out after crashes")
            service.wait_shown("the house card.*")
            self.publish("three")
            service.wait_shown('spot "three" .*')
            self.assertEqual(player.stop(), 0, player.log())
        # Which is in force from now on, and has a previous one that is not taken.
        with service.start() as player:
            service.wait_shown('spot "three" .*')
            self.assertEqual(player.stop(), 0, player.log())
            self.assertNotIn("going back", player.log())

    def test_a_takeover_gives_way_to_the_playlist(self):
        service = Service(self, self.folder, f"{self.base}/channels/seoul/", "--key", str(self.folder / "operator.pub"))
        self.publish("one")
        notice = self.write({"notice": {"background": "#800000", "duration": 86400}}, name="notice", timezone="UTC")
        self.command = "takeover"
        self.run_it("on", notice, "--until", publishing.rfc3339(3600))
        service.crash('spot "notice" of takeover .*')
        service.crash("the house card")
        with service.start() as player:
            service.wait_shown('spot "one" of playlist .*')
            player.wait_log("reason=\"the playlist crashed the player again and again")  # it is still on the server
            service.wait_s(6 * 3600)
            service.wait_shown('spot "notice" of takeover .*')
            self.assertEqual(player.stop(), 0, player.log())

    def test_what_crashed_is_not_taken_again_from_the_server(self):
        service = Service(self, self.folder, f"{self.base}/channels/seoul/", "--key", str(self.folder / "operator.pub"))
        self.publish("one")
        with service.start() as player:
            service.wait_shown('spot "one" .*')
            self.publish("two")
            service.wait_shown('spot "two" .*')
            self.assertEqual(player.stop(), 0, player.log())
        service.crash('spot "two" .*')
        service.crash("the house card")
        with service.start() as player:
            service.wait_shown('spot "one" .*')
            player.wait_log("reason=\"the playlist crashed the player again and again")
            self.publish("four")
            service.wait_shown('spot "four" .*')
            self.assertEqual(player.stop(), 0, player.log())
            self.assertNotIn('name="two"', player.log())


class OfAUrl(Case):
    def test_the_previous_one_comes_back(self):
        server = servers.Hostile()
        self.addCleanup(server.stop)
        service = Service(self, self.folder, server.url("list.json"))

        def serve(name):
            playlist(self.list, {name: {"image": "a.png", "duration": 86400}}, name=name, timezone="UTC")
            server.files = {"list.json": self.list.read_bytes(), "a.png": (self.folder / "a.png").read_bytes()}
        serve("one")
        with service.start() as player:
            service.wait_shown('spot "one" .*')
            serve("two")
            service.wait_shown('spot "two" .*')
            self.assertEqual(player.stop(), 0, player.log())
        service.crash('spot "two" .*')
        service.crash("the house card")
        with service.start() as player:
            service.wait_shown('spot "one" .*')
            player.wait_log('warn feed_url: cannot check playlist, retrying .*reason="the playlist crashed the player again and again')
            self.assertEqual(player.stop(), 0, player.log())
        service.wait_s(6 * 3600)
        with service.start() as player:
            service.wait_shown('spot "two" .*')
            self.assertEqual(player.stop(), 0, player.log())


if __name__ == "__main__":
    tap.main()
