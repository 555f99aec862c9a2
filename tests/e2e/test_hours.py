"""Operating hours and dimming: what is on screen at the edges of the hours, and what is not."""
import csv
import json
import tempfile
import unittest
from pathlib import Path

import player
import tap
from player import Player, playlist
from publishing import make_key, rfc3339
from test_screen import read_png


class Hours(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.list = self.folder / "p.json"
        playlist(self.list, {"a": {"background": "#804020", "duration": 5}, "b": {"background": "#204080", "duration": 5}},
                 timezone="Asia/Seoul")

    def play(self, *options, at, **more):
        screen = Player(self.folder, self.list, "--at", at, *options, env={"TZ": "UTC", "TZDIR": str(player.TOP / "build/zoneinfo")}, **more)
        self.addCleanup(screen.stop)
        return screen

    def test_it_fades_out_at_closing_time_and_back_in(self):
        """Closed for three seconds of the show clock, in the zone of the playlist."""
        screen = self.play("--operating-hours", "00:00-12:00, 12:01-24:00", "--speed", "10", at="2026-11-30T11:59:30+09:00")
        screen.wait_log(r"screen black, outside operating hours until=2026-11-30T12:01:00\+09:00")
        closed = screen.frames()
        screen.wait_log("screen on again")
        screen.wait_frame(lambda f: float(f["show_ms"]) > 1796007660000 and float(f["dim"]) == 1, "bright again")
        self.assertEqual(screen.stop(), 0)
        frames = screen.frames()
        self.assertEqual(float(closed[-1]["dim"]), 0)
        self.assertEqual(float(closed[0]["dim"]), 1)
        fading = [float(f["dim"]) for f in closed if 0 < float(f["dim"]) < 1]
        self.assertEqual(fading, sorted(fading, reverse=True))
        self.assertGreater(len(fading), 3)
        back = [float(f["dim"]) for f in frames[len(closed):]]
        self.assertEqual(back, sorted(back))
        self.assertEqual(back[-1], 1)

    def test_it_starts_black_and_presents_nothing_while_closed(self):
        screen = self.play("--operating-hours", "Mo-Fr 07:00-23:00", at="2026-11-29T12:00:00+09:00")
        screen.wait_log(r"screen black, outside operating hours until=2026-11-30T07:00:00\+09:00")
        screen.wait_frame(lambda f: True, "a black one")
        frames = screen.frames()
        self.assertEqual({float(f["dim"]) for f in frames}, {0})
        self.assertEqual(screen.stop(), 0)
        self.assertEqual(len(screen.frames()), len(frames))

    def test_the_zone_of_the_option_wins(self):
        screen = self.play("--operating-hours", "07:00-23:00", "--timezone", "America/New_York", at="2026-11-30T15:00:00+09:00")
        screen.wait_log(r"screen black, outside operating hours until=2026-11-30T07:00:00-05:00")
        self.assertEqual(screen.stop(), 0)

    def test_dimming(self):
        screen = self.play("--dimming", "12:00-18:00 0.4", at="2026-11-30T11:59:58+09:00")
        screen.wait_frame(lambda f: float(f["dim"]) == 0.4, "dimmed")
        self.assertEqual(screen.stop(), 0)
        levels = [float(f["dim"]) for f in screen.frames()]
        self.assertEqual((levels[0], levels[-1]), (1, 0.4))
        self.assertEqual(levels, sorted(levels, reverse=True))

    def test_dim_of_a_daypart(self):
        """The brightness goes along with the transition, both ways, on top of what the player dims; preview and explain know."""
        data = {"format": "duckling/1", "timezone": "UTC", "defaults": {"transition": {"type": "crossfade", "duration": 1}},
                "spots": {"a": {"background": "#808080", "duration": 4}, "b": {"background": "#808080", "duration": 4}},
                "loops": {"a": ["a"], "b": ["b"]}, "schedule": [{"loop": "a", "dim": 0.5}, {"loop": "b"}]}
        self.list.write_text(json.dumps(data))
        screen = self.play("--dimming", "00:00-24:00 0.8", at="2026-11-30T00:00:02Z")
        begin_ms = float(screen.wait_frame(lambda f: True, "a frame")["show_ms"])
        screen.wait_frame(lambda f: f["to"] == "a" and f["from"] == "" and float(f["show_ms"]) > begin_ms + 6000, "the first again")
        self.assertEqual(screen.stop(), 0)
        for frame in screen.frames():
            elapsed = float(frame["show_ms"]) % 4000 / 1000
            if frame["from"] and frame["from"] != "*" and float(frame["mix"]) < 1:
                rises = frame["to"] == "b"
                eased = elapsed * elapsed * (3 - 2 * elapsed)
                self.assertAlmostEqual(float(frame["dim"]), 0.8 * (0.5 + 0.5 * (eased if rises else 1 - eased)), 2, frame)
            elif elapsed > 1:
                self.assertEqual(float(frame["dim"]), 0.4 if frame["to"] == "a" else 0.8, frame)
        for at, level in (("00:00:02", 64), ("00:00:06", 128)):
            done = player.run("preview", self.list, "--at", f"2026-11-30T{at}Z", "--size", "64x64", "-o", self.folder / "p.png")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertAlmostEqual(read_png(self.folder / "p.png")[4][4][0], level, delta=1)
        done = player.run("explain", self.list, "--at", "2026-11-30T00:00:02Z")
        self.assertIn("dimmed to 50 %", done.stdout)

    def test_it_ends_while_closed(self):
        screen = self.play("--operating-hours", "off", "--for", "1", at="2026-11-29T12:00:00+09:00")
        self.assertEqual(screen.process.wait(player.WAIT_S), 0)
        self.assertIn("outside operating hours until=unknown", screen.log())

    def test_another_playlist_brings_its_zone(self):
        """It is 20:00 in Seoul, 6 o'clock in New York."""
        screen = self.play("--operating-hours", "07:00-23:00", "--poll", "0.1", at="2026-11-30T20:00:00+09:00")
        screen.wait_frame(lambda f: float(f["dim"]) == 1, "open in Seoul")
        playlist(self.list, {"c": {"background": "#ffffff"}}, timezone="America/New_York")
        screen.wait_log(r"screen black, outside operating hours until=2026-11-30T07:00:00-05:00")
        self.assertEqual(screen.stop(), 0)

    def test_a_picture_at_rest_moves_a_pixel_each_minute(self):
        playlist(self.list, {"a": {"background": "#804020", "duration": 86400}}, timezone="UTC")
        for shift, moves in (("4", True), ("0", False)):
            with self.subTest(shift):
                screen = self.play("--pixel-shift", shift, "--speed", "60", "--for", "4", at="2026-11-30T11:58:30Z")
                screen.wait_frame(lambda f: float(f["mix"]) == 1, "at rest")
                screen.end_well()
                minutes = [float(f["show_ms"]) // 60000 for f in screen.frames() if float(f["mix"]) == 1]
                self.assertEqual(len(set(minutes)) > 2, moves, minutes)

    def test_bandwidth(self):
        screen = self.play("--bandwidth", "1M", "--bandwidth-hours", "12:00-18:00 200k", at="2026-11-30T11:59:58+09:00")
        first = screen.wait_log("bandwidth of downloads bytes_per_s=1000000$")
        screen.wait_log("bandwidth of downloads bytes_per_s=200000$", after=first)
        self.assertEqual(screen.stop(), 0)

    def on_channel(self, *arguments):
        done = player.run(*arguments, "--to", self.folder / "base", "--channel", "c", "--key", self.folder / "operator.key")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_takeover_wakes_only_where_it_may(self):
        make_key(self.folder)
        (self.folder / "base").mkdir()
        notice = self.folder / "notice.json"
        playlist(notice, {"notice": {"background": "#c00000"}})
        self.on_channel("publish", self.list)
        screens = []
        for name, more in (("obeys", ()), ("wakes", ("--takeover-wakes",))):
            folder = self.folder / name
            folder.mkdir()
            screen = Player(folder, str(self.folder / "base/channels/c") + "/", "--key", str(self.folder / "operator.pub"),
                            "--operating-hours", "off", *more)
            self.addCleanup(screen.stop)
            screen.wait_log("screen black, outside operating hours until=unknown")
            screens.append(screen)
        obeys, wakes = screens
        self.on_channel("takeover", "on", notice, "--until", rfc3339(86400))
        wakes.wait_log("screen on again")
        wakes.wait_frame(lambda f: f["to"] == "notice" and float(f["dim"]) == 1, "the notice")
        obeys.wait_log("now playing kind=takeover")
        self.on_channel("takeover", "off")
        wakes.wait_log("screen black, outside operating hours", wakes.wait_log("screen on again"))
        obeys.wait_log("now playing kind=playlist", obeys.wait_log("now playing kind=takeover"))
        self.assertEqual([screen.stop() for screen in screens], [0, 0])
        self.assertEqual({float(f["dim"]) for f in obeys.frames()}, {0})

    def ask(self, command, *options):
        done = player.run(command, self.list, *options, "--operating-hours", "Mo-Fr 07:00-23:00", TZ="UTC", TZDIR=str(player.TOP / "build/zoneinfo"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_explain_says_whether_the_screen_is_on(self):
        self.assertIn("\nscreen  on, until 2026-11-30T23:00:00+09:00 (in 11 hours)\n", self.ask("explain", "--at", "2026-11-30T12:00"))
        self.assertIn("\nscreen  off, outside operating hours, until 2026-11-30T07:00:00+09:00 (in 19 hours)\n",
                      self.ask("explain", "--at", "2026-11-29T12:00"))

    def test_guide_says_whether_the_screen_is_on(self):
        around = ("--from", "2026-11-30T06:59:53", "--to", "2026-11-30T07:00:07")
        slots = [json.loads(line) for line in self.ask("guide", *around, "--format", "json").splitlines()]
        self.assertEqual([slot["screen"] for slot in slots], ["off", "off", "on", "on"])
        table = self.ask("guide", *around).splitlines()
        self.assertRegex(table[0], "^start +length +screen +spot +daypart +loop$")
        self.assertRegex(table[1], r"^2026-11-30T06:59:50\+09:00 +0:00:05 +off +[ab] ")
        rows = list(csv.DictReader(self.ask("guide", *around, "--format", "csv").splitlines()))
        self.assertEqual([row["screen"] for row in rows], ["off", "off", "on", "on"])


if __name__ == "__main__":
    tap.main()
