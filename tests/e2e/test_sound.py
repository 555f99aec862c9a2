#!/usr/bin/env python3
"""Films are heard: in step with the picture, as loud as they are seen. SDL's disk driver writes what would be heard into a pipe here,
whose reader is the device: it knows when each sample is heard, whatever the player takes the latency for."""
import array
import fcntl
import math
import os
import re
import select
import statistics
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import player
import tap

RATE = 48000
PAIR_BYTES = 8
BUFFER_BYTES = 2 * 1024 * PAIR_BYTES  # of the device: two of the periods that the player asks for, as with ALSA
TAKE_BYTES = 4096  # what a pipe gives room for anew at a time: a fourth of that
START_MS = 1772323200000  # 2026-03-01T00:00:00Z, when a block begins
AT = "2026-03-01T00:00:00.5Z"
LOUD = 0.1


def film(path, seconds, sound):
    """A film, white while there is a beep, with this sound (an expression of t)."""
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y",
                    "-f", "lavfi", "-i", f"color=black:s=160x90:r=25:d={seconds},"
                    "drawbox=c=white:t=fill:enable='between(mod(t\\,1.5)\\,1\\,1.1)'",
                    "-f", "lavfi", "-i", f"aevalsrc=exprs={sound}|{sound}:s={RATE}:d={seconds}",
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac", "-b:a", "128k",
                    str(path)], check=True, stdin=subprocess.DEVNULL, timeout=player.WAIT_S)


