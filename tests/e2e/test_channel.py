"""A signed channel from end to end: nginx with the configuration that operators are given, TLS, uploads, and a real player. The
publisher is the tests' own (tests/channel.py), which shares no code with the program."""
import base64
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest
import warnings
from pathlib import Path

import channel
import tap
from player import Player, png
from servers import ShippedNginx, make_certificates, past_validity, wait_for

COLORS = {"red": (200, 30, 40), "green": (30, 180, 60), "blue": (40, 60, 200)}
MIB = 1 << 20


class Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="channel-e2e."))
        cls.shared.chmod(0o755)
        cls.ca, _, cls.pairs = make_certificates(cls.shared / "tls")
        cls.keys = channel.Keys(cls.shared)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.shared)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.folder.chmod(0o755)

    def serve(self, **options):
        server = ShippedNginx(self.folder / "nginx", self.pairs["good"], **options).start()
        self.addCleanup(server.stop)
        self.server = server
        return server

    def ask(self, method, path, body=None, user=None, certificate=None, **headers):
        """Status, headers (their names in small letters) and body of an answer."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if certificate:
            context.load_cert_chain(*map(str, certificate))
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{self.server.PASSWORD}".encode()).decode()
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=context, timeout=30)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def put(self, path, body, user="publisher", **options):
        status = self.ask("PUT", "/" + path, body, user, **options)[0]
        self.assertIn(status, (201, 204), path)


def medium(data):
    return "/" + channel.medium_name("x.mp4", data)


POINTER = "/channels/seoul/latest.minisig"


class Configuration(Served):
    """What packaging/server/duckling-nginx.conf promises."""

    def setUp(self):
        super().setUp()
        self.serve()

    def statuses(self, *asked):
        return [self.ask(*a)[0] for a in asked]

    def test_writing_needs_the_right_password(self):
        data = b"x" * 1000
        for path, user, other in ((medium(data), "publisher", "players"), (POINTER, "publisher", "players"),
                                  ("/channels/seoul/p-1.json", "publisher", "players"),
                                  ("/channels/seoul/t-1.json", "publisher", "players"),
                                  ("/players/lobby/status.json", "players", "publisher"),
                                  ("/players/lobby/screen.jpg", "players", "publisher"),
                                  ("/players/lobby/plays/1.jsonl", "players", "publisher")):
            asked = [("PUT", path, data), ("PUT", path, data, other), ("PUT", path, data, "nobody")]
            self.assertEqual(self.statuses(*asked), [401] * 3, path)
            self.assertEqual(self.ask("GET", path)[0], 404, path)
            self.assertEqual(self.statuses(("PUT", path, data, user), ("GET", path), ("HEAD", path)), [201, 200, 200], path)
            self.assertEqual(self.ask("PUT", path, data, user)[0], 204, path)

    def test_a_wrong_password_is_none(self):
        self.assertEqual(self.ask("PUT", POINTER, b"x", Authorization="Basic " + base64.b64encode(b"publisher:guess").decode())[0], 401)

    def test_nothing_else_is_written(self):
        for path in ("/x", "/index.html", "/media/x.mp4", "/media/" + "0" * 63 + ".mp4", "/media/" + "0" * 64 + ".mp4/x",
                     "/media/" + "A" * 64 + ".mp4", "/channels/latest.minisig", "/channels/seoul/other.minisig",
                     "/channels/seoul/p-0.json", "/channels/seoul/p-01.json", "/channels/SEOUL/latest.minisig",
                     "/channels/seoul/x/latest.minisig", "/channels/.seoul/latest.minisig", "/players/status.json",
                     "/players/a/b/status.json", "/players/.a/status.json", "/players/lobby/plays/1.html", "/wall/index.html",
                     "/.htpasswd"):
            for user in ("publisher", "players"):
                self.assertIn(self.ask("PUT", path, b"x", user)[0], (403, 404), path)
        found = [p for p in self.server.root.rglob("*") if p.is_file()]
        self.assertEqual(found, [])

    def test_no_other_method(self):
        self.put(POINTER[1:], b"x")
        for method in ("DELETE", "POST", "MKCOL", "MOVE", "COPY", "PATCH", "PROPFIND", "LOCK"):
            for user in (None, "publisher"):
                headers = {"Destination": "/channels/seoul/p-9.json"}
                self.assertIn(self.ask(method, POINTER, None, user, **headers)[0], (401, 403, 404, 405), method)
        self.assertEqual(self.ask("GET", POINTER)[2], b"x")

    def test_nothing_is_listed_or_hidden_shown(self):
        self.put(POINTER[1:], b"x")
        (self.server.root / ".secret").write_text("x")
        (self.server.root / "media/.git").mkdir(parents=True)
        (self.server.root / "media/.git/config").write_text("x")
        for path in ("/", "/media/", "/channels/", "/channels/seoul/", "/players/"):
            self.assertIn(self.ask("GET", path)[0], (403, 404), path)
        for path in ("/.secret", "/media/.git/config", "/%2esecret", "/media/..%2f.secret", "/../etc/publishers.htpasswd",
                     "/%2e%2e/etc/publishers.htpasswd"):
            self.assertIn(self.ask("GET", path)[0], (400, 403, 404), path)

    def test_caches_are_told(self):
        data = bytes(1000)
        self.put(medium(data)[1:], data)
        self.put("channels/seoul/p-1.json", b"{}")
        self.put(POINTER[1:], b"x")
        for path in (medium(data), "/channels/seoul/p-1.json"):
            self.assertEqual(self.ask("GET", path)[1]["cache-control"], "public, max-age=31536000, immutable")
        self.assertEqual(self.ask("GET", POINTER)[1]["cache-control"], "no-cache")
        self.assertNotIn("cache-control", self.ask("GET", "/media/" + "0" * 64 + ".mp4")[1], "what is missing may come")
        tag = self.ask("GET", POINTER)[1]["etag"]
        status, _, body = self.ask("GET", POINTER, If_None_Match=tag)
        self.assertEqual((status, body), (304, b""))

    def test_media_in_parts(self):
        data = bytes(range(256)) * 100
        self.put(medium(data)[1:], data)
        tag = self.ask("HEAD", medium(data))[1]["etag"]
        status, headers, body = self.ask("GET", medium(data), Range="bytes=20000-", If_Range=tag)
        self.assertEqual((status, headers["content-range"], body), (206, f"bytes 20000-{len(data) - 1}/{len(data)}", data[20000:]))
        self.assertEqual(self.ask("GET", medium(data), Range="bytes=20000-", If_Range='"other"')[0], 200)

    def test_nothing_is_compressed(self):
        self.put("channels/seoul/p-1.json", b"{" + b" " * 50000 + b"}")
        headers = self.ask("GET", "/channels/seoul/p-1.json", Accept_Encoding="gzip, br")[1]
        self.assertNotIn("content-encoding", headers)
        self.assertEqual(headers["content-length"], "50002")

    def test_it_does_not_tell_its_version(self):
        for path in ("/", POINTER):
            _, headers, body = self.ask("GET", path)
            self.assertEqual(headers["server"], "nginx")
            self.assertNotIn(b"nginx/", body)
            self.assertEqual(headers["x-content-type-options"], "nosniff")

    def test_sizes_are_bounded(self):
        self.assertEqual(self.ask("PUT", POINTER, bytes(4097), "publisher")[0], 413)
        self.assertEqual(self.ask("PUT", "/channels/seoul/p-1.json", bytes(MIB + 1), "publisher")[0], 413)
        self.put("channels/seoul/p-1.json", bytes(MIB))
        self.assertEqual(self.ask("PUT", "/media/" + "0" * 64 + ".mp4", b"x", "publisher", Content_Length=str(5 << 30))[0], 413)
        data = os.urandom(20 * MIB)
        self.put(medium(data)[1:], data)
        self.assertEqual((self.server.root / medium(data)[1:]).read_bytes() == data, True)

    def test_old_tls_is_refused(self):
        context = ssl.create_default_context(cafile=str(self.ca))
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is the point
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", self.server.port)) as plain, self.assertRaisesRegex(ssl.SSLError,
                "(?i)protocol.version"):
            context.wrap_socket(plain, server_hostname="127.0.0.1")

    def test_half_an_upload_is_never_seen(self):
        path, old, new = "/channels/seoul/p-1.json", b"old", b"n" * 100000
        self.put(path[1:], old)
        context = ssl.create_default_context(cafile=str(self.ca))
        password = base64.b64encode(f"publisher:{self.server.PASSWORD}".encode()).decode()
        head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {password}\r\nContent-Length: {len(new)}\r\n\r\n"
        with context.wrap_socket(socket.create_connection(("127.0.0.1", self.server.port)), server_hostname="127.0.0.1") as connection:
            connection.sendall(head.encode() + new[:-1])
            wait_for(lambda: any(self.server.incoming.iterdir()), "the upload is under way")
            self.assertEqual(self.ask("GET", path)[2], old)
            connection.sendall(new[-1:])
            self.assertIn(b" 204 ", connection.recv(100))
        self.assertEqual(self.ask("GET", path)[2], new)

    def test_several_channels_and_places_on_one_server(self):
        data = b"x" * 100
        for place in ("signage", "a/b_c/d-e"):
            for path in (medium(data), POINTER, "/channels/seoul/p-7.json"):
                self.put(place + path, data)
                self.assertEqual(self.ask("GET", f"/{place}{path}")[2], data)

    def test_a_whole_fleet_behind_one_address_is_not_refused(self):
        self.put(POINTER[1:], b"x")
        context = ssl.create_default_context(cafile=str(self.ca))
        connection = http.client.HTTPSConnection("127.0.0.1", self.server.port, context=context, timeout=30)
        self.addCleanup(connection.close)
        statuses = set()
        for _ in range(1500):
            connection.request("GET", POINTER)
            answer = connection.getresponse()
            answer.read()
            statuses.add(answer.status)
        self.assertEqual(statuses, {200})


class Certificates(Served):
    """The other way to say who may write: client certificates, as the file's comments have it."""

    def make(self, name, unit, valid=("-days", "2"), ca="clients"):
        folder = self.folder / "clients"
        folder.mkdir(exist_ok=True)

        def openssl(*arguments):
            subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=folder, capture_output=True)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        if not (folder / f"{ca}.pem").exists():
            openssl("req", "-x509", *key, "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}", "-days", 2)
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/O=Duckling/OU={unit}/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-CAcreateserial", *valid,
                "-out", f"{name}.pem")
        return folder / f"{name}.pem", folder / f"{name}.key"

    def test_certificates_stand_in_for_passwords(self):
        publisher, player = self.make("desk", "publishers"), self.make("lobby", "players")
        boss = self.make("boss", "management")
        expired = self.make("old", "publishers", past_validity())
        stranger = self.make("stranger", "publishers", ca="strangers")
        self.serve(clients=self.folder / "clients/clients.pem")
        status = "/players/lobby/status.json"
        self.assertEqual(self.ask("PUT", POINTER, b"x", certificate=publisher)[0], 201)
        self.assertEqual(self.ask("PUT", status, b"{}", certificate=player)[0], 201)
        self.assertEqual([self.ask("PUT", POINTER, b"y", certificate=c)[0] for c in (player, boss, None)], [401] * 3)
        self.assertEqual(self.ask("PUT", status, b"{}", certificate=publisher)[0], 401)
        self.assertEqual([self.ask("PUT", POINTER, b"y", certificate=c)[0] for c in (expired, stranger)], [400] * 2)
        self.assertEqual(self.ask("PUT", POINTER, b"z", "publisher")[0], 204, "passwords go on working")
        self.assertEqual(self.ask("GET", POINTER)[0], 200, "nobody needs one to read")


