"""A disk that fails under a picture: that costs the picture its place, and nothing else."""
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import tap
from player import Player, playlist, png


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class PictureReads(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        self.list = self.folder / "playlist.json"
        for name, color in (("good", (30, 180, 60)), ("bad", (200, 30, 40))):
            png(self.folder / f"{name}.png", 64, 36, color)

    def player(self, *options):
        """Every read of bad.png fails. strace is the player's child, not its parent: signals reach the player."""
        asan = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"  # what is traced can't look for leaks
        return Player(self.folder, self.list, "--timezone", "UTC", *options, env={"ASAN_OPTIONS": asan},
                      before=("strace", "-D", "-f", "-o", "/dev/null", "-P", str(self.folder / "bad.png"), "-e", "trace=pread64",
                              "-e", "inject=pread64:error=EIO"))

    REASON = r"cannot use media file.*\$\.spots\.bad\.image. reason=.*bad\.png: cannot read: Input/output error"

    def test_at_the_start_the_others_play(self):
        playlist(self.list, {"bad": {"image": "bad.png", "duration": 1}, "good": {"image": "good.png", "duration": 1}},
                 defaults={"transition": "cut"})
        with self.player() as player:
            player.wait_log(self.REASON)
            player.wait_shown("good")
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual({f["to"] for f in player.frames()} - {""}, {"good"})

    def test_at_a_reload_with_nothing_else_the_old_one_stays(self):
        playlist(self.list, {"good": {"image": "good.png", "duration": 3600}})
        with self.player() as player:
            player.wait_shown("good")
            playlist(self.folder / "new.json", {"bad": {"image": "bad.png", "duration": 3600}})
            (self.folder / "new.json").rename(self.list)
            at = player.wait_log(r"playlist refused.*none of its spots can be shown.*bad\.png: cannot read: Input/output error")
            playlist(self.folder / "new.json", {"again": {"image": "good.png", "duration": 3600}})
            (self.folder / "new.json").rename(self.list)
            player.wait_log("now playing", at)
            player.wait_shown("again")
            self.assertEqual({f["to"] for f in player.frames()} - {""}, {"good", "again"})
            self.assertEqual(player.stop(), 0, player.log())
            self.assertEqual(player.log().count("cannot use media file"), 1, "once, however often it is tried")


if __name__ == "__main__":
    tap.main()
