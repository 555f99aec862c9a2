#!/usr/bin/env python3
"""Publishing to a real nginx (dav, TLS, passwords, client certificates), to a folder, and to servers that break off."""
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import servers
import tap
from player import WAIT_S

TOP = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("TEST_BUILD", TOP / "build" / "asan")) / "tests/faults/probe_target"


class Dav(servers.Nginx):
    """nginx that takes uploads; `more` goes into its location."""

    def __init__(self, folder, root, tls=None, more="", server=""):
        super().__init__(folder, root, tls)
        self.more, self.server = more, server

    def _server(self, port):
        secure = f"ssl_certificate {self.tls[0]}; ssl_certificate_key {self.tls[1]};" if self.tls else ""
        return f"""server {{ listen 127.0.0.1:{port}{" ssl" if self.tls else ""}; root {self.root}; {secure} {self.server}
            location / {{ dav_methods PUT; create_full_put_path on; client_max_body_size 0; {self.more} }} }}"""

    def lines(self, method):
        """[(path, status)] of a method so far."""
        return re.findall(rf'"{method} (\S+) \S+" (\d+)', (self.folder / "access.log").read_text())


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="target."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.peak_kib = 0

    def dav(self, **options):
        root = self.folder / "root"
        root.mkdir()
        server = Dav(self.folder / "nginx", root, **options).start()
        self.addCleanup(server.stop)
        return server, root

    def probe(self, base, *arguments, ca="-", cert="-", key="-", ok=True, wrap=()):
        """What it printed; a failure is its last line, "error CODE TEXT"."""
        clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        done = subprocess.run([*wrap, PROBE, str(base), str(ca), str(cert), str(key), *map(str, arguments)], env=clean,
                              capture_output=True, timeout=WAIT_S)
        out, words = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertNotIn("Sanitizer", words)
        self.assertEqual(done.returncode, 0 if ok else 1, out + words)
        self.peak_kib = int(re.search(r"^peak (\d+)", words, re.MULTILINE)[1])
        return out

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def media(self, count, size=100000):
        """[(name, file)]"""
        return [(f"media/{i}.jpg", self.file(f"{i}.jpg", os.urandom(size + i))) for i in range(count)]

    @staticmethod
    def for_look(media):
        return [x for name, file in media for x in (name, file)]

    @staticmethod
    def for_send(media):
        return [x for name, file in media for x in (name, file, file)]

    def round_trip(self, base, root, **options):
        pointer = self.file("pointer", b"untrusted comment: x\n")
        self.assertRegex(self.probe(base, "get", "channels/seoul/latest.minisig", 4096, ok=False, **options), "^error 2 ")
        self.probe(base, "put", "channels/seoul/latest.minisig", pointer, **options)
        self.assertEqual((root / "channels/seoul/latest.minisig").read_bytes(), pointer.read_bytes())
        pointer.write_bytes(b"another, and longer than the first\n")
        self.probe(base, "put", "channels/seoul/latest.minisig", pointer, **options)
        self.assertEqual(self.probe(base, "get", "channels/seoul/latest.minisig", 4096, **options), pointer.read_text())
        self.assertRegex(self.probe(base, "get", "channels/seoul/latest.minisig", 10, ok=False, **options), "^error 3 ")
        media = self.media(12)
        (root / "media").mkdir(exist_ok=True)
        (root / "media/3.jpg").write_bytes(media[3][1].read_bytes())
        (root / "media/4.jpg").write_bytes(b"too short")
        there = self.probe(base, "look", *self.for_look(media), **options).splitlines()
        self.assertEqual(there, [f"{'there' if i == 3 else 'absent'} {name}" for i, (name, _) in enumerate(media)])
        out = self.probe(base, "send", *self.for_send(media), **options).splitlines()
        for name, file in media:
            self.assertEqual((root / name).read_bytes(), file.read_bytes())
        self.assertEqual([line for line in out if line.startswith("there")], [f"there {name}" for name, _ in media])
        progress = [tuple(map(int, line.split()[1:])) for line in out if line.startswith("progress")]
        total = sum(file.stat().st_size for _, file in media)
        self.assertEqual((progress[0], progress[-1]), ((0, total), (total, total)))
        self.assertEqual(progress, sorted(progress))
        self.assertNotIn("absent", self.probe(base, "look", *self.for_look(media), **options))
        self.assertEqual([p for p in root.rglob("*.tmp")], [])


