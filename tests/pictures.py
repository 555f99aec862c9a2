"""Pictures that tests make: ICC profiles and PNG files byte by byte, JPEG files of flat blocks, and what ImageMagick makes of them.

Nothing here shares code with the player."""
import struct
import subprocess
import zlib
from pathlib import Path

D50 = (0.9642, 1.0, 0.8249)
BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BT2020 = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
WIDE = ((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))  # ROMM RGB, whose white is D50


# Matrices of three rows.

def times(a, b):
    return tuple(tuple(sum(a[i][k] * b[k][j] for k in range(3)) for j in range(3)) for i in range(3))


def apply(a, v):
    return tuple(sum(a[i][k] * v[k] for k in range(3)) for i in range(3))


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return tuple(tuple(x / det for x in row) for row in
                 ((e * i - f * h, c * h - b * i, b * f - c * e), (f * g - d * i, a * i - c * g, c * d - a * f),
                  (d * h - e * g, b * g - a * h, a * e - b * d)))


def xyz(x, y):
    return (x / y, 1.0, (1 - x - y) / y)


def to_d50(primaries, white=D65):
    """From linear red, green, blue to XYZ as seen under D50 (Bradford)."""
    columns = [xyz(*p) for p in primaries]
    plain = tuple(tuple(columns[j][i] for j in range(3)) for i in range(3))
    share = apply(inverse(plain), xyz(*white))
    scaled = tuple(tuple(plain[i][j] * share[j] for j in range(3)) for i in range(3))
    there, here = apply(BRADFORD, D50), apply(BRADFORD, xyz(*white))
    adapt = times(inverse(BRADFORD), times(tuple(tuple(there[i] / here[i] if i == j else 0 for j in range(3)) for i in range(3)), BRADFORD))
    return times(adapt, scaled)


def srgb_linear(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


# ICC profiles (ICC.1:2001-04).

def fixed(v):
    return struct.pack(">i", round(v * 65536))


def curve(gamma):
    """A number, or a function from 0..1 to 0..1."""
    if callable(gamma):
        return b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *(round(65535 * gamma(i / 1023)) for i in range(1024)))
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def point(v):
    return b"XYZ \0\0\0\0" + b"".join(map(fixed, v))


def icc(space, tags, kind=b"mntr", pcs=b"XYZ ", pad=0):
    """A profile with these tags; `pad`: so many bytes more in a tag that nobody knows."""
    text = b"test\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78), b"cprt": b"text\0\0\0\0none\0", b"wtpt": point(D50), **tags}
    if pad:
        tags[b"tpad"] = b"data\0\0\0\0\0\0\0\1" + bytes(i * 7 & 255 for i in range(pad))
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s6H4s4sI4s4s8sI", at + len(body), b"\0" * 4, 0x02400000, kind, space, pcs, 2026, 1, 1, 0, 0, 0, b"acsp",
                       b"\0" * 4, 0, b"\0" * 4, b"\0" * 4, b"\0" * 8, 0) + b"".join(map(fixed, D50)) + bytes(48)
    return head + table + body


def rgb_profile(primaries, gamma, white=D65, **more):
    m = to_d50(primaries, white)
    return icc(b"RGB ", {name + b"XYZ": point([m[i][k] for i in range(3)]) for k, name in enumerate((b"r", b"g", b"b"))}
               | {name + b"TRC": curve(gamma) for name in (b"r", b"g", b"b")}, **more)


def grey_profile(gamma, **more):
    return icc(b"GRAY", {b"kTRC": curve(gamma)}, **more)


def ink_lab(c, m, y, k):
    """A press of our own: inks that let light through, and a black that is none."""
    inks = ((c, (0.98, 0.35, 0.12)), (m, (0.15, 0.96, 0.45)), (y, (0.02, 0.10, 0.93)), (k, (0.975, 0.97, 0.965)))
    light = [0.9, 0.9, 0.88]
    for amount, stops in inks:
        light = [v * (1 - amount * s) for v, s in zip(light, stops)]
    x = [v / w for v, w in zip(apply(to_d50(SRGB), light), D50)]
    f = [v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in x]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def lab_ink(lightness, a, b):
    """About the way back."""
    f = [(lightness + 16) / 116 + step for step in (a / 500, 0, -b / 200)]
    light = apply(inverse(to_d50(SRGB)), [w * (v ** 3 if v > 0.2069 else (v - 16 / 116) / 7.787) for v, w in zip(f, D50)])
    inks = [1 - min(max(v / 0.9, 0), 1) for v in light]
    return (*inks, min(inks) ** 3)


