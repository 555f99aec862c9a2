"""What check and publish remember of media: the report is the same to the byte, and nothing is decoded twice."""
import json
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import films
import player
import tap

NOW = "2026-02-06T12:00:00Z"


def render(path, source, *options, codec=films.H264):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, *codec, *options, str(path)], check=True,
                   timeout=player.WAIT_S, stdin=subprocess.DEVNULL)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.cache = self.folder / "cache"
        self.path = self.folder / "p.json"

    def env(self, **more):
        return {"XDG_CACHE_HOME": str(self.cache), **more}

    def check(self, *options, status=None, env=None):
        """Runs check; what it reports, and how many films, pictures and texts it knew and decoded."""
        done = player.run("check", self.path, "--timezone", "UTC", "--at", NOW, "--log-level", "debug", *options, **(env or self.env()))
        self.assertNotRegex(done.stderr, r"(?m)^error|Sanitizer|runtime error")
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        known, decoded = re.search(r"checked media known=(\d+) decoded=(\d+)", done.stderr).groups()
        self.warned = [line for line in done.stderr.splitlines() if line.startswith("warn")]
        return done.stdout, int(known), int(decoded)

    def pictures(self):
        player.png(self.folder / "wide.png", 640, 360, (150, 150, 150))
        player.png(self.folder / "tall.png", 360, 640, (20, 20, 20))
        player.png(self.folder / "own.png", 360, 640, (20, 20, 80))
        player.playlist(self.path, {"a": {"image": {"landscape": "wide.png", "portrait": "tall.png"}, "tagline": "Small", "duration": 9},
                                    "b": {"image": "own.png", "duration": 9}, "t": {"tagline": "Words", "duration": 9}})


