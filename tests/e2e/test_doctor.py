"""duckling doctor: everything that it looks at, well and wrong in turn, and the words for it."""
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import player
import servers
import tap
from channel import Channel, Keys
from clock import Clock
from player import DUCKLING, environment, playlist

CHECKS = ["version", "configuration", "screen", "sound", "sandbox", "keys", "store", "state", "server", "time zone", "clock", "fonts"]


STOPPED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <spawn.h>

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes,
                char *const arguments[], char *const environment[])
{
    int (*start)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const[], char *const[]) =
        dlsym(RTLD_NEXT, "posix_spawn");
    int number = start(pid, path, actions, attributes, arguments, environment);
    if (number == 0)
        kill(*pid, SIGSTOP);
    return number;
}
"""


class Doctor(unittest.TestCase):
    """A machine on which nothing is wrong, but for what a test breaks: its screen is an X server's, at which nobody looks."""

    def setUp(self):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.clock = Clock(self.folder)
        self.clock.set(0, synchronised=True)
        self.keys = Keys(self.folder)
        self.files = self.folder / "www"
        self.channel = Channel(self.keys, "seoul")
        self.channel.publish(self.files, 7, "one", {})
        self.server = servers.Nginx(self.folder / "nginx", self.files).start()
        self.addCleanup(self.server.stop)
        self.url = self.server.url("channels/seoul/")
        self.config = self.folder / "player.conf"
        self.environment = environment(**self.clock.environment(), DISPLAY=":77", TZ="Asia/Seoul", TZDIR=str(player.TOP / "build/zoneinfo"),
                                       DUCKLING_CONFIG=None)

    def configure(self, **options):
        lines = {"source": self.url, "key": self.keys.public, "language": "en", "store": self.folder / "store",
                 "state": self.folder / "state", "decode-timeout": "60", "max-volume": "0", **options}
        self.config.write_text("".join(f"{name.replace('_', '-')} = {value}\n" for name, value in lines.items() if value is not None))

    def start(self, *options):
        return subprocess.Popen([DUCKLING, "doctor", "--config", self.config, *options], env=self.environment, cwd=self.folder, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def ask(self, *options, **configuration):
        """The findings, as {check: [(state, found, remedy)]}; each line for people says the same."""
        self.configure(**configuration)
        found = {}
        process = self.start("--json", *options)
        text, errors = process.communicate(timeout=player.WAIT_S)
        for line in text.splitlines():
            said = json.loads(line)
            self.assertEqual(set(said), {"check", "state", "found", "remedy"})
            self.assertIn(said["state"], ("ok", "note", "wrong"))
            self.assertTrue(said["remedy"] is None or said["state"] == "wrong")
            found.setdefault(said["check"], []).append((said["state"], said["found"], said["remedy"]))
        self.assertEqual(errors, "")
        wrong = any(state == "wrong" for said in found.values() for state, *_ in said)
        self.assertEqual(process.returncode, 1 if wrong else 0)
        return found

    def expect_wrong(self, check, words, *options, **configuration):
        """This alone is wrong, and there is something to do about it."""
        found = self.ask(*options, **configuration)
        states = {name for name, said in found.items() if any(state == "wrong" for state, *_ in said)}
        self.assertEqual(states, {check}, found)
        self.assertRegex(found[check][0][1], words)
        self.assertTrue(found[check][0][2])
        return found

    def test_all_is_well(self):
        found = self.ask()
        self.assertEqual(list(found), CHECKS)
        self.assertEqual({name for name, said in found.items() if said[0][0] == "note"}, {"screen", "sound"})
        self.assertIn("127.0.0.1 port", found["server"][0][1])
        self.assertIn("version 7 is signed by a pinned key", found["server"][0][1])
        self.assertRegex(found["keys"][0][1], "^pinned: [0-9A-F]{16}$")
        self.assertIn("+09:00", found["time zone"][0][1])
        self.assertIn("as the server's clock", found["clock"][0][1])

    def test_a_line_for_each_check(self):
        self.configure()
        process = self.start()
        text, errors = process.communicate(timeout=player.WAIT_S)
        self.assertEqual((process.returncode, errors), (0, ""))
        *lines, blank, last = text.splitlines()
        self.assertEqual([line[7:21].strip() for line in lines], CHECKS)
        self.assertEqual({line[:7].strip() for line in lines}, {"ok", "note"})
        self.assertEqual((blank, last), ("", "All is well: 12 checks."))
        self.configure(timezone="Asia/Seol", store="/dev/null/store")
        process = self.start()
        text, _ = process.communicate(timeout=player.WAIT_S)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(text, r"\nWRONG  store +\S.*\n {21}Do: \S")
        self.assertRegex(text, r"\n\n\d of \d+ checks found something wrong\.\n$")

    def test_faults_of_the_configuration_are_all_listed_and_the_rest_is_looked_at(self):
        self.configure()
        self.config.write_text(self.config.read_text() + "rotate = 45\nlanguag = ko\n")
        process = self.start("--json")
        said = [json.loads(line) for line in process.communicate(timeout=player.WAIT_S)[0].splitlines()]
        faults = [line["found"] for line in said if line["check"] == "configuration"]
        self.assertEqual(len(faults), 2)
        self.assertRegex(faults[0], r"player\.conf:8: ")
        self.assertIn('did you mean', faults[1])
        self.assertIn(("server", "ok"), [(line["check"], line["state"]) for line in said])
        self.assertEqual(process.returncode, 1)

    def test_nothing_to_play(self):
        self.assertIn('no "source" is named', self.expect_wrong("configuration", "nothing to play", source=None)["configuration"][0][1])

    def test_keys(self):
        self.assertIn("server", self.ask(key=None))
        other = Keys(self.folder, "other")
        self.expect_wrong("server", "not pinned|unpinned", key=other.public)
        found = self.ask(key=self.folder / "none.pub")
        self.assertRegex(found["keys"][0][1], "none.pub")
        self.assertEqual(found["keys"][0][0], "wrong")
        found = self.ask(key=None)
        self.assertIn("a channel is played only with one", found["keys"][0][1])

    def test_servers(self):
        closed, port = servers._listen()
        closed.close()
        for source, words in ((f"http://127.0.0.1:{port}/channels/seoul/", "cannot connect"),
                              ("http://nobody.invalid/channels/seoul/", "no such host, or no name server"),
                              (self.server.url("channels/busan/"), "404"),
                              (f"{self.folder}/stick/", "there is no such file")):
            with self.subTest(source):
                self.expect_wrong("server", words, source=source)
        (self.files / "channels/seoul/p-7.json").write_text("{}")
        self.expect_wrong("server", "the playlist p-7.json: ")

    def test_a_certificate_that_does_not_verify(self):
        authority, _, pairs = servers.make_certificates(self.folder / "tls")
        server = servers.Nginx(self.folder / "secure", self.files, tls=pairs["good"]).start()
        self.addCleanup(server.stop)
        url = server.url("channels/seoul/")
        self.expect_wrong("server", "certificate", source=url)
        self.assertEqual(self.ask(source=url, ca_file=authority)["server"][0][0], "ok")

    def test_a_server_that_never_answers_is_given_up(self):
        """The clock goes on by as long as a file may take."""
        server = servers.Hostile()
        self.addCleanup(server.stop)
        server.acts["channels/seoul/latest.minisig"] = [servers.hang]
        self.configure(source=server.url("channels/seoul/"))
        process = self.start("--json")
        server.wait_asked("channels/seoul/latest.minisig")
        self.clock.set(0, synchronised=True, mono_s=30)
        said = [json.loads(line) for line in process.communicate(timeout=player.WAIT_S)[0].splitlines()]
        found = {line["check"]: line for line in said}
        self.assertEqual(found["server"]["state"], "wrong")
        self.assertIn("fonts", found)

    def test_a_check_that_hangs_is_told_and_ends_it(self):
        """A disk that does not answer: statvfs never returns. The clock that sets the limit is behind the one that waits for it, so
        that it is ten seconds."""
        hang = self.folder / "hang.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", hang], text=True, check=True,
                       input="#include <unistd.h>\nint statvfs(const char *path, void *fs) { for (;;) pause(); }\n"
                             "int statvfs64(const char *path, void *fs) { for (;;) pause(); }\n")
        self.environment["LD_PRELOAD"] += f":{hang}"
        self.clock.set(0, synchronised=True, mono_s=-50)
        self.configure()
        process = self.start("--json")
        said = [json.loads(line) for line in process.communicate(timeout=player.WAIT_S)[0].splitlines()]
        self.assertEqual(process.returncode, 1)
        self.assertEqual([line["check"] for line in said], CHECKS[:CHECKS.index("store") + 1])
        self.assertEqual((said[-1]["state"], said[-1]["found"]), ("wrong", "no answer: a disk or a driver hangs"))

    def test_a_file_as_a_source(self):
        path = self.folder / "p.json"
        playlist(path, {"a": {"tagline": {"ko": "작은 것", "zh-Hans": "伟大"}}})
        found = self.ask(source=path, key=None)
        self.assertEqual(found["keys"][0][0], "note")
        self.assertEqual(found["server"][0][0], "ok")
        self.assertRegex(found["fonts"][0][1], "ko, zh-Hans, en$")
        self.expect_wrong("server", "there is no such file", source=self.folder / "none.json", key=None)
        path.write_text("{}")
        self.expect_wrong("server", "the playlist has faults", source=path, key=None)

    def test_fonts(self):
        path = self.folder / "p.json"
        playlist(path, {"a": {"tagline": {"en": "right", "ko": "작은 \U00010a00 것"}}})
        found = self.expect_wrong("fonts", "^ko: no font has 1 of the characters", source=path, key=None)
        self.assertIn(("ok", "texts can be set in en", None), found["fonts"])

    def test_a_slow_machine_is_not_taken_for_one_without_fonts(self):
        """Every worker is stopped as soon as it is started, so none is ever done in its time."""
        library = self.folder / "stopped.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library, "-ldl"], input=STOPPED, text=True, check=True)
        self.environment["LD_PRELOAD"] += f":{library}"
        path = self.folder / "p.json"
        playlist(path, {"a": {"tagline": {"ko": "작은 것"}}})
        found = self.expect_wrong("fonts", "^ko: this machine took longer than 0.5 s to set a line: it may be busy$", source=path, key=None,
                                  decode_timeout="0.5")
        for state, _, remedy in found["fonts"]:
            self.assertEqual((state, remedy), ("wrong", "run duckling doctor again when the machine has less to do"))

    def test_store_and_state(self):
        (self.folder / "store").mkdir()
        (self.folder / "store").chmod(0o777)
        self.expect_wrong("store", "anybody can write to ")
        (self.folder / "store").chmod(0o700)
        (self.folder / "store/media").symlink_to("/")
        self.expect_wrong("store", "is a link")
        (self.folder / "state").write_text("")
        (self.folder / "store/media").unlink()
        self.expect_wrong("state", "may not write there")

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount")
    def test_a_small_disk_and_a_read_only_one(self):
        for option, words in (("size=1m", "only 1 MB are free"), ("ro", "is read-only")):
            with self.subTest(option):
                disk = self.folder / option.partition("=")[0]
                disk.mkdir()
                if subprocess.run(["mount", "-t", "tmpfs", "-o", option, "tmpfs", disk], capture_output=True).returncode:
                    self.skipTest("mounts are forbidden here")
                try:
                    self.expect_wrong("store", words, store=disk)
                finally:
                    subprocess.run(["umount", disk], check=True)

    def test_clock(self):
        self.clock.set(0)
        self.expect_wrong("clock", "^nothing keeps it: .*, as the server's clock")
        for hours, words in ((1, r"360\d s ahead of the server's clock"), (-1, r"(3600|359\d) s behind the server's clock")):
            self.clock.set(hours * 3600000, synchronised=True)
            self.expect_wrong("clock", words)

    def test_a_sandbox_that_is_switched_off(self):
        self.expect_wrong("sandbox", "switched off", "--no-sandbox")

    def test_a_screen_that_is_not_there(self):
        del self.environment["DISPLAY"]
        if Path("/dev/dri/card0").exists():
            self.skipTest("this machine has a graphics card")
        self.expect_wrong("screen", "there is no graphics card")

    def test_wrong_command_lines(self):
        self.configure()
        process = self.start("--rotate", "45")
        self.assertIn("duckling doctor: option --rotate needs", process.communicate(timeout=player.WAIT_S)[1])
        self.assertEqual(process.returncode, 2)


if __name__ == "__main__":
    tap.main()
