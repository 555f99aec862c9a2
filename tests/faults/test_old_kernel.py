"""Kernels before Linux 6.7 (Debian 12 has 6.1) refuse every shared map of a memfd that is sealed against writing, even to read it.
A shim stands for such a kernel, so that newer ones don't hide it."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import TOP, WAIT_S, environment, playlist, png

SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (!real)
        real = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap");
    int seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
    if (seals > 0 && (seals & F_SEAL_WRITE)) {
        fputs(flags & MAP_SHARED ? "shim: shared map refused\\n" : "shim: private map\\n", stderr);
        if (flags & MAP_SHARED) {
            errno = EPERM;
            return MAP_FAILED;
        }
    }
    return real(at, size, protection, flags, fd, offset);
}
"""


class OldKernel(unittest.TestCase):
    def test_pictures_are_shown(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "shim.c").write_text(SHIM)
            shim = folder / "shim.so"
            subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, folder / "shim.c", "-ldl"], check=True)
            png(folder / "red.png", 64, 36, (200, 30, 40))
            playlist(folder / "p.json", {"red": {"image": "red.png", "tagline": "Small"}})
            done = subprocess.run([TOP / "build/duckling", "preview", folder / "p.json", "-o", folder / "x.png", "--size", "320x180"],
                                  env=environment(LD_PRELOAD=str(shim)), text=True, capture_output=True, timeout=WAIT_S)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("shim: private map", done.stderr, "the shim saw no sealed frame: it tests nothing")
            self.assertNotIn("refused", done.stderr)


if __name__ == "__main__":
    tap.main()
