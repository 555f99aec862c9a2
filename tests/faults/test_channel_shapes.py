#!/usr/bin/env python3
"""Media for several shapes of screens: a player of a channel fetches those for its own, and others once its screen is turned."""
import os
import subprocess
import unittest

from channel_case import Stored, answer, bytes_of, channel, content
import tap

FILMS = {"landscape.mp4": bytes_of("landscape", 30000), "portrait.mp4": bytes_of("portrait", 40000),
         "wide.mp4": bytes_of("wide", 50000), "all.mp4": bytes_of("all", 20000)}
SPOTS = {"shaped": {"video": {"landscape": "landscape.mp4", "portrait": "portrait.mp4", "wide": "wide.mp4"}}, "all": {"video": "all.mp4"}}
MISSING = "missing"


class Shapes(Stored):
    def put(self, version, name, films=None, **more):
        films = films or FILMS
        files = {path: channel.entry(path, data, duration_ms=5000) for path, data in films.items()}
        self.channel.publish(self.server.files, version, name, films, **{"files": files, "spots": SPOTS, **more})

    def turn(self, probe, width, height):
        probe.process.stdin.write(f"screen {width} {height}\n")
        probe.process.stdin.flush()

    def player(self, width=1920, height=1080, **options):
        probe = self.probe(self.base, coming=1, **options)
        if width is not None:
            self.turn(probe, width, height)
        return probe

    def asked(self, *names):
        """Which of the media the server was asked for."""
        return {name for name in names or FILMS if self.server.asked(channel.medium_name(name, FILMS[name]))}

    def assert_has(self, edition, *names):
        there = {path for path, file in edition.files.items() if file != MISSING}
        self.assertEqual(there, set(names))
        for name in names:
            self.assertTrue(content(edition.files[name]) == FILMS[name], name)

    def test_its_own_shape_alone(self):
        self.put(1, "one")
        for size, own in (((1920, 1080), "landscape.mp4"), ((1080, 1920), "portrait.mp4"), ((7840, 1952), "wide.mp4")):
            with self.subTest(own):
                self.store = self.folder / own / "store"
                self.server.requests.clear()
                probe = self.player(*size, state=self.folder / own / "state")
                self.assert_has(probe.edition("one"), own, "all.mp4")
                self.assert_no_more(self.server, probe, 1)
                self.assertEqual(self.asked(), {own, "all.mp4"})
                self.stop(probe)
                self.assertEqual(probe.log.count("missing"), 0)

    def test_what_has_several_shapes_waits_for_the_screen(self):
        """Until the player knows its screen it fetches what all screens show, and nothing else."""
        self.put(1, "one")
        probe = self.player(None)
        self.server.wait_asked(channel.medium_name("all.mp4", FILMS["all.mp4"]), 1)
        self.assert_no_more(self.server, probe, 0)
        self.assertEqual(self.asked(), {"all.mp4"})
        self.turn(probe, 1080, 1920)
        self.assert_has(probe.edition("one"), "portrait.mp4", "all.mp4")
        self.stop(probe)

    def test_a_player_without_a_screen_fetches_all(self):
        self.put(1, "one")
        probe = self.player(0, 0)
        self.assert_has(probe.edition("one"), *FILMS)
        self.stop(probe)

    def test_turned_by_configuration(self):
        """It has what it needs then, the old files stay, and turned back it needs no server."""
        self.put(1, "one")
        probe = self.player()
        self.assert_has(probe.edition("one"), "landscape.mp4", "all.mp4")
        self.turn(probe, 1080, 1920)
        self.assert_has(probe.edition("one"), "landscape.mp4", "portrait.mp4", "all.mp4")
        self.assertEqual(self.asked(), {"landscape.mp4", "portrait.mp4", "all.mp4"})
        self.assertEqual(probe.log.count("screen has another shape, fetching media files for it"), 1)
        self.turn(probe, 1920, 1080)
        self.assert_has(probe.edition("one"), "landscape.mp4", "portrait.mp4", "all.mp4")
        self.stop(probe)
        self.assertEqual(len(self.server.asked(channel.medium_name("landscape.mp4", FILMS["landscape.mp4"]))), 1)

    def test_turned_while_the_server_is_away(self):
        """The edition in force stays as it is; the files come once there is a server again, also after a restart."""
        self.put(1, "one")
        probe = self.player()
        probe.edition("one")
        path = channel.medium_name("portrait.mp4", FILMS["portrait.mp4"])
        self.server.acts[path] = [answer(503)]
        self.turn(probe, 1080, 1920)
        self.server.wait_asked(path, 2)
        self.assert_no_more(self.server, probe, 1)
        self.stop(probe)
        probe = self.player(1080, 1920)
        self.assert_has(probe.edition("one"), "landscape.mp4", "all.mp4")
        del self.server.acts[path]
        self.assert_has(probe.edition("one"), "landscape.mp4", "portrait.mp4", "all.mp4")
        self.stop(probe)

    def test_a_restart_asks_for_nothing(self):
        self.put(1, "one")
        probe = self.player()
        probe.edition("one")
        self.stop(probe)
        self.server.requests.clear()
        probe = self.player()
        self.assert_has(probe.edition("one"), "landscape.mp4", "all.mp4")
        self.assert_no_more(self.server, probe, 1)
        self.assertEqual(self.asked(), set())
        self.assertEqual(probe.log.count("missing|damaged|another shape"), 0)
        self.stop(probe)

    def test_whole_without_the_other_shapes(self):
        """What the server lacks for other screens keeps no playlist off."""
        films = {**FILMS, "new.mp4": bytes_of("new", 10000)}
        self.put(1, "one")
        probe = self.player()
        probe.edition("one")
        spots = {**SPOTS, "new": {"video": {"landscape": "new.mp4", "portrait": "portrait.mp4"}}}
        self.server.acts[channel.medium_name("portrait.mp4", FILMS["portrait.mp4"])] = [answer(404)]
        self.put(2, "two", films, spots=spots)
        edition = probe.edition("two")
        self.assertEqual({path for path, file in edition.files.items() if file == MISSING}, {"portrait.mp4", "wide.mp4"})
        self.stop(probe)

    def test_turned_while_a_version_is_on_its_way(self):
        """It comes into force with what the screen needs now."""
        self.put(1, "one", {"all.mp4": FILMS["all.mp4"]}, spots={"all": {"video": "all.mp4"}})
        probe = self.player()
        probe.edition("one")
        path = channel.medium_name("landscape.mp4", FILMS["landscape.mp4"])
        self.server.acts[path] = [answer(503)]
        self.put(2, "two")
        self.server.wait_asked(path, 1)
        self.turn(probe, 1080, 1920)
        self.assert_has(probe.edition("two"), "portrait.mp4", "all.mp4")
        self.stop(probe)

    def test_films_without_a_length(self):
        """Where the playlist doesn't say how long they are, all of them are needed to know it; with a duration they are not."""
        files = {path: channel.entry(path, data) for path, data in FILMS.items()}
        self.channel.publish(self.server.files, 1, "one", FILMS, files=files, spots=SPOTS)
        probe = self.player()
        self.assert_has(probe.edition("one"), *FILMS)
        self.stop(probe)
        self.store = self.folder / "other"
        self.server.requests.clear()
        timed = {name: {**spot, "duration": 5} for name, spot in SPOTS.items()}
        self.channel.publish(self.server.files, 2, "two", FILMS, files=files, spots=timed)
        probe = self.player(state=self.folder / "other-state")
        self.assert_has(probe.edition("two"), "landscape.mp4", "all.mp4")
        self.stop(probe)

    @unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
    def test_on_a_full_disk_the_other_shape_makes_room(self):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(self.disk)], capture_output=True, text=True)
        if done.returncode:
            self.skipTest("no tmpfs can be mounted here: " + done.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.disk)], capture_output=True)
        films = {"landscape.mp4": bytes_of("large landscape", 400000), "portrait.mp4": bytes_of("large portrait", 400000),
                 "wide.mp4": bytes_of("large wide", 400000), "all.mp4": FILMS["all.mp4"]}
        self.put(1, "one", films)
        probe = self.player()
        probe.edition("one")
        for size, own in (((1080, 1920), "portrait.mp4"), ((7840, 1952), "wide.mp4"), ((1920, 1080), "landscape.mp4")):
            self.turn(probe, *size)
            edition = probe.edition("one")
            self.assertTrue(content(edition.files[own]) == films[own], own)
            self.assertTrue(content(edition.files["all.mp4"]) == films["all.mp4"])
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