def lut16(inputs, outputs, grid, value):
    """lut16Type, whose only part that does anything is its grid: value(*coordinates), in 0..1, gives numbers in 0..65535."""
    values = []
    for i in range(grid ** inputs):
        at = [i // grid ** (inputs - 1 - k) % grid / (grid - 1) for k in range(inputs)]
        values += [min(max(round(v), 0), 65535) for v in value(*at)]
    line = struct.pack(">2H", 0, 65535)
    return (b"mft2\0\0\0\0" + bytes((inputs, outputs, grid, 0)) + b"".join(fixed(i in (0, 4, 8)) for i in range(9)) + struct.pack(">HH", 2, 2)
            + line * inputs + struct.pack(f">{len(values)}H", *values) + line * outputs)


def to_lab_numbers(lightness, a, b):
    return lightness * 652.8, (a + 128) * 256, (b + 128) * 256


def of_lab_numbers(lightness, a, b):
    return lightness * 100 / 0.99609, a * 255.996 - 128, b * 255.996 - 128


def table_profile(**more):
    """For red, green and blue, from a table alone: they are what is left by inks."""
    return icc(b"RGB ", {b"A2B0": lut16(3, 3, 9, lambda *light: to_lab_numbers(*ink_lab(*(1 - v for v in light), 0))),
                         b"B2A0": lut16(3, 3, 17, lambda *lab: [65535 * (1 - v) for v in lab_ink(*of_lab_numbers(*lab))[:3]])},
               pcs=b"Lab ", **more)


def cmyk_profile(**more):
    """From ink to Lab, and back."""
    return icc(b"CMYK", {b"A2B0": lut16(4, 3, 7, lambda *inks: to_lab_numbers(*ink_lab(*inks))),
                         b"B2A0": lut16(3, 4, 17, lambda *lab: [65535 * v for v in lab_ink(*of_lab_numbers(*lab))])}, kind=b"prtr", pcs=b"Lab ", **more)


SRGB_PROFILE = rgb_profile(SRGB, srgb_linear)


# PNG (W3C PNG), with whatever chunks.

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Adam7: first column and row, and their steps.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png_rows(width, height, depth, pixel, columns, rows):
    data = bytearray()
    for y in rows:
        bits = "".join(f"{v:0{depth}b}" for x in columns for v in pixel(x, y))
        if bits:
            data.append(0)
            data += int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return data


def png(width, height, kind, depth, pixel, before=b"", interlaced=False, after=b""):
    """pixel(x, y) gives the stored values; `before` are chunks before the picture, `after` behind it."""
    data = bytearray()
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = range(left, width, across), range(top, height, down)
        data += png_rows(width, height, depth, pixel, columns, rows) if columns else b""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", zlib.compress(bytes(data), 1)) + after + chunk(b"IEND", b""))


def iccp(profile):
    return chunk(b"iCCP", b"test\0\0" + zlib.compress(profile))


def gama(gamma):
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100000)))


def chrm(primaries, white=D65):
    return chunk(b"cHRM", struct.pack(">8I", *(round(v * 100000) for p in (white, *primaries) for v in p)))


def cicp(primaries, transfer, matrix=0, full=1):
    return chunk(b"cICP", bytes((primaries, transfer, matrix, full)))


def exif(orientation, big=True):
    order, mark = (">", b"MM\0*") if big else ("<", b"II*\0")
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


# JPEG (ITU T.81): segments put into a file, and files of flat 8 × 8 blocks with any number of components.

def segment(marker, data):
    return bytes((0xff, marker)) + struct.pack(">H", len(data) + 2) + data


def icc_segments(profile, part=65519):
    parts = [profile[i:i + part] for i in range(0, len(profile), part)]
    return [segment(0xe2, b"ICC_PROFILE\0" + bytes((i + 1, len(parts))) + p) for i, p in enumerate(parts)]


def put_after_start(jpeg, *segments):
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def adobe(transform):
    return segment(0xee, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform))


class Bits:
    def __init__(self):
        self.value, self.count, self.data = 0, 0, bytearray()

    def put(self, value, count):
        self.value, self.count = self.value << count | value, self.count + count
        while self.count >= 8:
            self.count -= 8
            byte = self.value >> self.count & 255
            self.data += bytes((byte, 0)) if byte == 255 else bytes((byte,))
        self.value &= (1 << self.count) - 1


