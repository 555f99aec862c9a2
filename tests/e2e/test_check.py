"""The check command: each fault and each warning, and what lies just on the right side of it."""
import json
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import pictures
import player
import tap
from player import TOP, run

NOW = "2026-02-06T12:00:00Z"  # a Friday


def png(width, height, rgb=(60, 60, 60)):
    """A picture of one color."""
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    pixels = (b"\0" + bytes(rgb) * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(pixels, 1)) + chunk(b"IEND", b""))


def jpeg(orientation=None, lost=False):
    """One of the campaign's, 3840 × 2160, with an EXIF orientation put in, or without a thousand bytes in its middle."""
    data = (TOP / "media/boat.jpg").read_bytes()
    if orientation:
        tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
        data = data[:2] + b"\xff\xe1" + struct.pack(">H", 8 + len(tiff)) + b"Exif\0\0" + tiff + data[2:]
    if lost:
        data = data[:len(data) // 2] + data[len(data) // 2 + 1000:]
    return data


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def put(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def run_check(self, playlist, *options, status=0):
        path = self.folder / "p.json"
        path.write_text(playlist if isinstance(playlist, str) else json.dumps({"format": "duckling/1", **playlist}))
        done = run("check", path, "--timezone", "Asia/Seoul", "--at", NOW, *options)
        # With sanitizers the workers' own words are seen, too.
        self.assertNotRegex(done.stderr, r"(?m)^error|Sanitizer|runtime error")
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout

    def found(self, playlist, status=0):
        """{path: [(level, text), ...]}"""
        places = {}
        for line in self.run_check(playlist, "--json", status=status).split("\n")[:-1]:
            item = json.loads(line)
            self.assertEqual(list(item), ["level", "path", "text"])
            places.setdefault(item["path"], []).append((item["level"], item["text"]))
        return places

    def spots(self, status=0, styles=None, **spots):
        return self.found({"spots": spots, **({"styles": styles} if styles else {})}, status)

    def only(self, places, path, level, words):
        """The one finding at a place, with these words in it."""
        self.assertEqual([level], [l for l, _ in places.get(path, [])], places)
        self.assertIn(words, places[path][0][1])


class Report(Check):
    def test_clean(self):
        self.put("a.png", png(1920, 1080))
        self.assertEqual(self.run_check({"spots": {"a": {"image": "a.png", "duration": 10}}}), "0 faults, 0 warnings\n")

    def test_byte_order_mark(self):
        """Notepad and other editors write one."""
        self.assertEqual(self.run_check("\ufeff" + json.dumps({"format": "duckling/1", "spots": {"a": {"tagline": "Small."}}})),
                         "0 faults, 0 warnings\n")

    def test_lines_and_counts(self):
        self.put("a.png", png(1280, 720))
        out = self.run_check({"spots": {"a": {"image": "a.png"}, "b": {"image": "no.png"}}}, status=1)
        lines = out.splitlines()
        self.assertEqual(len(lines), 3, out)
        self.assertTrue(lines[0].startswith("warning $.spots.a.image: only 1280 × 720 pixels"), out)
        self.assertTrue(lines[1].startswith("fault   $.spots.b.image: "), out)
        self.assertTrue(lines[1].endswith("no.png: No such file or directory"), out)
        self.assertEqual(lines[2], "1 fault, 1 warning")

    def test_warnings_fail_only_when_strict(self):
        playlist = {"spots": {"a": {"tagline": "A", "duration": 10}}, "styles": {"s": {}}}
        self.run_check(playlist, status=0)
        self.run_check(playlist, "--strict", status=1)
        del playlist["styles"]
        self.run_check(playlist, "--strict", status=0)

    def test_json_of_any_name(self):
        name = 'q"\\ \u2028 작은 \U0001f986 \x7f'
        places = self.found({"spots": {name: {"image": 'n"작.png'}}}, status=1)
        self.assertEqual(len(places), 2)  # the name's DEL is a fault, too
        self.assertTrue(any("작은 \U0001f986" in path for path in places), places)
        self.assertTrue(any('n"작.png' in text for found in places.values() for _, text in found), places)

    def test_no_playlist(self):
        done = run("check", self.folder / "none.json")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stdout, r"^fault   \$: .*none.json: No such file or directory\n1 fault, 0 warnings\n$")
        self.assertIn("not a regular file", run("check", self.folder).stdout)

    def test_usage(self):
        for arguments in ([], ["a", "b"], ["--jsonn", "a"], ["--language", "ko", "a"]):
            done = run("check", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertTrue(done.stderr.startswith("duckling check: "), done.stderr)

    def test_its_own_failures(self):
        self.put("p.json", b'{"format": "duckling/1", "spots": {"a": {"tagline": "A"}}}')
        with open("/dev/full", "w") as full:
            done = subprocess.run([player.DUCKLING, "check", self.folder / "p.json"], stdout=full, stderr=subprocess.PIPE,
                                  text=True, env=player.environment(), timeout=player.WAIT_S)
        self.assertEqual(done.returncode, 1)
        self.assertIn("standard output", done.stderr)


class Playlists(Check):
    def test_media_of_a_faulty_playlist(self):
        """Texts can't be relied on there; media can."""
        self.put("a.png", png(640, 360))
        places = self.found({
            "spots": {"a": {"image": "a.png", "durration": 3, "tagline": 5}, "b": {"image": "no.png"},
                      "c": {"image": {"landscape": "/abs.png", "portrait": "b.txt"}}, "d": 7},
            "styles": {"s": {"font": {"ko": "no.ttf"}}}, "loops": {"x": ["nobody"]}}, status=1)
        for path in ("$.spots.a.durration", "$.spots.a.tagline", "$.spots.c.image.landscape", "$.spots.d", "$.loops.x[0]"):
            self.only(places, path, "fault", "")
        self.only(places, "$.spots.a.image", "warning", "640 × 360")
        self.only(places, "$.spots.b.image", "fault", "No such file")
        self.only(places, "$.spots.c.image.portrait", "fault", "No such file")
        self.only(places, "$.styles.s.font.ko", "fault", "No such file")

    def test_playlists_of_which_nothing_is_left(self):
        for text in ("", "[]", "{", "nul", '{"spots": []}', '{"format":"duckling/1","spots":{},"styles":3}', "[" * 40, '"a"'):
            self.assertRegex(self.run_check(text, status=1), r"^fault   \$")

    def test_zone(self):
        places = self.found({"spots": {"a": {"tagline": "A", "duration": 10}}, "timezone": "Asia/Nowhere"}, status=1)
        self.only(places, "$.timezone", "fault", "Asia/Nowhere")

    def test_bundled_playlists(self):
        """The campaign is clean. The worked examples have no faults; an event in them may be over."""
        for path in sorted((TOP / "playlists").glob("*.json")):
            if path.name in ("greatness.json", "crossfade.json"):
                self.assertEqual(run("check", path, "--decode-timeout", "60").stdout, "0 faults, 0 warnings\n", path.name)
            elif not path.name.endswith("schema.json"):
                self.assertRegex(run("check", path, "--decode-timeout", "60").stdout, "(?m)^0 faults, ", path.name)


class Media(Check):
    def test_files_that_are_no_pictures(self):
        whole = png(1920, 1080)
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 0xff
        (self.folder / "folder").mkdir()
        files = {"missing": ("missing", None, "No such file"), "folder": ("folder", None, "not a regular file"),
                 "empty": ("empty", b"", "empty"), "text": ("text", b"hello", "not a JPEG, PNG, WebP or GIF picture"),
                 "cut": ("cut", whole[:-20], "cut off"), "damaged": ("damaged", bytes(damaged), "damaged"),
                 "lost": ("lost", jpeg(lost=True), "damaged"),
                 "wide": ("wide", whole[:16] + struct.pack(">I", 16385) + whole[20:], "16384 a side"),
                 "large": ("large", whole[:16] + struct.pack(">II", 16384, 6104) + whole[24:], "100 million")}
        for name, data, _ in files.values():
            if data is not None:
                self.put(name, data)
        places = self.spots(1, **{spot: {"image": name} for spot, (name, _, _) in files.items()})
        for spot, (_, _, words) in files.items():
            self.only(places, f"$.spots.{spot}.image", "fault", words)
        self.assertEqual(len(places), len(files))

    def test_each_shape_has_its_place(self):
        self.put("wide.png", png(1920, 1080))
        self.put("bad.png", b"no")
        places = self.spots(1, a={"image": {"landscape": "bad.png", "portrait": "bad2.png"}, "duration": 10},
                            b={"image": {"landscape": "wide.png", "portrait": "bad.png"}, "duration": 10})
        self.assertEqual(sorted(places), ["$.spots.a.image.landscape", "$.spots.a.image.portrait", "$.spots.b.image.portrait"])

    def test_shapes(self):
        self.put("l.png", png(1920, 1080))
        self.put("p.png", png(1080, 1920))
        self.put("s.png", png(2000, 2000))
        self.put("ok.png", png(2000, 1874))  # 16:9 leaves 60.03 % of it
        self.put("no.png", png(2000, 1892))
        places = self.spots(
            swapped={"image": {"landscape": "p.png", "portrait": "l.png"}, "duration": 10},
            right={"image": {"landscape": "l.png", "portrait": "p.png"}, "duration": 10},
            square={"image": "s.png", "duration": 10}, contained={"image": "s.png", "fit": "contain", "duration": 10},
            ok={"image": "ok.png", "duration": 10}, no={"image": "no.png", "duration": 10})
        landscape = [text for _, text in places["$.spots.swapped.image.landscape"]]
        self.assertTrue(landscape[0].startswith("a portrait picture (1080 × 1920) on landscape screens"), places)
        self.assertIn("a landscape picture (1920 × 1080)", places["$.spots.swapped.image.portrait"][0][1])
        self.only(places, "$.spots.square.image", "warning", "crop 44 % of the picture (2000 × 2000)")
        self.only(places, "$.spots.no.image", "warning", "crop 41 %")
        self.assertEqual({p.split(".")[2] for p in places}, {"swapped", "square", "no"})

    def test_sizes(self):
        self.put("a.png", png(1920, 1080))
        self.put("b.png", png(1919, 1080))
        self.put("c.png", png(1080, 1919))
        places = self.spots(a={"image": "a.png", "duration": 10}, b={"image": "b.png", "duration": 10},
                            c={"image": "c.png", "duration": 10},
                            d={"image": "b.png", "fit": "contain", "duration": 10})
        self.assertEqual(sorted(places), ["$.spots.b.image", "$.spots.c.image"], places)
        self.only(places, "$.spots.b.image", "warning", "only 1919 × 1080 pixels")
        self.only(places, "$.spots.c.image", "warning", "on a screen of 1080 × 1920")

    def test_screens_of_the_site(self):
        """Each is judged, and told by its size; what none of them shows is only decoded."""
        self.put("wall.png", png(3840, 960))
        self.put("tall.png", png(1080, 1920))
        self.put("bad.png", b"no")
        spots = {"a": {"image": "wall.png", "duration": 10}, "b": {"image": "tall.png", "duration": 10},
                 "c": {"image": {"landscape": "wall.png", "portrait": "tall.png"}, "duration": 10},
                 "d": {"image": {"landscape": "wall.png", "portrait": "bad.png"}, "duration": 10}}
        def found(*options):
            places = {}
            for line in self.run_check({"spots": spots}, "--json", *options, status=1).splitlines():
                item = json.loads(line)
                places.setdefault(item["path"], []).append(item["text"])
            return places
        wrong = ["a portrait picture (1080 × 1920) on screens of %s, which crop most of it", "only 1080 × 1920 pixels: enlarged %s times on a screen of %s"]
        bad = ["the file is not a JPEG, PNG, WebP or GIF picture"]
        self.assertEqual(found("--size", "3840x960"), {
            "$.spots.b.image": [wrong[0] % "3840 × 960", wrong[1] % ("3.56", "3840 × 960")], "$.spots.d.image.portrait": bad})
        large = ["only 3840 × 960 pixels: enlarged 2.04 times on a screen of 7840 × 1952"]
        tall = ["only 1080 × 1920 pixels: enlarged 1.07 times on a screen of 1152 × 2048"]
        self.assertEqual(found("--size", "3840x960", "--size", "7840x1952", "--size=3840x960", "--size", "1152x2048"), {
            "$.spots.a.image": large, "$.spots.b.image": tall, "$.spots.c.image.landscape": large, "$.spots.c.image.portrait": tall,
            "$.spots.d.image.landscape": large, "$.spots.d.image.portrait": bad})
        self.assertEqual(self.run_check({"spots": {"a": spots["a"]}}, "--size", "960x240"), "0 faults, 0 warnings\n")
        self.assertRegex(self.run_check({"spots": {"a": spots["a"]}}, "--size", "960x960"),
                         r"^warning \$\.spots\.a\.image: screens of 960 × 960 crop 75 % of the picture \(3840 × 960\)\n")

    def test_texts_in_more_lines_than_they_are_written_in(self):
        spots = {"a": {"tagline": "To the greatness of small beginnings\nand of everyone who believes in them", "duration": 10},
                 "b": {"tagline": "One rink.\nOne dream.", "duration": 10},
                 "c": {"tagline": "To the greatness of small beginnings and of everyone who believes in them", "duration": 10}}
        said = self.run_check({"spots": spots}, "--size", "1080x1920", "--size", "3840x960")
        self.assertRegex(said, r"(?m)^warning \$\.spots\.a\.tagline: on 1080 × 1920 it takes 4 lines, but it is written in 2: shorten its longest line")
        self.assertEqual(said.count("but it is written in"), 1, said)

    def test_texts_on_the_screens_of_the_site(self):
        spots = {"a": {"tagline": "Small acts of kindness, done by many people every day, lead to greatness in the end",
                       "tagline_style": "large", "duration": 10}}
        playlist = {"spots": spots, "styles": {"large": {"size": 0.3}}}
        self.assertRegex(self.run_check(playlist, "--size", "3840x960"), r"(?m)^warning .*: on 3840 × 960 its type shrinks from 288 to \d+ pixels")
        self.assertEqual(self.run_check(playlist, "--size", "3840x960").count("warning "), 1)
        self.assertRegex(self.run_check(playlist), r"on 1920 × 1080 .*\n.*on 1080 × 1920 ")
        self.assertRegex(self.run_check(playlist, "--size", "64x64"), "it cannot be read from afar|shrinks")

    def test_exif(self):
        self.put("one.jpg", jpeg(orientation=1))
        self.put("six.jpg", jpeg(orientation=6))
        places = self.spots(one={"image": "one.jpg", "duration": 10}, six={"image": "six.jpg", "duration": 10})
        self.assertEqual(list(places), ["$.spots.six.image"])
        self.only(places, "$.spots.six.image", "warning", "orientation (6): stored as 3840 × 2160, shown as 2160 × 3840")

    @unittest.skipUnless(shutil.which("convert"), "imagemagick is not installed")
    def test_colors_and_animations(self):
        """What is shown, but not as its file asks."""
        rgb = pictures.rgb_profile(pictures.P3, 2.2)
        inks = pictures.flat_jpeg(240, 135, 4, lambda column, row: (column, row, 90, 200), pictures.adobe(0))
        def colored(profile):
            return pictures.put_after_start(pictures.flat_jpeg(240, 135, 3, lambda column, row: (90, 128, 128)), *pictures.icc_segments(profile))
        files = {"gif": (pictures.convert("-size", "1920x1080", "xc:red", "xc:blue", "gif:-"), "an animation, of which only the first"),
                 "apng": (png(1920, 1080)[:33] + pictures.chunk(b"acTL", struct.pack(">II", 2, 0)) + png(1920, 1080)[33:],
                          "an animation, of which only the first"),
                 "inks": (inks, "CMYK without a color profile"), "press": (pictures.put_after_start(inks, *pictures.icc_segments(
                     pictures.cmyk_profile())), None), "one": (pictures.convert("-size", "1920x1080", "xc:red", "gif:-"), None),
                 "cut": (colored(rgb[:300]), "color profile is damaged"), "grey": (colored(pictures.grey_profile(1.8)), "another kind of picture"),
                 "huge": (colored(pictures.rgb_profile(pictures.P3, 2.2, pad=9 << 20)), "more than 8 MB"), "p3": (colored(rgb), None),
                 "narrow": (pictures.png(1920, 1080, 0, 8, lambda x, y: (90,), pictures.cicp(12, 13, full=0)), "another kind of picture")}
        for name, (data, _) in files.items():
            self.put(name, data)
        places = self.spots(**{name: {"image": name, "duration": 10} for name in files})
        for name, (_, words) in files.items():
            if words:
                self.only(places, f"$.spots.{name}.image", "warning", words)
        self.assertEqual(len(places), sum(bool(words) for _, words in files.values()), places)

    def test_slow_pictures(self):
        """Slowness of this machine is a warning, whatever the limit: up to ten times as much as players allow."""
        self.put("a.jpg", pictures.endless_jpeg(1920, 1080, 350))
        playlist = {"spots": {"a": {"image": "a.jpg", "duration": 10}}}
        self.assertEqual(self.run_check(playlist, "--decode-timeout", "60"), "0 faults, 0 warnings\n")
        slow = (r"^warning \$\.spots\.a\.image: this machine needs \d+\.\d s to decode it, and players give up after 0\.121 s: make it "
                r"smaller, or give slow players a longer --decode-timeout\n0 faults, 1 warning\n$")
        for _ in range(2):  # it is not remembered
            self.assertRegex(self.run_check(playlist, "--decode-timeout", "0.1"), slow)
        self.run_check(playlist, "--decode-timeout", "0.1", "--strict", status=1)

    def test_a_picture_that_computes_for_ever(self):
        """Ten times what players allow is enough to know it. Each language and screen would find the same, and asks no more."""
        self.put("a.jpg", pictures.endless_jpeg(1920, 1080, 15000))
        self.put("b.png", png(1920, 1080))
        shown = self.run_check({"spots": {"a": {"image": "a.jpg", "duration": 10}, "b": {"image": "b.png", "duration": 10}}},
                               "--decode-timeout", "0.1", status=1)
        # The other picture may well take a slow machine too long: a warning, which counts among them.
        self.assertRegex(shown, r"^fault   \$\.spots\.a\.image: it is not decoded after 1\.21 s of processor time, and players give up "
                         r"after 0\.121 s: make it smaller\n(warning \$\.spots\.b\.image: this machine needs .*\n)?1 fault, ")


class Taglines(Check):
    def test_missing_glyphs(self):
        places = self.spots(a={"tagline": {"ko": "작은 것", "en": "A \U0001f986 b", "zh-Hans": "\U00020bb7\U00020bb7\U0002a6d6"},
                               "duration": 10})
        self.only(places, "$.spots.a.tagline.en", "warning", "no font has 1 of its characters, so they are left out: \U0001f986 U+1F986")
        self.assertNotIn("$.spots.a.tagline.ko", places)

    def test_nothing_to_draw(self):
        places = self.spots(1, a={"tagline": "\U0001f986", "duration": 10})
        self.only(places, "$.spots.a.tagline", "fault", "no font has any of the text's characters")

    def test_brand_fonts(self):
        self.put("latin.otf", (TOP / "fonts/duckling-bold.otf").read_bytes())
        self.put("bad.otf", b"not a font")
        styles = {"good": {"font": "latin.otf"}, "bad": {"font": {"ko": "bad.otf"}}, "none": {"font": {"ko": "no.otf"}}}
        text = {"ko": "A뷁", "en": "To the small"}
        spots = {name: {"tagline": text, "tagline_style": name, "duration": 10} for name in styles}
        places = self.spots(1, styles=styles, **spots)
        self.only(places, "$.spots.good.tagline.ko", "warning", "latin.otf lacks 1 of its characters, so a system font draws them: 뷁 U+BDC1")
        self.only(places, "$.styles.bad.font.ko", "fault", "bad.otf is not a usable font")
        self.only(places, "$.styles.none.font.ko", "fault", "No such file")
        self.assertEqual(len(places), 3, places)

    def test_type_that_steps_down(self):
        """Both step down on the portrait screen: from 108 to 86 pixels (80 %), and from 113 to 81 (72 %)."""
        long = "Small acts of kindness, done by many people every day, lead to greatness in the end"
        places = self.spots(a={"tagline": long, "tagline_style": "less", "duration": 10},
                            b={"tagline": long, "tagline_style": "more", "duration": 10},
                            styles={"less": {"size": 0.1}, "more": {"size": 0.105}})
        self.assertEqual(list(places), ["$.spots.b.tagline"])
        self.only(places, "$.spots.b.tagline", "warning", "on 1080 × 1920 its type shrinks from 113 to ")

    def test_type_that_is_too_small(self):
        places = self.spots(a={"tagline": "Small", "tagline_style": "ok", "duration": 10},
                            b={"tagline": "Small", "tagline_style": "tiny", "duration": 10},
                            styles={"ok": {"size": 0.025}, "tiny": {"size": 0.024}})
        self.assertEqual([text[:20] for _, text in places["$.spots.b.tagline"]], ["on 1920 × 1080 its t", "on 1080 × 1920 its t"])
        self.assertIn("26 pixels high (the style asks for 26)", places["$.spots.b.tagline"][0][1])
        self.assertEqual(len(places), 1, places)

    def test_contrast_with_a_background(self):
        """#949494 on white is 3.03:1, #959595 2.99:1."""
        styles = {"a": {"color": "#949494"}, "b": {"color": "#959595"}}
        places = self.spots(styles=styles, **{name: {"tagline": {"en": "Small", "ko": "작은"}, "tagline_style": name,
                                                     "background": "#ffffff", "duration": 10} for name in styles})
        self.assertEqual(list(places), ["$.spots.b.tagline"])
        self.only(places, "$.spots.b.tagline", "warning", "contrast with the background is 2.99:1")

    def test_contrast_with_a_visual(self):
        self.put("light.png", png(1920, 1920, (149, 149, 149)))
        self.put("dark.png", png(1920, 1920, (148, 148, 148)))
        styles = {"plain": {"shadow": False}, "shadow": {"shadow": True}, "scrim": {"shadow": False, "scrim": True},
                  "dark": {"shadow": False, "color": "#101010"}}
        spots = {f"{name}-{style}": {"image": {"landscape": f"{name}.png", "portrait": f"./{name}.png"},
                                     "tagline": "To the greatness of small", "tagline_style": style, "duration": 10}
                 for name in ("light", "dark") for style in styles}
        places = {p: f for p, f in self.spots(styles=styles, **spots).items() if p.endswith(".tagline")}
        self.assertEqual([p.split('"')[1] for p in places], ["light-plain"], places)
        self.assertEqual([t.split("visual is ")[1].split(";")[0] for _, t in places['$.spots["light-plain"].tagline']],
                         ["2.99:1", "2.99:1"])

    def test_contrast_of_colored_shadows_and_thin_texts(self):
        """What is behind the letters is told from them, whatever its color."""
        self.put("light.png", png(1920, 1920, (149, 149, 149)))
        styles = {"dark": {"shadow": {"color": "#202830", "strength": 1, "blur": 0.1}}, "light": {"shadow": {"color": "#ffc42e", "strength": 1}},
                  "ground": {"shadow": {"strength": 1, "blur": 0.1}}, "thin": {"color": "#000000", "shadow": False, "opacity": 0.3},
                  "solid": {"color": "#000000", "shadow": False, "opacity": 1}}
        places = self.spots(styles=styles, **{
            name: {"image": {"landscape": "light.png", "portrait": "./light.png"}, "tagline": "To the greatness of small",
                   "tagline_style": name, "background": "#182028", "duration": 10} for name in styles})
        self.assertEqual(sorted(p.split(".")[2] for p in places if p.endswith(".tagline")), ["light", "thin"], places)
        self.assertIn("its contrast with the visual is 2.0", places["$.spots.light.tagline"][0][1])

    def test_contrast_of_spans(self):
        """The color with the least contrast counts: over a visual and over a background."""
        self.put("dark.png", png(1920, 1920, (40, 40, 40)))
        styles = {"s": {"shadow": False}}
        good, bad = [[{"text": "Small "}, {"text": "acts", "color": color}] for color in ("#ffc42e", "#404040")]
        visual = {"landscape": "dark.png", "portrait": "./dark.png"}
        places = self.spots(styles=styles, **{name: {"tagline": {"en": spans}, "tagline_style": "s", "duration": 10, **more}
                                              for name, spans, more in (("a", good, {"image": visual}), ("b", bad, {"image": visual}),
                                                                        ("c", good, {"background": "#282828"}), ("d", bad, {"background": "#282828"}))})
        self.assertEqual(sorted(p for p in places if ".tagline" in p), ["$.spots.b.tagline.en", "$.spots.d.tagline.en"], places)

    def test_sublines_and_legal_lines(self):
        """Each is judged by itself, and once: with taglines of two languages, too. A legal line may be smaller than others."""
        self.put("dark.png", png(1920, 1920, (40, 40, 40)))
        visual = {"landscape": "dark.png", "portrait": "./dark.png"}
        taglines = {"en": "Small", "ko": "작은"}
        styles = {"tiny": {"size": 0.021}, "small": {"size": 0.0225}, "grey": {"color": "#404040", "shadow": False}, "s": {"shadow": False}}
        both = {"tagline": taglines, "tagline_style": "s", "duration": 10}
        places = self.spots(styles=styles, a={**both, "subline": "Of many", "legal": "Terms apply"},
                            b={**both, "subline": "Of many", "subline_style": "small", "legal": {"en": "Terms", "ko": "약관"}, "legal_style": "tiny"},
                            c={**both, "legal": "Terms", "legal_style": "small"},
                            d={**both, "image": visual, "subline": "Of many", "subline_style": "grey", "legal": "Terms"},
                            e={**both, "background": "#404040", "subline": "Of many", "subline_style": "grey"})
        words = {p: [text for _, text in found] for p, found in places.items() if ".image." not in p}
        self.assertEqual(sorted(words), ["$.spots.b.legal.en", "$.spots.b.legal.ko", "$.spots.b.subline", "$.spots.d.subline", "$.spots.e.subline"])
        self.assertEqual(words["$.spots.b.subline"], [f"on {size} its type is 24 pixels high (the style asks for 24): below 2.5 % of the shorter "
                                                      "side it cannot be read from afar" for size in ("1920 × 1080", "1080 × 1920")])
        self.assertIn("below 2.2 %", words["$.spots.b.legal.ko"][0])
        self.assertIn("its contrast with the visual is 1.", words["$.spots.d.subline"][0])
        self.assertIn("its contrast with the background is 1.00:1", words["$.spots.e.subline"][0])

    def test_texts_in_languages_that_the_tagline_lacks(self):
        """Each text is judged in its own language: here a Korean one under a tagline for all, and Thai terms that no font has."""
        long = "작은 것\n" * 90
        places = self.spots(a={"tagline": "Small", "subline": {"en": "Of many", "ko": long}, "legal": {"en": "Terms", "ko": "약관"}, "duration": 10},
                            b={"tagline": {"en": "Small", "ko": "작은"}, "legal": {"en": "Terms", "fr": "x\u0378"}, "duration": 10},
                            c={"tagline": {"en": "Small", "ko": [{"text": "작", "color": "#101010"}, {"text": "은"}]}, "duration": 10})
        self.assertEqual(sorted(places), ["$.spots.a.subline.ko", "$.spots.b.legal.fr", "$.spots.c.tagline.ko"], places)
        self.assertIn("no font has 1 of its characters", places["$.spots.b.legal.fr"][0][1])
        self.assertIn("its contrast with the background is 1.", places["$.spots.c.tagline.ko"][0][1])

    def test_more_lines_than_anybody_reads(self):
        many = "a\n" * 900 + "a"
        places = self.spots(a={"tagline": many, "subline": many, "legal": many, "duration": 10})
        self.assertTrue(all("cut off" in text or "takes" in text for found in places.values() for _, text in found), places)

    def test_text_that_does_not_fit_its_box(self):
        places = self.spots(styles={"s": {"box": [0.1, 0.1, 0.1, 0.02]}, "t": {"box": {"landscape": [0, 0, 1, 1]}, "max_lines": 1}},
                            a={"tagline": "Small acts of kindness, done by many people every day, lead to greatness. " * 4,
                               "tagline_style": "s", "duration": 10},
                            b={"tagline": "one\ntwo", "tagline_style": "t", "duration": 10})
        self.assertIn("does not fit even with type 5 pixels high, and its end is cut off", places["$.spots.a.tagline"][0][1])
        self.assertIn("or allow it more lines or a larger box", places["$.spots.b.tagline"][0][1])

    def test_contrast_where_the_text_stands(self):
        """White text at the bottom: what the top is like does not matter. A drift and a pan are followed to their ends."""
        def half(top, bottom):
            rows = [(b"\0" + bytes([top if y < 540 else bottom]) * 3 * 1920) for y in range(1080)]
            body = zlib.compress(b"".join(rows), 1)
            whole = png(1920, 1080)
            at = whole.index(b"IDAT") - 4
            return whole[:at] + struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body)) + whole[-12:]
        self.put("good.png", half(255, 0))
        self.put("bad.png", half(0, 255))
        self.put("p.png", png(1080, 1920, (0, 0, 0)))
        style = {"s": {"shadow": False}}
        places = self.spots(styles=style, **{name: {"image": {"landscape": f"{name}.png", "portrait": "p.png"},
                                                    "tagline": "Small", "tagline_style": "s", "motion": "pan", "duration": 10}
                                             for name in ("good", "bad")})
        self.assertEqual(list(places), ["$.spots.bad.tagline"])
        self.only(places, "$.spots.bad.tagline", "warning", "on 1920 × 1080 its contrast with the visual is 1.00:1")


