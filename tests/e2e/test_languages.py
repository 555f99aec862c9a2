"""Languages and time zones are checked where they are given: in a playlist, an option, a configuration file. A player in the field shows
what was signed all the same."""
import tempfile
import unittest
from pathlib import Path

import channel
import tap
from player import Player, playlist, run


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.list = self.folder / "p.json"

    def write(self, *languages, **more):
        playlist(self.list, {"a": {"tagline": {language: f"text of {language}" for language in languages}, "duration": 3600}}, **more)


class Playlists(Folder):
    def faults(self, *languages, **more):
        self.write(*languages, **more)
        done = run("check", self.list)
        self.assertEqual(done.returncode, 1 if "\nfault" in "\n" + done.stdout else 0, done.stdout + done.stderr)
        return [line.split(maxsplit=1)[1] for line in done.stdout.splitlines() if line.startswith("fault")]

    def test_check_refuses_languages_that_are_none(self):
        self.assertEqual(self.faults("ko", "zh-Hans", "en-GB", "zh-TW", "x-wall"), [])
        self.assertEqual(self.faults("kr", "cn", "jp", "korean", "en"), [
            '$.spots.a.tagline.kr: is the language Kanuri; did you mean "ko"? For Kanuri write "kr-NG"',
            '$.spots.a.tagline.cn: is not a language of BCP 47; did you mean "zh-Hans"?',
            '$.spots.a.tagline.jp: is not a language of BCP 47; did you mean "ja"?',
            '$.spots.a.tagline.korean: is not a language of BCP 47; did you mean "ko"?'])
        self.assertEqual(self.faults("zh_TW", "en"),
                         ['$.spots.a.tagline.zh_TW: is not a language tag, such as "ko" or "zh-Hans"; did you mean "zh-Hant"?'])

    def test_a_zone_is_told_beside_other_faults(self):
        for command in ("check", "explain"):
            self.write("ko", timezone="Seoul", nmae="x")
            done = run(command, self.list)
            self.assertEqual(done.returncode, 1)
            told = done.stdout + done.stderr
            self.assertIn("is not installed on this machine; did you mean Asia/Seoul?", told)
            self.assertRegex(told, r'did you mean \\?"name')
        for zone, meant in (("KST", "Asia/Seoul"), ("CST", "Asia/Shanghai or America/Chicago"), ("Asia/Beijing", "Asia/Shanghai"),
                            ("UTC+9", "Asia/Seoul"), ("UTC+09:00", "Asia/Seoul"), ("asia/seoul", "Asia/Seoul"),
                            ("South Korea", "Asia/Seoul")):
            faults = self.faults("ko", timezone=zone)
            self.assertEqual(len(faults), 1, faults)
            self.assertRegex(faults[0], rf"^\$\.timezone: .*; did you mean {meant}\?$")

    def test_a_sign_that_is_the_other_way_round(self):
        self.write("ko", timezone="Etc/GMT+9")
        done = run("check", self.list)
        self.assertIn("warning $.timezone: is 9 hours behind UTC", done.stdout)

    def test_names_that_differ_in_capital_letters(self):
        (self.folder / "Media").mkdir()
        (self.folder / "Media/A.JPG").write_bytes(b"x")
        playlist(self.list, {"a": {"image": "media/a.jpg"}, "b": {"video": "Media/a.jpg"}})
        for command in ("check", "preview"):
            done = run(command, self.list, *(["-o", self.folder / "x.png"] if command == "preview" else []))
            self.assertEqual(done.returncode, 1)
            told = done.stdout + done.stderr
            for path in ("media/a.jpg", "Media/a.jpg"):
                self.assertIn(f"{self.folder}/{path}: No such file or directory; there is {self.folder}/Media/A.JPG, whose name "
                              "differs in capital letters", told)

    def test_publish_refuses_what_a_player_shows(self):
        self.write("kr", "en")
        keys = channel.Keys(self.folder)
        done = run("publish", self.list, "--to", self.folder / "out", "--channel", "seoul", "--key", keys.secret)
        self.assertEqual(done.returncode, 1)
        self.assertIn("$.spots.a.tagline.kr: is the language Kanuri", done.stderr)
        self.assertIn("nothing was published", done.stderr)
        self.assertFalse((self.folder / "out/channels/seoul/latest.minisig").exists())


