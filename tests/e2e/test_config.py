"""The configuration: its files, drop-ins and variables, what `duckling config` says of them, and every option wrong in turn."""
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import tap
from player import DUCKLING, TOP, WAIT_S, Player, environment, playlist, run
from publishing import make_key

# A value that won't do for each option of the player, and what is said of it. None: any text is a value.
WRONG = {
    "source": ("", 'needs a value (SOURCE)'),
    "window": ("1920", "needs a size such as 1280x720"),
    "rotate": ("45", "needs 0, 90, 180 or 270"),
    "renderer": ("vulkan", "needs auto, gpu, cpu or kms"),
    "refresh": ("241", "needs a number from 1 to 240"),
    "connector": ("", "needs a value (NAME)"),
    "mode": ("1080p", "needs WxH or WxH@HZ, such as 1920x1080@60"),
    "canvas": ("1920x1080", "needs WxH+X+Y, the wall's size and this screen's place on it, such as 3840x1080+1920+0"),
    "keyboard": ("maybe", "needs yes or no"),
    "house": ("#black", "needs a picture or a color such as #000000"),
    "operating-hours": ("Mon-Fri 07:00-23:00", 'has "Mon-Fri", which is no day; did you mean Mo?'),
    "pixel-shift": ("1.5", "needs a whole number from 0 to 16"),
    "dimming": ("22:00-06:00", 'has "nothing" where a number from 0 to 1 is needed, as in 22:00-06:00 0.4'),
    "takeover-wakes": ("1", "needs yes or no"),
    "timezone": ("Asia/Soul", "needs a time zone that is installed here, such as Asia/Seoul; did you mean Asia/Seoul?"),
    "language": ("korean", "needs a language tag such as ko or zh-Hans; did you mean ko?"),
    "store": ("", "needs a value (DIR)"),
    "key": ("", "needs a value (PUBKEY)"),
    "state": ("", "needs a value (DIR)"),
    "quota": ("20GB", "needs a number of bytes such as 20G"),
    "bandwidth-hours": ("09:00-18:00 200", 'has "200" where a number of bytes from 16k to 1T is needed, as in 09:00-18:00 200k'),
    "bandwidth": ("1", "needs a number of bytes from 16k to 1T"),
    "proxy": ("ftp://user:word@proxy", "needs an address such as http://proxy.example.com:3128 or socks5h://proxy.example.com:1080"),
    "max-volume": ("80%", "needs a number from 0 to 1"),
    "site": ("Mall", 'needs small letters, digits, ".", "_" and "-"'),
    "min-slot": ("0", "needs a number from 1 to 3600"),
    "poll": ("0", "needs a number from 0.1 to 86400"),
    "ca-file": ("", "needs a value (FILE)"),
    "client-cert": ("", "needs a value (FILE)"),
    "client-key": ("", "needs a value (FILE)"),
    "decode-timeout": ("2s", "needs a number from 0.1 to 60"),
    "no-sandbox": ("true", "needs yes or no"),
    "at": ("noon", "needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00"),
    "speed": ("0", "needs a whole number from 1 to 1000"),
    "for": ("-1", "needs a number from 0 to 31536000"),
    "frames-log": ("", "needs a value (FILE)"),
    "log-level": ("loud", "needs error, warn, info or debug"),
    "log-format": ("xml", "needs text or json"),
}


