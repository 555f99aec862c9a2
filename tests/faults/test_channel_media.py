#!/usr/bin/env python3
"""Servers and lines that fail, stall, cut, lie and redirect, at each stage of an update: the pointer, the playlist, a medium. In each
the picture goes on, the log names it, and once the server is honest again the very update that was held up gets through."""
import gzip

from channel_case import PORTAL, STAGES, Attacks, Case, answer, bytes_of, channel, reset_after, servers, table
import tap

BOMB = gzip.compress(bytes(64 << 20), 9)  # 64 KiB that become 64 MiB
MIB = 1 << 20

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


def close_at_once(server, connection, request):
    return False


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
    ("closes at once", close_at_once, "connection broke", 3),
    ("resets at once", reset_after(-1), "connection broke", 3),
    ("breaks off in the head", half_a_head, ".", 3),
    ("breaks off in the body", servers.cut_after(60), "connection broke", 3),
    ("resets in the body", reset_after(60), "connection broke", 3),
    ("hangs before the head", servers.hang, "too slow", 1),
    ("hangs after the head", servers.hang_after_head, "too slow", 1),
    ("hangs in the body", servers.stall_after(60), "too slow", 1),
    ("drips one byte a second", servers.drip, "too slow", 1),
    ("is endless", servers.endless(), "too large", 3),
    ("is endless in chunks", slowly_for_ever, "too large", 3),
    ("has an endless head", servers.endless_head, ".", 3),
    ("tells a length of 2^60", servers.claim_length(1 << 60), "too large|wrong length", 3),
    ("tells a length of -1", negative_length, ".", 3),
    ("tells two lengths", two_lengths, "connection broke|too large|wrong length", 3),
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
    ("redirects to this machine by another number", to_own_port("http://127.1.2.3:PORT/secret"), "redirected|cannot connect", 3),
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
    ("pointer", "is endless in chunks"): ("fetch pointer kind=playlist.*too large", 3),
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


MEDIUM = "cannot fetch media file, retrying path=\"b.*"


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
         MEDIUM + "(wrong length|hash mismatch|connection broke)", "held up"),
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
        self.comes(self.part(400000, self.film[400000:], etag='"other"'), words="changed on the server")

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
        self.assertNotIn(MIB, self.stored_sizes().values())


if __name__ == "__main__":
    tap.main()