class Field(Folder):
    """Rule 7: a wrong language costs its text, never the picture."""

    def test_a_signed_playlist_of_long_ago_is_shown(self):
        keys, stick = channel.Keys(self.folder), self.folder / "stick"
        spots = {"a": {"tagline": {"kr": "작은 것", "en": "Small"}, "duration": 3600}}
        channel.Channel(keys).publish(stick, 1, "one", {}, spots=spots)
        with Player(self.folder, stick / "channels/seoul", "--key", str(keys.public), "--language", "ko") as player:
            player.wait_log(r'^warn edition: language is not known, playing the playlist all the same '
                            r'at="?\$\.spots\.a\.tagline\.kr"? reason="is the language Kanuri; did you mean \W+ko\W+')
            player.wait_shown("a")
            self.assertEqual(player.stop(), 0)

    def test_a_file_is_shown(self):
        self.write("korean", "en")
        with Player(self.folder, self.list) as player:
            player.wait_log(r"tagline\.korean")
            player.wait_shown("a")
            self.assertEqual(player.stop(), 0)


class Options(Folder):
    def refuse(self, words, *arguments, status=2):
        self.write("ko")
        done = run(arguments[0], self.list, *arguments[1:])
        self.assertEqual((done.returncode, done.stderr), (status, f"duckling {arguments[0]}: {words}\n"))

    def test_on_the_command_line(self):
        for command in ("play", "preview"):
            self.refuse('option --language needs a language tag such as ko or zh-Hans, not "korean"; did you mean ko?',
                        command, "--language", "korean")
            self.refuse('option --language is "kr", which is the language Kanuri; did you mean "ko"? For Kanuri write "kr-NG"',
                        command, "--language", "kr")
        for command in ("play", "preview", "guide", "explain", "check"):
            self.refuse('option --timezone needs a time zone that is installed here, such as Asia/Seoul, not "KST"; '
                        'did you mean Asia/Seoul?', command, "--timezone", "KST")

    def test_in_a_configuration_file(self):
        config = self.folder / "play.conf"
        for text, words in (("language = korean", "language: korean: needs a language tag such as ko or zh-Hans; did you mean ko?"),
                            ("timezone = Beijing", "timezone: Beijing: needs a time zone that is installed here, such as Asia/Seoul; "
                                                   "did you mean Asia/Shanghai?"),
                            ("lang = ko", "lang: unknown option; did you mean language?"),
                            ("tz = Asia/Seoul", "tz: unknown option; did you mean timezone?"),
                            ("loglevel = info", "loglevel: unknown option; did you mean log-level?")):
            config.write_text(f"# A wall\n{text}\n")
            self.refuse(f"{config}:2: {words}", "play", "--config", config, status=78)
        config.write_bytes(b"language = ko\0\n")
        self.refuse(f"{config}:1: is not a text file; save it as UTF-8", "play", "--config", config, status=78)

    def test_quotes_and_comments_in_a_configuration_file(self):
        config = self.folder / "play.conf"
        self.write("ko", "en")
        for text in ("ko", '"ko"', "'ko'", "ko   # Korean", '"ko" ; Korean', "ko_KR.UTF-8"):
            config.write_text(f"language = {text}\ntimezone = Asia/Seoul # here\n")
            with Player(self.folder, self.list, "--config", str(config)) as player:
                player.wait_log(r"player started .* language=ko(-KR)? timezone=Asia/Seoul ")
                self.assertEqual(player.stop(), 0)


class Start(Folder):
    def test_the_log_says_what_is_in_force(self):
        self.write("ko")
        with Player(self.folder, self.list, "--timezone", "Asia/Shanghai", env={"LC_ALL": "zh_TW.UTF-8"}) as player:
            player.wait_shown("a")
            lines = [line for line in player.log().splitlines() if "player started" in line]
            self.assertEqual(player.stop(), 0)
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], r"^info start_log: player started version=\d+\.\d+\.\d+ language=zh-Hant-TW timezone=Asia/Shanghai ")

    def test_a_channel_and_its_keys(self):
        keys, other = channel.Keys(self.folder), channel.Keys(self.folder, "other")
        ids = [k.public.read_text().split("public key ")[1].split("\n")[0].zfill(16) for k in (keys, other)]  # minisign leaves out zeros
        source = "http://user:hidden@127.0.0.1:9/channels/lobby/"
        with Player(self.folder, source, "--key", str(keys.public), "--key", other.line()) as player:
            player.wait_log("player started")
            line = next(line for line in player.log().splitlines() if "player started" in line)
            self.assertEqual(player.stop(), 0)
        self.assertIn(" channel=lobby ", line.replace('"', ""))
        self.assertIn(f" keys={','.join(ids)} ", line.replace('"', ""))
        self.assertIn(f" store={self.folder / 'store'} state={self.folder / 'state'}", line.replace('"', ""))
        self.assertIn("127.0.0.1:9/channels/lobby/", line)
        self.assertNotIn("hidden", line)


if __name__ == "__main__":
    tap.main()
