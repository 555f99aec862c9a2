#!/usr/bin/env python3
"""Servers and lines that fail, stall, cut, lie and redirect, at each stage of an update: the pointer, the playlist, a medium. In each
the picture goes on, the log names it, and once the server is honest again the very update that was held up gets through."""
import gzip
import shutil
import socket
import struct
import tempfile
from pathlib import Path

from channel_case import POINTER, Attacks, Case, Scene, bytes_of, content, servers, table, wait_for, channel
import tap

PORTAL = b"<!DOCTYPE html><title>Sign in</title>" + b"<p>Welcome to the hotel</p>" * 40
BOMB = gzip.compress(bytes(64 << 20), 9)  # 64 KiB that become 64 MiB
MIB = 1 << 20

STAGES = {
    "pointer": (lambda scene: POINTER, "no playlist pointer source=.*"),
    "playlist": (lambda scene: scene.channel.path(f"p-{scene.next}.json"), "playlist (can't be fetched|refused) version=.*"),
    "medium": (lambda scene: scene.fresh(scene.next), "a medium can't be fetched path=\"b.*"),
}


def offends(stage, act):
    """An offence: an honest next version, and this act in place of one of its files."""
    def offence(scene):
        path = STAGES[stage][0](scene)
        scene.server.acts[path] = [act(scene) if getattr(act, "of_scene", False) else act]
        scene.publish(scene.next)
    return offence


def of_scene(make):
    make.of_scene = True
    return make


def reset_after(count):
    """`count` bytes of the answer's body (-1: not even a head), and then a TCP reset."""
    def act(server, connection, request):
        if count >= 0:
            servers.cut_after(count)(server, connection, request)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return False
    return act


def close_at_once(server, connection, request):
    return False


def answer(code=200, body=b"", length=None, **headers):
    def act(server, connection, request):
        server.send_head(connection, request, code, Content_Length=len(body) if length is None else length, **headers)
        server.send_body(connection, request, body)
        return length is None
    return act


def half_a_head(server, connection, request):
    connection.sendall(b"HTTP/1.1 200 Words\r\nContent-Len")
    return False


def coded(name, squeeze):
    """The honest body, in a coding that nobody asked for."""
    def act(server, connection, request):
        body = squeeze(server.files[request.path.lstrip("/")])
        server.send_head(connection, request, 200, Content_Encoding=name, Content_Length=len(body))
        server.send_body(connection, request, body)
        return True
    return act


def transfer_coded(server, connection, request):
    server.send_head(connection, request, 200, Transfer_Encoding="gzip, chunked")
    connection.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BOMB), BOMB))
    return True


def broken_chunks(server, connection, request):
    server.send_head(connection, request, 200, Transfer_Encoding="chunked")
    connection.sendall(b"fffffffffffffffffff\r\nx")
    return False


def two_lengths(server, connection, request):
    body = server.files[request.path.lstrip("/")]
    connection.sendall(b"HTTP/1.1 200 Words\r\nContent-Length: %d\r\nContent-Length: %d\r\n\r\n" % (len(body), len(body) + 5) + body)
    return False


def negative_length(server, connection, request):
    connection.sendall(b"HTTP/1.1 200 Words\r\nContent-Length: -1\r\n\r\n" + server.files[request.path.lstrip("/")])
    return False


def slowly_for_ever(server, connection, request):
    """Under every bound but that of length: endless, in chunks."""
    server.send_head(connection, request, 200, Transfer_Encoding="chunked")
    while not server.closing.is_set():
        connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")
        request.sent += 65536
    return False


def to_own_port(path):
    """A redirect to another server on this machine, which must not be asked for anything."""
    @of_scene
    def make(scene):
        if not hasattr(scene, "inside"):
            scene.inside = servers.Hostile()
            scene.inside.files = {"secret": b"inside"}
        return servers.redirect(path.replace("PORT", str(scene.inside.port)))
    return make


