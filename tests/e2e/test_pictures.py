"""Pictures of all kinds, through the sandboxed decoder, against ImageMagick: each within 2 of 255 on average.

All are one size and are shown as they are, a second each, so that one run of the player draws them all."""
import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import pictures as p
import player
import tap

WIDTH, HEIGHT = 64, 64
GROUND = "#102030"
MEAN_MAX = 2.0
# Of lossless pictures. Those that let the background through are premultiplied to 8 bits before their colors are converted, which in
# the shadows of another transfer is a multiple; those of 16 bits are not.
WORST_MAX, WORST_THROUGH_MAX = 2, 12
TOOLS = ("convert", "cwebp", "gif2webp", "webpmux")


def ramp(x, y):
    """Every channel goes through its values, and all combinations of strong ones come up."""
    return x * 255 // 63, y * 255 // 63, (x * 7 + y * 5) % 256


def alpha(x, y):
    return (x + y) * 255 // 126 if y < 48 else (0, 255)[x // 8 % 2]


def scaled(v, depth):
    return v * ((1 << depth) - 1) // 255


def worst_of(name):
    """How far one value may be off, at most."""
    if name.endswith(".jpg") or "lossy" in name:
        return 255
    converted = any(word in name for word in ("gam", "p3", "adobe", "romm", "linear", "swapped", "table", "chrm", "cicp"))
    through = converted and any(word in name for word in ("rgba.", "greya.", "alpha"))
    return WORST_THROUGH_MAX if through else WORST_MAX


class Table:
    """Files, and beside each what it is compared with: bytes of R, G, B."""

    def __init__(self, folder):
        self.folder = folder
        self.names, self.wanted = [], {}
        self.sources = folder / "sources"
        self.sources.mkdir()

    def add(self, name, data, wanted):
        assert name not in self.wanted, name
        (self.folder / name).write_bytes(data)
        self.names.append(name)
        self.wanted[name] = wanted

    def reference(self, name, data, profile=None, embedded=False):
        """What ImageMagick shows of `data`: converted by `profile`, by the embedded one, or by none; then gray is as gray as it says,
        and inks are ideal."""
        path = self.sources / name
        path.write_bytes(data)
        return p.read_rgb(path, GROUND, *(p.to_srgb(self.sources, profile) if profile or embedded else ("-colorspace", "sRGB")))

    def check(self, name, data, **how):
        """One that ImageMagick reads as it is meant."""
        self.add(name, data, self.reference(name, data, **how))


