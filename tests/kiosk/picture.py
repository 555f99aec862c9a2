"""What is on a screen, as bytes: read, compared, and told from black and from text."""
import subprocess
from pathlib import Path

# Which values of a channel are as good as black.
DARK = bytes(value < 16 for value in range(256))
# One channel of so many is enough to tell whether a picture is a mix of others: some thousands.
LOOKED_AT = 997


def bounds_of(pictures):
    """For Picture.within: the least and the most that these pictures have at each place."""
    looked_at = [picture.data[::LOOKED_AT] for picture in pictures]
    return bytes(map(min, *looked_at)), bytes(map(max, *looked_at))


class Picture:
    """Red, green and blue of each pixel, row by row."""

    def __init__(self, width, height, data):
        if len(data) != width * height * 3:
            raise ValueError(f"{len(data)} bytes for {width}x{height} pixels")
        self.width, self.height, self.data = width, height, data

    @classmethod
    def read_ppm(cls, path):
        kind, size, depth, data = Path(path).read_bytes().split(b"\n", 3)
        if kind != b"P6" or depth != b"255":
            raise ValueError(f"{path} is another kind of picture")
        return cls(*map(int, size.split()), data)

    @classmethod
    def read(cls, path):
        """Any file, by ImageMagick."""
        converted = subprocess.run(["convert", str(path), "-depth", "8", "ppm:-"], check=True, capture_output=True).stdout
        _, size, _, data = converted.split(b"\n", 3)
        return cls(*map(int, size.split()), data)

    def write_png(self, path):
        subprocess.run(["convert", "-size", f"{self.width}x{self.height}", "-depth", "8", "rgb:-", str(path)], input=self.data, check=True)

    def part(self, x, width):
        """These columns of it."""
        rows = range(3 * x, len(self.data), 3 * self.width)
        return Picture(width, self.height, b"".join(self.data[row:row + 3 * width] for row in rows))

    def size(self):
        return self.width, self.height

    def black(self):
        """How much of it is black, from 0 to 1: nearly all of a black screen, and of one with white text."""
        red, green, blue = (int.from_bytes(self.data[channel::3], "little") for channel in range(3))
        brightest = (red | green | blue).to_bytes(self.width * self.height, "little")
        return brightest.translate(DARK).count(1) / len(brightest)

    def dark(self):
        """Whether most of it is black, and nothing stands out: a screen without a picture, or before one has faded in."""
        return self.black() > 0.5 and max(self.data) < 160

    def text(self):
        """Whether something bright stands on black: a console, a boot loader, a firmware."""
        return self.black() > 0.5 and max(self.data) >= 160

    def dimmed(self, level):
        """As a screen shows it that is dimmed to this level, from 0 to 1."""
        return Picture(self.width, self.height, self.data.translate(bytes(round(value * level) for value in range(256))))

    def unlit(self):
        """Whether it is what QEMU shows for an output that is off: black, with words of QEMU's own in its middle."""
        row, middle = self.width * 3, self.height // 2
        around = self.data[:(middle - 40) * row] + self.data[(middle + 40) * row:]
        return max(around) < 16 and self.black() > 0.95

    def within(self, bounds, steps=3):
        """Whether it is one of some pictures, or a mix of them (bounds_of them): no channel is darker or brighter than in all of them."""
        darkest, brightest = bounds
        return all(low - steps <= value <= high + steps for value, low, high in zip(self.data[::LOOKED_AT], darkest, brightest))

    def far(self, other, steps=3):
        """How many channels of pixels differ by more than so many steps, of pictures of one size. All of them at once, as lanes of
        one large number: value by value it takes seconds."""
        lanes = []
        for data in (self.data, other.data):
            wide = bytearray(2 * len(data))
            wide[::2] = data
            lanes.append(int.from_bytes(wide, "little"))
        # In each lane 256 + steps + a - b, which lies between 256 and 256 + 2 steps where they are near each other.
        bias = int.from_bytes(bytes((steps, 1)) * len(self.data), "little")
        apart = (lanes[0] + bias - lanes[1]).to_bytes(2 * len(self.data), "little")
        if apart[1::2].count(1) == len(self.data):
            near = bytes(value <= 2 * steps for value in range(256))
            return apart[::2].translate(near).count(0)
        return sum(high != 1 or low > 2 * steps for low, high in zip(apart[::2], apart[1::2]))

    def looks_like(self, other, steps=3):
        """Whether no channel of any pixel differs by more than so many steps."""
        if self.size() != other.size():
            return False
        if self.data == other.data:
            return True
        # Pictures that differ mostly do so in the first of these rows.
        row = self.width * 3
        for y in (self.height // 2, self.height // 4, 3 * self.height // 4):
            mine, others = (Picture(self.width, 1, one.data[y * row:(y + 1) * row]) for one in (self, other))
            if mine.far(others, steps):
                return False
        return self.far(other, steps) == 0
