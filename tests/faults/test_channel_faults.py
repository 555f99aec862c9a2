#!/usr/bin/env python3
"""A whole update, from version 1 to version 2 with one new medium, that is killed, told of a full or failing disk, or cut from its
power at one system call after the other: afterwards version 1 or 2 plays, whole, and with the server back version 2 comes."""
import collections
import fcntl
import os
import random
import re
import shutil
import struct
import subprocess
import unittest
from pathlib import Path

from channel_case import PLAIN, BUILD, POINTER, Case, bytes_of, channel, content, servers, wait_for
import tap

CALLS = "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,ftruncate,fallocate," \
        "utimensat,sync_file_range,flock,fchmod"
MEDIA = {"a.mp4": bytes_of("a", 5000), "b.mp4": bytes_of("b", 70000)}
ONE = {"a.mp4": MEDIA["a.mp4"]}
# Many short runs: the build without sanitizers, where there is one, is quicker. What strace traces could not look for leaks anyway.
QUICK = PLAIN if (PLAIN / "tests/faults/probe_channel").exists() else BUILD
FS_IOC_SHUTDOWN, LOG_IS_LOST = 0x8004587D, 2

Point = collections.namedtuple("Point", "call path when")


class Update(Case):
    """A store that holds version 1, kept as a seed; a server that has version 2."""

    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        self.store, self.state = self.disk / "store", self.disk / "state"
        self.server = self.hostile()
        self.base = self.server.url("channels/seoul/")

    def plant(self):
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.quick()
        self.assert_holds(probe.edition("one"), ONE)
        self.stop(probe)
        self.seed = self.folder / "seed"
        shutil.copytree(self.disk, self.seed)
        self.channel.publish(self.server.files, 2, "two", MEDIA)

    def quick(self, *wrap):
        return self.probe(self.base, build=QUICK, wrap=wrap)

    def sow(self):
        for path in (self.store, self.state):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(self.seed / path.name, path)

    def points(self, calls=CALLS):
        """Each call of an update that names, or has open, something below the disk; a file that is only read counts as well."""
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
            point = Point(match[2], paths[0], found[key])  # strace counts for each thread
            if point not in order:
                order.append(point)
        self.assertGreater(len(order), 30, "an update makes more calls than that")
        return order

    def injected(self, point, what, *options):
        return self.quick("strace", "-f", "-o", str(self.folder / "injected"), "-e", f"trace={point.call}", "-P", point.path,
                          "-e", f"inject={point.call}:{what}:when={point.when}", *options)

    def plays_whole(self, point, least="one"):
        """Without the server, then with it."""
        self.server.acts[POINTER] = [servers.status(503)]
        after = self.quick()
        edition = after.edition()
        self.assertIn(edition.name, ("one", "two"), point)
        if least == "two":
            self.assertEqual(edition.name, "two", f"{point}: what had been shown is lost")
        self.assert_holds(edition, MEDIA if edition.name == "two" else ONE)
        self.server.acts.clear()
        if edition.name == "one":
            self.assert_holds(after.edition("two"), MEDIA)
        self.stop(after)
        return edition.name


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
            self.sow()
            probe = self.injected(point, f"error={error}")
            with probe.out.changed:
                probe.out.changed.wait_for(lambda p=probe: p.out.ended or p.out.find("^edition two$") is not None, 30)
            shown = probe.out.find("^edition two$") is not None
            refused = probe.out.find("^refused ") is not None
            self.assertTrue(shown or refused, f"{point}: neither version 2 nor a refusal to start:\n" + "\n".join(probe.log.lines))
            if shown:
                self.assert_holds(probe.edition("two"), MEDIA)
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
        """Waits until the traced player has stopped, or shows version 2; its process id if it has stopped."""
        task = Path(f"/proc/{probe.process.pid}/task/{probe.process.pid}/children")
        stopped = []

        def looked():
            children = task.read_text().split()
            if not children:
                return probe.out.find("^edition two$") is not None
            states = [Path(t, "stat").read_text().rsplit(")", 1)[1].split()[0] for t in Path(f"/proc/{children[0]}/task").iterdir()]
            if states and all(s in "tT" for s in states):
                stopped[:] = children[:1]
                return True
            return probe.out.find("^edition two$") is not None
        wait_for(looked, "the player stands still")
        return int(stopped[0]) if stopped else None

    def cut(self, point, *options):
        self.sow()
        subprocess.run(["sync", "-f", str(self.disk)], check=True)
        probe = self.injected(point, "signal=SIGSTOP")
        self.stand_still(probe)
        shown = probe.out.find("^edition two$") is not None
        folder = os.open(self.disk, os.O_RDONLY)
        fcntl.ioctl(folder, FS_IOC_SHUTDOWN, struct.pack("I", LOG_IS_LOST))
        os.close(folder)
        for child in Path(f"/proc/{probe.process.pid}/task/{probe.process.pid}/children").read_text().split():
            os.kill(int(child), 9)
        probe.ended()
        self.unmount()
        self.assertEqual(self.mount(*options), "")
        return self.plays_whole(point, "two" if shown else "one")

    def cut_at_each(self, *options):
        self.plant()
        seen = collections.Counter(self.cut(point, *options) for point in self.points(self.CUT_AFTER) if not self.is_idle(point))
        self.assertGreater(min(seen["one"], seen["two"]), 3, seen)

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


@unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
class Disk(Update):
    def mount(self, size):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(self.disk)], capture_output=True, text=True)
        if done.returncode:
            self.skipTest("no tmpfs can be mounted here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], capture_output=True)

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.disk)], check=True)

    def test_a_full_disk_and_then_room(self):
        self.mount("1m")
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("one")
        big = {**ONE, "big.mp4": bytes_of("big", 3 << 20)}
        self.channel.publish(self.server.files, 2, "two", big)
        probe.log.wait("No space left on device")
        self.assert_no_more(self.server, probe, 1)
        self.assertEqual(probe.log.count("No space left"), 1)
        self.remount("size=8m")
        self.assert_holds(probe.edition("two"), big)
        self.stop(probe)
        self.assertEqual(list((self.store / "tmp").iterdir()), [])

    def test_full_to_the_last_byte(self):
        """Not even the state can be written. What is played, and what was seen, stays as it is."""
        self.mount("1m")
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("one")
        filler = self.disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        self.channel.publish(self.server.files, 2, "two", MEDIA)
        probe.log.wait("No space left on device")
        self.assert_no_more(self.server, probe, 1)
        self.stop(probe)
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("one"), ONE)
        filler.unlink()
        self.assert_holds(probe.edition("two"), MEDIA)
        self.stop(probe)

    def test_old_media_make_room(self):
        """What is not needed any more goes when the disk is full; what is on screen, and before it, stays."""
        self.mount("1m")
        probe = None
        for version in range(1, 9):
            media = {f"m{version}.mp4": bytes_of(f"m{version}", 200000)}
            self.channel.publish(self.server.files, version, f"version {version}", media)
            probe = probe or self.probe(self.base)
            self.assert_holds(probe.edition(f"version {version}"), media)
        self.stop(probe)

    def test_a_store_that_turns_read_only(self):
        self.mount("4m")
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("one")
        self.stop(probe)
        self.remount("ro")
        self.channel.publish(self.server.files, 2, "two", MEDIA)
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("one"), ONE)
        probe.log.wait("can't be written|Read-only file system")
        self.assert_no_more(self.server, probe, 1)
        self.stop(probe)
        self.remount("rw")
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("two"), MEDIA)
        self.stop(probe)

    def test_a_store_that_turns_read_only_while_it_plays(self):
        self.mount("4m")
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("one")
        held = subprocess.run(["mount", "-o", "remount,ro", str(self.disk)], capture_output=True)
        if held.returncode:  # its lock is open for writing: a failing disk does not ask, but a remount does
            subprocess.run(["mount", "-o", "bind", str(self.disk), str(self.disk)], check=True)
            self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], capture_output=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", str(self.disk)], check=True)
        self.channel.publish(self.server.files, 2, "two", MEDIA)
        probe.log.wait("Read-only file system")
        self.assert_no_more(self.server, probe, 1)
        self.assertEqual(probe.log.count("a medium can't be fetched"), 1)
        subprocess.run(["umount", str(self.disk)] if held.returncode else ["mount", "-o", "remount,rw", str(self.disk)], check=True)
        self.assert_holds(probe.edition("two"), MEDIA)
        self.stop(probe)


