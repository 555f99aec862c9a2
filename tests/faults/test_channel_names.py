#!/usr/bin/env python3
"""Hostile names in signed playlists: paths and addresses that would lead elsewhere, into a shell, a terminal or a log. Nothing outside
the player's own folders is read or written, whatever an operator was talked into signing."""
import json
import re
import threading

from channel_case import POINTER, Case, Scene, bytes_of, channel, content
import logs
import tap

SECRET = bytes_of("secret", 4000)  # what must never be read
IN_THE_STORE = re.compile(r"lock|media|tmp|feeds|state|used|media/[0-9a-f]{64}|used/[0-9a-f]{64}|tmp/[0-9a-zA-Z]+\.(part|tag)|feeds/[0-9a-f]{16}(/(manifest|previous)\.json)?"
                          r"|state/seoul-[0-9a-f]{16}\.state")
IN_THE_STATE = re.compile(r"seoul-[0-9a-f]{16}\.(state|lock)|[a-z.]*lock")


def is_line(line):
    try:
        return logs.parse(line)
    except ValueError:
        return None


def climbs():
    """Ways up, and where to: the sentinel is SENTINEL, an absolute path without its first '/'."""
    ups = ["../" * 1, "../" * 2, "../" * 3, "../" * 12, "..\\" * 12, "..%2f" * 12, "%2e%2e/" * 12, "%2e%2e%2f" * 12,
           "%252e%252e%252f" * 12, "..%5c" * 12, "....//" * 12, "..;/" * 12, ".%2e/" * 12, "..%00/" * 12, "..%c0%af" * 12,
           "..%e0%80%af" * 12, "../../media/" + "../" * 12, "..//" * 12, "./../" * 12, "a/" + "../" * 13, "．．/" * 12,
           "..\u2215" * 12, "..\uff0f" * 12, "../\t" * 12, "..\n/" * 12]
    return [up + "SENTINEL" for up in ups]


def addresses():
    schemes = ["file://", "file:", "FILE:///", "file://localhost/", "File:\\\\\\", "file:////", "file:///./", "url:file:///",
               "ftp://127.0.0.1/", "ftps://127.0.0.1/", "sftp://127.0.0.1/", "scp://127.0.0.1/", "gopher://127.0.0.1:1/_",
               "dict://127.0.0.1:1/", "ldap://127.0.0.1/", "smb://127.0.0.1/share/", "tftp://127.0.0.1/", "telnet://127.0.0.1:1/",
               "imap://127.0.0.1/", "rtsp://127.0.0.1/", "mqtt://127.0.0.1/", "ws://127.0.0.1:1/", "data:,",
               "data:text/plain;base64,", "javascript:", "about:", "blob:", "jar:file:///", "php://filter/resource=/", "http:///",
               "http://", "https://", "http:", "http:/", "http://:80/", "http://%00/", "http://127.0.0.1:99999/",
               "http://127.0.0.1:-1/", "http://127.0.0.1:0/", "http://[::1/", "http://[::1]:1/", "http://a b/",
               "http://a\r\nHost: b/", "http://user:pass@127.0.0.1:1/", "http://127.0.0.1\\@evil/", "http://xn--/",
               "http://" + "a" * 300 + "/", "http://" + "a." * 200 + "/", "//127.0.0.1:1/", "///", "\\\\server\\share\\", "/", "//",
               "?file=/", "#/", "@/", "-K/", "-o/", "|cat /", "`cat /`", "$(cat /)", ";cat /", "%2f", "%5c", "~/", "~root/",
               "/proc/self/root/", "/dev/stdin/../../", "/dev/zero", "/dev/fd/0"]
    return [scheme + "SENTINEL" for scheme in schemes]