def add_png_kinds(table):
    """Color types × depths × interlacing × transparency."""
    def grey(depth):
        return lambda x, y: (scaled(ramp(x, y)[2], depth),)
    kinds = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    for kind, depths in kinds.items():
        for depth in depths:
            colors = 1 << min(depth, 8)
            before = b""
            if kind == 3:
                before = p.chunk(b"PLTE", bytes(v for i in range(colors) for v in ramp(i * 63 // colors, (i * 37) % 64)))
            pixel = {0: grey(depth),
                     2: lambda x, y, depth=depth: tuple(scaled(v // 16 * 16, depth) for v in ramp(x, y)),
                     3: lambda x, y, colors=colors: ((x // 4 + y * 3) % colors,),
                     4: lambda x, y, depth=depth: (scaled(ramp(x, y)[2], depth), scaled(alpha(x, y), depth)),
                     6: lambda x, y, depth=depth: (*(scaled(v, depth) for v in ramp(x, y)), scaled(alpha(x, y), depth))}[kind]
            keys = {0: struct.pack(">H", pixel(30, 30)[0]) if kind == 0 else b"",
                    2: struct.pack(">3H", *pixel(30, 30)) if kind == 2 else b"",
                    3: bytes((255 * i // colors for i in range(colors)))}
            for interlaced in (False, True):
                for key in (False, True) if kind in keys else (False,):
                    chunks = before + (p.chunk(b"tRNS", keys[kind]) if key else b"")
                    name = f"png-{kind}-{depth}{'-adam7' if interlaced else ''}{'-trns' if key else ''}.png"
                    table.check(name, p.png(WIDTH, HEIGHT, kind, depth, pixel, chunks, interlaced))


def rgb8(x, y):
    return ramp(x, y)


def rgba8(x, y):
    return (*ramp(x, y), alpha(x, y))


def deep(pixel):
    return lambda x, y: tuple(v * 257 for v in pixel(x, y))


def grey8(x, y):
    return (ramp(x, y)[2],)


def greya8(x, y):
    return ramp(x, y)[2], alpha(x, y)


def add_png_profiles(table):
    profiles = {"p3": p.rgb_profile(p.P3, p.srgb_linear), "adobe": p.rgb_profile(p.ADOBE, 2.19921875),
                "romm": p.rgb_profile(p.WIDE, 1.8, white=(0.3457, 0.3585)), "linear": p.rgb_profile(p.SRGB, 1.0),
                "srgb": p.SRGB_PROFILE, "swapped": p.rgb_profile(p.SRGB[::-1], 2.2)}
    for name, profile in profiles.items():
        chunk = p.iccp(profile)
        for kind, depth, pixel, what in ((2, 8, rgb8, "rgb"), (6, 8, rgba8, "rgba"), (2, 16, deep(rgb8), "rgb16"),
                                         (6, 16, deep(rgba8), "rgba16")):
            table.check(f"png-{name}-{what}.png", p.png(WIDTH, HEIGHT, kind, depth, pixel, chunk), embedded=True)
    # One that is a table: a device with ways of its own.
    table_profile = p.iccp(p.table_profile())
    for kind, depth, pixel, what in ((2, 8, rgb8, "rgb"), (6, 8, rgba8, "rgba"), (2, 16, deep(rgb8), "rgb16")):
        table.check(f"png-table-{what}.png", p.png(WIDTH, HEIGHT, kind, depth, pixel, table_profile), embedded=True)
    chunk = p.iccp(profiles["p3"])
    palette = p.chunk(b"PLTE", bytes(v for i in range(64) for v in ramp(i, i * 5 % 64)))
    table.check("png-p3-palette.png", p.png(WIDTH, HEIGHT, 3, 8, lambda x, y: ((x + y) % 64,), chunk + palette), embedded=True)
    table.check("png-p3-rgb16-adam7.png", p.png(WIDTH, HEIGHT, 2, 16, deep(rgb8), chunk, True), embedded=True)
    for gamma in (1.0, 1.8, 3.0):
        chunk = p.iccp(p.grey_profile(gamma))
        for kind, depth, pixel, what in ((0, 8, grey8, "grey"), (4, 8, greya8, "greya"), (0, 16, deep(grey8), "grey16"),
                                         (4, 16, deep(greya8), "greya16")):
            table.check(f"png-gamma{gamma}-{what}.png", p.png(WIDTH, HEIGHT, kind, depth, pixel, chunk), embedded=True)


def add_png_values(table):
    """gAMA and cHRM mean what a profile with the same numbers means; that of the twin is ImageMagick's."""
    for gamma in (1.0, 1.8, 2.6):
        for kind, depth, pixel, what in ((0, 8, grey8, "grey"), (2, 8, rgb8, "rgb"), (6, 8, rgba8, "rgba"), (2, 16, deep(rgb8), "rgb16")):
            profile = p.grey_profile(gamma) if kind == 0 else p.rgb_profile(p.SRGB, gamma)
            twin = p.png(WIDTH, HEIGHT, kind, depth, pixel, p.iccp(profile))
            name = f"png-gama{gamma}-{what}.png"
            table.add(name, p.png(WIDTH, HEIGHT, kind, depth, pixel, p.gama(1 / gamma)), table.reference(name, twin, embedded=True))
    for name, primaries, gamma in (("adobe", p.ADOBE, 2.19921875), ("p3", p.P3, 2.6)):
        twin = p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.iccp(p.rgb_profile(primaries, gamma)))
        table.add(f"png-chrm-{name}.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.gama(1 / gamma) + p.chrm(primaries)),
                  table.reference(f"png-chrm-{name}.png", twin, embedded=True))
    # Code points are stronger than all others.
    for name, codes, primaries, gamma in (("p3", (12, 13), p.P3, p.srgb_linear), ("bt2020", (9, 13), p.BT2020, p.srgb_linear),
                                          ("linear", (1, 8), p.SRGB, 1.0), ("2.8", (1, 5), p.SRGB, 2.8)):
        for kind, depth, pixel, what in ((2, 8, rgb8, "rgb"), (6, 16, deep(rgba8), "rgba16")):
            twin = p.png(WIDTH, HEIGHT, kind, depth, pixel, p.iccp(p.rgb_profile(primaries, gamma)))
            other = p.iccp(p.rgb_profile(p.ADOBE, 2.2))
            table.add(f"png-cicp-{name}-{what}.png", p.png(WIDTH, HEIGHT, kind, depth, pixel, p.cicp(*codes) + other),
                      table.reference(f"png-cicp-{name}-{what}.png", twin, embedded=True))
    plain = p.png(WIDTH, HEIGHT, 2, 8, rgb8)
    same = table.reference("png-plain.png", plain)
    # What programs write into pictures that are sRGB; and sRGB is stronger than a gamma beside it.
    table.add("png-gama-usual.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.gama(1 / 2.2)), same)
    table.add("png-gama-chrm-usual.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.gama(1 / 2.2) + p.chrm(p.SRGB)), same)
    table.add("png-cicp-usual.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.cicp(1, 13) + p.gama(1.0)), same)
    # Code points of luma and chroma, or of a narrow range, are not a PNG's, and are ignored.
    table.add("png-cicp-matrix.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.cicp(9, 13, matrix=9)), same)
    table.add("png-cicp-narrow.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.cicp(12, 13, full=0)), same)
    table.add("png-srgb-chunk.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.chunk(b"sRGB", b"\0") + p.gama(1 / 2.2)), same)


def add_bad_profiles(table):
    """Ignored: the picture is as it would be without."""
    good = p.rgb_profile(p.P3, p.srgb_linear)
    bad = {"cut": good[:len(good) // 2], "noise": bytes(i * 89 & 255 for i in range(3000)), "cmyk": p.cmyk_profile(), "short": b"no",
           "link": p.rgb_profile(p.P3, 2.2, kind=b"link"), "no-matrix": p.icc(b"RGB ", {}), "grey": p.grey_profile(1.0),
           "huge": p.rgb_profile(p.P3, 2.2, pad=9 << 20)}
    for name, profile in bad.items():
        plain = p.png(WIDTH, HEIGHT, 2, 8, rgb8)
        table.add(f"bad-{name}.png", p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.iccp(profile)), table.reference(f"bad-{name}.png", plain))
        jpeg = p.convert("png:-", "-quality", "90", "jpg:-", data=plain)
        table.add(f"bad-{name}.jpg", p.put_after_start(jpeg, *p.icc_segments(profile)), table.reference(f"bad-{name}.jpg", jpeg))
    # One of two parts is missing.
    padded = p.icc_segments(p.rgb_profile(p.P3, 2.2, pad=70000))
    table.add("bad-part.jpg", p.put_after_start(jpeg, padded[0]), table.reference("bad-part.jpg", jpeg))


def add_jpeg_kinds(table):
    base = p.png(WIDTH, HEIGHT, 2, 8, rgb8)
    ways = {"444": ("-sampling-factor", "1x1"), "420": ("-sampling-factor", "2x2"), "422": ("-sampling-factor", "2x1"),
            "progressive": ("-interlace", "JPEG"), "grey": ("-colorspace", "Gray"), "low": ("-quality", "30")}
    made = {}
    for name, options in ways.items():
        made[name] = p.convert("png:-", "-quality", "92", *options, "jpg:-", data=base)
        table.check(f"jpeg-{name}.jpg", made[name])
    profiles = {"p3": p.rgb_profile(p.P3, p.srgb_linear), "adobe": p.rgb_profile(p.ADOBE, 2.19921875),
                "large": p.rgb_profile(p.ADOBE, 2.19921875, pad=200000), "linear": p.rgb_profile(p.SRGB, 1.0)}
    for name, profile in profiles.items():
        for way in ("444", "progressive"):
            table.check(f"jpeg-{name}-{way}.jpg", p.put_after_start(made[way], *p.icc_segments(profile)), embedded=True)
    grey = p.put_after_start(made["grey"], *p.icc_segments(p.grey_profile(1.4)))
    table.check("jpeg-grey-profile.jpg", grey, embedded=True)
    # A gray picture with a profile for RGB is one of gray RGB values.
    name, profile = "jpeg-grey-rgb-profile.jpg", p.rgb_profile(p.P3, 1.0)
    twin = p.convert("jpg:-", "-type", "TrueColor", f"PNG24:{table.sources / 'grey.png'}", data=made["grey"]) or (table.sources / "grey.png").read_bytes()
    table.add(name, p.put_after_start(made["grey"], *p.icc_segments(profile)), table.reference(name, twin, profile=profile))
    # Small parts, the last one first.
    parts = p.icc_segments(profiles["large"], 1000)
    table.add("jpeg-parts-backwards.jpg", p.put_after_start(made["444"], *parts[::-1]),
              table.reference("jpeg-parts.jpg", p.put_after_start(made["444"], *parts), embedded=True))


def inks_at(column, row):
    return column * 36, row * 36, (column * 5 + row * 9) * 2, (column + row) % 4 * 25


def add_cmyk(table):
    """Inks are stored inverted. Transform 0 of the Adobe marker is CMYK, or RGB; 2 is YCCK."""
    profile = p.cmyk_profile()
    ways = {"cmyk": lambda c, r: [255 - v for v in inks_at(c, r)],
            # Full range BT.601 of the inverted inks' complement, and black as it is: Adobe Technical Note 5116.
            "ycck": lambda c, r: [*ycc([255 - v for v in inks_at(c, r)[:3]]), 255 - inks_at(c, r)[3]]}
    for name, value in ways.items():
        data = p.flat_jpeg(8, 8, 4, value, p.adobe(2 if name == "ycck" else 0))
        table.check(f"{name}-profile.jpg", p.put_after_start(data, *p.icc_segments(profile)), embedded=True)
        table.check(f"{name}-plain.jpg", data)
    table.check("cmyk-unmarked.jpg", p.flat_jpeg(8, 8, 4, ways["cmyk"]))
    table.check("rgb-marked.jpg", p.flat_jpeg(8, 8, 3, lambda c, r: inks_at(c, r)[:3], p.adobe(0)))
    large = p.cmyk_profile(pad=150000)
    table.check("cmyk-large-profile.jpg", p.put_after_start(data, *p.icc_segments(large)), embedded=True)
    painted = p.convert("png:-", "-colorspace", "CMYK", "-quality", "95", "jpg:-", data=p.png(WIDTH, HEIGHT, 2, 8, rgb8))
    table.check("cmyk-painted.jpg", painted)
    table.check("cmyk-painted-profile.jpg", p.put_after_start(painted, *p.icc_segments(profile)), embedded=True)
    progressive = p.convert("jpg:-", "-interlace", "JPEG", "-quality", "95", "jpg:-", data=painted)
    table.check("cmyk-progressive-profile.jpg", p.put_after_start(progressive, *p.icc_segments(profile)), embedded=True)


def ycc(rgb):
    r, g, b = rgb
    return [min(max(round(v), 0), 255) for v in (0.299 * r + 0.587 * g + 0.114 * b, 128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
                                                 128 + 0.5 * r - 0.418688 * g - 0.081312 * b)]


def add_stray_bytes(table):
    """ITU T.81, B.1.1.2 allows fill bytes before a marker; decoders skip what else is between segments."""
    jpeg = p.convert("png:-", "-quality", "92", "jpg:-", data=p.png(WIDTH, HEIGHT, 2, 8, rgb8))
    starts, at = [2], 2
    while jpeg[at + 1] != 0xda:
        at += 2 + struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        starts.append(at)
    wanted = table.reference("stray.jpg", jpeg)
    for name, junk in (("fill", b"\xff\xff\xff"), ("zeros", b"\0\0\0\0\0"), ("text", b"hello\r\n"), ("stuffed", b"\xff\0\xff\0"),
                       ("many", bytes(70000))):
        data = jpeg
        for at in reversed(starts):
            data = data[:at] + junk + data[at:]
        table.add(f"stray-{name}.jpg", data, wanted)
    table.add("stray-behind.jpg", jpeg + b"appended by a camera" * 99, wanted)


# How a picture is stored that is upright with this orientation (TIFF 6.0, tag 274), by ImageMagick's words.
STORED = {1: (), 2: ("-flop",), 3: ("-rotate", "180"), 4: ("-flip",), 5: ("-transpose",), 6: ("-rotate", "270"), 7: ("-transverse",), 8: ("-rotate", "90")}


def add_orientations(table):
    upright = p.png(WIDTH, HEIGHT, 2, 8, rgb8)
    wanted = table.reference("upright.png", upright)
    for orientation, steps in STORED.items():
        stored = p.convert("png:-", *steps, "-strip", "PNG24:-", data=upright)
        where = stored.index(b"IDAT") - 4
        chunk = p.chunk(b"eXIf", p.exif(orientation, orientation % 2 == 0))
        table.add(f"exif-{orientation}.png", stored[:where] + chunk + stored[where:], wanted)
        end = stored.index(b"IEND") - 4
        table.add(f"exif-{orientation}-behind.png", stored[:end] + chunk + stored[end:], wanted)
        jpeg = p.convert("png:-", "-quality", "95", "-sampling-factor", "1x1", "jpg:-", data=stored)
        table.add(f"exif-{orientation}.jpg", p.put_after_start(jpeg, p.segment(0xe1, b"Exif\0\0" + p.exif(orientation))), wanted)
        webp = encode_webp(table, stored, "-lossless")
        table.add(f"exif-{orientation}.webp", p.extended_webp(webp, WIDTH, HEIGHT, orientation=orientation), wanted)


def encode_webp(table, png, *options):
    source, made = table.sources / "webp.png", table.sources / "webp.webp"
    source.write_bytes(png)
    subprocess.run(["cwebp", "-quiet", *options, source, "-o", made], check=True)
    return made.read_bytes()


def add_webp(table):
    rgb, rgba = p.png(WIDTH, HEIGHT, 2, 8, rgb8), p.png(WIDTH, HEIGHT, 6, 8, rgba8)
    for name, png, options in (("lossy", rgb, ("-q", "90")), ("lossless", rgb, ("-lossless",)), ("lossy-alpha", rgba, ("-q", "90")),
                               ("lossless-alpha", rgba, ("-lossless", "-exact"))):
        data = encode_webp(table, png, *options)
        table.check(f"webp-{name}.webp", data)
        for color, profile in (("p3", p.rgb_profile(p.P3, p.srgb_linear)), ("adobe", p.rgb_profile(p.ADOBE, 2.19921875))):
            with_profile = p.extended_webp(data, WIDTH, HEIGHT, profile, alpha="alpha" in name)
            table.add(f"webp-{name}-{color}.webp", with_profile,
                      table.reference(f"webp-{name}-{color}.webp", p.convert("webp:-", "PNG32:-", data=data), profile=profile))
    # The smallest there is: 1 × 1, lossless, without alpha; here it fills the screen.
    tiny = encode_webp(table, p.png(1, 1, 2, 8, lambda x, y: (200, 30, 90)), "-lossless")
    table.add("webp-tiny.webp", tiny, bytes((200, 30, 90)) * WIDTH * HEIGHT)


def add_moving(table):
    """The first picture of an animation, on its canvas."""
    first = p.png(WIDTH, HEIGHT, 3, 8, lambda x, y: (x // 4 % 16,),
                  p.chunk(b"PLTE", bytes(v for i in range(16) for v in ramp(i * 4, 63 - i * 4))) + p.chunk(b"tRNS", b"\xff\xff\0"))
    source, second, gif = table.sources / "first.png", table.sources / "second.png", table.sources / "moving.gif"
    source.write_bytes(first)
    second.write_bytes(p.png(WIDTH, HEIGHT, 2, 8, lambda x, y: (255, 255, 255)))
    wanted = table.reference("gif-still.gif", first)
    table.add("gif-still.gif", p.convert(source, "gif:-"), wanted)
    table.add("gif-interlaced.gif", p.convert(source, "-interlace", "GIF", "gif:-"), wanted)
    moving = p.convert("-delay", "10", source, second, "-loop", "0", "gif:-")
    gif.write_bytes(moving)
    table.add("gif-moving.gif", moving, wanted)
    opaque = p.png(WIDTH, HEIGHT, 2, 8, rgb8)
    many = p.convert("png:-", "-colors", "256", "+dither", "gif:-", data=opaque)
    table.check("gif-256-colors.gif", many)
    # The first picture covers a part of the canvas.
    small = p.convert("-page", "64x64+10+20", "-size", "20x12", "xc:#c83010", "gif:-")
    table.check("gif-part.gif", small)
    subprocess.run(["gif2webp", "-quiet", gif, "-o", table.sources / "moving.webp"], check=True)
    table.add("webp-moving.webp", (table.sources / "moving.webp").read_bytes(), wanted)
    frame = table.sources / "frame.webp"
    frame.write_bytes(encode_webp(table, p.png(20, 12, 2, 8, lambda x, y: (200, 48, 16)), "-lossless"))
    subprocess.run(["webpmux", "-frame", frame, "+100+10+20+0+b", "-frame", frame, "+100+44+52+0+b", "-o", table.sources / "part.webp"],
                   check=True, stderr=subprocess.DEVNULL)
    table.add("webp-part.webp", (table.sources / "part.webp").read_bytes(), table.reference("webp-part.gif", small))
    apng = p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.chunk(b"acTL", struct.pack(">II", 1, 0)))
    table.add("png-moving.png", apng, table.reference("png-moving.png", opaque))


@unittest.skipUnless(all(map(shutil.which, TOOLS)), "imagemagick or webp is not installed")
class Pictures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.table = Table(Path(temporary.name))
        for add in (add_png_kinds, add_png_profiles, add_png_values, add_bad_profiles, add_jpeg_kinds, add_cmyk, add_stray_bytes,
                    add_orientations, add_webp, add_moving):
            add(cls.table)

    def draw(self, program):
        """All pictures of the table as the program's decoder sees them; what it logged."""
        folder, names = self.table.folder, self.table.names
        player.playlist(folder / "all.json", {f"s{i:03}": {"image": name, "fit": "fill", "duration": 1, "background": GROUND,
                                                           "transition": {"type": "cut"}} for i, name in enumerate(names)})
        for old in folder.glob("out-*.png"):
            old.unlink()
        done = subprocess.run([program, "preview", folder / "all.json", "-o", folder / "out-%d.png", "--size", f"{WIDTH}x{HEIGHT}",
                               "--timezone", "UTC", "--at", "2026-02-06T00:00:00.5Z", "--fps", "1", "--frames", str(len(names)),
                               *player.PATIENT], env=player.environment(), text=True, capture_output=True, timeout=player.WAIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = p.convert(*sorted(folder.glob("out-*.png"), key=lambda f: int(f.stem[4:])), "-depth", "8", "rgb:-")
        size = WIDTH * HEIGHT * 3
        self.assertEqual(len(shown), size * len(names))
        return {name: shown[i * size:(i + 1) * size] for i, name in enumerate(names)}

    def compare(self, program):
        shown, wrong = self.draw(program), []
        for name, pixels in shown.items():
            wanted = self.table.wanted[name]
            self.assertEqual(len(wanted), len(pixels), name)
            apart = [abs(a - b) for a, b in zip(pixels, wanted)]
            mean, worst = sum(apart) / len(apart), max(apart)
            if os.environ.get("TEST_TABLE"):
                print(f"# {mean:6.3f} {worst:3} {name}")
            if mean > MEAN_MAX or worst > worst_of(name):
                wrong.append(f"{name}: {mean:.2f}, at worst {worst}")
        self.assertEqual(wrong, [])

    def test_the_table_is_large(self):
        self.assertGreaterEqual(len(self.table.names), 120)

    def test_with_the_sanitized_decoder(self):
        self.compare(player.DUCKLING)

    def test_with_the_decoder_as_it_ships(self):
        self.compare(player.TOP / "build/duckling")


@unittest.skipUnless(shutil.which("convert"), "imagemagick is not installed")
class Large(unittest.TestCase):
    def test_a_hundred_million_pixels_with_alpha_turned(self):
        """The most memory that a picture takes, within the limits of a worker as it ships, and the time that it has by default."""
        width, height = 16383, 6103
        row = b"\0" + bytes(width // 16) + b"\xff" * (-(-width // 8) - width // 16)  # a filter byte; left half 0, right half 1
        head = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "large.png").write_bytes(
                b"\x89PNG\r\n\x1a\n" + p.chunk(b"IHDR", head) + p.chunk(b"PLTE", bytes((200, 30, 40, 0, 255, 0))) + p.chunk(b"tRNS", b"\xff\0")
                + p.chunk(b"eXIf", p.exif(6)) + p.chunk(b"IDAT", zlib.compress(row * height, 1)) + p.chunk(b"IEND", b""))
            player.playlist(folder / "p.json", {"a": {"image": "large.png", "fit": "fill", "background": GROUND}})
            done = subprocess.run([player.TOP / "build/duckling", "preview", folder / "p.json", "-o", folder / "out.png", "--size", "1080x1920",
                                   "--timezone", "UTC", "--at", "2026-02-06T00:00:00.5Z"], env=player.environment(), text=True,
                                  capture_output=True, timeout=player.WAIT_S)
            self.assertEqual(done.returncode, 0, done.stderr)
            shown = p.convert(folder / "out.png", "-depth", "8", "rgb:-")
            for y, color in ((100, (200, 30, 40)), (900, (200, 30, 40)), (1020, (16, 32, 48)), (1900, (16, 32, 48))):
                at = (y * 1080 + 540) * 3
                self.assertEqual(tuple(shown[at:at + 3]), color, y)


@unittest.skipUnless(shutil.which("convert"), "imagemagick is not installed")
class Told(unittest.TestCase):
    def test_what_is_shown_otherwise_is_in_the_log_once(self):
        """Whatever a file is called: its bytes count. Each is on twice."""
        inks = p.flat_jpeg(8, 8, 4, lambda column, row: [255 - v for v in inks_at(column, row)], p.adobe(0))
        files = {"moves": (p.convert("-size", "64x64", "xc:red", "xc:blue", "gif:-"), "an animation, of which only the first picture is shown"),
                 "inks": (inks, "CMYK without a color profile"),
                 "profile": (p.png(WIDTH, HEIGHT, 2, 8, rgb8, p.iccp(p.cmyk_profile())), "the picture's color profile is"),
                 "plain": (p.png(WIDTH, HEIGHT, 2, 8, rgb8), None)}
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            for name, (data, _) in files.items():
                (folder / f"{name}.png").write_bytes(data)
            player.playlist(folder / "p.json", {name: {"image": f"{name}.png", "duration": 1, "transition": {"type": "cut"}} for name in files})
            with player.Player(folder, folder / "p.json", "--timezone", "UTC") as one:
                for name in files:
                    last = float(one.wait_shown(name)["show_ms"])
                    one.wait_frame(lambda f, name=name, last=last: f["to"] == name and float(f["show_ms"]) > last + 1000, f"{name} again")
                self.assertEqual(one.stop(), 0)
            for name, (_, words) in files.items():
                told = [line for line in one.log().splitlines() if "not as its file asks" in line and f'spot="{name}"' in line]
                self.assertEqual(len(told), 1 if words else 0, one.log())
                if words:
                    self.assertIn(words, told[0])


if __name__ == "__main__":
    tap.main()
