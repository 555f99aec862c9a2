"""Films on a wall: at any instant each shows the picture that is on then, whatever it fades from or into, however it is turned or cut."""
import concurrent.futures
import contextlib
import math
import os
import random
import select
import signal
import tempfile
import unittest
from pathlib import Path

import films
import tap
from clock import check_slots, in_time, until_it_keeps_up
from player import WAIT_S, Player, children, playlist, png, run

MIDNIGHT = "2026-02-06T00:00:00Z"
MIDNIGHT_MS = 1770336000000
GREY = (128, 128, 128)
# Blocks are flat, so that codecs hardly change them.
TOLERANCE = 6
# A film's name: (pictures, a second, size, the first one's number).
FILMS = {
    "a": (50, 25, (160, 90), 100),       # 2 s
    "b": (45, 30, (160, 90), 21845),     # 1.5 s
    "c": (36, 24, (160, 90), 43690),     # 1.5 s
    "slow": (10, 10, (160, 90), 700),    # 1 s
    "short": (5, 25, (160, 90), 900),    # 0.2 s
    "tall": (50, 25, (90, 160), 300),
}


def setUpModule():
    global KEPT, MEDIA
    KEPT = tempfile.TemporaryDirectory()
    MEDIA = Path(KEPT.name)
    for name, (frames, fps, size, first) in FILMS.items():
        films.film(MEDIA / f"{name}.mp4", frames, fps, size, first)
    png(MEDIA / "grey.png", 160, 90, GREY)


def tearDownModule():
    KEPT.cleanup()


def frame_of(name, offset_ms):
    """The number of the picture that a film shows so long after its start."""
    frames, fps, _, first = FILMS[name]
    return first + min(max(math.floor(offset_ms * fps / 1000 + 1e-6), 0), frames - 1)


def clamp(value, low, high):
    return min(max(value, low), high)


