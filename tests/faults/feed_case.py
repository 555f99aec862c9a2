"""What the tests of the feed share: the probe, its editions and its log, and a case with servers and a store."""
import fcntl
import hashlib
import json
import os
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))
import logs  # noqa: E402
import servers  # noqa: E402

BUILD = Path(os.environ.get("TEST_BUILD", TOP / "build" / "asan"))
# Against what hangs, not against what is slow: the machine may be busy.
WAIT_S = 300
# What it may take to end, in ms; to wait for what hangs would take STALL_MS.
STOP_MS, STALL_MS = 60000, 240000


class Lines:
    """Lines of a pipe, as they come, to wait for."""

    def __init__(self, stream, seen=str):
        self.raw, self.lines, self.ended = [], [], False  # what came, and what tests look into
        self.pipe, self.seen, self.rest = os.dup(stream.fileno()), seen, b""
        self.changed = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _take(self):
        """What is in the pipe. Within the lock: nothing is ever on its way from there to the lines."""
        held, = struct.unpack("i", fcntl.ioctl(self.pipe, termios.FIONREAD, bytes(4)))
        self.rest += os.read(self.pipe, held) if held else b""
        *whole, self.rest = self.rest.split(b"\n")
        for line in whole:
            self.raw.append(line.decode(errors="replace"))
            self.lines.append(self.seen(self.raw[-1]))
        self.changed.notify_all()

    def _read(self):
        readable = select.poll()
        readable.register(self.pipe, select.POLLIN)
        while not self.ended:
            (_, event), = readable.poll()
            with self.changed:
                self.ended = not event & select.POLLIN
                if self.ended and self.rest:
                    self.rest += b"\n"
                self._take()
        os.close(self.pipe)

    def find(self, pattern, start=0):
        return next((i for i in range(start, len(self.lines)) if re.search(pattern, self.lines[i])), None)

    def count(self, pattern):
        """How many lines hold the pattern, of all that were written before this call."""
        with self.changed:
            if not self.ended:
                self._take()
            return sum(1 for line in self.lines if re.search(pattern, line))

    def wait(self, pattern, start=0):
        """The index of the first line from `start` that holds the pattern."""
        with self.changed:
            self.changed.wait_for(lambda: self.find(pattern, start) is not None or self.ended, WAIT_S)
            at = self.find(pattern, start)
            if at is None:
                raise AssertionError(f"no line with {pattern!r} in:\n" + "\n".join(self.lines))
            return at


class Probe:
    """A feed in a process of its own."""

    def __init__(self, source, store, poll_ms=100, ca=None, stall_ms=1000, retry_max_ms=100, playlist_ms=60000, wrap=(),
                 media="any"):
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            [*wrap, str(BUILD / "tests/faults/probe_feed"), source, str(store), str(poll_ms), str(ca or "-"), str(stall_ms),
             str(retry_max_ms), str(playlist_ms), media], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", env=environment)
        self.out, self.log = Lines(self.process.stdout), Lines(self.process.stderr, logs.readable)
        self.at = 0

    def edition(self, name):
        """Waits for the next edition of this name: {path: file}."""
        start = self.out.wait(rf"^edition {re.escape(name)}$", self.at)
        end = self.out.wait("^end$", start)
        self.at = end + 1
        return dict(line.split(" ", 2)[1:] for line in self.out.lines[start + 1:end])

    def editions(self):
        return self.out.count("^edition ")

    def describe(self):
        start = len(self.out.lines)
        self.process.stdin.write("describe\n")
        self.process.stdin.flush()
        return self.out.lines[self.out.wait("^describe ", start)]

    def stop(self):
        """Stops; the milliseconds that it took."""
        if self.process.poll() is None:
            self.process.stdin.close()
        status = self.process.wait(WAIT_S)
        at = self.out.wait("^(stopped|refused) ")
        if os.environ.get("TEST_VERBOSE"):
            print("\n".join("# " + l for l in self.log.lines))
        if status not in (0, 1) or any("Sanitizer" in line for line in self.log.lines):
            raise AssertionError(f"the probe ended with {status}:\n" + "\n".join(self.log.lines[-60:]))
        self.process.stdout.close()
        self.process.stderr.close()
        return int(self.out.lines[at].split()[1]) if self.out.lines[at].startswith("stopped") else None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_S)


def traced(trace, *options):
    """To put before a program: strace, which injects what the options say. What is traced can't look for leaks."""
    asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"]))
    return ["env", f"ASAN_OPTIONS={asan}", "strace", "-f", "-o", "/dev/null", "-e", f"trace={trace}", *options]


def playlist(name, *paths, **more):
    # As films, whose insides the feed is told not to look into: most media here are any bytes.
    spots = {f"s{i}": {"video": path} for i, path in enumerate(paths)} or {"s": {"tagline": "Small."}}
    return json.dumps({"format": "duckling/1", "name": name, "spots": spots, **more}).encode()


def content(path):
    return Path(path).read_bytes()


def bytes_of(seed, size):
    return hashlib.shake_128(str(seed).encode()).digest(size)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="feed."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / "store"

    def hostile(self, **options):
        server = servers.Hostile(**options)
        self.addCleanup(server.stop)
        return server

    def nginx(self, **options):
        root = self.folder / "root"
        root.mkdir(exist_ok=True)
        server = servers.Nginx(self.folder / "nginx", root, **options).start()
        self.addCleanup(server.stop)
        return server, root

    def probe(self, source, store=None, **options):
        probe = Probe(source, store or self.store, **options)
        self.addCleanup(probe.kill)
        return probe

    def stop(self, probe):
        took_ms = probe.stop()
        self.assertLess(took_ms, STOP_MS)

    def stored(self):
        return sorted(p for p in (self.store / "media").iterdir())

    def write(self, path, data):
        """As a publisher does it: whole or not at all."""
        new = path.with_name(path.name + ".new")
        new.write_bytes(data)
        new.rename(path)
