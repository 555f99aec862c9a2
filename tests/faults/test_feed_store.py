#!/usr/bin/env python3
"""The feed over a store that is damaged, full, read-only, shared, or was left in the middle of a swap."""
import hashlib
import json
import os
import shutil
import subprocess
import unittest
from pathlib import Path

from feed_case import Case, WAIT_S, bytes_of, content, playlist, servers, traced
import tap

MIB = 1 << 20


class Store(Case):
    def seed(self):
        """A store that holds an edition of two files; the server it came from."""
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg", "b.jpg"), "a.jpg": bytes_of("a", 5000), "b.jpg": bytes_of("b", 6000)}
        probe = self.probe(server.url("p.json"))
        files = probe.edition("one")
        self.stop(probe)
        server.requests.clear()
        return server, files

    def recovers(self, server):
        probe = self.probe(server.url("p.json"))
        files = probe.edition("one")
        while "missing" in files.values():
            files = probe.edition("one")
        self.assertEqual(content(files["a.jpg"]), bytes_of("a", 5000))
        self.assertEqual(content(files["b.jpg"]), bytes_of("b", 6000))
        return probe

    def manifest(self):
        return next((self.store / "feeds").glob("*/manifest.json"))

    def playlist_file(self):
        return self.store / "media" / json.loads(self.manifest().read_text())["playlist"]["sha256"]

    def test_restart_asks_and_fetches_nothing(self):
        server, _ = self.seed()
        probe = self.recovers(server)
        server.wait_asked("p.json", 2, done=True)
        self.stop(probe)
        self.assertEqual({r.status for r in server.asked("p.json") if r.done}, {304})
        self.assertEqual(server.asked("a.jpg"), [])
        self.assertEqual(probe.editions(), 1)

    def test_manifest_cut(self):
        server, _ = self.seed()
        self.manifest().write_bytes(self.manifest().read_bytes()[:-40])
        self.stop(self.recovers(server))

    def test_manifest_garbled(self):
        server, _ = self.seed()
        self.manifest().write_bytes(bytes(range(256)))
        probe = self.recovers(server)
        probe.log.wait("stored playlist not used")
        self.stop(probe)

    def test_manifest_of_other_files(self):
        server, _ = self.seed()
        data = json.loads(self.manifest().read_text())
        data["files"].reverse()
        self.manifest().write_text(json.dumps(data))
        self.stop(self.recovers(server))

    def test_playlist_garbled(self):
        server, _ = self.seed()
        self.playlist_file().write_bytes(playlist("one", "a.jpg"))
        self.stop(self.recovers(server))
        self.assertEqual([r.status for r in server.asked("a.jpg")], [304], "the media were good")

    def test_medium_cut(self):
        server, files = self.seed()
        os.truncate(files["a.jpg"], 100)
        probe = self.recovers(server)
        probe.log.wait("missing or incomplete")
        self.stop(probe)
        self.assertEqual(server.asked("b.jpg"), [], "what is there is not asked about")

    def test_medium_gone(self):
        server, files = self.seed()
        os.unlink(files["a.jpg"])
        self.stop(self.recovers(server))

    def test_medium_flipped_is_found_and_fetched_again(self):
        server, files = self.seed()
        data = bytearray(content(files["b.jpg"]))
        data[3000] ^= 1
        Path(files["b.jpg"]).write_bytes(data)
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        probe.log.wait('damaged .*path="b.jpg"')
        self.assertEqual(content(probe.edition("one")["b.jpg"]), bytes_of("b", 6000))
        self.stop(probe)

    def refusing(self, error):
        """A player whose store has a.jpg, which can't be opened once: the first time that each thread tries, the one that shows it
        and the one that reads it again. It is there and has its size, so only who opens it finds out."""
        shutil.rmtree(self.store, ignore_errors=True)
        server, files = self.seed()
        probe = self.probe(server.url("p.json"), wrap=traced(
            "openat", "-P", files["a.jpg"], "-e", f"inject=openat:error={error}:when=1"))
        probe.edition("one")
        return server, Path(files["a.jpg"]), probe

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_medium_that_is_gone_when_it_is_opened_is_fetched_again(self):
        server, _, probe = self.refusing("ENOENT")
        probe.log.wait('damaged or missing.*path="a.jpg"')
        self.assertEqual(content(probe.edition("one")["a.jpg"]), bytes_of("a", 5000))
        probe.stop()
        self.assertEqual([r.status for r in server.asked("a.jpg")], [200])
        self.assertEqual(server.asked("b.jpg"), [], "what is there is not asked about")

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_medium_that_cannot_be_opened_for_once_is_left_alone(self):
        for error in ("EIO", "EACCES"):
            server, file, probe = self.refusing(error)
            server.wait_asked("p.json", len(server.asked("p.json")) + 15)
            probe.stop()
            self.assertEqual((server.asked("a.jpg"), probe.log.count("damaged or missing")), ([], 0))
            self.assertEqual(content(file), bytes_of("a", 5000))

    def test_playlist_whose_time_zone_is_not_known_here(self):
        """As after a change of the system: what another one has stored is not what this one can play."""
        server, _ = self.seed()
        data = playlist("one", "a.jpg", "b.jpg", timezone="Mars/Olympus")
        digest = hashlib.sha256(data).hexdigest()
        (self.store / "media" / digest).write_bytes(data)
        manifest = json.loads(self.manifest().read_text())
        manifest["playlist"].update(sha256=digest, bytes=len(data))
        self.manifest().write_text(json.dumps(manifest))
        server.files["p.json"] = data
        probe = self.probe(server.url("p.json"))
        probe.log.wait("stored playlist not used .*Mars/Olympus")
        probe.log.wait(r'error edition: playlist fault at="\$\.timezone" reason="time zone')
        server.wait_asked("p.json", len(server.asked("p.json")) + 2)
        self.assertEqual(probe.editions(), 0)
        server.files["p.json"] = playlist("two", "a.jpg", "b.jpg", timezone="Asia/Seoul")
        probe.edition("two")
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("a.jpg")], [304], "the media were good")

    def test_medium_gone_and_no_server(self):
        server, files = self.seed()
        server.stop()
        os.unlink(files["a.jpg"])
        probe = self.probe(server.url("p.json"))
        files = probe.edition("one")
        self.assertEqual(files["a.jpg"], "missing")
        self.assertEqual(content(files["b.jpg"]), bytes_of("b", 6000))
        self.stop(probe)

    def test_medium_cut_and_no_server(self):
        server, files = self.seed()
        server.stop()
        os.truncate(files["a.jpg"], 100)
        probe = self.probe(server.url("p.json"))
        self.assertEqual(probe.edition("one")["a.jpg"], "missing", "half a picture is no picture")
        self.stop(probe)

    def test_medium_that_is_a_folder(self):
        server, files = self.seed()
        os.unlink(files["a.jpg"])
        os.mkdir(files["a.jpg"])
        probe = self.probe(server.url("p.json"))
        self.assertEqual(probe.edition("one")["a.jpg"], "missing")
        probe.log.wait("cannot fetch media file|cannot store playlist")
        self.stop(probe)

    def test_two_sources_one_store(self):
        server, files = self.seed()
        server.files["q.json"] = playlist("other", "b.jpg", "c.jpg")
        server.files["c.jpg"] = b"c"
        first = self.probe(server.url("p.json"))
        first.edition("one")
        second = self.probe(server.url("q.json"))
        self.assertIsNone(second.stop())
        self.assertIn("in use by another player", second.out.lines[0])
        self.stop(first)
        # One after the other they share it, and neither's files are swept away by the other.
        for path in self.stored():
            os.utime(path, (0, 0))
        second = self.probe(server.url("q.json"))
        second.edition("other")
        count = len(server.asked("q.json"))
        server.wait_asked("q.json", count + 3)
        self.stop(second)
        server.stop()
        self.stop(self.recovers(server))

    def test_old_media_are_swept_after_the_switch_after_next(self):
        server, files = self.seed()
        for path in self.stored():
            os.utime(path, (0, 0))
        server.files["c.jpg"] = b"c"
        server.files["p.json"] = playlist("two", "c.jpg")
        probe = self.probe(server.url("p.json"))
        probe.edition("two")
        server.wait_asked("p.json", len(server.asked("p.json")) + 3, done=True)
        self.assertTrue(Path(files["a.jpg"]).exists(), "it may still be on screen")
        server.files["p.json"] = playlist("three", "c.jpg")
        probe.edition("three")
        probe.log.wait("store cleaned files=3")  # two media and their playlist
        self.assertFalse(Path(files["a.jpg"]).exists())
        self.stop(probe)


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("unshare"), "mounting needs root")
class Disk(Case):
    def mount(self, size):
        self.store.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(self.store)], capture_output=True, text=True)
        if done.returncode:
            self.skipTest("no tmpfs can be mounted here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.store)])

    def test_full_disk(self):
        self.mount("256k")
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": bytes_of("a", 5000), "big.jpg": bytes_of("big", MIB)}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        server.files["p.json"] = playlist("two", "a.jpg", "big.jpg")
        probe.log.wait("No space left on device")
        server.wait_asked("big.jpg", 3)
        self.assertEqual(probe.log.count("No space left"), 1)
        self.assertEqual(probe.editions(), 1)
        # Room again: it goes through.
        subprocess.run(["mount", "-o", "remount,size=4m", str(self.store)], check=True)
        self.assertEqual(content(probe.edition("two")["big.jpg"]), bytes_of("big", MIB))
        self.stop(probe)
        self.assertEqual(list((self.store / "tmp").iterdir()), [])

    def test_read_only_disk_plays_what_it_holds(self):
        self.mount("4m")
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": bytes_of("a", 5000), "b.jpg": b"b"}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        self.stop(probe)
        subprocess.run(["mount", "-o", "remount,ro", str(self.store)], check=True)
        server.files["p.json"] = playlist("two", "b.jpg")
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["a.jpg"]), bytes_of("a", 5000))
        probe.log.wait("error feed_loop: store is not writable")
        server.wait_asked("b.jpg", 2)
        self.stop(probe)
        self.assertEqual(probe.log.count("not writable"), 1)
        self.assertEqual(probe.editions(), 1)


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class Interrupted(Case):
    """Killed, or told of a failing disk, at one system call after the other of a swap from "one" to "two"."""

    def setUp(self):
        super().setUp()
        self.server = self.hostile()
        self.bodies = {"a.jpg": bytes_of("a", 5000), "b.jpg": bytes_of("b", 70000)}
        self.server.files = {"p.json": playlist("one", "a.jpg"), **self.bodies}
        probe = self.probe(self.server.url("p.json"))
        probe.edition("one")
        self.stop(probe)
        self.seed = self.store.rename(self.folder / "seed")
        self.server.files["p.json"] = playlist("two", "a.jpg", "b.jpg")

    def under_strace(self, injection):
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.seed, self.store)
        return self.probe(self.server.url("p.json"), wrap=traced("fsync,rename,unlink,ftruncate", "-e", f"inject={injection}"))

    def assert_whole(self, name, files):
        for path in files:
            self.assertEqual(content(files[path]), self.bodies[path], f"{path} of {name}")

    def test_killed_at_each_call(self):
        seen = set()
        for call in ("fsync", "rename", "unlink"):
            for when in range(1, 30):
                probe = self.under_strace(f"{call}:signal=SIGKILL:when={when}")
                probe.out.wait("^edition two$|^medium|^edition one")
                with probe.out.changed:
                    probe.out.changed.wait_for(lambda: probe.out.ended or probe.out.find("^edition two$") is not None, WAIT_S)
                survived = not probe.out.ended
                if survived:
                    probe.stop()
                probe.process.wait(WAIT_S)  # strace ends after what it traces, so the store's lock is free
                # The server is silent: what does the store give?
                self.server.acts["p.json"] = [servers.hang]
                after = self.probe(self.server.url("p.json"), stall_ms=20000)
                at = after.out.wait("^edition (one|two)$")
                name = after.out.lines[at].split()[1]
                self.assert_whole(name, after.edition(name))
                self.stop(after)
                self.server.acts.clear()
                seen.add(name)
                if survived:
                    break
            else:
                self.fail("more calls than a swap of one medium can need")
        self.assertEqual(seen, {"one", "two"})

    def test_told_of_a_failing_disk_at_each_call(self):
        for call, error in (("fsync", "EIO"), ("rename", "ENOSPC")):
            for when in range(1, 30):
                probe = self.under_strace(f"{call}:error={error}:when={when}")
                self.assert_whole("two", probe.edition("two"))
                failed = probe.log.count("Input/output error|No space left")
                probe.stop()
                self.assertLessEqual(failed, 1)
                if not failed:
                    break
            else:
                self.fail("more calls than a swap of one medium can need")


if __name__ == "__main__":
    tap.main()
