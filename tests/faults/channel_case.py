"""What the tests of channels share: the probe on a channel, and a scene in which one attack after the other is withstood."""
import concurrent.futures
import contextlib
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

import feed_case
import logs
from feed_case import BUILD, STOP_MS, TOP, WAIT_S, Lines, bytes_of, content

sys.path.insert(0, str(TOP / "tests"))
import channel  # noqa: E402
import servers  # noqa: E402
from servers import wait_for  # noqa: E402

POINTER = "channels/seoul/latest.minisig"
TAKEOVER = "channels/seoul/takeover.minisig"
PORTAL = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>" + b"<p>Welcome to the hotel</p>\n" * 40 + b"</body></html>\n"
ONE = {"a.mp4": bytes_of("a", 5000)}            # the media of a version 1 and of a version 2
TWO = {**ONE, "b.mp4": bytes_of("b", 70000)}
PLAIN = Path(os.environ.get("TEST_PLAIN", TOP / "build"))  # without sanitizers
# For many short runs, and under strace, which keeps sanitizers from looking for leaks anyway.
QUICK = PLAIN if (PLAIN / "tests/faults/probe_channel").exists() else BUILD


def answer(code=200, body=b"", length=None, **headers):
    """An act of a server: always the same; `length` is what it tells of its length."""
    def act(server, connection, request):
        server.send_head(connection, request, code, Content_Length=len(body) if length is None else length, **headers)
        server.send_body(connection, request, body)
        return length is None
    return act


def reset_after(count):
    """`count` bytes of the answer's body (-1: not even a head), and then a TCP reset."""
    def act(server, connection, request):
        if count >= 0:
            servers.cut_after(count)(server, connection, request)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        return False
    return act


# What of an update may be held up: where it is on the server, and how the log begins to tell of it.
STAGES = {
    "pointer": (lambda scene: POINTER, "cannot fetch pointer kind=playlist source=.*"),
    "playlist": (lambda scene: scene.channel.path(f"p-{scene.next}.json"), "(cannot fetch playlist, retrying|playlist refused) kind=playlist version=.*"),
    "medium": (lambda scene: scene.fresh(scene.next), "cannot fetch media file, retrying path=\"b.*"),
}


class Edition:
    def __init__(self, lines):
        self.name = lines[0].split(" ", 1)[1]
        _, version, self.channel, kind = lines[1].split(" ")
        self.version, self.takeover = int(version), kind == "takeover"
        self.files = dict(line.split(" ", 2)[1:] for line in lines[2:])


