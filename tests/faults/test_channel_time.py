#!/usr/bin/env python3
"""Channels and clocks: one that is dead, ahead for a moment, or set by a time server that was wrong. A takeover comes and ends when
it should, and nobody's signature moves the player's time to where nothing else counts."""
import shutil

from channel_case import ONE, POINTER, TAKEOVER, TWO, Case, channel, servers, wait_for
from clock import Clock
import tap

HOUR_S = 3600
DAY_S = 24 * HOUR_S
YEAR_S = 365 * DAY_S
LAPTOP_AHEAD_S = 9 * HOUR_S  # a laptop in another zone, whose clock shows local time as UTC


class Clocked(Case):
    def setUp(self):
        super().setUp()
        self.clock = Clock(self.folder)
        self.server = self.hostile()
        self.base = self.server.url("channels/seoul/")

    def set(self, off_s=0, synchronised=False, passed_s=0):
        """How wrong the wall clock is, who vouches for it, and how much time has passed since the test began."""
        self.clock.set((off_s + passed_s) * 1000, synchronised, passed_s)

    def play(self, **options):
        return self.probe(self.base, wrap=("env", *(f"{k}={v}" for k, v in self.clock.environment().items())), **options)

    def publish(self, version=1, name="one", **fields):
        self.channel.publish(self.server.files, version, name, ONE, fields=fields)

    def notice(self, version=1, seconds=HOUR_S, media=None):
        self.channel.takeover(self.server.files, version, "notice", TWO if media is None else media, days=seconds / DAY_S)

    def no_network(self):
        for path in self.server.files:
            self.server.acts[path] = [servers.status(503)]


class DeadClock(Clocked):
    def test_a_takeover_ends(self):
        self.set(-50 * YEAR_S)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice(seconds=300)
        probe.edition("notice")
        self.set(-50 * YEAR_S, passed_s=400)
        probe.edition("one")
        probe.log.wait("takeover ended version=1")
        self.stop(probe)

    def test_the_time_that_has_passed_is_remembered(self):
        """Half of the takeover's time before a power cut, half of it after: there is no clock to say so but the player's own."""
        self.set(-50 * YEAR_S)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice(seconds=90 * 60)
        probe.edition("notice")
        file = next(self.state.glob("*.state"))
        before = file.read_bytes()
        self.set(-50 * YEAR_S, passed_s=HOUR_S + 60)
        wait_for(lambda: file.read_bytes() != before, "an hour later the floor is written")
        probe.kill()
        self.no_network()
        self.set(-50 * YEAR_S)
        probe = self.play()
        self.assertEqual(probe.edition().name, "notice")
        self.set(-50 * YEAR_S, passed_s=40 * 60)
        probe.edition("one")
        self.stop(probe)

    def test_a_signature_from_the_year_9999(self):
        self.set(-50 * YEAR_S)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.publish(2, "two", signed="9999-01-01T00:00:00Z", expires="9999-02-01T00:00:00Z")
        probe.log.wait('refusal=signed_in_future')
        self.assert_no_more(self.server, probe, 1)
        self.publish(3, "three")
        probe.edition("three")
        self.stop(probe)

    def test_a_signature_from_the_year_9999_at_first(self):
        """Nothing is known yet, but when the player was made."""
        self.set(-50 * YEAR_S)
        self.publish(2, "two", signed="9999-01-01T00:00:00Z", expires="9999-02-01T00:00:00Z")
        probe = self.play()
        probe.log.wait('refusal=signed_in_future')
        self.publish(3, "three")
        probe.edition("three")
        self.stop(probe)


