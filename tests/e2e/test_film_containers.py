"""A film is as long as its pictures, whatever else its file holds, in every container: the sandboxed worker against the times of the
packets that the ffprobe program reads."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import DUCKLING, TOP, WAIT_S

PROBE = (TOP / "build" if DUCKLING.parent == TOP / "build/asan" else DUCKLING.parent) / "tests/faults/probe_film_pixels"
PICTURES_US = 3000000
NEAR_US = 25000  # a fragment's last frame may be given a length of its own
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac")
VP8 = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, words)], check=True, timeout=WAIT_S, stdin=subprocess.DEVNULL)


def pictures(seconds=3, delay=0):
    return ("-itsoffset", delay, "-f", "lavfi", "-i", f"testsrc2=s=64x36:r=25:d={seconds}")


def sound(seconds, delay=0):
    return ("-itsoffset", delay, "-f", "lavfi", "-i", f"sine=d={seconds}")


def packets_us(path):
    """From the first picture that is shown to the end of the last."""
    told = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts_time,duration_time,flags", "-of",
                           "csv=p=0", path], capture_output=True, text=True, check=True, timeout=WAIT_S).stdout
    packets = [line.split(",") for line in told.splitlines()]
    times = [(float(start), float(start) + float(length)) for start, length, flags, *_ in packets if "D" not in flags]
    return round((max(end for _, end in times) - min(start for start, _ in times)) * 1e6)


class Lengths(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def probe(self, path):
        done = subprocess.run([PROBE, path], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(re.findall(r"(\w+)=(\S+)", done.stdout))

    def check(self, name, *words, expected=None):
        path = self.folder / name
        with self.subTest(name=name, words=" ".join(map(str, words))):
            ffmpeg(*words, path)
            truth = packets_us(path)
            if expected is not None:
                self.assertAlmostEqual(truth, expected, delta=NEAR_US)
            self.assertAlmostEqual(int(self.probe(path)["duration_us"]), truth, delta=NEAR_US)
        return path

    def test_sound_of_another_length(self):
        for name, codecs in (("a.mkv", H264), ("a.mp4", H264), ("a.mov", H264), ("a.webm", VP8), ("b.mkv", VP8)):
            for seconds in (1, 9):
                self.check(name, *pictures(), *sound(seconds), *codecs, expected=PICTURES_US)

    def test_sound_that_goes_on_for_long(self):
        """More than is read at a file's end: the index says where its pictures are."""
        path = self.check("long.mkv", *pictures(), *sound(60), *H264[:-2], "-c:a", "pcm_s16le", "-ar", "48000", "-ac", "2", expected=PICTURES_US)
        self.assertGreater(path.stat().st_size, 8 << 20)

    def test_starts(self):
        for name in ("late.mkv", "late.mp4", "late.mov"):
            self.check(name, *pictures(delay=2), *sound(9), *H264)
            self.check(name, *pictures(), *sound(9, delay=2), *H264, expected=PICTURES_US)
            self.check(name, *pictures(delay=5), *sound(9, delay=4), *H264, "-copyts")

    def test_texts(self):
        text = self.folder / "text.srt"
        text.write_text("1\n00:00:00,500 --> 00:00:20,000\nOne text\n\n")
        self.check("text.mkv", *pictures(), "-i", text, *H264, "-c:s", "srt", expected=PICTURES_US)
        self.check("text.mp4", *pictures(), "-i", text, *H264, "-c:s", "mov_text", expected=PICTURES_US)

    def test_edits(self):
        whole = self.check("whole.mp4", *pictures(), *sound(9), *H264)
        self.check("edited.mp4", "-ss", "1.1", "-i", whole, "-c", "copy", "-t", "1.5")
        self.check("edited.mov", "-ss", "1.1", "-i", whole, "-c", "copy")
        self.check("edited.mkv", "-ss", "1.1", "-i", whole, "-c", "copy")

    def test_without_an_index(self):
        self.check("live.mkv", *pictures(), *sound(9), *H264, "-live", "1", expected=PICTURES_US)
        self.check("live.webm", *pictures(), *sound(9), *VP8, "-live", "1", expected=PICTURES_US)
        self.check("parts.mp4", *pictures(), *sound(9), *H264, "-movflags", "frag_keyframe+empty_moov", expected=PICTURES_US)

    def test_cut_off(self):
        """A file without its end is as long as it says, so that what is missing is noticed."""
        path = self.check("whole.mkv", *pictures(8), *sound(8), *H264)
        cut = self.folder / "cut.mkv"
        cut.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
        self.assertLess(packets_us(cut), 6000000)
        self.assertAlmostEqual(int(self.probe(cut)["duration_us"]), 8000000, delta=NEAR_US)


if __name__ == "__main__":
    tap.main()
