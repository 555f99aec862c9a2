#!/usr/bin/env python3
"""The feed against servers that fail, lie, stall and cut: the edition in force stays, the feed recovers."""
from feed_case import Case, bytes_of, content, playlist, servers
import tap

MIB = 1 << 20


class Hostile(Case):
    def start(self, *media, **options):
        self.server = self.hostile()
        self.server.files = {"p.json": playlist("one", *media), **{m: bytes_of(m, 5000) for m in media}}
        probe = self.probe(self.server.url("p.json"), **options)
        probe.edition("one")
        return probe

    def offends(self, act, words, name="p.json", times=3):
        """In place of the playlist (or a medium) comes an offence: the edition stays, the log has the words once, the
        feed recovers."""
        probe = self.start("a.jpg")
        self.server.files["p.json"] = playlist("two", "a.jpg", "b.jpg")
        self.server.files["b.jpg"] = bytes_of("b", 5000)
        asked = len(self.server.asked(name))
        self.server.acts[name] = [act]
        probe.log.wait(words)
        self.server.wait_asked(name, asked + times)
        if name == "p.json":
            self.assertEqual(probe.editions(), 1)
        self.assertEqual(probe.log.count(words), 1)
        self.server.acts[name] = [servers.serve]
        medium = probe.edition("two")["b.jpg"]
        if medium == "missing":  # a few tries later the others come on without it
            self.assertNotEqual(name, "p.json")
            medium = probe.edition("two")["b.jpg"]
        self.assertEqual(content(medium), bytes_of("b", 5000))
        self.stop(probe)

    def test_status_500(self):
        self.offends(servers.status(500), "cannot fetch playlist, retrying .*answered 500")

    def test_status_404(self):
        self.offends(servers.status(404), "cannot fetch playlist, retrying .*answered 404")

    def test_empty_answer(self):
        self.offends(servers.status(200, b""), "cannot fetch playlist, retrying .*empty")

    def test_noise_for_an_answer(self):
        self.offends(servers.noise, "cannot fetch playlist, retrying ")

    def test_redirect_loop(self):
        self.offends(servers.redirect("/p.json"), "more than 3 redirects")

    def test_redirect_to_file(self):
        self.offends(servers.redirect("file:///etc/passwd"), "not allowed")

    def test_redirect_to_ftp(self):
        self.offends(servers.redirect("ftp://127.0.0.1/x"), "not allowed")

    def test_redirect_with_endless_text(self):
        self.offends(servers.endless(302, Location="/b.jpg", Content_Length=1 << 40), "redirect has a body of more than")

    def test_endless_head(self):
        self.offends(servers.endless_head, "headers are over|cannot fetch playlist")

    def test_endless_playlist_is_cut_at_the_cap(self):
        self.offends(servers.endless(), "cannot fetch playlist, retrying .*larger than the 1048576 bytes")
        sent = [r.sent for r in self.server.asked("p.json") if r.status == 200 and r.sent > 100000]
        self.assertTrue(sent)
        self.assertLess(max(sent), 16 * MIB, "what the sockets hold, and no more")

    def test_playlist_that_tells_that_it_is_too_long(self):
        self.offends(servers.claim_length(1 << 30), "cannot fetch playlist, retrying .*larger than")

    def test_hang_before_the_head(self):
        self.offends(servers.hang, "cannot fetch playlist, retrying .*stalled", times=2)

    def test_hang_after_the_head(self):
        self.offends(servers.hang_after_head, "cannot fetch playlist, retrying .*stalled", times=2)

    def test_one_byte_a_second(self):
        self.offends(servers.drip, "cannot fetch playlist, retrying .*stalled", times=2)

    def test_playlist_that_never_ends(self):
        """Fast enough to be no stall, and still not there for minutes."""
        server = self.hostile()
        server.files = {"p.json": playlist("one")}
        server.acts = {"p.json": [servers.drip, servers.drip, servers.serve]}
        probe = self.probe(server.url("p.json"), stall_ms=60000, playlist_ms=500)
        probe.log.wait("cannot fetch playlist, retrying .*not complete within 500 ms")
        probe.edition("one")
        self.stop(probe)
        self.assertEqual(probe.log.count("not complete within"), 1)

    def test_medium_missing_then_there(self):
        self.offends(servers.status(404), r'cannot fetch media file, retrying path="b.jpg".*answered 404', "b.jpg")

    def test_medium_status_503(self):
        self.offends(servers.status(503), "media file.*answered 503", "b.jpg")

    def test_medium_hangs(self):
        self.offends(servers.hang, "media file.*stalled", "b.jpg", times=2)

    def test_medium_empty(self):
        self.offends(servers.status(200, b""), "media file.*empty", "b.jpg")

    def test_medium_shorter_than_told(self):
        self.offends(servers.claim_length(6000), "media file.*connection broke", "b.jpg")

    def test_medium_answered_by_304_unasked(self):
        self.offends(servers.status(304, b""), "media file.*answered 304", "b.jpg")

    def test_medium_answered_by_a_part_unasked(self):
        self.offends(servers.wrong_part, "media file.*another part", "b.jpg")

    def test_one_line_for_many_media_with_one_cause(self):
        server = self.hostile()
        names = [f"m{i}.jpg" for i in range(9)]
        server.files = {"p.json": playlist("one", *names), **{n: b"m" for n in names}}
        server.acts = {n: [servers.status(502)] for n in names}
        probe = self.probe(server.url("p.json"))
        for name in names:
            server.wait_asked(name, 2)
        self.assertEqual(probe.log.count("answered 502"), 1)
        server.acts = {n: [servers.status(404)] for n in names}
        for name in names:
            probe.log.wait(f'path="{name}".*answered 404')
        server.acts = {}
        probe.edition("one")
        self.stop(probe)

    def test_at_most_four_at_once(self):
        server = self.hostile()
        names = [f"m{i}.jpg" for i in range(6)]
        server.files = {"p.json": playlist("one", *names), **{n: bytes_of(n, 5000) for n in names}}
        server.acts = {n: [servers.hang] for n in names}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        for name in names[:4]:
            server.wait_asked(name)
        server.wait_asked("p.json", 5)
        self.assertEqual(sum(len(server.asked(n)) for n in names), 4)
        self.stop(probe)


