"""A clock for tests that can be set: a small library in front of libc's, in the program that is tested.

    clock = Clock(folder)
    clock.set(-3600 * 1000)                       an hour slow, and nobody vouches for it
    Popen(..., env={**os.environ, **clock.environment()})
"""
import math
import mmap
import struct
import subprocess
from pathlib import Path

# What until_it_keeps_up() counts a slot's first frame as late after, where a test says nothing else.
LATE_MS = 100
# Clocks that are slower, by these factors, from the machine's own on.
SLOWER = (1, 4, 12)

# Five 64-bit integers in a mapped file: by how many milliseconds the wall clock is off; whether the kernel says that it is
# synchronised; by how many seconds the monotonic clock is on; by how much it is slower, if at all;
# and the milliseconds since the machine has started, which stand still then: 0: as they are.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
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
    if (id == CLOCK_MONOTONIC) {
        int64_t slower = settings()[3] > 1 ? settings()[3] : 1;
        int64_t ns = (now->tv_sec * INT64_C(1000000000) + now->tv_nsec) / slower;
        now->tv_sec = ns / 1000000000 + settings()[2];
        now->tv_nsec = ns % 1000000000;
    }
    if (id == CLOCK_BOOTTIME && settings()[4])
        *now = (struct timespec){settings()[4] / 1000, settings()[4] % 1000 * 1000000};
    return 0;
}

/* By the slow clock where that is the condition's: wall clocks are far beyond what a monotonic one has. */
int pthread_cond_timedwait(pthread_cond_t *wake, pthread_mutex_t *mutex, const struct timespec *until)
{
    int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    *(void **)&wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec real = *until;
    if (settings()[3] > 1 && until->tv_sec < 1000000000) {
        int64_t ns = (until->tv_sec * INT64_C(1000000000) + until->tv_nsec) * settings()[3];
        real = (struct timespec){ns / 1000000000, ns % 1000000000};
    }
    return wait(wake, mutex, &real);
}

int adjtimex(struct timex *state)
{
    state->status = settings()[1] ? 0 : STA_UNSYNC;
    return settings()[1] ? TIME_OK : TIME_ERROR;
}
"""


class Clock:
    def __init__(self, folder):
        self.path = Path(folder) / "clock"
        self.path.write_bytes(bytes(4096))
        self.library = Path(folder) / "shim.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-x", "c", "-", "-o", self.library], input=SHIM, text=True, check=True)

    def set(self, off_ms, synchronised=False, mono_s=0, slower=1, boot_ms=0):
        with open(self.path, "r+b") as file, mmap.mmap(file.fileno(), 4096) as map:
            for at, value in ((32, boot_ms), (24, slower), (16, mono_s), (8, synchronised), (0, off_ms)):
                map[at:at + 8] = struct.pack("<q", int(value))

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "TEST_CLOCK": str(self.path),
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


class Late(AssertionError):
    """What a busy machine is excused for: something came too late, or not at all."""


def in_time(condition, words):
    if not condition:
        raise Late(words)


def check_slots(test, frames, slot_of, late_ms=LATE_MS, never=()):
    """Each frame shows its slot's spot, or what was on before: anything else is wrong. Late where a slot's spot comes later than that,
    or never. slot_of(ms of the show) gives a slot's spot and its start. `never`: spots that cannot be shown. The first slot may begin at
    any time, and the last may be cut off."""
    firsts, before = {}, None
    for frame in frames:
        at = float(frame["show_ms"])
        name, start = slot_of(at)
        test.assertIn(frame["to"], (name, before or frame["to"]), frame)
        test.assertNotIn(frame["to"], never, frame)
        before = frame["to"]
        if frame["to"] == name:
            firsts.setdefault(start, at)
    times = [float(frame["show_ms"]) for frame in frames] or [0]
    slots = dict((start, name) for name, start in (slot_of(ms) for ms in range(int(min(times)), int(max(times)) + 1, 50)))
    for start in sorted(slots)[1:-1]:
        if slots[start] not in never:
            in_time(firsts.get(start, math.inf) - start <= late_ms, f"{slots[start]} came {firsts.get(start, math.inf) - start} ms late")


def until_it_keeps_up(folder, check):
    """check(environment) with a player's time running as fast as the machine's, then slower and slower, while it is Late. A busy machine
    keeps up with a slow clock; what is wrong is wrong at any pace, and fails at once."""
    for slower in SLOWER:
        environment = {}
        if slower > 1:
            clock = Clock(folder)
            clock.set(0, slower=slower)
            environment = clock.environment()
        try:
            return check(environment)
        except Late as trouble:
            if slower == SLOWER[-1]:
                raise
            print(f"# once more, on a slower clock: {str(trouble).partition(chr(10))[0][:200]}", flush=True)
