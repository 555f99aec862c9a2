"""Publishing in tests: keys and signatures by minisign itself, a folder to publish to, and a server whose uploads can be watched,
refused and answered for."""
import contextlib
import hashlib
import http.server
import json
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

import player
from player import WAIT_S

MINISIGN = shutil.which("minisign")


def minisign(*arguments, answers=""):
    return subprocess.run([MINISIGN, *map(str, arguments)], input=answers, text=True, check=True, capture_output=True, timeout=WAIT_S)


def make_key(folder, name="operator", password=None):
    """A pair of keys; returns the secret one's path."""
    secret, public = Path(folder) / f"{name}.key", Path(folder) / f"{name}.pub"
    if password is None:
        minisign("-G", "-W", "-s", secret, "-p", public)
    else:
        minisign("-G", "-s", secret, "-p", public, answers=f"{password}\n{password}\n")
    return secret


def rfc3339(seconds_from_now=0):
    return datetime.fromtimestamp(time.time() + seconds_from_now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def fields(words):
    """{name: value} of name=value words; a value may be "in quotes"."""
    return {name: value.strip('"') for name, value in re.findall(r'(\S+)=("[^"]*"|\S+)', words)}


def medium(path):
    data = Path(path).read_bytes()
    return f"media/{hashlib.sha256(data).hexdigest()}{Path(path).suffix}", data


class Channel:
    """A channel in a folder, looked at as a stranger would: with minisign and nothing of ours."""

    def __init__(self, base, name, public):
        self.base, self.name, self.public = Path(base), name, public
        self.folder = self.base / "channels" / name

    def pointer(self, kind="latest"):
        """The verified fields of a pointer, and the playlist that it signs."""
        seal = self.folder / f"{kind}.minisig"
        comment = re.search(r"^trusted comment: (.*)$", seal.read_text(), re.M)[1]
        found = fields(comment)
        done = minisign("-V", "-m", self.folder / found["file"], "-x", seal, "-p", self.public, "-Q")
        assert done.stdout == comment + "\n", done.stdout
        data = (self.folder / found["file"]).read_bytes()
        assert len(data) == int(found["bytes"]) and found["channel"] == self.name
        assert (self.folder / (found["file"] + ".minisig")).read_bytes() == seal.read_bytes()
        return found, json.loads(data)

    def sign(self, secret, kind="latest", data=None, legacy=False, **other):
        """Puts a pointer there by hand; `other` replaces fields of its comment."""
        words = {"channel": self.name, "version": "1", "signed": rfc3339(), "expires": rfc3339(86400), **other}
        letter = "t" if kind == "takeover" else "p"
        words = {"file": f"{letter}-{words['version']}.json", **words}
        data = data if data is not None else b"{}"
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / words["file"]
        path.write_bytes(data)
        order = ("channel", "version", "file", "bytes", "signed", "expires")
        words = {"bytes": str(len(data)), **words}
        minisign("-S", *(["-l"] if legacy else []), "-s", secret, "-m", path, "-x", self.folder / f"{kind}.minisig", "-t",
                 " ".join(f"{name}={words[name]}" for name in order))

    def files(self):
        """{path: bytes} of all that is below the base."""
        return {str(p.relative_to(self.base)): p.read_bytes() for p in sorted(self.base.rglob("*")) if p.is_file()}


class Publishing(unittest.TestCase):
    """A folder with a key, a playlist of two pictures and a text, and a base to publish to."""
    command = "publish"
    by_time = False

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.key = make_key(self.folder)
        self.base = self.folder / "srv"
        self.channel = Channel(self.base, "seoul", self.folder / "operator.pub")
        # Where private folders are made: nothing may stay there.
        self.private = self.folder / "private"
        self.private.mkdir()
        player.png(self.folder / "a.png", 64, 36, (200, 30, 30))
        player.png(self.folder / "b.png", 36, 64, (30, 200, 30))
        self.playlist = self.write({"a": {"image": "a.png"}, "b": {"image": "b.png"}, "words": {"tagline": "Small acts"}})

    def write(self, spots, **more):
        path = self.folder / "p.json"
        player.playlist(path, spots, **more)
        return path

    def tearDown(self):
        self.assertEqual(list(self.private.iterdir()), [], "a private folder was left")

    def arguments(self, *arguments, to=None, key=None, channel="seoul"):
        """A new channel's versions count from 1, so that tests can name them; publishing by itself begins with the time."""
        first = [] if "--after" in arguments or self.by_time else ["--after", "0"]
        return [self.command, *map(str, arguments), "--to", str(to or self.base), "--channel", channel, "--key", str(key or self.key),
                "--decode-timeout", "60", *first]

    def run_it(self, *arguments, status=0, path=None, env=None, **where):
        env = {"TMPDIR": str(self.private), **({"PATH": path} if path else {}), **(env or {})}
        done = player.run(*self.arguments(*arguments, **where), **env)
        self.assertNotRegex(done.stderr, "Sanitizer|runtime error")
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def put(self, *arguments, **where):
        """Runs the command, which must succeed; the fields of its one line."""
        done = self.run_it(*(arguments or (self.playlist,)), **where)
        self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
        return fields(done.stdout)

    def refuse(self, words, *arguments, status=1, **where):
        """Runs the command, which must fail with these words and leave the base as it is."""
        before = self.channel.files()
        done = self.run_it(*(arguments or (self.playlist,)), status=status, **where)
        self.assertEqual(done.stdout, "")
        self.assertIn(words, done.stderr)
        self.assertEqual(self.channel.files(), before)
        return done.stderr

    def wrapped_minisign(self, before, after=""):
        """A PATH on which minisign does something of the test's (shell) around the real one."""
        place = self.folder / "bin"
        place.mkdir(exist_ok=True)
        program = place / "minisign"
        program.write_text(f"#!/bin/sh\n{before}\n{shlex.quote(MINISIGN)} \"$@\" || exit\n{after}\n")
        program.chmod(0o755)
        return f"{place}:{os.environ['PATH']}"

    def at_terminal(self, *arguments, answers=(), **where):
        """Runs the command on a terminal, its standard output apart, and answers each prompt for a password. Returns exit status,
        what the terminal showed, standard output."""
        output = self.folder / "stdout"
        child, terminal = pty.fork()
        if child == 0:
            with contextlib.suppress(Exception):
                fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
                os.dup2(fd, 1)
                environment = player.environment(TMPDIR=str(self.private))
                os.execve(player.DUCKLING, [str(player.DUCKLING), *self.arguments(*arguments, **where)], environment)
            os._exit(99)
        shown, answers, seen = "", list(answers), 0
        while True:
            ready = select.select([terminal], [], [], WAIT_S)[0]
            try:
                piece = os.read(terminal, 65536) if ready else b""
            except OSError:  # Linux's end of a pty
                piece = b""
            if not piece:
                break
            shown += piece.decode("utf-8", "replace")
            while answers and shown.count("Password: ") > seen:
                seen += 1
                os.write(terminal, answers.pop(0).encode() + b"\n")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        return os.waitstatus_to_exitcode(status), shown, output.read_text()


class Shelf:
    """A server that keeps what is put there. `puts` are the names in the order in which they were confirmed. `refuse` is the ending
    of names that get a 403; `ahead_s` is how far its clock is ahead; `hooks[ending]` and `hooks_after[ending]` are called once, before and after such a name is kept."""

    def __init__(self):
        self.files, self.puts, self.refuse = {}, [], None
        self.asked = 0   # HEADs
        self.any = False  # whatever they ask for is there
        self.ahead_s, self.age_s = 0, None
        self.hooks, self.hooks_after = {}, {}
        self.lock = threading.Lock()
        shelf = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + shelf.ahead_s)

            def answer(self, status, body=b"", length=None):
                self.send_response(status)
                if shelf.age_s is not None:
                    self.send_header("Age", str(shelf.age_s))
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)

            def name(self):
                return self.path.removeprefix("/signage/")

            def call(self, hooks):
                for ending in list(hooks):
                    if self.name().endswith(ending):
                        hooks.pop(ending)(shelf)

            def do_GET(self):
                with shelf.lock:
                    body = shelf.files.get(self.name())
                self.answer(404 if body is None else 200, body or b"")

            def do_HEAD(self):
                with shelf.lock:
                    shelf.asked += 1
                    body = shelf.files.get(self.name(), b"<html></html>" if shelf.any else None)
                self.answer(404 if body is None else 200, length=len(body or b""))

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with shelf.lock:
                    if shelf.refuse and self.name().endswith(shelf.refuse):
                        return self.answer(403)
                    self.call(shelf.hooks)
                    shelf.files[self.name()] = body
                    shelf.puts.append(self.name())
                    self.call(shelf.hooks_after)
                return self.answer(201)

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/signage"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def save(self, base):
        """What is on the shelf, as files below a folder."""
        for name, body in self.files.items():
            path = Path(base) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.server.shutdown()
        self.server.server_close()
