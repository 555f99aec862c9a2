"""Publishing with the real minisign: into a folder, to a server that can be watched, and to nginx as it is shipped.

Over 600 lines: each way to publish is tried against the same few kinds of servers."""
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import films
import player
import servers
import tap
from player import TOP
from publishing import Channel, Publishing, Shelf, fields, make_key, medium, rfc3339, seconds_of

DAY = 86400


class Publish(Publishing):
    def test_what_is_there_afterwards(self):
        said = self.put()
        names = dict(map(medium, (self.folder / "a.png", self.folder / "b.png")))
        self.assertEqual(said, {"channel": "seoul", "version": "1", "files": "2", "uploaded": "2",
                                "bytes": str(sum(map(len, names.values()))), "address": f"{self.base}/channels/seoul/"})
        files = self.channel.files()
        self.assertEqual({name: files[name] for name in names}, names)
        self.assertEqual(sorted(set(files) - set(names)), [f"channels/seoul/{name}" for name in
                                                           ("latest.minisig", "p-1.json", "p-1.json.minisig")])
        pointer, playlist = self.channel.pointer()
        self.assertEqual(pointer["version"], "1")
        self.assertAlmostEqual(seconds_of(pointer["expires"]) - seconds_of(pointer["signed"]), 90 * DAY, delta=120)
        self.assertEqual(list(playlist), ["format", "spots", "version", "channel", "files"])
        self.assertEqual((playlist["version"], playlist["channel"]), (1, "seoul"))
        for path, width, height in (("a.png", 64, 36), ("b.png", 36, 64)):
            name, data = medium(self.folder / path)
            self.assertEqual(playlist["files"][path], {"sha256": name[6:70], "bytes": len(data), "url": "../../" + name,
                                                       "width": width, "height": height})
            self.assertEqual((self.channel.folder / playlist["files"][path]["url"]).read_bytes(), data)
        self.assertIn("untrusted comment: duckling channel seoul\n", (self.channel.folder / "latest.minisig").read_text())

    def test_versions_count_up_and_media_are_sent_once(self):
        self.put()
        self.assertEqual((self.put()["version"], self.put()["uploaded"]), ("2", "0"))
        player.png(self.folder / "b.png", 36, 64, (1, 2, 3))
        said = self.put()
        self.assertEqual((said["version"], said["uploaded"], said["bytes"]),
                         ("4", "1", str((self.folder / "b.png").stat().st_size)))
        self.assertEqual(self.channel.pointer()[0]["version"], "4")
        self.assertEqual(self.put(channel="busan")["version"], "1")

    def test_kinds_of_files(self):
        """The same bytes under two names are one file; a font has no size in pixels; a turned picture has the size it is shown in."""
        boat = (TOP / "media/boat.jpg").read_bytes()
        tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
        turned = boat[:2] + b"\xff\xe1" + (8 + len(tiff)).to_bytes(2, "big") + b"Exif\0\0" + tiff + boat[2:]
        (self.folder / "turned.JPEG").write_bytes(turned)
        (self.folder / "sub dir").mkdir()
        (self.folder / "sub dir/작은.png").write_bytes((self.folder / "a.png").read_bytes())
        font = next((TOP / "fonts").glob("*.otf"))
        (self.folder / "f.otf").write_bytes(font.read_bytes())
        films.film(self.folder / "film.mkv", frames=48, fps=24, size=(160, 90))
        (self.folder / "film.mkv").rename(self.folder / "film")
        path = self.write({"a": {"image": {"landscape": "turned.JPEG", "portrait": "a.png"}},
                           "b": {"image": "sub dir/작은.png", "tagline": {"en": "A"}}, "c": {"video": "film"}},
                          styles={"s": {"font": {"en": "f.otf"}}}, defaults={"tagline_style": "s"})
        self.assertEqual(self.put(path)["files"], "4")
        files = self.channel.pointer()[1]["files"]
        self.assertEqual(set(files), {"turned.JPEG", "a.png", "sub dir/작은.png", "film", "f.otf"})
        self.assertEqual(files["a.png"], files["sub dir/작은.png"])
        self.assertEqual((files["turned.JPEG"]["width"], files["turned.JPEG"]["height"]), (2160, 3840))
        self.assertEqual([Path(files[name]["url"]).suffix for name in ("turned.JPEG", "film", "f.otf")], [".jpeg", "", ".otf"])
        self.assertEqual(set(files["f.otf"]), {"sha256", "bytes", "url"})
        self.assertEqual(set(files["film"]), {"sha256", "bytes", "url", "width", "height", "duration_ms", "fps", "codec"})

    def test_films(self):
        """What a player need not find out by itself."""
        films.film(self.folder / "l.mp4", frames=45, fps=30, size=(160, 90))
        films.film(self.folder / "p.mkv", frames=18, fps=12, size=(90, 160), codec=("-c:v", "libvpx-vp9", "-deadline", "realtime"))
        self.put(self.write({"a": {"video": {"landscape": "l.mp4", "portrait": "p.mkv"}}, "b": {"video": "l.mp4"}}))
        files = self.channel.pointer()[1]["files"]
        for path, wanted in (("l.mp4", {"width": 160, "height": 90, "duration_ms": 1500, "fps": 30, "codec": "h264"}),
                             ("p.mkv", {"width": 90, "height": 160, "duration_ms": 1500, "fps": 12, "codec": "vp9"})):
            name, data = medium(self.folder / path)
            self.assertEqual(files[path], {"sha256": name[6:70], "bytes": len(data), "url": "../../" + name, **wanted})

    def test_the_authors_text_stays(self):
        text = '{"spots" : {"z":{"tagline":"Z", "duration":10.50},\n\t"a":{"tagline":"\\uC791"}},  "format":"duckling/1"}\n'
        path = self.folder / "own.json"
        path.write_text(text)
        self.put(path)
        done = (self.channel.folder / "p-1.json").read_text()
        self.assertTrue(done.startswith(text.rstrip()[:-1]), done)

    def test_expires(self):
        self.put(self.playlist, "--expires", "2099-12-31T23:59:59+09:00")
        self.assertEqual(self.channel.pointer()[0]["expires"], "2099-12-31T14:59:59Z")
        told = self.run_it(self.playlist, "--expires", "2099-01-01T09:00", "--timezone", "Asia/Seoul").stderr
        self.assertRegex(told, r"(?m)^info publish: .* expires=2099-01-01T09:00:00\+09:00 in=.\d+ days.$")
        self.assertEqual(self.channel.pointer()[0]["expires"], "2099-01-01T00:00:00Z")

    def test_more_files_than_threads(self):
        """Hashes, sizes and names belong together."""
        spots = {}
        for i in range(40):
            player.png(self.folder / f"{i}.png", 8 + i, 8, (i, i, i))
            spots[f"s{i}"] = {"image": f"{i}.png"}
        self.assertEqual(self.put(self.write(spots))["files"], "40")
        files = self.channel.pointer()[1]["files"]
        self.assertEqual(list(files), [f"{i}.png" for i in range(40)])
        for i in range(40):
            name, data = medium(self.folder / f"{i}.png")
            self.assertEqual((files[f"{i}.png"]["url"], files[f"{i}.png"]["width"]), ("../../" + name, 8 + i))
            self.assertEqual((self.base / name).read_bytes(), data)


