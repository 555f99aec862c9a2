"""Films that are none, or worse: each costs its own slot at most. The player goes on, what moves goes on moving, and the log says why."""
import itertools
import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import films
import tap
from clock import in_time, until_it_keeps_up
from player import DUCKLING, TOP, WAIT_S, Player, playlist, png

MIDNIGHT = "2026-02-06T00:00:00Z"
MIDNIGHT_MS = 1770336000000
PROBE = TOP / "build" if DUCKLING.parent == TOP / "build/asan" else DUCKLING.parent
GAP_MS = 100
SLOT_MS, FADE_MS = 1500, 600
PLAYS = 1000


def setUpModule():
    global KEPT, MEDIA
    KEPT = tempfile.TemporaryDirectory()
    MEDIA = Path(KEPT.name)
    # The index in front, so that a film that is cut off can begin; and behind, so that it can't.
    films.film(MEDIA / "front.mp4", 25, size=(64, 36), options=("-movflags", "+faststart"))
    films.film(MEDIA / "behind.mp4", 25, size=(64, 36))
    films.film(MEDIA / "cues.mkv", 25, size=(64, 36))
    films.film(MEDIA / "tiny.mp4", 3, size=(64, 36))
    png(MEDIA / "still.png", 160, 90, lambda x, y: (x, 2 * y, 90))


def tearDownModule():
    KEPT.cleanup()


def cut(name, kilobyte):
    data = (MEDIA / name).read_bytes()
    return data[:max(len(data) * kilobyte // 12, 1)]


def flipped(name, seed):
    """A few bits in each kilobyte: the same ones in each run."""
    data, state = bytearray((MEDIA / name).read_bytes()), seed
    for start in range(0, len(data), 1024):
        for _ in range(1 + seed % 3):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
            place = start + (state >> 33) % 1024
            if place < len(data):
                data[place] ^= 1 << (state >> 29) % 8
    return bytes(data)


def with_box(name, kind, change):
    """A film with one of its boxes changed in place."""
    data = bytearray((MEDIA / name).read_bytes())
    at = data.index(kind)
    change(data, at - 4)
    return bytes(data)


def put(place, shape, *values):
    return lambda data, box: struct.pack_into(shape, data, box + place, *values)


def many_streams():
    """A thousand of them, all alike."""
    target = MEDIA / "streams.mp4"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(MEDIA / "tiny.mp4"), *["-map", "0:v"] * 1000, "-c", "copy", str(target)],
                   check=True, timeout=WAIT_S)
    return target.read_bytes()


def damaged():
    cases = {f"front cut at {i}": cut("front.mp4", i) for i in range(1, 12, 2)}
    cases |= {f"behind cut at {i}": cut("behind.mp4", i) for i in (2, 6, 11)}
    cases |= {f"cues cut at {i}": cut("cues.mkv", i) for i in (1, 5, 9)}
    cases |= {f"{name} flipped {seed}": flipped(name, seed) for name in ("front.mp4", "cues.mkv") for seed in (1, 2, 3)}
    return cases


