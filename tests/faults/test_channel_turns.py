#!/usr/bin/env python3
"""Channels, turn by turn: what happens at the same time, in an unlucky order, or again and again."""
import itertools
import re
import shutil
import threading
from pathlib import Path

from channel_case import ONE, POINTER, TAKEOVER, TWO, Case, answer, bytes_of, channel, content, servers, wait_for
import tap

MEDIUM = {"n.mp4": bytes_of("n", 5000)}
MEDIUM_PATH = channel.medium_name("n.mp4", MEDIUM["n.mp4"])


class Turns(Case):
    def setUp(self):
        super().setUp()
        self.server = self.hostile()
        self.base = self.server.url("channels/seoul/")

    def publish(self, version=1, name="one", media=None, **fields):
        return self.channel.publish(self.server.files, version, name, ONE if media is None else media, fields=fields)

    def notice(self, version=1, name="notice", media=None, seconds=3600):
        self.channel.takeover(self.server.files, version, name, TWO if media is None else media, days=seconds / 86400)

    def no_network(self):
        for path in self.server.files:
            self.server.acts[path] = [servers.status(503)]

    def polls(self, times, path=POINTER):
        self.server.wait_asked(path, len(self.server.asked(path)) + times)

    def stored_playlist(self, name):
        return next(x for x in (self.store / "media").iterdir() if (content(x) or b"").startswith(b'{"format"')
                    and f'"{name}"'.encode() in content(x))

    def damage(self, path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


class TakeoverEnds(Turns):
    def test_while_the_stored_playlist_is_damaged(self):
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.notice(seconds=4)
        probe.edition("notice")
        self.damage(self.stored_playlist("one"))
        self.assert_holds(probe.edition("one"), ONE)
        self.stop(probe)

    def test_while_the_stored_playlist_is_gone_and_the_network_too(self):
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.notice(seconds=4)
        probe.edition("notice")
        self.no_network()
        self.stored_playlist("one").unlink()
        self.assert_holds(probe.edition("one"), ONE)
        self.stop(probe)

    def test_before_its_media_have_arrived(self):
        """Then it is not shown, nothing is asked for any more, and the store keeps nothing of it in force."""
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.server.acts[MEDIUM_PATH] = [servers.status(404)]
        self.notice(media=MEDIUM, seconds=4)
        self.server.wait_asked(MEDIUM_PATH, 2)
        probe.log.wait("takeover expired before its media were complete version=1")
        asked = len(self.server.asked(MEDIUM_PATH))
        self.server.acts.clear()
        self.polls(5)
        self.assertEqual((probe.editions(), len(self.server.asked(MEDIUM_PATH))), (1, asked))
        self.assertEqual(len(list(self.store.glob("feeds/*/manifest.json"))), 1)
        self.notice(2)
        probe.edition("notice")
        self.stop(probe)

    def test_when_a_new_playlist_comes_with_it(self):
        """A playlist that came while the takeover was on is on after it."""
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.notice(seconds=5)
        probe.edition("notice")
        self.publish(2, "two", TWO)
        self.assert_holds(probe.edition("two"), TWO)
        self.assertEqual(probe.editions(), 3)
        self.stop(probe)


class Cleaning(Turns):
    def test_goes_on_while_something_is_stuck(self):
        """The quota holds, and what is on its way is not swept away under it."""
        size, quota = 300000, 650000
        self.publish()
        probe = self.probe(self.base, quota_bytes=quota)
        probe.edition("one")
        part = {"k.mp4": bytes_of("k", 7000)}
        self.server.acts[MEDIUM_PATH] = [servers.status(404)]
        self.notice(media={**MEDIUM, **part})
        probe.log.wait("cannot fetch media file, retrying path=\"n.mp4\"")
        for version in range(2, 7):
            self.publish(version, f"v{version}", {f"m{version}.mp4": bytes_of(f"m{version}", size)})
            probe.edition(f"v{version}")
        wait_for(lambda: sum(self.stored_sizes().values()) <= quota, "the store is within its quota")
        self.assertTrue((self.store / "media" / channel.sha256(part["k.mp4"])).exists())
        self.server.acts.clear()
        self.assert_holds(probe.edition("notice"), {**MEDIUM, **part})
        self.stop(probe)

    def test_the_same_bytes_twice_count_once(self):
        data = bytes_of("q", 200000)
        self.publish(1, "twins", {"a.mp4": data, "b.mp4": data})
        probe = self.probe(self.base, quota_bytes=300000)
        self.assert_holds(probe.edition("twins"), {"a.mp4": data, "b.mp4": data})
        self.stop(probe)


class Repair(Turns):
    def test_while_something_newer_is_stuck(self):
        self.publish()
        probe = self.probe(self.base)
        file = Path(probe.edition("one").files["a.mp4"])
        self.stop(probe)
        self.damage(file)
        self.server.acts[MEDIUM_PATH] = [servers.status(404)]
        self.publish(2, "two", MEDIUM)
        probe = self.probe(self.base)
        probe.edition("one")
        wait_for(lambda: probe.marks().get("a.mp4") == "good", "the damaged file was fetched again")
        self.assertEqual(content(file), ONE["a.mp4"])
        self.server.acts.clear()
        self.assert_holds(probe.edition("two"), MEDIUM)
        self.stop(probe)

    def test_a_playlist_that_was_damaged_heals(self):
        """Fetched again, and written: the next start needs no network."""
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.stop(probe)
        self.damage(self.stored_playlist("one"))
        probe = self.probe(self.base)
        probe.edition("one")
        self.stop(probe)
        self.no_network()
        probe = self.probe(self.base)
        self.assert_holds(probe.edition("one"), ONE)
        self.stop(probe)


class Restarts(Turns):
    def test_a_takeover_whose_successor_has_not_arrived(self):
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        self.server.acts[MEDIUM_PATH] = [servers.status(503)]
        self.notice(2, "longer", MEDIUM, 7200)
        probe.log.wait("pointer accepted kind=takeover version=2")
        probe.log.wait("cannot fetch media file, retrying path=\"n.mp4\"")
        probe.kill()
        self.no_network()
        probe = self.probe(self.base)
        self.assertEqual(probe.edition().name, "notice")
        self.server.acts.clear()
        self.assert_holds(probe.edition("longer"), MEDIUM)
        self.stop(probe)

    def test_a_takeover_that_was_called_off(self):
        """Killed between hearing of it and the end: it is over, and goes from the store."""
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        kept = self.folder / "kept"
        shutil.copytree(self.store, kept)
        data = self.server.files[self.channel.path("t-1.json")]
        self.server.files[self.channel.path("t-2.json")] = data
        self.server.files[TAKEOVER] = self.channel.pointer(2, data, kind="t", expires=channel.instant())
        probe.edition("one")
        self.stop(probe)
        shutil.rmtree(self.store)
        shutil.copytree(kept, self.store)
        self.no_network()
        probe = self.probe(self.base)
        self.assertEqual(probe.edition().name, "one")
        self.polls(3)
        self.assertEqual(len(list(self.store.glob("feeds/*/manifest.json"))), 1)
        self.assertEqual(probe.editions(), 1)
        self.stop(probe)

    def test_an_older_cache_in_place_of_the_newer(self):
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.stop(probe)
        shutil.copytree(self.store, self.folder / "old")
        self.publish(2, "two", TWO)
        probe = self.probe(self.base)
        probe.edition("two")
        self.stop(probe)
        shutil.rmtree(self.store)
        shutil.copytree(self.folder / "old", self.store)
        self.server.acts[POINTER] = [servers.status(503)]
        probe = self.probe(self.base)
        probe.log.wait("stored playlist not used kind=\\w+ reason=.rollback")
        self.polls(3)
        self.assertEqual(probe.editions(), 0)
        self.server.acts.clear()
        self.assert_holds(probe.edition("two"), TWO)
        self.stop(probe)


class Origins(Turns):
    def setUp(self):
        super().setUp()
        self.second = self.hostile()
        self.both = [self.base, self.second.url("channels/seoul/")]

    def test_the_first_stands_still(self):
        """It says what it always said, which has long expired."""
        self.publish(signed=channel.instant(days=-60), expires=channel.instant(days=-30))
        self.channel.publish(self.second.files, 2, "two", TWO)
        probe = self.probe(*self.both)
        self.assert_holds(probe.edition("two"), TWO)
        self.stop(probe)

    def test_the_first_has_no_takeover(self):
        self.publish()
        self.channel.publish(self.second.files, 1, "one", ONE)
        self.channel.takeover(self.second.files, 1, "notice", TWO)
        probe = self.probe(*self.both)
        self.assert_holds(probe.edition("notice"), TWO)
        self.stop(probe)

    def test_a_takeover_pointer_that_is_gone_is_told_once(self):
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        del self.server.files[TAKEOVER]
        probe.log.wait("cannot fetch pointer kind=takeover .*it was removed from the server")
        self.polls(5, TAKEOVER)
        self.assertEqual(probe.log.count("it was removed from the server"), 1)
        self.stop(probe)


class AgainAndAgain(Turns):
    def arrives(self, pointers):
        """Version 2 has a medium that takes longer than several polls, each of which gives the next pointer of these."""
        probe = self.probe(self.base)
        probe.edition("one")
        release = self.held_back(MEDIUM_PATH)
        following = itertools.cycle(pointers)
        self.server.acts[POINTER] = [lambda server, connection, request: answer(200, next(following))(server, connection, request)]
        self.server.wait_asked(MEDIUM_PATH)
        self.polls(8)
        release()
        self.assert_holds(probe.edition("two"), MEDIUM)
        self.polls(4)
        self.assertEqual(len(self.server.asked(MEDIUM_PATH)), 1)
        self.assertEqual(probe.log.count("pointer accepted kind=playlist version=2"), 1)
        self.assertEqual(probe.editions(), 2)
        self.stop(probe)

    def held_back(self, path):
        """The medium's answer trickles, so that no stall is seen, until it is let go."""
        go = threading.Event()

        def act(server, connection, request):
            body = server.files[path]
            server.send_head(connection, request, 200, Content_Length=len(body))
            sent = 0
            while sent < 2000 and not go.wait(0.05):
                server.send_body(connection, request, body[sent:sent + 1])
                sent += 1
            server.send_body(connection, request, body[sent:])
            return True
        self.server.acts[path] = [act]
        self.addCleanup(go.set)
        return go.set

    def test_lines_that_nobody_signed(self):
        self.publish()
        data = self.channel.compiled(2, "two", MEDIUM)
        self.server.files[MEDIUM_PATH] = MEDIUM["n.mp4"]
        self.server.files[self.channel.path("p-2.json")] = data
        good = self.channel.pointer(2, data)
        first = good.split(b"\n")[0]
        self.arrives([good.replace(first, b"untrusted comment: %d" % i) for i in range(20)] + [good.replace(b"\n", b"\r\n")])

    def test_two_signatures_of_one_version(self):
        self.publish()
        data = self.channel.compiled(2, "two", MEDIUM)
        self.server.files[MEDIUM_PATH] = MEDIUM["n.mp4"]
        self.server.files[self.channel.path("p-2.json")] = data
        self.arrives([self.channel.pointer(2, data), self.channel.pointer(2, data, expires=channel.instant(days=40))])

    def test_an_edge_that_alternates_does_not_fill_the_log(self):
        self.publish()
        old = self.server.files[POINTER]
        self.publish(2, "two", TWO)
        new = self.server.files[POINTER]
        probe = self.probe(self.base)
        probe.edition("two")
        following = itertools.cycle([old, new])
        self.server.acts[POINTER] = [lambda server, connection, request: answer(200, next(following))(server, connection, request)]
        self.polls(12)
        self.assertEqual((probe.log.count('refusal=rollback'), probe.log.count("accepted again|answers again")), (1, 1))
        self.assertEqual(probe.editions(), 1)
        self.server.acts.clear()
        self.publish(3, "three", TWO)
        probe.edition("three")
        self.stop(probe)

    def test_a_server_with_a_new_excuse_each_time(self):
        self.publish()
        probe = self.probe(self.base)
        probe.edition("one")
        codes = itertools.cycle(range(500, 550))
        self.server.acts[POINTER] = [lambda server, connection, request: servers.status(next(codes))(server, connection, request)]
        self.polls(25)
        told = [line for line in probe.log.lines if re.search("cannot fetch pointer kind=playlist", line)]
        self.assertLessEqual(len(told), 8)
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
