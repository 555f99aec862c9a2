#!/usr/bin/env python3
"""Stores that are full, turn read-only, have a quota, or hold bytes that have changed by themselves or that somebody has changed."""
import fcntl
import json
import os
import random
import shutil
import subprocess
import unittest
from pathlib import Path

from channel_case import ONE, POINTER, TWO, Stored, bytes_of, channel, servers, wait_for
import tap


@unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
class Disk(Stored):
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
        self.channel.publish(self.server.files, 2, "two", TWO)
        probe.log.wait("No space left on device")
        self.assert_no_more(self.server, probe, 1)
        self.stop(probe)
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("one"), ONE)
        filler.unlink()
        self.assert_holds(probe.edition("two"), TWO)
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
        self.channel.publish(self.server.files, 2, "two", TWO)
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("one"), ONE)
        probe.log.wait("not writable|Read-only file system")
        self.assert_no_more(self.server, probe, 1)
        self.stop(probe)
        self.remount("rw")
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("two"), TWO)
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
        self.channel.publish(self.server.files, 2, "two", TWO)
        probe.log.wait("Read-only file system")
        self.assert_no_more(self.server, probe, 1)
        self.assertEqual(probe.log.count("cannot fetch media file, retrying"), 1)
        subprocess.run(["umount", str(self.disk)] if held.returncode else ["mount", "-o", "remount,rw", str(self.disk)], check=True)
        self.assert_holds(probe.edition("two"), TWO)
        self.stop(probe)


class Damaged(Stored):
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
            self.assertEqual(probe.log.count("stored file damaged or missing, fetching it again"), len(hurt))
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

    def test_a_damaged_playlist_is_mended_for_good(self):
        """Once, not at each start: the next one needs no server."""
        playlist = next(p for p in (self.store / "media").iterdir() if p.read_bytes().startswith(b'{"format"'))
        whole = playlist.read_bytes()
        self.flip(playlist, random.Random(20260208))
        probe = self.probe(self.base)
        probe.log.wait("stored playlist not used .*damaged")
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)
        self.assertEqual(playlist.read_bytes(), whole)
        for path in list(self.server.files):
            self.server.acts[path] = [servers.status(503)]
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)
        self.assertEqual(probe.log.count("not used"), 0)

    def test_a_playlist_in_the_store_that_nobody_signed(self):
        """Who can write to the disk can write hashes that fit: only a signature counts."""
        manifest = next(p for p in (self.store / "feeds").glob("*/manifest.json"))
        evil = self.channel.compiled(1, "evil", self.media)
        (self.store / "media" / channel.sha256(evil)).write_bytes(evil)
        kept = json.loads(manifest.read_text())
        kept["playlist"].update(sha256=channel.sha256(evil), bytes=len(evil))
        manifest.write_text(json.dumps(kept))
        self.server.acts[POINTER] = [servers.status(503)]
        probe = self.probe(self.base)
        probe.log.wait("stored playlist not used .*bad signature")
        self.server.wait_asked(POINTER, len(self.server.asked(POINTER)) + 3)
        self.assertEqual(probe.editions(), 0)
        self.server.acts.clear()
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)

    def test_another_pinned_key_than_the_one_that_signed_what_is_stored(self):
        self.server.acts[POINTER] = [servers.status(503)]
        probe = self.probe(self.base, keys=[self.stranger.public])
        probe.log.wait("stored playlist not used.*unpinned key|cannot fetch pointer kind=playlist")
        self.server.wait_asked(POINTER, len(self.server.asked(POINTER)) + 3)
        self.assertEqual(probe.editions(), 0)
        self.stop(probe)


class Interfered(Stored):
    """Somebody else is at the player's folders while it runs."""

    def test_a_cache_that_is_cleared_away(self):
        """A player that runs for years takes the next playlist all the same, and has its store for itself again."""
        for version, gone in enumerate(("", "tmp", "media", "feeds"), 1):
            with self.subTest(gone=gone):
                shutil.rmtree(self.store, ignore_errors=True)
                self.channel.publish(self.server.files, 2 * version, "before", ONE)
                probe = self.probe(self.base)
                self.assert_holds(probe.edition("before"), ONE)
                shutil.rmtree(self.store / gone)
                media = {f"new{version}.mp4": bytes_of(f"new{version}", 50000)}
                self.channel.publish(self.server.files, 2 * version + 1, "after", media)
                self.assert_holds(probe.edition("after"), media)
                if gone != "feeds":  # which is made where it is needed
                    self.assertEqual(probe.log.count("store folders were missing, created again"), 1)
                other = self.probe(self.base, state=self.folder / "other")
                other.out.wait("^refused .*is in use by another player")
                self.stop(probe)

    def test_a_lock_on_the_state_that_somebody_holds(self):
        """It starts, it plays what is new, it stops at once; and the state is written once it can be."""
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("one")
        self.stop(probe)
        lock = self.state / "state.lock"
        self.assertEqual(lock.stat().st_mode & 0o777, 0o600, "nobody else can open it to hold it")
        with lock.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.channel.publish(self.server.files, 2, "two", TWO)
            probe = self.probe(self.base)
            probe.edition("one")
            self.assert_holds(probe.edition("two"), TWO)
            probe.log.wait("cannot save channel state.*locked by another program")
            self.stop(probe)
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("two"), TWO)
        self.stop(probe)
        old = channel.Channel(self.keys)
        old.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("two")
        probe.log.wait('refusal=rollback')
        self.stop(probe)

    def test_a_stolen_key_that_is_pinned_no_more(self):
        """Its thief has signed the highest version there is. Without that key, what the other one signs counts again."""
        both = [self.keys.public, self.stranger.public]
        self.channel.publish(self.server.files, 2, "two", ONE)
        probe = self.probe(self.base, keys=both)
        probe.edition("two")
        burn = 999999999999
        data = self.channel.compiled(burn, "burn", ONE)
        channel.put(self.server.files, self.channel.path(f"p-{burn}.json"), data)
        self.server.files[POINTER] = self.channel.pointer(burn, data, keys=self.stranger)
        probe.edition("burn")
        self.stop(probe)
        self.channel.publish(self.server.files, 3, "three", TWO)
        probe = self.probe(self.base, keys=both)
        probe.edition("burn")
        probe.log.wait('refusal=rollback')
        self.stop(probe)
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("three"), TWO)
        self.stop(probe)
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base)
        probe.edition("three")
        probe.log.wait('refusal=rollback')
        self.assertEqual(probe.editions(), 1, "what this key had signed is remembered")
        self.stop(probe)


