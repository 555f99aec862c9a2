#!/usr/bin/env python3
"""Where an unsigned playlist's media may be: relative to where it was redirected, and at no address that a stranger can't reach."""
import base64
import hashlib
import os
import subprocess
import sys
import unittest

from feed_case import Case, bytes_of, content, playlist, servers
import tap

INSIDE = "FEED_ADDRESSES_INSIDE"
PUBLIC, OTHER_PUBLIC, PRIVATE, OTHER_PRIVATE = "203.0.113.5", "203.0.113.6", "10.1.2.3", "192.168.7.7"
METADATA, LOCAL6, LINK6 = "169.254.169.254", "fd00::5", "::1"


def elsewhere(name, urls, here=()):
    """A compiled playlist whose files are at these addresses; those of `here` are beside it."""
    files = {path: {"sha256": hashlib.sha256(bytes_of(path, 500)).hexdigest(), "bytes": 500} for path in (*urls, *here)}
    for path, url in urls.items():
        files[path]["url"] = url
    return playlist(name, *files, files=files, version=1, channel="c")


class Redirected(Case):
    """To another folder of one server: to another port of this machine no redirect is followed. Other servers: Networks."""

    def test_media_are_relative_to_where_it_led(self):
        server = self.hostile()
        server.acts = {"a/p.json": [servers.redirect("/b/c/p.json?token=hush")]}
        server.files = {"b/c/p.json?token=hush": playlist("one", "m/x.bin", "../y.bin"), "b/c/m/x.bin": b"x", "b/y.bin": b"y"}
        probe = self.probe(server.url("a/p.json"))
        files = probe.edition("one")
        self.assertEqual((content(files["m/x.bin"]), content(files["../y.bin"])), (b"x", b"y"))
        self.stop(probe)
        # After a restart, too, for what is missing.
        (self.store / "media" / hashlib.sha256(b"y").hexdigest()).unlink()
        probe = self.probe(server.url("a/p.json"))
        files = probe.edition("one")
        while "missing" in files.values():
            files = probe.edition("one")
        self.stop(probe)
        self.assertEqual({r.path.split("?")[0] for r in server.requests},
                         {"/a/p.json", "/b/c/p.json", "/b/c/m/x.bin", "/b/y.bin"})

    def test_another_redirect_while_it_plays(self):
        server = self.hostile()
        server.files = {"v1/p.json": playlist("one", "x.bin"), "v1/x.bin": b"x", "v2/p.json": playlist("two", "x.bin"),
                        "v2/x.bin": b"y"}
        server.acts = {"p.json": [servers.redirect("v1/p.json")]}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        server.acts = {"p.json": [servers.redirect("v2/p.json")]}
        self.assertEqual(content(probe.edition("two")["x.bin"]), b"y")
        self.stop(probe)

    def test_what_is_refused_moves_nothing(self):
        """A sign-in page for a while: media of the playlist in force, and of one that is on its way, are where they were."""
        server = self.hostile()
        server.files = {"v1/p.json": playlist("one", "x.bin", "y.bin"), "v1/x.bin": b"x", "login/page": b"<html>Sign in.</html>"}
        server.acts = {"p.json": [servers.redirect("v1/p.json")]}
        probe = self.probe(server.url("p.json"))
        probe.edition("one")
        server.acts = {"p.json": [servers.redirect("login/page")]}
        probe.log.wait("playlist refused")
        server.wait_asked("login/page", 3)
        server.wait_asked("v1/y.bin", len(server.asked("v1/y.bin")) + 2)
        self.assertEqual(server.asked("login/y.bin"), [])
        server.files["v1/y.bin"] = b"y"
        self.assertEqual(content(probe.edition("one")["y.bin"]), b"y")
        self.stop(probe)

    def test_the_password_goes_along(self):
        server = self.hostile()
        server.acts = {"p.json": [servers.redirect("/d/p.json")]}
        server.files = {"d/p.json": playlist("one", "x.bin"), "d/x.bin": b"x"}
        probe = self.probe(server.url("p.json", credentials="user:secret@"))
        probe.edition("one")
        self.stop(probe)
        expected = "Basic " + base64.b64encode(b"user:secret").decode()
        self.assertEqual(server.asked("d/x.bin")[0].headers.get("authorization"), expected)
        self.assertNotIn("secret", "\n".join(probe.log.lines))


class ThisMachine(Case):
    """A playlist on 127.0.0.1 may name its own server, by whatever address, and no other service of the machine."""

    def test_no_other_port_in_any_notation(self):
        server, service = self.hostile(), self.hostile()
        for i, path in enumerate(("secret", "admin")):
            service.files[path] = bytes_of(path, 500)
        hosts = ("127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0.0.0.0", "0", "[::ffff:127.0.0.1]",
                 "user@127.0.0.1")
        urls = {f"m{i}.bin": f"http://{host}:{service.port}/secret" for i, host in enumerate(hosts)}
        urls["redirected.bin"] = server.url("away")
        urls["own.bin"] = server.url("own")
        server.files = {"p.json": elsewhere("one", urls), "own": bytes_of("own.bin", 500)}
        server.acts = {"away": [servers.redirect(service.url("admin"))]}
        probe = self.probe(server.url("p.json"))
        files = probe.edition("one")
        self.assertEqual({p for p, f in files.items() if f != "missing"}, {"own.bin"})
        self.stop(probe)
        self.assertEqual(service.requests, [])
        self.assertEqual(probe.log.count("cannot fetch media file.*m0.bin.*this machine or into a private network"), 1)
        self.assertEqual(probe.log.count("without them files=11"), 1)
        self.assertEqual(probe.log.count("damaged or missing"), 0)


