"""Running the player in tests: start it, watch its log and its frames, stop it. And pictures to feed it."""
import atexit
import csv
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

from logs import readable

TOP = Path(__file__).resolve().parent.parent
DUCKLING = Path(os.environ.get("TEST_BUILD", TOP / "build/asan")).resolve() / "duckling"
# Against what hangs, not against what is slow: the machine may be busy.
WAIT_S = 300
# What check remembers is the tests' own, and new for each file of tests.
CACHE = Path(tempfile.mkdtemp(prefix="duckling-cache-"))
atexit.register(shutil.rmtree, CACHE, True)
# The player's own limit for a picture is two seconds, which a busy machine may need for the smallest.
PATIENT = ("--decode-timeout", "60")


def png(path, width, height, color):
    """Writes a PNG of one color (r, g, b), or of color(x, y) for each pixel."""
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        if callable(color):
            for x in range(width):
                rows += bytes(color(x, y))
        else:
            rows += bytes(color) * width
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows)))
                           + chunk(b"IEND", b""))


def playlist(path, spots, **more):
    """Writes a playlist with these spots (a dict, in order) and further top-level members."""
    Path(path).write_text(json.dumps({"format": "duckling/1", "spots": spots, **more}, ensure_ascii=False))


def environment(**more):
    keep = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return {k: v for k, v in {**keep, "SDL_VIDEODRIVER": "dummy", "XDG_CACHE_HOME": str(CACHE), "DUCKLING_CONFIG": "none", **more}.items() if v is not None}


def patient(arguments):
    """With the most time for pictures, where a test says nothing else of it."""
    decodes = arguments[:1] and arguments[0] in ("play", "preview", "check", "publish")
    return [*arguments, *(PATIENT if decodes and PATIENT[0] not in arguments else ())]


def run(*arguments, **env):
    """Runs a command of duckling to its end."""
    return subprocess.run([DUCKLING, *patient([str(a) for a in arguments])], env=environment(**env), cwd=TOP, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S)


def children(pid):
    """The processes that this one has started and not reaped, oldest first."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()
        except OSError:  # has ended
            continue
        if fields[1] == str(pid):
            found.append((int(fields[19]), int(process)))
    return [child for _, child in sorted(found)]


class Player:
    """`duckling play` in the background, small and without a screen unless told otherwise."""

    def __init__(self, folder, source, *options, window="160x90", env=None, frames=True, before=(), stderr=None):
        self.folder = Path(folder)
        self.frames_path = self.folder / "frames.csv"
        self.frames_path.unlink(missing_ok=True)
        command = [str(DUCKLING), "play", str(source), "--store", str(self.folder / "store"), "--state",
                   str(self.folder / "state"), "--poll", "0.1", "--refresh", "30"]
        if window:
            command += ["--window", window]
        if frames:
            command += ["--frames-log", str(self.frames_path)]
        self.raw, self.lines, self.ended = [], [], False  # what it wrote, and what tests look into
        self.news = threading.Condition()
        command = [*before, command[0], *patient([*command[1:], *options])]
        self.process = subprocess.Popen(command, env=environment(**(env or {})), cwd=TOP, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr or subprocess.PIPE)
        if stderr:  # read by the test, if at all
            self.ended = True
        else:
            threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stderr:
            with self.news:
                self.raw.append(line.rstrip("\n"))
                self.lines.append(readable(line.rstrip("\n")))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def log(self):
        with self.news:
            return "\n".join(self.lines)

    def wait_log(self, pattern, after=0):
        """Until a line at index `after` or later matches; returns the index behind it."""
        def found():
            for i in range(after, len(self.lines)):
                if re.search(pattern, self.lines[i]):
                    return i + 1
            return self.ended and -1
        with self.news:
            index = self.news.wait_for(found, WAIT_S)
            if not index or index < 0:
                raise AssertionError(f"no line {pattern!r} in:\n" + "\n".join(self.lines))
            return index

    def frames(self):
        """What was presented so far, but for a line that is not whole yet."""
        text = self.frames_path.read_text() if self.frames_path.exists() else ""
        return list(csv.DictReader(text[:text.rfind("\n") + 1].splitlines()))

    def wait_frame(self, condition, what):
        """Until a presented frame fits; returns it. Reads the log again whenever the player may have written: it has no way to
        notify, so this looks at it every 20 ms, which decides only when the test goes on, not whether it passes."""
        waiting = threading.Event()
        for _ in range(WAIT_S * 50):
            for frame in self.frames():
                if condition(frame):
                    return frame
            if self.process.poll() is not None:
                break
            waiting.wait(0.02)
        raise AssertionError(f"never shown: {what}\n{self.log()}\nlast frames: {self.frames()[-5:]}")

    def wait_shown(self, spot):
        return self.wait_frame(lambda f: f["to"] == spot and float(f["mix"]) >= 1, f"{spot} fully")

    def stop(self, sig=signal.SIGTERM):
        """Asks it to end; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.process.wait(WAIT_S)
        with self.news:
            self.news.wait_for(lambda: self.ended, WAIT_S)
        return status

    def end_well(self):
        """Until it has ended, which it was asked to or does by itself."""
        status = self.process.wait(WAIT_S)
        self.stop()
        if status or "Sanitizer" in self.log() or "runtime error" in self.log():
            raise RuntimeError(f"exit status {status}\n{self.log()}")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