class FirstStart(Clocked):
    """Nothing is known, and nobody keeps the clock."""

    def comes(self, off_s, name="one"):
        self.set(off_s)
        self.publish()
        probe = self.play()
        probe.edition(name)
        self.notice()
        self.assert_holds(probe.edition("notice"), TWO)
        self.stop(probe)
        # Nor is it a step back once there is no state any more.
        shutil.rmtree(self.state)
        self.no_network()
        probe = self.play()
        self.assertEqual(probe.edition().name, "notice")
        self.set(off_s, passed_s=HOUR_S + 60)
        self.assertEqual(probe.edition().name, name)
        self.stop(probe)

    def test_behind_by_fifty_years(self):
        self.comes(-50 * YEAR_S)

    def test_behind_but_later_than_this_player_was_made(self):
        """As on the image of a card that lay for a while. The signature tells that it is later."""
        self.comes(-3 * DAY_S)

    def test_behind_after_that_is_refused(self):
        """A clock that was right once is not made wrong by a signature from the future."""
        self.set()
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.publish(2, "two", signed=channel.instant(days=3))
        probe.log.wait("refusal=signed_in_future")
        self.stop(probe)

    def test_ahead_by_ten_years(self):
        """Everything has expired by it, until it is set."""
        self.set(10 * YEAR_S)
        self.publish()
        probe = self.play()
        probe.log.wait("pointer refused kind=playlist refusal=expired .*to this player it is 20")
        self.assert_no_more(self.server, probe, 0)
        self.set(0, True)
        self.assert_holds(probe.edition("one"), ONE)
        self.stop(probe)


class SignedAhead(Clocked):
    def withstand(self, synchronised):
        self.publish(signed=channel.instant(seconds=LAPTOP_AHEAD_S))
        self.set(synchronised=synchronised)
        probe = self.play()
        probe.edition("one")
        self.notice()
        self.assert_holds(probe.edition("notice"), TWO)
        self.stop(probe)
        probe = self.play()
        self.assertEqual(probe.edition().name, "notice")
        self.stop(probe)

    def test_by_a_synchronised_clock(self):
        self.withstand(True)

    def test_by_a_clock_that_nobody_vouches_for(self):
        self.withstand(False)


class WrongTimeServer(Clocked):
    def test_one_wrong_answer(self):
        """For a moment it is eleven years later, and the kernel says that it is sure."""
        self.publish(expires=channel.instant(days=9999))
        self.set(11 * YEAR_S, True)
        probe = self.play()
        probe.edition("one")
        self.server.wait_asked(POINTER, 5)
        self.stop(probe)
        self.set()
        probe = self.play()
        probe.edition("one")
        self.notice(seconds=DAY_S)
        probe.edition("notice")
        self.publish(2, "future", signed=channel.instant(days=3000), expires=channel.instant(days=3001))
        probe.log.wait('pointer refused kind=playlist refusal=signed_in_future')
        self.stop(probe)

    def test_wrong_for_hours_then_right_for_an_hour(self):
        """What the floor was raised to is taken back by a clock that was right for as long."""
        self.publish(expires=channel.instant(days=9999))
        self.set(11 * YEAR_S, True)
        probe = self.play()
        probe.edition("one")
        self.remembers(11 * YEAR_S, True, HOUR_S + 60)
        self.remembers(0, True, HOUR_S + 120, 2 * HOUR_S + 240)
        self.stop(probe)
        self.set()
        probe = self.play()
        probe.edition("one")
        self.notice(seconds=10 * HOUR_S)
        probe.edition("notice")
        self.stop(probe)

    def remembers(self, off_s, synchronised, *passed_s):
        """Waits until the state was written after the last of these steps."""
        for now_s in passed_s:
            file = next(self.state.glob("*.state"))
            before = file.read_bytes()
            self.set(off_s, synchronised, now_s)
            self.server.wait_asked(POINTER, len(self.server.asked(POINTER)) + 3)
        wait_for(lambda: file.read_bytes() != before, "the floor is written")


class AheadForAMoment(Clocked):
    def test_at_the_start(self):
        self.publish()
        self.notice()
        self.set(LAPTOP_AHEAD_S)
        probe = self.play()
        probe.edition("one")
        probe.log.wait("pointer accepted kind=takeover")
        self.assert_no_more(self.server, probe, 1, TAKEOVER)
        self.set(0, True)
        self.assert_holds(probe.edition("notice"), TWO)
        self.stop(probe)

    def test_at_a_start_without_a_network(self):
        """The takeover is in the store. It must not go from there because a clock is wrong."""
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        self.stop(probe)
        self.no_network()
        self.set(LAPTOP_AHEAD_S)
        probe = self.play()
        self.assertEqual(probe.edition().name, "one")
        self.assert_no_more(self.server, probe, 1)
        self.set()
        self.assert_holds(probe.edition("notice"), TWO)
        self.stop(probe)
        probe = self.play()
        self.assertEqual(probe.edition().name, "notice")
        self.stop(probe)

    def test_while_it_is_on(self):
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        self.set(LAPTOP_AHEAD_S)
        probe.edition("one")
        self.set()
        probe.edition("notice")
        self.set(LAPTOP_AHEAD_S, True)  # now it is known
        probe.edition("one")
        wait_for(lambda: len(list(self.store.glob("feeds/*/manifest.json"))) == 1, "it is no more in the store")
        self.stop(probe)


