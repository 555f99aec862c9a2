"""The check command on films: what it tells of each, and what it warns of."""
import json
import os
import re
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import films
import player
import tap

NOW = "2026-02-06T12:00:00Z"
SCREEN = (1920, 1080)
INSTALLED = player.TOP / "build/duckling" if player.DUCKLING.parent == player.TOP / "build/asan" else player.DUCKLING


def render(path, source, *options, codec=films.H264):
    """A film of one of ffmpeg's own sources."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, *codec, *options, str(path)], check=True,
                   timeout=player.WAIT_S, stdin=subprocess.DEVNULL)


def flashing(hertz, where="1", seconds=2, low=16, high=235):
    """White and black in turns, `hertz` times a second, where an expression is true; else black."""
    return (f"color=black:size=160x90:rate=30:duration={seconds},format=gray,"
            f"geq=lum='if({where}*lt(mod(T*{hertz},1),0.5),{high},{low})'")


def one_key_picture(path, size, frames, fps):
    """A film of noise that changes, decoded from its first picture on wherever it is joined: VP9 takes the same difference any number
    of times, so only one is made."""
    made, frame = path.with_suffix(".ivf"), path.with_suffix(".many.ivf")
    render(made, f"nullsrc=size={size}:rate={fps},geq=lum='random(1)*255':cb=128:cr=128,scale={size}:flags=neighbor", "-frames:v", "2",
           "-deadline", "realtime", "-cpu-used", "8", "-auto-alt-ref", "0", "-lag-in-frames", "0", "-b:v", "100M",
           codec=("-c:v", "libvpx-vp9", "-pix_fmt", "yuv420p"))
    data = made.read_bytes()
    packets, at = [], 32
    while at < len(data):
        length = struct.unpack_from("<I", data, at)[0]
        packets.append(data[at + 12:at + 12 + length])
        at += 12 + length
    packets = [packets[0]] + [packets[1]] * (frames - 1)
    frame.write_bytes(data[:32] + b"".join(struct.pack("<IQ", len(packet), i) + packet for i, packet in enumerate(packets)))
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(frame), "-c", "copy", str(path)], check=True, timeout=player.WAIT_S)
    made.unlink()
    frame.unlink()


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_check(self, spots, *options, status=0, **more):
        player.playlist(self.folder / "p.json", spots, **more)
        done = player.run("check", self.folder / "p.json", "--timezone", "UTC", "--at", NOW, "--decode-timeout", "60", *options)
        self.assertNotRegex(done.stderr, r"(?m)^error|Sanitizer|runtime error")
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def found(self, spots, status=0, options=(), **more):
        """What is found, {path: [(level, text), ...]}, and the facts, {path: {...}}."""
        places, facts = {}, {}
        for line in self.run_check(spots, "--json", *options, status=status, **more).splitlines():
            item = json.loads(line)
            if item["level"] == "fact":
                self.assertEqual(list(item), ["level", "path", "text", "film"])
                facts[item["path"]] = item["film"]
            else:
                places.setdefault(item["path"], []).append((item["level"], item["text"]))
        return places, facts

    def of_film(self, status=0, **spot):
        """What is found of film.mp4, but for its size, which is too small in most of these tests."""
        places = self.found({"a": {"video": "film.mp4", **spot}}, status)[0].get("$.spots.a.video", [])
        return [(level, text) for level, text in places if "enlarged" not in text]

    def only(self, found, level, words):
        self.assertEqual([l for l, _ in found], [level], found)
        self.assertIn(words, found[0][1])


class Facts(Check):
    def test_clean(self):
        """Nothing to say but what it is; five pictures a second every machine decodes in time, and slots of two seconds fill a day."""
        films.film(self.folder / "film.mp4", frames=15, fps=5, size=SCREEN)
        self.assertEqual(self.run_check({"a": {"video": "film.mp4"}}), "0 faults, 0 warnings\n")
        places, facts = self.found({"a": {"video": "film.mp4"}})
        self.assertEqual(places, {})
        self.assertEqual(facts, {"$.spots.a.video": {"codec": "h264", "width": 1920, "height": 1080, "fps": 5, "duration_ms": 3000}})

    def test_each_file_has_its_own(self):
        films.film(self.folder / "l.mkv", frames=24, fps=24, size=(160, 90), codec=("-c:v", "libvpx-vp9", "-deadline", "realtime"))
        films.film(self.folder / "p.mp4", frames=30, fps=30, size=(90, 160))
        facts = self.found({"a": {"video": {"landscape": "l.mkv", "portrait": "p.mp4"}}, "b": {"video": "p.mp4"}})[1]
        self.assertEqual(facts, {
            "$.spots.a.video.landscape": {"codec": "vp9", "width": 160, "height": 90, "fps": 24, "duration_ms": 1000},
            "$.spots.a.video.portrait": {"codec": "h264", "width": 90, "height": 160, "fps": 30, "duration_ms": 1000},
            "$.spots.b.video": {"codec": "h264", "width": 90, "height": 160, "fps": 30, "duration_ms": 1000}})


class Dated(Check):
    """Films say when they were made, and reading that makes the C library look for the zone. The player as it is installed: a
    sanitizer's sandbox refuses what this one ends a worker for."""

    def test_each_zone_and_locale_of_the_player(self):
        films.film(self.folder / "film.mp4", frames=3, size=(64, 36), options=("-metadata", "creation_time=2024-02-29T23:59:59Z"))
        player.playlist(self.folder / "p.json", {"a": {"video": "film.mp4"}})
        for zone, locale in ((None, None), ("", "C"), ("UTC", "tr_TR.UTF-8"), ("Asia/Seoul", "ko_KR.UTF-8"), (":/etc/localtime", "xx"),
                             ("No/Such_Zone", "C.UTF-8"), (str(self.folder / "film.mp4"), None)):
            with self.subTest(zone=zone, locale=locale):
                done = subprocess.run([INSTALLED, "check", self.folder / "p.json", "--at", NOW, "--timezone", "UTC", "--decode-timeout", "60"],
                                      env=player.environment(TZ=zone, LC_ALL=locale), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                      timeout=player.WAIT_S)
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                self.assertIn("\n0 faults", done.stdout)