class Web(Case):
    def test_dav(self):
        server, root = self.dav()
        (root / "a").mkdir()
        # With and without the slash at its end; what the caches on the way are told.
        self.round_trip(server.url("a"), root / "a")
        self.assertEqual(self.probe(server.url("a/"), "public", "media/x.jpg"), server.url("a/media/x.jpg\n"))
        puts = server.lines("PUT")
        self.assertEqual({status for _, status in puts}, {"201", "204"})
        self.assertEqual(sorted(path for path, _ in puts if "media" in path), sorted(f"/a/media/{i}.jpg" for i in range(12)))

    def test_tls_and_password(self):
        ca, stranger, pairs = servers.make_certificates(self.folder / "tls")
        users = self.file("users", b"op:" + subprocess.run(["openssl", "passwd", "-6", "-salt", "s", "acts+lead/to:x"],
                                                          check=True, capture_output=True).stdout)
        server, root = self.dav(tls=pairs["good"], more=f'auth_basic "x"; auth_basic_user_file {users};')
        address = server.url("").removeprefix("https://")
        base = f"https://op:acts%2Blead%2Fto%3Ax@{address}"
        self.round_trip(base, root, ca=ca)
        self.assertEqual(self.probe(base, "public", "x"), f"https://{address}x\n")
        pointer = self.file("pointer", b"x")
        for wrong in (f"https://op:wrong-secret@{address}", f"https://{address}"):
            error = self.probe(wrong, "put", "x", pointer, ca=ca, ok=False)
            self.assertEqual(error, f"error 7 https://{address}x: the server refused: answered 401; the user or password in "
                                    "--to is wrong or missing\n")
        error = self.probe(base, "put", "x", pointer, ca=stranger, ok=False)
        self.assertRegex(error, rf"^error 7 https://{re.escape(address)}x: .*certificate")
        self.assertNotIn("acts", error)

    def test_client_certificate(self):
        ca, _, pairs = servers.make_certificates(self.folder / "tls")
        cert, key = pairs["other"]
        server, root = self.dav(tls=pairs["good"], server=f"ssl_client_certificate {ca}; ssl_verify_client on;")
        self.round_trip(server.url(""), root, ca=ca, cert=cert, key=key)
        both = self.file("both.pem", cert.read_bytes() + key.read_bytes())
        self.probe(server.url(""), "put", "x", both, ca=ca, cert=both)
        self.assertRegex(self.probe(server.url(""), "put", "x", both, ca=ca, ok=False), "^error 6 .*answered 400")

    def test_http_to_a_port_of_https(self):
        _, _, pairs = servers.make_certificates(self.folder / "tls")
        server, _ = self.dav(tls=pairs["good"])
        error = self.probe(server.url("").replace("https:", "http:"), "put", "x", self.file("p", b"x"), ok=False)
        self.assertRegex(error, "^error 6 .*answered 400; is it https")

    def test_client_certificate_that_can_not_be_used(self):
        _, _, pairs = servers.make_certificates(self.folder / "tls")
        (cert, key), other = pairs["good"], pairs["other"][1]
        locked = self.folder / "locked.key"
        subprocess.run(["openssl", "ec", "-in", key, "-aes256", "-passout", "pass:x", "-out", locked], check=True,
                       capture_output=True)
        nothing = self.file("nothing", b"")
        for cert_file, key_file, words in (("/nowhere/c.pem", key, "cannot read the client certificate /nowhere/c.pem"),
                                           (cert, "/nowhere/k.pem", "cannot read the client key /nowhere/k.pem"),
                                           (nothing, key, "nothing holds no PEM certificate"),
                                           (cert, nothing, "nothing holds no PEM private key"),
                                           (cert, "-", "good.pem holds no PEM private key"),
                                           (cert, other, "other.key does not belong to certificate .*good.pem"),
                                           (cert, locked, "locked.key has a password: give a key without one"),
                                           ("-", key, "a client key is given without its certificate")):
            with self.subTest(words=words):
                error = self.probe("https://127.0.0.1:9/", "public", "x", cert=cert_file, key=key_file, ok=False)
                self.assertRegex(error, f"^error 1 .*{words}$")

    def test_what_the_server_does_not_allow(self):
        pointer = self.file("pointer", b"x" * 2000)
        for more, words, asked in (
                ("client_max_body_size 1k;", r"^error 3 .*too large for the server: answered 413 \(nginx: client_max_", 1),
                ("limit_except GET { deny all; }", "^error 7 .*the server refused: answered 403; may this user write there", 1),
                ("dav_methods off;", "^error 6 .*answered 405; the server accepts no PUT there", 1),
                ("create_full_put_path off;", "^error 6 .*answered 500; .*is its disk full. may it write there. is create_full_put_path on", 3)):
            with self.subTest(more=more):
                words_of = ("dav_methods PUT;", "create_full_put_path on;", "client_max_body_size 0;")
                name = more.split()[0]
                location = " ".join([w for w in words_of if w.split()[0] != name] + [more])

                class Strict(Dav):
                    def _server(self, port):
                        return f"server {{ listen 127.0.0.1:{port}; root {self.root}; location / {{ {location} }} }}"
                folder = self.folder / name
                (folder / "root").mkdir(parents=True)
                server = Strict(folder, folder / "root").start()
                try:
                    self.assertRegex(self.probe(server.url(""), "put", "a/b", pointer, ok=False), words)
                    error = self.probe(server.url(""), "send", "a/c", pointer, pointer, ok=False)
                    self.assertRegex(error.splitlines()[-1], words)
                    self.assertEqual(len(server.lines("PUT")), 2 * asked)   # a "no" is not asked for again
                finally:
                    server.stop()

    def test_large_files_do_not_grow_the_memory(self):
        server, root = self.dav()
        self.probe(server.url(""), "public", "x")
        small_kib = self.peak_kib
        media = []
        for i in range(4):
            path = self.folder / f"{i}.mp4"
            with open(path, "wb") as file:
                file.truncate(100_000_000)   # sparse: of zeros
            media.append((f"media/{i}.mp4", path))
        self.probe(server.url(""), "send", *self.for_send(media))
        self.assertEqual([(root / name).stat().st_size for name, _ in media], [100_000_000] * 4)
        self.assertLess(self.peak_kib - small_kib, 30000)

    def test_file_that_changed_never_arrives(self):
        server, root = self.dav()
        good = self.media(3)
        was, now = self.file("was", b"x" * 500000), self.file("now", b"x" * 499999 + b"y")
        longer, gone = self.file("longer", b"x" * 500001), self.folder / "gone"
        for path in (now, longer, gone):
            error = self.probe(server.url(""), "send", *self.for_send(good), "media/bad.jpg", path, was, ok=False)
            self.assertRegex(error.splitlines()[-1], rf"^error 1 .*{path.name}(: No such|.* has changed since it was hashed)")
            self.assertFalse((root / "media/bad.jpg").exists())
            # What goes on meanwhile comes to its end, and need not be sent again.
            self.assertEqual(error.count("there media"), 3)


