#!/usr/bin/env python3
"""A channel over time: rollbacks and replays, takeovers, pointers that expire, and the first start. And what must not be refused."""
import shutil
import signal
import subprocess

from channel_case import ONE, POINTER, TAKEOVER, Case, bytes_of, channel, content, servers, wait_for
import tap


class Takeovers(Case):
    """The other pointer is under the same law."""

    def setUp(self):
        super().setUp()
        self.server = self.hostile()
        self.media = {"a.mp4": bytes_of("a", 5000)}
        self.channel.publish(self.server.files, 1, "one", self.media)
        self.player = self.probe(self.server.url("channels/seoul/"))
        self.player.edition("one")

    def refused(self, words, path=TAKEOVER):
        self.player.log.wait(words)
        self.assert_no_more(self.server, self.player, self.player.editions(), path)
        self.assertEqual(self.player.log.count(words), 1)

    def comes(self, version, **options):
        self.channel.takeover(self.server.files, version, f"notice {version}", {"n.mp4": bytes_of("n", 4000)}, **options)
        edition = self.player.edition(f"notice {version}")
        self.assertTrue(edition.takeover)
        self.assert_holds(edition, {"n.mp4": bytes_of("n", 4000)})

    def test_a_stranger_takes_nothing_over(self):
        channel.Channel(self.stranger).takeover(self.server.files, 1, "evil", {})
        self.refused('pointer refused kind=takeover refusal=unpinned_key')
        self.comes(1)
        self.stop(self.player)

    def test_a_playlist_is_no_takeover(self):
        self.server.files[TAKEOVER] = self.server.files[POINTER]
        self.refused('pointer refused kind=takeover refusal=wrong_kind')
        self.comes(1)
        self.stop(self.player)

    def test_another_channels_takeover(self):
        channel.Channel(self.keys, "busan").takeover(self.server.files, 1, "evil", {})
        self.server.files[TAKEOVER] = self.server.files["channels/busan/takeover.minisig"]
        self.refused('pointer refused kind=takeover refusal=wrong_channel')
        self.comes(1)
        self.stop(self.player)

    def test_an_older_takeover_is_not_replayed(self):
        self.comes(1)
        old = self.server.files[TAKEOVER]
        self.comes(2)
        self.server.files[TAKEOVER] = old
        self.refused('pointer refused kind=takeover refusal=rollback')
        self.comes(3)
        self.stop(self.player)

    def test_an_older_takeover_is_not_replayed_after_the_cache_was_wiped(self):
        self.comes(1)
        old = self.server.files[TAKEOVER]
        self.comes(2)
        self.stop(self.player)
        shutil.rmtree(self.store)
        self.server.files[TAKEOVER] = old
        self.player = self.probe(self.server.url("channels/seoul/"))
        self.player.edition("one")
        self.refused('pointer refused kind=takeover refusal=rollback')
        self.stop(self.player)

    def test_an_older_takeover_is_not_replayed_after_the_state_was_lost(self):
        """It was called off, and the store remembers that, too."""
        self.comes(1)
        old = self.server.files[TAKEOVER]
        data = self.server.files[self.channel.path("t-1.json")]
        now = channel.instant()
        self.server.files[self.channel.path("t-2.json")] = data
        self.server.files[TAKEOVER] = self.channel.pointer(2, data, kind="t", signed=now, expires=now)
        self.player.edition("one")
        self.stop(self.player)
        shutil.rmtree(self.state)
        self.server.files[TAKEOVER] = old
        self.player = self.probe(self.server.url("channels/seoul/"))
        self.player.edition("one")
        self.refused('pointer refused kind=takeover refusal=rollback')
        self.stop(self.player)

    def test_one_that_is_over_is_not_shown(self):
        self.channel.takeover(self.server.files, 1, "over", {}, fields={"signed": channel.instant(-3), "expires": channel.instant(-1)})
        count = len(self.server.asked(TAKEOVER))
        self.server.wait_asked(TAKEOVER, count + 4)
        self.assertEqual(self.player.editions(), 1)
        self.comes(2)
        self.stop(self.player)

    def test_a_pointer_that_is_replayed_while_the_takeover_is_gone(self):
        """The server drops the takeover's pointer, or can't be reached: the takeover stays."""
        self.comes(1)
        before = self.player.editions()
        del self.server.files[TAKEOVER]
        self.assert_no_more(self.server, self.player, before, TAKEOVER)
        self.server.acts[TAKEOVER] = [servers.status(500)]
        self.assert_no_more(self.server, self.player, before, TAKEOVER)
        self.stop(self.player)
        again = self.probe(self.server.url("channels/seoul/"))
        again.out.wait("^edition notice 1$")
        self.stop(again)


