#!/usr/bin/env python3
"""A channel in a folder: what rsync fills, and a stick that is pulled out and plugged in. The player polls once a minute here, so that
what comes sooner was noticed by itself."""
import os
import shutil
import stat
import unittest
from pathlib import Path

from channel_case import Case, bytes_of, channel, content, servers, wait_for
import tap

MINUTE = 60000
ONE = {"a.mp4": bytes_of("a", 5000)}
TWO = {**ONE, "b.mp4": bytes_of("b", 300000)}


class Folder(Case):
    def setUp(self):
        super().setUp()
        self.stick = self.folder / "stick"
        self.stick.mkdir()
        self.seoul = self.stick / "channels/seoul"

    def follow(self, poll_ms=MINUTE, **options):
        return self.probe(str(self.seoul), poll_ms=poll_ms, **options)

    def publish(self, version, media, **more):
        return self.channel.publish(self.stick, version, f"version {version}", media, **more)

    def rsync(self, version, media, order):
        """As rsync writes: each file under a name of its own beside it, then renamed; in any order of the three kinds."""
        made = self.folder / f"made{version}"
        self.channel.publish(made, version, f"version {version}", media)
        kinds = {"media": "media/*", "playlist": "channels/seoul/*.json", "pointer": "channels/seoul/*.minisig"}
        for kind in order:
            for path in sorted(made.glob(kinds[kind])):
                target = self.stick / path.relative_to(made)
                target.parent.mkdir(parents=True, exist_ok=True)
                new = target.with_name(f".{target.name}.Xy1Zq9")
                new.write_bytes(path.read_bytes())
                os.utime(new, (1_770_000_000, 1_770_000_000))  # rsync -t keeps times: they tell nothing
                new.rename(target)


class Changes(Folder):
    def test_a_new_version_is_noticed_by_itself(self):
        self.publish(1, ONE)
        probe = self.follow()
        self.assert_holds(probe.edition("version 1"), ONE)
        self.publish(2, TWO)
        self.assert_holds(probe.edition("version 2"), TWO)
        self.stop(probe)

    def test_rsync_in_each_order(self):
        """A pointer may come before what it points to: that is tried again until it is there."""
        self.publish(1, ONE)
        probe = self.follow()
        probe.edition("version 1")
        version = 1
        for order in (("media", "playlist", "pointer"), ("pointer", "playlist", "media"), ("playlist", "pointer", "media"),
                      ("pointer", "media", "playlist"), ("media", "pointer", "playlist"), ("playlist", "media", "pointer")):
            version += 1
            media = {**ONE, "b.mp4": bytes_of(f"b{version}", 300000)}
            self.rsync(version, media, order)
            self.assert_holds(probe.edition(f"version {version}"), media)
        self.stop(probe)

    def test_a_pointer_that_is_written_in_place(self):
        self.publish(1, ONE)
        probe = self.follow()
        probe.edition("version 1")
        self.publish(2, TWO)
        probe.edition("version 2")
        made = {}
        self.channel.publish(made, 3, "version 3", ONE)
        pointer = made.pop(self.channel.path("latest.minisig"))
        for name, data in made.items():
            channel.put(self.stick, name, data)
        with (self.seoul / "latest.minisig").open("r+b") as file:
            file.write(pointer)
            file.truncate()
        self.assert_holds(probe.edition("version 3"), ONE)
        self.stop(probe)

    def test_a_folder_that_is_not_there_yet(self):
        probe = self.follow(poll_ms=200)
        probe.log.wait("cannot fetch pointer kind=playlist")
        self.assertIn("waiting for", probe.describe())
        self.publish(1, ONE)
        self.assert_holds(probe.edition("version 1"), ONE)
        self.stop(probe)

    def test_a_takeover(self):
        self.publish(1, ONE)
        probe = self.follow()
        probe.edition("version 1")
        self.channel.takeover(self.stick, 1, "notice", TWO)
        edition = probe.edition("notice")
        self.assertTrue(edition.takeover)
        self.assert_holds(edition, TWO)
        self.stop(probe)

    def test_names_that_would_mean_something_in_a_url(self):
        for name in ("a b", "100% #1?x=y&z", "서울", "%2e%2e", "a:b", "-x"):
            shutil.rmtree(self.store, ignore_errors=True)
            self.stick = self.folder / name
            self.seoul = self.stick / "channels/seoul"
            self.publish(1, ONE)
            probe = self.follow()
            self.assert_holds(probe.edition("version 1"), ONE)
            self.stop(probe)


