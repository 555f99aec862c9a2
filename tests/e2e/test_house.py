"""The house card: the operator's own, from a playlist, a channel or an option; and the player's, which introduces itself only once."""
import json
import subprocess
import time
import unittest

import publishing
import tap
import test_kiosk_screen
from clock import in_time, until_it_keeps_up
from player import WAIT_S, Player, playlist, png, run
from test_screen import near, read_png

BLACK, ORANGE, TEAL = (0, 0, 0), (255, 128, 0), (0, 128, 128)
NEVER = {"loops": {"past": ["red"]}, "timezone": "UTC",
         "schedule": [{"loop": "past", "start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"}]}
NOON_MS = 1770379200000
AT = ("--at", "2026-02-06T12:00:00Z", "--timezone", "UTC")


def colors(rows):
    return {pixel for row in rows for pixel in row}


class Case(test_kiosk_screen.Case):
    def setUp(self):
        super().setUp()
        png(self.folder / "red.png", 64, 36, (200, 30, 40))
        png(self.folder / "teal.png", 64, 36, TEAL)
        png(self.folder / "tall.png", 36, 64, ORANGE)

    def write(self, **more):
        playlist(self.list, {"red": {"image": "red.png", "transition": {"type": "cut", "duration": 0}}}, **more)

    def shown(self):
        """A player that has shown a picture before."""
        (self.folder / "state").mkdir(exist_ok=True)
        (self.folder / "state/shown").touch()

    def wait_colors(self, server, player, condition, what):
        """Until the screen's colors fit: looked at again and again."""
        deadline, seen = time.monotonic() + WAIT_S, None
        while time.monotonic() < deadline:
            try:
                seen = colors(server.shot())
            except (AssertionError, subprocess.CalledProcessError):
                continue
            if condition(seen):
                return
            self.assertIsNone(player.process.poll(), player.log())
        self.fail(f"{what}: {len(seen)} colors, {sorted(seen)[:5]} to {sorted(seen)[-5:]}\n{player.log()}")


class OfAPlaylist(Case):
    def preview(self, *options):
        done = run("preview", self.list, "-o", self.folder / "p.png", *AT, *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return colors(read_png(self.folder / "p.png"))

    def test_preview_and_explain_show_it(self):
        for house, landscape, portrait, words in (("#000000", {BLACK}, {BLACK}, "#000000"), ("teal.png", {TEAL}, {TEAL}, "teal.png"),
                                                  ({"landscape": "teal.png", "portrait": "tall.png"}, {TEAL}, {ORANGE},
                                                   "landscape teal.png, portrait tall.png")):
            with self.subTest(house=house):
                self.write(house=house, **NEVER)
                self.assertEqual(self.preview("--size", "320x180"), landscape)
                self.assertEqual(self.preview("--size", "180x320"), portrait)
                self.assertIn(f"the house card ({words})", run("explain", self.list, *AT).stdout)

    def test_without_one_the_players_own_is_dark_and_has_no_words(self):
        self.write(**NEVER)
        seen = self.preview("--size", "320x180")
        self.assertLess(max(sum(pixel) for pixel in seen), 300)
        self.assertGreater(min(sum(pixel) for pixel in seen), 20)
        self.assertFalse([pixel for pixel in seen if pixel[0] > pixel[2]], "a duckling is warm")

    def test_check_looks_at_it(self):
        self.write(house="gone.png", **NEVER)
        done = run("check", self.list, *AT)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"fault +\$\.house: .*gone\.png: No such file")
        self.write(house={"landscape": "teal.png", "portrait": "red.png"}, **NEVER)
        done = run("check", self.list, *AT)
        self.assertRegex(done.stdout, r"warning +\$\.house\.portrait: a landscape picture \(64 × 36\) on portrait screens")
        # What is on in the empty hours is said: nobody forgot it.
        self.assertNotIn("screens show the house card", done.stdout)
        self.write(**NEVER)
        self.assertIn("screens show the house card", run("check", self.list, *AT).stdout)

    def test_it_is_faded_to_and_from(self):
        self.write(house="#ff8000", loops={"day": ["red"]}, timezone="UTC",
                   schedule=[{"loop": "day", "start": "2026-02-06T11:59:58Z", "end": "2026-02-06T12:00:02Z"}])
        until_it_keeps_up(self.folder, self.play_over_it)

    def play_over_it(self, env):
        with Player(self.folder, self.list, "--at", "2026-02-06T11:59:55Z", "--for", "8.5", env=env) as player:
            player.end_well()
            frames = player.frames()
        self.assertLessEqual({f["to"] for f in frames}, {"", "red"})
        in_time(any(f["to"] == "red" and float(f["mix"]) >= 1 for f in frames), "the picture was not fully shown")
        after = [f for f in frames if f["to"] == "" and float(f["show_ms"]) >= NOON_MS + 2000]
        in_time(after, "nothing was seen of what comes after the picture")
        self.assertEqual(after[0]["from"], "red", after[0])

    def test_a_card_that_cannot_be_shown_is_not_missed(self):
        """The player's own stands in, and the log says why."""
        self.shown()
        self.write(house="teal.png", **NEVER)
        whole = bytearray((self.folder / "teal.png").read_bytes())
        whole[45] ^= 0xff
        (self.folder / "teal.png").write_bytes(whole)
        with test_kiosk_screen.Server() as server, self.play(server) as player:
            player.wait_log(r'cannot show spot.* spot="" file=.*teal\.png')
            self.wait_colors(server, player, lambda seen: len(seen) > 50 and max(map(sum, seen)) < 300, "calm water")

    def test_black_may_be_a_spot_of_its_own(self):
        playlist(self.list, {"red": {"image": "red.png", "duration": 1}, "black": {"background": "#000", "duration": 3600}},
                 defaults={"transition": {"duration": 0.2}}, timezone="UTC")
        self.assertEqual(run("check", self.list, *AT).returncode, 0)
        with test_kiosk_screen.Server() as server, self.play(server, "--at", "2026-02-06T00:00:00Z") as player:
            player.wait_log("screen opened")  # which is black before that, too
            self.wait_colors(server, player, lambda seen: seen == {BLACK}, "black")
            self.assertEqual(player.stop(), 0)
            self.assertNotIn("error", player.log())