class Screens(Served):
    """A real player."""

    def setUp(self):
        super().setUp()
        self.channel = channel.Channel(self.keys)
        self.pictures = {}
        for name, color in COLORS.items():
            png(self.folder / f"{name}.png", 64, 36, color)
            self.pictures[f"{name}.png"] = (self.folder / f"{name}.png").read_bytes()

    def version(self, version, name, takeover=False, days=1.0, fields=None):
        """Uploads a version that shows one color, as a publisher does: media, playlist, pointer."""
        media = {f"{name}.png": self.pictures[f"{name}.png"]}
        made, spots = {}, {name: {"image": f"{name}.png", "duration": 3600}}
        files = {f"{name}.png": channel.entry(f"{name}.png", media[f"{name}.png"], width=64, height=36)}
        if takeover:
            self.channel.takeover(made, version, name, media, days=days, fields=fields, spots=spots, files=files)
        else:
            self.channel.publish(made, version, name, media, fields=fields, spots=spots, files=files)
        for path, data in made.items():
            if hasattr(self, "server"):
                self.put(path, data)
            else:
                channel.put(self.folder / "stick", path, data)

    def play(self, source=None, *options):
        player = Player(self.folder, source or self.server.url("channels/seoul/", host="localhost"), "--key", str(self.keys.public),
                        "--state", str(self.folder / "state"), *(["--ca-file", str(self.ca)] if not source else []), *options)
        self.addCleanup(player.__exit__)
        return player

    def test_publish_switch_roll_back_restart(self):
        self.serve()
        self.version(1, "red")
        player = self.play()
        player.wait_shown("red")
        old = (self.server.root / POINTER[1:]).read_bytes()
        self.version(2, "green")
        player.wait_shown("green")
        frames = [f for f in player.frames() if f["to"]]
        fade = [float(f["mix"]) for f in frames if f["from"] == "red" and f["to"] == "green"]
        self.assertTrue(any(0 < m < 1 for m in fade), "a crossfade")
        self.put(POINTER[1:], old)
        player.wait_log('refusal=rollback')
        self.assertEqual(player.stop(), 0)
        player = self.play()
        player.wait_shown("green")
        player.wait_log('refusal=rollback')
        self.version(3, "blue")
        player.wait_shown("blue")
        self.assertEqual({f["to"] for f in player.frames()} - {""}, {"green", "blue"})
        self.assertEqual(player.stop(), 0)
        self.server.stop()
        player = self.play()
        player.wait_shown("blue")
        self.assertEqual(player.stop(), 0)

    def test_takeover_until_it_expires(self):
        self.serve()
        self.version(1, "red")
        player = self.play()
        player.wait_shown("red")
        self.version(1, "green", takeover=True, days=4 / 86400)
        player.wait_shown("green")
        shown = len(player.frames())
        player.wait_frame(lambda f: player.frames().index(f) >= shown and f["to"] == "red" and float(f["mix"]) >= 1, "red again")
        self.assertEqual(player.stop(), 0)

    def test_takeover_across_a_restart_without_a_network(self):
        self.serve()
        self.version(1, "red")
        player = self.play()
        player.wait_shown("red")
        self.version(1, "green", takeover=True)
        player.wait_shown("green")
        self.assertEqual(player.stop(), 0)
        self.server.stop()
        player = self.play()
        player.wait_shown("green")
        self.assertEqual({f["to"] for f in player.frames()} - {""}, {"green"})
        self.assertEqual(player.stop(), 0)

    def test_a_strangers_channel_shows_nothing(self):
        self.serve()
        self.channel = channel.Channel(channel.Keys(self.folder, "stranger"))
        self.version(1, "red")
        player = self.play()
        player.wait_log('refusal=unpinned_key')
        self.assertEqual({f["to"] for f in player.frames()} - {""}, set())
        self.channel = channel.Channel(self.keys)
        self.version(1, "green")
        player.wait_shown("green")
        self.assertEqual(player.stop(), 0)

    def test_a_damaged_picture_in_the_cache_is_fetched_again_and_never_shown(self):
        self.serve()
        self.version(1, "red")
        player = self.play()
        player.wait_shown("red")
        self.assertEqual(player.stop(), 0)
        stored = self.folder / "store/media" / channel.sha256(self.pictures["red.png"])
        stored.write_bytes(self.pictures["green.png"][:stored.stat().st_size].ljust(stored.stat().st_size, b"\0"))
        player = self.play()
        player.wait_log("damaged or missing")
        player.wait_shown("red")
        self.assertEqual(stored.read_bytes(), self.pictures["red.png"])
        self.assertEqual(player.stop(), 0)

    def test_a_folder(self):
        (self.folder / "stick").mkdir()
        self.version(1, "red")
        player = self.play(str(self.folder / "stick/channels/seoul"), "--poll", "60")
        player.wait_shown("red")
        self.version(2, "blue")
        player.wait_shown("blue")
        self.assertEqual(player.stop(), 0)


if __name__ == "__main__":
    tap.main()