class Refused(Publishing):
    def test_a_playlist_with_faults(self):
        text = self.refuse("1 fault, nothing was published", self.write({"a": {"image": "no.png"}}))
        self.assertRegex(text, r"(?m)^fault   \$.spots.a.image: .*no.png: No such file")
        (self.folder / "film.mp4").write_bytes(b"no film")
        text = self.refuse("1 fault, nothing was published", self.write({"a": {"video": "film.mp4"}}))
        self.assertRegex(text, r"(?m)^fault   \$.spots.a.video: ")
        self.assertFalse(self.base.exists())
        self.refuse("No such file", self.folder / "none.json")

    def test_warnings_only_when_strict(self):
        self.refuse("--strict is given", self.playlist, "--strict")
        done = self.run_it(self.playlist)
        self.assertRegex(done.stderr, r"(?m)^warning \$.spots.a.image: only 64 × 36 pixels")

    def test_what_is_compiled_already(self):
        self.put()
        compiled = self.folder / "again.json"
        text = json.loads((self.channel.folder / "p-1.json").read_text())
        compiled.write_text(json.dumps(text))
        self.refuse("is a compiled playlist", compiled)
        del text["version"], text["channel"]
        compiled.write_text(json.dumps(text))
        self.refuse("compiled already", compiled)

    def test_too_large_once_compiled(self):
        text = self.playlist.read_text()
        self.playlist.write_text(text + " " * (2**20 - len(text)))
        self.assertEqual(self.put()["version"], "1")  # blanks after the end go
        end = ', "name": "x"}'
        self.playlist.write_text(text[:-1] + " " * (2**20 - len(text) + 1 - len(end)) + end)
        self.assertEqual(self.playlist.stat().st_size, 2**20)
        self.refuse("at most 1048576 are allowed")

    def test_usage(self):
        for words, *arguments in (
                ("no playlist given; use duckling publish FILE, or --rollback", "publish", "--to", "x", "--channel", "a", "--key", "k"),
                ("option --to is missing", "publish", "p", "--channel", "a", "--key", "k"),
                ("option --channel is missing", "publish", "p", "--to", "x", "--key", "k"),
                ("option --key is missing", "publish", "p", "--to", "x", "--channel", "a"),
                ("option --channel needs a name of at most 64 characters", "publish", "p", "--to", "x", "--key", "k", "--channel", "../a"),
                ("option --channel needs a name of at most 64 characters", "publish", "p", "--to", "x", "--key", "k", "--channel", "Seoul"),
                ("option --channel needs a name of at most 64 characters", "publish", "p", "--to", "x", "--key", "k", "--channel", "a" * 65),
                ("option --expires needs a time in the future, not ", "publish", "p", "--to", "x", "--channel", "a", "--key", "k", "--expires", "2020-01-01T00:00Z"),
                ("option --expires needs a date and time such as", "publish", "p", "--to", "x", "--channel", "a", "--key", "k", "--expires", "soon"),
                ('option --rollback needs a version such as 43, not "p.json"', "publish", "--rollback", "p.json", "--to", "x", "--channel", "a", "--key", "k"),
                ('option --after needs a version such as 43, not "p-6"', "publish", "p", "--to", "x", "--channel", "a", "--key", "k", "--after", "p-6"),
                ("option --rollback needs a version such as 43", "publish", "--rollback", "0", "--to", "x", "--channel", "a", "--key", "k"),
                ('extra argument "q"; this command takes one playlist', "publish", "p", "q", "--to", "x", "--channel", "a", "--key", "k")):
            done = player.run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertIn(words, done.stderr, arguments)

    def test_no_such_key(self):
        self.refuse("no.key: No such file", key=self.folder / "no.key")

    def test_what_is_missing_is_told_before_media_are_checked(self):
        for where in ({"key": self.folder / "none.key"}, {"key": self.playlist}, {"to": self.folder / "no" / "such"},
                      {"to": "http://127.0.0.1:1/signage"}):
            with self.subTest(where):
                said = self.refuse("", self.playlist, "--log-level", "debug", **where)
                self.assertNotIn("checked media", said)
        self.assertIn("checked media", self.run_it(self.playlist, "--log-level", "debug").stderr)

    def test_a_change_of_a_word_decodes_no_film(self):
        films.film(self.folder / "f.mp4", frames=24, fps=12, size=(64, 36))
        for word, decoded in (("Small", 3), ("Smaller", 2), ("Small", 0)):
            said = self.run_it(self.write({"f": {"video": "f.mp4"}, "t": {"tagline": word}}), "--log-level", "debug").stderr
            self.assertIn(f" decoded={decoded}\n", said)
        said = self.run_it(self.write({"f": {"video": "f.mp4"}, "t": {"tagline": "Small"}}), "--no-cache", "--log-level", "debug").stderr
        self.assertIn(" decoded=3\n", said)
        self.assertEqual(self.channel.pointer()[1]["files"]["f.mp4"]["codec"], "h264")

    def test_screens_of_the_site(self):
        self.assertIn("on a screen of 3840 × 960", self.run_it(self.playlist, "--size", "3840x960").stderr)

    def test_no_minisign(self):
        empty = self.folder / "empty"
        empty.mkdir()
        self.refuse("minisign is not installed (Debian package minisign)", path=str(empty))
        self.assertEqual(list(self.base.rglob("*")), [])

    def test_a_failing_minisign(self):
        self.refuse("minisign failed (exit status 3)", path=self.wrapped_minisign("echo sorry; exit 3"))

    def test_a_minisign_that_signs_something_else(self):
        path = self.wrapped_minisign("", 'sed -i "s/version=1/version=2/" "$7"')
        self.refuse("does not match the public key", path=path)