class Wall:
    """What should be on a screen: a programme of one loop, laid from midnight on, and where each point of a film goes."""

    def __init__(self, spots, canvas=(160, 90), rotate=0):
        self.spots, self.canvas, self.rotate = spots, canvas, rotate
        self.lengths = {name: self.length_of(spot) for name, spot in spots.items()}

    @staticmethod
    def media_of(spot):
        return Path(spot["video"]).stem if "video" in spot else None

    def length_of(self, spot):
        fade = spot["transition"]["duration"] * 1000
        if "duration" in spot:
            return spot["duration"] * 1000
        frames, fps, _, _ = FILMS[self.media_of(spot)]
        return max(math.floor(frames * 1000 / fps) - fade, 1000)

    def slots(self, at_ms):
        """The slot that holds the instant, and the one before it: (spot, start, end, fade), ms since midnight."""
        names = list(self.spots)
        loop = sum(self.lengths.values())
        start, before = at_ms // loop * loop, None
        last = names[-1]
        if start > 0:
            before = (last, start - self.lengths[last], start, 0)
        while True:
            for name in names:
                length = self.lengths[name]
                fade = min(self.spots[name]["transition"]["duration"] * 1000, length / 2)
                slot = (name, start, start + length, fade)
                if at_ms < start + length:
                    return slot, before
                before, start = slot, start + length

    def fade_after(self, slot):
        names = list(self.spots)
        name = names[(names.index(slot[0]) + 1) % len(names)]
        return min(self.spots[name]["transition"]["duration"] * 1000, self.lengths[name] / 2)

    def crop(self, slot, at_ms):
        """The part of a spot's film that is seen, and the part of the canvas that it fills, in fractions: left, top, width, height."""
        spot = self.spots[slot[0]]
        across, down = FILMS[self.media_of(spot)][2]
        wide, high = self.canvas
        x, y, w, h = 0, 0, 1, 1
        box = (0, 0, 1, 1)
        focus = spot.get("focus", [0.5, 0.5])
        fit = spot.get("fit", "cover")
        if fit == "cover":
            scale = max(wide / across, high / down)
            w, h = wide / scale / across, high / scale / down
            x, y = clamp(focus[0] - w / 2, 0, 1 - w), clamp(focus[1] - h / 2, 0, 1 - h)
        elif fit == "contain":
            scale = min(wide / across, high / down)
            bw, bh = across * scale / wide, down * scale / high
            box = ((1 - bw) / 2, (1 - bh) / 2, bw, bh)
        at = ((focus[0] - x) / w, (focus[1] - y) / h)
        passed = clamp((at_ms - slot[1]) / (slot[2] - slot[1] + self.fade_after(slot)), 0, 1)
        zoom = {"none": 1, "drift-in": 1 + 0.08 * passed, "drift-out": 1.08 - 0.08 * passed, "pan": 1.08}[spot.get("motion", "none")]
        spare = 1 - 1 / zoom
        if spot.get("motion") == "pan":
            at = (at[0], passed) if high > wide else (passed, at[1])
        return (x + w * spare * at[0], y + h * spare * at[1], w / zoom, h / zoom), box

    def light(self, slot, at_ms, u, v):
        """How light the spot is at a point of the canvas; None near a block's edge."""
        spot = self.spots[slot[0]]
        if "image" in spot:
            return GREY[0]
        (x, y, w, h), (left, top, width, height) = self.crop(slot, at_ms)
        fx, fy = (u - left) / width, (v - top) / height
        if not (-0.02 < fx < 1.02 and -0.02 < fy < 1.02):
            return 0  # the ground beside it
        if not (0.02 < fx < 0.98 and 0.02 < fy < 0.98):
            return None
        fx, fy = (x + fx * w) * 4, (y + fy * h) * 4
        if min(fx % 1, fy % 1) < 0.12 or max(fx % 1, fy % 1) > 0.88:
            return None
        number = frame_of(self.media_of(spot), at_ms - slot[1])
        return 255 if number >> (int(fy) * 4 + int(fx)) & 1 else 0

    def wanted(self, at_ms, u, v):
        slot, before = self.slots(at_ms)
        to = self.light(slot, at_ms, u, v)
        passed = at_ms - slot[1]
        if not before or passed >= slot[3] or to is None:
            return to
        mix = passed / slot[3]
        mix = mix * mix * (3 - 2 * mix)
        out = self.light(before, at_ms, u, v)
        return None if out is None else out + (to - out) * mix

    def check(self, case, picture, at_ms, rows=8):
        """Holds a screen's picture against what should be there; a canvas 8 × 8 points, the first `rows` of them."""
        compared = 0
        for j in range(rows):
            for i in range(8):
                u, v = (i + 0.5) / 8, (j + 0.5) / 8
                wanted = self.wanted(at_ms, u, v)
                if wanted is None:
                    continue
                compared += 1
                x, y = u, v
                for _ in range(self.rotate // 90):
                    x, y = 1 - y, x
                seen = sum(picture.at(x, y)) / 3
                case.assertAlmostEqual(seen, wanted, delta=TOLERANCE, msg=f"{at_ms} ms, {self.slots(at_ms)}, at {u:.2f} {v:.2f}, "
                                       f"number {picture.number(turn=self.rotate)}")
        case.assertGreaterEqual(compared, 4)


class Films(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.list = self.folder / "playlist.json"
        for file in MEDIA.iterdir():
            os.link(file, self.folder / file.name)

    def write(self, spots, **more):
        playlist(self.list, spots, timezone="UTC", **more)

    def preview(self, at_ms, size=(160, 90), rotate=0, name="one"):
        at_ms = int(at_ms)
        moment = f"2026-02-06T{at_ms // 3600000:02}:{at_ms // 60000 % 60:02}:{at_ms // 1000 % 60:02}.{at_ms % 1000:03}Z"
        path = self.folder / f"{name}.png"
        done = run("preview", self.list, "-o", path, "--size", f"{size[0]}x{size[1]}", "--at", moment, "--rotate", rotate,
                   "--decode-timeout", "60")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return films.Picture(path)

    def previews(self, instants, **options):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda item: self.preview(item[1], name=f"p{item[0]}", **options), enumerate(instants)))


def fade(seconds):
    return {"type": "crossfade", "duration": seconds}