class Stick(Folder):
    def test_pulled_out_and_plugged_in(self):
        self.publish(1, ONE)
        probe = self.follow(poll_ms=200)
        probe.edition("version 1")
        away = self.stick.rename(self.folder / "away")
        probe.log.wait("cannot fetch pointer kind=playlist")
        self.stick = away
        self.publish(2, TWO)
        self.stick = away.rename(self.folder / "stick")
        self.assert_holds(probe.edition("version 2"), TWO)
        # It is another folder now. What happens in that one is noticed, too.
        self.publish(3, ONE)
        self.assert_holds(probe.edition("version 3"), ONE)
        self.stop(probe)
        self.assertEqual(probe.editions(), 3)

    def test_pulled_out_is_told_once_and_the_picture_goes_on(self):
        self.publish(1, ONE)
        probe = self.follow(poll_ms=100)
        edition = probe.edition("version 1")
        away = self.stick.rename(self.folder / "away")
        probe.log.wait("cannot fetch pointer kind=playlist")
        asked = probe.log.count("cannot fetch pointer kind=playlist")
        # A second player on its own store shows that time for many polls has passed.
        other = self.probe(str(away / "channels/seoul"), store=self.folder / "store2", state=self.folder / "state2")
        other.edition("version 1")
        self.stop(other)
        self.assertEqual((probe.log.count("cannot fetch pointer kind=playlist"), asked, probe.editions()), (1, 1, 1))
        self.assert_holds(edition, ONE)
        self.stop(probe)

    def test_restarted_without_it(self):
        """However its path is written: nothing on disk says now that it is a folder."""
        self.publish(1, ONE)
        for source in (str(self.seoul), str(self.seoul) + "/"):
            probe = self.probe(source, poll_ms=MINUTE)
            probe.edition("version 1")
            self.stop(probe)
        shutil.rmtree(self.stick)
        for source in (str(self.seoul) + "/", str(self.seoul)):
            probe = self.probe(source, poll_ms=MINUTE)
            self.assert_holds(probe.edition("version 1"), ONE)
            self.stop(probe)

    def test_pulled_out_in_the_middle_of_a_medium(self):
        """The disk it came from fails to read, as a pulled stick does, until it is back."""
        self.publish(1, ONE)
        probe = self.follow(poll_ms=200)
        probe.edition("version 1")
        self.publish(2, TWO)
        medium = self.stick / channel.medium_name("b.mp4", TWO["b.mp4"])
        whole = medium.read_bytes()
        medium.unlink()
        self.publish(3, {"c.mp4": bytes_of("c", 400000)})
        probe.edition("version 3")
        medium.write_bytes(whole[:1000])
        self.publish(4, TWO)
        medium.write_bytes(whole[:1000])
        channel.put(self.stick, channel.medium_name("b.mp4", TWO["b.mp4"]), whole)
        self.assert_holds(probe.edition("version 4"), TWO)
        self.stop(probe)


