#!/usr/bin/env python3
"""Attacks on a channel's pointers and playlists. In each the picture goes on, the log names the attack, and the player is none the
worse: a good version gets through afterwards."""
import base64

from channel_case import PORTAL, POINTER, Attacks, Case, Scene, bytes_of, channel, servers, table
import tap


def forged(make):
    """An offence: the pointer to an honest next version is replaced by make(scene, its Signature, its playlist)."""
    def offence(scene):
        data = scene.channel.compiled(scene.next, "evil", {})
        good = scene.channel.pointer(scene.next, data)
        scene.put(make(scene, channel.Signature(good), data), **{f"p_{scene.next}_json": data})
    return offence


def lines(change):
    """The same from its lines: change(list of lines) gives bytes or other lines."""
    def make(_scene, signature, _data):
        made = change(signature.data().split(b"\n")[:-1])
        return made if isinstance(made, bytes) else b"\n".join(made) + b"\n"
    return forged(make)


def says(**fields):
    """An offence: a pointer by the operator's own key that says something else."""
    return forged(lambda scene, signature, data: scene.channel.pointer(scene.next, data, **fields))


def comments(change):
    """The same for the whole comment: change(text) gives text or bytes."""
    def make(scene, _signature, data):
        return scene.keys.sign(data, change(channel.comment("seoul", scene.next, data)))
    return forged(make)


def refused(name):
    return f"pointer refused kind=\\w+ refusal={name} "


NO, MALFORMED, BAD = refused("no_signature"), refused("malformed_signature"), refused("bad_signature")
COMMENT = refused("malformed_pointer")


def url_letters(line):
    """Of base64's other alphabet; where the line has none of the letters that differ, one is put in."""
    changed = line.replace(b"+", b"-").replace(b"/", b"_")
    return changed if changed != line else line[:20] + b"-" + line[21:]


def loose_bits(line):
    """The same bytes, written with bits in the last letter that no byte needs."""
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    at = len(line.rstrip(b"=")) - 1
    other = line[:at] + letters[letters.index(line[at:at + 1]) + 1:][:1] + line[at + 1:]
    assert base64.b64decode(other) == base64.b64decode(line)
    return other


def older_signature(_scene, signature, data):
    """The operator's own line 2 of another file under this comment."""
    other = channel.Signature(_scene.keys.sign(b"other", "other"))
    return signature.data(blob=other.blob)


def as_prehashed(scene, _signature, data):
    """An old signature that claims to be a new one. Its seal is right: only the file shows it."""
    old = channel.Signature(scene.keys.sign(data, channel.comment("seoul", scene.next, data), legacy=True))
    return old.data(blob=b"ED" + old.blob[2:])


def by_stranger(scene, _signature, data):
    return scene.channel.pointer(scene.next, data, keys=scene.stranger)


def by_stranger_in_disguise(scene, signature, data):
    """The stranger's signature under the key number of the operator."""
    other = channel.Signature(by_stranger(scene, signature, data))
    return other.data(blob=other.blob[:2] + signature.blob[2:10] + other.blob[10:])


def rename(old, new):
    return lambda text: text.replace(old, new)