class Rollback(Case):
    def setUp(self):
        super().setUp()
        self.server = self.hostile()
        self.base = self.server.url("channels/seoul/")
        self.old = {}
        self.publish(1)
        probe = self.probe(self.base)
        probe.edition("version 1")
        self.old = dict(self.server.files)
        wait_for(lambda: list(self.state.glob("*.state")), "the state is written")
        shutil.copytree(self.state, self.folder / "image")
        self.publish(2)
        probe.edition("version 2")
        self.player = probe

    def publish(self, version):
        self.channel.publish(self.server.files, version, f"version {version}", {"a.mp4": bytes_of(version, 5000)})

    def goes_on(self, probe):
        """Refused once; then version 3 gets through."""
        words = 'pointer refused kind=playlist refusal=rollback.*version 1, the highest seen is 2'
        probe.log.wait(words)
        editions = probe.editions()
        self.assert_no_more(self.server, probe, editions)
        self.assertEqual(probe.log.count(words), 1)
        self.assertEqual(probe.out.count("^edition version 1$"), 0 if probe is not self.player else 1)
        self.publish(3)
        self.assert_holds(probe.edition("version 3"), {"a.mp4": bytes_of(3, 5000)})
        self.stop(probe)

    def roll_back(self):
        self.server.files.clear()
        self.server.files.update(self.old)

    def test_while_it_runs(self):
        self.roll_back()
        self.goes_on(self.player)

    def test_after_a_restart(self):
        self.stop(self.player)
        self.roll_back()
        probe = self.probe(self.base)
        probe.edition("version 2")
        self.goes_on(probe)

    def test_after_the_cache_was_wiped(self):
        self.stop(self.player)
        shutil.rmtree(self.store)
        self.roll_back()
        probe = self.probe(self.base)
        self.goes_on(probe)

    def test_after_it_was_killed(self):
        self.player.process.send_signal(signal.SIGKILL)
        self.player.process.wait(30)
        self.roll_back()
        probe = self.probe(self.base)
        probe.edition("version 2")
        self.goes_on(probe)

    def test_after_it_was_killed_and_the_cache_was_wiped(self):
        self.player.process.send_signal(signal.SIGKILL)
        self.player.process.wait(30)
        shutil.rmtree(self.store)
        self.roll_back()
        self.goes_on(self.probe(self.base))

    def test_after_the_state_was_lost_but_not_the_cache(self):
        self.lose_state(shutil.rmtree)

    def test_after_the_state_was_damaged(self):
        self.lose_state(lambda folder: [path.write_bytes(b"\0" * 300) for path in folder.glob("*.state")])

    def test_after_the_state_was_set_back_by_an_image_of_the_disk(self):
        """The state's disk is as it was when version 1 was on; the store's is not."""
        self.lose_state(lambda folder: (shutil.rmtree(folder), shutil.copytree(self.folder / "image", folder)))

    def lose_state(self, lose):
        self.stop(self.player)
        lose(self.state)
        self.roll_back()
        probe = self.probe(self.base)
        probe.edition("version 2")
        self.goes_on(probe)

    def test_to_the_same_version_with_other_content(self):
        """Two playlists under one version, as from two places that were filled anew. What is in force stays, and it is told."""
        media = {"a.mp4": bytes_of("other", 5000)}
        self.channel.publish(self.server.files, 2, "version 2 again", media)
        words = "pointer refused kind=playlist refusal=duplicate_version .*publish again with --after 2"
        self.player.log.wait(words)
        self.assert_no_more(self.server, self.player, 2)
        self.assertEqual(self.player.log.count(words), 1)
        self.stop(self.player)
        self.player = self.probe(self.base)
        self.player.edition("version 2")
        self.player.log.wait(words)
        self.publish(3)
        self.player.edition("version 3")
        self.stop(self.player)

    def test_to_the_same_file_by_another_signature(self):
        """Signed by the second of two keys: nothing new, and no duplicate."""
        self.stop(self.player)
        probe = self.probe(self.base, keys=[self.keys.public, self.stranger.public])
        probe.edition("version 2")
        data = self.server.files[self.channel.path("p-2.json")]
        self.server.files[POINTER] = self.channel.pointer(2, data, keys=self.stranger)
        self.assert_no_more(self.server, probe, 1)
        self.assertEqual(probe.log.count("refused"), 0)
        self.stop(probe)

    def test_to_a_stick_that_begins_at_the_version_in_force(self):
        """Beside the server: the server's goes on, and the stick's is called by its name."""
        stick = self.folder / "stick"
        self.channel.publish(stick, 2, "a stick", {"a.mp4": bytes_of("stick", 5000)})
        self.stop(self.player)
        probe = self.probe(self.base, str(stick / "channels/seoul"))
        probe.edition("version 2")
        probe.log.wait(f"refusal=duplicate_version source=\"?{stick}.*--after 2")
        self.channel.publish(stick, 3, "a stick", {"a.mp4": bytes_of("stick", 5000)})
        self.assert_holds(probe.edition("a stick"), {"a.mp4": bytes_of("stick", 5000)})
        self.stop(probe)

    def test_by_one_mirror_of_two(self):
        """One lags or lies: the other one's newer version counts, and no older one comes."""
        honest = self.hostile()
        honest.files.update(self.server.files)
        self.stop(self.player)
        self.roll_back()
        probe = self.probe(self.base, honest.url("channels/seoul/"))
        probe.edition("version 2")
        probe.log.wait('refusal=rollback')
        self.channel.publish(honest.files, 3, "version 3", {"a.mp4": bytes_of(3, 5000)})
        self.assert_holds(probe.edition("version 3"), {"a.mp4": bytes_of(3, 5000)})
        self.stop(probe)
        self.assertEqual(probe.out.count("^edition version 1$"), 0)


