"""Which version comes next, whatever stands on the server, and the way back to an older one. With the real minisign."""
import re
import time
from datetime import datetime

import tap
from clock import Clock
from publishing import Channel, Publishing, Shelf, fields, make_key, medium, rfc3339

DAY = 86400


class Attacks(Publishing):
    """Whoever can write to the server must not be able to say which version is next, or what is published again."""

    def test_what_is_in_force_must_be_the_operators(self):
        stranger = make_key(self.folder, "stranger")
        far = rfc3339(DAY + 3600)
        for words, arguments in (
                ("unpinned key", {"secret": stranger, "version": "999999999998"}),
                ("legacy signature", {"secret": self.key, "legacy": True}),
                ("it belongs to the channel busan", {"secret": self.key, "channel": "busan"}),
                ("it belongs to a takeover", {"secret": self.key, "file": "t-1.json"}),
                ("version is more than", {"secret": self.key, "version": "9223372036854775807"}),
                (f"was signed at {far.replace('Z', '+00:00')}, but this machine's clock shows ",
                 {"secret": self.key, "signed": far, "expires": rfc3339(3 * DAY)})):
            with self.subTest(words):
                self.channel.sign(**arguments)
                self.refuse(words)
                # What to do about it is told, and helps.
                self.assertIn("and publish again", self.refuse(words))
                (self.channel.folder / "latest.minisig").unlink()
                self.put()
                self.channel.pointer()
        for words, data in (("no signature", b""), ("signature", b"<html>Please log in</html>\n" * 9)):
            (self.channel.folder / "latest.minisig").write_bytes(data)
            self.refuse(words)

    def test_a_changed_comment(self):
        self.put()
        seal = self.channel.folder / "latest.minisig"
        seal.write_text(seal.read_text().replace("version=1 file=p-1", "version=7 file=p-7"))
        self.refuse("bad signature")

    def test_an_older_pointer_put_back(self):
        """Players that have seen version 2 would never take another 2."""
        self.put()
        old = (self.channel.folder / "latest.minisig").read_bytes()
        self.put()
        (self.channel.folder / "latest.minisig").write_bytes(old)
        self.playlist = self.write({"new": {"tagline": "New"}})
        self.assertEqual(self.put()["version"], "3")

    def test_a_pointer_taken_away(self):
        self.put()
        self.put()
        (self.channel.folder / "latest.minisig").unlink()
        self.playlist = self.write({"new": {"tagline": "New"}})
        self.assertEqual(self.put()["version"], "3")

    def test_a_pointer_taken_away_and_the_same_content(self):
        """Players that have seen version 3 would refuse 2, whatever its content is."""
        first = self.playlist.read_text()
        self.put()
        self.put(self.write({"new": {"tagline": "New"}}))
        self.playlist.write_text(first)
        self.put()
        self.write({"another": {"tagline": "Another"}})
        self.put()
        (self.channel.folder / "latest.minisig").unlink()
        self.playlist.write_text(first)
        self.assertEqual(self.put()["version"], "5")

    def test_a_change_of_keys(self):
        """The way of the manual page: players get the new key, the old pointer is deleted."""
        for _ in range(11):
            self.put()
        new = make_key(self.folder, "new")
        # minisign leaves leading zeros out.
        ids = [re.search(r"public key ([0-9A-F]+)", (self.folder / f"{name}.pub").read_text())[1].zfill(16)
               for name in ("operator", "new")]
        self.assertIn(f"unpinned key: it is signed by key {ids[0]}, but --key is {ids[1]}; check --key and --channel, or see "
                      "Changing keys in channels.md", self.refuse("unpinned key", key=new))
        (self.channel.folder / "latest.minisig").unlink()
        self.assertEqual(self.put(key=new)["version"], "12")
        self.channel.public = self.folder / "new.pub"
        self.channel.pointer()

    def test_what_is_signed_by_another_key_is_no_upload_of_ours(self):
        self.put()
        (self.channel.folder / "latest.minisig").unlink()
        self.assertEqual(self.put(key=make_key(self.folder, "new"))["version"], "2")

    def test_gaps(self):
        """Versions that somebody has cleaned up end nothing: not behind a pointer, and not without one."""
        for current, there, expected in ((0, {7}, 8), (0, set(range(780, 902)), 902), (0, set(range(95000, 106000)), 106000),
                                         (5, {12, 20}, 21), (5, {37}, 38), (2000, {2003, 2010}, 2011)):
            with self.subTest(current=current, there=len(there)):
                self.base = self.folder / f"{current}-{expected}"
                self.channel = Channel(self.base, "seoul", self.channel.public)
                self.channel.folder.mkdir(parents=True)
                if current:
                    self.channel.sign(self.key, version=str(current))
                for number in there:
                    (self.channel.folder / f"p-{number}.json").touch()
                self.assertEqual(self.put()["version"], str(expected))

    def test_a_bounded_number_of_questions(self):
        with Shelf() as shelf:
            self.put(to=shelf.url)
            self.assertLess(shelf.asked, 160)
            shelf.asked = 0
            self.put(to=shelf.url)
            self.assertLess(shelf.asked, 32)

    def test_a_server_that_has_whatever_it_is_asked_for(self):
        """As one that answers with its start page where there is no file, or that means harm."""
        with Shelf() as shelf:
            shelf.any = True
            self.refuse("as if it had whatever it is asked for: have it answer 404", to=shelf.url)
            self.assertLess(shelf.asked, 640)
            self.assertEqual(shelf.puts, [])

    def test_a_server_from_a_backup(self):
        """Only players know what they have seen."""
        self.put()
        self.put()
        self.assertEqual(self.put(self.playlist, "--after", "6")["version"], "7")
        self.assertEqual(self.put(self.playlist, "--after", "6")["version"], "8")
        self.assertEqual(self.put("--rollback", "1", "--after", "20", channel="seoul")["version"], "21")
        # An upload that broke off is not taken up below it, either.
        (self.channel.folder / "latest.minisig").unlink()
        self.assertEqual(self.put(self.playlist, "--after", "30")["version"], "31")

    def test_a_file_in_the_way(self):
        self.put()
        (self.channel.folder / "p-2.json").write_bytes(b"{}")
        self.assertEqual(self.put()["version"], "3")
        self.assertEqual((self.channel.folder / "p-2.json").read_bytes(), b"{}")

    def test_the_wrong_public_key_beside_the_secret(self):
        make_key(self.folder, "other")
        (self.folder / "operator.pub").write_bytes((self.folder / "other.pub").read_bytes())
        self.refuse("does not match the public key")


