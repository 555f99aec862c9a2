#!/usr/bin/env python3
"""Origins of one channel that are slow, break off, or lie, by a clock that the test sets: a medium is fetched from the one that has it
minutes sooner, nothing that has arrived is fetched again, and a takeover goes before everything else."""
import functools
import http.server
import threading

from channel_case import Case, bytes_of, channel, content, servers, wait_for
from clock import Clock
from publishing import fields
import tap

SIZE = 3000000
DRIP = 11000  # in ten seconds
DATA = bytes_of("film", SIZE)
MEDIUM = {"f.mp4": DATA}
PATH = channel.medium_name("f.mp4", DATA)
LIE = bytes_of("another film", SIZE)
SLOWLY = "media file arrives slowly"


class Slow(Case):
    """A first origin whose medium comes through a gate, and a clock."""

    def setUp(self):
        super().setUp()
        self.clock = Clock(self.folder)
        self.passed_s = 0
        self.clock.set(0)
        self.first, self.gate = self.hostile(), servers.Gate()
        self.channel.publish(self.first.files, 1, "one", MEDIUM)
        self.first.acts[PATH] = [self.gate.act]

    def mirror(self):
        server = self.hostile()
        server.files.update(self.first.files)
        return server

    def play(self, *servers_or_urls, **options):
        """A stall is what libcurl finds by the clock that is put on, so there is none here."""
        urls = [s if isinstance(s, str) else s.url("channels/seoul/") for s in servers_or_urls]
        wrap = ("env", *(f"{k}={v}" for k, v in self.clock.environment().items()))
        return self.probe(*urls, wrap=wrap, **{"stall_ms": 3600000, "playlist_ms": 3600000, **options})

    def pass_time(self, seconds):
        self.passed_s += seconds
        self.clock.set(self.passed_s * 1000, mono_s=self.passed_s)

    def arrived(self, data=DATA):
        """How much of a medium is in the store."""
        part = self.store / "tmp" / f"{channel.sha256(data)}.part"
        return part.stat().st_size if part.exists() else 0

    def drip(self, count=DRIP, seconds=10):
        """So much arrives, and so much time passes. To the player it all took as long: it looks again before it comes."""
        before = self.arrived()
        self.gate.let(count)
        wait_for(lambda: self.arrived() >= before + count, "what was sent has arrived")
        self.pass_time(seconds)

    def begin(self, *origins, **options):
        """Plays, and has the first origin's medium come slowly for ten seconds."""
        probe = self.play(*origins, **options)
        self.first.wait_asked(PATH)
        self.drip()
        return probe

    def comes(self, probe, media=None):
        self.assert_holds(probe.edition("one"), media or MEDIUM)
        self.stop(probe)


