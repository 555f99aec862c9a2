"""`duckling preview -o out.mp4`: a stretch of the wall as a film, decoded again by ffmpeg and held against the single pictures."""
import json
import math
import os
import pty
import select
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import films
import player
import tap

SIZE = (160, 90)
DAY = "2026-02-06T"
CHROMA = ((-0.2126 / 1.8556, -0.7152 / 1.8556, 0.5), (0.5, -0.7152 / 1.5748, -0.0722 / 1.5748))


def probe(path):
    done = subprocess.run(["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(path)], check=True, text=True,
                          capture_output=True, timeout=player.WAIT_S)
    return json.loads(done.stdout)


def decode(path, size=SIZE):
    """The film's pictures, each its planes Y, U and V one after the other."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt",
                           "yuv420p", "pipe:1"], check=True, capture_output=True, timeout=player.WAIT_S)
    whole = size[0] * size[1] * 3 // 2
    assert len(done.stdout) % whole == 0 and not done.stderr, done.stderr
    return [done.stdout[i:i + whole] for i in range(0, len(done.stdout), whole)]


def planes(picture):
    """What a picture is in BT.709, limited range, half the resolution for colors."""
    width, height, data = picture.width, picture.height, picture.bytes
    found = [16 + 219 / 255 * (0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2]) for i in range(0, len(data), 3)]
    for weights in CHROMA:
        for y in range(0, height, 2):
            for x in range(0, width, 2):
                at = [((y + dy) * width + x + dx) * 3 for dy in (0, 1) for dx in (0, 1)]
                found.append(128 + 224 / 255 * sum(w * sum(data[i + c] for i in at) / 4 for c, w in enumerate(weights)))
    return found


def psnr(picture, frame):
    wanted = planes(picture)
    assert len(wanted) == len(frame)
    error = sum((a - b) ** 2 for a, b in zip(wanted, frame)) / len(frame)
    return 10 * math.log10(255 ** 2 / error) if error else math.inf


def number(frame, size=SIZE):
    """The number of the film's picture that is in a frame; None where a block is neither black nor white."""
    width, height = size
    lights = [frame[(2 * (i // 4) + 1) * height // 8 * width + (2 * (i % 4) + 1) * width // 8] for i in range(16)]
    if any(40 < light < 210 for light in lights):
        return None
    return sum(1 << i for i, light in enumerate(lights) if light > 127)


def wall(frame, rate=30):
    """The instant, in whole milliseconds, whose picture a frame has: just after it begins."""
    return (frame * 1000 // rate + 1) / 1000


class Preview(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.out = self.folder / "out.mp4"

    def write(self, spots, **more):
        player.playlist(self.folder / "p.json", spots, timezone="UTC", **more)

    def command(self, *options, out=None, size=SIZE):
        return ["preview", str(self.folder / "p.json"), "-o", str(out or self.out), "--size", f"{size[0]}x{size[1]}",
                "--decode-timeout", "60", "--language", "en", *options]

    def film(self, begin, end, *options, size=SIZE):
        """The pictures of a stretch that begins and ends so many seconds after midnight."""
        done = player.run(*self.command("--from", self.instant(begin), "--to", self.instant(end), *options, size=size))
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertNotRegex(done.stderr, "Sanitizer|runtime error")
        self.assertFalse(Path(f"{self.out}.tmp").exists())
        return decode(self.out, size)

    def picture(self, seconds, *options):
        path = self.folder / "one.png"
        done = player.run(*self.command("--at", self.instant(seconds), *options, out=path))
        self.assertEqual(done.returncode, 0, done.stderr)
        return films.Picture(path)

    @staticmethod
    def instant(seconds):
        whole = int(seconds)
        return f"{DAY}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{round((seconds - whole) * 1000):03}"


class Film(Preview):
    def setUp(self):
        super().setUp()
        films.film(self.folder / "a.mp4", frames=100, fps=25, size=SIZE)
        films.film(self.folder / "b.mkv", frames=90, fps=30, size=SIZE, first=1000)
        player.png(self.folder / "s.png", 320, 180, lambda x, y: (x * 255 // 319, y * 255 // 179, 128 + (x + y) // 4))
        # Slots of 3, 2 and 3 seconds; each begins with a crossfade of one.
        self.write({"a": {"video": "a.mp4", "tagline": "Small acts", "duration": 3},
                    "s": {"image": "s.png", "duration": 2, "motion": "drift-in", "tagline": "To the greatness of small."},
                    "b": {"video": "b.mkv", "duration": 3}},
                   defaults={"tagline_style": "small", "transition": {"type": "crossfade", "duration": 1}},
                   styles={"small": {"size": 0.03}})

    def test_every_frame_is_the_walls(self):
        frames = self.film(0, 8)
        self.assertEqual(len(frames), 240)
        # Away from crossfades, the right picture of the right film in each frame: of one of 25 a second, and of one of 30.
        for n in range(30, 90):
            self.assertEqual(number(frames[n]), n * 25 // 30, n)
        for n in range(180, 240):
            self.assertEqual(number(frames[n]), 1000 + n - 150, n)

    def test_frames_equal_single_pictures(self):
        frames = self.film(0, 9)
        # In crossfades of film into film, film into still, still into film, and between them.
        for n in (0, 7, 22, 29, 46, 92, 105, 119, 131, 150, 156, 165, 174, 181, 241, 255, 269):
            self.assertGreaterEqual(psnr(self.picture(wall(n)), frames[n]), 38, n)
        # And a measure that sees a difference: the frame before, where the still moves and fades.
        self.assertLess(psnr(self.picture(wall(105)), frames[90]), 38)

    def test_what_the_file_says(self):
        self.film(2, 3)
        said = probe(self.out)
        stream = said["streams"][0]
        self.assertEqual(len(said["streams"]), 1)
        for name, value in {"codec_name": "h264", "profile": "High", "pix_fmt": "yuv420p", "color_range": "tv", "color_space": "bt709",
                            "color_transfer": "bt709", "color_primaries": "bt709", "avg_frame_rate": "30/1", "nb_frames": "30",
                            "width": SIZE[0], "height": SIZE[1]}.items():
            self.assertEqual(stream[name], value, name)
        self.assertEqual(float(stream["duration"]), 1)
        data = self.out.read_bytes()
        self.assertLess(data.index(b"moov"), data.index(b"mdat"), "the index stands before the pictures")

    def test_rates(self):
        for rate, count, told in (("7", 14, "7/1"), ("29.97", 60, "2997/100"), ("0.4", 1, "2/5"), ("120", 240, "120/1")):
            frames = self.film(6, 8, "--fps", rate)
            self.assertEqual(len(frames), count, rate)
            self.assertEqual(probe(self.out)["streams"][0]["avg_frame_rate"], told)
            for n, frame in enumerate(frames):
                ms = 1000 + n * 1000 / float(rate) + 1  # since b began
                begun = max(k for k in range(91) if round(k * 1000 / 30) <= ms + 1e-3)  # Matroska's times
                self.assertEqual(number(frame), 1000 + begun, (rate, n))

    def test_a_stretch_that_is_no_whole_number_of_frames(self):
        for end, count in ((2.033, 1), (2.034, 2), (2.001, 1)):
            self.assertEqual(len(self.film(2, end)), count)

    def test_a_turned_screen(self):
        frames = self.film(1, 1.2, "--rotate", "90", size=(90, 160))
        self.assertEqual(len(frames), 6)
        self.assertGreaterEqual(psnr(self.turned(1.101), frames[3]), 38)

    def turned(self, seconds):
        path = self.folder / "turned.png"
        done = player.run(*self.command("--at", self.instant(seconds), "--rotate", "90", out=path, size=(90, 160)))
        self.assertEqual(done.returncode, 0, done.stderr)
        return films.Picture(path)

    def test_local_times_are_the_playlists(self):
        self.write({"b": {"video": "b.mkv", "duration": 3}}, defaults={"transition": {"type": "cut"}})
        there = player.run(*self.command("--from", f"{DAY}00:00:01", "--to", f"{DAY}00:00:02"), TZ="Asia/Seoul")
        self.assertEqual(there.returncode, 0, there.stderr)
        self.assertEqual([number(f) for f in decode(self.out)], list(range(1030, 1060)))

    def test_it_replaces_a_film(self):
        self.out.write_bytes(b"old")
        self.assertEqual(len(self.film(1, 1.1)), 3)

    def test_a_bar_on_a_terminal(self):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([player.DUCKLING, *self.command("--from", self.instant(0), "--to", self.instant(1))], stderr=theirs,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=player.environment(), cwd=player.TOP)
        os.close(theirs)
        said = b""
        while select.select([ours], [], [], player.WAIT_S)[0]:
            try:
                said += os.read(ours, 4096)
            except OSError:  # the terminal's other end is closed
                break
        self.assertEqual(process.wait(player.WAIT_S), 0, said)
        os.close(ours)
        self.assertIn(b"30 of 30 frames", said)
        self.assertTrue(said.endswith(b"\r\x1b[K"), said)


class Broken(Preview):
    def setUp(self):
        super().setUp()
        films.film(self.folder / "a.mp4", frames=60, fps=30, size=SIZE)
        (self.folder / "none.mp4").write_bytes(b"no film")
        self.write({"a": {"video": "a.mp4", "duration": 2}, "x": {"video": "none.mp4", "duration": 2}},
                   defaults={"transition": {"type": "cut"}})

    def test_what_was_on_before_stays(self):
        frames = self.film(1, 4)
        self.assertEqual([number(f) for f in frames], list(range(30, 60)) + [59] * 60)

    def test_nothing_to_begin_with(self):
        done = player.run(*self.command("--from", self.instant(2.5), "--to", self.instant(3)))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot show the picture of this instant", done.stderr)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["a.mp4", "none.mp4", "p.json"])


class Refused(Preview):
    def setUp(self):
        super().setUp()
        self.write({"a": {"tagline": "A"}})
        self.stretch = ("--from", self.instant(0), "--to", self.instant(1))

    def refuse(self, status, words, *arguments):
        before = sorted(self.folder.rglob("*"))
        done = player.run(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        self.assertIn(words, done.stderr)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def test_usage(self):
        png, other = self.folder / "out.png", self.folder / "out.avi"
        to = ("--to", self.instant(1))
        for words, arguments in (
                ("needs an even width and height for a film (4:2:0), such as 162x90, not 161x90", self.command(*self.stretch, size=(161, 90))),
                ("such as 160x92", self.command(*self.stretch, size=(160, 91))),
                ("at most 36000000 pixels", self.command(*self.stretch, size=(16384, 16384))),
                ("option --output needs a name that ends in .png or .mp4", self.command(out=other)),
                ("option --to is for films; use it with -o out.mp4", self.command(*to, out=png)),
                ("option --from is for films; use it with -o out.mp4", self.command("--from", self.instant(0), out=png)),
                ("option --to is missing", self.command()),
                ("option --to is missing", self.command("--from", self.instant(0))),
                ("--at is for pictures", self.command(*to, "--at", self.instant(0))),
                ("--frames is for pictures", self.command(*to, "--frames", "3")),
                ("--strip is for pictures", self.command(*to, "--strip")),
                ("--sheet is for pictures", self.command(*to, "--sheet"))):
            with self.subTest(words):
                self.refuse(2, words, *arguments)

    def test_stretches(self):
        self.refuse(2, "option --to needs a time after --from", *self.command("--from", self.instant(1), "--to", self.instant(1)))
        self.refuse(2, "option --to needs a time after --from", *self.command("--to", self.instant(1)))  # from now on
        self.refuse(2, "a film has at most 24 hours", *self.command("--from", self.instant(0), "--to", "2026-02-07T00:00:00.001"))
        self.refuse(2, 'option --from needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00, not "noon"', *self.command("--from", "noon", "--to", self.instant(1)))

    def test_where_no_file_can_be(self):
        (self.folder / "is.mp4").mkdir()
        os.mkfifo(self.folder / "pipe.mp4")
        for name, words in (("is.mp4", "not a regular file"), ("pipe.mp4", "not a regular file"),
                            ("no/out.mp4", "No such file or directory"), ("p.json/out.mp4", "Not a directory")):
            with self.subTest(name):
                self.refuse(1, words, *self.command(*self.stretch, out=self.folder / name))

    def test_a_full_disk(self):
        """What was there stays, and nothing half is left."""
        disk = self.folder / "disk"
        disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", str(disk)], capture_output=True, text=True)
        if done.returncode:
            self.skipTest("no tmpfs can be mounted here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", str(disk)], check=True)
        out = disk / "out.mp4"
        out.write_bytes(b"old")
        self.refuse(1, "No space left on device", *self.command(*self.stretch, out=out))
        self.assertEqual([p.name for p in disk.iterdir()], ["out.mp4"])
        self.assertEqual(out.read_bytes(), b"old")

    def test_a_link_in_the_way_is_not_followed(self):
        other = self.folder / "other"
        other.write_bytes(b"theirs")
        Path(f"{self.out}.tmp").symlink_to(other)
        done = player.run(*self.command(*self.stretch))
        self.assertEqual((done.returncode, other.read_bytes()), (0, b"theirs"), done.stderr)

    def test_the_player_dies_and_nothing_half_is_left(self):
        process = subprocess.Popen([player.DUCKLING, *self.command("--from", self.instant(0), "--to", self.instant(36000))],
                                   stderr=subprocess.PIPE, text=True, env=player.environment(), cwd=player.TOP)
        self.await_writing(process)
        process.kill()
        process.communicate(timeout=player.WAIT_S)  # the encoder has the same standard error: this waits for its end
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["p.json"])

    def await_writing(self, process):
        """Decides only when the test goes on, not whether it passes."""
        waiting = threading.Event()
        for _ in range(player.WAIT_S * 50):
            if Path(f"{self.out}.tmp").exists() or process.poll() is not None:
                break
            waiting.wait(0.02)

    def test_interrupted(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = subprocess.Popen([player.DUCKLING, *self.command("--from", self.instant(0), "--to", self.instant(36000))],
                                       stderr=subprocess.PIPE, text=True, env=player.environment(), cwd=player.TOP)
            self.await_writing(process)
            process.send_signal(number)
            said = process.communicate(timeout=player.WAIT_S)[1]
            self.assertEqual(process.returncode, 1, said)
            self.assertIn("interrupted", said)
            self.assertEqual([p.name for p in self.folder.iterdir()], ["p.json"])


if __name__ == "__main__":
    tap.main()