class Hostile(Folder):
    """What may be on a stick that somebody else has prepared."""

    def withstands(self, prepare, words):
        """The offence is there before version 2's good pointer; then it is put right."""
        self.publish(1, ONE)
        probe = self.follow(poll_ms=200)
        probe.edition("version 1")
        put_right = prepare()
        probe.log.wait(words)
        self.assertEqual(probe.editions(), 1)
        put_right()
        self.publish(2, TWO)
        self.assert_holds(probe.edition("version 2"), TWO)
        self.stop(probe)

    def in_place_of(self, path, make):
        def prepare():
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name("aside")
            if path.exists():
                path.rename(aside)
            make(path)

            def put_right():
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
            return put_right
        return prepare

    def test_pointers_that_are_no_files(self):
        pointer = self.seoul / "latest.minisig"
        for name, make in (("a pipe", os.mkfifo), ("a folder", os.mkdir), ("a circle", lambda p: p.symlink_to(p.name)),
                           ("a device", lambda p: p.symlink_to("/dev/zero")), ("nothing", lambda p: p.symlink_to("/nowhere")),
                           ("4 GiB of nothing", lambda p: (p.touch(), os.truncate(p, 4 << 30)))):
            with self.subTest(name):
                for path in (self.store, self.state, self.stick):
                    shutil.rmtree(path, ignore_errors=True)
                self.withstands(self.in_place_of(pointer, make), "cannot fetch pointer kind=playlist")

    def test_playlists_that_are_no_files(self):
        for make in (os.mkfifo, os.mkdir, lambda p: p.symlink_to("/dev/zero"), lambda p: (p.touch(), os.truncate(p, 4 << 30))):
            for path in (self.store, self.state, self.stick):
                shutil.rmtree(path, ignore_errors=True)
            path = self.seoul / "p-2.json"

            def prepare(path=path, make=make):
                put_right = self.in_place_of(path, make)()
                data = self.channel.compiled(2, "version 2", TWO)
                channel.put(self.stick, self.channel.path("latest.minisig"), self.channel.pointer(2, data))
                return put_right
            self.withstands(prepare, "cannot fetch playlist|playlist refused")

    def test_media_that_are_no_files(self):
        for make in (os.mkfifo, os.mkdir, lambda p: p.symlink_to("/dev/zero"), lambda p: (p.touch(), os.truncate(p, 4 << 30))):
            for path in (self.store, self.state, self.stick):
                shutil.rmtree(path, ignore_errors=True)
            path = self.stick / channel.medium_name("b.mp4", TWO["b.mp4"])

            def prepare(path=path, make=make):
                put_right = self.in_place_of(path, make)()
                data = self.channel.compiled(2, "version 2", TWO)
                channel.put(self.stick, self.channel.path("p-2.json"), data)
                channel.put(self.stick, self.channel.path("latest.minisig"), self.channel.pointer(2, data))
                return put_right
            self.withstands(prepare, "cannot fetch media file, retrying")

    def test_a_medium_with_a_wrong_byte(self):
        def prepare():
            data = self.channel.compiled(2, "version 2", TWO)
            path = self.stick / channel.medium_name("b.mp4", TWO["b.mp4"])
            path.write_bytes(channel.flip(TWO["b.mp4"], 1000, 3))
            channel.put(self.stick, self.channel.path("p-2.json"), data)
            channel.put(self.stick, self.channel.path("latest.minisig"), self.channel.pointer(2, data))
            return path.unlink
        self.withstands(prepare, "cannot fetch media file, retrying .*hash mismatch")

    def test_addresses_that_lead_off_the_stick(self):
        """Each names a file that is there and has the right hash: only where it is makes it wrong."""
        secret = bytes_of("secret", 4000)
        sentinel = self.folder / "secret.mp4"
        sentinel.write_bytes(secret)
        self.publish(1, ONE)
        probe = self.follow(poll_ms=200)
        probe.edition("version 1")
        version = 1
        for url in ("../../../secret.mp4", str(sentinel), sentinel.as_uri(), "file:" + str(sentinel), "../" * 20 + str(sentinel)[1:],
                    "../../media/../../secret.mp4", "%2e%2e/%2e%2e/%2e%2e/secret.mp4", "..%2f..%2f..%2fsecret.mp4",
                    "http://127.0.0.1:9/secret.mp4", "//127.0.0.1/secret.mp4", "../../../stick/../secret.mp4", "./../.././../secret.mp4"):
            version += 1
            mark = len(probe.log.lines)
            self.publish(version, {}, spots={"x": {"video": "x.mp4"}}, files={"x.mp4": {**channel.entry("x.mp4", secret), "url": url}})
            probe.log.wait(f"playlist refused kind=playlist version={version}|cannot fetch media file, retrying", mark)
        self.assertEqual(probe.editions(), 1)
        self.assertFalse((self.store / "media" / channel.sha256(secret)).exists())
        self.publish(version + 1, TWO)
        self.assert_holds(probe.edition(f"version {version + 1}"), TWO)
        self.stop(probe)

    def test_the_stick_is_only_read(self):
        self.publish(1, ONE)
        before = self.listing()
        probe = self.follow()
        probe.edition("version 1")
        self.stop(probe)
        self.assertEqual(self.listing(), before)

    def listing(self):
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_size, stat.S_IMODE(p.stat().st_mode)) for p in self.stick.rglob("*")}

    @unittest.skipIf(os.geteuid() == 0, "root can read everything")
    def test_a_pointer_that_may_not_be_read(self):
        pointer = self.seoul / "latest.minisig"
        self.withstands(self.in_place_of(pointer, lambda p: (p.touch(), p.chmod(0))), "cannot fetch pointer kind=playlist")


class Mixed(Folder):
    def test_a_server_and_a_stick_for_when_it_is_gone(self):
        server = self.hostile()
        self.channel.publish(server.files, 1, "version 1", ONE)
        self.publish(1, ONE)
        probe = self.probe(server.url("channels/seoul/"), str(self.seoul), poll_ms=200)
        probe.edition("version 1")
        server.acts["channels/seoul/latest.minisig"] = [servers.status(503)]
        probe.log.wait("cannot fetch pointer kind=playlist")
        self.publish(2, TWO)
        self.assert_holds(probe.edition("version 2"), TWO)
        self.stop(probe)

    def test_a_key_file_beside_the_channel_counts_for_nothing(self):
        other = channel.Channel(self.stranger)
        other.publish(self.stick, 1, "evil", {})
        shutil.copy(self.stranger.public, self.seoul / "operator.pub")
        probe = self.follow(poll_ms=200)
        probe.log.wait('refusal=unpinned_key')
        self.assertEqual(probe.editions(), 0)
        self.publish(1, ONE)
        edition = probe.edition("version 1")
        self.assertEqual(content(edition.files["a.mp4"]), ONE["a.mp4"])
        wait_for(lambda: Path(edition.files["a.mp4"]).is_file(), "a regular file in the store")
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
