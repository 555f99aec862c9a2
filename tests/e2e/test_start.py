"""A start with a playlist, a key or a configuration that is missing or wrong: a service shows why, and goes on looking; whoever types
the command gets an error."""
import signal
import unittest

import publishing
import tap
import test_house
import test_kiosk_screen
from player import WAIT_S, Player, playlist, png, run
from test_screen import near
from test_service_manager import Manager

RED = (220, 40, 40)


class Case(test_house.Case):
    """Services: they have a manager to tell what they do."""

    def setUp(self):
        super().setUp()
        png(self.folder / "a.png", 64, 36, RED)
        self.manager = Manager(self.folder, watchdog_s=None)
        self.file = self.folder / "player.conf"

    def write_list(self):
        playlist(self.list, {"a": {"image": "a.png", "duration": 86400}}, name="Still", timezone="UTC")

    def start(self, *options, source=None, window="160x90", **env):
        return Player(self.folder, source or self.list, *options, window=window, frames=False, env=self.manager.environment(**env))

    def has_words(self, seen):
        return any(min(pixel) > 150 for pixel in seen)


class Playlists(Case):
    def setUp(self):
        super().setUp()
        self.list.unlink(missing_ok=True)

    def test_one_that_appears_is_played(self):
        with self.start() as player:
            self.manager.wait("STATUS=showing the house card: waiting for .*playlist.json: No such file or directory")
            self.assertIn("READY=1", self.manager.lines)
            player.wait_log('error feed: playlist refused, waiting for a better one reason=".*playlist.json: No such file')
            self.write_list()
            self.manager.wait('STATUS=showing spot "a" of playlist "Still"')
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("playlist refused"), 1, player.log())

    def test_one_that_is_put_right_is_played(self):
        self.list.write_text('{"format":"duckling/1","spots":{"a":{"imag":"a.png"}},"loops":{"l":["b"]}}')
        with self.start() as player:
            player.wait_log(r'playlist fault at="?\$\.spots\.a')
            player.wait_log(r'playlist fault at="?\$\.loops\.l\[0\]')
            self.manager.wait("STATUS=showing the house card: waiting for .*playlist.json: .*")
            self.write_list()
            self.manager.wait('STATUS=showing spot "a" of playlist "Still"')
            self.assertEqual(player.stop(), 0, player.log())

    def test_the_reason_is_on_the_screen_of_a_player_that_had_pictures(self):
        """But not on a card of the operator's own."""
        self.shown()
        with test_kiosk_screen.Server() as server:
            options = ("--renderer", "cpu")
            env = {"DISPLAY": server.name, "SDL_VIDEODRIVER": None}
            with self.start(*options, window=None, **env) as player:
                self.wait_colors(server, player, self.has_words, "why there is no playlist")
                self.write_list()
                self.wait_colors(server, player, lambda seen: all(near(pixel, RED, 3) for pixel in seen), "the picture")
                self.list.write_text("no playlist")
                player.wait_log("playlist refused")
                self.assertEqual(player.stop(), 0, player.log())
            with self.start(*options, "--house", "#008080", window=None, **env) as player:
                self.wait_colors(server, player, lambda seen: seen == {test_house.TEAL}, "the operator's card")
                self.assertEqual(player.stop(), 0, player.log())

    def test_without_a_manager_it_ends(self):
        done = run("play", self.list, "--window", "160x90")
        self.assertEqual(done.returncode, 1)
        self.assertIn("playlist.json: No such file", done.stderr)


class Keys(Case):
    def test_one_that_appears_is_used(self):
        (self.folder / "c/seoul").mkdir(parents=True)
        key = self.folder / "operator.pub"
        with self.start("--key", key, source=f"{self.folder}/c/seoul/") as player:
            player.wait_log("error play_trouble: cannot follow the source, trying again .*operator.pub")
            self.manager.wait("STATUS=showing the house card: .*operator.pub.*")
            publishing.make_key(self.folder, "operator")
            player.wait_log("source can be followed now")
            self.manager.wait("STATUS=showing the house card: waiting for .*seoul/.*")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("cannot follow the source"), 1, player.log())


