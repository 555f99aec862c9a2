"""A clock that is plainly wrong: the show goes by the time that has passed for certain, until the clock can be right.

The player runs with a small library in front of libc's clock, which the test can set."""
import datetime
import mmap
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import channel
import player
import tap

# The wall clock is off by so many milliseconds, and the kernel says so or not: two 64-bit integers in a mapped file.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *settings(void)
{
    static volatile int64_t *map;
    if (!map) {
        int fd = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
        void *found = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        close(fd);
        map = found;
    }
    return map;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    if (syscall(SYS_clock_gettime, id, now) < 0)
        return -1;
    if (id == CLOCK_REALTIME)
        now->tv_sec += settings()[0] / 1000;
    return 0;
}

int adjtimex(struct timex *state)
{
    state->status = settings()[1] ? 0 : STA_UNSYNC;
    return settings()[1] ? TIME_OK : TIME_ERROR;
}
"""
YEAR_MS = 365 * 86400 * 1000


class Clock:
    def __init__(self, folder):
        self.path = Path(folder) / "clock"
        self.path.write_bytes(bytes(4096))
        self.library = Path(folder) / "shim.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", self.library], input=SHIM, text=True, check=True)

    def set(self, off_ms, synchronised=False):
        with open(self.path, "r+b") as file, mmap.mmap(file.fileno(), 4096) as map:
            map[8:16] = struct.pack("<q", int(synchronised))
            map[0:8] = struct.pack("<q", int(off_ms))

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "TEST_CLOCK": str(self.path),
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


def wall_ms():
    return time.time() * 1000


class Floor(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.clock = Clock(self.folder)
        self.keys = channel.Keys(self.folder)
        self.seoul = channel.Channel(self.keys, "seoul")
        player.png(self.folder / "a.png", 64, 36, (200, 40, 20))
        self.publish(1)

    def publish(self, version, **fields):
        media = {"a.png": (self.folder / "a.png").read_bytes()}
        # A spot a second, so that there are frames to look at.
        spots = {name: {"image": "a.png", "duration": 1, "transition": {"type": "cut"}} for name in ("x", "y")}
        self.seoul.publish(self.folder / "root", version, f"v{version}", media, spots=spots, fields=fields)

    def play(self):
        one = player.Player(self.folder, self.folder / "root/channels/seoul", "--key", str(self.keys.public),
                            env=self.clock.environment())
        self.addCleanup(one.__exit__)
        return one

    def shown_ms(self, one, pattern):
        """The show's time soon after the log said so."""
        one.wait_log(pattern)
        count = len(one.frames())
        frame = one.wait_frame(lambda f: len(one.frames()) > count and f["to"] in ("x", "y"), "a frame after that")
        return float(one.frames()[-1]["show_ms"]) if frame else None

    def test_battery_is_empty(self):
        """The clock says 1970. The pointer is accepted, and its time counts; then a time server answers."""
        self.clock.set(-wall_ms() + 5000)
        one = self.play()
        shown = self.shown_ms(one, "playlist on name=\"v1\"")
        self.assertIn("clock: untrusted", one.log())
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.clock.set(0, True)
        shown = self.shown_ms(one, "it can be right again")
        self.assertLess(abs(shown - wall_ms()), 5000)
        self.assertEqual(one.stop(), 0)

    def test_restart_with_an_empty_battery(self):
        one = self.play()
        self.shown_ms(one, "playlist on name=\"v1\"")
        self.assertNotIn("untrusted", one.log())
        one.stop()
        self.clock.set(-3 * YEAR_MS)
        again = self.play()
        shown = self.shown_ms(again, "playlist on name=\"v1\"")
        self.assertIn("clock: untrusted", again.log())
        self.assertLess(abs(shown - wall_ms()), 60000)
        self.assertEqual(again.stop(), 0)

    def test_clock_that_is_synchronised_is_believed(self):
        one = self.play()
        self.shown_ms(one, "playlist on name=\"v1\"")
        one.stop()
        self.clock.set(-3 * YEAR_MS, True)
        again = self.play()
        shown = self.shown_ms(again, "playlist on name=\"v1\"")
        self.assertNotIn("untrusted", again.log())
        self.assertLess(abs(shown - (wall_ms() - 3 * YEAR_MS)), 5000)
        self.assertEqual(again.stop(), 0)

    def test_clock_that_is_an_hour_slow_is_left_alone(self):
        """Whoever signed may be fast by as much."""
        self.clock.set(-3600 * 1000)
        one = self.play()
        shown = self.shown_ms(one, "playlist on name=\"v1\"")
        self.assertNotIn("untrusted", one.log())
        self.assertLess(abs(shown - (wall_ms() - 3600 * 1000)), 5000)
        self.assertEqual(one.stop(), 0)

    def test_pointer_from_the_future_moves_no_clock(self):
        one = self.play()
        self.shown_ms(one, "playlist on name=\"v1\"")
        later = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
        end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=500)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.publish(2, signed=later, expires=end)
        shown = self.shown_ms(one, "signed in the future")
        self.assertLess(abs(shown - wall_ms()), 5000)
        self.assertNotIn('name="v2"', one.log())
        self.assertEqual(one.stop(), 0)


if __name__ == "__main__":
    tap.main()
