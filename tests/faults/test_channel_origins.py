#!/usr/bin/env python3
"""Ways to a channel that are not what they seem: captive portals, TLS that is cut or no good, and several origins of which some fail."""
import shutil
import ssl
import tempfile
from pathlib import Path

from channel_case import PORTAL, POINTER, STAGES, Case, Scene, answer, bytes_of, channel, content, reset_after, servers, wait_for
from clock import Clock
import tap


class Portal(Case):
    """A hotel's network: every address is answered by the same page, or sent to it."""

    def through(self, act, words):
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", {"a.mp4": bytes_of("a", 5000)})
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        everything = [POINTER, "channels/seoul/takeover.minisig", self.channel.path("p-2.json"),
                      channel.medium_name("b.mp4", bytes_of("b", 6000)), "sign-in"]
        for path in everything:
            server.acts[path] = [act]
        probe.log.wait(words)
        self.assert_no_more(server, probe, 1)
        self.channel.publish(server.files, 2, "two", {"b.mp4": bytes_of("b", 6000)})
        self.assert_no_more(server, probe, 1)
        self.stop(probe)
        # It starts behind the portal, too.
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        probe.log.wait(words)
        server.acts.clear()
        self.assert_holds(probe.edition("two"), {"b.mp4": bytes_of("b", 6000)})
        self.stop(probe)

    def test_one_page_for_all(self):
        self.through(answer(200, PORTAL, Content_Type="text/html"), "pointer refused kind=playlist refusal=(no|malformed)_signature")

    def test_one_page_that_may_be_kept_for_ever(self):
        self.through(answer(200, PORTAL, ETag='"portal"', Cache_Control="max-age=31536000, immutable"),
                     "pointer refused kind=playlist refusal=(no|malformed)_signature")

    def test_a_redirect_for_all(self):
        def act(server, connection, request):
            if request.path == "/sign-in":
                return answer(200, PORTAL)(server, connection, request)
            return servers.redirect("/sign-in")(server, connection, request)
        self.through(act, "pointer refused kind=playlist refusal=(no|malformed)_signature|redirect")

    def test_304_for_all(self):
        self.through(answer(304), ".")

    def test_a_playlist_from_a_portal_is_fetched_again_once_it_is_gone(self):
        """The pointer came through before the line was cut, the playlist not."""
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", {"a.mp4": bytes_of("a", 5000)})
        server.acts[self.channel.path("p-1.json")] = [answer(200, PORTAL)]
        probe = self.probe(server.url("channels/seoul/"))
        probe.log.wait("does not match its pointer")
        server.acts.clear()
        self.assert_holds(probe.edition("one"), {"a.mp4": bytes_of("a", 5000)})
        self.stop(probe)


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = Path(tempfile.mkdtemp(prefix="channel-tls."))
        cls.ca, cls.stranger_ca, cls.pairs = servers.make_certificates(cls.certificates)

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.certificates)

    def truncated(self, stage):
        """The connection ends without TLS's own goodbye, and no length was told."""
        scene = Scene(self.keys, self.stranger, tls=self.pairs["good"], ca=self.ca)
        self.addCleanup(scene.end)
        path_of_stage, words = STAGES[stage]
        if stage == "pointer":  # half of a small file came: that much looks complete, since no length was told
            words = 'pointer refused kind=playlist refusal=malformed_signature|' + words
        path = path_of_stage(scene)

        def act(server, connection, request):
            body = server.files[request.path.lstrip("/")]
            server.send_head(connection, request, 200, Connection="close")
            server.send_body(connection, request, body[:len(body) // 2])
            return False
        scene.server.acts[path] = [act]
        media = scene.publish(2)
        scene.probe.log.wait(words)
        scene.server.wait_asked(POINTER, len(scene.server.asked(POINTER)) + 3)
        self.assertEqual(scene.probe.editions(), 1)
        scene.server.acts.clear()
        scene.arrived(2, media)
        self.stop(scene.probe)

    def test_truncated_pointer(self):
        self.truncated("pointer")

    def test_truncated_playlist(self):
        self.truncated("playlist")

    def test_truncated_medium(self):
        self.truncated("medium")

    def test_certificates_that_are_no_good(self):
        for pair, ca, words in (("good", self.stranger_ca, "certificate"), ("expired", self.ca, "expired"),
                                ("other", self.ca, "127.0.0.1"), ("good", None, "certificate")):
            server = self.hostile(tls=self.pairs[pair])
            self.channel.publish(server.files, 1, "one", {})
            probe = self.probe(server.url("channels/seoul/"), **({"ca": ca} if ca else {}))
            probe.log.wait(f"cannot fetch pointer kind=playlist .*{words}")
            self.stop(probe)
            self.assertEqual((probe.editions(), server.requests), (0, []))

    def test_a_server_that_wants_to_know_who_asks(self):
        server = self.hostile(tls=self.pairs["good"])
        server.context.verify_mode = ssl.CERT_REQUIRED
        server.context.load_verify_locations(str(self.ca))
        self.channel.publish(server.files, 1, "one", {"a.mp4": bytes_of("a", 5000)})
        probe = self.probe(server.url("channels/seoul/"), ca=self.ca)
        probe.log.wait("cannot fetch pointer kind=playlist")
        self.stop(probe)
        self.assertEqual(server.requests, [])
        certificate, key = self.pairs["other"]
        probe = self.probe(server.url("channels/seoul/"), ca=self.ca, cert=certificate, cert_key=key)
        self.assert_holds(probe.edition("one"), {"a.mp4": bytes_of("a", 5000)})
        self.stop(probe)

    def test_never_from_https_to_http(self):
        plain = self.hostile()
        server = self.hostile(tls=self.pairs["good"])
        self.channel.publish(plain.files, 1, "one", {})
        server.acts[POINTER] = [servers.redirect(plain.url(POINTER))]
        probe = self.probe(server.url("channels/seoul/"), ca=self.ca)
        probe.log.wait("redirected")
        server.wait_asked(POINTER, 3)
        self.stop(probe)
        self.assertEqual(plain.requests, [])

    def test_a_medium_by_http_from_a_channel_over_https(self):
        """Its hash would vouch for it, but whoever listens would learn what is played."""
        plain = self.hostile()
        server = self.hostile(tls=self.pairs["good"])
        data = bytes_of("a", 5000)
        plain.files["a.mp4"] = data
        self.channel.publish(server.files, 1, "one", {}, spots={"s": {"video": "a.mp4"}},
                             files={"a.mp4": {**channel.entry("a.mp4", data), "url": plain.url("a.mp4")}})
        probe = self.probe(server.url("channels/seoul/"), ca=self.ca)
        probe.log.wait("playlist refused|cannot fetch playlist")
        server.wait_asked(POINTER, len(server.asked(POINTER)) + 3)
        self.stop(probe)
        self.assertEqual((probe.editions(), plain.requests), (0, []))


class Origins(Case):
    """Several base URLs are one source."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.hostile(), self.hostile()
        self.media = {"a.mp4": bytes_of("a", 5000)}
        for server in (self.first, self.second):
            self.channel.publish(server.files, 1, "one", self.media)
        self.sources = [self.first.url("channels/seoul/"), self.second.url("channels/seoul/")]

    def publish(self, version, *on):
        media = {**self.media, "b.mp4": bytes_of(f"b{version}", 6000)}
        for server in on:
            self.channel.publish(server.files, version, f"version {version}", media)
        return media

    def test_the_second_is_asked_at_the_start_and_then_seldom(self):
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("one"), self.media)
        self.first.wait_asked(POINTER, 20)
        self.stop(probe)
        self.assertEqual(len(self.second.asked(POINTER)), 1)

    def test_each_is_asked_in_its_turn(self):
        third = self.hostile()
        self.channel.publish(third.files, 1, "one", self.media)
        probe = self.probe(*self.sources, third.url("channels/seoul/"), tour_ms=300)
        for server in (self.second, third, self.second, third):
            server.wait_asked(POINTER, len(server.asked(POINTER)) + 1)
        self.stop(probe)
        self.assertLessEqual(abs(len(self.second.asked(POINTER)) - len(third.asked(POINTER))), 1)

    def test_the_newest_wins_though_the_first_is_well(self):
        """It only has not heard of it."""
        probe = self.probe(*self.sources, tour_ms=300)
        probe.edition("one")
        media = self.publish(2, self.second)
        self.assert_holds(probe.edition("version 2"), media)
        words = f'pointer refused kind=playlist refusal=rollback source="?{self.sources[0]}.*version 1, the highest seen is 2'
        probe.log.wait(words)
        self.assert_no_more(self.first, probe, 2)
        self.assertEqual(probe.log.count(words), 1)
        # From now on the one that knows more is asked each time.
        media = self.publish(3, self.second)
        self.assert_holds(probe.edition("version 3"), media)
        self.publish(3, self.first)
        probe.log.wait("pointer accepted again kind=playlist")
        self.stop(probe)

    def test_the_newest_wins_at_the_first_start(self):
        media = self.publish(2, self.second)
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("version 2"), media)
        self.stop(probe)

    def test_a_takeover_that_only_the_second_has(self):
        probe = self.probe(*self.sources, tour_ms=300)
        probe.edition("one")
        self.channel.takeover(self.first.files, 1, "notice", self.media)
        probe.edition("notice")
        self.channel.takeover(self.second.files, 2, "another notice", self.media)
        self.assert_holds(probe.edition("another notice"), self.media)
        self.stop(probe)

    def test_a_stick_beside_a_server_that_is_well(self):
        """It is looked at with each poll, and that it is mostly not there is no news."""
        stick = self.folder / "stick"
        probe = self.probe(self.sources[0], str(stick / "channels/seoul"), tour_ms=3600000)
        probe.edition("one")
        self.first.wait_asked(POINTER, 5)
        self.assertEqual(probe.log.count("stick"), 0)
        self.channel.publish(stick, 2, "by post", self.media)
        self.assert_holds(probe.edition("by post"), self.media)
        shutil.rmtree(stick)
        probe.log.wait("refusal=rollback")
        self.publish(3, self.first)
        probe.edition("version 3")
        self.stop(probe)

    def test_its_clock_says_nothing(self):
        """Of three origins one lags, one is in 1970, and one has another file under each name of a hash."""
        dated = lambda server, connection, request: answer(  # noqa: E731
            200, server.files[request.path.lstrip("/")], Date="Thu, 01 Jan 1970 00:00:05 GMT", Age="999999999")(server, connection, request)
        wrong, liar = self.hostile(), self.hostile()
        media = self.publish(2, wrong, liar)
        for path in list(wrong.files):
            wrong.acts[path] = [dated]
        for name, data in media.items():
            liar.files[channel.medium_name(name, data)] = bytes_of("lie", len(data))
        probe = self.probe(self.sources[0], liar.url("channels/seoul/"), wrong.url("channels/seoul/"))
        self.assert_holds(probe.edition("version 2"), media)
        probe.log.wait("hash mismatch")
        self.stop(probe)

    def test_each_fault_of_the_first(self):
        acts = (servers.status(500), servers.redirect("file:///x"), answer(200, PORTAL), servers.noise, reset_after(-1), servers.hang)
        for number, act in enumerate(acts, 2):
            probe = self.probe(*self.sources)
            probe.edition()
            self.first.acts[POINTER] = [act]
            media = self.publish(number, self.second)
            self.assert_holds(probe.edition(f"version {number}"), media)
            self.stop(probe)
            self.first.acts.clear()
            self.publish(number, self.first)

    def test_the_first_has_a_pointer_and_no_more(self):
        media = self.publish(2, self.first, self.second)
        for path in (self.channel.path("p-2.json"), channel.medium_name("b.mp4", media["b.mp4"])):
            self.first.acts[path] = [servers.status(404)]
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("version 2"), media)
        self.stop(probe)

    def test_the_first_is_gone_from_the_start(self):
        self.first.stop()
        probe = self.probe(*self.sources)
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)

    def test_both_are_gone_then_the_second_comes_back(self):
        probe = self.probe(*self.sources)
        probe.edition("one")
        for server in (self.first, self.second):
            server.acts[POINTER] = [servers.status(502)]
        wait_for(lambda: probe.log.count("answered 502") == 2, "both are called silent")
        media = self.publish(2, self.first, self.second)
        self.second.acts.clear()
        self.assert_holds(probe.edition("version 2"), media)
        self.stop(probe)

    def test_a_first_that_lags_behind(self):
        """A mirror that has only the old version is normal; the second has the new one, and the player stays with that."""
        probe = self.probe(*self.sources)
        probe.edition("one")
        self.first.acts[POINTER] = [servers.status(500)]
        media = self.publish(2, self.second)
        self.assert_holds(probe.edition("version 2"), media)
        self.first.acts.clear()
        probe.log.wait('refusal=rollback')
        self.first.wait_asked(POINTER, len(self.first.asked(POINTER)) + 4)
        media = self.publish(3, self.second)
        self.assert_holds(probe.edition("version 3"), media)
        self.assertEqual(content(probe_file := self.stored(media["a.mp4"])), media["a.mp4"], probe_file)
        self.stop(probe)
        self.assertEqual(probe.editions(), 3)

    def stored(self, data):
        return self.store / "media" / channel.sha256(data)


class Hourly(Case):
    """Trouble that lasts is told each hour, and no more often."""

    def told(self, first, words):
        second = self.hostile()
        self.channel.publish(second.files, 2, "two", {})
        clock = Clock(self.folder)
        clock.set(0)
        probe = self.probe(first, second.url("channels/seoul/"), wrap=("env", *(f"{k}={v}" for k, v in clock.environment().items())))
        probe.edition("two")
        for hour in range(1, 4):
            clock.set(hour * 3660000, mono_s=hour * 3660)
            wait_for(lambda: probe.log.count(words) >= hour, f"told in hour {hour}")
            second.wait_asked(POINTER, len(second.asked(POINTER)) + 4)
            self.assertLessEqual(probe.log.count(words), hour + 1)
        self.stop(probe)

    def test_a_dead_origin(self):
        dead = self.hostile()
        dead.stop()
        self.told(dead.url("channels/seoul/"), "cannot fetch pointer kind=playlist .*cannot connect: refused, nothing listens at that")

    def test_an_origin_that_lags(self):
        first = self.hostile()
        self.channel.publish(first.files, 1, "one", {})
        self.told(first.url("channels/seoul/"), "pointer refused kind=playlist refusal=rollback")


if __name__ == "__main__":
    tap.main()