class Configuration(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.file = self.folder / "player.conf"

    def write(self, text, name="player.conf"):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def config(self, *arguments, **env):
        done = run("config", "--json", *arguments, **{"DUCKLING_CONFIG": str(self.file), **env})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {o["name"]: o for o in map(json.loads, done.stdout.splitlines())}

    def faults(self, *arguments, command="play", **env):
        done = run(command, *arguments, **{"DUCKLING_CONFIG": str(self.file), **env})
        self.assertEqual((done.returncode, done.stdout), (78, ""), done.stderr)
        lines = done.stderr.splitlines()
        for line in lines:
            self.assertTrue(line.startswith(f"duckling {command}: "), line)
        return [line.removeprefix(f"duckling {command}: ") for line in lines]

    def test_every_option_wrong_in_turn(self):
        self.write("")
        options = self.config()
        self.assertEqual(list(WRONG), [name for name in WRONG if name in options])
        self.assertEqual(set(options), set(WRONG))
        for name, (value, words) in WRONG.items():
            with self.subTest(name):
                section = options[name]["section"]
                self.write(f"[{section}]\n{name} = {value}\n")
                shown = "***" if name == "proxy" else value or '""'
                expected = re.sub("from 1 to 1000$", "from 1 to [0-9]+", re.escape(words))
                (fault,) = self.faults()
                self.assertRegex(fault, rf"^{re.escape(f'{self.file}:2: [{section}] {name}: {shown}: ')}{expected}$")
                if value:
                    variable = "DUCKLING_" + name.upper().replace("-", "_")
                    self.write("")
                    (fault,) = self.faults(**{variable: value})
                    self.assertRegex(fault, rf"^{variable}: {re.escape(shown)}: {expected}$")

    def test_all_faults_of_all_files_at_once(self):
        self.write("rotate = 45\n[scren]\npoll = 0\n")
        self.write("[network]\nrotate = 90\n", "player.conf.d/1.conf")
        self.assertEqual(self.faults(DUCKLING_LANGUAGE="korean"), [
            f"{self.file}:1: rotate: 45: needs 0, 90, 180 or 270",
            f"{self.file}:2: [scren]: unknown section; did you mean [screen]?",
            f"{self.file}:3: [scren] poll: 0: needs a number from 0.1 to 86400",
            f"{self.file}.d/1.conf:2: [network] rotate: belongs into [screen]",
            "DUCKLING_LANGUAGE: korean: needs a language tag such as ko or zh-Hans; did you mean ko?"])
        for command in ("config", "guide", "check", "publish"):
            self.assertEqual(len(self.faults(command=command)), 4, command)

    def test_what_wins(self):
        self.write("poll = 1\nlanguage = ko\nrotate = 90\nsource = /a\nsource = /b\nquota = 1G\n")
        self.write("poll = 2\nsource = c/\n", "player.conf.d/10.conf")
        self.write("poll = 3\n[time]\nlanguage = ja\n", "player.conf.d/20-site.conf")
        self.write("poll = x\n", "player.conf.d/30.conf.bak")
        options = self.config("--quota", "3G", DUCKLING_QUOTA="2G", DUCKLING_LANGUAGE="zh-Hans")
        drop = f"{self.file}.d"
        for name, value, origin in (("poll", "3", f"{drop}/20-site.conf:1"), ("rotate", "90", f"{self.file}:3"),
                                    ("source", [f"{drop}/c/"], f"{drop}/10.conf:2"), ("quota", "3G", "command line"),
                                    ("language", "zh-Hans", "environment: DUCKLING_LANGUAGE"), ("store", None, "default"),
                                    ("log-level", "info", "default")):
            self.assertEqual((options[name]["value"], options[name]["origin"]), (value, origin), name)
        self.assertEqual(self.config("d/", DUCKLING_SOURCE="/e\n/f")["source"]["value"], ["d/"])
        self.assertEqual(self.config(DUCKLING_SOURCE="/e\n/f")["source"]["value"], ["/e", "/f"])

    def test_a_file_that_is_named_takes_the_place_of_the_players(self):
        self.write("poll = 1\nrotate = 90\n")
        other = self.write("poll = 2\n", "other.conf")
        self.write("language = ko\n", "other.conf.d/a.conf")
        options = self.config("--config", other)
        self.assertEqual([options[n]["value"] for n in ("poll", "rotate", "language")], ["2", "0", "ko"])
        self.assertEqual(self.config("--config", "none")["poll"]["origin"], "default")
        self.assertEqual(self.config(DUCKLING_CONFIG="none")["poll"]["origin"], "default")

    def test_for_people(self):
        self.write("[channel]\nsource = https://user:word@host/c/\nkey = a.pub\nkey = b.pub\n[screen]\nkeyboard = yes\n")
        done = run("config", DUCKLING_CONFIG=str(self.file))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("word", done.stdout)
        self.assertRegex(done.stdout, rf"(?m)^source +https://host/c/ +{re.escape(str(self.file))}:2$")
        self.assertRegex(done.stdout, rf"(?m)^key +{re.escape(str(self.folder))}/a.pub +\S+:3\n +{re.escape(str(self.folder))}/b.pub +\S+:4$")
        self.assertRegex(done.stdout, r"(?m)^keyboard +yes +\S+:6$")
        self.assertRegex(done.stdout, r"(?m)^\[screen\]$")

    def test_files_of_other_editors(self):
        good = "[screen]\r\nrotate = 90\r\nhouse = #102030\r\n\r\n[time]\r\n\tlanguage\t=\t\"ko\"\t# 한국어\r\n"
        for data in (good.encode(), b"\xef\xbb\xbf" + good.encode(), good.replace("\r\n", "\r").encode()):
            self.write(data)
            options = self.config()
            self.assertEqual([options[n]["value"] for n in ("rotate", "house", "language")], ["90", "#102030", "ko"])
        for data, words in ((good.encode("utf-16"), "1: is UTF-16; save it as UTF-8"), (good.encode("cp949"), "6: is not UTF-8; save it as UTF-8"),
                            (good.encode("utf-16-le"), "1: is not a text file; save it as UTF-8")):
            self.write(data)
            self.assertEqual(self.faults(), [f"{self.file}:{words}"])
        self.write("language = „ko“\n")
        self.assertEqual(self.faults(), [f"{self.file}:1: language: „ko“: begins with a quote of a word processor; use \" or none"])

    def test_files_that_are_none(self):
        self.write("#" * 10_000_000)
        self.assertEqual(self.faults(), [f"DUCKLING_CONFIG: {self.file}: it has 10000000 bytes; at most 65536 are allowed"])
        self.file.unlink()
        os.mkfifo(self.file)
        self.assertEqual(self.faults(), [f"DUCKLING_CONFIG: {self.file}: not a regular file"])
        self.file.unlink()
        self.assertEqual(self.faults(), [f"DUCKLING_CONFIG: {self.file}: No such file or directory"])
        self.assertEqual(self.faults("--config", self.folder), [f"option --config: {self.folder}: not a regular file"])

    def test_other_commands_take_only_what_they_share_with_the_player(self):
        """A player's public key is not what publish signs with; but a file that is named for publish is publish's."""
        self.write("key = /no/such/player.pub\n")
        done = run("publish", "p.json", "--to", self.folder, "--channel", "c", DUCKLING_CONFIG=str(self.file))
        self.assertEqual(done.returncode, 2)
        self.assertIn("--key", done.stderr)
        done = run("publish", "p.json", "--to", self.folder, "--channel", "c", "--config", self.file)
        self.assertNotEqual(done.returncode, 2, done.stderr)

    def test_the_example_is_right(self):
        """Each of its lines, without the # before it, is an option of the table."""
        for name in ("packaging/debian/player.conf", "packaging/image/settings/player.conf"):
            text = (TOP / name).read_text()
            lines = [line for line in text.splitlines() if re.match(r"#?[a-z-_]+ = ", line)]
            self.assertGreaterEqual(len(lines), 4)
            for line in lines:
                with self.subTest(line):
                    self.write(line.removeprefix("#") + "\n")
                    key = line.removeprefix("#").split(" = ")[0].replace("_", "-")
                    self.assertTrue(self.config()[key]["origin"].startswith(str(self.file)))
            self.write(text)
            self.config()


class Default(unittest.TestCase):
    """/etc/duckling/player.conf, laid over the machine's own in a namespace of mounts."""

    def sh(self, script):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["unshare", "--mount", "sh", "-ec", "mount -t tmpfs none /etc/duckling\n" + script], text=True,
                                  capture_output=True, env={**environment(DUCKLING_CONFIG=None), "duckling": str(DUCKLING), "folder": folder},
                                  timeout=WAIT_S)
        return done

    def setUp(self):
        if os.geteuid() != 0 or not shutil.which("unshare"):
            self.skipTest("needs root and unshare")
        if not os.path.isdir("/etc/duckling"):
            try:
                os.mkdir("/etc/duckling")
            except OSError as error:
                self.skipTest(f"/etc: {error}")
            self.addCleanup(os.rmdir, "/etc/duckling")
        if self.sh("").returncode != 0:
            self.skipTest("mounts are forbidden here")

    def test_is_read_where_no_other_is_named(self):
        done = self.sh("""
            "$duckling" config | grep -E '^(poll|language)'
            mkdir /etc/duckling/player.conf.d; echo 'poll = 3' >/etc/duckling/player.conf.d/a.conf
            "$duckling" config | grep -E '^(poll|language)'
            echo 'language = ko' >/etc/duckling/player.conf
            "$duckling" config | grep -E '^(poll|language)'
            "$duckling" config --config none | grep -E '^(poll|language)'
        """)
        self.assertEqual(done.stderr, "")
        self.assertEqual([tuple(line.split()) for line in done.stdout.splitlines()], [
            ("language", "-", "default"), ("poll", "10", "default"),
            ("language", "-", "default"), ("poll", "3", "/etc/duckling/player.conf.d/a.conf:1"),
            ("language", "ko", "/etc/duckling/player.conf:1"), ("poll", "3", "/etc/duckling/player.conf.d/a.conf:1"),
            ("language", "-", "default"), ("poll", "10", "default")])

    def test_one_that_cannot_be_read(self):
        """A player must not play something else; who asks for a programme hears of it."""
        done = self.sh("""
            mkdir /etc/duckling/player.conf
            ! "$duckling" play --for 0 || exit 9
            ! "$duckling" guide "$folder/none.json"
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.splitlines()[0], "duckling play: /etc/duckling/player.conf: not a regular file")
        self.assertRegex(done.stderr.splitlines()[1], "warn settings: cannot read the player's configuration, going on without it reason=")


class Reload(unittest.TestCase):
    """SIGHUP: a changed configuration, without a break."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.file = self.folder / "player.conf"
        playlist(self.folder / "p.json", {"a": {"background": "#804020", "duration": 3600}})

    def play(self, config):
        self.file.write_text(config)
        screen = Player(self.folder, self.folder / "p.json", "--config", str(self.file), "--at", "2026-11-30T12:00:00Z", "--timezone", "UTC")
        self.addCleanup(screen.stop)
        screen.wait_shown("a")
        return screen

    def reload(self, screen, config, pattern):
        self.file.write_text(config)
        before = len(screen.lines)
        screen.process.send_signal(signal.SIGHUP)
        return screen.wait_log(pattern, before)

    def test_what_is_taken_and_what_waits(self):
        screen = self.play("house = #000000\n")
        self.reload(screen, "house = #000001\nquota = 3G\ndimming = 24/7 0.5\n", 'options are not taken before the player starts again options="?house,quota"?')
        self.assertIn("configuration read again taken=dimming", screen.log().replace('"', ""))
        screen.wait_frame(lambda f: float(f["dim"]) == 0.5, "dimmed")
        self.reload(screen, "house = #000000\n", "configuration read again taken=\"?dimming")
        screen.wait_frame(lambda f: float(f["dim"]) > 0.9, "bright")
        self.assertNotIn("screen lost", screen.log())
        self.assertEqual(screen.log().count("now playing"), 1)
        self.assertEqual(screen.stop(), 0)
        shown = [f for f in screen.frames() if f["to"] == "a"]
        self.assertEqual({f["to"] for f in screen.frames()[-len(shown):]}, {"a"})
        self.assertGreaterEqual(min(float(f["dim"]) for f in shown), 0.5)

    def test_a_wrong_one_changes_nothing(self):
        screen = self.play("dimming = 24/7 0.5\n")
        self.reload(screen, "dimming = 24/7 0.2\nrotate = 45\nscren = 1\n", "configuration is wrong, keeping the one in force")
        self.assertIn(f"{self.file}:2: rotate: 45: needs 0, 90, 180 or 270", screen.log())
        self.assertIn(f"{self.file}:3: scren: unknown option", screen.log())
        self.file.unlink()
        before = len(screen.lines)
        screen.process.send_signal(signal.SIGHUP)
        screen.wait_log("configuration fault .*No such file or directory", before)
        self.reload(screen, "dimming = 24/7 0.75\n", "configuration read again")
        screen.wait_frame(lambda f: float(f["dim"]) == 0.75, "dimmed")
        self.assertEqual(screen.stop(), 0)
        self.assertNotIn(0.2, {float(f["dim"]) for f in screen.frames()})

    def test_each_reload_is_answered(self):
        """Also where the answer is the same as the one before: somebody is waiting for it."""
        screen = self.play("")
        for level in ("0.5", "0.6"):
            self.reload(screen, f"dimming = 24/7 {level}\n", "configuration read again taken=\"?dimming")
        for _ in range(2):
            self.reload(screen, "scren = 1\n", "configuration is wrong, keeping the one in force")
        self.assertEqual(screen.stop(), 0)

    def test_the_picture_stays_while_it_is_made_anew(self):
        screen = self.play("")
        self.reload(screen, "rotate = 90\nlanguage = ko\n", "configuration read again taken=\"?rotate,language")
        count = len(screen.frames())
        screen.wait_frame(lambda f: len(screen.frames()) > count and f["to"] == "a" and float(f["mix"]) == 1, "a again")
        self.reload(screen, "operating-hours = off\n", "screen black, outside operating hours")
        self.reload(screen, "", "screen on again")
        self.assertEqual(screen.stop(), 0)

    def test_a_terminal_that_is_gone_ends_it(self):
        here, there = os.openpty()
        process = subprocess.Popen([DUCKLING, "play", self.folder / "p.json", "--window", "160x90", "--store", self.folder / "s", "--state",
                                    self.folder / "t", "--frames-log", self.folder / "f.csv"], stdin=there, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True, env=environment())
        os.close(there)
        for line in process.stderr:
            if "screen opened" in line:
                break
        process.send_signal(signal.SIGHUP)
        for line in process.stderr:
            if "configuration read again" in line:
                break
        os.close(here)
        process.send_signal(signal.SIGHUP)
        process.stderr.read()
        self.assertEqual(process.wait(WAIT_S), 0)
        process.stderr.close()


class Rules(unittest.TestCase):
    """Options that say what a player may do, where they are more than a value handed on."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.list = self.folder / "p.json"
        playlist(self.list, {"a": {"background": "#804020", "duration": 4.5}, "b": {"background": "#804020", "duration": 5},
                             "c": {"background": "#804020"}}, defaults={"duration": 3})

    def test_short_slots_are_faults_where_that_is_asked_for(self):
        words = ["$.spots.a: is on for 4.5 seconds; at least 5 are asked for", "$.spots.c: is on for 3 seconds; at least 5 are asked for"]
        self.assertEqual(run("check", self.list).returncode, 0)
        done = run("check", self.list, "--min-slot", "5")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([line for line in done.stdout.splitlines() if "is on for" in line], ["fault   " + w for w in words])
        self.assertEqual(run("check", self.list, "--min-slot", "3").returncode, 0)
        key = make_key(self.folder)
        done = run("publish", self.list, "--min-slot", "5", "--to", self.folder, "--channel", "c", "--key", key, "--dry-run")
        self.assertEqual(done.returncode, 1)
        for fault in words:
            self.assertIn(fault, done.stdout + done.stderr)

    def test_a_player_shows_short_slots_and_says_so(self):
        with Player(self.folder, self.list, "--min-slot", "5") as screen:
            screen.wait_log(r"spots are on for too short a time min_slot_seconds=5 spots=2 spot=\"?a\"? seconds=4.5")
            screen.wait_frame(lambda f: f["to"] == "a", "a")
            self.assertEqual(screen.stop(), 0)

    def test_requests_go_through_the_proxy(self):
        asked, body = [], self.list.read_bytes()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        clean = {name: None for name in os.environ if name.lower().endswith("_proxy")}
        with Player(self.folder, "http://signage.invalid/p.json", "--proxy", f"http://127.0.0.1:{server.server_port}", env=clean) as screen:
            screen.wait_shown("a")
            self.assertEqual(screen.stop(), 0)
        self.assertEqual(asked[0], "http://signage.invalid/p.json")

    def test_a_password_of_the_proxy_is_not_shown(self):
        config = self.folder / "p.conf"
        config.write_text("proxy = http://user:word@proxy.example.com:3128\n")
        for json_too in ((), ("--json",)):
            done = run("config", "--config", config, *json_too)
            self.assertIn("proxy.example.com:3128", done.stdout)
            self.assertNotIn("word", done.stdout)
        config.write_text("proxy = user:word@proxy.example.com:3128\n")
        self.assertNotIn("word", run("config", "--config", config).stdout)


if __name__ == "__main__":
    tap.main()