class Instants(Films):
    def test_at_any_instant_of_a_day_the_right_frame(self):
        spots = {
            "one": {"video": "a.mp4", "transition": fade(0.4)},
            "still": {"image": "grey.png", "duration": 1.5, "transition": fade(0.6)},
            "two": {"video": "b.mp4", "transition": fade(0.3)},
            "three": {"video": "c.mp4", "duration": 4, "transition": fade(0.5)},
            "again": {"video": "a.mp4", "transition": {"type": "cut", "duration": 0}},
            "slow": {"video": "slow.mp4", "duration": 1.2, "transition": fade(0)},
        }
        self.write(spots)
        wall = Wall(spots)
        loop = sum(wall.lengths.values())
        chance = random.Random(5)
        # All over the day, and within one loop as densely; never in the day's last slot, which midnight may cut.
        instants = [int(chance.randrange(86400000 - 20000)) for _ in range(36)]
        instants += [int(37 * loop + loop * (i + chance.random()) / 24) for i in range(24)]
        kinds = set()
        for at, picture in zip(instants, self.previews(instants)):
            wall.check(self, picture, at)
            slot, before = wall.slots(at)
            kinds.add((slot[0], before[0] if at - slot[1] < slot[3] else None))
        self.assertGreaterEqual(len(kinds), 9, kinds)

    def test_frames_of_one_run_of_preview(self):
        """One process, one film that goes on: as right as one for each instant."""
        spots = {"one": {"video": "a.mp4", "transition": fade(0.4)}, "two": {"video": "b.mp4", "transition": fade(0.4)}}
        self.write(spots)
        done = run("preview", self.list, "-o", self.folder / "f%d.png", "--size", "160x90", "--at", "2026-02-06T00:01:00Z",
                   "--frames", 30, "--fps", 8, "--decode-timeout", "60")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for i in range(30):
            Wall(spots).check(self, films.Picture(self.folder / f"f{i:04}.png"), 60000 + i * 125)