class Time(Case):
    def test_an_expired_pointer_goes_on_playing_and_is_called_stale(self):
        server = self.hostile()
        media = {"a.mp4": bytes_of("a", 5000)}
        self.channel.publish(server.files, 1, "one", media)
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        self.assertEqual(probe.log.count("stale"), 0)
        self.channel.publish(server.files, 2, "two", media, fields={"signed": channel.instant(-9), "expires": channel.instant(-1)})
        self.assert_holds(probe.edition("two"), media)
        probe.log.wait("stale")
        server.wait_asked(POINTER, len(server.asked(POINTER)) + 4)
        self.assertEqual(probe.log.count("stale"), 1)
        self.stop(probe)
        server.stop()
        probe = self.probe(server.url("channels/seoul/"))
        self.assert_holds(probe.edition("two"), media)
        probe.log.wait("stale")
        self.stop(probe)

    def test_one_that_had_expired_before_the_first_start(self):
        """To a player without memory any old version would be new."""
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", ONE, fields={"signed": channel.instant(-800), "expires": channel.instant(-700)})
        probe = self.probe(server.url("channels/seoul/"))
        words = "pointer refused kind=playlist refusal=expired .*version 1 ended at 20.*, and to this player it is 20"
        probe.log.wait(words)
        self.assert_no_more(server, probe, 0)
        self.assertEqual(probe.log.count(words), 1)
        wait_for(lambda: "expired" in probe.describe(), "the card says why")
        self.channel.publish(server.files, 2, "two", ONE)
        self.assert_holds(probe.edition("two"), ONE)
        self.stop(probe)

    def test_one_that_had_expired_and_is_in_the_store(self):
        """It has been on screen: it goes on without network, state or successor."""
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", ONE, fields={"expires": channel.instant(seconds=5)})
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        probe.log.wait("stale")
        self.stop(probe)
        shutil.rmtree(self.state)
        probe = self.probe(server.url("channels/seoul/"))
        self.assert_holds(probe.edition("one"), ONE)
        server.wait_asked(POINTER, len(server.asked(POINTER)) + 3)
        self.stop(probe)
        self.assertEqual(probe.log.count("refused"), 0)

    def test_one_that_expires_while_it_plays(self):
        server = self.hostile()
        media = {"a.mp4": bytes_of("a", 5000)}
        self.channel.publish(server.files, 1, "one", media, fields={"expires": channel.instant(seconds=3)})
        probe = self.probe(server.url("channels/seoul/"))
        probe.edition("one")
        probe.log.wait("stale")
        self.assertEqual(probe.editions(), 1)
        self.stop(probe)


