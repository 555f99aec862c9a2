"""A box that is hot or short of memory: what a player does without, and what its log says. The kernel's files are the test's, laid over
the machine's own in a namespace of mounts."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from clock import Clock
from player import Player, playlist, png

MIDNIGHT = "2026-02-06T00:00:00Z"
MIDNIGHT_MS = 1770336000000


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.thermal, self.pressure = self.folder / "thermal", self.folder / "pressure"
        zone = self.thermal / "thermal_zone0"
        zone.mkdir(parents=True)
        self.temperature = zone / "temp"
        for name, text in (("type", "cpu-thermal"), ("temp", "40000"), ("trip_point_0_type", "passive"), ("trip_point_0_temp", "75000"),
                           ("trip_point_1_type", "critical"), ("trip_point_1_temp", "95000")):
            (zone / name).write_text(text + "\n")
        self.set_pressure(0, 0)
        lay = f'mount --bind {self.thermal} /sys/class/thermal && mount --bind {self.pressure} /proc/pressure/memory'
        self.before = ("unshare", "--mount", "sh", "-c", lay + ' && exec "$@"', "sh")
        if os.geteuid() != 0 or not shutil.which("unshare") or not Path("/proc/pressure/memory").exists():
            self.skipTest("needs root, unshare, and a kernel with pressure stall information")
        if subprocess.run([*self.before, "true"], capture_output=True).returncode:
            self.skipTest("mounts are forbidden here")
        self.list = self.folder / "playlist.json"
        for name in "ab":
            png(self.folder / f"{name}.png", 320, 180, lambda x, y: (x % 256, y % 256, 80))
        playlist(self.list, {n: {"image": f"{n}.png", "motion": "pan", "duration": 2} for n in "ab"}, timezone="UTC",
                 defaults={"transition": {"type": "cut", "duration": 0}})
        self.clock = Clock(self.folder)

    def set_pressure(self, some, full):
        """In place: the file is a mount."""
        with open(self.pressure, "w" if not self.pressure.exists() else "r+") as file:
            file.write("".join(f"{name} avg10={value:05.2f} avg60=00.00 avg300=00.00 total=0\n" for name, value in (("some", some), ("full", full))))

    def set_celsius(self, celsius):
        self.temperature.write_text(f"{celsius * 1000}\n")

    def play(self):
        return Player(self.folder, self.list, "--at", MIDNIGHT, before=self.before, env=self.clock.environment())

    def jump(self, player, to_s):
        """Lets it have its looks, which are five seconds apart, and then more than the minute that it takes."""
        before_ms = self.shown_ms(player)
        self.wait_shown_ms(player, before_ms + 14000)
        self.clock.set(0, mono_s=to_s)
        self.wait_shown_ms(player, before_ms + 300000)
        self.wait_shown_ms(player, self.shown_ms(player) + 14000)

    def shown_ms(self, player):
        return float(player.frames()[-1]["show_ms"])

    def wait_shown_ms(self, player, ms):
        player.wait_frame(lambda f: float(f["show_ms"]) > ms, f"what is on at {ms}")

    def slots(self, player, after_ms=0):
        """How many frames each slot had, but for the first and the last one that is known, which are not whole."""
        counts = {}
        for frame in player.frames():
            if float(frame["show_ms"]) >= after_ms and frame["to"]:
                slot = int((float(frame["show_ms"]) - MIDNIGHT_MS) // 2000)
                counts[slot] = counts.get(slot, 0) + 1
        return [counts[slot] for slot in sorted(counts)[1:-1]]

    def wait_slots(self, player, count):
        """The frames of so many slots that begin from now on."""
        shown = player.frames()
        now_ms = float(shown[-1]["show_ms"]) if shown else MIDNIGHT_MS
        player.wait_frame(lambda f: float(f["show_ms"]) > now_ms + (count + 2) * 2000, f"{count} slots more")
        return self.slots(player, now_ms)


class Heat(Case):
    def test_motion_stops_and_comes_back(self):
        with self.play() as player:
            player.wait_shown("b")
            self.assertGreater(max(self.wait_slots(player, 2)), 6)
            self.set_celsius(80)
            at = player.wait_log('warn play_comfort: box is hot, showing no motion zone="cpu-thermal" celsius=80 limit_celsius=75')
            self.assertLess(max(self.wait_slots(player, 2)), 5)
            self.set_celsius(86)
            at = player.wait_log('error play_comfort: box is very hot, showing half the frames and no motion zone="cpu-thermal" celsius=86 limit_celsius=85', at)
            self.set_celsius(50)
            self.jump(player, 400)  # from very hot to hot
            self.jump(player, 800)
            player.wait_log("info play_comfort: box has cooled down, showing motion again", at)
            self.assertGreater(max(self.wait_slots(player, 2)), 6)
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("play_comfort"), 3, player.log())


class Memory(Case):
    def test_pictures_are_made_late_and_all_come(self):
        with self.play() as player:
            player.wait_shown("a")
            self.set_pressure(40, 12)
            at = player.wait_log("warn play_comfort: memory is short, making pictures only shortly before they are shown some_percent=40 full_percent=12")
            self.assertEqual(len(self.wait_slots(player, 2)[:2]), 2)
            self.assertLessEqual({"a", "b"}, {f["to"] for f in player.frames()[-200:]})
            self.set_pressure(0, 0)
            self.jump(player, 400)
            player.wait_log("info play_comfort: memory is enough again", at)
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("play_comfort"), 2, player.log())


if __name__ == "__main__":
    tap.main()