class Report(Case):
    """Everything that check can say of a medium is said again."""

    def films(self):
        lights = "color=black:size=160x90:rate=30:duration=2,format=gray,geq=lum='if(lt(mod(T*8,1),0.5),235,16)'"
        render(self.folder / "flash.mp4", lights)
        films.film(self.folder / "hdr.mp4", frames=12, fps=12, options=("-vf", "setparams=color_trc=smpte2084"))
        films.film(self.folder / "quiet.mp4", frames=48, fps=12, inputs=("-f", "lavfi", "-i", "sine=duration=1"), options=("-c:a", "aac"))
        films.film(self.folder / "mute.mp4", frames=24, fps=12)
        render(self.folder / "good.mp4", "testsrc2=size=320x180:rate=25:duration=4", "-movflags", "+faststart", "-g", "5")
        data = (self.folder / "good.mp4").read_bytes()
        (self.folder / "cut.mp4").write_bytes(data[:len(data) // 2])
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(self.folder / "good.mp4"), "-c", "copy", "-bsf:v",
                        "noise=amount='if(between(n,50,59),20,0)'", str(self.folder / "noise.mp4")], check=True, timeout=player.WAIT_S)
        render(self.folder / "half.mp4", "testsrc2=size=64x36:rate=5:duration=150", "-movflags", "+faststart", "-g", "10")
        data = (self.folder / "half.mp4").read_bytes()
        at = (len(data) + data.index(b"mdat")) // 2
        (self.folder / "half.mp4").write_bytes(data[:at] + bytes(len(data) - at))
        spots = {name: {"video": f"{name}.mp4", "volume": 0.5 if name in ("quiet", "mute") else 0, "duration": 6}
                 for name in ("flash", "hdr", "quiet", "mute", "cut", "noise", "half")}
        spots["pair"] = {"video": {"landscape": "mute.mp4", "portrait": "quiet.mp4"}, "tagline": "Over a film"}
        return spots

    def stills(self):
        data = (player.TOP / "media/boat.jpg").read_bytes()
        tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
        (self.folder / "turned.jpg").write_bytes(data[:2] + b"\xff\xe1" + (8 + len(tiff)).to_bytes(2, "big") + b"Exif\0\0" + tiff + data[2:])
        player.png(self.folder / "light.png", 1920, 1920, (149, 149, 149))
        player.png(self.folder / "small.png", 320, 180, (10, 10, 10))
        shutil.copy(player.TOP / "fonts/duckling-bold.otf", self.folder / "latin.otf")
        long = "Small acts of kindness, done by many people every day, lead to greatness in the end"
        return {"light": {"image": "light.png", "tagline": "To the greatness", "tagline_style": "plain", "duration": 10},
                "moves": {"image": "light.png", "motion": "pan", "tagline": "To the small", "tagline_style": "plain", "duration": 10},
                "turned": {"image": "turned.jpg", "tagline": {"ko": "A뷁", "en": long}, "tagline_style": "brand", "duration": 10},
                "small": {"image": "small.png", "duration": 10}, "glyph": {"tagline": "A \U0001f986 b", "duration": 10},
                "pale": {"tagline": "Pale", "tagline_style": "pale", "background": "#ffffff", "duration": 10},
                "gone": {"image": "none.png", "duration": 10}, "text": {"image": "p.json", "duration": 10},
                "no film": {"video": "latin.otf"}}

    STYLES = {"plain": {"shadow": False}, "brand": {"font": "latin.otf", "size": 0.12}, "pale": {"color": "#959595"}}

    def test_it_is_the_same_to_the_byte(self):
        player.playlist(self.path, {**self.films(), **self.stills()}, styles=self.STYLES)
        fresh, known, decoded = self.check(status=1)
        self.assertGreater(decoded, 20)
        for words in ("flashes in the second before", "HDR", "the rest is silent", "has no sound that can be played", "was the file cut off",
                      "are damaged, the first at", "decoding fails ", "its last frame stays on", "must be equally long",
                      "contrast with the visual", "contrast with the background", "EXIF orientation (6)", "enlarged", "no font has 1",
                      "so a system font draws them", "its type shrinks", "No such file"):
            self.assertIn(words, fresh)
        again, known_again, decoded_again = self.check(status=1)
        self.assertEqual(again, fresh)
        # What can't be shown is tried each time: a picture for two screens, and a film.
        self.assertEqual(decoded_again, 5, fresh)
        self.assertGreaterEqual(known_again, decoded - 5)
        as_json = self.check("--json", status=1)
        self.assertEqual(as_json[2], 5)
        bare = self.check("--no-cache", status=1)
        self.assertEqual((bare[0], bare[1], bare[2]), (fresh, 0, decoded))
        self.assertEqual(self.check("--no-cache", "--json", status=1)[0], as_json[0])
        facts = [json.loads(line) for line in as_json[0].splitlines() if '"fact"' in line]
        self.assertEqual(len(facts), 9)

    def test_other_screens_are_other_pictures(self):
        self.pictures()
        wall = ("--size", "384x96", "--size", "100x300")
        first, _, decoded = self.check(*wall)
        self.assertGreater(decoded, 0)
        self.assertEqual(self.check(*wall), (first, decoded, 0))
        usual, known, decoded = self.check()
        self.assertEqual((known, usual != first), (0, True))
        self.assertEqual(self.check(), (usual, decoded, 0))