class DryRun(Publishing):
    def test_tells_all_and_does_nothing(self):
        told = self.run_it(self.playlist, "--dry-run").stdout.splitlines()
        self.assertFalse(self.base.exists())
        uploads = [re.fullmatch(r"would upload (\S+) bytes=(\d+)", line).groups() for line in told[:-2]]
        self.assertRegex(told[-2], r"^would sign channel=seoul version=1 file=p-1.json bytes=\d+ signed=\S+Z expires=\S+Z$")
        self.assertTrue(told[-1].startswith("would publish channel=seoul version=1 files=2 uploaded=2 bytes="), told)
        self.put()
        self.assertEqual({(name, int(size)) for name, size in uploads},
                         {(f"{self.base}/{name}", len(data)) for name, data in self.channel.files().items()})
        before = self.channel.files()
        told = self.run_it(self.playlist, "--dry-run").stdout
        self.assertEqual(self.channel.files(), before)
        self.assertNotIn("media/", told)
        self.assertIn(f"{self.base}/channels/seoul/p-2.json ", told)

    def test_asks_for_no_password(self):
        key = make_key(self.folder, "locked", "secret")
        path = self.wrapped_minisign(f"touch {self.folder}/called")
        self.run_it(self.playlist, "--dry-run", key=key, path=path)
        (self.folder / "locked.pub").unlink()
        self.refuse("create it with minisign -R", self.playlist, "--dry-run", key=key, path=path)
        self.assertFalse((self.folder / "called").exists())

    def test_of_an_impossible_place(self):
        for place, words in (("ftp://host/x", "cannot publish to ftp://"), ("/dev/null/x", "Not a directory"),
                             (self.folder / "usb/signage", "is the stick mounted?"), ("host.example/signage", "looks like a server")):
            self.refuse(words, self.playlist, "--dry-run", to=place)

    def test_of_a_rollback(self):
        self.put()
        self.put(self.write({"b": {"image": "b.png"}}))
        before = self.channel.files()
        self.assertIn("would publish channel=seoul version=3", self.run_it("--rollback", "--dry-run").stdout)
        self.assertEqual(self.channel.files(), before)


