"""Films for tests, made by the ffmpeg program: each picture carries its own number in black and white blocks, four by four, that any
codec keeps. And how to read such a number out of a picture that the player has drawn."""
import struct
import subprocess
import zlib
from pathlib import Path

from player import WAIT_S

BLACK, WHITE = 16, 235
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p")


def number_rows(width, height, number):
    """Plane Y of the picture with this number: bit N of it is block N, row by row."""
    rows = []
    for band in range(4):
        row = b"".join(bytes([WHITE if number >> (band * 4 + x * 4 // width) & 1 else BLACK]) for x in range(width))
        rows += [row] * sum(1 for y in range(height) if y * 4 // height == band)
    return b"".join(rows)


def turn(path, degrees):
    """As a phone that is held on its side does: by the matrix of the track's header (ISO/IEC 14496-12, 8.3.2). FFmpeg's way to ask for it has
    changed."""
    a, b = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[degrees]
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    struct.pack_into(">9i", data, at, a << 16, b << 16, 0, -b << 16, a << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def film(path, frames=50, fps=25, size=(160, 90), first=0, gop=10, codec=H264, options=(), inputs=()):
    """Writes a film whose pictures are numbered from `first` on; its container goes by the name."""
    width, height = size
    chroma = bytes([128]) * (2 * ((width + 1) // 2) * ((height + 1) // 2))
    raw = b"".join(number_rows(width, height, first + i) + chroma for i in range(frames))
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-video_size", f"{width}x{height}",
               "-framerate", str(fps), "-i", "pipe:0", *inputs, *codec, "-g", str(gop), "-colorspace", "bt709", "-color_range", "tv",
               "-threads", "1", *options, str(path)]
    subprocess.run(command, input=raw, check=True, timeout=WAIT_S, stdout=subprocess.DEVNULL)
    return Path(path)


class Picture:
    """A PNG of 8-bit RGB, as `duckling preview` writes it."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        place, packed = 8, b""
        while place < len(data):
            length, kind = struct.unpack_from(">I4s", data, place)
            body = data[place + 8:place + 8 + length]
            if kind == b"IHDR":
                self.width, self.height, depth, color = struct.unpack_from(">IIBB", body)
                if (depth, color) != (8, 2):
                    raise ValueError(f"{path}: depth {depth}, color type {color}")
            elif kind == b"IDAT":
                packed += body
            place += length + 12
        self.bytes = self._unfilter(zlib.decompress(packed))

    def _unfilter(self, raw):
        stride = self.width * 3
        done, above = bytearray(), bytes(stride)
        for y in range(self.height):
            kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
            for i in range(stride if kind else 0):
                left, up, corner = line[i - 3] if i > 2 else 0, above[i], above[i - 3] if i > 2 else 0
                line[i] = (line[i] + (left, up, (left + up) // 2, self._paeth(left, up, corner))[kind - 1]) & 255
            done += line
            above = line
        return bytes(done)

    @staticmethod
    def _paeth(left, up, corner):
        guess = left + up - corner
        return min((left, up, corner), key=lambda value: abs(guess - value))

    def at(self, x, y):
        """The color at fractions of the picture."""
        place = (int(y * self.height) * self.width + int(x * self.width)) * 3
        return tuple(self.bytes[place:place + 3])

    def bits(self, box=(0, 0, 1, 1), turn=0):
        """The light of each of the 16 blocks of a picture that stands in `box` (x, y, width, height in fractions), turned clockwise."""
        left, top, width, height = box
        found = []
        for block in range(16):
            x, y = (block % 4 + 0.5) / 4, (block // 4 + 0.5) / 4
            for _ in range(turn // 90):
                x, y = 1 - y, x
            found.append(sum(self.at(left + x * width, top + y * height)) / 3)
        return found

    def number(self, box=(0, 0, 1, 1), turn=0):
        """The number of the film's picture that is shown; None where a block is neither black nor white."""
        lights = self.bits(box, turn)
        if any(40 < light < 215 for light in lights):
            return None
        return sum(1 << i for i, light in enumerate(lights) if light > 127)