class Probe(feed_case.Probe):
    """A feed on a channel in a process of its own. `sources` and `keys` are lists."""

    def __init__(self, store, state, sources, keys, wrap=(), build=BUILD, **options):
        environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        environment["RES_OPTIONS"] = "timeout:1 attempts:1"  # some hostile names are hosts, and there may be no name server
        arguments = [("store", store), ("state", state), *(("source", s) for s in sources), *(("key", k) for k in keys),
                     *options.items()]
        self.process = subprocess.Popen(
            [*wrap, str(build / "tests/faults/probe_channel"), *(f"{name}={value}" for name, value in arguments)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", env=environment)
        self.out, self.log = Lines(self.process.stdout), Lines(self.process.stderr, logs.readable)
        self.at = 0

    def _edition_from(self, pattern):
        start = self.out.wait(pattern, self.at)
        end = self.out.wait("^end$", start)
        self.at = end + 1
        return Edition(self.out.lines[start:end])

    def edition(self, name=None):
        """Waits for the next edition, or for the next of this name."""
        return self._edition_from(rf"^edition {re.escape(name)}$" if name else "^edition ")

    def marks(self):
        """{path: good, unchecked or damaged} of the last edition."""
        start = len(self.out.lines)
        self.process.stdin.write("marks\n")
        self.process.stdin.flush()
        end = self.out.wait("^end$", start)
        return dict(line.split(" ", 1)[1].rsplit(" ", 1) for line in self.out.lines[start:end] if line.startswith("mark "))

    def ended(self):
        """Waits until it has said its last word, by itself or killed; True when it had not been asked to stop."""
        self.process.wait(WAIT_S)
        with self.out.changed:
            self.out.changed.wait_for(lambda: self.out.ended, WAIT_S)
            return self.out.find("^stopped ") is None


class Case(unittest.TestCase):
    """A folder with keys, a channel "seoul", and a place for the player's store and state."""

    @classmethod
    def setUpClass(cls):
        cls.key_folder = Path(tempfile.mkdtemp(prefix="keys."))
        cls.keys = channel.Keys(cls.key_folder)
        cls.stranger = channel.Keys(cls.key_folder, "stranger")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.key_folder, ignore_errors=True)

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="channel."))
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.store, self.state = self.folder / "store", self.folder / "state"
        self.channel = channel.Channel(self.keys)

    def hostile(self, **options):
        server = servers.Hostile(**options)
        self.addCleanup(server.stop)
        return server

    def probe(self, *sources, keys=None, store=None, state=None, **options):
        probe = Probe(store or self.store, state or self.state, sources, keys or [self.keys.public], **options)
        self.addCleanup(probe.kill)
        return probe

    def stored_sizes(self):
        """{name: bytes} of the store's media. The player may be sweeping: what goes meanwhile is left out."""
        sizes = {}
        for path in (self.store / "media").iterdir():
            with contextlib.suppress(FileNotFoundError):
                sizes[path.name] = path.stat().st_size
        return sizes

    def stop(self, probe):
        self.assertLess(probe.stop(), STOP_MS)

    def assert_holds(self, edition, media):
        """All of an edition's media are there, with the right bytes."""
        self.assertEqual(set(edition.files), set(media))
        for path, data in media.items():
            self.assertNotEqual(edition.files[path], "missing", path)
            self.assertEqual(content(edition.files[path]) == data, True, f"the bytes of {path}")

    def assert_no_more(self, server, probe, editions, path=POINTER, times=3):
        """The player has asked again and again, and nothing came of it."""
        server.wait_asked(path, len(server.asked(path)) + times)
        self.assertEqual(probe.editions(), editions)


class Stored(Case):
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
        self.channel.publish(self.server.files, 2, "two", TWO)

    def quick(self, *wrap):
        return self.probe(self.base, build=QUICK, wrap=wrap)

    def sow(self):
        for path in (self.store, self.state):
            shutil.rmtree(path, ignore_errors=True)
            shutil.copytree(self.seed / path.name, path)

    def plays_whole(self, point, least="one"):
        """Without the server, then with it."""
        self.server.acts[POINTER] = [servers.status(503)]
        after = self.quick()
        edition = after.edition()
        self.assertIn(edition.name, ("one", "two"), point)
        if least == "two":
            self.assertEqual(edition.name, "two", f"{point}: what had been shown is lost")
        self.assert_holds(edition, TWO if edition.name == "two" else ONE)
        self.server.acts.clear()
        if edition.name == "one":
            self.assert_holds(after.edition("two"), TWO)
        self.stop(after)
        return edition.name


class Scene:
    """A server, a channel, and a player that follows it, through one attack after the other. After each a good version gets
    through, which shows that the player is well and lets the log tell of the same attack anew."""

    def __init__(self, keys, stranger, tls=None, **options):
        self.folder = Path(tempfile.mkdtemp(prefix="scene."))
        self.keys, self.stranger = keys, stranger
        self.channel = channel.Channel(keys)
        self.server = servers.Hostile(tls=tls)
        self.version = 0
        self.media = {"a.mp4": bytes_of("a", 5000)}
        self.probe = Probe(self.folder / "store", self.folder / "state", [self.server.url("channels/seoul/")], [keys.public], **options)
        self.good()

    def end(self):
        self.probe.kill()
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def next(self):
        return self.version + 1

    def publish(self, version, **more):
        """An honest version with a medium of its own. Returns its media."""
        self.channel.publish(self.server.files, version, f"version {version}", self.all_media(version), **more)
        return self.all_media(version)

    def all_media(self, version):
        return {**self.media, f"b{version}.mp4": bytes_of(f"b{version}", 6000)}

    def fresh(self, version):
        """The path, on the server, of the medium that only this version has."""
        return channel.medium_name(f"b{version}.mp4", bytes_of(f"b{version}", 6000))

    def put(self, pointer=None, **files):
        """A pointer, after the other files ({"p_2.json": ...})."""
        for name, data in files.items():
            self.server.files[self.channel.path(name.replace("_", "-", 1).replace("_", "."))] = data
        if pointer is not None:
            self.server.files[POINTER] = pointer

    def good(self, version=None):
        """Publishes a good version, and waits until the player has it."""
        version = version or self.next
        media = self.publish(version)
        self.server.acts.clear()
        self.arrived(version, media)

    def arrived(self, version, media):
        edition = self.probe.edition(f"version {version}")
        for path, data in media.items():
            if edition.files[path] == "missing" or content(edition.files[path]) != data:
                raise AssertionError(f"{path} of version {version} is not what was published: {edition.files[path]}")
        if (edition.version, edition.channel, edition.takeover) != (version, "seoul", False):
            raise AssertionError(f"another edition: {vars(edition)}")
        self.version = version


