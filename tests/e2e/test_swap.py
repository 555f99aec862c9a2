"""Swapping a playlist from afar: real nginx, a real player, and nothing that an operator can do wrong stops the picture."""
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import tap
from player import Player, playlist, png
from servers import Nginx, make_certificates

COLORS = {"red": (200, 30, 40), "green": (30, 180, 60), "blue": (40, 60, 200)}


class Swap(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        (self.root / "media").mkdir(parents=True)
        for name, color in COLORS.items():
            png(self.root / f"media/{name}.png", 64, 36, color)

    def publish(self, *names, **more):
        """Puts a playlist of these spots in place at once, as an operator should."""
        new = self.root / "new.json"
        playlist(new, {name: {"image": f"media/{name}.png", "duration": 3600} for name in names}, **more)
        os.rename(new, self.root / "playlist.json")

    def serve(self, **options):
        server = Nginx(self.folder / "nginx", self.root, **options).start()
        self.addCleanup(server.stop)
        return server

    def test_swap_crossfades_and_never_shows_half_a_playlist(self):
        self.publish("red")
        server = self.serve()
        with Player(self.folder, server.url("playlist.json")) as player:
            player.wait_shown("red")
            self.publish("green")
            player.wait_shown("green")
            frames = [f for f in player.frames() if f["to"]]
            fade = [float(f["mix"]) for f in frames if f["from"] == "red" and f["to"] == "green"]
            self.assertTrue(any(0 < m < 1 for m in fade))
            self.assertEqual(fade, sorted(fade))
            self.assertEqual({f["to"] for f in frames}, {"red", "green"})
            self.assertEqual(player.stop(), 0)

    def test_a_swap_in_the_middle_of_a_crossfade(self):
        png(self.root / "media/large.png", 3200, 1800, (40, 60, 200))
        playlist(self.root / "playlist.json",
                 {"red": {"image": "media/red.png", "duration": 6}, "green": {"image": "media/green.png", "duration": 6}},
                 defaults={"transition": {"duration": 3}})
        server = self.serve()
        with Player(self.folder, server.url("playlist.json")) as player:
            player.wait_frame(lambda f: f["from"] in ("red", "green") and f["to"] in ("red", "green")
                              and 0 < float(f["mix"]) < 0.3, "a crossfade")
            # A large picture, so that the fade that runs goes on for a while before the new one is ready.
            playlist(self.root / "new.json", {"blue": {"image": "media/large.png", "duration": 3600}},
                     defaults={"transition": {"duration": 1}})
            os.rename(self.root / "new.json", self.root / "playlist.json")
            player.wait_shown("blue")
            self.assertNotIn("error", player.log())
            frames = [f for f in player.frames() if f["to"]]
        # No cut: from frame to frame the mix moves no faster than in a fade of a quarter of a second (fades near the end of a slot are
        # shortened), and a fade that ends early goes on from a picture kept in the middle of it ("*").
        for a, b in zip(frames, frames[1:]):
            if (a["from"], a["to"]) == (b["from"], b["to"]):
                step = float(b["mix"]) - float(a["mix"])
                self.assertLessEqual(step, (float(b["show_ms"]) - float(a["show_ms"])) / 250 + 0.01, (a, b))
            elif float(a["mix"]) < 1 and b["to"] != a["to"]:
                self.assertEqual(b["from"], "*", (a, b))
                self.assertLess(float(b["mix"]), 0.1, (a, b))

    def test_bad_new_playlists_are_refused_and_the_old_one_goes_on(self):
        self.publish("red")
        server = self.serve()
        with Player(self.folder, server.url("playlist.json")) as player:
            player.wait_shown("red")
            seen = 0
            for bad, words in (('{"format":"duckling/1","spots":{"a":{"image":"media/red.png","colour":1}}}', r"\$\.spots\.a\.colour"),
                               ("<html>sign in to the hotel</html>", "line 1"),
                               ('{"format":"duckling/1","spots":{}}', r"\$\.spots"),
                               ('{"format":"duckling/1","timezone":"Mars/Olympus","spots":{"a":{"image":"media/red.png"}}}', "Mars/Olympus"),
                               ('{"format":"duckling/1","spots":{"a":{"image":"media/nowhere.png"}}}', "nowhere.png")):
                (self.root / "bad.json").write_text(bad)
                os.rename(self.root / "bad.json", self.root / "playlist.json")
                seen = player.wait_log(words, seen)
                self.assertIsNone(player.process.poll())
            self.publish("blue")
            player.wait_shown("blue")
            self.assertEqual({f["to"] for f in player.frames()} - {""}, {"red", "blue"})

    def test_a_zone_that_is_not_known_here_never_ends_the_player(self):
        self.publish("red")
        server = self.serve()
        url = server.url("playlist.json")
        with Player(self.folder, url) as player:
            player.wait_shown("red")
            self.publish("blue", timezone="Mars/Olympus")
            player.wait_log("Mars/Olympus")
            self.assertEqual(player.stop(), 0)
        with Player(self.folder, url) as player:
            player.wait_shown("red")
            self.publish("green")
            player.wait_shown("green")
            self.assertEqual(player.stop(), 0)

    def test_a_picture_that_is_still_being_copied_heals(self):
        self.publish("red")
        server = self.serve()
        whole = (self.root / "media/green.png").read_bytes()
        with Player(self.folder, server.url("playlist.json")) as player:
            player.wait_shown("red")
            (self.root / "media/green.png").write_bytes(whole[:60])
            self.publish("green")
            player.wait_log("cut off")
            (self.root / "media/green.png").write_bytes(whole)
            player.wait_shown("green")

    def test_a_sign_in_page_in_place_of_a_picture_is_not_shown(self):
        self.publish("red")
        server = self.serve()
        with Player(self.folder, server.url("playlist.json")) as player:
            player.wait_shown("red")
            (self.root / "media/blue.png").write_text("<html>sign in</html>")
            self.publish("blue")
            player.wait_log("not a JPEG, PNG, WebP or GIF picture")
            self.publish("green")
            player.wait_shown("green")
            self.assertEqual({f["to"] for f in player.frames()} - {""}, {"red", "green"})

    def test_plays_on_without_the_server_and_after_a_restart(self):
        self.publish("red")
        server = self.serve()
        url = server.url("playlist.json")
        with Player(self.folder, url) as player:
            player.wait_shown("red")
            server.stop()
            player.wait_log("warn feed_file|warn rollout|warn feed_url")
            self.assertEqual(player.stop(), 0)
        with Player(self.folder, url) as player:
            player.wait_shown("red")
            self.assertEqual(player.stop(), 0)

    def test_first_start_without_network_then_it_comes(self):
        self.publish("red")
        server = self.serve()
        url = server.url("playlist.json")
        server.stop()
        with Player(self.folder, url) as player:
            player.wait_log("warn feed_file|warn rollout|warn feed_url")
            server.start()
            player.wait_shown("red")
            self.assertEqual(player.stop(), 0)

    def test_over_tls(self):
        self.publish("red")
        ca, _, pairs = make_certificates(self.folder / "tls")
        server = self.serve(tls=pairs["good"])
        with Player(self.folder, server.url("playlist.json", host="localhost"), "--ca-file", str(ca)) as player:
            player.wait_shown("red")
            self.assertEqual(player.stop(), 0)
        shutil.rmtree(self.folder / "store")
        with Player(self.folder, server.url("playlist.json", host="localhost")) as player:
            player.wait_log("certificate")
            self.assertEqual({f["to"] for f in player.frames()} - {""}, set())


if __name__ == "__main__":
    tap.main()
