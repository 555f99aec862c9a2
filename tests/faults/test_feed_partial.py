#!/usr/bin/env python3
"""An unsigned playlist some of whose media the server has not, or not right: they cost their own places, and are asked for again."""
import shutil
import subprocess
import unittest
from pathlib import Path

from feed_case import TOP, Case, bytes_of, content, playlist, servers
import tap

PAGE = b"<!doctype html><html><body>Please sign in.</body></html>"
FONT = (TOP / "fonts/duckling-regular.otf").read_bytes()


class Partial(Case):
    def start(self, *paths, **files):
        self.server = self.hostile()
        self.server.files = {"p.json": playlist("one", *paths), **{p: bytes_of(p, 5000) for p in paths}, **files}
        return self.server

    def settle(self, probe, name, missing):
        """The next edition, which has to do without these."""
        files = probe.edition(name)
        self.assertEqual({p for p, file in files.items() if file == "missing"}, set(missing))
        return files

    def again(self, path, count=2):
        self.server.wait_asked(path, len(self.server.asked(path)) + count)

    def test_one_that_is_not_there_costs_its_place_until_it_is(self):
        self.start("a.bin", "b.bin")
        del self.server.files["b.bin"]
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", {"b.bin"})
        self.assertEqual(len(self.server.asked("b.bin")), 3, "a file may come a moment after its playlist")
        self.again("b.bin")
        self.server.files["b.bin"] = bytes_of("b.bin", 5000)
        self.assertEqual(content(self.settle(probe, "one", ())["b.bin"]), bytes_of("b.bin", 5000))
        self.stop(probe)
        self.assertEqual(probe.editions(), 2)
        self.assertEqual(probe.log.count('cannot fetch media file.*path="b.bin".*answered 404'), 1)
        self.assertEqual(probe.log.count("playing on without them files=1"), 1)
        self.assertEqual(probe.log.count("damaged"), 0)
        self.assertEqual([r.status for r in self.server.asked("a.bin")], [200], "what is there is not asked about")

    def turn(self, probe, width, height):
        probe.process.stdin.write(f"screen {width} {height}\n")
        probe.process.stdin.flush()
        probe.describe()  # it has taken that

    def test_files_for_another_shape_are_fetched_once_the_screen_has_it(self):
        self.start("l.bin", "p.bin")
        del self.server.files["p.json"]
        probe = self.probe(self.server.url("p.json"))
        self.turn(probe, 1920, 1080)
        spot = {"video": {"landscape": "l.bin", "portrait": "p.bin"}, "duration": 5}
        self.server.files["p.json"] = playlist("one", spots={"s": spot})
        self.settle(probe, "one", {"p.bin"})
        self.assertEqual(self.server.asked("p.bin"), [])
        self.turn(probe, 1080, 1920)
        self.assertEqual(content(self.settle(probe, "one", ())["p.bin"]), bytes_of("p.bin", 5000))
        self.stop(probe)
        self.assertEqual(probe.log.count("playing on without|missing|damaged"), 0)
        self.assertEqual([r.status for r in self.server.asked("l.bin")], [200])

    def test_without_a_duration_the_films_of_all_shapes_tell_it(self):
        self.start("l.bin", "p.bin")
        self.server.files["p.json"] = playlist("one", spots={"s": {"video": {"landscape": "l.bin", "portrait": "p.bin"}}})
        probe = self.probe(self.server.url("p.json"))
        self.turn(probe, 1920, 1080)
        self.settle(probe, "one", ())
        self.stop(probe)

    def test_a_restart_asks_at_once(self):
        self.start("a.bin", "b.bin")
        del self.server.files["b.bin"]
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", {"b.bin"})
        self.stop(probe)
        self.server.requests.clear()
        probe = self.probe(self.server.url("p.json"), poll_ms=86400000, retry_max_ms=86400000)
        self.settle(probe, "one", {"b.bin"})
        self.server.wait_asked("b.bin")
        self.stop(probe)
        self.server.files["b.bin"] = bytes_of("b.bin", 5000)
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", {"b.bin"})
        self.settle(probe, "one", ())
        self.stop(probe)
        self.assertEqual(self.server.asked("a.bin"), [])

    def test_with_nothing_to_show_the_old_one_stays(self):
        self.start("a.bin")
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", ())
        self.server.files["p.json"] = playlist("two", "b.bin", "c.bin")
        for path in ("b.bin", "c.bin"):
            self.server.wait_asked(path, 6)
        self.assertEqual(probe.editions(), 1)
        self.server.files["c.bin"] = b"c"
        self.settle(probe, "two", {"b.bin"})
        self.stop(probe)

    def test_a_file_that_was_there_before_stays_while_it_is_gone(self):
        self.start("a.bin", "b.bin")
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", ())
        del self.server.files["b.bin"]
        self.server.files["p.json"] = playlist("two", "a.bin", "b.bin")
        self.assertEqual(content(self.settle(probe, "two", ())["b.bin"]), bytes_of("b.bin", 5000))
        # Whether it is still the right one is not known: it is asked about, also after a restart, until that is.
        self.again("b.bin", 3)
        self.assertEqual(probe.editions(), 2)
        self.assertEqual(probe.log.count("playing older copies files=1"), 1)
        self.stop(probe)
        self.server.requests.clear()
        probe = self.probe(self.server.url("p.json"))
        self.assertEqual(content(self.settle(probe, "two", ())["b.bin"]), bytes_of("b.bin", 5000))
        self.again("b.bin", 3)
        self.server.files["b.bin"] = b"new"
        self.assertEqual(content(self.settle(probe, "two", ())["b.bin"]), b"new")
        self.stop(probe)
        self.assertEqual(self.server.asked("a.bin"), [], "what is known to be right is not asked about")

    def test_an_old_one_is_asked_about_although_others_are_missing(self):
        self.start("a.bin", "b.bin")
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", ())
        del self.server.files["b.bin"]
        self.server.files["p.json"] = playlist("two", "a.bin", "b.bin", "c.bin")
        self.assertEqual(content(self.settle(probe, "two", {"c.bin"})["b.bin"]), bytes_of("b.bin", 5000))
        self.again("b.bin", 3)
        self.server.files["b.bin"] = b"new"
        self.assertEqual(content(self.settle(probe, "two", {"c.bin"})["b.bin"]), b"new")
        self.server.files["c.bin"] = b"c"
        self.settle(probe, "two", ())
        self.stop(probe)

    def test_an_old_one_is_confirmed(self):
        self.start("a.bin", "b.bin")
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", ())
        del self.server.files["b.bin"]
        self.server.files["p.json"] = playlist("two", "a.bin", "b.bin")
        self.settle(probe, "two", ())
        self.server.files["b.bin"] = bytes_of("b.bin", 5000)
        self.settle(probe, "two", ())
        self.stop(probe)
        self.assertEqual([r.status for r in self.server.asked("b.bin")].count(200), 1)
        self.server.requests.clear()
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "two", ())
        self.server.wait_asked("p.json", 3)
        self.stop(probe)
        self.assertEqual(self.server.asked("b.bin"), [])

    def test_a_file_stays_while_what_takes_its_place_breaks_off(self):
        self.start("a.bin", "b.bin")
        probe = self.probe(self.server.url("p.json"))
        self.settle(probe, "one", ())
        self.server.files |= {"b.bin": bytes_of("new", 50000), "p.json": playlist("two", "a.bin", "b.bin")}
        self.server.acts["b.bin"] = [servers.cut_after(100), servers.cut_after(100), servers.status(404)]
        self.assertEqual(content(self.settle(probe, "two", ())["b.bin"]), bytes_of("b.bin", 5000))
        self.server.acts = {}
        self.assertEqual(content(self.settle(probe, "two", ())["b.bin"]), bytes_of("new", 50000))
        self.stop(probe)

    def test_several_come_one_after_the_other(self):
        self.start("a.bin", "b.bin", "c.bin", "d.bin")
        for path in ("b.bin", "c.bin", "d.bin"):
            self.server.acts[path] = [servers.status(404)]
        probe = self.probe(self.server.url("p.json"))
        missing = {"b.bin", "c.bin", "d.bin"}
        self.settle(probe, "one", missing)
        for path in ("c.bin", "d.bin", "b.bin"):
            del self.server.acts[path]
            self.settle(probe, "one", missing := missing - {path})
        self.stop(probe)
        self.assertEqual(probe.log.count("cannot fetch media file"), 3, "once each, whatever came meanwhile")

    def test_a_server_that_is_gone_is_waited_for(self):
        """That is no fault of a file."""
        self.start("a.bin", "b.bin")
        self.server.acts = {"b.bin": [lambda *_: False]}
        probe = self.probe(self.server.url("p.json"))
        self.server.wait_asked("b.bin", 6)
        self.assertEqual(probe.editions(), 0)
        self.server.acts = {}
        self.settle(probe, "one", ())
        self.stop(probe)


    def test_an_overloaded_server_is_waited_for(self):
        """So is one whose answers break off: a whole fleet fetches at once."""
        for act in (servers.status(503), servers.status(429), servers.cut_after(100)):
            self.start("a.bin", "b.bin")
            self.server.acts = {"b.bin": [act]}
            probe = self.probe(self.server.url("p.json"))
            self.server.wait_asked("b.bin", 6)
            self.assertEqual(probe.editions(), 0)
            self.server.acts = {}
            self.settle(probe, "one", ())
            self.stop(probe)
            shutil.rmtree(self.store)


