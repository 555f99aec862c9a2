#!/usr/bin/env python3
"""A whole update, from version 1 to version 2 with one new medium, that is killed, told of a full or failing disk, or cut from its
power at one system call after the other: afterwards version 1 or 2 plays, whole, and with the server back version 2 comes."""
import collections
import fcntl
import os
import re
import shutil
import struct
import subprocess
import unittest
from pathlib import Path

from channel_case import POINTER, TWO, Stored, wait_for
import tap

CALLS = "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,ftruncate,fallocate," \
        "utimensat,sync_file_range,flock,fchmod"
FS_IOC_SHUTDOWN, LOG_IS_LOST = 0x8004587D, 2

Point = collections.namedtuple("Point", "call path when writes")


class Update(Stored):
    """An update of which each call is known, and can be made to fail."""

    def points(self, calls=CALLS):
        """Each call of an update that names, or has open, something below the disk."""
        self.sow()
        trace = self.folder / "trace"
        probe = self.quick("strace", "-f", "-y", "-o", str(trace), "-e", f"trace={calls}")
        probe.edition("two")
        self.stop(probe)
        found, order = collections.Counter(), []
        for line in trace.read_text(errors="replace").splitlines():
            match = re.match(r"(\d+) +(\w+)\((.*)", line)
            paths = re.findall(rf'["<]({re.escape(str(self.disk))}/[^">]*)[">]', match[3]) if match else []
            if not paths:
                continue
            key = (match[1], match[2], paths[0])
            found[key] += 1
            # strace counts for each thread. A folder is opened to be made durable.
            writes = match[2] != "openat" or bool(re.search("O_WRONLY|O_RDWR|O_CREAT|O_DIRECTORY", match[3]))
            point = Point(match[2], paths[0], found[key], writes)
            if point not in order:
                order.append(point)
        self.assertGreater(len(order), 30, "an update makes more calls than that")
        return order

    def injected(self, point, what, *options):
        return self.quick("strace", "-f", "-o", str(self.folder / "injected"), "-e", f"trace={point.call}", "-P", point.path,
                          "-e", f"inject={point.call}:{what}:when={point.when}", *options)