def withstand(scene, offence, words, go_on="next", times=3, path=POINTER):
    """The offence changes what the server says. Then the log names it, once; no edition comes; and a good one gets through: the
    version that the offence was made in the name of ("next"), one after it ("after", where that version was the owner's own and is
    used up), or the very one that was held up, once the server is honest again ("held up")."""
    mark, editions = len(scene.probe.log.lines), scene.probe.editions()
    try:
        offence(scene)
        scene.probe.log.wait(words, mark)
        scene.server.wait_asked(path, len(scene.server.asked(path)) + times)
        if scene.probe.editions() != editions:
            raise AssertionError("an edition came of it")
        told = [line for line in scene.probe.log.lines[mark:] if re.search(words, line)]
        if len(told) != 1:
            raise AssertionError(f"told {len(told)} times: {told}")
        if go_on == "held up":
            scene.server.acts.clear()
            scene.arrived(scene.next, scene.all_media(scene.next))
        else:
            scene.good(scene.next + (1 if go_on == "after" else 0))
    except AssertionError as trouble:
        raise AssertionError(f"{trouble}\nthe player's log:\n" + "\n".join(scene.probe.log.lines[mark:])) from None


class Attacks(unittest.TestCase):
    """Base of a table of attacks: ROWS, of (name, offence, words of the log, how to go on, ...) as `withstand` takes them. Rows are
    mostly waiting, so several scenes work through the table side by side; a row of the command line's is run alone."""
    SCENES = 4

    @classmethod
    def setUpClass(cls):
        cls.key_folder = Path(tempfile.mkdtemp(prefix="keys."))
        cls.keys = channel.Keys(cls.key_folder)
        cls.stranger = channel.Keys(cls.key_folder, "stranger")
        cls.scenes, cls.own, cls.results = [], threading.local(), None
        if len(sys.argv) == 1:
            cls.pool = concurrent.futures.ThreadPoolExecutor(cls.SCENES)
            cls.results = [cls.pool.submit(cls.withstand_row, row) for row in cls.ROWS]

    @classmethod
    def tearDownClass(cls):
        if cls.results:
            cls.pool.shutdown(cancel_futures=True)
        for scene in cls.scenes:
            scene.end()
        shutil.rmtree(cls.key_folder, ignore_errors=True)

    @classmethod
    def make_scene(cls):
        return Scene(cls.keys, cls.stranger)

    @classmethod
    def withstand_row(cls, row):
        scene = getattr(cls.own, "scene", None)
        if not scene:
            scene = cls.make_scene()
            cls.scenes.append(scene)
        cls.own.scene = None  # should this row fail, its scene is of no use for others
        withstand(scene, *row[1:])
        cls.own.scene = scene


def table(cls):
    """Makes each row of cls.ROWS a test, in this order."""
    for number, row in enumerate(cls.ROWS):
        def test(self, number=number):
            if self.results:
                self.results[number].result()
            else:
                self.withstand_row(self.ROWS[number])
        method = f"test_{number:03}_" + re.sub(r"\W+", "_", row[0]).strip("_")
        test.__name__, test.__doc__ = method, row[0]
        setattr(cls, method, test)
    return cls