@table
class Signatures(Attacks):
    """None, old, malformed and false ones."""
    ROWS = [
        ("an empty file", lines(lambda l: b""), "cannot fetch pointer kind=playlist .*empty|" + NO),
        ("one line end", lines(lambda l: b"\n"), f"{NO}|{MALFORMED}"),
        ("a sign-in page", lines(lambda l: PORTAL), f"{NO}|{MALFORMED}"),
        ("noise", lines(lambda l: bytes_of("noise", 333)), f"{NO}|{MALFORMED}"),
        ("a playlist in its place", forged(lambda s, g, data: data), f"{NO}|{MALFORMED}"),
        ("a public key in its place", forged(lambda s, g, d: s.keys.public.read_bytes()), f"{NO}|{MALFORMED}"),
        ("a secret key in its place", forged(lambda s, g, d: s.keys.secret.read_bytes()), f"{NO}|{MALFORMED}"),
        ("too large", lines(lambda l: b"\n".join(l) + b"\n" + b"x" * 4096), "too large|larger than"),
        ("a legacy signature", forged(lambda s, g, data: s.channel.pointer(s.next, data, legacy=True)), refused("legacy_signature")),
        ("a prehashed one called legacy", forged(lambda s, g, d: g.data(blob=b"Ed" + g.blob[2:])), refused("legacy_signature")),
        ("the first line only", lines(lambda l: l[:1]), f"{NO}|{MALFORMED}"),
        ("two lines, as signify writes them", lines(lambda l: l[:2]), f"{NO}|{MALFORMED}"),
        ("three lines", lines(lambda l: l[:3]), MALFORMED),
        ("five lines", lines(lambda l: l + [b"more"]), MALFORMED),
        ("an empty line at the end", lines(lambda l: l + [b""]), MALFORMED),
        ("an empty line at the beginning", lines(lambda l: [b""] + l), f"{NO}|{MALFORMED}"),
        ("a byte order mark", lines(lambda l: [b"\xef\xbb\xbf" + l[0]] + l[1:]), f"{NO}|{MALFORMED}"),
        ("lines in another order", lines(lambda l: l[2:] + l[:2]), f"{NO}|{MALFORMED}"),
        ("lines that end in CR", lines(lambda l: b"\r".join(l) + b"\r"), f"{NO}|{MALFORMED}"),
        ("a zero byte at the end", lines(lambda l: b"\n".join(l) + b"\n\0"), MALFORMED),
        ("a zero byte in the comment", lines(lambda l: l[:2] + [l[2][:40] + b"\0" + l[2][40:]] + l[3:]), MALFORMED),
        ("everything after a zero byte", lines(lambda l: b"\0" + b"\n".join(l) + b"\n"), f"{NO}|{MALFORMED}"),
        ("no words before the comment", lines(lambda l: l[:2] + [l[2].partition(b": ")[2]] + l[3:]), MALFORMED),
        ("other words before the comment", lines(lambda l: l[:2] + [b"T" + l[2][1:]] + l[3:]), MALFORMED),
        ("spaces in the base64", lines(lambda l: [l[0], l[1][:50] + b" " + l[1][50:]] + l[2:]), MALFORMED),
        ("spaces after the base64", lines(lambda l: [l[0], l[1] + b" "] + l[2:]), MALFORMED),
        ("base64 for URLs", lines(lambda l: [l[0], url_letters(l[1])] + l[2:]), MALFORMED),
        ("base64 without padding", lines(lambda l: [l[0], l[1].rstrip(b"=")] + l[2:]), MALFORMED),
        ("base64 with loose bits", lines(lambda l: [l[0], loose_bits(l[1])] + l[2:]), MALFORMED),
        ("loose bits in the seal", lines(lambda l: l[:3] + [loose_bits(l[3])]), MALFORMED),
        ("a signature one byte short", forged(lambda s, g, d: g.data(blob=g.blob[:-1])), MALFORMED),
        ("a signature one byte long", forged(lambda s, g, d: g.data(blob=g.blob + b"\0")), MALFORMED),
        ("a seal one byte short", forged(lambda s, g, d: g.data(seal=g.seal[:-1])), MALFORMED),
        ("a seal one byte long", forged(lambda s, g, d: g.data(seal=g.seal + b"\0")), MALFORMED),
        ("no seal", lines(lambda l: l[:3] + [b""]), MALFORMED),
        ("another algorithm", forged(lambda s, g, d: g.data(blob=b"XX" + g.blob[2:])), MALFORMED),
        ("the seal of another file", forged(lambda s, g, d: g.data(seal=channel.Signature(s.keys.sign(b"other", "other")).seal)), BAD),
        ("the signature of another file", forged(older_signature), BAD),
        ("a signature of zeros", forged(lambda s, g, d: g.data(blob=g.blob[:10] + bytes(64))), BAD),
        ("a seal of zeros", forged(lambda s, g, d: g.data(seal=bytes(64))), BAD),
        ("a seal one order further", forged(lambda s, g, d: g.malleable()), BAD),
        ("a comment that was changed", lines(lambda l: l[:2] + [l[2].replace(b"version=", b"version=9")] + l[3:]), BAD),
        ("a comment with one more word", lines(lambda l: l[:2] + [l[2] + b" "] + l[3:]), BAD),
        ("a key that is not pinned", forged(by_stranger), refused("unpinned_key")),
        ("no key at all", forged(lambda s, g, d: g.data(blob=g.blob[:2] + bytes(8) + g.blob[10:])), refused("unpinned_key")),
        ("another key by the pinned one's number", forged(by_stranger_in_disguise), BAD),
    ]