class Shape(Check):
    def test_size(self):
        films.film(self.folder / "s.mp4", frames=12, fps=12, size=(640, 360))
        films.film(self.folder / "p.mp4", frames=12, fps=12, size=(360, 640))
        places, _ = self.found({"a": {"video": "s.mp4"}, "b": {"video": "p.mp4"}, "c": {"video": {"landscape": "p.mp4", "portrait": "p.mp4"}},
                                "d": {"video": {"landscape": "p.mp4", "portrait": "s.mp4"}}})
        self.only(places["$.spots.a.video"], "warning", "only 640 × 360 pixels: enlarged 3.00 times on a screen of 1920 × 1080")
        self.only(places["$.spots.b.video"], "warning", "only 360 × 640 pixels: enlarged 3.00 times on a screen of 1080 × 1920")
        self.assertIn("a portrait film (360 × 640) on landscape screens, which crop most of it",
                      [text for _, text in places["$.spots.d.video.landscape"]])
        self.assertTrue(any("a landscape film" in text for _, text in places["$.spots.d.video.portrait"]), places)


    def test_on_a_wall(self):
        """A film that fills an ordinary screen is enlarged on a wall."""
        films.film(self.folder / "film.mp4", frames=5, fps=5, size=SCREEN)
        spots = {"a": {"video": "film.mp4"}}
        self.assertNotIn("enlarged", self.run_check(spots))
        self.assertIn("only 1920 × 1080 pixels: enlarged 4.08 times on a screen of 7840 × 1952",
                      self.run_check(spots, "--size", "7840x1952"))


class Cut(Check):
    """Slots that midnight cuts, by the film's own length: six seconds, less its transition of one."""

    def cut(self, spots):
        films.film(self.folder / "film.mp4", frames=30, fps=5)
        found = self.found(spots)[0]
        return {path: text for path, places in found.items() for _, text in places if "is cut" in text}

    def test_none(self):
        """3 + 5 seconds; with the default of 8 they would not fill a day."""
        self.assertEqual(self.cut({"t": {"tagline": "T", "duration": 3}, "f": {"video": "film.mp4"}}), {})

    def test_cut(self):
        """5 + 8 seconds; with the default of 8 they would fill a day."""
        self.assertEqual(self.cut({"f": {"video": "film.mp4"}, "t": {"tagline": "T", "duration": 8}}),
                         {"$.spots.f": "is cut to 2 of its 5 seconds at 24:00 every day"})

    def test_a_missing_film_is_told_once(self):
        found = self.found({"f": {"video": "none.mp4"}, "t": {"tagline": "T", "duration": 8}}, 1)[0]
        self.assertEqual(list(found), ["$.spots.f.video"])
        self.only(found["$.spots.f.video"], "fault", "No such file")