class Damaged(Update):
    """A cache in which bytes have changed by themselves."""

    def setUp(self):
        super().setUp()
        self.media = {f"m{i}.mp4": bytes_of(f"m{i}", 20000 + i) for i in range(4)}
        self.channel.publish(self.server.files, 1, "one", self.media)
        probe = self.quick()
        self.files = probe.edition("one").files
        self.stop(probe)

    def flip(self, path, generator):
        data = bytearray(path.read_bytes())
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
        path.write_bytes(data)

    def settled(self, probe):
        """The marks, once everything was read again."""
        wait_for(lambda: "unchecked" not in probe.marks().values(), "all media are read again")
        return probe.marks()

    def test_media(self):
        generator = random.Random(20260206)
        for _ in range(6):
            self.server.acts[POINTER] = [servers.status(503)]
            for path in self.media:
                self.server.acts[channel.medium_name(path, self.media[path])] = [servers.status(503)]
            hurt = set(generator.sample(sorted(self.media), generator.randint(1, 3)))
            for path in hurt:
                self.flip(Path(self.files[path]), generator)
            probe = self.probe(self.base)
            probe.edition("one")
            marks = self.settled(probe)
            self.assertEqual({path for path, mark in marks.items() if mark == "damaged"}, hurt)
            self.assertEqual({path for path, mark in marks.items() if mark == "good"}, set(self.media) - hurt)
            self.assertEqual(probe.log.count("is damaged or gone and is fetched again"), len(hurt))
            self.server.acts.clear()
            edition = probe.edition("one")
            self.assert_holds(edition, self.media)
            self.assertEqual(set(self.settled(probe).values()), {"good"})
            self.stop(probe)

    def test_everything_else(self):
        """Manifest, playlist, state, left-overs: it starts with what is whole, and is well again with the server."""
        generator = random.Random(20260207)
        shutil.copytree(self.disk, self.folder / "seed")
        self.seed = self.folder / "seed"
        names = {Path(path).name for path in self.files.values()}
        for _ in range(25):
            self.sow()
            others = sorted(p for p in self.disk.rglob("*") if p.is_file() and p.stat().st_size and p.name not in names)
            self.assertGreaterEqual(len(others), 3)
            self.flip(generator.choice(others), generator)
            probe = self.quick()
            probe.edition("one")
            wait_for(lambda p=probe: set(p.marks().values()) == {"good"}, "all media are good")
            self.channel.publish(self.server.files, 2, "two", self.media)
            self.assert_holds(probe.edition("two"), self.media)
            self.channel.publish(self.server.files, 1, "one", self.media)
            self.stop(probe)

    def test_a_playlist_in_the_store_that_nobody_signed(self):
        """Who can write to the disk can write hashes that fit: only a signature counts."""
        manifest = next(p for p in (self.store / "feeds").glob("*/manifest.json"))
        evil = self.channel.compiled(1, "evil", {})
        text = manifest.read_text()
        old = next(p for p in (self.store / "media").iterdir() if content(p).startswith(b'{"format"'))
        (self.store / "media" / channel.sha256(evil)).write_bytes(evil)
        manifest.write_text(text.replace(old.name, channel.sha256(evil)).replace(str(old.stat().st_size), str(len(evil))))
        self.server.acts[POINTER] = [servers.status(503)]
        probe = self.probe(self.base)
        probe.log.wait("the stored playlist is not used")
        self.server.wait_asked(POINTER, len(self.server.asked(POINTER)) + 3)
        self.assertEqual(probe.editions(), 0)
        self.server.acts.clear()
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)

    def test_another_pinned_key_than_the_one_that_signed_what_is_stored(self):
        self.server.acts[POINTER] = [servers.status(503)]
        probe = self.probe(self.base, keys=[self.stranger.public])
        probe.log.wait("the stored playlist is not used.*unpinned key|no playlist pointer")
        self.server.wait_asked(POINTER, len(self.server.asked(POINTER)) + 3)
        self.assertEqual(probe.editions(), 0)
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