class Resume(Case):
    def test_cut_body_goes_on_where_it_broke_off(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.cut_after(300000), servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)
        asked = server.asked("film.jpg")
        self.assertEqual([r.status for r in asked], [200, 206, 206])
        self.assertEqual(sum(r.sent for r in asked), MIB, "not a byte twice")
        self.assertEqual(asked[1].headers["range"], "bytes=400000-")
        self.assertEqual(asked[1].headers["if-range"], servers.etag_of(film))

    def test_restart_goes_on_where_it_broke_off(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.stall_after(500000), servers.serve]}
        probe = self.probe(server.url("p.json"), stall_ms=20000)
        server.wait_asked("film.jpg")
        part = self.store / "tmp"
        servers.wait_for(lambda: any(p.stat().st_size == 500000 for p in part.glob("*.part")), "500,000 bytes in the store")
        self.stop(probe)
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("film.jpg")], [200, 206])
        self.assertEqual(server.asked("film.jpg")[1].sent, MIB - 500000)

    def test_file_that_changed_meanwhile_is_fetched_whole(self):
        server = self.hostile()
        old, new = bytes_of("old", MIB), bytes_of("new", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": old}

        def cut_and_change(s, connection, request):
            servers.cut_after(400000)(s, connection, request)
            s.files["film.jpg"] = new
            return False
        server.acts = {"film.jpg": [cut_and_change, servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), new)
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("film.jpg")], [200, 200])

    def test_file_that_shrank_meanwhile(self):
        server = self.hostile()
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": bytes_of("old", MIB)}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.status(416, b""), servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(len(content(probe.edition("one")["film.jpg"])), MIB)
        self.stop(probe)
        self.assertEqual([r.status for r in server.asked("film.jpg")], [200, 416, 200])

    def test_server_that_knows_no_ranges(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.no_condition]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)

    def test_wrong_part_is_not_glued_on(self):
        server = self.hostile()
        film = bytes_of("film", MIB)
        server.files = {"p.json": playlist("one", "film.jpg"), "film.jpg": film}
        server.acts = {"film.jpg": [servers.cut_after(400000), servers.wrong_part, servers.serve]}
        probe = self.probe(server.url("p.json"))
        self.assertEqual(content(probe.edition("one")["film.jpg"]), film)
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
