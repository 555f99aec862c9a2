"""A publisher of channels of its own, for tests: it shares no code with the program's. The real minisign signs.

    keys = Keys(folder)
    seoul = Channel(keys, "seoul")
    seoul.publish(server.files, 1, "one", {"a.mp4": b"..."})      into a server's dict, or a folder's Path

Whatever is wrong on purpose is made from the same pieces: `compiled` (a playlist), `comment` (what a pointer says), `Keys.sign`."""
import base64
import datetime
import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group of Ed25519


class Keys:
    """A pair of minisign's, without a password."""

    def __init__(self, folder, name="operator"):
        self.folder = Path(folder)
        self.public, self.secret = self.folder / f"{name}.pub", self.folder / f"{name}.key"
        _minisign("-G", "-W", "-f", "-p", self.public, "-s", self.secret)

    def sign(self, data, comment, legacy=False, untrusted="x"):
        """A signature file over these bytes, as bytes; the comment is any text, as bytes or str."""
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            file, signature = Path(temporary) / "file", Path(temporary) / "signature"
            file.write_bytes(data)
            _minisign("-S", *(["-l"] if legacy else []), "-s", self.secret, "-m", file, "-x", signature, "-t", comment, "-c", untrusted)
            return signature.read_bytes()

    def line(self):
        """The public key's base64 line."""
        return self.public.read_text().splitlines()[1]


def _minisign(*arguments):
    done = subprocess.run(["minisign", *(a if isinstance(a, bytes) else str(a) for a in arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True)
    if done.returncode:
        raise AssertionError(f"minisign: {done.stderr.decode(errors='replace')}")


def verifies(keys, data, signature):
    """Whether the real minisign accepts it."""
    with tempfile.TemporaryDirectory(dir=keys.folder) as temporary:
        file, minisig = Path(temporary) / "file", Path(temporary) / "signature"
        file.write_bytes(data)
        minisig.write_bytes(signature)
        return subprocess.run(["minisign", "-V", "-H", "-q", "-p", str(keys.public), "-m", str(file), "-x", str(minisig)],
                              capture_output=True).returncode == 0


def instant(days=0.0, seconds=0):
    """RFC 3339, so long from now."""
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days, seconds=seconds)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def medium_name(path, data):
    return f"media/{sha256(data)}{Path(path).suffix}"


def entry(path, data, up="../../", **more):
    """What a compiled playlist says of a file."""
    return {"sha256": sha256(data), "bytes": len(data), "url": up + medium_name(path, data), **more}


def comment(channel, version, data, /, **fields):
    """What a pointer says. A field of None is left out; others are added, or replace."""
    kind = fields.pop("kind", "p")
    said = version if fields.get("version") is None else fields["version"]
    all_fields = {"channel": channel, "version": version, "file": f"{kind}-{said}.json", "bytes": len(data), "signed": instant(),
                  "expires": instant(days=30), **fields}
    return " ".join(f"{name}={value}" for name, value in all_fields.items() if value is not None)


class Channel:
    def __init__(self, keys, name="seoul"):
        self.keys, self.name = keys, name

    def path(self, file):
        return f"channels/{self.name}/{file}"

    def compiled(self, version, name, media, /, files=None, **more):
        """The bytes of a compiled playlist that shows these media ({path: bytes}), as films: any bytes will do. `files` are added
        to what the playlist says of its files, or replace it; members of None are left out."""
        spots = {f"s{i}": {"video": path} for i, path in enumerate(media)} or {"s": {"tagline": "Small."}}
        entries = {**{path: entry(path, data) for path, data in media.items()}, **(files or {})}
        whole = {"format": "duckling/1", "version": version, "channel": self.name, "name": name, "spots": spots, "files": entries, **more}
        return json.dumps({k: v for k, v in whole.items() if v is not None}, ensure_ascii=False, separators=(",", ":")).encode()

    def pointer(self, version, data, /, keys=None, legacy=False, **fields):
        """A signature file over these bytes; `fields` make the comment say something else."""
        return (keys or self.keys).sign(data, comment(self.name, version, data, **fields), legacy)

    def publish(self, target, version, name, media, /, playlist=None, fields=None, **more):
        """Media, then playlist, then, last, the pointer. Returns the playlist's bytes."""
        data = playlist or self.compiled(version, name, media, **more)
        for path, content in media.items():
            put(target, medium_name(path, content), content)
        put(target, self.path(f"p-{version}.json"), data)
        put(target, self.path("latest.minisig"), self.pointer(version, data, **(fields or {})))
        return data

    def takeover(self, target, version, name, media, /, days=1.0, playlist=None, fields=None, **more):
        """The same for a takeover that expires after so many days."""
        data = playlist or self.compiled(version, name, media, **more)
        for path, content in media.items():
            put(target, medium_name(path, content), content)
        put(target, self.path(f"t-{version}.json"), data)
        put(target, self.path("takeover.minisig"),
            self.pointer(version, data, **{"kind": "t", "expires": instant(days=days), **(fields or {})}))
        return data


def put(target, name, data):
    """Into a server's dict, or durably and at once into a folder."""
    if isinstance(target, dict):
        target[name] = data
        return
    path = Path(target) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name("." + path.name + ".new")
    new.write_bytes(data)
    os.rename(new, path)


def flip(data, at, bit):
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


class Signature:
    """A signature file taken apart, to be put together otherwise."""

    def __init__(self, data):
        lines = data.decode("latin-1").split("\n")
        self.untrusted, self.trusted = lines[0], lines[2]
        self.blob, self.seal = base64.b64decode(lines[1]), base64.b64decode(lines[3])

    def data(self, end=b"\n", blob=None, seal=None, untrusted=None, trusted=None):
        lines = [untrusted or self.untrusted.encode("latin-1"), base64.b64encode(blob if blob is not None else self.blob),
                 trusted or self.trusted.encode("latin-1"), base64.b64encode(seal if seal is not None else self.seal)]
        return b"".join(line + end for line in lines)

    def malleable(self):
        """The same seal with its scalar one order of the group further: the same to a careless verifier."""
        scalar = int.from_bytes(self.seal[32:], "little") + ORDER
        return self.data(seal=self.seal[:32] + scalar.to_bytes(32, "little"))