def flat_jpeg(blocks_across, blocks_down, components, value, before=b""):
    """value(column, row) gives one stored value for each component, which fills a block exactly."""
    # All tables are the simplest that will do: quantisation by 8, a code of four bits for each size, one for the block's end.
    tables = (segment(0xdb, b"\0" + bytes([8]) * 64) + segment(0xc4, b"\0" + bytes((0, 0, 0, 12)) + bytes(12) + bytes(range(12)))
              + segment(0xc4, b"\x10" + bytes((1,)) + bytes(15) + b"\0"))
    frame = struct.pack(">BHHB", 8, blocks_down * 8, blocks_across * 8, components)
    frame += b"".join(bytes((i + 1, 0x11, 0)) for i in range(components))
    scan = bytes((components,)) + b"".join(bytes((i + 1, 0)) for i in range(components)) + bytes((0, 63, 0))
    bits, last = Bits(), [0] * components
    for row in range(blocks_down):
        for column in range(blocks_across):
            for i, v in enumerate(value(column, row)):
                step, last[i] = v - 128 - last[i], v - 128
                size = abs(step).bit_length()
                bits.put(size, 4)
                bits.put(step if step >= 0 else step + (1 << size) - 1, size)
                bits.put(0, 1)
    bits.put(127, 7)
    return b"\xff\xd8" + before + tables + segment(0xc0, frame) + segment(0xda, scan) + bytes(bits.data) + b"\xff\xd9"


def endless_jpeg(width, height, scans):
    """A progressive JPEG of one gray, each of whose scans refines all coefficients of all blocks, and changes none (ITU-T T.81,
    annex G): some bytes of file for a look at every block."""
    # Each table has one code, of one bit: a step of 0 for the first coefficient; a run of 16,384 blocks and more for the others.
    tables = (segment(0xdb, b"\0" + bytes([8]) * 64) + segment(0xc4, b"\0" + bytes((1,)) + bytes(15) + b"\0")
              + segment(0xc4, b"\x10" + bytes((1,)) + bytes(15) + b"\xe0"))
    frame = struct.pack(">BHHB", 8, height, width, 1) + bytes((1, 0x11, 0))
    blocks = -(-width // 8) * -(-height // 8)
    runs = bytes(-(-blocks // 16384) * 15 // 8 + 1)
    first = segment(0xda, bytes((1, 1, 0, 0, 0, 0))) + bytes(-(-blocks // 8))
    refining = segment(0xda, bytes((1, 1, 0, 1, 63, 0x10))) + runs
    return (b"\xff\xd8" + tables + segment(0xc2, frame) + first + segment(0xda, bytes((1, 1, 0, 1, 63, 1))) + runs + refining * scans
            + b"\xff\xd9")


# WebP (WebP Container Specification).

def webp_chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def webp(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_image_chunks(data):
    """All chunks of a file but VP8X."""
    chunks, at = [], 12
    while at < len(data):
        size = struct.unpack("<I", data[at + 4:at + 8])[0]
        chunks.append((data[at:at + 4], data[at + 8:at + 8 + size]))
        at += 8 + size + (size & 1)
    return [webp_chunk(*c) for c in chunks if c[0] != b"VP8X"]


def extended_webp(data, width, height, profile=None, orientation=0, alpha=False):
    flags = (0x20 if profile else 0) | (0x08 if orientation else 0) | (0x10 if alpha else 0)
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    more = [webp_chunk(b"ICCP", profile)] if profile else []
    tail = [webp_chunk(b"EXIF", exif(orientation))] if orientation else []
    return webp(webp_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + size), *more, *webp_image_chunks(data), *tail)


# Programs.

def convert(*arguments, data=None):
    return subprocess.run(["convert", *map(str, arguments)], input=data, check=True, stdout=subprocess.PIPE).stdout


def read_rgb(source, background, *steps):
    """What ImageMagick shows: R, G, B bytes. `steps` come before the background."""
    return convert(source, *steps, "-background", background, "-flatten", "-depth", "8", "rgb:-")


def to_srgb(folder, profile=None):
    """The steps that convert an embedded profile, or the one given, to sRGB as the player does."""
    target = Path(folder) / "srgb.icc"
    if not target.exists():
        target.write_bytes(SRGB_PROFILE)
    steps = ["-intent", "relative", "-black-point-compensation"]
    if profile:
        source = Path(folder) / "source.icc"
        source.write_bytes(profile)
        steps += ["-profile", source]
    return [*steps, "-profile", target]