FAULTS = [
    ("answers 500", servers.status(500), "answered 500", 3),
    ("answers 503", servers.status(503), "answered 503", 3),
    ("answers 429", servers.status(429), "answered 429", 3),
    ("answers 403", servers.status(403), "answered 403", 3),
    ("answers 401", answer(401, b"", WWW_Authenticate='Basic realm="hotel"'), "answered 401", 3),
    ("answers 404", servers.status(404), "answered 404", 3),
    ("answers 204", answer(204), "answered 204", 3),
    ("answers 511 with a page", servers.status(511, PORTAL), "answered 511", 3),
    ("answers 206 unasked", servers.wrong_part, "another part", 3),
    ("is noise", servers.noise, ".", 3),
    ("is empty", answer(), "empty|wrong length", 3),
    ("closes at once", close_at_once, "broke off", 3),
    ("resets at once", reset_after(-1), "broke off", 3),
    ("breaks off in the head", half_a_head, ".", 3),
    ("breaks off in the body", servers.cut_after(60), "broke off", 3),
    ("resets in the body", reset_after(60), "broke off", 3),
    ("hangs before the head", servers.hang, "too slow", 1),
    ("hangs after the head", servers.hang_after_head, "too slow", 1),
    ("hangs in the body", servers.stall_after(60), "too slow", 1),
    ("drips one byte a second", servers.drip, "too slow", 1),
    ("is endless", servers.endless(), "too large", 3),
    ("is endless in chunks", slowly_for_ever, "too large", 3),
    ("has an endless head", servers.endless_head, ".", 3),
    ("tells a length of 2^60", servers.claim_length(1 << 60), "too large|wrong length", 3),
    ("tells a length of -1", negative_length, ".", 3),
    ("tells two lengths", two_lengths, "broke off|too large|wrong length", 3),
    ("has broken chunks", broken_chunks, ".", 3),
    ("is a gzip bomb", coded("gzip", lambda body: BOMB), "compressed", 3),
    ("is the honest body in gzip", coded("gzip", gzip.compress), "compressed", 3),
    ("is the honest body in two codings", coded("gzip, br", lambda body: body), "compressed", 3),
    ("is a gzip bomb in its transfer", transfer_coded, "compressed", 3),
    ("redirects to a file", servers.redirect("file:///etc/passwd"), "an address that is not allowed", 3),
    ("redirects to ftp", servers.redirect("ftp://127.0.0.1/x"), "an address that is not allowed", 3),
    ("redirects to gopher", servers.redirect("gopher://127.0.0.1:25/x", 301), "an address that is not allowed", 3),
    ("redirects to data", servers.redirect("data:text/plain,x", 307), "an address that is not allowed", 3),
    ("redirects to another port of this machine", to_own_port("http://127.0.0.1:PORT/secret"), "redirected", 3),
    ("redirects to this machine by its name", to_own_port("http://localhost:PORT/secret"), "redirected", 3),
    ("redirects to this machine by another number", to_own_port("http://127.1.2.3:PORT/secret"), "redirected|can't connect", 3),
    ("redirects to this machine in one number", to_own_port("http://2130706433:PORT/secret"), "redirected", 3),
    ("redirects to this machine over IPv6", to_own_port("http://[::ffff:127.0.0.1]:PORT/secret"), "redirected", 3),
    ("redirects to any address", to_own_port("http://0.0.0.0:PORT/secret"), "redirected", 3),
    ("redirects with a user's name", to_own_port("//x:y@127.0.0.1:PORT/secret"), "redirected", 3),
    ("redirects in a loop", servers.redirect("?"), "redirects", 3),
    ("redirects nowhere", answer(302, b""), "answered 302|redirect", 3),
    ("redirects with endless words", servers.endless(302, Location="/x", Content_Length=1 << 40), "redirect", 3),
]
# Where a stage says it in its own words.
OWN_WORDS = {
    ("pointer", "is endless in chunks"): ("playlist pointer.*too large", 3),
    ("playlist", "is empty"): ("does not match its pointer", 3),
    ("medium", "is empty"): ("empty|wrong length", 3),
}


def rows():
    for stage, (_, begin) in STAGES.items():
        for name, act, words, times in FAULTS:
            words, times = OWN_WORDS.get((stage, name), (begin + f"({words})", times))
            yield f"{stage} {name}", offends(stage, act), words, "held up", times


class Lines(Attacks):
    SCENES = 6
    ROWS = list(rows())

    @classmethod
    def tearDownClass(cls):
        inside = [s.inside for s in cls.scenes if hasattr(s, "inside")]
        super().tearDownClass()
        asked = [r.path for server in inside for r in server.requests]
        for server in inside:
            server.stop()
        if asked:
            raise AssertionError(f"the player was sent to another server on this machine, and asked it for {asked}")


table(Lines)


def medium(act):
    return offends("medium", act)


def changed(change):
    """The medium's bytes, changed, by a server that is honest about them."""
    def act(server, connection, request):
        body = change(server.files[request.path.lstrip("/")])
        server.send_head(connection, request, 200, Content_Length=len(body))
        server.send_body(connection, request, body)
        return True
    return medium(act)


MEDIUM = "a medium can't be fetched path=\"b.*"


