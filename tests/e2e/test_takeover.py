"""The publishing side of a takeover, with the real minisign: on, off, and what must not be taken for either."""
import json

import player
import tap
from publishing import Publishing, Shelf, fields, make_key, rfc3339, seconds_of

DAY = 86400


class Takeover(Publishing):
    command = "takeover"

    def on(self, playlist=None, until=DAY, **where):
        return self.put("on", playlist or self.playlist, "--until", rfc3339(until), **where)

    def off(self, **where):
        return self.put("off", **where)

    def pointer(self):
        return self.channel.pointer("takeover")


class On(Takeover):
    def test_what_is_there_afterwards(self):
        until = rfc3339(2 * DAY)
        said = self.put("on", self.playlist, "--until", until)
        self.assertEqual((said["version"], said["files"], said["uploaded"]), ("1", "2", "2"))
        pointer, playlist = self.pointer()
        self.assertEqual((pointer["file"], pointer["expires"]), ("t-1.json", until))
        self.assertEqual((playlist["version"], playlist["channel"], list(playlist["spots"])), (1, "seoul", ["a", "b", "words"]))
        names = {path for path in self.channel.files() if path.startswith("channels/")}
        self.assertEqual(names, {f"channels/seoul/{name}" for name in ("takeover.minisig", "t-1.json", "t-1.json.minisig")})

    def test_a_text_alone(self):
        said = self.on(self.write({"notice": {"tagline": {"ko": "대피하십시오", "en": "Please leave"}, "background": "#c00000"}}))
        self.assertEqual((said["files"], said["bytes"]), ("0", "0"))
        self.assertEqual(self.pointer()[1]["files"], {})

    def test_versions_are_a_line_of_their_own(self):
        self.command = "publish"
        for version in ("1", "2", "3"):
            self.assertEqual(self.put()["version"], version)
        before = self.channel.pointer()
        self.command = "takeover"
        self.assertEqual([self.on()["version"], self.on()["version"]], ["1", "2"])
        self.assertEqual(self.channel.pointer(), before)
        self.command = "publish"
        self.assertEqual(self.put()["version"], "4")
        self.assertEqual(self.pointer()[0]["version"], "2")

    def test_the_same_again_with_another_end(self):
        """The same bytes, but players that have seen version 1 take only another version's end."""
        self.on()
        (self.channel.folder / "takeover.minisig").unlink()
        self.assertEqual(self.on(until=2 * DAY)["version"], "2")

    def test_local_time(self):
        self.run_it("on", self.playlist, "--until", "2020-01-01T00:00", status=2)
        until = rfc3339(DAY)[:-1]
        done = self.run_it("on", self.playlist, "--until", until, "--timezone", "Asia/Seoul")
        # It is repeated with the zone that was taken.
        self.assertEqual(fields(done.stdout)["until"], until + "+09:00")
        self.assertRegex(done.stderr, r"(?m)^info takeover: .* until=\S+\+09:00 in=.(14 h 60|15 h 0|14 h 59) min.$")
        self.assertEqual(seconds_of(self.pointer()[0]["expires"]), seconds_of(until + "+09:00"))

    def test_usage(self):
        rest = ["--to", "x", "--channel", "a", "--key", "k"]
        soon = ["--until", rfc3339(DAY)]
        for words, *arguments in (
                ("use duckling takeover on FILE, or duckling takeover off", *rest),
                ('must be "on" or "off", not "maybe"', "maybe", *rest),
                ("no playlist given; use duckling takeover on FILE", "on", *soon, *rest),
                ("option --until is missing", "on", "p", *rest),
                ("option --until needs a date and time such as", "on", "p", "--until", "tonight", *rest),
                ("option --until needs a time in the future, not ", "on", "p", "--until", rfc3339(-60), *rest),
                ("option --until needs a time at most 31 days from now, not ", "on", "p", "--until", rfc3339(31 * DAY + 120), *rest),
                ("option --to is missing", "on", "p", *soon, *rest[2:]),
                ("takes no playlist", "off", "p", *rest),
                ("remove --until", "off", *soon, *rest),
                ('extra argument "q"', "on", "p", "q", *soon, *rest)):
            done = player.run("takeover", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(words, done.stderr, arguments)

    def test_almost_31_days(self):
        self.on(until=31 * DAY - 120)

    def test_a_dry_run(self):
        told = self.run_it("on", self.playlist, "--until", rfc3339(DAY), "--dry-run").stdout
        self.assertIn("would turn takeover on channel=seoul version=1 files=2 uploaded=2", told)
        self.assertIn("file=t-1.json", told)
        self.assertFalse(self.base.exists())

    def test_faults_stop_it(self):
        self.refuse("1 fault", "on", self.write({"a": {"image": "no.png"}}), "--until", rfc3339(DAY))

    def test_a_channel_without_a_playlist(self):
        """Its name may be mistyped: it is on, and that is told."""
        words, on = "no playlist was ever published on this channel", ("on", self.playlist, "--until", rfc3339(DAY))
        self.assertIn(words, self.run_it(*on).stderr)
        self.command = "publish"
        self.put()
        self.command = "takeover"
        self.assertNotIn(words, self.run_it(*on).stderr)

    def test_nothing_is_visible_before_the_pointer(self):
        with Shelf() as shelf:
            shelf.refuse = "takeover.minisig"
            self.refuse("403", "on", self.playlist, "--until", rfc3339(DAY), to=shelf.url)
            shelf.refuse = None
            self.assertEqual(self.on(to=shelf.url)["version"], "2")
            self.assertEqual(shelf.puts[-1], "channels/seoul/takeover.minisig")
            shelf.save(self.base)
        self.pointer()


class Off(Takeover):
    def assert_over(self, version):
        pointer, playlist = self.pointer()
        self.assertEqual((pointer["version"], playlist["version"]), (version, int(version)))
        self.assertEqual(pointer["expires"], pointer["signed"])
        return playlist

    def test_ends_what_is_on(self):
        self.on()
        first = json.loads((self.channel.folder / "t-1.json").read_text())
        self.assertEqual(self.off()["version"], "2")
        playlist = self.assert_over("2")
        self.assertEqual({**playlist, "version": 1}, first)

    def test_none_was_on(self):
        done = self.run_it("off")
        self.assertEqual(done.stdout, "")
        self.assertIn("no takeover was ever on, nothing to do channel=", done.stderr)
        self.assertEqual(self.channel.files(), {})

    def test_it_is_over_already(self):
        """By this clock. A player's may be slow, or dead, and show it still: off is signed whatever the clock says."""
        self.on()
        self.assertEqual(self.off()["version"], "2")
        self.assertEqual(self.off()["version"], "3")
        self.assert_over("3")

    def test_on_again(self):
        self.on()
        self.off()
        self.assertEqual(self.on()["version"], "3")
        self.assertEqual(self.off()["version"], "4")
        self.assert_over("4")

    def test_a_deleted_pointer_ends_nothing(self):
        """Players go on showing it: it must still be possible to end."""
        self.on()
        (self.channel.folder / "takeover.minisig").unlink()
        self.assertEqual(self.off()["version"], "2")
        self.assert_over("2")
        (self.channel.folder / "takeover.minisig").unlink()
        self.assertEqual(self.off()["version"], "3")
        self.assert_over("3")

    def test_a_deleted_pointer_behind_a_gap(self):
        self.on()
        self.on()
        self.assertEqual(self.put("on", self.playlist, "--until", rfc3339(DAY), "--after", "11")["version"], "12")
        (self.channel.folder / "takeover.minisig").unlink()
        for version in (1, 2):
            (self.channel.folder / f"t-{version}.json").unlink()
        self.assertEqual(self.off()["version"], "13")
        self.assert_over("13")

    def test_another_key_has_turned_it_on(self):
        """After a change of keys: players may show what the old one has signed."""
        self.on(key=make_key(self.folder, "old"))
        (self.channel.folder / "takeover.minisig").unlink()
        self.assertEqual(self.off()["version"], "2")
        self.assert_over("2")

    def test_a_server_that_has_lost_it(self):
        self.assertEqual(self.put("off", "--after", "7")["version"], "8")
        self.assert_over("8")

    def test_a_clock_behind_the_one_that_turned_it_on(self):
        then = rfc3339(120)
        self.channel.sign(self.key, "takeover", signed=then, expires=rfc3339(DAY))
        self.assertEqual(self.off()["version"], "2")
        self.assert_over("2")
        self.assertEqual(seconds_of(self.pointer()[0]["signed"]), seconds_of(then) + 1)

    def test_its_playlist_is_gone(self):
        for version, spoil in ((2, lambda path: path.unlink()), (4, lambda path: path.write_bytes(b"{}")),
                               (6, lambda path: path.write_bytes(bytes(2**20)))):
            self.on()
            spoil(self.channel.folder / f"t-{version - 1}.json")
            self.assertIn("cannot read the current takeover's playlist, replacing it", self.run_it("off").stderr)
            self.assert_over(str(version))

    def test_nothing_in_the_way_keeps_it_going(self):
        self.on()
        (self.channel.folder / "t-2.json.minisig").write_bytes(bytes(5000))
        (self.channel.folder / "t-2.json").write_bytes(bytes(2**20 + 1))
        (self.channel.folder / "t-3.json").mkdir()
        self.assertEqual(self.off()["version"], "4")
        self.assert_over("4")

    def test_its_media_are_gone(self):
        self.on()
        for path in (self.base / "media").iterdir():
            path.unlink()
        self.off()
        self.assert_over("2")

    def test_a_dry_run(self):
        self.on()
        before = self.channel.files()
        self.assertIn("would turn takeover off channel=seoul version=2", self.run_it("off", "--dry-run").stdout)
        self.assertEqual(self.channel.files(), before)

    def test_only_by_who_may(self):
        self.on()
        self.refuse("unpinned key", "off", key=make_key(self.folder, "stranger"))

    def test_a_playlists_pointer_in_its_place(self):
        self.command = "publish"
        self.put()
        self.command = "takeover"
        (self.channel.folder / "takeover.minisig").write_bytes((self.channel.folder / "latest.minisig").read_bytes())
        self.refuse("it belongs to a playlist", "off")


if __name__ == "__main__":
    tap.main()
