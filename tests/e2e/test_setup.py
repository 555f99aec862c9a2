"""duckling setup: told by options, by a file, by somebody at a terminal; in three languages, and interrupted anywhere."""
import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import player
import tap
from channel import Keys, instant
from clock import Clock
from player import DUCKLING, WAIT_S, environment

CHANNEL = "https://signage.example.com/channels/seoul/"
OTHERS = {"etc/hostname", "etc/systemd/system.conf.d/50-duckling.conf", "etc/sysctl.d/50-duckling.conf",
          "etc/systemd/timesyncd.conf.d/50-duckling.conf"}
DROPIN = "etc/duckling/player.conf.d/50-setup.conf"


class Setup(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.root = self.folder / "root"
        (self.root / "etc").mkdir(parents=True)
        self.keys = Keys(self.folder)
        self.environment = environment(LANG="C.UTF-8", LC_ALL=None, LC_CTYPE=None, TERM="xterm", TZ="UTC",
                                       TZDIR=str(player.TOP / "build/zoneinfo"), DUCKLING_CONFIG=None)

    def start(self, *arguments, **more):
        return subprocess.Popen([DUCKLING, "setup", "--root", self.root, *map(str, arguments)], env=self.environment, cwd=self.folder,
                                text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def run_it(self, *arguments, answers="", status=0, **more):
        process = self.start(*arguments, **more)
        text, errors = process.communicate(answers, timeout=WAIT_S)
        self.assertEqual((process.returncode, errors if status < 1 else ""), (status, ""), text + errors)
        return text if status < 1 or text else errors

    def tell(self, *arguments, **more):
        return self.run_it("--yes", "--source", CHANNEL, "--key", self.keys.public, "--timezone", "Asia/Seoul", "--language", "ko",
                           "--name", "lobby-3", *arguments, **more)

    def written(self):
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()}

    def read(self, name=DROPIN):
        """Without the line that says whose it is."""
        return (self.root / name).read_text().split("\n", 1)[1]

    def dropin(self, rotate=0, zone="Asia/Seoul", language="ko"):
        return f'source = "{CHANNEL}"\nkey = {self.keys.line()}\ntimezone = {zone}\nlanguage = {language}\nrotate = {rotate}\n'

    def test_by_options(self):
        text = self.tell(preexec_fn=lambda: os.umask(0o077))
        self.assertEqual(self.written(), {DROPIN} | OTHERS)
        self.assertEqual(self.read(), self.dropin())
        self.assertEqual((self.root / "etc/hostname").read_text(), "lobby-3\n")
        self.assertIn("RuntimeWatchdogSec=60", self.read("etc/systemd/system.conf.d/50-duckling.conf"))
        self.assertIn("kernel.panic = 10", self.read("etc/sysctl.d/50-duckling.conf"))
        self.assertEqual(self.read("etc/systemd/timesyncd.conf.d/50-duckling.conf"), "[Time]\nNTP=time.bora.net kr.pool.ntp.org\n")
        self.assertEqual({(self.root / name).stat().st_mode & 0o777 for name in self.written()}, {0o644})
        for name in self.written():
            self.assertIn(f"저장함: {self.root / name}", text)
        done = subprocess.run([DUCKLING, "config", "--json", "--config", self.root / "etc/duckling/player.conf"], text=True,
                              capture_output=True, env=self.environment)
        self.assertEqual(done.returncode, 78, "there is no such file, only what lies beside it")
        (self.root / "etc/duckling/player.conf").write_text("rotate = 180\n")
        done = subprocess.run([DUCKLING, "config", "--json", "--config", self.root / "etc/duckling/player.conf"], text=True,
                              capture_output=True, env=self.environment)
        values = {said["name"]: said["value"] for said in map(json.loads, done.stdout.splitlines())}
        self.assertEqual((values["source"], values["key"], values["timezone"], values["rotate"]), ([CHANNEL], [self.keys.line()], "Asia/Seoul", "0"))

    def test_again_changes_nothing(self):
        self.tell()
        before = {name: (self.root / name).stat().st_mtime_ns for name in self.written()}
        for text in (self.tell(), self.run_it("--yes"), self.run_it(answers="\n" * 9)):
            self.assertIn(f"그대로 둠: {self.root / DROPIN}", text)
        self.assertEqual({name: (self.root / name).stat().st_mtime_ns for name in self.written()}, before)

    def test_what_was_given_changes_and_the_rest_stays(self):
        self.tell("--rotate", "90")
        self.run_it("--yes", "--timezone", "Asia/Shanghai", "--time-servers", "cn", "--watchdog", "no")
        self.assertEqual(self.read(), self.dropin(rotate=90, zone="Asia/Shanghai"))
        self.assertIn("ntp.aliyun.com ntp.ntsc.ac.cn cn.pool.ntp.org", self.read("etc/systemd/timesyncd.conf.d/50-duckling.conf"))
        self.assertEqual(self.read("etc/systemd/system.conf.d/50-duckling.conf"), "")
        self.assertEqual(self.read("etc/sysctl.d/50-duckling.conf"), "")

    def test_a_no_writes_nothing(self):
        self.tell("--watchdog", "no", "--time-servers", "none")
        self.assertEqual(self.written(), {DROPIN, "etc/hostname"})
        self.run_it("--yes")
        self.assertEqual(self.written(), {DROPIN, "etc/hostname"})

    def test_by_a_file_of_answers(self):
        answers = self.folder / "box.conf"
        answers.write_text(f"source = {CHANNEL}\nkey = operator.pub\ntimezone = Asia/Seoul\nlanguage = ko\nname = lobby-3\nrotate = 270\n"
                           "watchdog = no\ntime-servers = none\n")
        self.run_it("--yes", "--answers", answers)
        self.assertEqual(self.read(), self.dropin(rotate=270))
        self.assertEqual(self.written(), {DROPIN, "etc/hostname"})
        answers.write_text("rotate = 45\n")
        self.assertIn(f"duckling setup: {answers}:1: rotate: 45: needs 0, 90, 180 or 270",
                      self.run_it("--yes", "--answers", answers, status=2))
        self.assertIn("option --answers: ", self.run_it("--answers", self.folder / "none", status=2))

    def test_in_three_languages(self):
        for number, tag, zone, words in (("1", "ko", "Asia/Seoul", ("시간대", "저장함: ", "키 번호는")),
                                         ("2", "zh-Hans", "Asia/Shanghai", ("时区", "已写入：", "密钥编号是")),
                                         ("3", "en", "UTC", ("Time zone", "written: ", "The key's number is"))):
            with self.subTest(tag):
                shutil.rmtree(self.root / "etc")
                (self.root / "etc").mkdir()
                text = self.run_it(answers="\n".join((number, CHANNEL, str(self.keys.public), "y", zone, "lobby-3", "90", "y", "none", "y", "")))
                for word in words:
                    self.assertIn(word, text)
                self.assertEqual(self.read(), self.dropin(rotate=90, zone=zone, language=tag))

    def test_wrong_answers_are_asked_again(self):
        text = self.run_it(answers="\n".join((
            "klingonisch", "3", "ftp://x/", "nowhere.json", CHANNEL, "no.pub", str(self.keys.secret), str(self.keys.public), "perhaps", "n",
            str(self.keys.public), "y", "Seoul", "KST", "Asia/Seoul", "Lobby 3", "-", "lobby-3", "45", "90", "maybe", "n", "uk", "none",
            "y", "")))
        self.assertEqual(self.read(), self.dropin(rotate=90, language="en"))
        self.assertEqual(text.count("That won't do: it needs the address of a channel"), 2)
        self.assertEqual(text.count("That won't do: it needs a public key: "), 2)
        self.assertEqual(text.count("did you mean Asia/Seoul?"), 2)
        self.assertEqual(text.count("That won't do: it needs 1 to 63 small letters"), 2)
        self.assertEqual(text.count("Please answer y or n."), 2)
        self.assertIn('That won\'t do: it needs 0, 90, 180 or 270, not "45"', text)
        self.assertIn('needs kr, cn or none, not "uk"', text)

    def test_the_key_is_pinned_only_where_its_number_is_right(self):
        number = self.keys.public.read_text().splitlines()[0].split()[-1]  # minisign says it there
        text = self.run_it("--key", self.keys.public, answers="\n".join(("3", CHANNEL, "n", "")), status=1)
        self.assertIn(f"The key's number is {number}.", text)
        self.assertEqual(self.written(), set())

    def test_a_source_that_is_not_signed_needs_no_key(self):
        path = self.folder / "p.json"
        player.playlist(path, {"a": {"background": "#000"}})
        self.run_it("--yes", "--source", "p.json", "--timezone", "UTC", "--language", "en")
        self.assertIn(f'source = "{path}"\ntimezone', self.read())
        self.assertNotIn("key", self.read())

    def test_the_input_ends_anywhere(self):
        lines = ["3", CHANNEL, str(self.keys.public), "y", "UTC", "lobby-3", "0", "y", "none", "y"]
        for count in range(len(lines)):
            text = self.run_it(answers="".join(line + "\n" for line in lines[:count]), status=1)
            self.assertTrue(text.endswith("The input has ended. Nothing was changed.\n"), text)
            self.assertEqual(self.written(), set())

    def at_terminal(self, *steps, **changes):
        """On a terminal of 80 columns and 24 lines: each step is (what it waits for, what is typed). Exit status, what was shown."""
        child, terminal = pty.fork()
        if child == 0:
            with contextlib.suppress(Exception):
                os.execve(DUCKLING, [str(DUCKLING), "setup", "--root", str(self.root)], {**self.environment, **changes})
            os._exit(99)
        shown, steps = b"", list(steps)
        while True:
            ready = select.select([terminal], [], [], WAIT_S)[0]
            try:
                piece = os.read(terminal, 65536) if ready else b""
            except OSError:  # Linux's end of a pty
                piece = b""
            if not piece:
                break
            shown += piece
            if steps and shown.endswith(steps[0][0].encode()):
                os.write(terminal, steps.pop(0)[1].encode())
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        self.assertEqual(steps, [])
        return os.waitstatus_to_exitcode(status), shown

    def test_ctrl_c(self):
        status, shown = self.at_terminal(("> ", "3\n"), ("> ", "\x03"))
        self.assertEqual(status, 1)
        self.assertTrue(shown.decode().endswith("Ended by Ctrl+C. Nothing was changed.\r\n"), shown)
        self.assertEqual(self.written(), set())

    def test_a_signal(self):
        process = self.start()
        self.assertIn("1/6", process.stdout.readline() + process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        self.assertIn("Nothing was changed.", process.communicate(timeout=WAIT_S)[0])
        self.assertEqual(process.returncode, 1)

    def test_a_terminal_without_utf_8(self):
        for changes in ({"LANG": "C", "TERM": "vt100"}, {"LANG": "ko_KR.UTF-8", "TERM": "linux"}):
            with self.subTest(changes):
                answers = ["1", CHANNEL, str(self.keys.public), "y", "", "lobby-3", "", "n", "none", "n"]
                status, shown = self.at_terminal(*(("> ", answer + "\n") for answer in answers), **changes)
                self.assertEqual(status, 1)
                shown.decode("ascii")
                self.assertIn(b"this terminal shows English only", shown)
                self.assertIn(b"language = ko\r\n", shown)
                self.assertEqual(self.written(), set())

    def test_lines_of_others_are_told(self):
        folder = self.root / "etc/duckling/player.conf.d"
        folder.mkdir(parents=True)
        (self.root / "etc/duckling/player.conf").write_text("\nsource = https://old.example.com/c/\n")
        (folder / "90-site.conf").write_text("rotate = 180\n")
        text = self.tell("--rotate", "90", "--language", "en")
        self.assertIn(f"source: takes the place of {self.root}/etc/duckling/player.conf:2, which stays as it is", text)
        self.assertIn(f"rotate: NOT in force, {folder}/90-site.conf:1 wins", text)
        self.assertEqual((folder / "90-site.conf").read_text(), "rotate = 180\n")

    def test_a_file_that_was_changed_by_hand_is_not_replaced_unnoticed(self):
        self.tell("--language", "en")
        path = self.root / DROPIN
        changed = path.read_text() + "poll = 5\n"
        path.write_text(changed)
        asked = "\n".join(("", "", "", "", "", "90", "", "", "y", ""))
        text = self.run_it(answers=asked + "n\n")
        self.assertIn(f"{path} was changed by hand since. Replace it (a copy is kept)?", text)
        self.assertEqual(path.read_text(), changed)
        self.run_it(answers=asked + "y\n")
        self.assertEqual(self.read(), self.dropin(rotate=90, language="en"))
        self.assertEqual(Path(f"{path}.old").read_text(), changed)
        path.write_text("poll = 7\n")
        self.assertIn(f"the file before is kept: {path}.old", self.tell("--language", "en"))
        self.assertEqual(Path(f"{path}.old").read_text(), "poll = 7\n")

    def test_what_somebody_has_set_is_not_offered(self):
        for name, text in (("system.conf.d/site.conf", "[Manager]\n RuntimeWatchdogSec = 20\n"), ("timesyncd.conf.d/site.conf", "[Time]\nNTP=x\n")):
            path = self.root / "etc/systemd" / name
            path.parent.mkdir(parents=True)
            path.write_text(text)
        text = self.tell("--language", "en")
        self.assertEqual(text.count("already set, left as it is: "), 2)
        self.assertEqual(self.written() & OTHERS, {"etc/hostname"})

    def test_wrong_options(self):
        for options, words in ((("--source", "x:y"), "option --source needs the address of a channel"),
                               (("--source", CHANNEL, "--key", "none.pub"), "option --key needs a public key: none.pub"),
                               (("--source", CHANNEL), "option --key is missing"), ((), "option --source is missing"),
                               (("--source", CHANNEL, "--key", self.keys.public, "--name", "A"), "option --name needs 1 to 63 small letters"),
                               (("--rotate", "1"), "option --rotate needs 0, 90, 180 or 270")):
            self.assertTrue(self.run_it("--yes", *options, status=2).startswith("duckling setup: " + words))
        self.assertEqual(self.written(), set())

    def test_a_configuration_with_faults_is_no_hindrance(self):
        (self.root / "etc/duckling").mkdir()
        (self.root / "etc/duckling/player.conf").write_text("rotat = 90\n")
        self.tell()
        self.assertEqual(self.read(), self.dropin())


class Stick(unittest.TestCase):
    """Settings on a stick: good ones, and all that is to be refused."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.stick, self.root = self.folder / "stick", self.folder / "root"
        self.dropin = self.root / "etc/duckling/player.conf.d/60-stick.conf"
        self.stick.mkdir()
        (self.root / "etc/duckling").mkdir(parents=True)
        self.keys = Keys(self.folder)
        self.host = os.uname().nodename
        (self.root / "etc/duckling/player.conf").write_text(f"key = {self.keys.line()}\nsite = mall\nsource = {CHANNEL}\n")
        self.clock = Clock(self.folder)
        self.clock.set(0, synchronised=True)

    def put(self, text, keys=None, over=None, **fields):
        """On the stick, signed; fields of None are left out."""
        data = text.encode() if isinstance(text, str) else text
        said = {"site": "mall", "version": 7, "file": "duckling.conf", "bytes": len(data), "signed": instant(), "expires": instant(days=30), **fields}
        comment = " ".join(f"{name}={value}" for name, value in said.items() if value is not None)
        (self.stick / "duckling.conf").write_bytes(data)
        (self.stick / "duckling.conf.minisig").write_bytes((keys or self.keys).sign(data if over is None else over, comment))

    def take(self, status, *words):
        done = subprocess.run([DUCKLING, "setup", "--root", self.root, "--stick", self.stick], text=True, capture_output=True, timeout=WAIT_S,
                              stdin=subprocess.DEVNULL, env={**environment(DUCKLING_CONFIG=None), **self.clock.environment()})
        self.assertEqual((done.returncode, done.stdout), (status, ""), done.stderr)
        for word in words:
            self.assertRegex(done.stderr, word)

    def refuse(self, words):
        before = self.dropin.read_bytes() if self.dropin.exists() else None
        self.take(1, "error setup_stick: settings of the stick refused path=", words)
        self.assertEqual(self.dropin.read_bytes() if self.dropin.exists() else None, before)

    def test_a_good_one(self):
        self.put("rotate = 90\nlanguage = ko\n")
        self.take(0, "info setup_stick: settings of the stick taken version=7 ")
        self.assertEqual(self.dropin.read_text().split("\n", 1)[1], "# version=7\nrotate = 90\nlanguage = ko\n")
        self.take(1, "in force already version=7")
        self.put("rotate = 180\n", version=8)
        self.take(0)
        self.assertIn("rotate = 180", self.dropin.read_text())
        done = subprocess.run([DUCKLING, "config", "--config", self.root / "etc/duckling/player.conf"], text=True, capture_output=True, env=environment())
        self.assertRegex(done.stdout, r"\nrotate +180 +\S*60-stick.conf:3\n")

    @unittest.skipUnless(re.fullmatch("[a-z0-9][a-z0-9._-]*", os.uname().nodename), "this machine's name is none that a pointer may have")
    def test_one_for_this_player(self):
        self.put("rotate = 90\n", site=None, player=self.host)
        self.take(0)

    def test_an_old_one_and_others_that_do_not_fit(self):
        self.put("rotate = 90\n", version=8)
        self.take(0)
        for words, fields in (("version 7: rollback", {}), ('they are for the player \\\\"somebody\\\\"', {"site": None, "player": "somebody"}),
                              ('they are for the site \\\\"other\\\\"', {"site": "other"}),
                              ("version 9: expired", {"version": 9, "signed": instant(days=-2), "expires": instant(days=-1)}),
                              ("version 9: signed in the future", {"version": 9, "signed": instant(days=3), "expires": instant(days=4)}),
                              ("unknown field", {"channel": "seoul"}), ("version is missing", {"version": None}),
                              ("bytes, and 3 are signed", {"version": 9, "bytes": 3})):
            with self.subTest(words):
                self.put("rotate = 180\n", **fields)
                self.refuse(words)

    def test_signatures_that_will_not_do(self):
        self.put("rotate = 90\n", keys=Keys(self.folder, "other"))
        self.refuse("unpinned key")
        self.put("rotate = 90\n", over=b"rotate = 91\n")
        self.refuse("bad signature")
        (self.stick / "duckling.conf.minisig").unlink()
        self.refuse("duckling.conf.minisig: No such file")
        self.put("rotate = 90\n")
        (self.root / "etc/duckling/player.conf").write_text("site = mall\n")
        self.refuse("no key is pinned yet: at the screen, duckling setup --answers")

    def test_settings_that_are_wrong(self):
        for text, words in (("rotate = 45\n", "duckling.conf:1: rotate: 45: needs"), ("rotat = 90\n", "unknown option"),
                            ("key = /no/such.pub\n", "/no/such.pub"), (b"rotate = 90\n\0", "duckling.conf holds a zero byte"), ("# x\n" * 3000, "duckling.conf is longer than ")):
            self.put(text)
            self.refuse(words)

    def test_the_unit_that_looks_at_sticks(self):
        """Its own commands, with the program of this build, and with others in the place of mount and systemctl."""
        unit = (player.TOP / "packaging/stick/duckling-stick@.service").read_text()
        script = re.search(r"^ExecStart=/bin/sh -ec '(.*)'$", unit, re.MULTILINE)[1]
        script = script.replace("$$", "$").replace("%I", "sdb1").replace("/usr/bin/duckling setup", f"{DUCKLING} setup --root {self.root}")
        for name in ("mount", "systemctl"):
            (self.folder / name).write_text(f'#!/bin/sh\necho "{name} $*"\n')
            (self.folder / name).chmod(0o755)
        restart = "systemctl --no-block try-restart duckling.service duckling-wayland.service duckling-x11.service\n"
        mounted = f"mount -t vfat,exfat,ext4,iso9660 -o ro,nosuid,nodev,noexec /dev/sdb1 {self.stick}\n"
        for text, said in (("rotat = 90\n", mounted), ("rotate = 90\n", mounted + restart), ("rotate = 90\n", mounted)):
            self.put(text)
            done = subprocess.run(["/bin/sh", "-ec", script], text=True, capture_output=True, timeout=WAIT_S, stdin=subprocess.DEVNULL,
                                  env={**environment(DUCKLING_CONFIG=None, RUNTIME_DIRECTORY=str(self.stick)), **self.clock.environment(),
                                       "PATH": f"{self.folder}:{os.environ['PATH']}"})
            self.assertEqual((done.returncode, done.stdout), (0, said), done.stderr)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd is not installed")
    def test_the_unit_is_one_that_systemd_understands(self):
        unit = self.folder / "duckling-stick@sdb1.service"
        shutil.copy(player.TOP / "packaging/stick/duckling-stick@.service", unit)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit], text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_hostile_sticks(self):
        self.take(1, "info setup_stick: no settings on the stick")
        self.put("rotate = 90\n")
        (self.stick / "real").write_bytes((self.stick / "duckling.conf").read_bytes())
        for make, words in ((lambda path: path.symlink_to("real"), "Too many levels of symbolic links"), (os.mkfifo, "not a regular file"), (os.mkdir, "not a regular file"),
                            (lambda path: path.write_bytes(bytes(70000)), "it has 70000 bytes; at most ")):
            for name in ("duckling.conf", "duckling.conf.minisig"):
                with self.subTest(words + name):
                    self.put("rotate = 90\n")
                    (self.stick / name).unlink()
                    make(self.stick / name)
                    self.refuse(words)
                    shutil.rmtree(self.stick / name) if (self.stick / name).is_dir() else (self.stick / name).unlink()


class OnThisSystem(unittest.TestCase):
    """With a layer of the test's own over the machine's /etc, in a namespace of mounts."""
    LAYER = """
        mkdir layer; mount -t tmpfs none layer; mkdir layer/upper layer/work
        mount -t overlay overlay -o lowerdir=/etc,upperdir="$PWD/layer/upper",workdir="$PWD/layer/work" /etc
        rm -rf /etc/duckling /etc/systemd/system.conf.d /etc/systemd/timesyncd.conf.d
    """

    def sh(self, script, answers=""):
        with tempfile.TemporaryDirectory() as folder:
            keys = Keys(folder)
            return subprocess.run(["unshare", "--mount", "--uts", "sh", "-ec", self.LAYER + script], text=True, capture_output=True, timeout=WAIT_S, cwd=folder,
                                  input=answers,
                                  env={**environment(DUCKLING_CONFIG=None, LANG="C.UTF-8", DISPLAY=":77"), "duckling": str(DUCKLING),
                                       "key": str(keys.public)})

    def setUp(self):
        if os.geteuid() != 0 or not shutil.which("unshare"):
            self.skipTest("needs root and unshare")
        if self.sh("").returncode != 0:
            self.skipTest("overlay mounts are forbidden here")

    def test_it_is_checked_at_the_end(self):
        done = self.sh('"$duckling" setup --yes --source http://127.0.0.1:1/c/ --key "$key" --language en --timezone UTC || echo "status $?"\n'
                       "cd layer/upper; find . -type f")
        self.assertIn("Now the box is checked.", done.stdout)
        self.assertRegex(done.stdout, r"\nok +configuration +right: /etc/duckling/player.conf.d\n")
        self.assertRegex(done.stdout, r"\nok +keys +pinned: [0-9A-F]{16}\n")
        self.assertRegex(done.stdout, r"\nWRONG  server +http://127.0.0.1:1/c/: cannot connect")
        self.assertIn("status 1", done.stdout)
        self.assertEqual(set(done.stdout[done.stdout.index("status 1"):].splitlines()[1:]),
                         {"./duckling/player.conf.d/50-setup.conf", "./systemd/system.conf.d/50-duckling.conf", "./sysctl.d/50-duckling.conf"})

    def test_what_to_do_about_it_is_told_in_the_language_of_the_questions(self):
        for tag, words in (("en", 'Do what stands after "Do:"'), ("ko", '"WRONG"으로 시작하는 줄이 문제입니다'), ("zh-Hans", "“WRONG” 开头的行是问题所在")):
            with self.subTest(tag):
                done = self.sh(f'"$duckling" setup --yes --source http://127.0.0.1:1/c/ --key "$key" --language {tag} --timezone UTC || true')
                self.assertIn(words, done.stdout[done.stdout.index("found something wrong"):])

    # In the place of the system's own, which must not hear of it.
    SYSTEMCTL = """
        mkdir programs; printf '#!/bin/sh\\necho "systemctl $*"\\n' >programs/systemctl; chmod 755 programs/systemctl
        PATH="$PWD/programs" "$duckling" setup --source "$duckling" --language en --timezone UTC --name box --rotate 0 --watchdog no \\
            --time-servers none || echo "status $?"
    """

    def test_the_box_is_started_again_where_that_is_wanted(self):
        """Here something is wrong: the source is no playlist."""
        question = "\nStart the box again now, so that it shows this? [y/N] > "
        for answers, end in (("y\ny\n", "\nThe box starts again.\nsystemctl reboot\n"), ("y\nn\n", "\nSwitch the box off and on again"),
                             ("y\n", "\nThe input has ended.\n\nSwitch the box off and on again")):
            with self.subTest(answers):
                done = self.sh(self.SYSTEMCTL, answers)
                self.assertIn(question + end, done.stdout, done.stderr)

    def test_a_box_that_cannot_be_started_again(self):
        done = self.sh(self.SYSTEMCTL.replace("$PWD/programs\"", "$PWD/none\""), "y\ny\n")
        self.assertIn("cannot start the box again", done.stderr)
        self.assertIn('reason="systemctl: No such file or directory"', done.stderr)
        self.assertIn("Switch the box off and on again", done.stdout)

    def test_a_read_only_etc(self):
        done = self.sh('mkdir /etc/duckling; mount -o remount,bind,ro /etc; "$duckling" setup </dev/null')
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cannot write to /etc/duckling: Read-only file system; make it writable for the setup: mount -o remount,rw /", done.stderr)

    def test_somebody_who_may_not(self):
        done = self.sh('setpriv --reuid 65534 --clear-groups "$duckling" setup </dev/null')
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cannot write to /etc: Permission denied; run it as root: sudo duckling setup", done.stderr)


if __name__ == "__main__":
    tap.main()