class Harmless(Case):
    """What is allowed must not be refused."""

    def setUp(self):
        super().setUp()
        self.server = self.hostile()
        self.media = {"a.mp4": bytes_of("a", 5000)}
        self.data = self.channel.publish(self.server.files, 1, "one", self.media)

    def comes(self, pointer, **options):
        self.server.files[POINTER] = pointer
        probe = self.probe(self.server.url("channels/seoul/"), **options)
        self.assert_holds(probe.edition("one"), self.media)
        self.stop(probe)
        self.assertEqual(probe.log.count("refused"), 0)

    def test_lines_that_end_in_cr_lf(self):
        self.comes(self.server.files[POINTER].replace(b"\n", b"\r\n"))

    def test_no_end_of_the_last_line(self):
        self.comes(self.server.files[POINTER].removesuffix(b"\n"))

    def test_fields_in_another_order(self):
        words = channel.comment("seoul", 1, self.data).split(" ")
        self.comes(self.keys.sign(self.data, " ".join(reversed(words))))

    def test_fields_for_later_players(self):
        words = channel.comment("seoul", 1, self.data)
        self.comes(self.keys.sign(self.data, f"x-from=2027-01-01 {words} x-priority=9 x-priority=9"))

    def test_a_channel_with_every_kind_of_letter(self):
        """Those of playlist/pointer.h count for the playlist, too."""
        media = {"a.mp4": bytes_of("a", 5000)}
        channel.Channel(self.keys, "0a.b_c-9").publish(self.server.files, 1, "one", media)
        probe = self.probe(self.server.url("channels/0a.b_c-9/"))
        self.assert_holds(probe.edition("one"), media)
        self.stop(probe)

    def test_any_of_several_keys(self):
        for keys in (self.keys, self.stranger):
            self.comes(self.channel.pointer(1, self.data, keys=keys), keys=[self.keys.line(), self.stranger.public])
            shutil.rmtree(self.store)

    def test_an_untrusted_comment_in_any_words(self):
        self.comes(self.keys.sign(self.data, channel.comment("seoul", 1, self.data), untrusted="작은 것의 위대함을 위하여"))

    def test_signed_an_hour_ahead(self):
        self.comes(self.channel.pointer(1, self.data, signed=channel.instant(seconds=3600)))


class Start(Case):
    """What a player that has never played anything does."""

    def test_without_a_key_a_channel_is_not_followed(self):
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", {})
        probe = self.probe(server.url("channels/seoul/"), keys=[""])
        self.assertTrue(probe.ended())
        self.assertRegex(probe.out.lines[0], "^refused ")
        self.assertEqual(server.requests, [])

    def test_with_a_key_a_playlist_is_not_followed(self):
        server = self.hostile()
        server.files["p.json"] = self.channel.compiled(1, "one", {})
        probe = self.probe(server.url("p.json"))
        self.assertTrue(probe.ended())
        self.assertRegex(probe.out.lines[0], "^refused ")
        self.assertEqual(server.requests, [])

    def test_with_a_secret_key_it_refuses_and_does_not_show_it(self):
        server = self.hostile()
        for key in (self.keys.secret, self.keys.secret.read_text().splitlines()[1]):
            probe = self.probe(server.url("channels/seoul/"), keys=[key])
            self.assertTrue(probe.ended())
            self.assertRegex(probe.out.lines[0], "^refused .*secret key")
            self.assertNotIn(self.keys.secret.read_text().splitlines()[1], "\n".join(probe.out.lines + probe.log.lines))

    def test_an_attack_from_the_first_moment(self):
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", {"a.mp4": b"a"})
        good = server.files[POINTER]
        server.files[POINTER] = channel.Channel(self.stranger).pointer(1, server.files[self.channel.path("p-1.json")])
        probe = self.probe(server.url("channels/seoul/"))
        probe.log.wait('refusal=unpinned_key')
        wait_for(lambda: "unpinned key" in probe.describe(), "the card says why")
        self.assertEqual((probe.editions(), server.asked(self.channel.path("p-1.json"))), (0, []), "nothing unsigned is fetched")
        server.files[POINTER] = good
        self.assertEqual(content(probe.edition("one").files["a.mp4"]), b"a")
        self.stop(probe)


# libcrypto's: finds no memory the first three times.
NO_MEMORY = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

void *EVP_PKEY_new_raw_public_key(int type, void *engine, const unsigned char *key, size_t bytes)
{
    static int calls;
    void *(*own)(int, void *, const unsigned char *, size_t);
    *(void **)&own = dlsym(RTLD_NEXT, "EVP_PKEY_new_raw_public_key");
    return ++calls > 3 ? own(type, engine, key, bytes) : NULL;
}
"""


class NoMemory(Case):
    def test_what_can_not_be_verified_is_not_refused(self):
        library = self.folder / "no_memory.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library], input=NO_MEMORY, text=True, check=True)
        server = self.hostile()
        self.channel.publish(server.files, 1, "one", ONE)
        probe = self.probe(server.url("channels/seoul/"),
                           wrap=("env", f"LD_PRELOAD={library}", "ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0"))
        self.assert_holds(probe.edition("one"), ONE)
        self.assertEqual(probe.log.count("cannot verify pointer, retrying kind=playlist .* reason="), 1)
        self.assertEqual(probe.log.count("refus|attack"), 0)
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
