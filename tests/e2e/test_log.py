"""The whole log of a player that meets odd names can be taken apart, in both formats."""
import json
import os
import signal
import tempfile
import unittest
from pathlib import Path

import logs
import tap
from player import Player, playlist, png

ODD = ['quote " and \\ backslash', 'error play: forged reason="x"', "right \u202eto left\u202c", "작은 것", "equals = and % signs %s %n", "x" * 200]
SEPARATORS = "separators \u2028 \u2029 \ufeff"
# What a playlist may not hold, and the log must name all the same.
WRONG = ["line\nerror play: forged", "tab\tkey=value", "c1 \u0085 \u009b", "esc \x1b[31m red", "x" * 300]


class WholeLog(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / 'odd "folder"\\ \u202e=\n'
        self.folder.mkdir()
        self.list = self.folder / "p.json"
        png(self.folder / "red.png", 64, 36, (200, 30, 40))
        (self.folder / "bad.mp4").write_bytes(b"no film")

    def change(self, spots, **more):
        playlist(self.folder / "new.json", spots, **more)
        (self.folder / "new.json").rename(self.list)

    def play(self, *options):
        """Names of all kinds in a playlist that is played, in one that is refused, and in the player's own folder."""
        shown = {name: {"image": "red.png", "duration": 1} for name in ODD}
        self.change({**shown, **{f"film {name}": {"video": "bad.mp4", "duration": 1} for name in ODD[:3]}}, name=ODD[1])
        with Player(self.folder, self.list, "--log-level", "debug", "--timezone", "UTC", "--speed", "5", *options) as player:
            for name in ODD:
                player.wait_frame(lambda f, name=name: f["to"] == name[:79], name)
            at = len(player.lines)
            self.change({name: {"image": f"{i} missing.png"} for i, name in enumerate(ODD)}, name=ODD[0])
            at = player.wait_log("playlist refused", at)
            self.change({name: {"image": "red.png"} for name in WRONG})
            player.wait_log("playlist refused", at)
            self.change({"last": {"image": "red.png", "duration": 3600}}, name=SEPARATORS)
            player.wait_shown("last")
            self.assertEqual(player.stop(signal.SIGTERM), 0)
            return [line for line in player.raw if "Sanitizer" not in line]

    def check(self, lines):
        names = [line.values["name"] for line in lines if line.message == "now playing"]
        self.assertEqual(names, [ODD[1], SEPARATORS])
        refused = [line for line in lines if line.message == "playlist refused"]
        self.assertEqual([(line.level, line.module) for line in refused], [("error", "feed_file")] * 2)
        ready = [line for line in lines if line.message == "playlist ready"]
        self.assertEqual({line.values["source"] for line in ready}, {str(self.list)})
        self.assertTrue(all(line.time for line in lines))
        self.assertEqual(sorted(line.time for line in lines), [line.time for line in lines])
        self.assertNotIn("forged", {line.message for line in lines})

    def test_text(self):
        lines = [logs.parse(line) for line in self.play()]
        self.check(lines)
        self.assertEqual([line.values["spots"] for line in lines if line.message == "now playing"], [str(len(ODD) + 3), "1"])

    def test_json(self):
        raw = self.play("--log-format", "json")
        lines = [logs.parse_json(line) for line in raw]
        self.check(lines)
        self.assertEqual([line.values["spots"] for line in lines if line.message == "now playing"], [len(ODD) + 3, 1])
        self.assertTrue(all(list(json.loads(line))[:4] == ["time", "level", "module", "message"] for line in raw))


class Closed(unittest.TestCase):
    def test_standard_streams_that_are_closed_are_no_other_files(self):
        """Else the log would be written into what is opened first: a file, a socket, a descriptor that wakes a thread."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "p.json"
            png(Path(folder) / "red.png", 64, 36, (200, 30, 40))
            playlist(path, {"red": {"image": "red.png", "duration": 3600}})
            closed = ("sh", "-c", 'exec "$@" <&- 2>&-', "sh")
            with Player(folder, path, "--log-level", "debug", before=closed) as player:
                player.wait_shown("red")
                streams = [os.readlink(f"/proc/{player.process.pid}/fd/{number}") for number in (0, 1, 2)]
                self.assertEqual(streams, ["/dev/null"] * 3)
                self.assertEqual(player.stop(signal.SIGTERM), 0)


class TheParserItself(unittest.TestCase):
    """One that takes everything proves nothing."""

    def test_takes_lines_apart(self):
        line = logs.parse(r'2026-11-30T09:27:10.123Z warn feed_url: no list a\=b url=http://x/ n=5 reason="a \"b\" \\ \x0a \u{202e} = c"')
        self.assertEqual((line.time, line.level, line.module), ("2026-11-30T09:27:10.123Z", "warn", "feed_url"))
        self.assertEqual((line.message, line.values["url"], line.values["n"]), ("no list a=b", "http://x/", "5"))
        self.assertEqual(line.values["reason"], 'a "b" \\ \n \u202e = c')
        self.assertEqual(logs.parse("<4>warn log: m").priority, "4")

    def test_refuses_what_is_none(self):
        for line in ("", "info: x", "note play: x", "info play: x=1", 'info play: m a="x', 'info play: m a=x y', "info play: m a=",
                     'info play: m a="x"y', "info play: m a=1 a=2", r"info play: m a=\x", 'info play: m a="\\q"', "info play: \x1b[m",
                     "info play: m a=b=c", "info play: \u202e", "2026 info play: m"):
            with self.subTest(line), self.assertRaises(ValueError):
                logs.parse(line)
        good = '{"time":"2026-11-30T09:27:10.123Z","level":"info","module":"play","message":"m"}'
        self.assertEqual(logs.parse_json(good).message, "m")
        for line in (good[:-1], good.replace("info", "note"), good.replace("}", ',"level":"info"}'), good + "\u2028", "[]"):
            with self.subTest(line), self.assertRaises((ValueError, TypeError, AttributeError)):
                logs.parse_json(line)


if __name__ == "__main__":
    tap.main()