class Breaking:
    """A server that takes uploads, and breaks off the first `failures` of them in a way of its own: reads `after` bytes, then
    closes, answers `status`, or (neither) says nothing more."""

    def __init__(self, failures, after=0, status=None, close=True):
        self.failures, self.after, self.status, self.close = failures, after, status, close
        self.files, self.requests, self.lock = {}, [], threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while self._answer(connection, stream):
                pass

    def _answer(self, connection, stream):
        line = stream.readline().split()
        if not line:
            return False
        headers = {}
        while (header := stream.readline().strip()):
            name, _, value = header.partition(b":")
            headers[name.lower()] = value.strip()
        if b"expect" in headers:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        length = int(headers.get(b"content-length", 0))
        with self.lock:
            self.requests.append(line[1].decode())
            breaking = len(self.requests) <= self.failures
        body = stream.read(min(length, self.after) if breaking and not self.status else length)
        if breaking and self.status:
            connection.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self.status)
            return True
        if breaking:
            return False
        with self.lock:
            self.files[line[1].decode()] = body
        connection.sendall(b"HTTP/1.1 201 Yes\r\nContent-Length: 0\r\n\r\n")
        return True

    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def stop(self):
        self.listener.close()


class Broken(Case):
    def breaking(self, *arguments, **options):
        server = Breaking(*arguments, **options)
        self.addCleanup(server.stop)
        return server

    def test_broken_uploads_are_tried_again(self):
        for options in ({"after": 0}, {"after": 50000}, {"status": 500}, {"status": 503}, {"status": 429}):
            with self.subTest(**options):
                server = self.breaking(2, **options)
                (name, path), = self.media(1)
                out = self.probe(server.url(), "send", name, path, path)
                self.assertEqual(server.files, {"/" + name: path.read_bytes()})
                self.assertEqual(len(server.requests), 3)
                progress = [int(line.split()[1]) for line in out.splitlines() if line.startswith("progress")]
                self.assertLessEqual(max(progress), path.stat().st_size)

    def test_third_break_is_the_last(self):
        server = self.breaking(100, after=50000)
        (name, path), = self.media(1)
        error = self.probe(server.url(), "send", name, path, path, ok=False)
        self.assertEqual(error.splitlines()[-2:],
                         [f"absent {name}", f"error 6 {server.url()}{name}: the connection broke"])
        self.assertEqual(len(server.requests), 3)

    def test_a_server_that_knows_no_put(self):
        server = self.breaking(100, status=501)
        error = self.probe(server.url(), "put", "x", self.file("p", b"hello"), ok=False)
        self.assertRegex(error, r"^error 6 .*answered 501; the server accepts no PUT there \(nginx: dav_methods PUT\)$")
        self.assertEqual(len(server.requests), 1)

    def test_what_arrived_stays_and_the_rest_follows(self):
        server = self.breaking(3, after=0)
        media = self.media(1)
        self.probe(server.url(), "send", *self.for_send(media), ok=False)
        self.probe(server.url(), "send", *self.for_send(media))
        self.assertEqual(server.files, {"/" + name: path.read_bytes() for name, path in media})

    def test_pointer_is_tried_again(self):
        server = self.breaking(2, after=0)
        self.probe(server.url(), "put", "latest.minisig", self.file("p", b"hello"))
        self.assertEqual(server.files, {"/latest.minisig": b"hello"})

    def test_no_server(self):
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        base = f"http://u:secret@127.0.0.1:{listener.getsockname()[1]}/"
        media = self.media(1)
        for arguments in (("get", "x", 10), ("look", *self.for_look(media)), ("send", *self.for_send(media))):
            error = self.probe(base, *arguments, ok=False).splitlines()[-1]
            self.assertRegex(error, "^error 6 http://127.0.0.1:.*: cannot connect: refused, nothing listens at that address and port$")