# What the operator's own key has signed, and yet can't be meant.
@table
class Pointers(Attacks):
    ROWS = [
        ("no words", comments(lambda t: "signed"), COMMENT),
        *((f"no {field}", says(**{field: None}), COMMENT) for field in ("channel", "version", "file", "bytes", "signed", "expires")),
        ("a field twice", comments(lambda t: t + " version=9"), COMMENT),
        ("a field that is not known", says(priority=9), COMMENT),
        ("two spaces", comments(rename(" file", "  file")), COMMENT),
        ("a tab", comments(rename(" file", "\tfile")), f"{COMMENT}|{MALFORMED}"),
        ("an escape sequence", comments(rename(" file", " \x1b[2Jfile")), f"{COMMENT}|{MALFORMED}"),
        ("a space at the end", comments(lambda t: t + " "), COMMENT),
        ("a space at the beginning", comments(lambda t: " " + t), COMMENT),
        ("bytes that are no text", comments(lambda t: t.encode() + b"\xff\xfe"), COMMENT),
        ("a comment of 3,000 bytes", comments(lambda t: t + " x" * 1500), COMMENT),
        ("version 0", says(version=0, file="p-0.json"), COMMENT),
        ("version -1", says(version=-1, file="p--1.json"), COMMENT),
        ("version +2", says(version="+2", file="p-+2.json"), COMMENT),
        ("a version with a zero before it", says(version="09", file="p-09.json"), COMMENT),
        ("version 2.0", says(version="2.0", file="p-2.0.json"), COMMENT),
        ("version 1e3", says(version="1e3", file="p-1e3.json"), COMMENT),
        ("version 0x10", says(version="0x10", file="p-0x10.json"), COMMENT),
        ("version 2^63 - 1", says(version=2**63 - 1), COMMENT),
        ("version 2^63", says(version=2**63), COMMENT),
        ("version 2^64 + 9", says(version=2**64 + 9), COMMENT),
        ("version 10^12", says(version=10**12), COMMENT),
        ("a version of 400 digits", says(version=10**400 - 1, file="p-9.json"), COMMENT),
        ("a version in Arabic digits", comments(lambda t: t.replace("version=", "version=٣")), COMMENT),
        ("a file above the channel", says(file="../p-9.json"), COMMENT),
        ("a file in the system", says(file="/etc/passwd"), COMMENT),
        ("a file elsewhere", says(file="http://127.0.0.1/p-9.json"), COMMENT),
        ("another version's file", says(file="p-1.json"), COMMENT),
        ("a file that is encoded", says(file="%70-9.json"), COMMENT),
        ("no bytes", says(bytes=0), COMMENT),
        ("less than no bytes", says(bytes=-5), COMMENT),
        ("2^63 bytes", says(bytes=2**63), COMMENT),
        ("more bytes than a playlist may have", says(bytes=1048577), f"{COMMENT}|too large"),
        ("a time without an offset", says(signed="2026-01-01T00:00:00"), COMMENT),
        ("a time that is none", says(signed="2026-02-30T00:00:00Z"), COMMENT),
        ("a time that is a number", says(signed="1700000000"), COMMENT),
        ("an end before the beginning", says(signed="2026-02-02T00:00:00Z", expires="2026-01-01T00:00:00Z"), COMMENT),
        ("the year 9999", says(signed="9999-01-01T00:00:00Z", expires="9999-12-31T00:00:00Z"),
         f'{COMMENT}|{refused("signed_in_future")}'),
        ("signed the day after tomorrow", says(signed=channel.instant(2)), refused("signed_in_future")),
        ("another channel", says(channel="busan"), refused("wrong_channel")),
        ("another channel that begins the same", says(channel="seoul2"), refused("wrong_channel")),
        ("a channel that the same begins", says(channel="seo"), refused("wrong_channel")),
        ("a channel in capitals", says(channel="SEOUL"), f'{COMMENT}|{refused("wrong_channel")}'),
        ("a channel with a path", says(channel="seoul/../busan"), f'{COMMENT}|{refused("wrong_channel")}'),
        ("a takeover in the playlist's place", says(kind="t"), refused("wrong_kind")),
    ]