def words():
    """Names that mean something to a shell, a terminal, a printf, a log, a file system or a reader."""
    return ["..", ".", "", " ", "/", "//", "///", "./", "../", "a/", "a//b", "-", "--help", "-rf", "*", "?", "[a-z]", "{a,b}", "~",
            "$HOME", "`id`", "$(id)", "a;id", "a|id", "a&id", "a>b", "a<b", "'", "\"", "\\", "a\\b", "C:\\windows\\x", "C:x", "CON",
            "nul", "aux.mp4", "COM1", "a.", "a ", " a", "a:stream", "a\tb", "a\nwarn channel: forged", "a\r\nerror feed: forged",
            "\x1b[2J\x1b[31m", "\x07", "\x7f", "\x01", "a\0b", "\0", "%s%s%s%n", "%n%n", "%00", "%0a", "%", "%zz", "%u0000",
            "a" * 255, "a" * 256, "a" * 1023, "a" * 1024, "a" * 5000, "a/" * 500, "오" * 340, "\u202egpj.a", "\u200b", "\ufeff",
            "\u2028", "e\u0301", "\U0001f986", "\ue000", "\uffff", "\U0010ffff", "a#b", "a?b=c", "a&amp;b", "<script>", "lock",
            "media", "tmp/x.part", "media/" + "0" * 64, "../lock", "../feeds/0000000000000000/manifest.json",
            "../../state/seoul.state", "latest.minisig", "p-1.json", "../seoul/p-1.json", ".hidden", "..hidden", "...", "a..",
            "a/..", "a/../b", "a/./b", "/etc/passwd", "/dev/null", "/proc/self/mem", "SENTINEL", "/SENTINEL"]


RAW = [b'"\xff.mp4"', b'"\xc0\xae\xc0\xae/x"', b'"\xed\xa0\x80"', b'"\xf8\x88\x80\x80\x80"', b'"\\ud800"', b'"\\udc00\\ud800"',
       b'"\\u0000"', b'"a\\u0000.mp4"', b'"\\u002e\\u002e\\u002fx"', b'"a\nb"', b'"a\x00b"', b'"\\x41"', b'"\\', b'"a', b"'a'",
       b"a", b"null", b"7", b"[]", b'{"a":1}']


def plain(text):
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")


