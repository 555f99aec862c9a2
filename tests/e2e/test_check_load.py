"""The check command on a machine that is busy with other things: what it finds is what it finds on an idle one.

A worker that gets no processor time stands for that: it is stopped."""
import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import films
import player
import tap
from clock import Clock

NOW = "2026-02-06T12:00:00Z"
LIMIT_S = 0.1
# Many times the limit; a worker that is ended for it ends before that, and the test goes on at once.
KEPT_STOPPED_S = 2


def children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in task.read_text().split()]
    return found


class Busy(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def command(self, spots, *options):
        player.playlist(self.folder / "p.json", spots)
        return [player.DUCKLING, "check", self.folder / "p.json", "--timezone", "UTC", "--at", NOW, "--decode-timeout", str(LIMIT_S),
                "--no-cache", *options]

    def start(self, spots, *options, env=None):
        return subprocess.Popen(self.command(spots, *options), env=player.environment(**(env or {})), text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    @staticmethod
    def stop_worker(process, among=()):
        """Stops the first worker that is not among those; its number. It is looked for all the time, as workers live for a moment."""
        while process.poll() is None:
            for pid in children(process.pid):
                if pid in among:
                    continue
                with contextlib.suppress(OSError):
                    # The process that workers are forked from has an argument.
                    if (Path("/proc") / str(pid) / "cmdline").read_bytes().rstrip(b"\0") not in (b"duckling-worker", b"duckling-film"):
                        continue
                    os.kill(pid, signal.SIGSTOP)
                    return pid
        return None

    def disturbed(self, spots):
        """What check says where each of its workers stands still for a while, and how many did."""
        process, seen = self.start(spots), []
        while pid := self.stop_worker(process, seen):
            seen.append(pid)
            with contextlib.suppress(ProcessLookupError):
                ended = os.pidfd_open(pid)
                killed = select.select([ended], [], [], KEPT_STOPPED_S)[0]
                os.close(ended)
                os.kill(pid, signal.SIGCONT)
                self.assertEqual(killed, [], "check ended a worker that got no processor time")
        out, errors = process.communicate(timeout=player.WAIT_S)
        self.assertEqual((process.returncode, errors), (0, ""), out)
        self.assertGreater(len(seen), 0)
        return out

    def test_a_picture_and_a_text(self):
        player.png(self.folder / "a.png", 1920, 1080, (60, 60, 60))
        spots = {"a": {"image": "a.png", "tagline": "Small", "duration": 10}}
        lines = self.disturbed(spots).splitlines()
        # A tenth of a second may well be too short for this machine, which is a warning; nothing else is found.
        self.assertEqual([line for line in lines[:-1] if "this machine needs" not in line], [])
        self.assertTrue(lines[-1].startswith("0 faults, "), lines)

    def test_a_film(self):
        """Ten pictures a second, of which any machine decodes more: standing still does not make it slow."""
        films.film(self.folder / "film.mp4", frames=30, fps=10, size=(1920, 1080), inputs=("-f", "lavfi", "-i", "sine=duration=3"),
                   options=("-c:a", "aac"))
        self.assertEqual(self.disturbed({"a": {"video": "film.mp4", "volume": 1}}), "0 faults, 0 warnings\n")

    def test_a_worker_that_never_gets_on(self):
        """Not the medium's fault: a warning, and the rest is checked. Two minutes pass on the clock of the test."""
        player.png(self.folder / "a.png", 1920, 1080, (60, 60, 60))
        films.film(self.folder / "film.mp4", frames=5, fps=5, size=(1920, 1080))
        words = ("this machine gave the decoder no processor time for 120 s: it is too busy, or its disk does not answer; check again")
        for spot, place in (({"image": "a.png", "duration": 10}, "$.spots.a.image"), ({"video": "film.mp4"}, "$.spots.a.video")):
            with self.subTest(place):
                clock = Clock(self.folder)
                process, seen = self.start({"a": spot, "b": {"image": "no.png", "duration": 10}}, "--json", env=clock.environment()), []
                while pid := self.stop_worker(process, seen):
                    seen.append(pid)
                    self.let_time_pass(pid, clock)
                out, _ = process.communicate(timeout=player.WAIT_S)
                found = [json.loads(line) for line in out.splitlines()]
                self.assertIn({"level": "warning", "path": place, "text": "not checked: " + words}, found)
                self.assertEqual([item["path"] for item in found if item["level"] == "fault"], ["$.spots.b.image"])
                self.assertEqual(process.returncode, 1)

    def let_time_pass(self, pid, clock):
        """Until check has given the worker up."""
        with contextlib.suppress(ProcessLookupError):
            ended = os.pidfd_open(pid)
            for _ in range(player.WAIT_S):
                self.passed_s = getattr(self, "passed_s", 0) + 130
                clock.set(0, mono_s=self.passed_s)
                if select.select([ended], [], [], 1)[0]:
                    break
            os.close(ended)


if __name__ == "__main__":
    tap.main()