class Mixes(Films):
    def frames_at(self, spots, at_ms):
        """A preview in the middle of a transition, and the two pictures that it is made of, each drawn by itself."""
        self.write(spots)
        wall = Wall(spots)
        slot, before = wall.slots(at_ms)
        mixed = self.preview(at_ms)
        alone = []
        for name, start, *_ in (before, slot):
            spot = {**spots[name], "transition": {"type": "cut", "duration": 0}, "duration": 60}
            self.write({name: spot})
            alone.append(self.preview(at_ms - start))
        return mixed, alone

    def half_way(self, spots, incoming=None):
        """`incoming`: the color of the second spot, whose text is not there yet half-way."""
        wall = Wall(spots)
        length, following = (wall.lengths[name] for name in list(spots)[:2])
        duration = min(list(spots.values())[1]["transition"]["duration"] * 1000, following / 2)
        at = int(length + duration / 2)
        self.assertEqual(at, length + duration / 2)
        mixed, (out, to) = self.frames_at(spots, at)
        seen = bytes(incoming) * (len(to.bytes) // 3) if incoming else to.bytes
        apart = [abs(m - (a + b) / 2) for m, a, b in zip(mixed.bytes, out.bytes, seen)]
        self.assertLessEqual(max(apart), 2)
        self.assertNotEqual(out.bytes, to.bytes)
        return out, to

    def test_film_to_film(self):
        out, to = self.half_way({"one": {"video": "a.mp4", "transition": fade(1)}, "two": {"video": "b.mp4", "transition": fade(0.4)}})
        self.assertEqual((out.number(), to.number()), (frame_of("a", 1200), frame_of("b", 200)))

    def test_film_to_still(self):
        out, to = self.half_way({"one": {"video": "a.mp4", "transition": fade(0.6)},
                                 "two": {"image": "grey.png", "duration": 2, "transition": fade(0.6)}})
        self.assertEqual(out.number(), frame_of("a", 1700))
        self.assertEqual(set(to.bytes), {128})

    def test_still_to_film(self):
        out, to = self.half_way({"two": {"image": "grey.png", "duration": 2, "transition": fade(0.6)},
                                 "one": {"video": "b.mp4", "transition": fade(0.2)}})
        self.assertEqual(set(out.bytes), {128})
        self.assertEqual(to.number(), frame_of("b", 100))

    def test_films_with_taglines(self):
        style = {"tagline": {"en": "Small"}, "background": "#204060"}
        self.half_way({"one": {"video": "a.mp4", "transition": fade(0.6), **style},
                       "two": {"video": "c.mp4", "transition": fade(0.4), **style}})

    def test_film_to_tagline_on_color(self):
        color = (0xff, 0x6a, 0)
        _, to = self.half_way({"one": {"video": "a.mp4", "transition": fade(0.6)},
                               "two": {"tagline": {"en": "Small"}, "background": "#ff6a00", "duration": 2, "transition": fade(0.6)}},
                              color)
        self.assertEqual(tuple(to.bytes[:3]), color)
        self.assertGreater(len(set(to.bytes)), 3)  # its text

    def test_a_film_into_itself(self):
        spots = {"one": {"video": "a.mp4", "transition": fade(0.6)}}
        self.write(spots)
        for at in (1400 * 5 + 300, 1400 * 5 + 80, 1400 * 5 + 599, 1400 * 6 - 1):
            Wall(spots).check(self, self.preview(at), at)

    def test_a_tagline_leaves_the_film_above_it_alone(self):
        spots = {"one": {"video": "a.mp4", "transition": fade(0.4), "tagline": {"en": "Small"}}}
        self.write(spots, styles={"s": {"size": 0.06, "position": "bottom-left", "shadow": False}}, defaults={"tagline_style": "s"})
        for at in (1700, 2950):
            Wall(spots).check(self, self.preview(at), at, rows=5)


class Ends(Films):
    def test_the_last_frame_holds(self):
        spots = {"one": {"video": "a.mp4", "duration": 7, "transition": fade(0.5)},
                 "two": {"video": "b.mp4", "duration": 5, "transition": fade(1)}}
        self.write(spots)
        # In the slot, and in the transition after it.
        for at in (1960, 1999, 2000, 2500, 6999, 7500, 7900, 8400, 8700):
            Wall(spots).check(self, self.preview(at), at)

    def test_shorter_than_its_transition(self):
        spots = {"one": {"video": "short.mp4", "transition": fade(4)}, "two": {"video": "a.mp4", "transition": fade(1)}}
        self.write(spots)
        # One second each, so that half of it is transition.
        for at in (30, 150, 400, 999, 1100, 1499, 1600, 1999):
            Wall(spots).check(self, self.preview(60000 + at), 60000 + at)


class Shapes(Films):
    def check(self, spot, at, screen=(160, 90), rotate=0):
        spots = {"one": {"duration": 3, "transition": fade(0.4), **spot}, "two": {"image": "grey.png", "duration": 1, "transition": fade(0.4)}}
        self.write(spots)
        canvas = screen if rotate % 180 == 0 else screen[::-1]
        Wall(spots, canvas, rotate).check(self, self.preview(at, screen, rotate), at)

    def test_turned_screens(self):
        for rotate in (90, 180, 270):
            with self.subTest(rotate=rotate):
                self.check({"video": "a.mp4", "fit": "fill"}, 1500, rotate=rotate)
        self.check({"video": "tall.mp4"}, 1500, rotate=90)
        self.check({"video": "tall.mp4"}, 1500, screen=(90, 160))

    def test_fit(self):
        for fit in ("cover", "contain", "fill"):
            for media, screen in (("a", (90, 160)), ("tall", (160, 90)), ("a", (200, 90))):
                with self.subTest(fit=fit, media=media, screen=screen):
                    self.check({"video": f"{media}.mp4", "fit": fit}, 1160, screen)

    def test_focus(self):
        for focus in ([0, 0.5], [1, 0.5], [0.3, 0.9]):
            with self.subTest(focus=focus):
                self.check({"video": "a.mp4", "focus": focus}, 1160, (90, 160))
                self.check({"video": "tall.mp4", "focus": focus[::-1]}, 1160, rotate=180)

    def test_motion(self):
        for motion in ("drift-in", "drift-out", "pan"):
            for at in (500, 2900, 8000 + 2600):
                with self.subTest(motion=motion, at=at):
                    self.check({"video": "a.mp4", "motion": motion, "focus": [0.1, 0.8]}, at, (90, 160) if at == 2900 else (320, 180))

    def test_a_file_for_each_shape(self):
        spots = {"one": {"video": {"landscape": "a.mp4", "portrait": "tall.mp4"}, "transition": fade(0.4)}}
        self.write(spots)
        self.assertEqual(self.preview(1000).number(), frame_of("a", 1000))
        self.assertEqual(self.preview(1000, (90, 160)).number(), frame_of("tall", 1000))


class Running(Films):
    def children(self, player):
        return children(player.process.pid)

    def check_left_nothing(self, player, children):
        self.assertEqual([pid for pid in children if Path(f"/proc/{pid}").exists()], [])
        self.assertNotIn("error", player.log())
        self.assertNotIn("Sanitizer", player.log())

    def check_smooth(self, frames, runs, most_ms=100):
        """While something runs, runs(ms since midnight), there is another frame within this, by the show's own time."""
        found = [float(f["show_ms"]) - MIDNIGHT_MS for f in frames]
        running = [(a, b) for a, b in zip(found, found[1:]) if runs(a) and runs(a + most_ms)]
        in_time(len(running) > 30, f"only {len(running)} frames were seen")
        late = [(a, b) for a, b in running if b - a > most_ms]
        in_time(not late, f"nothing was drawn from one of these to the other: {late}")

    def test_films_play_into_each_other(self):
        """By the programme's own time: each film's first frame is there before its slot begins."""
        spots = {"one": {"video": "a.mp4", "duration": 3, "transition": fade(1)}, "two": {"video": "b.mp4", "duration": 3, "transition": fade(1)},
                 "still": {"image": "grey.png", "duration": 3, "transition": fade(1)}}
        self.write(spots)
        wall = Wall(spots)
        until_it_keeps_up(self.folder, lambda env: self.play_into_each_other(wall, env))

    def play_into_each_other(self, wall, env):
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--for", "11.5", env=env) as player:
            player.end_well()
            frames = [f for f in player.frames() if float(f["show_ms"]) - MIDNIGHT_MS > 3010]
            self.assertNotIn("error", player.log())
            self.assertNotIn("film ends early", player.log())
        def slot_of(ms):
            (name, start, *_), _ = wall.slots(ms - MIDNIGHT_MS)
            return name, start + MIDNIGHT_MS
        check_slots(self, frames, slot_of, late_ms=200)
        fades = set()
        for f in frames:
            at = float(f["show_ms"]) - MIDNIGHT_MS
            slot, before = wall.slots(at)
            if not f["from"]:
                self.assertEqual(f["to"], slot[0], f)
                continue
            fades.add((f["from"], f["to"]))
            self.assertEqual((f["from"], f["to"]), (before[0], slot[0]), f)
            self.assertAlmostEqual(float(f["mix"]), (at - slot[1]) / slot[3], delta=0.01, msg=str(f))
        self.assertEqual(fades, {("one", "two"), ("two", "still"), ("still", "one")})
        self.check_smooth(frames, lambda at: 3010 < at and (at % 3000 < 1000 or 3000 < at % 9000 < 4500))

    def test_a_film_alone_runs_into_itself(self):
        self.write({"one": {"video": "b.mp4", "transition": fade(0.3)}})
        until_it_keeps_up(self.folder, self.play_into_itself)

    def play_into_itself(self, env):
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--for", "5", env=env) as player:
            player.end_well()
            frames = [f for f in player.frames() if f["to"] == "one"]
            self.assertNotIn("error", player.log())
        in_time(any(f["from"] == "one" for f in frames), "no frame of a crossfade was seen")
        # It begins anew in each slot: more pictures than the film has.
        in_time(len(frames) > 60, f"only {len(frames)} frames were seen")
        self.check_smooth(frames, lambda at: at > 1300)

    def test_a_held_frame_costs_nothing(self):
        self.write({"one": {"video": "short.mp4", "duration": 3600, "transition": fade(0)}})
        with Player(self.folder, self.list, "--at", MIDNIGHT) as player:
            player.wait_shown("one")
            # The worker has said all and is gone, but for the next slot's, which waits.
            before = player.frames()
            (self.folder / "other").mkdir()
            with Player(self.folder / "other", self.list, "--for", "2", frames=False) as other:
                self.assertEqual(other.process.wait(WAIT_S), 0)
            used = self.processor_s(player.process.pid)
            with Player(self.folder / "other", self.list, "--for", "2", frames=False) as other:
                self.assertEqual(other.process.wait(WAIT_S), 0)
            self.assertLess(self.processor_s(player.process.pid) - used, 1)
            self.assertLessEqual(len(player.frames()) - len(before), 8)

    @staticmethod
    def processor_s(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_signals_in_the_middle_of_a_film_and_of_two(self):
        self.write({"one": {"video": "a.mp4", "transition": fade(0.7)}, "two": {"video": "b.mp4", "transition": fade(0.7)}})
        for both in (False, True):
            with Player(self.folder, self.list, "--at", MIDNIGHT, "--decode-timeout", "60") as player:
                player.wait_frame(lambda f: f["to"] in ("one", "two") and (f["from"] in ("one", "two")) == both and float(f["mix"]) > 0.2,
                                  "a film, or two")
                children = self.children(player)
                self.assertTrue(children)
                player.process.send_signal(signal.SIGTERM)
                self.assertEqual(player.process.wait(WAIT_S), 0)
                player.stop()
                self.check_left_nothing(player, children)

    def test_a_player_that_is_killed_takes_its_workers_along(self):
        self.write({"one": {"video": "a.mp4", "duration": 3600}})
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--decode-timeout", "60") as player:
            player.wait_shown("one")
            handles = []
            for pid in self.children(player):
                with contextlib.suppress(ProcessLookupError):  # ended by itself
                    handles.append(os.pidfd_open(pid))
            self.assertTrue(handles)
            player.process.kill()
            player.process.wait()
            with contextlib.ExitStack() as stack:
                for handle in handles:
                    stack.callback(os.close, handle)
                    poll = select.poll()
                    poll.register(handle, select.POLLIN)
                    self.assertTrue(poll.poll(WAIT_S * 1000), "a worker lives on")

    def test_a_swap_in_the_middle_of_films(self):
        self.write({"one": {"video": "a.mp4", "transition": fade(0.7)}, "two": {"video": "b.mp4", "transition": fade(0.7)}})
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--decode-timeout", "60") as player:
            for name, condition in (("three", lambda f: f["from"] == "one" and f["to"] == "two"),
                                    ("four", lambda f: f["to"] == "three" and float(f["mix"]) >= 1)):
                player.wait_frame(condition, "the moment to swap")
                new = self.folder / "new.json"
                playlist(new, {name: {"video": "c.mp4", "duration": 2, "transition": fade(0.4)}}, timezone="UTC")
                new.rename(self.list)
                player.wait_shown(name)
            self.assertLessEqual(len(self.children(player)), 4)
            self.assertEqual(player.stop(), 0)
            self.assertNotIn("error", player.log())
            shown = [f["to"] for f in player.frames()]
        self.assertEqual(shown, sorted(shown, key=lambda name: (name not in ("", "one", "two"), name == "four")))

    def test_many_plays_leave_nothing_behind(self):
        self.write({"one": {"video": "short.mp4", "duration": 1, "transition": fade(0.2)},
                    "two": {"video": "slow.mp4", "duration": 1, "transition": fade(0.2)}})
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--for", "14", "--decode-timeout", "60") as player:
            def held(after_s):
                player.wait_frame(lambda f: float(f["show_ms"]) - MIDNIGHT_MS > after_s * 1000 and float(f["mix"]) >= 1, "a moment")
                return len(os.listdir(f"/proc/{player.process.pid}/fd")), len(self.children(player))
            first, last = held(3.3), held(12.3)
            self.assertEqual(player.process.wait(WAIT_S), 0)
        self.assertLessEqual(abs(last[0] - first[0]), 4, (first, last))
        self.assertLessEqual(last[1], 4)


if __name__ == "__main__":
    tap.main()
