"""The rows of a signed channel: what a poll costs, how fast media go up, how soon a new playlist is on."""
import os
import socket
import statistics
import struct
import subprocess
import threading
import time
from pathlib import Path

import player
import servers
from channel import Channel, Keys

TOP = Path(__file__).resolve().parents[2]
POLL_S = 2


class Relay:
    """Counts the bytes of every connection to a port, both ways."""

    def __init__(self, port):
        self.bytes, self.lock, self.to = 0, threading.Lock(), port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self.listener.accept()
            far = socket.create_connection(("127.0.0.1", self.to))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._move, args=(one, other), daemon=True).start()

    def _move(self, one, other):
        while data := one.recv(65536):
            with self.lock:
                self.bytes += len(data)
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


class Server:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.chmod(0o755)
        self.ca, _, pairs = servers.make_certificates(self.folder / "tls")
        self.nginx = servers.ShippedNginx(self.folder / "nginx", pairs["good"]).start()
        self.keys = Keys(self.folder)
        self.channel = Channel(self.keys, "seoul")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.nginx.stop()

    def play(self, port=None, poll_s=POLL_S):
        url = f"https://127.0.0.1:{port or self.nginx.port}/channels/seoul/"
        return player.Player(self.folder, url, "--key", str(self.keys.public), "--ca-file", str(self.ca), "--poll", str(poll_s))


def pictures(folder, names):
    media = {}
    for i, name in enumerate(names):
        player.png(folder / name, 64, 36, (40 * i % 256, 90, 200))
        media[name] = (folder / name).read_bytes()
    return media, {name.split(".")[0]: {"image": name, "duration": 1, "transition": {"type": "cut"}} for name in names}


def poll_cost(server, row):
    media, spots = pictures(server.folder, ["a.png", "b.png"])
    for takeover, words in ((False, "no takeover there"), (True, "a takeover that is over there")):
        server.channel.publish(server.nginx.root, 1 + takeover, "one", media, spots=spots)
        if takeover:
            server.channel.takeover(server.nginx.root, 1, "over", media, days=0, spots=spots)
        relay = Relay(server.nginx.port)
        costs = []
        with server.play(relay.port, 0.2) as one:
            one.wait_shown("a")

            def polls():
                return sum(path.endswith("latest.minisig") for path, _, _ in server.nginx.requests())
            for _ in range(9):
                before, count = relay.bytes, polls()
                time.sleep(2)
                costs.append((relay.bytes - before) / max(1, polls() - count))
            one.stop()
        row(f"a poll when nothing changed, both questions, with TLS, {words}", f"{statistics.median(costs):.0f} bytes",
            f"worst {max(costs):.0f} bytes", "1,024 bytes")


def heavy_picture(path, size, seed):
    """A JPEG of so many bytes: comments are most of it."""
    jpeg = (TOP / "media/ducklings.jpg").read_bytes()
    comment = os.urandom(65533)
    with open(path, "wb") as file:
        file.write(jpeg[:2])
        file.write(b"\xff\xfe" + struct.pack(">HI", 6, seed))
        for _ in range((size - len(jpeg)) // 65537):
            file.write(b"\xff\xfe\xff\xff" + comment)
        file.write(jpeg[2:])


def publish_rate(server, row):
    count, size = 8, 125_000_000
    files = [server.folder / f"{i}.jpg" for i in range(count)]
    for i, path in enumerate(files):
        heavy_picture(path, size, i)
    total = sum(path.stat().st_size for path in files)
    player.playlist(server.folder / "p.json", {f"s{i}": {"image": path.name} for i, path in enumerate(files)})
    ours, curls = [], []
    for round in range(3):
        base = server.nginx.publish_url(f"r{round}/")
        start = time.monotonic()
        subprocess.run([player.DUCKLING, "publish", server.folder / "p.json", "--to", base, "--channel", "seoul", "--key",
                        server.keys.secret, "--ca-file", server.ca, "--log-level", "error"], check=True, stdout=subprocess.DEVNULL)
        ours.append(total / (time.monotonic() - start) / 1e6)
        start = time.monotonic()
        names = [f"{i:064x}" for i in range(count)]
        subprocess.run(["curl", "--fail", "--silent", "--show-error", "--cacert", server.ca, *[
            word for path, name in zip(files, names) for word in ("-T", path, f"{base}media/{name}")]], check=True)
        curls.append(total / (time.monotonic() - start) / 1e6)
    share = [100 * a / b for a, b in zip(ours, curls)]
    row(f"publish of {total / 1e9:.1f} GB of media to nginx: check, hash, sign, upload", f"{statistics.median(ours):.0f} MB/s",
        f"worst {min(ours):.0f} MB/s", "")
    row("upload of the same files by curl alone", f"{statistics.median(curls):.0f} MB/s", f"worst {min(curls):.0f} MB/s", "")
    row("publish against curl alone", f"{statistics.median(share):.0f} %", f"worst {min(share):.0f} %", "≥ 60 %")


def swap(server, row):
    media, _ = pictures(server.folder, ["a.png"])
    times = []

    def publish(version):
        spots = {f"v{version}": {"image": "a.png", "duration": 5}}
        server.channel.publish(server.nginx.root, version, f"v{version}", media, spots=spots)
        return time.monotonic_ns()
    publish(1)
    with server.play() as one:
        one.wait_shown("v1")
        for version in range(2, 13):
            # nginx tells files of one length apart by whole seconds; real pointers are further apart.
            time.sleep(1.1)
            start = publish(version)
            frame = one.wait_frame(lambda f: f["to"] == f"v{version}", f"version {version}")
            times.append((int(frame["present_ns"]) - start) / 1e9)
        one.stop()
    row(f"from the pointer's PUT to the first frame, media cached, poll {POLL_S} s (± 10 %)", f"{statistics.median(times):.2f} s",
        f"worst {max(times):.2f} s", f"{POLL_S + 0.5} s")