class SlowClock(Clocked):
    """Clocks that are behind, but not so far that they are plainly wrong: the operator ends a takeover, and to the player that is
    still to come."""

    def off(self, version):
        """As `duckling takeover off` signs it: it expires as it is signed."""
        now = channel.instant()
        self.channel.takeover(self.server.files, version, "over", ONE, fields={"signed": now, "expires": now})

    def called_off(self, behind_s):
        self.set(-behind_s)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice()
        self.assert_holds(probe.edition("notice"), TWO)
        self.off(2)
        self.assert_holds(probe.edition(), ONE)
        probe.log.wait("takeover ended version=1")
        self.assert_no_more(self.server, probe, 3, TAKEOVER)
        self.assertEqual(probe.log.count("takeover started"), 1)
        probe.kill()
        self.stays_off("one")
        self.no_network()
        self.stays_off("one")

    def stays_off(self, name):
        probe = self.play()
        self.assertEqual(probe.edition().name, name)
        self.assert_no_more(self.server, probe, 1, TAKEOVER)
        self.stop(probe)

    def test_called_off_half_a_minute_behind(self):
        self.called_off(30)

    def test_called_off_five_minutes_behind(self):
        self.called_off(5 * 60)

    def test_called_off_twenty_hours_behind(self):
        self.called_off(20 * HOUR_S)

    def test_called_off_before_it_was_seen(self):
        self.set(-20 * HOUR_S)
        self.publish()
        self.off(1)
        self.stays_off("one")
        self.stays_off("one")

    def test_called_off_and_the_power_is_cut(self):
        """The state knows that it was called off; the store holds it still."""
        self.set(-20 * HOUR_S)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        probe.kill()
        held = self.folder / "held"
        shutil.copytree(self.store, held)
        self.off(2)
        probe = self.play()
        probe.log.wait("pointer accepted kind=takeover version=2")
        probe.edition("one")
        probe.kill()
        shutil.rmtree(self.store)
        shutil.copytree(held, self.store)
        self.no_network()
        self.stays_off("one")

    def test_it_is_not_earlier_than_the_newest_signature(self):
        """Almost a day behind: the next signature is an hour later than the last, not more than a day from now."""
        self.set(-23.5 * HOUR_S)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.publish(2, "two", signed=channel.instant(seconds=HOUR_S))
        probe.edition("two")
        self.stop(probe)
        self.assertEqual(probe.log.count("refused"), 0)

    def test_it_is_on_no_longer_than_it_was_signed_for(self):
        """It was signed for an hour. The clock says that this is over in 21."""
        self.set(-20 * HOUR_S)
        self.publish()
        probe = self.play()
        probe.edition("one")
        self.notice()
        probe.edition("notice")
        self.set(-20 * HOUR_S, passed_s=HOUR_S - 300)
        self.assert_no_more(self.server, probe, 2, TAKEOVER)
        self.set(-20 * HOUR_S, passed_s=HOUR_S + 60)
        probe.edition("one")
        self.stop(probe)


class LongUptime(Clocked):
    def test_the_end_is_not_waited_for_by_polls(self):
        """Hours after the machine has started, and with ten minutes between polls."""
        self.set(passed_s=0)
        self.clock.set(0, False, 5 * HOUR_S)
        self.publish()
        self.notice(seconds=4)
        probe = self.play(poll_ms=600000)
        probe.edition("notice")
        probe.edition("one")
        self.stop(probe)


if __name__ == "__main__":
    tap.main()