@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Interrupted(Update):
    def setUp(self):
        super().setUp()
        self.plant()

    def test_killed_at_each_call(self):
        seen, killed = collections.Counter(), 0
        for point in self.points():
            self.sow()
            probe = self.injected(point, "signal=SIGKILL")
            with probe.out.changed:
                probe.out.changed.wait_for(lambda p=probe: p.out.ended or p.out.find("^edition two$") is not None, 30)
            shown = probe.out.find("^edition two$") is not None
            if not probe.out.ended and shown:
                probe.process.stdin.close()  # it may yet be killed in what comes after
            killed += probe.ended()
            seen[self.plays_whole(point, "two" if shown else "one")] += 1
        self.assertGreater(killed, 30)
        self.assertGreater(min(seen["one"], seen["two"]), 5, seen)

    def told(self, error):
        hit = 0
        for point in self.points():
            if not point.writes:
                continue  # what can't be read is tested with damaged files
            self.sow()
            probe = self.injected(point, f"error={error}")
            with probe.out.changed:
                probe.out.changed.wait_for(lambda p=probe: p.out.ended or p.out.find("^edition two$") is not None, 30)
            shown = probe.out.find("^edition two$") is not None
            refused = probe.out.find("^refused ") is not None
            self.assertTrue(shown or refused, f"{point}: neither version 2 nor a refusal to start:\n" + "\n".join(probe.log.lines))
            if shown:
                self.assert_holds(probe.edition("two"), TWO)
                probe.stop()
            else:
                probe.ended()
            hit += "INJECTED" in (self.folder / "injected").read_text(errors="replace")
            self.plays_whole(point, "two" if shown else "one")
        self.assertGreater(hit, 30)

    def test_no_space_at_each_call(self):
        self.told("ENOSPC")

    def test_a_failing_disk_at_each_call(self):
        self.told("EIO")


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("losetup") and shutil.which("strace"), "loop mounts need root, and strace")
class PowerCut(Update):
    """The file system is shut down as if the power had gone, what it had not written being lost, while the player stands still right
    after one call of the update."""
    THREADS = 2
    # A call that only reads, or finds nothing to do, changes nothing on disk.
    CUT_AFTER = "write,pwrite64,fsync,fdatasync,rename,renameat2,unlink,ftruncate,mkdir"

    def mount(self, *options):
        done = subprocess.run(["mount", "-o", ",".join(("loop", *options)), str(self.folder / "image"), str(self.disk)],
                              capture_output=True, text=True)
        return done.stderr.strip() if done.returncode else ""

    def unmount(self):
        def gone():
            return subprocess.run(["umount", str(self.disk)], capture_output=True).returncode == 0
        wait_for(gone, "the file system can be unmounted")

    def make(self, size, *mkfs):
        if not shutil.which(mkfs[0]):
            self.skipTest(f"{mkfs[0]} is not installed")
        image = self.folder / "image"
        with image.open("wb") as file:
            file.truncate(size)
        subprocess.run([*mkfs, str(image)], check=True, capture_output=True)
        trouble = self.mount()
        if trouble:
            self.skipTest("no loop mount is allowed here: " + trouble)
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], capture_output=True)

    def stand_still(self, probe):
        """Waits until the traced player has stopped, all its threads, or shows version 2. (Its state tells nothing: to be traced is to
        stand still again and again.)"""
        def looked():
            trace = self.folder / "injected"
            text = trace.read_text(errors="replace") if trace.exists() else ""
            return text.count("--- stopped by SIGSTOP ---") >= self.THREADS or probe.out.find("^edition two$") is not None
        wait_for(looked, "the player stands still")

    def cut(self, probe, *options):
        """Cuts the power; True when version 2 had been shown. The disk is mounted again."""
        shown = probe.out.find("^edition two$") is not None
        folder = os.open(self.disk, os.O_RDONLY)
        fcntl.ioctl(folder, FS_IOC_SHUTDOWN, struct.pack("I", LOG_IS_LOST))
        os.close(folder)
        for child in Path(f"/proc/{probe.process.pid}/task/{probe.process.pid}/children").read_text().split():
            os.kill(int(child), 9)
        probe.ended()
        self.unmount()
        self.assertEqual(self.mount(*options), "")
        return shown

    def begin(self):
        self.sow()
        subprocess.run(["sync", "-f", str(self.disk)], check=True)
        (self.folder / "injected").unlink(missing_ok=True)

    def cut_at_each(self, *options):
        self.plant()
        seen = collections.Counter()
        for point in self.points(self.CUT_AFTER):
            if self.is_idle(point):
                continue
            self.begin()
            probe = self.injected(point, "signal=SIGSTOP")
            self.stand_still(probe)
            shown = self.cut(probe, *options)
            seen[self.plays_whole(point, "two" if shown else "one")] += 1
        self.assertGreater(seen["one"], 20, seen)
        for syncs in (True, False):
            self.begin()
            probe = self.quick("strace", "-f", "-o", "/dev/null", "-e", "trace=fsync",
                               *([] if syncs else ["-e", "inject=fsync,fdatasync:retval=0"]))
            probe.edition("two")
            self.assertTrue(self.cut(probe, *options))
            # Without fsync it must not have lasted, or these cuts would show nothing.
            self.assertEqual(self.plays_whole("shown", "two" if syncs else "one"), "two" if syncs else "one")

        self.remembers(*options)

    def remembers(self, *options):
        """What was shown before the cut is remembered after it, even when the cache is lost as well: no rollback."""
        self.begin()
        probe = self.quick("strace", "-f", "-o", "/dev/null", "-e", "trace=fsync")
        probe.edition("two")
        self.cut(probe, *options)
        shutil.rmtree(self.store)
        new = self.server.files[POINTER]
        self.server.files[POINTER] = self.channel.pointer(1, self.server.files[self.channel.path("p-1.json")])
        probe = self.quick()
        probe.log.wait('refusal=rollback')
        self.assert_no_more(self.server, probe, 0)
        self.server.files[POINTER] = new
        self.assert_holds(probe.edition("two"), TWO)
        self.stop(probe)

    def is_idle(self, point):
        """Folders that are there already; and of the pieces of a file, which are all alike, one is enough."""
        return point.call == "mkdir" or (point.call == "pwrite64" and point.when > 2)

    def test_xfs(self):
        self.make(320 << 20, "mkfs.xfs", "-q")
        self.cut_at_each()

    def test_ext4(self):
        self.make(32 << 20, "mkfs.ext4", "-q")
        self.unmount()
        self.assertEqual(self.mount("noauto_da_alloc"), "")
        self.cut_at_each("noauto_da_alloc")


if __name__ == "__main__":
    tap.main()
