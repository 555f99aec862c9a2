#!/usr/bin/env python3
"""One bad medium of a playlist file costs its own place and nothing else (duckling-playlist(5), PROGRAMME, rule 7)."""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import servers
import tap
from player import Player, playlist, png, run

SPOT = {"duration": 1}


class BadMedia(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.media = self.folder / "media"
        self.media.mkdir()
        self.list = self.folder / "list.json"
        for name, color in (("red", (200, 30, 40)), ("green", (30, 180, 60))):
            png(self.media / f"{name}.png", 64, 36, color)
        self.whole = (self.media / "red.png").read_bytes()

    def write(self, names, **more):
        """A spot of each name, which is that of its picture, but for the end."""
        spots = {name: {"image": f"media/{name}.png", **SPOT} for name in names}
        playlist(self.folder / "new.json", {**spots, **more}, defaults={"transition": "cut"})
        (self.folder / "new.json").rename(self.list)

    def player(self, *options):
        return Player(self.folder, self.list, "--timezone", "UTC", *options)

    def shown(self, player):
        return {f["to"] for f in player.frames()} - {""}

    def make_bad(self):
        """Kinds of bad pictures: what the log says of each."""
        (self.media / "cut.png").write_bytes(self.whole[:-20])
        (self.media / "text.png").write_text("hello\n")
        (self.media / "page.png").write_text("<!doctype html><html>sign in</html>")
        (self.media / "large.png").write_bytes(self.whole[:16] + (20000).to_bytes(4, "big") * 2 + self.whole[24:])
        (self.media / "empty.png").write_bytes(b"")
        (self.media / "folder.png").mkdir()
        os.mkfifo(self.media / "pipe.png")
        (self.media / "dangling.png").symlink_to("nowhere.png")
        (self.media / "loop.png").symlink_to("loop.png")
        bad = {"cut": "cut off", "text": "not a JPEG, PNG, WebP or GIF picture", "page": "not a JPEG, PNG, WebP or GIF picture",
               "large": "20000 × 20000 pixels", "empty": "empty", "folder": "not a regular file", "pipe": "not a regular file",
               "dangling": "No such file", "loop": "symbolic links", "none": "No such file"}
        if os.geteuid() != 0:  # root may read all
            (self.media / "locked.png").write_bytes(self.whole)
            (self.media / "locked.png").chmod(0)
            bad["locked"] = "Permission denied"
        return bad

    def test_every_kind_at_once_and_the_others_play(self):
        bad = self.make_bad()
        (self.media / "page.ttf").write_text("<html>sign in</html>")
        film = {"film": {"video": "media/none.mp4", **SPOT}}
        self.write(["red", *bad, "green"], **film)
        with self.player() as player:
            for name in ("red", "green"):
                player.wait_shown(name)
            at = player.wait_log("now playing")
            self.write(["green", *bad, "red"], **film)  # another playlist with the same media: nothing new to tell
            player.wait_log("now playing", at)
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(self.shown(player), {"red", "green"})
            log = player.log()
        for name, words in {**bad, "film": "No such file"}.items():
            place = re.escape(f'at="$.spots.{name}.{"video" if name == "film" else "image"}"')
            self.assertEqual(len(re.findall(f"cannot use media file.*{place} reason=.*{words}", log)), 1, (name, log))
        self.assertNotIn("cannot show spot", log)
        self.assertNotIn("film length", log)
        done = run("check", self.list)
        self.assertEqual(done.returncode, 1, done.stdout)
        places = set(re.findall(r"(?m)^fault +(\S+): ", done.stdout))
        self.assertLessEqual({f"$.spots.{name}.image" for name in bad} | {"$.spots.film.video"}, places)

    def test_alone_it_starts_too_and_comes_on_once_it_is_good(self):
        """--poll is an hour: the folder of the media is watched."""
        (self.media / "late.png").write_bytes(self.whole[:-20])
        self.write(["late"])
        with self.player("--poll", "3600") as player:
            player.wait_log("cannot use media file.*cut off")
            (self.media / "late.png").write_bytes(self.whole)
            player.wait_shown("late")
            self.assertEqual(player.stop(), 0, player.log())

    def test_missing_then_copied_bit_by_bit(self):
        self.write(["red", "late"])
        with self.player() as player:
            player.wait_log(r"cannot use media file.*late\.png: No such file")
            player.wait_shown("red")
            with open(self.media / "late.png", "wb") as late:
                for at in range(0, len(self.whole), 16):
                    late.write(self.whole[at:at + 16])
                    late.flush()
            player.wait_shown("late")
            self.assertEqual(player.stop(), 0, player.log())

    def test_a_good_one_in_place_of_a_good_one_is_shown_though_its_slot_never_ends(self):
        playlist(self.list, {"a": {"image": "media/red.png", "duration": 86400}}, defaults={"transition": "cut"})
        with self.player() as player:
            player.wait_shown("a")
            at = player.wait_log("now playing")
            png(self.media / "new.png", 64, 36, (0, 0, 250))
            (self.media / "new.png").rename(self.media / "red.png")
            player.wait_log("now playing", at)
            self.assertEqual(player.stop(), 0, player.log())

    def test_a_bad_one_in_place_of_a_good_one_is_told_and_leaves_the_others(self):
        self.write(["red", "green"])
        with self.player() as player:
            player.wait_shown("green")
            (self.media / "new.png").write_text("<html></html>")
            (self.media / "new.png").rename(self.media / "green.png")
            at = player.wait_log(r"cannot use media file.*green.*not a JPEG")
            self.write(["red", "green"], new={"image": "media/red.png", **SPOT})
            player.wait_log("now playing", at)
            player.wait_shown("new")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("cannot use media file"), 1)

    def test_a_font_that_is_gone_leaves_its_text(self):
        playlist(self.list, {"a": {"tagline": "Small.", "tagline_style": "brand"}}, styles={"brand": {"font": "media/none.otf"}})
        with self.player() as player:
            player.wait_log(r'cannot use media file.*at="\$\.styles\.brand\.font"')
            player.wait_shown("a")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertNotIn("brand font", player.log())

    def test_a_font_of_several_texts_of_a_spot_is_used_for_each(self):
        """It is opened once, for all of them: no text falls back to a font of the system."""
        shutil.copy(Path(__file__).resolve().parents[2] / "fonts/duckling-bold.otf", self.media / "brand.otf")
        playlist(self.list, {"a": {"tagline": "Small.", "subline": "Smaller.", "legal": "Smallest.", "tagline_style": "brand",
                                   "legal_style": "other"}},
                 styles={"brand": {"font": "media/brand.otf"}, "other": {"font": "media/brand.otf", "size": 0.03}})
        with self.player() as player:
            player.wait_shown("a")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertNotIn("brand font", player.log())

    def test_a_stick_that_is_pulled_out_and_comes_back(self):
        self.write(["red", "green"])
        stick = self.folder / "stick"
        stick.mkdir()
        self.list.rename(stick / "list.json")
        self.media.rename(stick / "media")
        self.list = stick / "list.json"
        with self.player() as player:
            player.wait_shown("green")
            stick.rename(self.folder / "pulled")
            at = player.wait_log("playlist refused reason=.*No such file")
            (self.folder / "pulled").rename(stick)
            at = player.wait_log("now playing", at)
            playlist(stick / "new.json", {"back": {"image": "media/red.png", **SPOT}})
            (stick / "new.json").rename(self.list)
            player.wait_shown("back")
            self.assertEqual(player.stop(), 0, player.log())

    def test_commands_do_without_it_too(self):
        self.write(["red", "none"])
        for command, *options in (("guide", "--from", "2026-02-06T00:00", "--to", "2026-02-06T00:01"),
                                  ("explain", "--at", "2026-02-06T00:00:01")):
            done = run(command, self.list, "--timezone", "UTC", *options)
            self.assertEqual(done.returncode, 0, (command, done.stderr))
            self.assertEqual(done.stderr.count("cannot use media file"), 1)
            self.assertIn("none", done.stdout)