class Quota(Stored):
    """What is needed is never touched; what is not goes, longest unused first."""
    BIG = 300000

    def big(self, name):
        return {f"{name}.mp4": bytes_of(name, self.BIG)}

    def stored(self):
        return {name for name, size in self.stored_sizes().items() if size == self.BIG}

    def test_a_cache_for_going_back(self):
        """Of five versions the quota has room for three media: the two last ones and the one before are at hand."""
        self.channel.publish(self.server.files, 1, "version 1", self.big("m1"))
        probe = self.probe(self.base, quota_bytes=3 * self.BIG + 50000)
        for version in range(1, 6):
            if version > 1:
                self.channel.publish(self.server.files, version, f"version {version}", self.big(f"m{version}"))
            self.assert_holds(probe.edition(f"version {version}"), self.big(f"m{version}"))
        wanted = {channel.sha256(bytes_of(f"m{v}", self.BIG)) for v in (3, 4, 5)}
        wait_for(lambda: self.stored() == wanted, "the media of versions 3, 4 and 5 are left")
        third = channel.medium_name("m3.mp4", bytes_of("m3", self.BIG))
        asked = len(self.server.asked(third))
        self.channel.publish(self.server.files, 6, "version 6", self.big("m3"))
        self.assert_holds(probe.edition("version 6"), self.big("m3"))
        self.assertEqual(len(self.server.asked(third)), asked, "nothing was fetched again")
        self.stop(probe)

    def test_the_takeover_and_the_playlist_under_it_stay(self):
        self.channel.publish(self.server.files, 1, "version 1", self.big("under"))
        probe = self.probe(self.base, quota_bytes=self.BIG + 50000)
        probe.edition("version 1")
        self.channel.takeover(self.server.files, 1, "notice", self.big("over"))
        self.assertTrue(probe.edition("notice").takeover)
        self.server.wait_asked(POINTER, len(self.server.asked(POINTER)) + 5)
        self.assertEqual(self.stored(), {channel.sha256(bytes_of(n, self.BIG)) for n in ("under", "over")})
        self.stop(probe)
        for path in list(self.server.files):
            self.server.acts[path] = [servers.status(503)]
        probe = self.probe(self.base, quota_bytes=self.BIG + 50000)
        editions = {}
        while len(editions) < 1 or "notice" not in editions:
            edition = probe.edition()
            editions[edition.name] = edition
        self.assert_holds(editions["notice"], self.big("over"))
        self.stop(probe)

    def test_a_playlist_that_alone_is_too_large(self):
        self.channel.publish(self.server.files, 1, "one", ONE)
        probe = self.probe(self.base, quota_bytes=100000)
        probe.edition("one")
        self.channel.publish(self.server.files, 2, "two", self.big("big"))
        probe.log.wait("playlist refused kind=playlist version=2 .*reason=.too large")
        self.assert_no_more(self.server, probe, 1)
        self.assertEqual(self.server.asked(channel.medium_name("big.mp4", bytes_of("big", self.BIG))), [])
        self.channel.publish(self.server.files, 3, "three", TWO)
        self.assert_holds(probe.edition("three"), TWO)
        self.stop(probe)

    def test_a_cap_on_the_line(self):
        """300 kB at 200 kB/s take longer than a second, whatever the server does, and are no stall."""
        self.channel.publish(self.server.files, 1, "one", self.big("film"))
        probe = self.probe(self.base, bandwidth=200000)
        self.server.wait_asked(POINTER, 8)
        self.assertEqual(probe.editions(), 0, "eight polls are under a second")
        self.assert_holds(probe.edition("one"), self.big("film"))
        self.stop(probe)
        self.assertEqual(probe.log.count("cannot fetch"), 0)


if __name__ == "__main__":
    tap.main()