class Device:
    """A device with a buffer, which it empties at its own even pace: the pipe. SDL's disk driver waits until there is room in it, as
    others do."""

    def __init__(self, folder):
        self.path = Path(folder) / "device"
        os.mkfifo(self.path)
        self.reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.keeper = os.open(self.path, os.O_WRONLY)  # else the pipe ends before it begins
        fcntl.fcntl(self.reader, fcntl.F_SETPIPE_SZ, BUFFER_BYTES)
        os.set_blocking(self.reader, True)
        self.bytes, self.began_ms, self.beeps, self.quiet = bytearray(), None, 0, RATE
        self.env = {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(self.path), "SDL_DISKAUDIODELAY": "0"}
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._play)
        self.thread.start()

    def _play(self):
        select.select([self.reader], [], [])
        self.began_ms = time.monotonic() * 1000
        data = True
        while data:
            # What is in the pipe is heard and then taken out of it. Late, that is made up for: the time is the device's.
            heard_ms = self.heard_ms((len(self.bytes) + TAKE_BYTES) // PAIR_BYTES)
            self.ending.wait(max(heard_ms / 1000 - time.monotonic(), 0))
            data = os.read(self.reader, TAKE_BYTES)
            self.bytes += data
            self._count(data)

    def _count(self, data):
        loud = any(abs(sample) > LOUD for sample in array.array("f", data[:len(data) // PAIR_BYTES * PAIR_BYTES]))
        self.beeps += loud and self.quiet > RATE // 10
        self.quiet = 0 if loud else self.quiet + len(data) // PAIR_BYTES

    def samples(self):
        """Of the left channel, as far as it is heard."""
        return array.array("f", bytes(self.bytes[:len(self.bytes) // PAIR_BYTES * PAIR_BYTES]))[::2]

    def end(self):
        """Takes what is left; the samples of the left channel."""
        if self.keeper >= 0:
            self.ending.set()
            os.close(self.keeper)
            self.thread.join(player.WAIT_S)
            os.close(self.reader)
            self.keeper = -1
        return self.samples()

    def heard_ms(self, pair):
        """When it is heard (CLOCK_MONOTONIC)."""
        return self.began_ms + pair * 1000 / RATE


def mono_of_show_ms(frames):
    """What the monotonic clock has more than the show clock, which is pinned."""
    return statistics.median(int(f["present_ns"]) / 1e6 - float(f["show_ms"]) for f in frames)


def beeps(samples):
    """Where beeps begin: pairs."""
    found, last = [], -RATE
    for i, sample in enumerate(samples):
        if abs(sample) > LOUD:
            if i - last > RATE // 10:
                found.append(i)
            last = i
    return found


def level(samples, hz):
    """The amplitude of a tone (Goertzel)."""
    real = sum(s * math.cos(2 * math.pi * hz * i / RATE) for i, s in enumerate(samples))
    imaginary = sum(s * math.sin(2 * math.pi * hz * i / RATE) for i, s in enumerate(samples))
    return 2 * math.hypot(real, imaginary) / len(samples)


class Sound(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.films = tempfile.TemporaryDirectory()
        folder = Path(cls.films.name)
        film(folder / "beeps.mp4", 6, "0.5*sin(2*PI*1000*t)*between(mod(t\\,1.5)\\,1\\,1.1)")
        film(folder / "low.mp4", 4, "0.5*sin(2*PI*400*t)")
        film(folder / "high.mp4", 4, "0.5*sin(2*PI*1000*t)")
        film(folder / "short.mp4", 1, "0.5*sin(2*PI*400*t)")

    @classmethod
    def tearDownClass(cls):
        cls.films.cleanup()

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = Path(temp.name)

    def playlist(self, spots, transition):
        for spot in spots.values():
            os.link(Path(self.films.name) / spot["video"], self.folder / spot["video"])
        path = self.folder / "p.json"
        player.playlist(path, spots, defaults={"transition": transition}, timezone="UTC")
        return path

    def device(self):
        device = Device(self.folder)
        self.addCleanup(device.end)
        return device

    def player(self, source, env, *options):
        return player.Player(self.folder, source, "--at", AT, *options, env=env)

    def play_until(self, source, env, show_ms, heard=lambda: True, logged=""):
        """Until the show is there, what must be heard is, and what must be in the log is: a busy machine starts late."""
        with self.player(source, env) as running:
            running.wait_log(logged)
            running.wait_frame(lambda f: float(f["show_ms"]) >= START_MS + show_ms and heard(), f"{show_ms} ms")
            self.assertEqual(running.stop(), 0, running.log())
            return running.frames(), running.log()

    def test_beeps_are_in_step_with_the_picture(self):
        """Also across the film's end, where the same film begins again; and from the middle of a film on."""
        source = self.playlist({"beeps": {"video": "beeps.mp4", "duration": 6, "volume": 1}}, {"type": "cut"})
        device = self.device()
        # Five beeps are heard over the film's end wherever they begin.
        frames, log = self.play_until(source, device.env, 7400, lambda: device.beeps >= 5)
        samples = device.end()
        mono = mono_of_show_ms(frames)
        errors = []
        for pair in beeps(samples):
            show = device.heard_ms(pair) - mono - START_MS
            # AAC smears a little, hence the threshold.
            errors.append((show - 1000 + 750) % 1500 - 750)
        self.assertGreaterEqual(len(errors), 5, log)
        self.assertLessEqual(abs(statistics.median(errors)), 10, errors)  # a period of 21 ms more or less is a wrong latency

    def test_one_film_fades_into_another_as_loud_as_both(self):
        source = self.playlist({"low": {"video": "low.mp4", "duration": 3, "volume": 0.5},
                                "high": {"video": "high.mp4", "duration": 3, "volume": 1}},
                               {"type": "crossfade", "duration": 1})
        device = self.device()
        with self.player(source, device.env) as running:
            # What a busy machine starts late, or lets run dry, is right in a later round. Wrong levels are wrong in each.
            for round_ms in (0, 6000, 12000):
                running.wait_frame(lambda f: float(f["show_ms"]) >= START_MS + round_ms + 4800, f"round at {round_ms} ms")
                wrong = self.wrong_levels(device, mono_of_show_ms(running.frames()), round_ms)
                if not wrong:
                    break
                print(f"# once more, in the next round: {wrong[0]}", flush=True)
            self.assertEqual(running.stop(), 0, running.log())
            self.assertEqual(wrong, [], running.log())

    def wrong_levels(self, device, mono, round_ms):
        """Of the fade of this round, from one film's tone to the other's."""
        samples, wrong, seen = device.samples(), [], set()
        step = RATE // 200  # 5 ms: whole waves of both tones
        for first in range(0, len(samples) - 7 * step, 7 * step):
            show = device.heard_ms(first + 7 * step // 2) - mono - START_MS - round_ms
            mix = min(max((show - 3000) / 1000, 0), 1)
            if not 2500 < show < 4500:
                continue  # the first film fades in from the ground
            windows = [samples[first + i * step:first + (i + 1) * step] for i in range(7)]
            low = statistics.median(level(window, 400) for window in windows)
            high = statistics.median(level(window, 1000) for window in windows)
            # 40 ms are a sixteenth of the steepest fade.
            if abs(low - 0.5 * 0.5 * math.cos(mix * math.pi / 2)) > 0.06:
                wrong.append(f"low {low:.3f} at {show:.0f} ms")
            if abs(high - 0.5 * math.sin(mix * math.pi / 2)) > 0.08:
                wrong.append(f"high {high:.3f} at {show:.0f} ms")
            seen.add(round(mix, 1))
        return wrong + ([] if len(seen) > 8 else [f"only {sorted(seen)} of the fade heard"])

    def test_a_last_frame_that_holds_is_silent(self):
        source = self.playlist({"short": {"video": "short.mp4", "duration": 3, "volume": 1}}, {"type": "cut"})
        device = self.device()
        frames, log = self.play_until(source, device.env, 6000, lambda: device.beeps >= 2)  # nothing is drawn before
        samples = device.end()
        mono = mono_of_show_ms(frames)
        loud = [device.heard_ms(i) - mono - START_MS for i in range(0, len(samples), 16) if abs(samples[i]) > LOUD]
        self.assertEqual([ms for ms in loud if 1100 < ms % 3000 < 2900], [], log)
        self.assertGreaterEqual(len({int(ms + 100) // 3000 for ms in loud}), 2, log)

    def test_without_volume_no_device_is_opened(self):
        source = self.playlist({"beeps": {"video": "beeps.mp4"}, "low": {"video": "low.mp4", "volume": 0}}, {"type": "cut"})
        target = self.folder / "disk"
        _, log = self.play_until(source, {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(target)}, 1500)
        self.assertNotRegex(log, "sound")
        self.assertFalse(target.exists())

    def test_without_a_device_films_play_on(self):
        source = self.playlist({"low": {"video": "low.mp4", "duration": 2, "volume": 1}}, {"type": "cut"})
        frames, log = self.play_until(source, {"SDL_AUDIODRIVER": "there is none"}, 2500, logged="no sound device")
        self.assertEqual(len(re.findall("^info sound_device: no sound device", log, re.MULTILINE)), 1, log)
        self.assertNotRegex(log, "(?m)^(error|warn)")
        self.assertGreater(len(frames), 3)

    def test_the_dummy_driver_plays_on(self):
        source = self.playlist({"low": {"video": "low.mp4", "duration": 2, "volume": 1}}, {"type": "cut"})
        frames, log = self.play_until(source, {"SDL_AUDIODRIVER": "dummy"}, 2500, logged="sound device opened")
        self.assertIn("sound device opened driver=\"dummy\"", log)
        self.assertNotRegex(log, "(?m)^(error|warn)")
        self.assertGreater(len(frames), 3)

    def test_a_device_that_hangs_holds_nothing_up(self):
        """A pipe that nobody reads: SDL's thread never comes back from writing to it."""
        source = self.playlist({"low": {"video": "low.mp4", "duration": 2, "volume": 1}}, {"type": "cut"})
        path = self.folder / "stuck"
        os.mkfifo(path)
        both_ends = os.open(path, os.O_RDWR)
        self.addCleanup(os.close, both_ends)
        with self.player(source, {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(path)}) as running:
            line = running.wait_log("sound device lost")
            shown = running.frames()[-1]
            running.wait_frame(lambda f: float(f["show_ms"]) > float(shown["show_ms"]) + 1500, "going on")
            begun = time.monotonic()
            self.assertEqual(running.stop(), 0, running.log())
            self.assertLess(time.monotonic() - begun, player.WAIT_S / 5)  # half a second is given to the device; the rest is the machine's
            self.assertRegex("\n".join(running.lines[line:]), "sound device hangs")
            self.assertNotRegex(running.log(), "(?m)^error")


if __name__ == "__main__":
    tap.main()