class OfAChannel(publishing.Publishing):
    def test_it_comes_with_the_channel(self):
        png(self.folder / "red.png", 64, 36, (200, 30, 40))
        png(self.folder / "card.png", 64, 36, TEAL)
        self.write({"red": {"image": "red.png"}}, house="card.png", **NEVER)
        self.put()
        name, data = publishing.medium(self.folder / "card.png")
        self.assertEqual((self.base / name).read_bytes(), data)
        compiled = json.loads(next((self.base / "channels/seoul").glob("p-*.json")).read_text())
        self.assertEqual(compiled["files"]["card.png"]["bytes"], len(data))
        self.assertEqual(compiled["house"], "card.png")


class OfThePlayer(Case):
    GONE = "http://127.0.0.1:1/playlist.json"

    def play_url(self, server, *options):
        return Player(self.folder, self.GONE, "--renderer", "cpu", *options, window=None, frames=False,
                      env={"DISPLAY": server.name, "SDL_VIDEODRIVER": None})

    def has_words(self, seen):
        return any(min(pixel) > 150 for pixel in seen)

    def test_a_new_player_says_what_it_waits_for_until_it_has_shown_a_picture(self):
        marker = self.folder / "state/shown"
        with test_kiosk_screen.Server() as server:
            with self.play_url(server) as player:
                self.wait_colors(server, player, self.has_words, "words for whoever installs it")
                self.assertEqual(player.stop(), 0)
            self.assertFalse(marker.exists())
            self.write(timezone="UTC")
            with self.play(server) as player:
                self.wait_colors(server, player, lambda seen: seen == {(200, 30, 40)}, "a picture")
                deadline = time.monotonic() + WAIT_S
                while not marker.exists():
                    self.assertLess(time.monotonic(), deadline, player.log())
                self.assertEqual(player.stop(), 0)
            with self.play_url(server) as player:
                self.wait_colors(server, player, lambda seen: len(seen) > 50, "calm water")
                player.wait_log("cannot fetch playlist")
                self.assertFalse(self.has_words(colors(server.shot())))
                self.assertEqual(player.stop(), 0)

    def test_the_options_card_is_on_until_there_is_a_playlist_and_where_it_has_none(self):
        self.shown()
        with test_kiosk_screen.Server() as server:
            for value, color in ((self.folder / "teal.png", TEAL), ("#000", BLACK)):
                with self.play_url(server, "--house", str(value)) as player:
                    player.wait_log("screen opened")  # before it the screen is black, too
                    self.wait_colors(server, player, lambda seen: seen == {color}, str(value))
                    self.assertEqual(player.stop(), 0)
            self.write(**NEVER)
            with self.play(server, "--house", self.folder / "teal.png") as player:
                self.wait_colors(server, player, lambda seen: seen == {TEAL}, "the player's card")
            self.write(house="#ff8000", **NEVER)
            with self.play(server, "--house", self.folder / "teal.png") as player:
                self.wait_colors(server, player, lambda seen: seen == {ORANGE}, "the playlist's card")

    def test_a_card_that_is_none_is_told_by_its_path(self):
        bad = self.folder / "no-card.png"
        bad.write_text("hello")
        self.write(**NEVER)
        with Player(self.folder, self.list, "--house", str(bad), frames=False) as player:
            player.wait_log(f'cannot show spot.* file="{bad}" reason="the file is not a JPEG')
            self.assertEqual(player.stop(), 0)

    def test_a_color_that_is_none_is_refused(self):
        done = run("play", self.list, "--house", "#black", "--for", "1")
        self.assertEqual((done.returncode, done.stderr),
                         (2, 'duckling play: option --house needs a picture or a color such as #000000, not "#black"\n'))


if __name__ == "__main__":
    tap.main()