class Overtaken(Slow):
    def test_by_the_next(self):
        second = self.mirror()
        probe = self.begin(self.first, second)
        asked = second.wait_asked(PATH)[0]
        self.assertEqual(asked.headers["range"], f"bytes={DRIP}-")
        self.assertNotIn("if-range", asked.headers)
        self.comes(probe)
        self.assertEqual(second.asked(PATH)[0].sent, SIZE - DRIP)
        self.assertEqual(probe.log.count(SLOWLY), 1)
        said = fields(next(line for line in probe.log.lines if SLOWLY in line))
        self.assertEqual((said["path"], said["url"], said["next"]), ("f.mp4", self.first.url(PATH), second.url("channels/seoul/")))
        self.assertLessEqual(int(said["bytes_per_s"]), DRIP // 10)
        self.assertGreaterEqual(int(said["minutes_left"]), 45)

    def test_by_nginx(self):
        """Its ETag is another, as it makes it of its own file's time."""
        root = self.folder / "root"
        self.channel.publish(root, 1, "one", MEDIUM)
        nginx = servers.Nginx(self.folder / "nginx", root).start()
        self.addCleanup(nginx.stop)
        self.comes(self.begin(self.first, nginx))
        self.assertIn(("/" + PATH, 206, SIZE - DRIP), nginx.requests())

    def test_by_python(self):
        """It knows no ranges, and no ETags: what is there already is skipped."""
        root = self.folder / "root"
        self.channel.publish(root, 1, "one", MEDIUM)
        statuses = []

        class Handler(http.server.SimpleHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_request(self, code="-", size="-"):
                statuses.append((self.path, int(code)))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(root)))
        server.daemon_threads = True
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        probe = self.begin(self.first, f"http://127.0.0.1:{server.server_address[1]}/channels/seoul/")
        self.comes(probe)
        self.assertIn(("/" + PATH, 200), statuses)
        self.assertEqual(probe.log.count("cannot fetch media file"), 0)

    def test_by_one_that_sends_200_and_breaks_off(self):
        """What had arrived before is still there."""
        second = self.mirror()
        second.acts[PATH] = [self.whole_then_cut(DRIP + 1000), servers.serve]
        probe = self.begin(self.first, second)
        probe.log.wait("cannot fetch media file, retrying .*the connection broke")
        self.assertEqual(self.first.wait_asked(PATH, 2)[1].headers["range"], f"bytes={DRIP + 1000}-")
        self.gate.let()
        self.comes(probe)

    @staticmethod
    def whole_then_cut(count):
        def act(server, connection, request):
            body = server.files[PATH]
            server.send_head(connection, request, 200, Content_Length=len(body))
            server.send_body(connection, request, body[:count])
            return False
        return act

    def test_by_one_that_dies_midway(self):
        """It goes on with what both have sent; no byte comes twice."""
        second = self.mirror()
        second.acts[PATH] = [servers.cut_after(500000), servers.status(503)]
        probe = self.begin(self.first, second)
        self.first.wait_asked(PATH, 2)
        self.assertEqual(self.first.asked(PATH)[1].headers["range"], f"bytes={DRIP + 500000}-")
        self.gate.let()
        self.comes(probe)
        self.assertEqual([r.sent for r in second.asked(PATH)][0], 500000)
        self.assertEqual(self.first.asked(PATH)[1].sent, SIZE - DRIP - 500000)

    def test_by_a_folder(self):
        """A stick that was plugged in."""
        root = self.folder / "stick"
        self.channel.publish(root, 1, "one", MEDIUM)
        self.comes(self.begin(self.first, str(root / "channels/seoul")))

    def test_not_by_one_that_is_slower(self):
        """Which is found out; and then the first is gone on with."""
        second, slower = self.mirror(), servers.Gate()
        second.acts[PATH] = [slower.act]
        probe = self.begin(self.first, second)
        second.wait_asked(PATH)
        self.pass_time(10)
        asked = self.first.wait_asked(PATH, 2)[1]
        self.assertEqual(asked.headers["range"], f"bytes={DRIP}-")
        self.drip()
        self.gate.let()
        self.comes(probe)
        self.assertEqual(len(second.asked(PATH)), 1)

    def test_when_many_small_ones_wait(self):
        """Each would be there in a minute and a half, all of them in an hour."""
        media = {f"{i}.mp4": bytes_of(i, 100000) for i in range(60)}
        self.channel.publish(self.first.files, 1, "one", media)
        second = self.mirror()
        paths = [channel.medium_name(name, data) for name, data in media.items()]
        for path in paths:
            self.first.acts[path] = [servers.stall_after(1000)]
        probe = self.play(self.first, second)
        wait_for(lambda: sum(len(self.first.asked(path)) for path in paths) == 4, "four are asked for")
        self.pass_time(10)
        self.comes(probe, media)
        self.assertEqual(sum(len(self.first.asked(path)) for path in paths), 4)

    def test_by_none(self):
        """There is no other: it is told, once, and not given up."""
        probe = self.begin(self.first)
        for _ in range(5):
            self.drip()
        probe.log.wait(SLOWLY)
        self.gate.let()
        self.comes(probe)
        self.assertEqual((probe.log.count(SLOWLY), len(self.first.asked(PATH))), (1, 1))