def published(**members):
    """An offence: a version that the operator has signed, whose playlist is not what it should be."""
    def offence(scene):
        version = scene.next
        data = scene.channel.compiled(version, "evil", scene.media, **members)
        scene.put(scene.channel.pointer(version, data), **{f"p_{version}_json": data})
    return offence


def signed_bytes(make):
    def offence(scene):
        data = make(scene)
        scene.put(scene.channel.pointer(scene.next, data), **{f"p_{scene.next}_json": data})
    return offence


def swapped(change):
    """An offence: an honest next version, but in place of its playlist comes change(its bytes)."""
    def offence(scene):
        media = scene.publish(scene.next)
        path = scene.channel.path(f"p-{scene.next}.json")
        other = change(scene, scene.server.files[path])

        def act(server, connection, request):
            server.send_head(connection, request, 200, Content_Length=len(other))
            server.send_body(connection, request, other)
            return True
        assert media
        scene.server.acts[path] = [act]
    return offence


def without_files(scene):
    return scene.channel.compiled(scene.next, "evil", {"a.mp4": scene.media["a.mp4"]}).partition(b',"files"')[0] + b"}"


MATCH = "playlist refused kind=playlist version=.*does not match its pointer"
REFUSED = "warn feed_pointer: playlist refused"


@table
class Playlists(Attacks):
    """Pointer and playlist that don't belong together, and signed playlists that are no good."""
    ROWS = [
        ("another playlist of the same length", swapped(lambda s, data: data.replace(b"version ", b"evilion ")), MATCH, "held up"),
        ("one byte more", swapped(lambda s, data: data + b"\n"), MATCH, "held up"),
        ("one byte less", swapped(lambda s, data: data[:-1]), MATCH, "held up"),
        ("the version before it", swapped(lambda s, d: s.server.files[s.channel.path(f"p-{s.version}.json")]), MATCH, "held up"),
        ("the pointer itself", swapped(lambda s, d: s.server.files[POINTER]), MATCH, "held up"),
        ("a sign-in page", swapped(lambda s, d: PORTAL), MATCH, "held up"),
        ("zeros of the same length", swapped(lambda s, data: bytes(len(data))), MATCH, "held up"),
        ("a legacy signature called prehashed", forged(as_prehashed), MATCH, "after"),
        ("a pointer that says fewer bytes", says(bytes=10), MATCH, "after"),
        ("a pointer that says more bytes", says(bytes=100000), MATCH, "after"),
        ("another channel's playlist", published(channel="busan"), MATCH, "after"),
        ("no channel in the playlist", published(channel=None), MATCH, "after"),
        ("another version's playlist", published(version=9999), MATCH, "after"),
        ("no version in the playlist", published(version=None), MATCH, "after"),
        ("no list of files", signed_bytes(without_files), REFUSED, "after"),
        ("a file that is not in the list", published(spots={"x": {"video": "x.mp4"}}), REFUSED, "after"),
        ("a file without a hash", published(files={"a.mp4": {"bytes": 5000, "url": "../../media/x"}}), REFUSED, "after"),
        ("a hash of 63 digits", published(files={"a.mp4": {"sha256": "0" * 63, "bytes": 5000}}), REFUSED, "after"),
        ("a file of -1 bytes", published(files={"a.mp4": {"sha256": "0" * 64, "bytes": -1}}), REFUSED, "after"),
        ("a file of 2^63 bytes", published(files={"a.mp4": {"sha256": "0" * 64, "bytes": 2**63}}), REFUSED, "after"),
        ("no JSON", signed_bytes(lambda s: b"not a playlist"), REFUSED, "after"),
        ("JSON that is too deep", signed_bytes(lambda s: b"[" * 5000 + b"]" * 5000), REFUSED, "after"),
        ("JSON with a name twice", signed_bytes(lambda s: s.channel.compiled(s.next, "evil", s.media)[:-1] + b',"version":1}'), REFUSED,
         "after"),
        ("an unknown member", published(evil=1), REFUSED, "after"),
        ("a zone that is not known here", published(timezone="Mars/Olympus"), REFUSED, "after"),
        ("1 MiB of nothing", signed_bytes(lambda s: b" " * 1048576), REFUSED, "after"),
    ]


