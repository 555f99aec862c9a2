"""A clock for tests that can be set: a small library in front of libc's, in the program that is tested.

    clock = Clock(folder)
    clock.set(-3600 * 1000)                       an hour slow, and nobody vouches for it
    Popen(..., env={**os.environ, **clock.environment()})
"""
import mmap
import struct
import subprocess
from pathlib import Path

# Three 64-bit integers in a mapped file: by how many milliseconds the wall clock is off; whether the kernel says that it is
# synchronised; by how many seconds the monotonic clock is on.
SHIM = r"""
#define _GNU_SOURCE
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
    if (id == CLOCK_MONOTONIC)
        now->tv_sec += settings()[2];
    return 0;
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

    def set(self, off_ms, synchronised=False, mono_s=0):
        with open(self.path, "r+b") as file, mmap.mmap(file.fileno(), 4096) as map:
            for at, value in ((16, mono_s), (8, synchronised), (0, off_ms)):
                map[at:at + 8] = struct.pack("<q", int(value))

    def environment(self):
        return {"LD_PRELOAD": str(self.library), "TEST_CLOCK": str(self.path),
                "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