class Names(Case):
    PLAYERS = 4

    def make_scene(self):
        scene = Scene(self.keys, self.stranger)
        self.addCleanup(scene.end)
        (scene.folder / "sentinel").mkdir()
        for place in ("sentinel/secret.mp4", "secret.mp4"):
            (scene.folder / place).write_bytes(SECRET)
        scene.sentinel = str(scene.folder / "sentinel/secret.mp4")[1:]
        return scene

    def outside(self, scene):
        """What there is outside the player's folders, with what it holds."""
        return {str(p.relative_to(scene.folder)): p.read_bytes() if p.is_file() else None for p in scene.folder.rglob("*")
                if not {"store", "state"} & set(p.relative_to(scene.folder).parts[:1])}

    def check(self, scene, before):
        self.assertEqual(self.outside(scene), before)
        store = [str(p.relative_to(scene.folder / "store")) for p in (scene.folder / "store").rglob("*")]
        self.assertEqual([name for name in store if not IN_THE_STORE.fullmatch(name)], [])
        state = [p.name for p in (scene.folder / "state").rglob("*")]
        self.assertEqual([name for name in state if not IN_THE_STATE.fullmatch(name)], [])
        self.assertNotIn("media/" + channel.sha256(SECRET), store, "the sentinel was read")
        for path in (scene.folder / "store/media").iterdir():
            self.assertFalse(path.is_symlink())
            self.assertEqual(channel.sha256(content(path)), path.name)
        forged = [line for line in scene.probe.log.raw if not is_line(line)]
        self.assertEqual(forged, [], "lines of the log that are none of the player's")

    def try_all(self, names, make):
        """Each name in a version of its own; make(scene, version, name) gives its playlist."""
        troubles = []

        def work(share):
            try:
                scene = self.make_scene()
                before = self.outside(scene)
                for name in share:
                    self.try_one(scene, scene.next, make(scene, scene.next, name), name)
                scene.server.wait_asked(POINTER, len(scene.server.asked(POINTER)) + 2)  # it writes nothing any more
                self.check(scene, before)
                scene.good()
                scene.probe.stop()
            except AssertionError as trouble:
                troubles.append(trouble)
        threads = [threading.Thread(target=work, args=(names[i::self.PLAYERS],)) for i in range(self.PLAYERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(troubles, [])

    def try_one(self, scene, version, data, name):
        mark = len(scene.probe.log.lines)
        scene.put(scene.channel.pointer(version, data), **{f"p_{version}_json": data})
        try:
            scene.probe.log.wait(f"playlist refused kind=playlist version={version} |playlist ready .* version={version} |"
                                 "cannot fetch media file, retrying", mark)
        except AssertionError as trouble:
            raise AssertionError(f"{name!r}: {trouble}") from None
        scene.version = version

    def test_as_addresses(self):
        """In place of a medium's address; its hash and length are the sentinel's, so that reading it would do."""
        names = climbs() + addresses() + words()
        self.assertGreaterEqual(len(names), 180)

        def make(scene, version, name):
            url = name.replace("SENTINEL", scene.sentinel)
            return scene.channel.compiled(version, "evil", {"a.mp4": scene.media["a.mp4"]}, spots={"a": {"video": "a.mp4"},
            "x": {"video": "x.mp4"}},
                                          files={"x.mp4": {**channel.entry("x.mp4", SECRET), "url": url}})
        self.try_all(names, make)

    def test_as_paths(self):
        """As a medium's own name, its address being good: it may be played, but is kept under its hash and nothing else."""
        names = climbs() + words() + addresses()[:30]
        self.assertGreaterEqual(len(names), 120)

        def make(scene, version, name):
            path, data = name.replace("SENTINEL", scene.sentinel), bytes_of(f"x{version}", 3000)
            scene.server.files[channel.medium_name("x.mp4", data)] = data
            return scene.channel.compiled(version, "evil", {}, spots={"x": {"video": path}}, files={path: channel.entry("x.mp4", data)})
        self.try_all(names, make)

    def test_in_bytes_that_are_no_text(self):
        def make(scene, version, raw):
            data = scene.channel.compiled(version, "evil", {}, spots={"x": {"video": "NAME"}},
                                          files={"NAME": channel.entry("x.mp4", SECRET)})
            return data.replace(b'"NAME"', raw)
        self.try_all(RAW, make)

    def test_in_the_words_of_a_playlist(self):
        """Names of playlists, channels, spots and styles, which the log and the state's files might take up."""
        def make(scene, version, name):
            text = name.replace("SENTINEL", scene.sentinel)
            where = version % 3
            if where == 0:
                return scene.channel.compiled(version, text, {})
            if where == 1:
                return scene.channel.compiled(version, "evil", {}, channel=text)
            return scene.channel.compiled(version, "evil", {}, spots={text: {"tagline": "x"}})
        self.try_all(words() + climbs()[:6], make)

    def test_as_a_channel_that_the_key_has_signed(self):
        """The pointer's own words: they never become a path, as the channel is the one that is asked for."""
        scene = self.make_scene()
        before = self.outside(scene)
        data = scene.channel.compiled(2, "evil", {})
        for name in ("../../sentinel", "/tmp/x", "seoul\\x", "seoul%2f..", "서울", "-rf", ".", "..", "seoul\x7f"):
            scene.put(scene.channel.pointer(2, data, channel=name), p_2_json=data)
            scene.server.wait_asked(POINTER, len(scene.server.asked(POINTER)) + 3)
            self.assertEqual(scene.probe.editions(), 1)
        self.assertEqual(scene.probe.log.count("pointer refused kind=playlist refusal=malformed_pointer"), 1)  # once for all of a kind
        self.check(scene, before)
        scene.good(2)


if __name__ == "__main__":
    tap.main()
