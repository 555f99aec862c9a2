#!/usr/bin/env python3
"""The feed: fetch, swap, refuse, follow a file, certificates, and stopping at once whatever the server does."""
import hashlib
import json
import re
import resource
import shutil
import tempfile
import unittest
from pathlib import Path

from feed_case import STALL_MS, Case, bytes_of, content, playlist, servers, traced
import tap


class Plain(Case):
    def test_nginx_first_fetch_then_304_then_swap(self):
        server, root = self.nginx()
        (root / "a b").mkdir()
        (root / "a b" / "오리 100%.jpg").write_bytes(bytes_of(1, 5000))
        (root / "c.jpg").write_bytes(bytes_of(2, 7000))
        (root / "list.json").write_bytes(playlist("one", "a b/오리 100%.jpg", "c.jpg"))
        probe = self.probe(server.url("list.json"))
        self.assertEqual(len(probe.edition("one")), 2)
        # A swap: one medium stays and is asked about, not fetched.
        (root / "d.jpg").write_bytes(bytes_of(3, 9000))
        self.write(root / "list.json", playlist("two", "c.jpg", "d.jpg"))
        files = probe.edition("two")
        self.assertEqual(content(files["c.jpg"]), bytes_of(2, 7000))
        self.assertEqual(content(files["d.jpg"]), bytes_of(3, 9000))
        self.stop(probe)
        answers = [(status, size) for path, status, size in server.requests() if path == "/c.jpg"]
        self.assertEqual(answers, [(200, 7000), (304, 0)])
        lists = [status for path, status, _ in server.requests() if path == "/list.json"]
        self.assertEqual([s for s in lists if s != 304], [200, 200])
        self.assertEqual(probe.editions(), 2)

    def test_media_are_kept_by_last_modified_too(self):
        hostile = self.hostile()
        date = "Mon, 02 Feb 2026 10:00:00 GMT"

        def dated(s, connection, request):
            same = request.headers.get("if-modified-since") == date
            body = b"" if same else s.files[request.path.lstrip("/")]
            s.send_head(connection, request, 304 if same else 200, Last_Modified=date, Content_Length=len(body))
            s.send_body(connection, request, body)
            return True
        hostile.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": bytes_of(1, 5000)}
        hostile.acts = {"a.jpg": [dated]}
        probe = self.probe(hostile.url("p.json"))
        probe.edition("one")
        hostile.files["p.json"] = playlist("two", "a.jpg")
        probe.edition("two")
        self.stop(probe)
        self.assertEqual([r.status for r in hostile.asked("a.jpg")], [200, 304])

    def test_server_gone_restart_plays_from_the_store(self):
        server, root = self.nginx()
        (root / "a.jpg").write_bytes(bytes_of(1, 5000))
        (root / "p.json").write_bytes(playlist("one", "a.jpg"))
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        self.stop(probe)
        server.stop()
        probe = self.probe(server.url("p.json"))
        started = probe.edition("one")
        self.assertEqual(content(started["a.jpg"]), bytes_of(1, 5000))
        probe.log.wait("cannot fetch playlist, retrying .*cannot connect")
        # The server comes back with a newer one.
        # (Of another length: nginx makes its ETag from the length and the second.)
        (root / "p.json").write_bytes(playlist("another", "a.jpg"))
        server.start()
        probe.edition("another")
        probe.log.wait("server answers again")
        self.stop(probe)
        self.assertEqual(probe.log.count("cannot connect"), 1, "logged once, not at each poll")

    def test_bad_playlist_is_refused_once_then_fixed(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": b"a"}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        server.files["p.json"] = b'{"format": "duckling/1", "nonsense": 1, "spots": {"a": {}}}'
        at = probe.log.wait("error feed_url: playlist refused")
        probe.log.wait('error edition: playlist fault at="\\$\\.nonsense"', at)
        asked = len(server.asked("p.json"))
        server.wait_asked("p.json", asked + 4)
        self.assertEqual(probe.log.count("playlist refused"), 1)
        self.assertIn("playlist refused", probe.describe())
        server.files["p.json"] = playlist("two", "a.jpg")
        probe.edition("two")
        self.assertEqual(probe.editions(), 2)
        self.stop(probe)

    def test_unknown_time_zone_is_refused(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": b"a"}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        manifest = next((self.store / "feeds").glob("*/manifest.json"))
        before = manifest.read_bytes()
        server.files["p.json"] = playlist("two", "a.jpg", timezone="Mars/Olympus")
        probe.log.wait(r'fault at="\$\.timezone" reason="time zone "Mars/Olympus" is not installed on this machine')
        server.wait_asked("p.json", len(server.asked("p.json")) + 3)
        self.assertEqual((probe.editions(), probe.log.count("Mars/Olympus")), (1, 1))
        self.assertEqual(manifest.read_bytes(), before)
        self.assertRegex(probe.describe(), r"playlist refused: \$\.timezone: time zone")
        # Beside other faults, not instead of them.
        server.files["p.json"] = playlist("two", "a.jpg", timezone="Mars/Phobos", defaults={"duration": -1})
        probe.log.wait(r'fault at="\$\.defaults\.duration"')
        probe.log.wait(r'fault at="\$\.timezone" reason="time zone "Mars/Phobos" is not installed on this machine')
        server.files["p.json"] = playlist("three", "a.jpg", timezone="Asia/Seoul")
        probe.edition("three")
        self.stop(probe)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_version_that_could_not_be_looked_into_is_tried_again(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg", timezone="Asia/Seoul"), "a.jpg": b"a"}
        probe = self.probe(server.url("p.json"), wrap=traced(
            "openat", "-P", str(tap.ZONES / "Asia/Seoul"), "-e", "inject=openat:error=EMFILE:when=1..2"))
        probe.edition("one")
        probe.stop()
        self.assertEqual(probe.log.count("cannot check playlist, retrying.*Too many open files"), 1)
        self.assertEqual(probe.log.count("playlist refused"), 0)

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_failing_network_library_does_not_end_the_feed(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": b"a"}
        for error in ("ENOMEM", "EMFILE"):
            shutil.rmtree(self.store, ignore_errors=True)
            probe = self.probe(server.url("p.json"), wrap=traced("?poll,?ppoll", "-e", f"inject=?poll,?ppoll:error={error}:when=3..8"))
            probe.log.wait("error feed_loop: network transfers failed")
            probe.edition("one")
            probe.log.wait("network transfers work again")
            probe.stop()
            self.assertEqual(probe.log.count("network transfers failed"), 1)

    def test_card_says_how_far_it_is_when_nothing_moves(self):
        """Its words change every few seconds only; the last of them must not be lost."""
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg", "b.jpg", "slow.jpg"), "a.jpg": b"a", "b.jpg": b"b", "slow.jpg": b"s"}
        server.acts = {"slow.jpg": [servers.hang]}
        probe = self.probe(server.url("p.json"), poll_ms=86400000, stall_ms=60000)
        servers.wait_for(lambda: ": 2 of 3 files" in probe.describe(), "2 of 3 files on the card")
        self.stop(probe)

    def test_card_is_cut_at_a_character(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a" + "오" * 60 + ".jpg")}
        probe = self.probe(server.url("p.json"))
        servers.wait_for(lambda: "answered 404" in probe.describe(), "the trouble on the card")
        shown = probe.describe()
        self.assertIn("; a" + "오" * 39 + ": the server", shown)
        self.stop(probe)

    def test_many_faults_end_in_a_count(self):
        server = self.hostile()
        server.files = {"p.json": json.dumps({"format": "duckling/1", "spots": {f"s{i}": {} for i in range(90)}}).encode()}
        probe = self.probe(server.url("p.json"))
        probe.log.wait(r"playlist has more faults count=\d+")
        self.assertEqual(probe.log.count("playlist fault at="), 20)
        self.stop(probe)

    def test_newer_playlist_supersedes_one_under_way(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg", "slow.jpg"), "a.jpg": bytes_of(1, 5000), "slow.jpg": b"s" * 900,
                        "b.jpg": b"b"}
        server.acts = {"slow.jpg": [servers.hang]}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        server.wait_asked("slow.jpg")
        server.wait_asked("a.jpg", done=True)
        server.wait_asked("p.json", 3)
        self.assertEqual(probe.editions(), 0, "never half a playlist")
        self.assertIn("fetching", probe.describe())
        server.files["p.json"] = playlist("two", "a.jpg", "b.jpg")
        self.assertEqual(set(probe.edition("two")), {"a.jpg", "b.jpg"})
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("a.jpg")], [200, 304], "what had come was not fetched again")

    def test_server_goes_back_to_the_one_in_force(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": b"a"}
        server.acts = {"slow.jpg": [servers.hang]}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        probe.edition("one")
        server.files["p.json"] = playlist("two", "slow.jpg")
        server.wait_asked("slow.jpg")
        server.files["p.json"] = playlist("one", "a.jpg")
        probe.log.wait("server reverted to the playlist in force")
        self.stop(probe)
        self.assertEqual(probe.editions(), 1)

    def test_compiled_playlist_goes_by_hash(self):
        server = self.hostile()
        body = bytes_of(1, 5000)
        digest = hashlib.sha256(body).hexdigest()

        def compiled(name, sha256, url="m/a.bin?v=1"):
            files = {"a.jpg": {"sha256": sha256, "bytes": len(body), "url": url}}
            return playlist(name, "a.jpg", files=files, version=3, channel="seoul")
        server.files = {"d/p.json": compiled("one", digest), "d/m/a.bin?v=1": body}
        probe = self.probe(server.url("d/p.json"))
        self.assertEqual(content(probe.edition("one")["a.jpg"]), body)
        # The same hash under another address: nothing to fetch.
        server.files["d/p.json"] = compiled("two", digest, server.url("elsewhere"))
        probe.edition("two")
        self.assertEqual(server.asked("elsewhere"), [])
        # Bytes that are not those of the hash are not taken.
        server.files["d/p.json"] = compiled("three", hashlib.sha256(b"other").hexdigest())
        probe.log.wait("SHA-256 differs from the playlist")
        server.files["d/p.json"] = compiled("four", digest)
        probe.edition("four")
        self.stop(probe)
        self.assertEqual(probe.editions(), 3)
        self.assertEqual(list((self.store / "tmp").iterdir()), [])

    def test_credentials_are_used_and_never_logged(self):
        server = self.hostile()
        server.files = {"p.json?token=hush": playlist("one", "a.jpg"), "a.jpg": b"a"}
        server.acts = {"a.jpg": [servers.status(500), servers.serve]}
        probe = self.probe(server.url("p.json?token=hush", credentials="user:secret@"))
        probe.edition("one")
        self.assertIn("authorization", server.asked("p.json?token=hush")[0].headers)
        self.assertIn("authorization", server.asked("a.jpg")[0].headers)
        shown = probe.describe()
        self.stop(probe)
        everything = "\n".join([shown] + probe.log.lines + [p.read_text() for p in self.store.glob("feeds/*/*.json")])
        self.assertNotIn("secret", everything)
        self.assertNotIn("hush", everything)
        self.assertIn("p.json", everything)


class File(Case):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "list.json"
        (self.folder / "a.jpg").write_bytes(b"a")

    def test_a_change_is_handed_over_and_a_fault_is_not(self):
        self.path.write_bytes(playlist("one", "a.jpg"))
        probe = self.probe(str(self.path), poll_ms=86400000)  # so inotify has to tell
        probe.out.wait("started")
        self.write(self.path, playlist("two", "a.jpg"))
        self.assertEqual(probe.edition("two"), {"a.jpg": str(self.folder / "a.jpg")})
        self.write(self.path, playlist("three", "b.jpg"))
        probe.log.wait(r"refused reason=.*none of its spots can be shown: .*b\.jpg")
        (self.folder / "b.jpg").write_bytes(b"b")
        probe.edition("three")
        self.path.write_bytes(b"{")
        probe.log.wait("error feed_file: playlist refused", probe.log.wait(r"b\.jpg") + 1)
        self.path.write_bytes(playlist("four", "a.jpg"))
        probe.edition("four")
        self.stop(probe)
        self.assertEqual(probe.editions(), 3)

    def test_a_fault_is_logged_once(self):
        self.path.write_bytes(playlist("one", "a.jpg"))
        probe = self.probe(str(self.path))
        probe.out.wait("started")
        self.path.unlink()
        probe.log.wait("playlist refused reason=.*No such file")
        self.write(self.path, playlist("two", "none.jpg", "neither.jpg"))
        probe.log.wait(r'cannot use media file, playing on without it at="\$\.spots\.s1\.video"')
        self.write(self.path, playlist("three", "a.jpg"))
        probe.edition("three")
        self.stop(probe)
        self.assertEqual(probe.log.count("cannot use media file"), 2)
        self.assertEqual(probe.log.count("No such file.*list.json|list.json.*No such file"), 2)

    def test_unknown_time_zone_is_refused(self):
        self.path.write_bytes(playlist("one", "a.jpg"))
        probe = self.probe(str(self.path))
        probe.out.wait("started")
        self.write(self.path, playlist("two", "a.jpg", timezone="Mars/Olympus"))
        probe.log.wait(r'refused reason=.*\$\.timezone: time zone "Mars/Olympus"')
        self.write(self.path, playlist("three", "a.jpg"))
        probe.edition("three")
        self.stop(probe)
        self.assertEqual(probe.editions(), 1)

    def test_change_while_it_is_read_is_handed_over_once(self):
        """It is opened twice, for what it begins with and for all of it: the good one comes between the two."""
        self.path.write_bytes(playlist("none"))
        trace = self.folder / "trace"
        probe = self.probe(str(self.path), wrap=traced(
            "openat,newfstatat", "-P", str(self.path), "-o", str(trace), "-e", "inject=openat:delay_enter=200000"))
        probe.out.wait("started")
        self.write(self.path, b"{")
        probe.log.wait("error feed_file: playlist refused")
        servers.wait_for(lambda: trace.read_text().count("(DELAYED)\n") % 2 == 1, "another look at the bad one")
        self.write(self.path, playlist("good"))
        probe.edition("good")

        def looks():
            return trace.read_text().count("newfstatat(AT_FDCWD")
        before = looks()
        servers.wait_for(lambda: looks() > before + 3, "looks at the good one")
        self.stop(probe)
        self.assertEqual(probe.editions(), 1)

    def test_missing_at_first(self):
        probe = self.probe(str(self.path))
        probe.out.wait("started")
        self.assertIn("waiting for", probe.describe())
        self.write(self.path, playlist("one", "a.jpg"))
        probe.edition("one")
        self.stop(probe)


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Path(tempfile.mkdtemp(prefix="feed-tls."))
        cls.ca, cls.stranger, cls.pairs = servers.make_certificates(cls.certificates)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.certificates)

    def test_good(self):
        server, root = self.nginx(tls=self.pairs["good"])
        (root / "a.jpg").write_bytes(b"a")
        (root / "p.json").write_bytes(playlist("one", "a.jpg"))
        for host in ("127.0.0.1", "localhost"):
            probe = self.probe(server.url("p.json", host), ca=self.ca)
            probe.edition("one")
            self.stop(probe)

    def refused(self, pair, ca, words):
        server, root = self.nginx(tls=self.pairs[pair])
        (root / "p.json").write_bytes(playlist("one"))
        probe = self.probe(server.url("p.json"), ca=ca)
        probe.log.wait(words)
        self.assertRegex(probe.describe(), f"waiting for {re.escape(server.url('p.json'))}: .")
        self.stop(probe)
        self.assertEqual(probe.editions(), 0)
        self.assertEqual(server.requests(), [])

    def test_unknown_authority(self):
        self.refused("good", self.stranger, "cannot fetch playlist, retrying .*certificate")

    def test_authority_of_the_system_does_not_count_the_test_one(self):
        self.refused("good", None, "cannot fetch playlist, retrying .*certificate")

    def test_expired(self):
        self.refused("expired", self.ca, "cannot fetch playlist, retrying .*expired")

    def test_wrong_host(self):
        self.refused("other", self.ca, "cannot fetch playlist, retrying .*127.0.0.1")

    def test_never_from_https_to_http(self):
        plain = self.hostile()
        plain.files = {"p.json": playlist("one")}
        server = self.hostile(tls=self.pairs["good"])
        server.acts = {"p.json": [servers.redirect(plain.url("p.json"))]}
        probe = self.probe(server.url("p.json"), ca=self.ca)
        probe.log.wait("not allowed")
        server.acts = {}
        server.files = {"p.json": playlist("two", "a.jpg", "b.jpg", files={
            "a.jpg": {"sha256": "0" * 64, "bytes": 1, "url": plain.url("a.jpg")},
            "b.jpg": {"sha256": hashlib.sha256(b"b").hexdigest(), "bytes": 1}}, version=1, channel="c"), "b.jpg": b"b"}
        probe.log.wait("cannot fetch media file.*a.jpg.*https to http")
        self.assertEqual(probe.edition("two")["a.jpg"], "missing")
        self.stop(probe)
        self.assertEqual(plain.requests, [])

    def test_ca_file_that_is_not_there(self):
        probe = self.probe("https://127.0.0.1:9/p.json", ca=self.folder / "none.pem")
        self.assertIsNone(probe.stop())
        self.assertIn("none.pem", probe.out.lines[0])


class Stop(Case):
    def test_while_the_playlist_hangs(self):
        for act in (servers.hang, servers.hang_after_head, servers.drip):
            server = self.hostile()
            server.files = {"p.json": playlist("one")}
            server.acts = {"p.json": [act]}
            probe = self.probe(server.url("p.json"), store=self.folder / act.__name__, stall_ms=STALL_MS)
            server.wait_asked("p.json")
            self.stop(probe)

    def test_while_media_hang(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg", "b.jpg"), "a.jpg": b"a", "b.jpg": bytes_of("b", 5000)}
        server.acts = {"a.jpg": [servers.hang], "b.jpg": [servers.stall_after(2000)]}
        probe = self.probe(server.url("p.json"), stall_ms=STALL_MS)
        server.wait_asked("a.jpg")
        server.wait_asked("b.jpg")
        self.stop(probe)

    def test_while_nobody_accepts(self):
        with servers.socket.create_server(("127.0.0.1", 0)) as listener:
            probe = self.probe(f"http://127.0.0.1:{listener.getsockname()[1]}/p.json", stall_ms=STALL_MS)
            probe.out.wait("started")
            self.stop(probe)

    def test_while_the_network_library_fails(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one")}
        probe = self.probe(server.url("p.json"), poll_ms=1000, retry_max_ms=STALL_MS)
        probe.edition("one")
        limits = resource.prlimit(probe.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(probe.process.pid, resource.RLIMIT_NOFILE, (0, limits[1]))  # poll(2) then refuses any descriptor
        probe.log.wait("network transfers failed")
        resource.prlimit(probe.process.pid, resource.RLIMIT_NOFILE, limits)
        self.stop(probe)

    def test_while_waiting_a_day(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one")}
        probe = self.probe(server.url("p.json"), poll_ms=86400000)
        probe.edition("one")
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