class Schedule(Check):
    """The core's findings reach the report; tests/unit/test_schedule_lint.c has them one by one."""

    def test_schedule(self):
        places = self.found({
            "spots": {"a": {"tagline": "A", "duration": 7}, "b": {"tagline": "B", "duration": 10}, "c": {"tagline": "C"}},
            "loops": {"x": ["a"], "y": ["b"], "z": ["b"]},
            "styles": {"s": {}},
            "schedule": [{"loop": "x", "start_time": "06:00", "end_time": "23:00"}, {"loop": "y", "end_date": "2020-01-01"}]})
        self.only(places, "$.schedule", "warning", "nothing is scheduled from 23:00 to 06:00 every day")
        self.only(places, "$.schedule[1]", "warning", "is over")
        self.only(places, "$.spots.a", "warning", "seconds at 23:00 every day, in the loop \"x\"")
        self.only(places, "$.spots.c", "warning", "in no loop")
        self.only(places, "$.loops.z", "warning", "never shown")
        self.only(places, "$.styles.s", "warning", "not used")

    def test_a_cut_at_midnight_is_told_on_the_day_that_ends(self):
        places = self.found({"spots": {"f": {"tagline": "F", "duration": 600}, "n": {"tagline": "N", "duration": 600}},
                             "loops": {"f": ["f"], "n": ["n"]}, "fallback": "f", "timezone": "UTC",
                             "schedule": [{"loop": "n", "by_day": ["SU"], "start_time": "00:05", "end_time": "24:00"},
                                          {"loop": "n", "start_time": "12:05", "end_time": "13:05"}]})
        texts = [text for _, text in places.get("$.spots.f", [])]
        self.assertTrue([text for text in texts if "at 24:00 on MO TU WE TH FR SA," in text], texts)

    def test_times_of_the_command_line_go_by_its_zone(self):
        listing = {"spots": {"a": {"tagline": "A", "duration": 10}}, "timezone": "America/New_York",
                   "loops": {"l": ["a"]}, "fallback": "l", "schedule": [{"loop": "l", "end": "2026-02-06T20:00:00-05:00"}]}
        path = self.folder / "p.json"
        path.write_text(json.dumps({"format": "duckling/1", **listing}))
        for at, over in (("2026-02-07T09:30", False), ("2026-02-07T10:30", True)):  # in Seoul; it ends at 10:00 there
            done = run("check", path, "--timezone", "Asia/Seoul", "--at", at)
            self.assertEqual("is over" in done.stdout, over, done.stdout)
        for options in (["--timezone", "Bogus/Zone"], ["--at", "9999-05-05T12:00:00Z"]):
            done = run("check", path, *options)
            self.assertEqual(done.returncode, 2, done.stdout + done.stderr)

    def test_the_playlists_zone_counts(self):
        for zone, words in (("Asia/Shanghai", "2026-02-06T22:00:00+08:00"), ("Asia/Seoul", "2026-02-06T22:00:00+09:00")):
            places = self.found({"spots": {"a": {"tagline": "A", "duration": 10}}, "timezone": zone,
                                 "loops": {"x": ["a"]}, "schedule": [{"loop": "x"}, {"loop": "x", "end": "2026-02-05T22:00:00"}]})
            self.only(places, "$.schedule[1]", "warning", words.replace("-06T", "-05T"))


if __name__ == "__main__":
    tap.main()