class Keys(Publishing):
    def test_a_password_at_the_terminal(self):
        key = make_key(self.folder, "locked", "small acts")
        self.channel.public = self.folder / "locked.pub"
        status, shown, said = self.at_terminal(self.playlist, key=key, answers=["small acts"])
        self.assertEqual((status, fields(said)["version"]), (0, "1"), shown)
        self.assertNotIn("small acts", shown)
        self.assertRegex(shown, r"hashing \[#+\] 100 %  0.0 of 0.0 MB")
        self.assertRegex(shown, r"uploading \[#+\] 100 %")
        self.assertEqual(len(said.splitlines()), 1)
        self.channel.pointer()

    def test_a_wrong_password(self):
        key = make_key(self.folder, "locked", "small acts")
        status, shown, said = self.at_terminal(self.playlist, key=key, answers=["great acts"])
        self.assertEqual((status, said), (1, ""))
        self.assertIn("error publish: cannot publish reason=\"minisign failed", shown)
        self.assertEqual(self.channel.files(), {})

    def test_no_terminal_to_ask_at(self):
        text = self.refuse("minisign failed", key=make_key(self.folder, "locked", "small acts"))
        self.assertIn("there is no terminal to ask for it; run this in a terminal, or make a key without a password with minisign -G -W", text)
        (self.folder / "locked.pub").unlink()
        self.refuse("no terminal to ask for it", key=self.folder / "locked.key")

    def test_the_public_key_where_the_secret_is_wanted(self):
        self.refuse("operator.pub is a public key", key=self.folder / "operator.pub")
        self.refuse("needs a minisign secret key, and ", key=self.playlist)

    def test_no_public_key_beside(self):
        public = self.folder / "operator.pub"
        kept = public.read_bytes()
        public.unlink()
        self.assertIn("deriving it from the secret key", self.run_it(self.playlist).stderr)
        self.assertFalse(public.exists())
        public.write_bytes(kept)
        self.channel.pointer()
        self.put()

    def test_no_public_key_and_a_password(self):
        key = make_key(self.folder, "locked", "small acts")
        (self.folder / "locked.pub").rename(self.folder / "away.pub")
        self.channel.public = self.folder / "away.pub"
        status, shown, _ = self.at_terminal(self.playlist, key=key, answers=["small acts"] * 2)
        self.assertEqual((status, shown.count("Password: ")), (0, 2), shown)
        self.channel.pointer()

    def test_no_bar_without_a_terminal(self):
        self.assertNotIn("hashing", self.run_it(self.playlist).stderr)