class Joined(Check):
    WORDS = "a player that starts in the middle of the film cannot show it for up to about "

    def test_one_key_picture(self):
        """So much noise that no single processor decodes most of it within a second."""
        one_key_picture(self.folder / "film.webm", "1920x1080", 120, 10)
        processors = os.sched_getaffinity(0)
        self.addCleanup(os.sched_setaffinity, 0, processors)
        os.sched_setaffinity(0, {min(processors)})
        places = self.found({"a": {"video": "film.webm"}})[0]["$.spots.a.video"]
        found = [text for _, text in places if "keyframes" in text]
        self.assertEqual(len(found), 1, places)
        self.assertRegex(found[0], "^" + self.WORDS + r"\d+ s: keyframes are too far apart; encode it with one every 2 s")

    def test_many(self):
        render(self.folder / "film.mp4", "testsrc2=size=3840x2160:rate=10:duration=6", "-g", "10")
        self.assertEqual([text for _, text in self.of_film() if "keyframes" in text], [])


class Length(Check):
    def test_shorter_than_its_slots(self):
        films.film(self.folder / "film.mp4", frames=48, fps=24)
        self.assertEqual(self.of_film(), [])
        self.assertEqual(self.of_film(duration=2), [])
        self.assertEqual(self.of_film(duration=1), [])
        self.only(self.of_film(duration=2.1), "warning", "the film is 2.00 s long, in slots of 2.1 s: its last frame stays on until they end")

    def test_shorter_than_any_slot(self):
        films.film(self.folder / "film.mp4", frames=12, fps=24)
        self.only(self.of_film(), "warning", "the film is 0.50 s long, in slots of 1 s: its last frame stays on until they end")

    def test_longer_than_a_day(self):
        films.film(self.folder / "film.mp4", frames=3, fps="1/40000", size=(64, 36))
        self.only(self.of_film(), "warning", "the film is 33.3 hours long: its slots end after 24 hours")

    def test_two_lengths(self):
        films.film(self.folder / "l.mp4", frames=48, fps=24)
        films.film(self.folder / "p.mp4", frames=30, fps=24, size=(90, 160))
        spot = {"video": {"landscape": "l.mp4", "portrait": "p.mp4"}}
        words = ("the film is 1.250 s long, and the landscape one 2.000 s: the films of a spot must be equally long, to one frame, so that "
                 "all screens change together; cut one, or give the spot a duration")
        found = self.found({"a": spot}, 1)[0]["$.spots.a.video.portrait"]
        self.assertIn(("fault", words), found)
        found = self.found({"a": {**spot, "duration": 1}})[0]["$.spots.a.video.portrait"]
        self.assertNotIn("equally long", str(found))

    def test_lengths_of_shapes(self):
        """Each film against the first that is given, in the order of the shapes and not of the file; a frame more or less is right."""
        for name, frames, fps, size in (("n", 48, 24, (160, 90)), ("more", 49, 24, (90, 160)), ("less", 47, 24, (240, 60)), ("two", 50, 24, (90, 90)),
                                        ("slow", 24, 12, (90, 160)), ("slower", 25, 12, (90, 160))):
            films.film(self.folder / f"{name}.mp4", frames=frames, fps=fps, size=size)
        right = {"wide": "less.mp4", "landscape": "n.mp4", "portrait": "more.mp4"}, {"portrait": "slow.mp4", "square": "n.mp4"}, {
            "portrait": "slower.mp4", "landscape": "n.mp4"}, {"wide": "more.mp4", "square": "two.mp4"}
        for video in right:
            self.assertNotIn("equally long", str(self.found({"a": {"video": video}})[0]), video)
        found = self.found({"a": {"video": {"square": "two.mp4", "wide": "n.mp4", "portrait": "less.mp4"}}}, 1)[0]
        self.assertIn("the film is 2.083 s long, and the portrait one 1.958 s", str(found["$.spots.a.video.square"]))
        self.assertNotIn("equally long", str(found.get("$.spots.a.video.wide")))

    def test_each_shape_at_each_size(self):
        """Cropped and enlarged, as a film for several shapes is on each of the site's screens."""
        for name, size in (("l", (160, 90)), ("w", (320, 80)), ("s", (64, 64))):
            films.film(self.folder / f"{name}.mp4", frames=48, fps=24, size=size)
        video = {"landscape": "l.mp4", "wide": "w.mp4", "square": "s.mp4"}
        found = self.found({"a": {"video": video}}, options=("--size", "640x160", "--size", "1280x320", "--size", "320x240"))[0]
        self.assertEqual([text for _, text in found["$.spots.a.video.wide"] if "enlarged" in text],
                         ["only 320 × 80 pixels: enlarged 2.00 times on a screen of 640 × 160",
                          "only 320 × 80 pixels: enlarged 4.00 times on a screen of 1280 × 320"])
        self.assertEqual([text for _, text in found["$.spots.a.video.landscape"]],
                         ["only 160 × 90 pixels: enlarged 2.67 times on a screen of 320 × 240"])
        self.assertNotIn("$.spots.a.video.square", found)

    def test_cut_off(self):
        """An index that speaks of more than the file has."""
        render(self.folder / "film.mp4", "testsrc2=size=320x180:rate=25:duration=4", "-movflags", "+faststart", "-g", "5")
        data = (self.folder / "film.mp4").read_bytes()
        self.assertEqual(self.of_film(), [])
        (self.folder / "film.mp4").write_bytes(data[:len(data) // 2])
        found = self.of_film()
        self.only(found, "warning", "s of 4.00 s: was the file cut off?")

    def long(self, seconds):
        """A film of five pictures a second, its index first; its bytes."""
        render(self.folder / "film.mp4", f"testsrc2=size=64x36:rate=5:duration={seconds}", "-movflags", "+faststart", "-g", "10")
        return (self.folder / "film.mp4").read_bytes()

    def test_cut_off_in_the_second_half(self):
        """The first two minutes are whole."""
        for seconds, places in ((300, ((0.98, "295.00"), (0.75, "295.00"), (0.5, "295.00"))), (130, ((0.95, "125.00"),)),
                                (610, ((0.9, "605.00"), (0.4, "305.00")))):
            data = self.long(seconds)
            self.assertEqual(self.of_film(), [], seconds)
            for part, wanted in places:
                with self.subTest(seconds=seconds, part=part):
                    (self.folder / "film.mp4").write_bytes(data[:int(len(data) * part)])
                    self.only(self.of_film(), "warning", f"no frame follows between {wanted} s and its end at {seconds}.00 s: was the file")

    def test_where_a_long_film_was_cut_off(self):
        data = self.long(300)
        (self.folder / "film.mp4").write_bytes(data[:int(len(data) * 0.993)])
        found = self.of_film()
        self.only(found, "warning", "s of 300.00 s: was the file cut off?")
        self.assertRegex(found[0][1], "its last frame is at 29[5-8]")
        (self.folder / "film.mp4").write_bytes(data[:len(data) // 5])
        found = self.of_film()
        self.only(found, "warning", "s of 300.00 s: was the file cut off?")
        self.assertRegex(found[0][1], r"its last frame is at [5-7]\d\.")

    def test_a_hole(self):
        data = bytearray(self.long(60))
        begin = data.index(b"mdat") + 4
        size = len(data) - begin
        data[begin + size * 4 // 10:begin + size // 2] = bytes(size // 2 - size * 4 // 10)
        (self.folder / "film.mp4").write_bytes(data)
        gap, damage = [text for _, text in self.of_film()]
        self.assertRegex(gap, r"^no frame follows for [4-9]\.\d\d s after 2\d\.\d\d s: is the file damaged there\?$")
        self.assertRegex(damage, r"^\d of the frames that were checked are damaged, the first at 2\d\.\d\d s")

    def test_variable_rate_is_fine(self):
        render(self.folder / "film.mp4", "testsrc2=size=160x90:rate=30:duration=4",
               "-vf", "select='if(lt(t,2),1,not(mod(n,25)))'", "-fps_mode", "vfr")
        self.assertEqual(self.of_film(), [])

    def test_a_long_film_that_ends_with_a_still(self):
        render(self.folder / "film.mp4", "testsrc2=size=64x36:rate=10:duration=180",
               "-vf", "select='if(lt(t,150),1,not(mod(n,100)))'", "-fps_mode", "vfr")
        self.assertEqual(self.of_film(), [])

    def test_sound_that_is_not_heard_is_fine(self):
        films.film(self.folder / "film.mp4", frames=30, fps=15, inputs=("-f", "lavfi", "-i", "sine=duration=2"))
        self.assertEqual(self.of_film(), [])


class Sound(Check):
    """Of films that are to be heard; the same ones without volume are fine."""

    def sound(self, codec, name="film.mp4", seconds=4, options=()):
        films.film(self.folder / name, frames=48, fps=12, inputs=("-f", "lavfi", "-i", f"sine=duration={seconds}"),
                   options=("-c:a", codec, "-strict", "-2", *options))

    def both(self):
        """What is found of the film where it is heard; nothing where it is not."""
        self.assertEqual(self.of_film(volume=0), [])
        return self.of_film(volume=0.5)

    def test_fine(self):
        for codec, name in (("aac", "film.mp4"), ("libopus", "film.mkv"), ("flac", "film.mkv"), ("pcm_s16le", "film.mov")):
            with self.subTest(codec):
                self.sound(codec, name)
                self.assertEqual([t for _, t in self.found({"a": {"video": name, "volume": 1}})[0].get("$.spots.a.video", [])
                                  if "enlarged" not in t], [])

    def test_a_film_of_few_pictures(self):
        """All its pictures are there before its sound is."""
        films.film(self.folder / "film.mp4", frames=4, fps=2, inputs=("-f", "lavfi", "-i", "sine=duration=2"), options=("-c:a", "aac"))
        self.assertEqual(self.of_film(volume=1), [])

    def test_none(self):
        films.film(self.folder / "film.mp4", frames=48, fps=12)
        self.only(self.both(), "warning", "its volume is 0.5, but the film has no sound that can be played: encode it as AAC, ")

    def test_a_codec_that_is_not_played(self):
        self.sound("alac")
        self.only(self.both(), "warning", "its volume is 0.5, but the film has no sound that can be played: encode it as AAC, ")

    def test_damaged(self):
        self.sound("aac", "good.mp4")
        for change, words in (("amount=1", "its volume is 0.5, but none of its sound can be decoded"),
                              (r"drop='between(n,50,89)'", "s of its sound are missing or damaged, the first at 1.1"),
                              (r"drop='gt(n,60)'", "of 4.00 s: the rest is silent")):
            with self.subTest(change):
                subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(self.folder / "good.mp4"), "-c", "copy",
                                "-bsf:a", f"noise={change}", str(self.folder / "film.mp4")], check=True, timeout=player.WAIT_S)
                self.only(self.both(), "warning", words)

    def test_one_spot_of_two_is_heard(self):
        films.film(self.folder / "film.mp4", frames=24, fps=12)
        places = self.found({"a": {"video": "film.mp4"}, "b": {"video": "film.mp4", "volume": 1}})[0]
        heard = {path: [text for _, text in found if "volume" in text] for path, found in places.items()}
        self.assertEqual({path: len(texts) for path, texts in heard.items()}, {"$.spots.a.video": 0, "$.spots.b.video": 1})

    def test_where_there_is_no_film(self):
        only = {"a": {"tagline": "A", "volume": 0.5}, "b": {"tagline": "B", "volume": 0}, "c": {"tagline": "C"}}
        words = "has no effect: only films have sound, and this spot has no film"
        self.assertEqual(self.found(only)[0], {"$.spots.a.volume": [("warning", words)]})
        self.assertEqual(self.found({"c": {"tagline": "C"}}, defaults={"volume": 1})[0],
                         {"$.defaults.volume": [("warning", "has no effect: only films have sound, and the playlist has no film")]})

    def test_a_default_is_for_films_only(self):
        self.sound("aac")
        places = self.found({"a": {"video": "film.mp4"}, "b": {"tagline": "B", "duration": 3}}, defaults={"volume": 1})[0]
        self.assertEqual([text for found in places.values() for _, text in found if "enlarged" not in text], [])


class Followed(Check):
    def test_a_longer_transition_comes_after_it(self):
        films.film(self.folder / "film.mp4", frames=48, fps=12)
        spots = {"a": {"video": "film.mp4"}, "b": {"tagline": "B", "transition": {"duration": 2.5}}}
        found = [text for _, text in self.found(spots)[0]["$.spots.a.video"] if "enlarged" not in text]
        self.assertEqual(found, ['the film is 4.00 s long, but its slots last 3 s and 2.5 s more in the transition into "b": its last frame stays on for 1.50 s'])
        spots["b"]["transition"] = {"duration": 1}
        self.assertEqual([text for _, text in self.found(spots)[0]["$.spots.a.video"] if "enlarged" not in text], [])

    def test_not_where_the_playlist_has_faults(self):
        films.film(self.folder / "film.mp4", frames=48, fps=12)
        spots = {"a": {"video": "film.mp4"}, "b": {"tagline": "B", "transition": {"duration": 2.5}, "oops": 1}}
        self.assertEqual([text for _, text in self.found(spots, 1)[0]["$.spots.a.video"] if "enlarged" not in text], [])


def with_dolby_vision(path, profile, compatible):
    """Puts a dvcC box into the sample entry of an MP4's HEVC (Dolby Vision Streams Within the ISO Base Media File Format, 3.2)."""
    data = bytearray(path.read_bytes())
    box = struct.pack(">I4sBBHI", 32, b"dvcC", 1, 0, profile << 9 | 6 << 3 | 0b101, compatible << 28) + bytes(16)
    at = data.index(b"hvcC") - 4
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hvc1"):
        start = data.index(parent, data.index(b"moov")) - 4
        struct.pack_into(">I", data, start, struct.unpack_from(">I", data, start)[0] + len(box))
    path.write_bytes(data[:at] + box + data[at:])


class Colors(Check):
    """What would be shown wrong is refused, with what to do."""

    def hevc(self, *options, more="", source="testsrc2=size=160x96:rate=24:duration=1"):
        render(self.folder / "film.mp4", source, *options, "-tag:v", "hvc1",
               codec=("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", f"log-level=none{more}"))

    def test_dolby_vision(self):
        refused = "the film is Dolby Vision that only players of Dolby Vision can show (profile 5): export it as SDR, HDR10 or HLG"
        for profile, compatible, shown in ((5, 0, False), (8, 0, False), (8, 1, True), (8, 4, True), (7, 6, True), (7, 0, True), (4, 2, True)):
            with self.subTest(profile=profile, compatible=compatible):
                self.hevc("-pix_fmt", "yuv420p10le")
                with_dolby_vision(self.folder / "film.mp4", profile, compatible)
                self.assertEqual(self.of_film(status=0 if shown else 1), [] if shown else [("fault", refused)])

    def test_hevc_in_fields(self):
        self.hevc(more=":interlace=tff", source="testsrc2=size=160x128:rate=48:duration=1,tinterlace=interleave_top,separatefields")
        self.only(self.of_film(status=1), "fault", "the film is HEVC in single fields (interlaced), which cannot be shown: encode it progressive")

    def test_other_matrices(self):
        self.hevc("-pix_fmt", "yuv420p10le", "-colorspace", "ictcp", source="testsrc2=size=160x96:rate=24:duration=1,format=yuv420p10le,"
                  "setparams=colorspace=ictcp:color_primaries=bt2020:color_trc=smpte2084")
        self.only(self.of_film(status=1), "fault", "the film's colors are stored as ictcp, which cannot be shown: encode it as BT.709 or BT.2020")


class Look(Check):
    def test_high_dynamic_range(self):
        films.film(self.folder / "film.mp4", frames=12, fps=12, options=("-vf", "setparams=color_trc=smpte2084"))
        self.only(self.of_film(), "warning", "the film is HDR: players convert it to SDR while it plays")

    def test_interlaced(self):
        render(self.folder / "film.mp4", "testsrc2=size=160x92:rate=24:duration=2,setfield=tff", "-flags", "+ildct+ilme")
        self.only(self.of_film(), "warning", "the film is interlaced: players deinterlace it while it plays, 48 frames a second")

    def test_interlaced_in_part(self):
        """One frame in fields makes no interlaced film."""
        for name, more, frames in (("plain", (), 49), ("woven", ("-flags", "+ildct+ilme"), 1)):
            render(self.folder / f"{name}.mp4", f"testsrc2=size=160x96:rate=24,setfield={'tff' if more else 'prog'}", "-frames:v", str(frames),
                   "-video_track_timescale", "12288", *more)
        (self.folder / "list").write_text("file plain.mp4\nfile woven.mp4\nfile plain.mp4\n")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "concat", "-i", self.folder / "list", "-c", "copy", self.folder / "film.mp4"],
                       check=True, timeout=player.WAIT_S)
        self.only(self.of_film(), "warning", "1 of the frames that were checked are interlaced: players deinterlace them while the film plays")

    def test_transparent(self):
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=red@0.3:s=160x90:r=12:d=1,format=yuva420p", "-c:v",
                        "libvpx-vp9", str(self.folder / "film.webm")], check=True, timeout=player.WAIT_S, stdin=subprocess.DEVNULL)
        places = self.found({"a": {"video": "film.webm"}})[0]["$.spots.a.video"]
        self.only([(level, text) for level, text in places if "enlarged" not in text], "warning", "the film has transparency")

    def test_times_that_jump(self):
        render(self.folder / "film.mp4", "testsrc=size=160x90:rate=12:duration=4,setpts='if(gt(N,24),PTS+20/TB,PTS)'", "-fps_mode", "vfr")
        self.assertIn("one of its frames lasts 20.1 s: are its timestamps damaged?", [text for _, text in self.of_film()])

    def test_faster_than_this_machine(self):
        """A thousand pictures of 3840 × 2160 a second are more than any processor decodes."""
        render(self.folder / "film.mp4", "testsrc2=size=3840x2160:rate=1000:duration=0.04", "-video_track_timescale", "1000")
        words = self.of_film(duration=1)
        slow = [text for _, text in words if "decodes" in text]
        self.assertEqual(len(slow), 1, words)
        self.assertRegex(slow[0], r"^this machine decodes [\d.]+ of its 1000 frames a second: ")

    def test_flashes(self):
        for hertz, where, wanted in ((5, "1", 5), (4, "1", 4), (10, "lt(X,W/2)", 10), (3, "1", None), (1, "1", None),
                                     (10, "lt(X,W/4)*lt(Y,H/2)", None)):
            with self.subTest(hertz=hertz, where=where):
                render(self.folder / "film.mp4", flashing(hertz, where))
                found = self.of_film()
                if wanted:
                    self.only(found, "warning", f"{wanted} flashes in the second before ")
                else:
                    self.assertEqual(found, [])

    def test_faint_flashes(self):
        """Changes of less than a tenth of relative luminance."""
        render(self.folder / "film.mp4", flashing(10, low=16, high=80))
        self.assertEqual(self.of_film(), [])
        render(self.folder / "film.mp4", flashing(10, low=16, high=110))
        self.assertEqual(len(self.of_film()), 1)

    def test_bright_flashes(self):
        """Between light and lighter: WCAG counts those whose darker side is below 0.8."""
        render(self.folder / "film.mp4", flashing(10, low=235, high=255))
        self.assertEqual(self.of_film(), [])
        render(self.folder / "film.mp4", flashing(10, low=220, high=255))
        self.assertEqual(len(self.of_film()), 1)