class Insides(Case):
    """Real media, by other tools: whole ones are taken, and what isn't whole is asked about, not fetched, until it is another."""

    @classmethod
    def setUpClass(cls):
        cls.media = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
        cls.addClassCleanup(shutil.rmtree, cls.media)
        source = ["-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1"]
        for name, options in (("plain.mp4", []), ("fast.mp4", ["-movflags", "+faststart"]), ("film.mov", []),
                              ("pieces.mp4", ["-movflags", "frag_keyframe+empty_moov", "-g", "5"]),
                              ("film.mkv", []), ("film.webm", ["-c:v", "libvpx", "-c:a", "libopus"])):
            subprocess.run(["ffmpeg", "-loglevel", "error", *source, *options, str(cls.media / name)], check=True,
                           stdin=subprocess.DEVNULL)

    def films(self):
        return {p.name: p.read_bytes() for p in sorted(self.media.iterdir())}

    def test_whole_ones_are_taken(self):
        films = self.films()
        server = self.hostile()
        server.files = {"p.json": playlist("one", *films, styles={"s": {"font": "f.otf"}}), "f.otf": FONT, **films}
        probe = self.probe(server.url("p.json"), media="real")
        files = probe.edition("one")
        self.assertEqual({p: content(f) for p, f in files.items()}, {"f.otf": FONT, **films})
        self.stop(probe)

    def test_a_wrong_one_in_the_store_of_an_older_player_is_asked_for_again(self):
        films = self.films()
        server = self.hostile()
        server.files = {"p.json": playlist("one", "plain.mp4", "page.mp4"), "plain.mp4": films["plain.mp4"], "page.mp4": PAGE}
        probe = self.probe(server.url("p.json"), media="any")
        self.assertEqual(content(probe.edition("one")["page.mp4"]), PAGE)
        self.stop(probe)
        server.files["page.mp4"] = films["fast.mp4"]
        probe = self.probe(server.url("p.json"), media="real")
        self.assertEqual(probe.edition("one")["page.mp4"], "missing")
        self.assertEqual(content(probe.edition("one")["page.mp4"]), films["fast.mp4"])
        self.stop(probe)

    def test_a_wrong_one_does_not_take_the_place_of_a_good_one(self):
        films = self.films()
        server = self.hostile()
        server.files = {"p.json": playlist("one", "a.mp4", "b.mp4"), "a.mp4": films["plain.mp4"], "b.mp4": films["fast.mp4"]}
        probe = self.probe(server.url("p.json"), media="real")
        probe.edition("one")
        server.files |= {"p.json": playlist("two", "a.mp4", "b.mp4"), "b.mp4": PAGE}
        self.assertEqual(content(probe.edition("two")["b.mp4"]), films["fast.mp4"])
        statuses = [r.status for r in server.wait_asked("b.mp4", 6, done=True)]
        self.assertEqual((statuses[:2], set(statuses[2:])), ([200, 200], {304}))
        server.files["b.mp4"] = films["film.mkv"]
        self.assertEqual(content(probe.edition("two")["b.mp4"]), films["film.mkv"])
        self.stop(probe)

    def test_wrong_ones_cost_their_places_and_heal(self):
        films = self.films()
        wrong = {f"half.{name}": (data[:len(data) // 2], data) for name, data in films.items() if name != "pieces.mp4"}
        wrong |= {f"late.{name}": (data[:-1], data) for name, data in films.items() if name != "pieces.mp4"}
        wrong["page.mp4"] = (PAGE, films["plain.mp4"])
        wrong["picture.mp4"] = (b"\x89PNG\r\n\x1a\n" + bytes(100), films["fast.mp4"])
        wrong["noise.mp4"] = (bytes_of("noise", 5000), films["film.mkv"])
        wrong["zeros.mp4"] = (bytes(len(films["plain.mp4"])), films["plain.mp4"])
        wrong["empty.mp4"] = (b"", films["plain.mp4"])
        fonts = {"page.otf": (PAGE, FONT), "half.otf": (FONT[:len(FONT) // 2], FONT)}
        styles = {name: {"font": name} for name in fonts}
        server = self.hostile()
        server.files = {"p.json": playlist("one", "plain.mp4", *wrong, styles=styles), "plain.mp4": films["plain.mp4"],
                        **{name: bad for name, (bad, _) in {**wrong, **fonts}.items()}}
        probe = self.probe(server.url("p.json"), media="real")
        files = probe.edition("one")
        self.assertEqual({p for p, f in files.items() if f == "missing"}, {*wrong, *fonts})
        for name in (*wrong, *fonts):
            statuses = [r.status for r in server.wait_asked(name, 5, done=True)]
            self.assertEqual((statuses[0], set(statuses[1:])), (200, {200} if name == "empty.mp4" else {304}), name)
            self.assertEqual(probe.log.count(f'cannot fetch media file.*path="{name}"'), 1, name)
        self.assertEqual(probe.editions(), 1)
        # A restart finds them still missing; then they are mended.
        self.stop(probe)
        probe = self.probe(server.url("p.json"), media="real")
        files = probe.edition("one")
        self.assertEqual({p for p, f in files.items() if f == "missing"}, {*wrong, *fonts})
        server.files |= {name: good for name, (_, good) in {**wrong, **fonts}.items()}
        while "missing" in files.values():
            files = probe.edition("one")
        self.assertEqual({p: content(f) for p, f in files.items()},
                         {"plain.mp4": films["plain.mp4"], **{name: good for name, (_, good) in {**wrong, **fonts}.items()}})
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