@table
class Lies(Attacks):
    """Media that are not what the playlist says."""
    ROWS = [
        ("the first byte is wrong", changed(lambda b: channel.flip(b, 0, 0)), MEDIUM + "hash mismatch", "held up"),
        ("the last byte is wrong", changed(lambda b: channel.flip(b, len(b) - 1, 7)), MEDIUM + "hash mismatch", "held up"),
        ("zeros of the right length", changed(lambda b: bytes(len(b))), MEDIUM + "hash mismatch", "held up"),
        ("a byte less", changed(lambda b: b[:-1]), MEDIUM + "wrong length", "held up"),
        ("a byte more", changed(lambda b: b + b"x"), MEDIUM + "(wrong length|too large)", "held up"),
        ("a page to sign in", changed(lambda b: PORTAL), MEDIUM + "wrong length", "held up"),
        ("a byte more than was told, with the end of the connection", medium(servers.claim_length(5999)),
         MEDIUM + "(wrong length|hash mismatch)", "held up"),
        ("a length one byte short of the truth, without a length told",
         medium(lambda s, c, r: (s.send_head(c, r, 200, Connection="close"), s.send_body(c, r, s.files[r.path[1:]][:-1]))[1]),
         MEDIUM + "(wrong length|hash mismatch|broke off)", "held up"),
        ("another medium of the channel", medium(lambda s, c, r: answer(200, bytes_of("a", 6000))(s, c, r)),
         MEDIUM + "hash mismatch", "held up"),
    ]


class Ranges(Case):
    """A medium that breaks off, and servers that lie about the rest of it."""

    def setUp(self):
        super().setUp()
        self.server = self.hostile()
        self.film = bytes_of("film", MIB)
        self.name = channel.medium_name("film.mp4", self.film)
        self.channel.publish(self.server.files, 1, "one", {"film.mp4": self.film})

    def comes(self, *acts, words=None):
        self.server.acts[self.name] = [servers.cut_after(400000), *acts, servers.serve]
        probe = self.probe(self.server.url("channels/seoul/"))
        self.assert_holds(probe.edition("one"), {"film.mp4": self.film})
        self.stop(probe)
        if words:
            self.assertEqual(probe.log.count(words), 1, probe.log.lines)
        return self.server.asked(self.name)

    def part(self, start, body, total=MIB, etag=None):
        def act(server, connection, request):
            server.send_head(connection, request, 206, ETag=etag or servers.etag_of(self.film), Content_Length=len(body),
                             Content_Range=f"bytes {start}-{start + len(body) - 1}/{total}")
            server.send_body(connection, request, body)
            return True
        return act

    def test_it_goes_on_where_it_broke_off(self):
        asked = self.comes()
        self.assertEqual([r.status for r in asked], [200, 206])
        self.assertEqual(sum(r.sent for r in asked), MIB)
        self.assertEqual(asked[1].headers["if-range"], servers.etag_of(self.film))

    def test_the_whole_in_answer_to_a_range(self):
        self.comes(servers.no_condition)

    def test_a_part_that_begins_elsewhere(self):
        self.comes(servers.wrong_part, words="another part")

    def test_a_part_of_a_larger_whole(self):
        self.comes(self.part(400000, self.film[400000:], MIB + 1), words="wrong length")

    def test_a_part_whose_bytes_are_wrong(self):
        asked = self.comes(self.part(400000, bytes(MIB - 400000)), words="hash mismatch")
        self.assertEqual(asked[2].headers.get("range"), None, "nothing of what was wrong is used again")

    def test_a_part_that_is_longer_than_it_says(self):
        def act(server, connection, request):
            rest = self.film[400000:] + b"more"
            server.send_head(connection, request, 206, ETag=servers.etag_of(self.film), Content_Length=len(rest),
                             Content_Range=f"bytes 400000-{MIB - 1}/{MIB}")
            server.send_body(connection, request, rest)
            return False
        self.comes(act)

    def test_a_part_of_another_version(self):
        self.comes(self.part(400000, self.film[400000:], etag='"other"'), words="another version")

    def test_a_range_that_does_not_exist(self):
        self.comes(servers.status(416, b""))

    def test_a_range_in_words(self):
        def act(server, connection, request):
            server.send_head(connection, request, 206, Content_Range="bytes some-more/lots", Content_Length=5)
            server.send_body(connection, request, b"lots.")
            return True
        self.comes(act)

    def test_a_range_of_2_to_the_64(self):
        self.comes(self.part(2**64 + 400000, b"x"))

    def test_many_parts_at_once(self):
        def act(server, connection, request):
            body = b"--x\r\nContent-Range: bytes 400000-400001/1048576\r\n\r\nxx\r\n--x--\r\n"
            server.send_head(connection, request, 206, Content_Type="multipart/byteranges; boundary=x", Content_Length=len(body))
            server.send_body(connection, request, body)
            return True
        self.comes(act)

    def test_what_is_wrong_never_stays_in_the_store(self):
        self.server.acts[self.name] = [servers.status(200, bytes(MIB))]
        probe = self.probe(self.server.url("channels/seoul/"))
        probe.log.wait("hash mismatch")
        self.server.wait_asked(self.name, 3)
        self.stop(probe)
        self.assertEqual([p for p in (self.store / "media").iterdir() if p.stat().st_size == MIB], [])