class ByTime(Publishing):
    """Without --after: a place that was filled anew begins with the time, so that its versions come after those of another place."""
    by_time = True

    def setUp(self):
        super().setUp()
        self.clock = Clock(self.folder)
        self.set("2027-03-04T05:06:30")

    def set(self, text):
        """The publisher's clock, at a time of UTC; it goes on from there."""
        self.ahead_s = datetime.fromisoformat(text + "+00:00").timestamp() - time.time()
        self.clock.set(self.ahead_s * 1000)

    def version(self, *arguments, **where):
        return self.put(*arguments, env=self.clock.environment(), **where)["version"]

    def test_it_is_the_minute(self):
        done = self.run_it(self.playlist, env=self.clock.environment())
        self.assertEqual(fields(done.stdout)["version"], "202703040506")
        self.assertIn("info publish_session: channel is empty, its first version is numbered by the time channel=seoul "
                      "version=202703040506", done.stderr)
        self.assertEqual(self.channel.pointer()[0]["version"], "202703040506")

    def test_then_it_counts(self):
        self.version()
        self.set("2027-09-01T00:00:30")
        self.assertEqual([self.version(), self.version()], ["202703040507", "202703040508"])

    def test_another_place_comes_after_it(self):
        """A stick an hour later, and a server that was set up anew: no player refuses them, or takes them for what it has."""
        first = self.version()
        self.set("2027-03-04T06:06:30")
        stick = self.version(to=self.folder / "stick")
        self.set("2027-03-04T06:07:30")
        self.assertEqual((first, stick, self.version(to=self.folder / "again")), ("202703040506", "202703040606", "202703040607"))

    def test_a_pointer_taken_away(self):
        """What is there is found for half an hour, and later the time is above it."""
        self.version()
        self.version()
        pointer = self.channel.folder / "latest.minisig"
        pointer.unlink()
        self.set("2027-03-04T05:20:30")
        self.assertEqual(self.version(self.write({"n": {"tagline": "N"}})), "202703040508")
        pointer.unlink()
        self.set("2027-03-04T06:20:30")
        self.assertEqual(self.version(), "202703040620")

    def test_an_upload_that_broke_off(self):
        with Shelf() as shelf:
            shelf.ahead_s = self.ahead_s
            shelf.refuse = "latest.minisig"
            self.run_it(self.playlist, status=1, env=self.clock.environment(), to=shelf.url)
            shelf.refuse = None
            self.set("2027-03-04T05:30:30")
            shelf.ahead_s = self.ahead_s
            self.assertEqual(self.version(to=shelf.url), "202703040506")

    def test_a_channel_that_counts_from_1_goes_on(self):
        self.channel.sign(self.key, version="43")
        self.assertEqual(self.version(), "44")

    def test_after(self):
        """What players have seen, when an operator says so: 0 is nothing."""
        self.assertEqual(self.version(self.playlist, "--after", "57"), "58")
        self.assertEqual(self.version(self.playlist, "--after", "0", to=self.folder / "other"), "1")
        self.refuse('option --after needs a version such as 43, not "00"', self.playlist, "--after", "00", status=2)

    def test_a_bounded_number_of_questions(self):
        with Shelf() as shelf:
            shelf.ahead_s = self.ahead_s
            self.version(to=shelf.url)
            self.assertLess(shelf.asked, 220)

    def test_a_takeover_whose_pointer_was_deleted_can_be_ended(self):
        """Players show it on. Its number can't be found any more; the time is above it."""
        self.version()
        self.command = "takeover"
        on = ("on", self.playlist, "--until", "2027-03-20T00:00:00Z")
        self.assertEqual(self.version(*on), "202703040506")
        self.assertEqual(self.version(*on), "202703040507")
        (self.channel.folder / "takeover.minisig").unlink()
        self.set("2027-03-08T00:00:30")
        self.assertEqual(self.version("off"), "202703080000")
        pointer, _ = self.channel.pointer("takeover")
        self.assertEqual(pointer["expires"], pointer["signed"])


