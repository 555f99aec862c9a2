"""The check command on films: what it tells of each, and what it warns of."""
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import films
import player
import tap

NOW = "2026-02-06T12:00:00Z"
SCREEN = (1920, 1080)


def render(path, source, *options, codec=films.H264):
    """A film of one of ffmpeg's own sources."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, *codec, *options, str(path)], check=True,
                   timeout=60, stdin=subprocess.DEVNULL)


def flashing(hertz, where="1", seconds=2, low=16, high=235):
    """White and black in turns, `hertz` times a second, where an expression is true; else black."""
    return (f"color=black:size=160x90:rate=30:duration={seconds},format=gray,"
            f"geq=lum='if({where}*lt(mod(T*{hertz},1),0.5),{high},{low})'")


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def run_check(self, spots, *options, status=0):
        player.playlist(self.folder / "p.json", spots)
        done = player.run("check", self.folder / "p.json", "--timezone", "UTC", "--at", NOW, "--decode-timeout", "60", *options)
        self.assertNotRegex(done.stderr, r"(?m)^error|Sanitizer|runtime error")
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def found(self, spots, status=0):
        """What is found, {path: [(level, text), ...]}, and the facts, {path: {...}}."""
        places, facts = {}, {}
        for line in self.run_check(spots, "--json", status=status).splitlines():
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
        """Nothing to say but what it is; five pictures a second every machine decodes in time."""
        films.film(self.folder / "film.mp4", frames=12, fps=5, size=SCREEN)
        self.assertEqual(self.run_check({"a": {"video": "film.mp4"}}), "0 faults, 0 warnings\n")
        places, facts = self.found({"a": {"video": "film.mp4"}})
        self.assertEqual(places, {})
        self.assertEqual(facts, {"$.spots.a.video": {"codec": "h264", "width": 1920, "height": 1080, "fps": 5, "duration_ms": 2400}})

    def test_each_file_has_its_own(self):
        films.film(self.folder / "l.mkv", frames=24, fps=24, size=(160, 90), codec=("-c:v", "libvpx-vp9", "-deadline", "realtime"))
        films.film(self.folder / "p.mp4", frames=30, fps=30, size=(90, 160))
        facts = self.found({"a": {"video": {"landscape": "l.mkv", "portrait": "p.mp4"}}, "b": {"video": "p.mp4"}})[1]
        self.assertEqual(facts, {
            "$.spots.a.video.landscape": {"codec": "vp9", "width": 160, "height": 90, "fps": 24, "duration_ms": 1000},
            "$.spots.a.video.portrait": {"codec": "h264", "width": 90, "height": 160, "fps": 30, "duration_ms": 1000},
            "$.spots.b.video": {"codec": "h264", "width": 90, "height": 160, "fps": 30, "duration_ms": 1000}})


class Shape(Check):
    def test_size(self):
        films.film(self.folder / "s.mp4", frames=12, fps=12, size=(640, 360))
        films.film(self.folder / "p.mp4", frames=12, fps=12, size=(360, 640))
        places, _ = self.found({"a": {"video": "s.mp4"}, "b": {"video": "p.mp4"}, "c": {"video": {"landscape": "p.mp4", "portrait": "p.mp4"}},
                                "d": {"video": {"landscape": "p.mp4", "portrait": "s.mp4"}}})
        self.only(places["$.spots.a.video"], "warning", "only 640 × 360 pixels: enlarged 3.00 times on a screen of 1920 × 1080")
        self.only(places["$.spots.b.video"], "warning", "only 360 × 640 pixels: enlarged 3.00 times on a screen of 1080 × 1920")
        self.assertIn("a portrait film (360 × 640) for landscape screens, which crop most of it away",
                      [text for _, text in places["$.spots.d.video.landscape"]])
        self.assertTrue(any("a landscape film" in text for _, text in places["$.spots.d.video.portrait"]), places)


class Length(Check):
    def test_shorter_than_its_slots(self):
        films.film(self.folder / "film.mp4", frames=48, fps=24)
        self.assertEqual(self.of_film(), [])
        self.assertEqual(self.of_film(duration=2), [])
        self.assertEqual(self.of_film(duration=1), [])
        self.only(self.of_film(duration=2.1), "warning", "2.00 s long, for slots of 2.1 s: its last picture stands until they end")

    def test_longer_than_a_day(self):
        films.film(self.folder / "film.mp4", frames=3, fps="1/40000", size=(64, 36))
        self.only(self.of_film(), "warning", "33.3 hours long: its slots end after 24 hours")

    def test_two_lengths(self):
        films.film(self.folder / "l.mp4", frames=48, fps=24)
        films.film(self.folder / "p.mp4", frames=30, fps=24, size=(90, 160))
        spot = {"video": {"landscape": "l.mp4", "portrait": "p.mp4"}}
        words = "1.25 s long, and the landscape film, which its slots go by, 2.00 s"
        found = self.found({"a": spot})[0]["$.spots.a.video.portrait"]
        self.assertIn(("warning", words), found)
        found = self.found({"a": {**spot, "duration": 1}})[0]["$.spots.a.video.portrait"]
        self.assertNotIn(("warning", words), found)

    def test_cut_off(self):
        """An index that speaks of more than the file has."""
        render(self.folder / "film.mp4", "testsrc2=size=320x180:rate=25:duration=4", "-movflags", "+faststart", "-g", "5")
        data = (self.folder / "film.mp4").read_bytes()
        self.assertEqual(self.of_film(), [])
        (self.folder / "film.mp4").write_bytes(data[:len(data) // 2])
        found = self.of_film()
        self.only(found, "warning", "s of 4.00 s: was the file cut off?")

    def test_variable_rate_is_fine(self):
        render(self.folder / "film.mp4", "testsrc2=size=160x90:rate=30:duration=4",
               "-vf", "select='if(lt(t,2),1,not(mod(n,25)))'", "-fps_mode", "vfr")
        self.assertEqual(self.of_film(), [])

    def test_sound_that_is_not_heard_is_fine(self):
        films.film(self.folder / "film.mp4", frames=30, fps=15, inputs=("-f", "lavfi", "-i", "sine=duration=2"))
        self.assertEqual(self.of_film(), [])


class Look(Check):
    def test_high_dynamic_range(self):
        films.film(self.folder / "film.mp4", frames=12, fps=12, options=("-color_trc", "smpte2084"))
        self.only(self.of_film(), "warning", "of high dynamic range, which is shown without tone mapping")

    def test_faster_than_this_machine(self):
        """A thousand pictures of 3840 × 2160 a second are more than any processor decodes."""
        render(self.folder / "film.mp4", "testsrc2=size=3840x2160:rate=1000:duration=0.04", "-video_track_timescale", "1000")
        words = self.of_film(duration=1)
        slow = [text for _, text in words if "decodes" in text]
        self.assertEqual(len(slow), 1, words)
        self.assertRegex(slow[0], r"^this machine decodes [\d.]+ pictures of it a second, and it has 1000: ")

    def test_flashes(self):
        for hertz, where, wanted in ((5, "1", 5), (4, "1", 4), (10, "lt(X,W/2)", 10), (3, "1", None), (1, "1", None),
                                     (10, "lt(X,W/4)*lt(Y,H/2)", None)):
            with self.subTest(hertz=hertz, where=where):
                render(self.folder / "film.mp4", flashing(hertz, where))
                found = self.of_film()
                if wanted:
                    self.only(found, "warning", f"{wanted} flashes within the second before ")
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

    def test_one_of_two(self):
        films.film(self.folder / "l.mp4", frames=24, fps=24)
        places, facts = self.found({"a": {"video": {"landscape": "l.mp4", "portrait": "none.mp4"}}}, 1)
        self.only(places["$.spots.a.video.portrait"], "fault", "none.mp4: No such file or directory")
        self.assertEqual(list(facts), ["$.spots.a.video.landscape"])


if __name__ == "__main__":
    tap.main()