class Signals(Publishing):
    def publish_until(self, number):
        """Ends it with a signal while minisign waits; the signal to this one process alone, as `kill` sends it."""
        ready = self.folder / "ready"
        os.mkfifo(ready)
        path = self.wrapped_minisign(f"echo $$ >{ready}; exec sleep 600")
        process = subprocess.Popen([player.DUCKLING, *self.arguments(self.playlist)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env=player.environment(TMPDIR=str(self.private), PATH=path))
        with process:
            child = int(ready.read_text())
            self.assertEqual(len(list(self.private.iterdir())), 1)
            process.send_signal(number)
            _, words = process.communicate(timeout=player.WAIT_S)
        self.assertEqual(process.returncode, -number)
        self.assertEqual(self.channel.files(), {})
        with self.assertRaises(ProcessLookupError):
            os.kill(child, 0)
        return words.decode()

    def test_terminate(self):
        self.assertIn(self.nothing, self.publish_until(signal.SIGTERM))

    def test_interrupt(self):
        self.assertEqual(self.publish_until(signal.SIGINT).count(self.nothing), 1)

    nothing = "interrupted, nothing has changed for players; run the command again to continue\n"

    def interrupted_at(self, ending):
        """What is said by a publication that Ctrl-C ends while the server takes a file."""
        with Shelf() as shelf:
            process = subprocess.Popen([player.DUCKLING, *self.arguments(self.playlist, to=shelf.url)], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env=player.environment(TMPDIR=str(self.private)))

            def interrupt(_):
                process.send_signal(signal.SIGINT)
                process.wait(player.WAIT_S)
            with process:
                shelf.hooks[ending] = interrupt
                said, words = process.communicate(timeout=player.WAIT_S)
            self.assertEqual((process.returncode, said), (-signal.SIGINT, ""))
            return words

    def test_interrupt_while_uploading(self):
        self.assertIn(self.nothing, self.interrupted_at(".png"))
        self.assertIn(self.nothing, self.interrupted_at("p-1.json.minisig"))

    def test_interrupt_while_switching(self):
        words = self.interrupted_at("latest.minisig")
        self.assertIn("players may have it; run the command again\n", words)
        self.assertNotIn("nothing has changed", words)

    def test_hang_up(self):
        self.publish_until(signal.SIGHUP)


class Clocks(Publishing):
    def test_one_that_is_a_little_off(self):
        """Of two operators' machines: what comes later is signed later."""
        then = rfc3339(3600)
        self.channel.sign(self.key, signed=then, expires=rfc3339(7200))
        self.put()
        self.assertEqual(seconds_of(self.channel.pointer()[0]["signed"]), seconds_of(then) + 1)

    def test_one_that_the_server_knows_better(self):
        with Shelf() as shelf:
            for ahead_s, words in ((2 * 3600 + 120, "this machine's clock is 2 h 2 min behind that of http://127.0.0.1:"),
                                   (-700, "this machine's clock is 12 min ahead of that of http://127.0.0.1:")):
                shelf.ahead_s = ahead_s
                self.refuse(words, to=shelf.url)
                self.refuse(words, self.playlist, "--dry-run", to=shelf.url)
            self.assertEqual(shelf.puts, [])
            shelf.ahead_s = -500
            self.put(to=shelf.url)
            # What a cache has kept is as old as it says.
            shelf.ahead_s, shelf.age_s = -7200, 7200
            self.put(to=shelf.url)


class Places(Publishing):
    def test_the_address_of_a_channel(self):
        for place in ("https://host/channels/shop/", "http://host/signage/channels/seoul", "s3://bucket/channels/seoul//",
                      self.base / "channels/seoul", "channels/seoul", "https://host/channels/"):
            self.refuse("needs the part before /channels/", to=place, status=2)
        self.put(to=self.folder / "my-channels")

    def test_what_players_are_told(self):
        with Shelf() as shelf:
            self.assertEqual(self.put(to=shelf.url.replace("//", "//op:secret@"))["address"], f"{shelf.url}/channels/seoul/")

    def test_a_stick_that_is_not_there(self):
        self.refuse(f"there is no folder {self.folder}/usb/, and only the last folder of a path is created; is the stick mounted?",
                    to=self.folder / "usb/signage")
        self.assertFalse((self.folder / "usb").exists())
        self.assertIn(f"info target_folder: folder created path=\"{self.base}/\"\n", self.run_it(self.playlist).stderr)
        self.assertNotIn("folder created", self.run_it(self.playlist).stderr)

    def test_an_address_without_its_beginning(self):
        for place in ("signage.example.org", "signage.example.org/x", "10.0.0.7/signage", "localhost/signage", "host:8443",
                      "op@host/signage", "https:/host/x"):
            self.refuse("looks like a server: write https:// before it, or ./ for a new folder", to=place)
            self.assertFalse((TOP / place.split("/")[0]).exists(), place)


class BrokenOff(Publishing):
    def setUp(self):
        super().setUp()
        self.shelf = self.enterContext(Shelf())

    def names(self):
        return [medium(self.folder / path)[0] for path in ("a.png", "b.png")]

    def test_is_taken_up_at_any_place(self):
        order = ["p-1.json", "p-1.json.minisig", "latest.minisig"]
        for place in [*self.names(), *order]:
            with self.subTest(place), Shelf() as shelf:
                shelf.refuse = place
                self.refuse("403", to=shelf.url)
                self.assertNotIn("channels/seoul/latest.minisig", shelf.files)
                sent, shelf.refuse = list(shelf.puts), None
                self.assertEqual(self.put(to=shelf.url)["version"], "1")
                again = [name for name in shelf.puts[len(sent):] if name in sent]
                # Only the signature is made anew, for its times.
                self.assertIn(again, ([], ["channels/seoul/p-1.json.minisig"]))
                self.assertEqual(set(shelf.puts), {*self.names(), *(f"channels/seoul/{name}" for name in order)})
                shelf.save(self.folder / place.replace("/", "-"))
                Channel(self.folder / place.replace("/", "-"), "seoul", self.channel.public).pointer()

    def test_into_a_folder(self):
        self.base.mkdir()
        for name in ("media", "channels"):
            (self.base / name).write_bytes(b"no folder")
            self.run_it(self.playlist, status=1)
            (self.base / name).unlink()
        block = self.channel.folder / "p-1.json.minisig"
        block.mkdir(parents=True)
        self.run_it(self.playlist, status=1)
        self.assertTrue((self.channel.folder / "p-1.json").exists())
        self.assertFalse((self.channel.folder / "latest.minisig").exists())
        block.rmdir()
        said = self.put()
        self.assertEqual((said["version"], said["uploaded"]), ("1", "0"))
        self.channel.pointer()

    def test_other_content_takes_another_version(self):
        self.shelf.refuse = "latest.minisig"
        self.refuse("403", to=self.shelf.url)
        self.shelf.refuse = None
        self.assertEqual(self.put(self.write({"n": {"tagline": "New"}}), to=self.shelf.url)["version"], "2")

    def test_the_pointer_is_last(self):
        self.put(to=self.shelf.url)
        self.assertEqual(set(self.shelf.puts[:2]), set(self.names()))
        self.assertEqual([Path(name).name for name in self.shelf.puts[2:]], ["p-1.json", "p-1.json.minisig", "latest.minisig"])

    def test_a_server_that_keeps_nothing(self):
        """It says 201 and has the medium not, or half of it: no pointer names that."""
        for spoil, words in ((lambda body: None, "does not have the file; nothing was switched"),
                             (lambda body: body[:len(body) // 2], r"has \d+ of \d+ bytes; nothing was switched")):
            def lose(shelf):
                name = shelf.puts[-1]
                body = spoil(shelf.files.pop(name))
                if body is not None:
                    shelf.files[name] = body
            self.shelf.files.clear()
            self.shelf.puts.clear()
            self.shelf.hooks_after[".png"] = lose
            self.assertRegex(self.refuse("the server confirmed the upload, but", to=self.shelf.url), words)
            self.assertNotIn("channels/seoul/latest.minisig", self.shelf.files)
        self.shelf.files.clear()
        self.put(to=self.shelf.url)

    def test_a_password_in_the_clear_is_told(self):
        warned = "warn target_http: password is sent unencrypted, use https to=http://duckling.invalid/x/"
        self.assertEqual(self.refuse("latest.minisig", to="http://user:hush@duckling.invalid/x").count(warned), 1)
        # What only begins like an address of this machine is another one.
        for host in ("localhost.duckling.invalid", "127.duckling.invalid"):
            self.assertIn("unencrypted", self.refuse("latest.minisig", to=f"http://user:hush@{host}/x"))
        for to in ("https://user:hush@duckling.invalid/x", "http://duckling.invalid/x"):
            self.assertNotIn("unencrypted", self.refuse("latest.minisig", to=to))
        # To this machine, such as the end of a tunnel, nothing goes over a network.
        self.assertNotIn("unencrypted", self.run_it(self.playlist, to=self.shelf.url.replace("//", "//user:hush@")).stderr)

    def test_no_server(self):
        with Shelf() as gone:
            url = gone.url
        self.refuse("latest.minisig", to=url)


class CutShort(Publishing):
    """Into a folder, a stick perhaps: killed, or the disk full or failing, at each call that makes something lasting."""

    def traced(self, inject):
        """Exit status of a publication with one system call spoiled."""
        command = ["strace", "-o", "/dev/null", "-e", f"inject={inject}", player.DUCKLING, *self.arguments(self.playlist)]
        # Leaks can't be looked for under strace.
        env = player.environment(TMPDIR=str(self.private), ASAN_OPTIONS="detect_leaks=0:exitcode=99")
        done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=player.WAIT_S)
        self.assertNotIn("Sanitizer", done.stderr)
        return done.returncode

    def at_each(self, calls, what, statuses, least):
        self.playlist = self.write({"a": {"image": "a.png"}})
        for when in range(1, 100):
            with self.subTest(calls=calls, what=what, when=when):
                self.base = self.folder / f"{when}-{what.replace('=', '-')}-{len(calls)}"
                self.channel = Channel(self.base, "seoul", self.channel.public)
                status = self.traced(f"{calls}:{what}:when={when}")
                there = (self.channel.folder / "latest.minisig").exists()
                if there:
                    self.channel.pointer()
                if status == 0:
                    self.assertTrue(there)
                    self.assertGreater(when, least)
                    return
                self.assertIn(status, statuses)
                self.assertEqual(self.put()["version"], "2" if there else "1")
                self.assertEqual(set(self.channel.pointer()[1]["files"]), {"a.png"})
        self.fail("no end")

    def test_killed(self):
        self.at_each("?rename,?renameat,?renameat2", "signal=SIGKILL", {-signal.SIGKILL}, 4)
        self.at_each("fsync", "signal=SIGKILL", {-signal.SIGKILL}, 8)

    def test_the_disk_fails(self):
        self.at_each("?rename,?renameat,?renameat2", "error=EIO", {1}, 4)
        self.at_each("fsync", "error=ENOSPC", {1}, 8)


class Meanwhile(Publishing):
    def setUp(self):
        super().setUp()
        self.shelf = self.enterContext(Shelf())
        self.put(to=self.shelf.url)
        # What another operator with the same key would have put.
        other = Channel(self.folder / "other", "seoul", self.channel.public)
        other.sign(self.key, version="2", data=b'{"other": 2}')
        self.pointer, self.file = (other.folder / "latest.minisig").read_bytes(), b'{"other": 2}'
        self.playlist = self.write({"n": {"tagline": "New"}})

    def put_other(self, shelf):
        shelf.files["channels/seoul/latest.minisig"] = self.pointer

    def test_before_the_pointer(self):
        self.shelf.hooks["p-2.json.minisig"] = self.put_other
        self.refuse("another operator published at the same time: version 2 is in force, not 1", to=self.shelf.url)
        self.assertEqual(self.shelf.files["channels/seoul/latest.minisig"], self.pointer)

    def test_before_the_playlist(self):
        """While the password is asked for, or media are uploaded: then nothing of the other's is touched."""
        player.png(self.folder / "c.png", 64, 36, (5, 6, 7))
        playlist = self.write({"c": {"image": "c.png"}})

        def put_file(shelf):
            shelf.files["channels/seoul/p-2.json"] = self.file

        def put_both(shelf):
            put_file(shelf)
            self.put_other(shelf)
        for put, words in ((put_file, "version 2 is taken"), (put_both, "version 2 is in force, not 1")):
            self.shelf.files.pop(medium(self.folder / "c.png")[0], None)
            self.shelf.files.pop("channels/seoul/p-2.json", None)
            self.shelf.hooks[".png"] = put
            self.refuse(words, playlist, to=self.shelf.url)
            self.assertEqual(self.shelf.files["channels/seoul/p-2.json"], self.file)

    def test_after_the_pointer(self):
        self.shelf.hooks_after["latest.minisig"] = self.put_other
        self.refuse("latest.minisig is not what was uploaded", to=self.shelf.url)

    def test_another_file_under_the_same_version(self):
        def swap(shelf):
            shelf.files["channels/seoul/p-2.json"] = self.file
        before = self.shelf.files["channels/seoul/latest.minisig"]
        self.shelf.hooks["p-2.json.minisig"] = swap
        self.refuse("p-2.json is not what was uploaded", to=self.shelf.url)
        self.assertEqual(self.shelf.files["channels/seoul/latest.minisig"], before)
        # Later than that it is found, too.
        self.shelf.hooks["latest.minisig"] = lambda shelf: shelf.files.update({"channels/seoul/p-3.json": self.file})
        self.refuse("p-3.json is not what was uploaded", to=self.shelf.url)
        self.assertEqual(self.put(to=self.shelf.url)["version"], "4")

    def test_a_medium_that_changes(self):
        for change, words in ((f"printf x >>{self.folder}/a.png", "changed since it was hashed"),
                              (f"printf x | dd of={self.folder}/a.png bs=1 seek=50 conv=notrunc 2>/dev/null", "changed since")):
            with self.subTest(change):
                player.png(self.folder / "a.png", 64, 36, (9, 9, len(change) % 250))
                playlist = self.write({"a": {"image": "a.png"}})
                self.refuse(words, playlist, path=self.wrapped_minisign(change))
                self.assertEqual(list(self.base.rglob("*.json")), [])


class RealServer(Publishing):
    def setUp(self):
        super().setUp()
        self.ca, _, pairs = servers.make_certificates(self.folder / "pki")
        self.nginx = servers.ShippedNginx(self.folder / "nginx", pairs["good"]).start()
        self.addCleanup(self.nginx.stop)

    def test_publish_and_roll_back(self):
        url = self.nginx.publish_url()
        there = dict(to=url)
        self.assertEqual(self.put(self.playlist, "--ca-file", self.ca, **there)["uploaded"], "2")
        second = self.write({"b": {"image": "b.png"}})
        self.assertEqual(self.put(second, "--ca-file", self.ca, **there), {
            "channel": "seoul", "version": "2", "files": "1", "uploaded": "0", "bytes": "0",
            "address": f"https://127.0.0.1:{self.nginx.port}/channels/seoul/"})
        self.assertEqual(self.put("--rollback", "--ca-file", self.ca, **there)["version"], "3")
        pointer, playlist = Channel(self.nginx.root, "seoul", self.channel.public).pointer()
        self.assertEqual((pointer["version"], list(playlist["spots"])), ("3", ["a", "b", "words"]))

    def test_a_wrong_password(self):
        url = self.nginx.publish_url().replace("publisher:", "publisher:x")
        text = self.refuse("401; the user or password in --to is wrong or missing", self.playlist, "--ca-file", self.ca, to=url)
        self.assertNotIn("greatness", text)

    def test_a_stranger_in_its_place(self):
        self.assertNotIn("delete it", self.refuse("certificate", to=self.nginx.publish_url()))
        self.assertIn("--ca-file", self.refuse("certificate", to=self.nginx.publish_url()))


if __name__ == "__main__":
    tap.main()