class Rollback(Publishing):
    def setUp(self):
        super().setUp()
        self.put()
        self.second = self.write({"b": {"image": "b.png"}}, name='Small "b"')
        self.put(self.second)

    def content(self):
        playlist = self.channel.pointer()[1]
        return {key: playlist[key] for key in playlist if key != "version"}

    def test_to_the_one_before(self):
        first = (self.channel.folder / "p-1.json").read_bytes()
        said = self.put("--rollback")
        self.assertEqual(said, {"channel": "seoul", "version": "3", "files": "2", "uploaded": "0", "bytes": "0", "content-of": "1",
                                "address": f"{self.base}/channels/seoul/"})
        self.assertEqual((self.channel.folder / "p-3.json").read_bytes(), first.replace(b'"version": 1', b'"version": 3'))
        self.assertEqual(self.channel.pointer()[0]["version"], "3")
        # A second one takes the first back, and says so.
        self.assertIn(' content-of=2 name="Small \\"b\\"" ', self.run_it("--rollback").stdout)
        self.assertEqual(list(self.content()["spots"]), ["b"])

    def test_the_same_content_is_no_way_back(self):
        self.put(self.second)
        self.put(self.second)
        done = self.run_it("--rollback")
        self.assertIn("skipping version, its content is in force already version=2", done.stderr)
        self.assertEqual(fields(done.stdout)["content-of"], "1")
        # Nor need what is in force be there whole.
        (self.channel.folder / "p-5.json").unlink()
        self.assertEqual(self.put("--rollback")["content-of"], "4")

    def test_nothing_else_to_go_back_to(self):
        self.put(channel="busan")
        self.put(channel="busan")
        self.refuse("there is no version before 2 with other content", "--rollback", channel="busan")

    def test_a_version_that_is_gone(self):
        (self.channel.folder / "p-1.json").unlink()
        self.refuse("version 1 is no longer on the server", "--rollback", "1")

    def test_to_a_version(self):
        self.put(self.second)
        self.put("--rollback", "1", "--expires", "2099-01-01T00:00Z")
        self.assertEqual(list(self.content()["spots"]), ["a", "b", "words"])
        self.assertEqual(self.channel.pointer()[0]["expires"], "2099-01-01T00:00:00Z")

    def test_needs_no_file_of_the_operators(self):
        (self.folder / "a.png").unlink()
        self.put("--rollback")

    def test_media_must_still_be_there(self):
        name, _ = medium(self.folder / "a.png")
        (self.base / name).unlink()
        self.refuse(f"1 of its media is no longer on the target, such as {name}; publish the playlist file instead", "--rollback")

    def test_only_what_was_signed(self):
        old = self.channel.folder / "p-1.json"
        data = old.read_bytes()
        old.write_bytes(data.replace(b"Small", b"Large"))
        self.refuse("bad signature", "--rollback", "1")
        self.refuse("there is no version before 2", "--rollback")
        old.write_bytes(data + b" ")
        self.refuse("p-1.json", "--rollback", "1")
        old.write_bytes(data)
        (self.channel.folder / "p-1.json.minisig").write_bytes((self.channel.folder / "p-2.json.minisig").read_bytes())
        self.refuse("the signature is for version 2", "--rollback", "1")

    def test_only_back(self):
        self.refuse("version 2 is not older than 2", "--rollback", "2")
        self.refuse("nothing is in force on channel busan", "--rollback", channel="busan")

    def test_gaps_are_passed_over(self):
        (self.channel.folder / "p-3.json").write_bytes(b"{}")
        self.put()
        self.assertEqual(self.channel.pointer()[0]["version"], "4")
        self.write({"c": {"tagline": "C"}})
        self.put()
        self.assertEqual(self.put("--rollback")["content-of"], "4")
        self.assertEqual(self.put("--rollback", "2")["content-of"], "2")
        self.assertEqual(list(self.content()["spots"]), ["b"])


if __name__ == "__main__":
    tap.main()