class Change(Case):
    """What a result depends on."""

    def setUp(self):
        super().setUp()
        self.pictures()
        self.fresh, _, self.count = self.check(status=0)

    def decoded(self, *options):
        return self.check(*options)[2]

    def test_of_nothing(self):
        self.assertEqual(self.check(), (self.fresh, self.count, 0))

    def test_of_a_picture(self):
        """Of the same length, and at once; then the old one again."""
        old = (self.folder / "wide.png").read_bytes()
        player.png(self.folder / "wide.png", 640, 360, (151, 150, 150))
        # The picture, and the text over it.
        self.assertEqual(self.decoded(), 2)
        (self.folder / "wide.png").write_bytes(old)
        self.assertEqual(self.decoded(), 0)

    def test_of_a_name(self):
        (self.folder / "wide.png").rename(self.folder / "other.png")
        self.path.write_text(self.path.read_text().replace("wide.png", "other.png"))
        self.assertEqual(self.decoded(), 0)

    def test_of_a_word(self):
        """Its picture is decoded for the contrast; nothing else is."""
        self.path.write_text(self.path.read_text().replace('"Small"', '"Smell"'))
        self.assertEqual(self.decoded(), 4)
        self.path.write_text(self.path.read_text().replace('"Words"', '"Wards"'))
        self.assertEqual(self.decoded(), 2)

    def test_of_the_slots(self):
        self.path.write_text(self.path.read_text().replace('"duration": 9', '"duration": 8'))
        self.assertEqual(self.decoded(), 0)

    def test_of_how_it_is_shown(self):
        for old, new, count in (('"duration": 9}, "t"', '"duration": 9, "fit": "contain"}, "t"', 2),
                                ('"tagline": "Small"', '"tagline": "Small", "motion": "pan"', 4),
                                ('"tagline": "Small"', '"tagline": "Small", "background": "#123456"', 4)):
            with self.subTest(new):
                before = self.path.read_text()
                self.assertIn(old, before)
                self.path.write_text(before.replace(old, new))
                self.assertEqual(self.decoded(), count)
                self.path.write_text(before)

    def test_of_the_limit(self):
        self.assertEqual(self.decoded("--decode-timeout", "59"), self.count)

    def test_of_the_program(self):
        """A build of its own: the same program in another file decodes everything again."""
        place = self.folder / "build"
        place.mkdir()
        for name in ("duckling", "duckling-films"):
            shutil.copy(player.DUCKLING.with_name(name), place / name)
        (self.folder / "fonts").symlink_to(player.TOP / "fonts")
        env = player.environment(**self.env())
        for count in (self.count, 0):
            done = subprocess.run([place / "duckling", "check", self.path, "--timezone", "UTC", "--at", NOW, "--log-level", "debug",
                                   *player.PATIENT], env=env, text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=player.WAIT_S)
            self.assertIn(f" decoded={count}\n", done.stderr)
            self.assertEqual(done.stdout, self.fresh)


class Folder(Case):
    def setUp(self):
        super().setUp()
        self.pictures()
        self.fresh, _, self.count = self.check(status=0)
        self.place = self.cache / "duckling-check"

    def test_damage_costs_time_only(self):
        for change in (lambda data: data[:-1], lambda data: b"", lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
                       lambda data: data + b"x", lambda data: bytes(len(data))):
            files = list(self.place.iterdir())
            for path in files:
                path.write_bytes(change(path.read_bytes()))
            self.assertEqual(self.check(), (self.fresh, 0, self.count))
            self.assertEqual(self.warned, [])
            self.assertEqual(self.check(), (self.fresh, self.count, 0))

    def test_without_it(self):
        self.assertEqual(self.check("--no-cache"), (self.fresh, 0, self.count))
        shutil.rmtree(self.cache)
        self.assertEqual(self.check("--no-cache"), (self.fresh, 0, self.count))
        self.assertFalse(self.cache.exists())
        self.assertEqual(self.check(env={"XDG_CACHE_HOME": None, "HOME": None}), (self.fresh, 0, self.count))
        self.assertEqual(self.warned, [])

    def test_one_that_cannot_be_used(self):
        self.place.chmod(0o755)
        self.assertEqual(self.check(), (self.fresh, 0, self.count))
        self.assertEqual(len(self.warned), 1)
        self.assertRegex(self.warned[0], r"cannot remember what was checked, .*folder=.*duckling-check.* reason=.*chmod 700")

    def test_below_the_home(self):
        home = self.folder / "home"
        home.mkdir()
        env = {"XDG_CACHE_HOME": None, "HOME": str(home)}
        self.check(env=env)
        self.assertEqual(self.check(env=env), (self.fresh, self.count, 0))
        self.assertEqual([(home / ".cache/duckling-check").stat().st_mode & 0o777], [0o700])

    def test_runs_at_the_same_time(self):
        shutil.rmtree(self.cache)
        reports = []
        threads = [threading.Thread(target=lambda: reports.append(self.check()[0])) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(reports, [self.fresh] * 3)
        self.assertEqual(self.check(), (self.fresh, self.count, 0))
        self.assertEqual([p.name for p in self.place.iterdir() if p.name.startswith(".")], [])


if __name__ == "__main__":
    tap.main()