def lying():
    return {
        "a picture": (MEDIA / "still.png").read_bytes(),
        "a text": b"hello\n" * 400,
        "one byte": b"\0",
        "a page": b"<!doctype html><title>Sign in</title>" * 40,
        "a list of films": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXTINF:1,\nfront.mp4\n",
        "a list of files": b"ffconcat version 1.0\nfile front.mp4\nfile /etc/passwd\n",
        "a session": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "a moving GIF": b"GIF89a" + struct.pack("<HHBBB", 64, 36, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
                        + (b"\x21\xf9\x04\0\x01\0\0\0" + b"\x2c\0\0\0\0\1\0\1\0\0\x02\x02\x44\x01\0") * 500 + b"\x3b",
        "sixteen thousand pixels square": with_box("front.mp4", b"avc1", put(32, ">HH", 16384, 16384)),
        "no pixels": with_box("front.mp4", b"avc1", put(32, ">HH", 0, 0)),
        "samples without end": with_box("front.mp4", b"stsz", put(16, ">I", 0xffffffff)),
        "samples beyond the end": with_box("front.mp4", b"stco", put(16, ">I", 0x7ffffff0)),
        "times without end": with_box("front.mp4", b"stts", put(16, ">II", 0xffffffff, 0x7fffffff)),
        "time that stands still": with_box("front.mp4", b"stts", put(20, ">I", 0)),
        "no clock": with_box("front.mp4", b"mdhd", put(20, ">I", 0)),
        "a box larger than the file": with_box("front.mp4", b"moov", put(0, ">I", 0x7fffffff)),
        "a box in itself": with_box("front.mp4", b"trak", put(4, ">4s", b"moov")),
        "a thousand streams": many_streams(),
    }


class Hostile(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        (self.folder / "still.png").write_bytes((MEDIA / "still.png").read_bytes())
        (self.folder / "good.mp4").write_bytes((MEDIA / "front.mp4").read_bytes())
        self.list = self.folder / "playlist.json"

    def lay(self, cases):
        """A moving picture, two hostile films, and so on; a second for each. The order of the spots."""
        spots, names = {}, list(cases)
        for i, name in enumerate(names):
            if i % 3 == 0:
                spots[f"still {i}"] = {"image": "still.png", "motion": "pan"}
            (self.folder / f"bad{i}.mp4").write_bytes(cases[name])
            spots[name] = {"video": f"bad{i}.mp4"}
        for spot in spots.values():
            spot |= {"duration": 1, "transition": {"type": "cut", "duration": 0}}
        playlist(self.list, spots, timezone="UTC")
        return list(spots)

    def widest_gap(self, frames, order):
        """Between frames within the slots of pictures that move, in ms of the show. The first half second of a slot may still belong to
        the workers of what comes next."""
        widest = 0
        for a, b in zip(frames, frames[1:]):
            first, last = (int((float(f["show_ms"]) - MIDNIGHT_MS) // 1000) for f in (a, b))
            if first == last and a["to"] == b["to"] == order[first % len(order)] and a["to"].startswith("still"):
                widest = max(widest, float(b["show_ms"]) - float(a["show_ms"]))
        return widest

    def lay_fades(self, cases):
        """A moving picture that fades into a hostile film, the next one, and so on."""
        spots = {}
        for i, (name, data) in enumerate(cases.items()):
            (self.folder / f"bad{i}.mp4").write_bytes(data)
            spots |= {f"still {i}": {"image": "still.png", "motion": "pan"}, name: {"video": f"bad{i}.mp4"}}
        for spot in spots.values():
            spot |= {"duration": SLOT_MS / 1000, "transition": {"type": "crossfade", "duration": FADE_MS / 1000}}
        playlist(self.list, spots, timezone="UTC")
        return list(spots)

    @staticmethod
    def fade_at(ms):
        """Which fade from a moving picture into a film, if any: from the middle of the picture's slot, when workers start for the film,
        until it is over."""
        slot, passed = divmod(ms, SLOT_MS)
        if slot % 2 == 0:
            return slot // 2 if passed > SLOT_MS / 2 else None
        return slot // 2 if passed < FADE_MS else None

    def widest_gap_in_fades(self, frames):
        widest = 0
        for a, b in itertools.pairwise(frames):
            at = float(a["show_ms"]) - MIDNIGHT_MS
            if self.fade_at(at) is not None and self.fade_at(at) == self.fade_at(at + GAP_MS):
                widest = max(widest, float(b["show_ms"]) - float(a["show_ms"]))
        return widest

    def play(self, seconds, env):
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--for", str(seconds), "--decode-timeout", "2", env=env) as player:
            player.end_well()
            frames, log = [f for f in player.frames() if f["to"]], player.log()
        return frames, log

    def check(self, cases, refused=()):
        """Each case is shown or told of; where it is not shown, the picture before it stays."""
        order = self.lay(cases)
        return until_it_keeps_up(self.folder, lambda env: self.check_play(order, cases, refused, env))

    def check_play(self, order, cases, refused, env):
        # The films are looked at before the playlist comes into force: what begins too late comes again.
        frames, log = self.play(len(order) + 8, env)
        shown = {f["to"] for f in frames}
        self.assertEqual([name for name in refused if name in shown], [])
        # What is on is the slot's own, or what was on before.
        before = None
        for f in frames:
            slot = order[int((float(f["show_ms"]) - MIDNIGHT_MS) // 1000) % len(order)]
            self.assertIn(f["to"], (slot, before or f["to"]), f)
            before = f["to"]
        in_time(self.widest_gap(frames, order) <= GAP_MS, f"nothing was drawn for {self.widest_gap(frames, order)} ms")
        for name in cases:
            told = re.search(rf'spot="{re.escape(name)}"', log)
            in_time(told or name in shown, f"{name}: neither shown nor told of\n{log}")
        missing = [name for name in order if name.startswith("still") and name not in shown]
        in_time(not missing, f"never shown: {missing}")
        return log

    def test_damaged_films(self):
        self.check(damaged(), ("behind cut at 2", "behind cut at 6", "behind cut at 11", "front cut at 1", "cues cut at 1"))

    def test_files_that_lie(self):
        cases = lying()
        log = self.check(cases, ("a picture", "a text", "one byte", "a page", "a list of films", "a list of files", "a session",
                                 "a moving GIF", "samples beyond the end", "a box in itself"))
        self.assertNotIn("root:", log)

    def test_what_moves_goes_on_moving_while_it_fades(self):
        """Into films that can be shown for a while, and into those that can't."""
        cases = damaged() | lying()
        cases = {name: cases[name] for name in ("front cut at 7", "front.mp4 flipped 1", "behind cut at 6", "sixteen thousand pixels square",
                                                "times without end")}
        order = self.lay_fades(cases)
        until_it_keeps_up(self.folder, lambda env: self.check_fades(order, cases, env))

    def check_fades(self, order, cases, env):
        frames, log = self.play(len(order) * SLOT_MS / 1000 + 8, env)
        in_time(self.widest_gap_in_fades(frames) <= GAP_MS, f"nothing was drawn for {self.widest_gap_in_fades(frames)} ms\n{log}")
        fades = {self.fade_at(float(f["show_ms"]) - MIDNIGHT_MS) for f in frames} - {None}
        in_time(len(fades) >= len(cases), f"only {len(fades)} fades were seen")

    def test_a_film_that_breaks_off_is_told_of_once(self):
        films.film(self.folder / "whole.mp4", 100, size=(64, 36), options=("-movflags", "+faststart"))
        data = (self.folder / "whole.mp4").read_bytes()
        (self.folder / "part.mp4").write_bytes(data[:len(data) * 6 // 10])
        spots = {"whole": {"video": "whole.mp4", "duration": 5}, "one": {"video": "part.mp4", "duration": 2},
                 "two": {"video": "part.mp4", "duration": 2}}
        for spot in spots.values():
            spot |= {"transition": {"type": "cut", "duration": 0}}
        playlist(self.list, spots, timezone="UTC")
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--decode-timeout", "20") as player:
            player.wait_frame(lambda f: f["to"] == "whole" and float(f["show_ms"]) > MIDNIGHT_MS + 9000, "the next loop")
            told = re.findall(r'film ends early spot="(\w+)" file="part.mp4" end_s=(\d\.\d) length_s=4\.0$', player.log(), re.MULTILINE)
            self.assertEqual(player.stop(), 0)
        self.assertEqual([spot for spot, _ in told], ["one"], player.log())
        self.assertTrue(1.5 < float(told[0][1]) < 3.4, told)

    def test_damaged_pictures_are_told_of_once(self):
        """They are shown as the decoder repairs them. That it is cut off, too, is told beside that."""
        films.film(self.folder / "good.mp4", 100, size=(64, 36))
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(self.folder / "good.mp4"), "-c", "copy", "-bsf:v",
                        "noise=amount='if(between(n,25,29),10,0)'", "-movflags", "+faststart", str(self.folder / "damaged.mp4")],
                       check=True, timeout=WAIT_S)
        data = (self.folder / "damaged.mp4").read_bytes()
        (self.folder / "bad.mp4").write_bytes(data[:len(data) * 6 // 10])
        spots = {"still": {"image": "still.png", "duration": 5}} | {name: {"video": "bad.mp4", "duration": 3} for name in ("one", "two")}
        for spot in spots.values():
            spot |= {"transition": {"type": "cut", "duration": 0}}
        playlist(self.list, spots, timezone="UTC")
        with Player(self.folder, self.list, "--at", MIDNIGHT, "--decode-timeout", "20") as player:
            player.wait_frame(lambda f: float(f["show_ms"]) > MIDNIGHT_MS + 11000, "the next loop")
            told = re.findall(r'film has damaged frames spot="(\w+)" file="bad.mp4" first_s=(\d\.\d)$', player.log(), re.MULTILINE)
            cut_off = re.findall(r'film ends early spot="(\w+)" file="bad.mp4" end_s=\S+ length_s=4\.0$', player.log(), re.MULTILINE)
            self.assertEqual(player.stop(), 0)
        self.assertEqual([spot for spot, _ in told], ["one"], player.log())
        self.assertTrue(0.9 < float(told[0][1]) < 1.5, told)
        self.assertEqual(cut_off, ["one"], player.log())

    def test_an_empty_file_costs_its_place(self):
        """And it is told before it would be on."""
        (self.folder / "empty.mp4").write_bytes(b"")
        playlist(self.list, {"empty": {"video": "empty.mp4"}})
        with Player(self.folder, self.list, "--for", "5") as player:
            player.end_well()
        self.assertRegex(player.log(), r'cannot use media file.* at="\$\.spots\.empty\.video" reason=".*empty')

    def test_three_failures(self):
        """By the file, whatever spot names it: the fourth is not even tried. One that is repaired is another file."""
        (self.folder / "bad.mp4").write_bytes(cut("behind.mp4", 6))
        spots = {"still": {"image": "still.png"}} | {f"bad {i}": {"video": "bad.mp4"} for i in range(5)}
        for spot in spots.values():
            spot |= {"duration": 1, "transition": {"type": "cut", "duration": 0}}
        playlist(self.list, spots, timezone="UTC")
        with Player(self.folder, self.list, "--at", MIDNIGHT) as player:
            player.wait_log(r'file quarantined.* failures=3 ')
            # A whole loop more: each of the five has had its slot. On a busy machine a slot may pass before it is its turn.
            until_ms = float(player.frames()[-1]["show_ms"]) + 6000
            player.wait_frame(lambda f: float(f["show_ms"]) > until_ms, "another loop")
            told = re.findall(r'previous picture spot="(bad \d)" file="bad.mp4" reason=', player.log())
            self.assertEqual(len(told), 3, player.log())
            self.assertIn(f'file quarantined, not trying it again spot="{told[2]}"', player.log())
            self.assertEqual({f["to"] for f in player.frames()} - {""}, {"still"})
            (self.folder / "new.mp4").write_bytes((MEDIA / "front.mp4").read_bytes())
            (self.folder / "new.mp4").rename(self.folder / "bad.mp4")
            (self.folder / "new.json").write_bytes(self.list.read_bytes())
            (self.folder / "new.json").rename(self.list)
            player.wait_shown("bad 0")
            self.assertEqual(player.stop(), 0)

    def test_a_film_first_with_nothing_before_it(self):
        """Never black: the house card stands in, then the next spot."""
        (self.folder / "bad.mp4").write_bytes(cut("behind.mp4", 6))
        playlist(self.list, {"bad": {"video": "bad.mp4", "duration": 1}, "good": {"video": "good.mp4", "duration": 2}}, timezone="UTC")
        with Player(self.folder, self.list, "--at", MIDNIGHT) as player:
            player.wait_shown("good")
            player.wait_log('spot="bad"')  # on a busy machine it may be found out later than its slot
            self.assertEqual(player.stop(), 0)


class Growth(unittest.TestCase):
    def test_a_thousand_plays(self):
        done = subprocess.run([PROBE / "tests/faults/probe_film", MEDIA / "tiny.mp4", str(PLAYS)], capture_output=True, text=True, timeout=WAIT_S)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        before, after = ({k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line)} for line in done.stdout.splitlines())
        self.assertEqual((after["descriptors"], after["children"]), (before["descriptors"], 0), done.stdout)
        # A byte for each play would be noticed; the allocator keeps a little for itself.
        self.assertLess(after["heap"] - before["heap"], 8 * 1024, done.stdout)
        self.assertLessEqual(after["maps"] - before["maps"], 8, done.stdout)
        self.assertLess(after["resident_kb"] - before["resident_kb"], 1024, done.stdout)


if __name__ == "__main__":
    tap.main()