class Networks(Case):
    """In a network namespace of its own, where the addresses of the world can be had."""

    @classmethod
    def setUpClass(cls):
        if not os.environ.get(INSIDE):
            raise unittest.SkipTest("runs inside the test of namespaces")

    def server(self, address):
        return self.hostile(address=address)

    def reached(self, origin, *addresses):
        """Which of the addresses a playlist of this origin may name."""
        server, others = self.server(origin), {a: self.server(a) for a in addresses}
        urls = {f"{i}.bin": other.url("m") for i, other in enumerate(others.values())}
        server.files = {"p.json": elsewhere("one", urls, here=("own.bin",)), "own.bin": bytes_of("own.bin", 500)}
        for i, other in enumerate(others.values()):
            other.files = {"m": bytes_of(f"{i}.bin", 500)}
        probe = self.probe(server.url("p.json"), store=self.folder / origin.replace(":", "_"))
        files = probe.edition("one")
        self.stop(probe)
        self.assertNotEqual(files["own.bin"], "missing")
        for i, other in enumerate(others.values()):
            self.assertEqual(bool(other.requests), files[f"{i}.bin"] != "missing")
        return {a for i, a in enumerate(addresses) if files[f"{i}.bin"] != "missing"}

    ALL = (PUBLIC, OTHER_PUBLIC, PRIVATE, OTHER_PRIVATE, LOCAL6, METADATA, "127.0.0.1", LINK6)

    def test_from_the_world(self):
        self.assertEqual(self.reached(PUBLIC, *self.ALL), {PUBLIC, OTHER_PUBLIC})

    def test_from_a_private_network(self):
        self.assertEqual(self.reached(PRIVATE, *self.ALL), {PUBLIC, OTHER_PUBLIC, PRIVATE, OTHER_PRIVATE, LOCAL6})

    def test_from_this_machine(self):
        self.assertEqual(self.reached("127.0.0.1", *self.ALL), {PUBLIC, OTHER_PUBLIC, PRIVATE, OTHER_PRIVATE, LOCAL6})


    def test_a_page_of_a_private_network_opens_none(self):
        """Whoever answers with a sign-in page from inside does not make the playlist in force one from inside."""
        world, portal, inside = self.server(PUBLIC), self.server(PRIVATE), self.server(OTHER_PRIVATE)
        inside.files = {"m": bytes_of("x.bin", 500)}
        world.files = {"p.json": elsewhere("one", {"x.bin": inside.url("m")}, here=("own.bin",)), "own.bin": bytes_of("own.bin", 500)}
        portal.files = {"page": b"<html>Sign in.</html>"}
        probe = self.probe(world.url("p.json"))
        self.assertEqual(probe.edition("one")["x.bin"], "missing")
        world.acts = {"p.json": [servers.redirect(portal.url("page"))]}
        portal.wait_asked("page", 20)
        world.acts = {}
        world.wait_asked("p.json", len(world.asked("p.json")) + 20)
        self.stop(probe)
        self.assertEqual(inside.requests, [])

    def test_a_redirected_playlist_and_no_password_for_the_other_server(self):
        old, new = self.server(PUBLIC), self.server(OTHER_PUBLIC)
        old.acts = {"a/p.json": [servers.redirect(new.url("b/p.json"))]}
        new.files = {"b/p.json": playlist("one", "x.bin"), "b/x.bin": b"x"}
        probe = self.probe(old.url("a/p.json", credentials="user:secret@"))
        self.assertEqual(content(probe.edition("one")["x.bin"]), b"x")
        self.stop(probe)
        self.assertEqual({r.path for r in old.requests}, {"/a/p.json"})
        self.assertEqual({r.headers.get("authorization") for r in new.requests}, {None})


class Namespace(unittest.TestCase):
    def test_networks(self):
        if os.environ.get(INSIDE):
            self.skipTest("this is inside")
        if subprocess.run(["unshare", "-rn", "ip", "link", "set", "lo", "up"], capture_output=True).returncode != 0:
            self.skipTest("no network namespace can be made here")
        addresses = " && ".join(f"ip addr add {a}/{128 if ':' in a else 32} dev lo{' nodad' if ':' in a else ''}"
                                for a in (PUBLIC, OTHER_PUBLIC, PRIVATE, OTHER_PRIVATE, METADATA, LOCAL6))
        done = subprocess.run(["unshare", "-rn", "sh", "-c", f"ip link set lo up && {addresses} && exec \"$@\"", "sh", sys.executable,
                               __file__, "Networks"], env={**os.environ, INSIDE: "1"}, text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stdout.count("\nok ") + done.stdout.startswith("ok "), 5, done.stdout + done.stderr)


if __name__ == "__main__":
    tap.main()