class Unsigned(unittest.TestCase):
    """Films behind a URL that look whole from outside: nobody vouches for them, so the server is asked for better ones."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.server = servers.Hostile()
        self.addCleanup(self.server.stop)

    def film(self, name, *options):
        subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", *options,
                        str(self.folder / name)], check=True, stdin=subprocess.DEVNULL)
        return (self.folder / name).read_bytes()

    def test_one_that_cannot_be_played_is_asked_for_until_it_can(self):
        webm, mp4 = self.film("a.webm", "-c:v", "libvpx"), self.film("a.mp4", "-movflags", "+faststart")
        cluster, data = webm.index(bytes.fromhex("1f43b675")), mp4.index(b"mdat") + 4
        noise = hashlib.shake_128(b"noise").digest(len(webm) - cluster)
        good = {"noise.webm": webm, "zeros.mp4": mp4, "whole.mp4": mp4}
        wrong = {"noise.webm": webm[:cluster] + noise, "zeros.mp4": mp4[:data] + bytes(len(mp4) - data)}
        spots = {name.partition(".")[0]: {"video": name, "duration": 1} for name in good}
        playlist(self.folder / "list.json", spots, defaults={"transition": "cut"})
        self.server.files = {**good, **wrong, "list.json": (self.folder / "list.json").read_bytes()}
        with Player(self.folder, self.server.url("list.json"), "--timezone", "UTC") as player:
            player.wait_shown("whole")
            for name in wrong:
                statuses = [r.status for r in self.server.wait_asked(name, 4, done=True)]
                self.assertEqual((statuses[0], set(statuses[1:])), (200, {304}), name)
            self.assertEqual({f["to"] for f in player.frames()} - {""}, {"whole"})
            self.server.files |= good
            for name in wrong:
                player.wait_shown(name.partition(".")[0])
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(len(self.server.asked("whole.mp4")), 1)


if __name__ == "__main__":
    tap.main()