class Configuration(Case):
    def setUp(self):
        super().setUp()
        self.write_list()

    def test_one_that_is_put_right_is_taken(self):
        """All its faults are told, the first is on the screen, also on that of a player that had pictures."""
        self.shown()
        self.file.write_text("rotat = 90\npoll = 0\n")
        with test_kiosk_screen.Server() as server:
            env = {"DISPLAY": server.name, "SDL_VIDEODRIVER": None, "DUCKLING_CONFIG": str(self.file)}
            with self.start(window=None, **env) as player:
                player.wait_log('error play_reload: configuration fault reason=".*player.conf:1: rotat: unknown option; did you mean rotate')
                player.wait_log('error play_reload: configuration fault reason=".*player.conf:2: poll: 0: needs a number')
                self.manager.wait("STATUS=showing the house card: .*player.conf:1: rotat: unknown.*")
                self.wait_colors(server, player, self.has_words, "what is wrong")
                self.file.write_text("rotate = 91\n")
                at = player.wait_log('configuration fault reason=".*player.conf:1: rotate: 91: needs 0, 90')
                player.process.send_signal(signal.SIGHUP)
                player.wait_log("configuration is wrong, keeping the one in force", at)
                self.file.write_text("rotate = 0\n")
                at = player.wait_log("info play_trouble: configuration has changed, starting again")
                player.wait_log("player started", at)
                self.manager.wait('STATUS=showing spot "a" of playlist "Still"')
                self.wait_colors(server, player, lambda seen: all(near(pixel, RED, 3) for pixel in seen), "the picture")
                self.assertEqual(player.stop(), 0, player.log())
        self.assertEqual(self.manager.lines.count("STOPPING=1"), 1)

    def test_a_playlist_is_not_played_with_it(self):
        """Rotated wrongly, say."""
        self.file.write_text("rotat = 90\n")
        with self.start(DUCKLING_CONFIG=str(self.file)) as player:
            self.manager.wait("STATUS=showing the house card: .*")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertNotIn("now playing", player.log())

    def test_without_a_playlist(self):
        self.file.write_text("rotate = 90\n")
        env = self.manager.environment(DUCKLING_CONFIG=str(self.file))
        with Player(self.folder, "--keyboard", frames=False, env=env) as player:
            self.manager.wait("STATUS=showing the house card: no playlist given.*")
            self.file.write_text(f"source = {self.list}\n")
            self.manager.wait('STATUS=showing spot "a" of playlist "Still"')
            self.assertEqual(player.stop(), 0, player.log())

    def test_options_that_contradict_each_other_cost_no_picture(self):
        self.file.write_text("canvas = 640x360+0+0\nrenderer = gpu\n")
        with test_kiosk_screen.Server() as server:
            env = {"DISPLAY": server.name, "SDL_VIDEODRIVER": None, "DUCKLING_CONFIG": str(self.file)}
            with self.start(window=None, **env) as player:
                player.wait_log("error play_trouble: cannot do as configured, .*--canvas does not go with --renderer gpu")
                self.wait_colors(server, player, lambda seen: all(near(pixel, RED, 3) for pixel in seen), "the picture")
                self.file.write_text("renderer = cpu\n")
                player.wait_log("configuration has changed, starting again")
                self.assertEqual(player.stop(), 0, player.log())
                self.assertEqual(player.log().count("cannot do as configured"), 1, player.log())

    def test_without_a_manager_it_ends(self):
        self.file.write_text("rotat = 90\n")
        done = run("play", self.list, "--window", "160x90", DUCKLING_CONFIG=str(self.file))
        self.assertEqual(done.returncode, 78)
        self.assertIn("rotat: unknown option; did you mean rotate?", done.stderr)


if __name__ == "__main__":
    tap.main()