class Folder(Case):
    def test_folder(self):
        # It is made, but nothing above it.
        root = self.folder / "usb/signage"
        self.assertRegex(self.probe(root, "public", "x", ok=False), f"^error 1 {root}: there is no folder {self.folder}/usb/, .*mounted")
        root.parent.mkdir()
        self.assertEqual(self.probe(root, "public", "x"), f"{root}/x\n")
        self.round_trip(f"{root}/", root)

    def test_what_looks_like_a_server(self):
        path, here = self.file("p", b"x"), ("env", "-C", str(self.folder))
        self.assertRegex(self.probe("host.example/x", "put", "a", path, wrap=here, ok=False), "^error 1 .* looks like a server")
        self.assertFalse((self.folder / "host.example").exists())
        self.probe("./host.example", "put", "a", path, wrap=here)
        self.probe("host.example", "put", "b", path, wrap=here)   # it is there now
        self.assertTrue((self.folder / "host.example/b").exists())

    def test_relative_folder(self):
        self.probe("signage", "put", "a/b", self.file("p", b"x"), wrap=("env", "-C", str(self.folder)))
        self.assertEqual((self.folder / "signage/a/b").read_bytes(), b"x")

    def test_file_that_changed_never_arrives(self):
        root = self.folder / "usb"
        was, now = self.file("was", b"x" * 3000000), self.file("now", b"x" * 2999999 + b"y")
        longer = self.file("longer", b"x" * 3000001)
        for path in (now, longer):
            error = self.probe(root, "send", "media/a.jpg", path, was, ok=False)
            self.assertRegex(error.splitlines()[-1], rf"^error 1 .*{path.name} has changed since it was hashed$")
        self.assertEqual([p for p in root.rglob("*") if p.is_file()], [])

    def test_each_file_is_safe_before_it_has_its_name(self):
        root = self.folder / "usb"
        trace = self.folder / "trace"
        (name, path), = self.media(1)
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"]))
        self.probe(root, "send", name, path, path, wrap=("env", f"ASAN_OPTIONS={asan}", "strace", "-f", "-y", "-o", trace, "-e",
                                                         "trace=fsync,fdatasync,rename,renameat,renameat2,mkdir,mkdirat"))
        steps = [(m[1], m[2]) for m in re.finditer(r"(fsync|rename|mkdir)\w*\(([^\n]*)", trace.read_text())]
        wanted = [("mkdir", f'"{root}"'), ("fsync", f"{self.folder}>"), ("mkdir", "media\""), ("fsync", f"{root}>"),
                  ("fsync", "0.jpg.tmp>"), ("rename", "0.jpg"), ("fsync", "media>")]
        at = 0
        for call, words in steps:
            if at < len(wanted) and call == wanted[at][0] and wanted[at][1] in words:
                at += 1
        self.assertEqual(at, len(wanted), steps)

    def test_disk_faults(self):
        for call in ("write", "fsync", "rename"):
            for fault in ("ENOSPC", "EIO"):
                with self.subTest(call=call, fault=fault):
                    root = self.folder / f"{call}{fault}"
                    (root / "media").mkdir(parents=True)
                    (name, path), = self.media(1)
                    asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"]))
                    watched = root / (name + ".tmp")
                    error = self.probe(root, "send", name, path, path, ok=False, wrap=(
                        "env", f"ASAN_OPTIONS={asan}", "strace", "-f", "-o", "/dev/null", "-P", watched,
                        "-e", f"inject={call}:error={fault}"))
                    self.assertRegex(error.splitlines()[-1], f"^error 5 cannot write {root}/{name}: ")
                    self.assertEqual(list((root / "media").iterdir()), [])

    def test_killed_at_any_time(self):
        # What is there is whole; the same command again makes the rest.
        media = self.media(2, 3000000)
        asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS", ""), "detect_leaks=0"]))
        clean = {**os.environ, "ASAN_OPTIONS": asan}
        for call in ("write", "fsync", "rename", "mkdir"):
            for when in range(1, 9):
                root = self.folder / f"{call}{when}"
                done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}", PROBE,
                                       root, "-", "-", "-", "send", *self.for_send(media)], env=clean, capture_output=True, timeout=WAIT_S)
                there = [p for p in root.rglob("*") if p.is_file() and p.suffix != ".tmp"]
                for path in there:
                    self.assertEqual(path.read_bytes(), (self.folder / path.name).read_bytes())
                if done.returncode == 0:
                    self.assertGreater(when, 1, call)   # it was killed there at least once
                    break
                self.probe(root, "send", *self.for_send(media))
                self.assertEqual({p.name for p in root.rglob("*") if p.is_file()}, {"0.jpg", "1.jpg"})

    def test_no_folder(self):
        afile = self.file("afile", b"x")
        self.assertRegex(self.probe(afile, "public", "x", ok=False), "^error 4 .*")
        self.assertRegex(self.probe("", "public", "x", ok=False), "^error 1 the address is empty")
        for base in ("ftp://u:secret@h/x", "file:///x"):
            error = self.probe(base, "public", "x", ok=False)
            self.assertRegex(error, "^error 1 cannot publish to (ftp|file)://: use http, https or s3$")