class Faults(Check):
    def test_no_film(self):
        for name, data, words in (("text", b"film", "film.mp4"), ("empty", b"", ""), ("picture", None, "")):
            with self.subTest(name):
                (self.folder / "film.mp4").write_bytes(data if data is not None else (player.TOP / "media/boat.jpg").read_bytes())
                found = self.of_film(1)
                self.assertEqual([level for level, _ in found], ["fault"], found)
                self.assertTrue(found[0][1])
        (self.folder / "film.mp4").unlink()
        self.only(self.of_film(1), "fault", "No such file or directory")

    def test_common_wrong_files(self):
        """What each is, and what to do."""
        films.film(self.folder / "good.mp4", frames=12, fps=12)
        good = (self.folder / "good.mp4").read_bytes()
        self.assertLess(good.index(b"mdat"), good.index(b"moov"))
        films.film(self.folder / "fast.mp4", frames=12, fps=12, options=("-movflags", "+faststart"))
        fast = (self.folder / "fast.mp4").read_bytes()
        half = good[:len(good) // 2]
        mpeg = ("-c:v", "mpeg2video")
        cases = [(half, f"the file is an MP4 without its index: was the upload cut off after {len(half)} bytes?"),
                 (good[:good.index(b"moov") - 4], "the file is an MP4 without its index"), (good[:30], "the file is an MP4 without its index"),
                 (b"<!DOCTYPE html><html>404 Not Found</html>", "a web page (HTML), not a film"),
                 (b"\xef\xbb\xbf\n <HTML>", "a web page (HTML), not a film"),
                 (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "a Git LFS pointer in place of the film: run"),
                 ((player.TOP / "media/boat.jpg").read_bytes(), 'a JPEG picture: name it in "image"')]
        for name, words, codec in (("f.gif", "a GIF picture, which is not played: convert it", ()),
                                   ("f.png", 'a PNG picture: name it in "image"', ("-frames:v", "1")),
                                   ("f.webp", 'a WebP picture: name it in "image"', ("-frames:v", "1")),
                                   ("f.avi", "an AVI film, which is not played: convert it to an MP4", mpeg),
                                   ("f.flv", "an FLV film, which is not played: convert it to an MP4", ("-c:v", "flv")),
                                   ("f.ts", "an MPEG stream, which is not played: convert it to an MP4", mpeg),
                                   ("f.mpg", "an MPEG stream, which is not played: convert it to an MP4", mpeg)):
            render(self.folder / name, "testsrc2=size=64x64:rate=25:duration=1", codec=codec)
            cases.append(((self.folder / name).read_bytes(), words))
        for data, words in cases:
            with self.subTest(words):
                (self.folder / "film.mp4").write_bytes(data)
                self.only(self.of_film(1), "fault", words)
        at = fast.index(b"moov") + 4
        (self.folder / "film.mp4").write_bytes(fast[:at] + bytes(len(fast) - at))
        self.assertNotIn("without its index", self.of_film(1)[0][1])

    def test_a_film_as_a_picture(self):
        films.film(self.folder / "good.mp4", frames=12, fps=12)
        found = self.found({"a": {"image": "good.mp4", "duration": 3}}, 1)[0]
        self.only(found["$.spots.a.image"], "fault", 'an MP4 or MOV film: name it in "video"')

    def test_in_place_of_the_playlist(self):
        """A small one and one that is larger than any playlist."""
        films.film(self.folder / "good.mp4", frames=12, fps=12)
        (self.folder / "large.mp4").write_bytes((self.folder / "good.mp4").read_bytes() + bytes(2 << 20))
        for name in ("good.mp4", "large.mp4"):
            for command in ("check", "explain", "guide", "play"):
                done = player.run(command, self.folder / name)
                self.assertEqual(done.returncode, 1)
                self.assertIn(f"{name}: an MP4 or MOV film, not a playlist", done.stdout + done.stderr)

    def test_without_pictures(self):
        render(self.folder / "film.mp4", "sine=duration=1", codec=("-c:a", "aac"))
        self.only(self.of_film(1), "fault", "")

    def test_damaged(self):
        """The index is whole, and what it speaks of is not there."""
        render(self.folder / "film.mp4", "testsrc2=size=320x180:rate=25:duration=2", "-movflags", "+faststart")
        data = (self.folder / "film.mp4").read_bytes()
        at = data.index(b"mdat") + 4
        (self.folder / "film.mp4").write_bytes(data[:at] + bytes(len(data) - at))
        self.only(self.of_film(1), "fault", "")

    def test_damaged_pictures(self):
        """It is decoded to its end, with pictures that are made up in part."""
        render(self.folder / "good.mp4", "testsrc2=size=320x180:rate=25:duration=4")
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(self.folder / "good.mp4"), "-c", "copy", "-bsf:v",
                        "noise=amount='if(between(n,50,59),20,0)'", str(self.folder / "film.mp4")], check=True, timeout=player.WAIT_S)
        found = self.of_film()
        self.only(found, "warning", " are damaged, the first at ")
        count, first_s = re.search(r"^(\d+) of the frames that were checked are damaged, the first at (\S+) s", found[0][1]).groups()
        self.assertTrue(1 <= int(count) <= 50 and 1.9 < float(first_s) < 2.5, found)

    def test_damaged_in_its_second_half(self):
        """As long as its index says, and no picture in it from the middle on."""
        render(self.folder / "film.mp4", "testsrc2=size=64x36:rate=5:duration=300", "-movflags", "+faststart", "-g", "10")
        data = (self.folder / "film.mp4").read_bytes()
        at = (len(data) + data.index(b"mdat")) // 2
        (self.folder / "film.mp4").write_bytes(data[:at] + bytes(len(data) - at))
        self.only(self.of_film(1), "fault", "decoding fails from 295.00 s of 300.00 s on: the decoder produced no frame from ")

    def test_one_of_two(self):
        films.film(self.folder / "l.mp4", frames=24, fps=24)
        places, facts = self.found({"a": {"video": {"landscape": "l.mp4", "portrait": "none.mp4"}}}, 1)
        self.only(places["$.spots.a.video.portrait"], "fault", "none.mp4: No such file or directory")
        self.assertEqual(list(facts), ["$.spots.a.video.landscape"])


if __name__ == "__main__":
    tap.main()