class Portal(Case):
    """A hotel's network: every address is answered by the same page, or sent to it."""

    def through(self, act, words):
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", {"a.mp4": bytes_of("a", 5000)})
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        everything = [POINTER, "channels/seoul/takeover.minisig", self.channel.path("p-2.json"),
                      channel.medium_name("b.mp4", bytes_of("b", 6000)), "sign-in"]
        for path in everything:
            server.acts[path] = [act]
        probe.log.wait(words)
        self.assert_no_more(server, probe, 1)
        self.channel.publish(server.files, 2, "two", {"b.mp4": bytes_of("b", 6000)})
        self.assert_no_more(server, probe, 1)
        self.stop(probe)
        # It starts behind the portal, too.
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        probe.log.wait(words)
        server.acts.clear()
        self.assert_holds(probe.edition("two"), {"b.mp4": bytes_of("b", 6000)})
        self.stop(probe)

    def test_one_page_for_all(self):
        self.through(answer(200, PORTAL, Content_Type="text/html"), "playlist pointer refused attack=\"(no|malformed) signature\"")

    def test_one_page_that_may_be_kept_for_ever(self):
        self.through(answer(200, PORTAL, ETag='"portal"', Cache_Control="max-age=31536000, immutable"),
                     "playlist pointer refused attack=\"(no|malformed) signature\"")

    def test_a_redirect_for_all(self):
        def act(server, connection, request):
            if request.path == "/sign-in":
                return answer(200, PORTAL)(server, connection, request)
            return servers.redirect("/sign-in")(server, connection, request)
        self.through(act, "playlist pointer refused attack=\"(no|malformed) signature\"|redirect")

    def test_304_for_all(self):
        self.through(answer(304), ".")

    def test_a_playlist_from_a_portal_is_fetched_again_once_it_is_gone(self):
        """The pointer came through before the line was cut, the playlist not."""
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", {"a.mp4": bytes_of("a", 5000)})
        server.acts[self.channel.path("p-1.json")] = [answer(200, PORTAL)]
        probe = self.probe(server.url("channels/seoul/"))
        probe.log.wait("does not match its pointer")
        server.acts.clear()
        self.assert_holds(probe.edition("one"), {"a.mp4": bytes_of("a", 5000)})
        self.stop(probe)


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = Path(tempfile.mkdtemp(prefix="channel-tls."))
        cls.ca, cls.stranger_ca, cls.pairs = servers.make_certificates(cls.certificates)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.certificates)

    def truncated(self, stage):
        """The connection ends without TLS's own goodbye, and no length was told."""
        scene = Scene(self.keys, self.stranger, tls=self.pairs["good"], ca=self.ca)
        self.addCleanup(scene.end)
        path_of_stage, words = STAGES[stage]
        if stage == "pointer":  # half of a small file came: that much looks complete, since no length was told
            words = 'playlist pointer refused attack="malformed signature"|' + words
        path = path_of_stage(scene)

        def act(server, connection, request):
            body = server.files[request.path.lstrip("/")]
            server.send_head(connection, request, 200, Connection="close")
            server.send_body(connection, request, body[:len(body) // 2])
            return False
        scene.server.acts[path] = [act]
        media = scene.publish(2)
        scene.probe.log.wait(words)
        scene.server.wait_asked(POINTER, len(scene.server.asked(POINTER)) + 3)
        self.assertEqual(scene.probe.editions(), 1)
        scene.server.acts.clear()
        scene.arrived(2, media)
        self.stop(scene.probe)

    def test_truncated_pointer(self):
        self.truncated("pointer")

    def test_truncated_playlist(self):
        self.truncated("playlist")

    def test_truncated_medium(self):
        self.truncated("medium")

    def test_certificates_that_are_no_good(self):
        for pair, ca, words in (("good", self.stranger_ca, "certificate"), ("expired", self.ca, "expired"),
                                ("other", self.ca, "127.0.0.1"), ("good", None, "certificate")):
            server = self.hostile(tls=self.pairs[pair])
            self.channel.publish(server.files, 1, "one", {})
            probe = self.probe(server.url("channels/seoul/"), **({"ca": ca} if ca else {}))
            probe.log.wait(f"no playlist pointer .*{words}")
            self.stop(probe)
            self.assertEqual((probe.editions(), server.requests), (0, []))

    def test_never_from_https_to_http(self):
        plain = self.hostile()
        server = self.hostile(tls=self.pairs["good"])
        self.channel.publish(plain.files, 1, "one", {})
        server.acts[POINTER] = [servers.redirect(plain.url(POINTER))]
        probe = self.probe(server.url("channels/seoul/"), ca=self.ca)
        probe.log.wait("redirected")
        server.wait_asked(POINTER, 3)
        self.stop(probe)
        self.assertEqual(plain.requests, [])

    def test_a_medium_by_http_from_a_channel_over_https(self):
        """Its hash would vouch for it, but whoever listens would learn what is played."""
        plain = self.hostile()
        server = self.hostile(tls=self.pairs["good"])
        data = bytes_of("a", 5000)
        plain.files["a.mp4"] = data
        self.channel.publish(server.files, 1, "one", {}, spots={"s": {"video": "a.mp4"}},
                             files={"a.mp4": {**channel.entry("a.mp4", data), "url": plain.url("a.mp4")}})
        probe = self.probe(server.url("channels/seoul/"), ca=self.ca)
        probe.log.wait("playlist refused|can't be fetched")
        server.wait_asked(POINTER, len(server.asked(POINTER)) + 3)
        self.stop(probe)
        self.assertEqual((probe.editions(), plain.requests), (0, []))


class Origins(Case):
    """Several base URLs, tried in order."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.hostile(), self.hostile()
        self.media = {"a.mp4": bytes_of("a", 5000)}
        for server in (self.first, self.second):
            self.channel.publish(server.files, 1, "one", self.media)
        self.sources = [self.first.url("channels/seoul/"), self.second.url("channels/seoul/")]

    def publish(self, version, *on):
        media = {**self.media, "b.mp4": bytes_of(f"b{version}", 6000)}
        for server in on:
            self.channel.publish(server.files, version, f"version {version}", media)
        return media

    def test_the_second_is_not_asked_while_the_first_is_well(self):
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("one"), self.media)
        self.first.wait_asked(POINTER, 5)
        self.stop(probe)
        self.assertEqual(self.second.requests, [])

    def test_each_fault_of_the_first(self):
        for number, act in enumerate((servers.status(500), servers.redirect("file:///x"), answer(200, PORTAL), servers.noise, reset_after(-1),
                                      servers.hang), 2):
            probe = self.probe(*self.sources)
            probe.edition()
            self.first.acts[POINTER] = [act]
            media = self.publish(number, self.second)
            self.assert_holds(probe.edition(f"version {number}"), media)
            self.stop(probe)
            self.first.acts.clear()
            self.publish(number, self.first)

    def test_the_first_has_a_pointer_and_no_more(self):
        media = self.publish(2, self.first, self.second)
        for path in (self.channel.path("p-2.json"), channel.medium_name("b.mp4", media["b.mp4"])):
            self.first.acts[path] = [servers.status(404)]
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("version 2"), media)
        self.stop(probe)

    def test_the_first_is_gone_from_the_start(self):
        self.first.stop()
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)

    def test_both_are_gone_then_the_second_comes_back(self):
        probe = self.probe(*self.sources)
        probe.edition("one")
        for server in (self.first, self.second):
            server.acts[POINTER] = [servers.status(502)]
        wait_for(lambda: probe.log.count("answered 502") == 2, "both are called silent")
        media = self.publish(2, self.first, self.second)
        self.second.acts.clear()
        self.assert_holds(probe.edition("version 2"), media)
        self.stop(probe)

    def test_a_first_that_lags_behind(self):
        """A mirror that has only the old version is normal; the second has the new one, and the player stays with that."""
        probe = self.probe(*self.sources)
        probe.edition("one")
        self.first.acts[POINTER] = [servers.status(500)]
        media = self.publish(2, self.second)
        self.assert_holds(probe.edition("version 2"), media)
        self.first.acts.clear()
        probe.log.wait('refused attack="rollback"')
        self.first.wait_asked(POINTER, len(self.first.asked(POINTER)) + 4)
        media = self.publish(3, self.second)
        self.assert_holds(probe.edition("version 3"), media)
        self.assertEqual(content(probe_file := self.stored(media["a.mp4"])), media["a.mp4"], probe_file)
        self.stop(probe)
        self.assertEqual(probe.editions(), 3)

    def stored(self, data):
        return self.store / "media" / channel.sha256(data)


if __name__ == "__main__":
    tap.main()