class Names(Case):
    def test_names_stay_below_the_base(self):
        root = self.folder / "usb"
        path = self.file("p", b"x")
        for name in ("", "/", "/x", "x/", "a//b", ".", "..", "../x", "a/../b", "a/./b", "a/..", "a b", "a\\b", "a?b", "a%2e", "작은",
                     "x" * 513, "a\nb"):
            with self.subTest(name=name):
                self.assertRegex(self.probe(root, "put", name, path, ok=False), "^error 1 \"[^\"]*\" cannot be a name on a target")
                self.assertRegex(self.probe(root, "send", name, path, path, ok=False), "error 1 \"[^\"]*\" cannot be a name on a target")
        for name in ("...", "..x", "x..", ".x", "a/b/c-d_e.f"):
            self.probe(root, "put", name, path)
            self.assertEqual((root / name).read_bytes(), b"x")

    def test_addresses(self):
        hint = "write @ / : in a password as %40 %2F %3A"
        for base, words in (("https://u:secret@h/x?y", "cannot have a query"), ("http://", "^error 1 "), ("http://h:99999/", "^error 1 "),
                            ("https://u:secret/x@h/y", hint), ("https://u:1/secret@h/y", hint), ("https://u:secret#x@h/y", hint),
                            ("https://u:secret:x@h:y/", hint)):
            error = self.probe(base, "public", "x", ok=False)
            self.assertRegex(error, words)
            self.assertNotIn("secret", error)


if __name__ == "__main__":
    tap.main()