class Flipped(Case):
    """One bit in each byte of the pointer and of the playlist. Several players share the work, and each is asked about one change
    after the other."""
    PLAYERS = 4

    def run_all(self, path, changes, asked_after):
        """`changes` are bytes to be served for `path` in turn, each once; then the old ones again."""
        scenes = [Scene(self.keys, self.stranger) for _ in range(self.PLAYERS)]
        for scene in scenes:
            self.addCleanup(scene.end)
        for number, scene in enumerate(scenes):
            self.give(scene, path, changes(scene)[number::self.PLAYERS])
        for number, scene in enumerate(scenes):
            scene.server.wait_asked(path(scene), asked_after(scene) + 2, done=True)
            with scene.server.changed:
                done = scene.server.changed.wait_for(lambda s=scene: s.all_given, 60)
            self.assertTrue(done, "not every change was asked for")
            self.assertEqual(scene.probe.editions(), 1, "\n".join(scene.probe.log.lines))
            self.assertEqual(scene.probe.log.count("Sanitizer"), 0)
            scene.good(scene.next + 1)

    def give(self, scene, path, changes):
        scene.all_given = False
        left = list(changes)
        self.assertGreater(len(left), 50)

        def act(server, connection, request):
            if left:
                body = left.pop()
                server.send_head(connection, request, 200, Content_Length=len(body))
                server.send_body(connection, request, body)
                return True
            scene.all_given = True
            return servers.status(503)(server, connection, request)
        scene.server.acts[path(scene)] = [act]
        if path(scene) != POINTER:
            scene.publish(scene.next)

    def test_each_byte_of_the_pointer(self):
        def changes(scene):
            data = scene.channel.compiled(scene.next, "evil", scene.media)
            scene.put(**{f"p_{scene.next}_json": data})
            good = scene.channel.pointer(scene.next, data)
            free = len("untrusted comment: ")  # the one byte after it belongs to nobody, and may be any letter
            bits = [(at, (at * 5 + 3) % 8) for at in range(len(good)) if at != free]
            ends = [at for at, byte in enumerate(good) if byte == 0x0a]
            special = {at - back for at in ends[1::2] for back in range(4)} | set(ends)  # where base64 has loose bits
            bits += [(at, bit) for at in sorted(special) for bit in range(8) if bit != (at * 5 + 3) % 8]
            return [channel.flip(good, at, bit) for at, bit in bits]
        self.run_all(lambda scene: POINTER, changes, lambda scene: 50)

    def test_each_byte_of_the_playlist(self):
        def changes(scene):
            media = {**scene.media, f"b{scene.next}.mp4": bytes_of(f"b{scene.next}", 6000)}
            good = scene.channel.compiled(scene.next, f"version {scene.next}", media)
            return [channel.flip(good, at, (at * 5 + 3) % 8) for at in range(len(good))]
        self.run_all(lambda scene: scene.channel.path(f"p-{scene.next}.json"), changes, lambda scene: 50)


if __name__ == "__main__":
    tap.main()
