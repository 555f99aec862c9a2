"""A disk that does not answer, as a network mount whose server is gone: opening, reading about and closing its files waits for ever."""
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import servers
import tap
from player import TOP, WAIT_S, Player, playlist, png

# In front of the C library's own, in the player and not in its workers: waits for files below a folder called "hung", as long as the
# file named by TEST_HANG is there, and says by another beside it that it does.
HANG = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wait_for_disk(const char *path)
{
    char seen[PATH_MAX];
    const char *flag = getenv("TEST_HANG");
    if (!flag || !strstr(path, "/hung/") || access(flag, F_OK) != 0)
        return;
    snprintf(seen, sizeof seen, "%s.seen", flag);
    syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, seen, O_CREAT | O_WRONLY, 0600));
    while (access(flag, F_OK) == 0)
        usleep(10000);
}

static int open_with(const char *name, const char *path, int flags, mode_t mode)
{
    int (*own)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
    wait_for_disk(path);
    return own(path, flags, mode);
}

static mode_t mode_of(va_list arguments, int flags)
{
    return flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(arguments, flags);
    va_end(arguments);
    return open_with("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(arguments, flags);
    va_end(arguments);
    return open_with("open64", path, flags, mode);
}

static int stat_with(const char *name, const char *path, struct stat *st)
{
    int (*own)(const char *, struct stat *) = (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, name);
    wait_for_disk(path);
    return own(path, st);
}

int stat(const char *path, struct stat *st)
{
    return stat_with("stat", path, st);
}

int lstat(const char *path, struct stat *st)
{
    return stat_with("lstat", path, st);
}

int fstatat(int folder, const char *path, struct stat *st, int flags)
{
    int (*own)(int, const char *, struct stat *, int) =
        (int (*)(int, const char *, struct stat *, int))dlsym(RTLD_NEXT, "fstatat");
    wait_for_disk(path);
    return own(folder, path, st, flags);
}

int close(int fd)
{
    char link[64], path[PATH_MAX] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (getenv("TEST_HANG") && readlink(link, path, sizeof path - 1) > 0)
        wait_for_disk(path);
    return (int)syscall(SYS_close, fd);
}
"""


class Hang(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.library, self.flag = self.folder / "hang.so", self.folder / "flag"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", self.library], input=HANG, text=True, check=True)
        (self.folder / "hung").mkdir()
        self.addCleanup(self.flag.unlink, missing_ok=True)
        for name, color in (("red", (200, 30, 40)), ("green", (30, 180, 60)), ("hung/slow", (40, 60, 200))):
            png(self.folder / f"{name}.png", 64, 36, color)

    def play(self, source, *options):
        return Player(self.folder, source, "--timezone", "UTC", *options, env={
            "LD_PRELOAD": str(self.library), "TEST_HANG": str(self.flag),
            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"})

    def wait_hanging(self, player):
        seen, deadline = self.folder / "flag.seen", time.monotonic() + WAIT_S
        while not seen.exists():
            self.assertLess(time.monotonic(), deadline, player.log())
            self.assertIsNone(player.process.poll(), player.log())
            time.sleep(0.01)  # decides only when the test goes on

    def wait_new(self, player, spot):
        now_ns = time.monotonic_ns()
        player.wait_frame(lambda f: f["to"] == spot and int(f["present_ns"]) > now_ns, f"{spot} once more")

    def test_the_show_goes_on_without_the_spots_of_that_disk(self):
        spots = {"red": {"image": "red.png"}, "slow": {"image": "hung/slow.png"}, "green": {"image": "green.png"}}
        playlist(self.folder / "list.json", spots, defaults={"duration": 2, "transition": {"duration": 0.5}})
        with self.play(self.folder / "list.json", "--decode-timeout", "5") as player:
            player.wait_shown("slow")
            self.flag.touch()
            self.wait_hanging(player)
            for spot in ("green", "red", "green", "red"):
                self.wait_new(player, spot)
            player.wait_log(r'cannot show spot.* spot="slow" .*the disk has not opened the file within 5\.0 seconds')
            self.wait_new(player, "green")
            self.flag.unlink()
            self.wait_new(player, "slow")
            self.assertEqual(player.stop(), 0, player.log())

    def test_the_show_goes_on_while_the_store_hangs(self):
        server = servers.Hostile()
        self.addCleanup(server.stop)
        spots = {"red": {"background": "#c81e28"}, "slow": {"image": "slow.png"}, "green": {"background": "#1eb43c"}}
        playlist(self.folder / "list.json", spots, defaults={"duration": 2, "transition": {"duration": 0.5}})
        server.files = {"list.json": (self.folder / "list.json").read_bytes(),
                        "slow.png": (self.folder / "hung/slow.png").read_bytes()}
        with self.play(server.url("list.json"), "--decode-timeout", "5", "--store", self.folder / "hung/store") as player:
            player.wait_shown("slow")
            self.flag.touch()
            self.wait_hanging(player)
            for spot in ("green", "red", "green", "red"):
                self.wait_new(player, spot)
            player.wait_log(r'cannot show spot.* spot="slow" .*the disk has not opened the file within 5\.0 seconds')
            self.wait_new(player, "green")
            self.flag.unlink()
            self.wait_new(player, "slow")
            self.assertEqual(player.stop(), 0, player.log())

    def test_sigterm_ends_it_while_the_disk_of_the_playlist_hangs(self, more=""):
        path = self.folder / "hung/list.json"
        spots = {name: {"image": f"../{name}.png", "duration": 1} for name in ("red", "green")}
        playlist(path, spots)
        with self.play(path) as player:
            player.wait_shown("red")
            self.flag.touch()
            playlist(self.folder / "hung/new.json", {"red": spots["red"]})
            (self.folder / "hung/new.json").rename(path)
            self.wait_hanging(player)
            self.assertEqual(player.stop(), 1, player.log())
            self.assertRegex(player.log(), "cannot stop in time, exiting" + more)

    def test_sigterm_ends_a_start_that_hangs(self):
        playlist(self.folder / "hung/list.json", {"red": {"image": "../red.png"}})
        self.flag.touch()
        with self.play(self.folder / "hung/list.json") as player:
            self.wait_hanging(player)
            self.assertEqual(player.stop(), 1, player.log())
            self.assertRegex(player.log(), "cannot stop in time")

    @mock.patch("player.DUCKLING", TOP / "build/duckling")
    def test_without_sanitizers_it_has_less_than_a_second(self):
        self.test_sigterm_ends_it_while_the_disk_of_the_playlist_hangs(" limit_ms=900 ")


if __name__ == "__main__":
    tap.main()
