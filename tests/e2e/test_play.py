"""The player from end to end: a file on a screen, out of nothing but what an operator sees."""
import contextlib
import json
import signal
import tempfile
import unittest
from pathlib import Path

import tap
from clock import check_slots, in_time, until_it_keeps_up
from player import WAIT_S, Player, playlist, png, run

MIDNIGHT = "2026-02-06T00:00:00Z"
MIDNIGHT_MS = 1770336000000
RED, GREEN, BLUE = (200, 30, 40), (30, 180, 60), (40, 60, 200)


def turns(spots, slot_ms):
    """For check_slots: spots in turn since midnight."""
    def slot_of(ms):
        index = int((ms - MIDNIGHT_MS) // slot_ms)
        return spots[index % len(spots)], MIDNIGHT_MS + index * slot_ms
    return slot_of


class Folder(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        for name, color in (("red", RED), ("green", GREEN), ("blue", BLUE)):
            png(self.folder / f"{name}.png", 64, 36, color)
        self.list = self.folder / "playlist.json"


class Play(Folder):
    def test_loops_and_crossfades_in_order_at_the_right_instants(self):
        playlist(self.list, {"red": {"image": "red.png"}, "green": {"image": "green.png"}, "words": {"tagline": "작은 것"}},
                 defaults={"duration": 1.5, "transition": {"duration": 0.5}})
        until_it_keeps_up(self.folder, self.play_in_order)

    def play_in_order(self, env):
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--timezone", "UTC", "--for", "8", env=env) as player:
            player.end_well()
            frames = [f for f in player.frames() if f["to"]]
        check_slots(self, frames, turns(["red", "green", "words"], 1500))
        order = [f["to"] for i, f in enumerate(frames) if i == 0 or frames[i - 1]["to"] != f["to"]]
        self.assertEqual(order[:5], ["red", "green", "words", "red", "green"])
        for f in frames:
            at = float(f["show_ms"]) - MIDNIGHT_MS
            mix = float(f["mix"])
            self.assertTrue(0 <= mix <= 1)
            if f["from"] and at > 1600:  # the first picture fades in by itself; from then on the programme says when
                self.assertAlmostEqual(mix, (at % 1500) / 500, delta=0.01)
                self.assertEqual(f["to"], ["red", "green", "words"][int(at // 1500) % 3])
                self.assertEqual(f["from"], ["red", "green", "words"][int(at // 1500 - 1) % 3])
        shown = [float(f["show_ms"]) for f in frames]
        self.assertEqual(shown, sorted(shown))

    def test_a_boundary_is_a_crossfade_at_its_instant(self):
        playlist(self.list, {"red": {"image": "red.png"}, "green": {"image": "green.png"}},
                 defaults={"duration": 60, "transition": {"duration": 1}},
                 loops={"morning": ["red"], "day": ["green"]}, timezone="Asia/Seoul",
                 schedule=[{"loop": "morning", "end_time": "09:00"}], fallback="day")
        with Player(self.folder, self.list, "--at", "2026-02-06T08:59:57+09:00", "--for", "5.5") as player:
            self.assertEqual(player.process.wait(WAIT_S), 0)
            fades = [f for f in player.frames() if f["to"] == "green" and f["from"]]
        self.assertEqual({f["from"] for f in fades}, {"red"})
        self.assertTrue(fades)
        boundary = 1770336000000  # 09:00 in Seoul
        for f in fades:
            self.assertAlmostEqual(float(f["mix"]), (float(f["show_ms"]) - boundary) / 1000, delta=0.01)

    def test_a_still_scene_draws_nothing(self):
        playlist(self.list, {"red": {"image": "red.png", "duration": 3600}})
        with Player(self.folder, self.list, "--at", "2026-02-06T00:30:00Z", "--timezone", "UTC") as player:
            player.wait_shown("red")
            before = len(player.frames())
            (self.folder / "other").mkdir()
            second = Player(self.folder / "other", self.list, "--for", "2", frames=False)  # two seconds, on a clock that is not ours
            self.assertEqual(second.process.wait(WAIT_S), 0)
            self.assertEqual(len(player.frames()), before)

    def test_signals_end_it_well(self):
        playlist(self.list, {"red": {"image": "red.png"}})
        for sig in (signal.SIGTERM, signal.SIGINT):
            with Player(self.folder, self.list) as player:
                player.wait_shown("red")
                self.assertEqual(player.stop(sig), 0)
                self.assertNotIn("Sanitizer", player.log())

    def test_a_changed_file_is_taken_up(self):
        playlist(self.list, {"red": {"image": "red.png", "duration": 3600}})
        with Player(self.folder, self.list, "--at", MIDNIGHT) as player:
            player.wait_shown("red")
            playlist(self.folder / "new.json", {"green": {"image": "green.png", "duration": 3600}})
            (self.folder / "new.json").rename(self.list)
            player.wait_shown("green")
            self.assertTrue(any(f["from"] == "red" and f["to"] == "green" and 0 < float(f["mix"]) < 1
                                for f in player.frames()))

    def test_every_rotation_fit_and_motion_plays(self):
        spots = {f"{fit} {motion}": {"image": "red.png", "fit": fit, "motion": motion, "duration": 1, "focus": [0.1, 0.9]}
                 for fit in ("cover", "contain", "fill") for motion in ("none", "drift-in", "drift-out", "pan")}
        playlist(self.list, spots, defaults={"transition": {"type": "dissolve", "duration": 0.2}})
        until_it_keeps_up(self.folder, lambda env: self.play_in_every_rotation(list(spots), env))

    def play_in_every_rotation(self, spots, env):
        with contextlib.ExitStack() as stack:
            players = []
            for rotate in ("0", "90", "180", "270"):
                folder = self.folder / rotate
                folder.mkdir(exist_ok=True)
                players.append(stack.enter_context(Player(
                    folder, self.list, "--rotate", rotate, "--at", MIDNIGHT, "--for", "13", "--refresh", "10", env=env)))
            for player in players:
                player.end_well()
                self.assertNotIn("error", player.log())
                frames = [f for f in player.frames() if f["to"]]
                check_slots(self, frames, turns(spots, 1000), late_ms=900)
                self.assertEqual({f["to"] for f in frames}, set(spots))


class BadFile(Folder):
    def refused(self, text, *wanted):
        if text is not None:
            self.list.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = run("play", self.list, "--window", "160x90", "--for", "1", "--store", self.folder / "store")
        self.assertEqual(done.returncode, 1, done.stderr)
        for words in wanted:
            self.assertIn(words, done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)

    def test_every_fault_in_one_run(self):
        self.refused(json.dumps({"format": "duckling/1", "nam": 1, "spots": {
            "a": {"image": "red.png", "fit": "squeeze"}, "b": {"image": "red.png", "durration": 8},
            "c": {"image": "green.png", "duration": -1}}, "loops": {"l": ["a", "x"]}}),
            "$.nam", "$.spots.a.fit", "$.spots.b.durration", "$.spots.c.duration", "$.loops.l[1]")

    def test_duplicate_keys(self):
        self.refused('{"format":"duckling/1","spots":{"a":{"image":"red.png"},"a":{"image":"green.png"}}}', "$.spots.a")

    def test_no_json(self):
        self.refused("<html>captive portal</html>", "a web page (HTML), not a playlist")
        self.refused("the campaign of spring\n", "line 1")

    def test_empty(self):
        self.refused("", "playlist")

    def test_no_spots(self):
        self.refused('{"format":"duckling/1","spots":{}}', "$.spots")

    def test_invalid_utf8(self):
        self.refused(b'{"format":"duckling/1","name":"\xff\xfe","spots":{"a":{"tagline":"x"}}}', "UTF-8")

    def test_20_mb(self):
        self.refused('{"format":"duckling/1","name":"' + "x" * 20_000_000 + '"}', "1048576")

    def test_depth_10000(self):
        self.refused("[" * 10000 + "]" * 10000, "nested more than 16 deep")

    def test_missing_playlist(self):
        self.list = self.folder / "nowhere.json"
        self.refused(None, "nowhere.json")

    def test_usage(self):
        for arguments in (["play"], ["play", self.list, "--rotate", "45"], ["play", self.list, "--nonsense"],
                          ["play", self.list, "--window", "9x9"], ["dance"], []):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stderr))
            self.assertTrue(done.stderr)

    def test_bad_time_and_zone(self):
        playlist(self.list, {"red": {"image": "red.png"}})
        for option, status in ((["--at", "yesterday"], 2), (["--at", "2026-02-30T00:00:00Z"], 2), (["--timezone", "Mars/Olympus"], 2),
                               (["--speed", "1.5"], 2)):
            done = run("play", self.list, "--window", "160x90", "--for", "1", *option)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(option[0], done.stderr)

    def test_no_display(self):
        playlist(self.list, {"red": {"image": "red.png"}})
        for driver in ({"SDL_VIDEODRIVER": "x11"}, {"SDL_VIDEODRIVER": None}):
            done = run("play", self.list, "--for", "1", **driver)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("no display", done.stderr)


class BadMedia(Folder):
    """A picture that can't be shown costs its own slots; the one before it stays on."""

    def holds(self, words):
        playlist(self.list, {"red": {"image": "red.png"}, "bad": {"image": "bad.png"}, "green": {"image": "green.png"}},
                 defaults={"duration": 1, "transition": {"duration": 0.2}})
        until_it_keeps_up(self.folder, lambda env: self.play_and_hold(words, env))

    def play_and_hold(self, words, env):
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--for", "5", env=env) as player:
            player.end_well()
            frames = [f for f in player.frames() if f["to"]]
            check_slots(self, frames, turns(["red", "bad", "green"], 1000), late_ms=900, never=("bad",))
            in_time('spot="bad"' in player.log(), "the damaged picture was not tried")
            self.assertIn(words, player.log())
            self.assertEqual({f["to"] for f in frames}, {"red", "green"})

    def damage(self):
        """A picture whose header is right and whose pixels are not: only a worker finds out."""
        whole = bytearray((self.folder / "red.png").read_bytes())
        whole[45] ^= 0xff
        (self.folder / "bad.png").write_bytes(whole)

    def test_damaged(self):
        self.damage()
        self.holds("damaged")

    def test_the_next_spot_is_ready_and_a_damaged_one_is_told_once(self):
        self.damage()
        playlist(self.list, {"red": {"image": "red.png"}, "bad": {"image": "bad.png"}, "green": {"image": "green.png"}},
                 defaults={"duration": 1.5, "transition": {"duration": 0.7}})
        until_it_keeps_up(self.folder, self.play_over_a_damaged_one)

    def play_over_a_damaged_one(self, env):
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--timezone", "UTC", "--for", "10", env=env) as player:
            player.end_well()
            frames = [f for f in player.frames() if f["to"]]
            check_slots(self, frames, turns(["red", "bad", "green"], 1500), late_ms=0.2 * 700, never=("bad",))
            in_time('spot="bad"' in player.log(), "the damaged picture was not tried")
            self.assertEqual(player.log().count('spot="bad"'), 1, player.log())
            # Green fades in from red, which is held in the place of the damaged one, by the programme's own time.
            fades = [f for f in frames if f["to"] == "green" and f["from"]]
        self.assertEqual({f["from"] for f in fades}, {"red"})
        for f in fades:
            self.assertAlmostEqual(float(f["mix"]), ((float(f["show_ms"]) - MIDNIGHT_MS) % 1500) / 700, delta=0.01)

    def test_transitions_longer_than_slots_still_arrive(self):
        playlist(self.list, {"red": {"image": "red.png"}, "green": {"image": "green.png"}},
                 defaults={"duration": 1, "transition": {"duration": 10}})
        with Player(self.folder, self.list, "--at", MIDNIGHT) as player:
            player.wait_shown("red")
            player.wait_shown("green")

    def test_a_bad_first_spot_leaves_no_black_screen(self):
        self.damage()
        playlist(self.list, {"bad": {"image": "bad.png", "background": "#ff8000"}, "red": {"image": "red.png"}},
                 defaults={"duration": 1, "transition": {"duration": 0.2}})
        with Player(self.folder, self.list, "--at", MIDNIGHT) as player:
            player.wait_shown("red")


class Preview(Folder):
    def test_writes_pictures(self):
        playlist(self.list, {"red": {"image": "red.png"}, "green": {"image": "green.png", "tagline": {"ko": "작다", "en": "Small"}}})
        for name, options in (("one.png", ["--at", MIDNIGHT]), ("sheet.png", ["--sheet"]),
                              ("strip.png", ["--at", MIDNIGHT, "--strip", "--frames", "3"])):
            done = run("preview", self.list, "-o", self.folder / name, "--size", "320x180", *options)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue((self.folder / name).read_bytes().startswith(b"\x89PNG"))

    def test_says_what_is_wrong(self):
        done = run("preview", self.list, "-o", self.folder / "x.png")
        self.assertEqual(done.returncode, 1)
        playlist(self.list, {"red": {"image": "red.png"}})
        done = run("preview", self.list, "-o", self.folder / "no/such/folder.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("folder.png", done.stderr)
        done = run("preview", self.list)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    tap.main()
