#!/usr/bin/env python3
"""The feed against real and hostile servers, full disks and damaged stores: whatever they do, the last good edition stays."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))
import servers  # noqa: E402
import tap  # noqa: E402

BUILD = Path(os.environ.get("TEST_BUILD", TOP / "build" / "asan"))
WAIT_S = 30
MIB = 1 << 20


class Lines:
    """Lines of a stream, as they come, to wait for."""

    def __init__(self, stream):
        self.lines, self.ended = [], False
        self.changed = threading.Condition()
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def find(self, pattern, start=0):
        return next((i for i in range(start, len(self.lines)) if re.search(pattern, self.lines[i])), None)

    def count(self, pattern):
        with self.changed:
            return sum(1 for line in self.lines if re.search(pattern, line))

    def wait(self, pattern, start=0):
        """The index of the first line from `start` that holds the pattern."""
        with self.changed:
            self.changed.wait_for(lambda: self.find(pattern, start) is not None or self.ended, WAIT_S)
            at = self.find(pattern, start)
            if at is None:
                raise AssertionError(f"no line with {pattern!r} in:\n" + "\n".join(self.lines))
            return at


class Probe:
    """A feed in a process of its own."""

    def __init__(self, source, store, poll_ms=100, ca=None, stall_ms=1000, retry_max_ms=100, wrap=()):
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.process = subprocess.Popen(
            [*wrap, str(BUILD / "tests/faults/probe_feed"), source, str(store), str(poll_ms), str(ca or "-"), str(stall_ms),
             str(retry_max_ms)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", env=environment)
        self.out, self.log = Lines(self.process.stdout), Lines(self.process.stderr)
        self.at = 0

    def edition(self, name):
        """Waits for the next edition of this name: {path: file}."""
        start = self.out.wait(rf"^edition {re.escape(name)}$", self.at)
        end = self.out.wait("^end$", start)
        self.at = end + 1
        return dict(line.split(" ", 2)[1:] for line in self.out.lines[start + 1:end])

    def editions(self):
        return self.out.count("^edition ")

    def describe(self):
        start = len(self.out.lines)
        self.process.stdin.write("describe\n")
        self.process.stdin.flush()
        return self.out.lines[self.out.wait("^describe ", start)]

    def stop(self):
        """Stops; the milliseconds that it took."""
        if self.process.poll() is None:
            self.process.stdin.close()
        status = self.process.wait(WAIT_S)
        at = self.out.wait("^(stopped|refused) ")
        if os.environ.get("TEST_VERBOSE"):
            print("\n".join("# " + l for l in self.log.lines))
        if status not in (0, 1) or any("Sanitizer" in line for line in self.log.lines):
            raise AssertionError(f"the probe ended with {status}:\n" + "\n".join(self.log.lines[-60:]))
        self.process.stdout.close()
        self.process.stderr.close()
        return int(self.out.lines[at].split()[1]) if self.out.lines[at].startswith("stopped") else None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_S)


def playlist(name, *paths, **more):
    spots = {f"s{i}": {"image": path} for i, path in enumerate(paths)} or {"s": {"tagline": "Small."}}
    return json.dumps({"format": "duckling/1", "name": name, "spots": spots, **more}).encode()


def content(path):
    return Path(path).read_bytes()


def bytes_of(seed, size):
    return hashlib.shake_128(str(seed).encode()).digest(size)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="feed."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store = self.folder / "store"

    def hostile(self, **options):
        server = servers.Hostile(**options)
        self.addCleanup(server.stop)
        return server

    def nginx(self, **options):
        root = self.folder / "root"
        root.mkdir(exist_ok=True)
        server = servers.Nginx(self.folder / "nginx", root, **options).start()
        self.addCleanup(server.stop)
        return server, root

    def probe(self, source, store=None, **options):
        probe = Probe(source, store or self.store, **options)
        self.addCleanup(probe.kill)
        return probe

    def stop(self, probe):
        took_ms = probe.stop()
        self.assertLess(took_ms, 1000)

    def stored(self):
        return sorted(p for p in (self.store / "media").iterdir())

    def write(self, path, data):
        """As a publisher does it: whole or not at all."""
        new = path.with_name(path.name + ".new")
        new.write_bytes(data)
        new.rename(path)


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
        probe.log.wait("no playlist .*can't connect")
        # The server comes back with a newer one.
        # (Of another length: nginx makes its ETag from the length and the second.)
        (root / "p.json").write_bytes(playlist("another", "a.jpg"))
        server.start()
        probe.edition("another")
        probe.log.wait("the server answers again")
        self.stop(probe)
        self.assertEqual(probe.log.count("can't connect"), 1, "logged once, not at each poll")

    def test_bad_playlist_is_refused_once_then_fixed(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg"), "a.jpg": b"a"}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        server.files["p.json"] = b'{"format": "duckling/1", "nonsense": 1, "spots": {"a": {}}}'
        at = probe.log.wait("error feed: playlist refused")
        probe.log.wait(r"error feed: fault at \$\.nonsense", at)
        asked = len(server.asked("p.json"))
        server.wait_asked("p.json", asked + 4)
        self.assertEqual(probe.log.count("playlist refused"), 1)
        self.assertIn("playlist refused", probe.describe())
        server.files["p.json"] = playlist("two", "a.jpg")
        probe.edition("two")
        self.assertEqual(probe.editions(), 2)
        self.stop(probe)

    def test_many_faults_end_in_a_count(self):
        server = self.hostile()
        server.files = {"p.json": json.dumps({"format": "duckling/1", "spots": {f"s{i}": {} for i in range(90)}}).encode()}
        probe = self.probe(server.url("p.json"))
        probe.log.wait(r"and \d+ faults more")
        self.assertEqual(probe.log.count("fault at"), 20)
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
        probe.log.wait("in force is the server's again")
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
        probe.log.wait("its SHA-256 is not the one")
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


class Hostile(Case):
    def start(self, *media, **options):
        self.server = self.hostile()
        self.server.files = {"p.json": playlist("one", *media), **{m: bytes_of(m, 5000) for m in media}}
        probe = self.probe(self.server.url("p.json"), **options)
        probe.edition("one")
        return probe

    def offends(self, act, words, name="p.json", times=3):
        """In place of the playlist (or a medium) comes an offence: the edition stays, the log has the words once, the
        feed recovers."""
        probe = self.start("a.jpg")
        self.server.files["p.json"] = playlist("two", "a.jpg", "b.jpg")
        self.server.files["b.jpg"] = bytes_of("b", 5000)
        asked = len(self.server.asked(name))
        self.server.acts[name] = [act]
        probe.log.wait(words)
        self.server.wait_asked(name, asked + times)
        self.assertEqual(probe.editions(), 1)
        self.assertEqual(probe.log.count(words), 1)
        self.server.acts[name] = [servers.serve]
        self.assertEqual(content(probe.edition("two")["b.jpg"]), bytes_of("b", 5000))
        self.stop(probe)

    def test_status_500(self):
        self.offends(servers.status(500), "no playlist .*answered 500")

    def test_status_404(self):
        self.offends(servers.status(404), "no playlist .*answered 404")

    def test_empty_answer(self):
        self.offends(servers.status(200, b""), "no playlist .*empty")

    def test_noise_for_an_answer(self):
        self.offends(servers.noise, "no playlist ")

    def test_redirect_loop(self):
        self.offends(servers.redirect("/p.json"), "more than 3 redirects")

    def test_redirect_to_file(self):
        self.offends(servers.redirect("file:///etc/passwd"), "not allowed")

    def test_redirect_to_ftp(self):
        self.offends(servers.redirect("ftp://127.0.0.1/x"), "not allowed")

    def test_redirect_with_endless_text(self):
        self.offends(servers.endless(302, Location="/b.jpg", Content_Length=1 << 40), "redirect with more than")

    def test_endless_head(self):
        self.offends(servers.endless_head, "headers are over|no playlist")

    def test_endless_playlist_is_cut_at_the_cap(self):
        self.offends(servers.endless(), "no playlist .*larger than the 1048576 bytes")
        sent = [r.sent for r in self.server.asked("p.json") if r.status == 200 and r.sent > 100000]
        self.assertTrue(sent)
        self.assertLess(max(sent), 16 * MIB, "what the sockets hold, and no more")

    def test_playlist_that_tells_that_it_is_too_long(self):
        self.offends(servers.claim_length(1 << 30), "no playlist .*larger than")

    def test_hang_before_the_head(self):
        self.offends(servers.hang, "no playlist .*stalled", times=2)

    def test_hang_after_the_head(self):
        self.offends(servers.hang_after_head, "no playlist .*stalled", times=2)

    def test_one_byte_a_second(self):
        self.offends(servers.drip, "no playlist .*stalled", times=2)

    def test_medium_missing_then_there(self):
        self.offends(servers.status(404), r'medium can\'t be fetched path="b.jpg".*answered 404', "b.jpg")

    def test_medium_status_503(self):
        self.offends(servers.status(503), "medium .*answered 503", "b.jpg")

    def test_medium_hangs(self):
        self.offends(servers.hang, "medium .*stalled", "b.jpg", times=2)

    def test_medium_empty(self):
        self.offends(servers.status(200, b""), "medium .*empty", "b.jpg")

    def test_medium_shorter_than_told(self):
        self.offends(servers.claim_length(6000), "medium .*broke off", "b.jpg")

    def test_medium_answered_by_304_unasked(self):
        self.offends(servers.status(304, b""), "medium .*answered 304", "b.jpg")

    def test_medium_answered_by_a_part_unasked(self):
        self.offends(servers.wrong_part, "medium .*another part", "b.jpg")

    def test_one_line_for_many_media_with_one_cause(self):
        server = self.hostile()
        names = [f"m{i}.jpg" for i in range(9)]
        server.files = {"p.json": playlist("one", *names), **{n: b"m" for n in names}}
        server.acts = {n: [servers.status(502)] for n in names}
        probe = self.probe(server.url("p.json"))
        for name in names:
            server.wait_asked(name, 2)
        self.assertEqual(probe.log.count("answered 502"), 1)
        server.acts = {n: [servers.status(404)] for n in names}
        for name in names:
            probe.log.wait(f'path="{name}".*answered 404')
        server.acts = {}
        probe.edition("one")
        self.stop(probe)

    def test_at_most_four_at_once(self):
        server = self.hostile()
        names = [f"m{i}.jpg" for i in range(6)]
        server.files = {"p.json": playlist("one", *names), **{n: bytes_of(n, 5000) for n in names}}
        server.acts = {n: [servers.hang] for n in names}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        for name in names[:4]:
            server.wait_asked(name)
        server.wait_asked("p.json", 5)
        self.assertEqual(sum(len(server.asked(n)) for n in names), 4)
        self.stop(probe)


class Resume(Case):
    def test_cut_body_goes_on_where_it_broke_off(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.cut_after(300000), servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)
        asked = server.asked("film.jpg")
        self.assertEqual([r.status for r in asked], [200, 206, 206])
        self.assertEqual(sum(r.sent for r in asked), MIB, "not a byte twice")
        self.assertEqual(asked[1].headers["range"], "bytes=400000-")
        self.assertEqual(asked[1].headers["if-range"], servers.etag_of(film))

    def test_restart_goes_on_where_it_broke_off(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.stall_after(500000), servers.serve]}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        server.wait_asked("film.jpg")
        part = self.store / "tmp"
        servers.wait_for(lambda: any(p.stat().st_size == 500000 for p in part.glob("*.part")), "500,000 bytes in the store")
        self.stop(probe)
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("film.jpg")], [200, 206])
        self.assertEqual(server.asked("film.jpg")[1].sent, MIB - 500000)

    def test_file_that_changed_meanwhile_is_fetched_whole(self):
        server = self.hostile()
        old, new = bytes_of("old", MIB), bytes_of("new", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": old}

        def cut_and_change(s, connection, request):
            servers.cut_after(400000)(s, connection, request)
            s.files["film.jpg"] = new
            return False
        server.acts = {"film.jpg": [cut_and_change, servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), new)
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("film.jpg")], [200, 200])

    def test_file_that_shrank_meanwhile(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": bytes_of("old", MIB)}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.status(416, b""), servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(len(content(probe.edition("one")["film.jpg"])), MIB)
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("film.jpg")], [200, 416, 200])

    def test_server_that_knows_no_ranges(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.no_condition]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)

    def test_wrong_part_is_not_glued_on(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.wrong_part, servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
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
        self.refused("good", self.stranger, "no playlist .*certificate")

    def test_authority_of_the_system_does_not_count_the_test_one(self):
        self.refused("good", None, "no playlist .*certificate")

    def test_expired(self):
        self.refused("expired", self.ca, "no playlist .*expired")

    def test_wrong_host(self):
        self.refused("other", self.ca, "no playlist .*127.0.0.1")

    def test_never_from_https_to_http(self):
        plain = self.hostile()
        plain.files = {"p.json": playlist("one")}
        server = self.hostile(tls=self.pairs["good"])
        server.acts = {"p.json": [servers.redirect(plain.url("p.json"))]}
        probe = self.probe(server.url("p.json"), ca=self.ca)
        probe.log.wait("not allowed")
        server.acts = {}
        server.files = {"p.json": playlist("two", "a.jpg", files={"a.jpg": {
            "sha256": "0" * 64, "bytes": 1, "url": plain.url("a.jpg")}}, version=1, channel="c")}
        probe.log.wait("playlist refused .*https to http")
        self.stop(probe)
        self.assertEqual(plain.requests, [])

    def test_ca_file_that_is_not_there(self):
        probe = self.probe("https://127.0.0.1:9/p.json", ca=self.folder / "none.pem")
        self.assertIsNone(probe.stop())
        self.assertIn("none.pem", probe.out.lines[0])


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
        probe.log.wait("stored playlist is lost")
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
        probe.log.wait("missing or cut")
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("b.jpg")], [304])

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
        probe.log.wait("medium can't be fetched|can't be stored")
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
        probe.log.wait("error feed: the store can't be written")
        server.wait_asked("b.jpg", 2)
        self.stop(probe)
        self.assertEqual(probe.log.count("can't be written"), 1)
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
        # A process that is traced can't look for leaks.
        wrap = ["env", os.environ.get("ASAN_OPTIONS", "") and f"ASAN_OPTIONS={os.environ['ASAN_OPTIONS']}:detect_leaks=0"
                or "ASAN_OPTIONS=detect_leaks=0", "strace", "-f", "-o", "/dev/null", "-e", "trace=fsync,rename,unlink,ftruncate",
                "-e", f"inject={injection}"]
        return self.probe(self.server.url("p.json"), wrap=wrap)

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


class Stop(Case):
    def test_while_the_playlist_hangs(self):
        for act in (servers.hang, servers.hang_after_head, servers.drip):
            server = self.hostile()
            server.files = {"p.json": playlist("one")}
            server.acts = {"p.json": [act]}
            probe = self.probe(server.url("p.json"), store=self.folder / act.__name__, stall_ms=20000)
            server.wait_asked("p.json")
            self.stop(probe)

    def test_while_media_hang(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.jpg", "b.jpg"), "a.jpg": b"a", "b.jpg": bytes_of("b", 5000)}
        server.acts = {"a.jpg": [servers.hang], "b.jpg": [servers.stall_after(2000)]}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        server.wait_asked("a.jpg")
        server.wait_asked("b.jpg")
        self.stop(probe)

    def test_while_nobody_accepts(self):
        with servers.socket.create_server(("127.0.0.1", 0)) as listener:
            probe = self.probe(f"http://127.0.0.1:{listener.getsockname()[1]}/p.json", stall_ms=20000)
            probe.out.wait("started")
            self.stop(probe)

    def test_while_waiting_a_day(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one")}
        probe = self.probe(server.url("p.json"), poll_ms=86400000)
        probe.edition("one")
        self.stop(probe)


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
        probe.log.wait(r"refused: .*\$\.spots\.s0\.image: .*b\.jpg")
        (self.folder / "b.jpg").write_bytes(b"b")
        probe.edition("three")
        self.path.write_bytes(b"{")
        probe.log.wait("error feed: playlist refused", probe.log.wait(r"b\.jpg") + 1)
        self.path.write_bytes(playlist("four", "a.jpg"))
        probe.edition("four")
        self.stop(probe)
        self.assertEqual(probe.editions(), 3)

    def test_a_fault_is_logged_once(self):
        self.path.write_bytes(playlist("one", "a.jpg"))
        probe = self.probe(str(self.path))
        probe.out.wait("started")
        self.path.unlink()
        probe.log.wait("playlist refused: .*No such file")
        self.write(self.path, playlist("two", "none.jpg", "neither.jpg"))
        probe.log.wait(r"fault at \$\.spots\.s1\.image")
        self.write(self.path, playlist("three", "a.jpg"))
        probe.edition("three")
        self.stop(probe)
        self.assertEqual(probe.log.count("No such file.*list.json|list.json.*No such file"), 2)

    def test_missing_at_first(self):
        probe = self.probe(str(self.path))
        probe.out.wait("started")
        self.assertIn("waiting for", probe.describe())
        self.write(self.path, playlist("one", "a.jpg"))
        probe.edition("one")
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