class Playlists(Slow):
    def test_one_that_is_slow_gets_its_time(self):
        """A hundred kilobytes from an only origin: more than a minute, once it is known that there is no quicker way."""
        spots = {f"s{i}": {"tagline": "Small. " * 100} for i in range(150)}
        self.channel.publish(self.first.files, 1, "one", {}, spots=spots)
        path, pointer = self.channel.path("p-1.json"), "channels/seoul/latest.minisig"
        self.assertGreater(len(self.first.files[path]), 100000)
        self.first.acts[path] = [self.gate.act]
        probe = self.play(self.first, playlist_ms=60000)
        self.first.wait_asked(path)
        self.pass_time(61)
        probe.log.wait("cannot fetch playlist, retrying .*not complete within 60000 ms")
        self.first.wait_asked(path, 2)
        self.pass_time(61)
        self.first.wait_asked(pointer, len(self.first.asked(pointer)) + 5)
        self.assertEqual(len(self.first.asked(path)), 2)
        self.gate.let()
        self.assertEqual(probe.edition("one").files, {})
        self.stop(probe)


class Liars(Slow):
    def test_what_does_not_fit_comes_whole(self):
        """The one that overtakes has other bytes under that name."""
        second = self.mirror()
        second.files[PATH] = LIE
        probe = self.begin(self.first, second)
        probe.log.wait("cannot fetch media file, retrying path=.*hash mismatch: the parts that several servers have sent do not fit together")
        probe.log.wait(f"cannot fetch media file, retrying .*{second.url(PATH)}.*hash mismatch")
        self.gate.let()
        self.comes(probe)
        self.assertEqual(len(second.asked(PATH)), 2)

    def test_the_slow_one_lies(self):
        self.first.files[PATH] = LIE
        second = self.mirror()
        second.files[PATH] = DATA
        probe = self.begin(self.first, second)
        self.comes(probe)
        self.assertEqual([r.sent for r in second.asked(PATH)], [SIZE - DRIP, SIZE])

    def test_the_slow_one_goes_on_though_the_quick_one_lies(self):
        """The liar is not asked again and again."""
        second = self.mirror()
        second.files[PATH] = LIE
        probe = self.begin(self.first, second)
        self.first.wait_asked(PATH, 2)
        for _ in range(70):
            self.drip()
        self.gate.let()
        self.comes(probe)
        self.assertEqual((len(self.first.asked(PATH)), len(second.asked(PATH))), (2, 2))


class TakeoverFirst(Slow):
    NOTICE = {"n.mp4": bytes_of("notice", 50000)}

    def test_it_has_the_line(self):
        """The playlist's media wait, and lose nothing."""
        self.channel.publish(self.first.files, 1, "zero", {})
        probe = self.play(self.first)
        probe.edition("zero")
        self.channel.publish(self.first.files, 2, "one", MEDIUM)
        self.first.wait_asked(PATH)
        self.gate.let(500000)
        wait_for(lambda: self.arrived() == 500000, "half a megabyte has arrived")
        notice, path = servers.Gate(), channel.medium_name("n.mp4", self.NOTICE["n.mp4"])
        self.first.acts[path] = [notice.act]
        self.channel.takeover(self.first.files, 1, "notice", self.NOTICE)
        self.first.wait_asked(path)
        self.first.wait_asked("channels/seoul/latest.minisig", len(self.first.asked("channels/seoul/latest.minisig")) + 3)
        self.gate.let()  # nobody is there to take it
        self.first.wait_asked("channels/seoul/latest.minisig", len(self.first.asked("channels/seoul/latest.minisig")) + 3)
        self.assertEqual((self.arrived(), len(self.first.asked(PATH))), (500000, 1))
        notice.let()
        self.assert_holds(probe.edition("notice"), self.NOTICE)
        asked = self.first.wait_asked(PATH, 2, done=True)[1]
        self.assertEqual((asked.headers["range"], asked.sent), ("bytes=500000-", SIZE - 500000))
        self.assertIn("if-range", asked.headers)
        wait_for(lambda: (self.store / "media" / channel.sha256(DATA)).exists(), "the playlist's medium has arrived")
        self.stop(probe)

    def test_one_that_does_not_come_holds_up_nothing(self):
        self.channel.publish(self.first.files, 1, "one", MEDIUM)
        path = channel.medium_name("n.mp4", self.NOTICE["n.mp4"])
        self.first.acts[path] = [servers.status(404)]
        self.channel.takeover(self.first.files, 1, "notice", self.NOTICE)
        probe = self.play(self.first)
        probe.log.wait('cannot fetch media file, retrying path="n.mp4"')
        self.gate.let()
        self.comes(probe)


if __name__ == "__main__":
    tap.main()
