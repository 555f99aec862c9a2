"""guide and explain: what is on, listed and explained before it happens."""
import csv
import io
import json
import re
import subprocess
import tempfile
import time
import unicodedata
import unittest
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import player
import tap

HOUR_MS = 3600 * 1000
ODD = 'b, "quoted" \\ 한'


def ms(text, zone="UTC"):
    at = datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).timestamp() * 1000)


def cells(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "p.json"

    def write(self, schedule, **more):
        """Spots of 10 s: a, b, one with an odd name, c of 12.345 s."""
        spots = {name: {"tagline": "x", "duration": 10} for name in ("a", "작은 것의 위대함", ODD)}
        spots["c"] = {"tagline": "x", "duration": 12.345}
        loops = {"all": list(spots), "one": ["a"], "낮": ["작은 것의 위대함"], "c": ["c"]}
        player.playlist(self.file, spots, loops=loops, **({"schedule": schedule} if schedule else {}), **more)

    def ask(self, command, *options, status=0, **environment):
        done = player.run(command, self.file, *options, **{"TZ": "UTC", **environment})
        self.assertEqual(done.returncode, status, done.stderr)
        if status == 0:
            self.assertEqual(done.stderr, "")
        else:
            self.assertEqual(done.stdout, "")
            self.assertTrue(done.stderr.startswith(f"duckling {command}: " if status == 2 else f"error {command}: "), done.stderr)
        return done.stdout if status == 0 else done.stderr.replace('\\"', '"')

    def slots(self, start, end, *options, **environment):
        lines = self.ask("guide", "--from", start, "--to", end, "--format", "json", *options, **environment).splitlines()
        return [json.loads(line) for line in lines]


class Guide(Case):
    def test_a_line_of_json_is_exactly_this(self):
        self.write([{"loop": "all"}], fallback="one")
        text = self.ask("guide", "--from", "2026-02-06T00:00:30", "--to", "2026-02-06T00:00:30.001", "--format", "json")
        self.assertEqual(text, '{"start": "2026-02-06T00:00:30+00:00", "start_ms": 1770336030000, "end_ms": 1770336042345,'
                               ' "spot": "c", "daypart": 0, "loop": "all"}\n')

    def test_a_record_of_csv_and_a_row_of_the_table_are_exactly_these(self):
        self.write([{"loop": "all"}])
        stretch = ("--from", "2026-02-06T00:00:42.345Z", "--to", "2026-02-06T00:00:52.345Z")
        self.assertEqual(self.ask("guide", *stretch, "--format", "csv"),
                         "start,start_ms,end_ms,spot,daypart,loop\n"
                         "2026-02-06T00:00:42.345+00:00,1770336042345,1770336052345,a,0,all\n")
        rows = self.ask("guide", *stretch).splitlines()
        self.assertEqual([row.split() for row in rows],
                         [["start", "length", "spot", "daypart", "loop"],
                          ["2026-02-06T00:00:42.345+00:00", "0:00:10", "a", "schedule[0]", "all"]])

    def test_slots_that_overlap_are_listed_whole(self):
        self.write([{"loop": "one"}])
        for start, end, first, last in (("00:00:10", "00:00:20", 10, 20), ("00:00:10", "00:00:20.001", 10, 30),
                                        ("00:00:09.999", "00:00:20", 0, 20), ("00:00:19.999", "00:00:20", 10, 20)):
            slots = self.slots(f"2026-02-06T{start}", f"2026-02-06T{end}")
            self.assertEqual((slots[0]["start_ms"], slots[-1]["end_ms"]),
                             (ms("2026-02-06T00:00:00") + first * 1000, ms("2026-02-06T00:00:00") + last * 1000))

    def test_without_a_schedule_there_is_no_entry_of_one(self):
        self.write(None)
        stretch = ("--from", "2026-02-06T00:00", "--to", "2026-02-06T00:00:10")
        self.assertIn(" always ", self.ask("guide", *stretch))
        self.assertEqual({slot["daypart"] for slot in self.slots(stretch[1], stretch[3])}, {None})
        text = self.ask("explain", "--at", "2026-02-06T00:00:05")
        self.assertRegex(text, r"\nwhy     always, as the playlist has no schedule, loop \S+\n")
        self.assertNotIn("schedule[", text)
        self.assertNotIn("400 days", text)

    def test_all_formats_say_the_same(self):
        self.write([{"loop": "all", "start_time": "00:01"}, {"loop": "낮", "start_time": "00:02"}], fallback="c")
        stretch = ("--from", "2026-02-06T00:00", "--to", "2026-02-06T00:04")
        slots = self.slots(stretch[1], stretch[3])
        self.assertEqual({slot["spot"] for slot in slots}, {"a", "작은 것의 위대함", ODD, "c"})
        records = list(csv.DictReader(io.StringIO(self.ask("guide", *stretch, "--format", "csv"), newline="")))
        self.assertEqual([{**r, "start_ms": int(r["start_ms"]), "end_ms": int(r["end_ms"]),
                           "daypart": int(r["daypart"]) if r["daypart"] else None} for r in records], slots)
        head, *rows = self.ask("guide", *stretch).splitlines()
        self.assertEqual(len(rows), len(slots))
        for row, slot in zip(rows, slots):
            self.assertTrue(row.startswith(slot["start"]))
            length = re.search(r" (\d+):(\d\d):(\d\d)(?:\.(\d{3}))? ", row)
            h, m, s, part = (int(x or 0) for x in length.groups())
            self.assertEqual(((h * 60 + m) * 60 + s) * 1000 + part, slot["end_ms"] - slot["start_ms"])
            self.assertIn(f" {slot['spot']} ", row)
            source = "fallback" if slot["daypart"] is None else f"schedule[{slot['daypart']}]"
            self.assertRegex(row, rf" {re.escape(source)} +{slot['loop']}$")
            # Names of two cells a character don't push the columns.
            self.assertEqual(cells(row[:row.index(source)]), cells(head[:head.index("daypart")]))
            self.assertEqual(cells(row[:row.rindex(slot["loop"])]), cells(head[:head.index("loop")]))

    def test_the_house_card_and_a_loop_without_a_name(self):
        self.write([{"loop": "one", "start_time": "06:00"}])
        card, first = self.slots("2026-02-06T05:00", "2026-02-06T06:00:01")
        self.assertEqual((card["spot"], card["daypart"], card["loop"], card["end_ms"]), (None, None, None, first["start_ms"]))
        stretch = ("--from", "2026-02-06T05:00", "--to", "2026-02-06T06:00")
        self.assertEqual(self.ask("guide", *stretch, "--format", "csv").splitlines()[1],
                         "2026-02-06T00:00:00+00:00,1770336000000,1770357600000,,,")
        self.assertIn("(house card)", self.ask("guide", *stretch))
        player.playlist(self.file, {"a": {"tagline": "x"}})
        self.assertEqual(self.slots("2026-02-06T00:00", "2026-02-06T00:00:01")[0]["loop"], "")

    def test_days_of_23_24_and_25_hours(self):
        self.write([{"loop": "all"}])
        zone = ZoneInfo("America/New_York")
        for day, after, hours in (("2026-03-08", "2026-03-09", 23), ("2026-06-01", "2026-06-02", 24),
                                  ("2026-11-01", "2026-11-02", 25)):
            slots = self.slots(day + "T00:00", after + "T00:00", "--timezone", "America/New_York")
            self.assertEqual(slots[-1]["end_ms"] - slots[0]["start_ms"], hours * HOUR_MS)
            for slot, following in zip(slots, slots[1:] + [None]):
                if following:
                    self.assertEqual(slot["end_ms"], following["start_ms"])
                # Exactly what the other zone library says of that instant.
                at = datetime.fromtimestamp(slot["start_ms"] / 1000, zone)
                self.assertEqual(slot["start"], at.isoformat(timespec="milliseconds" if at.microsecond else "seconds"))

    def test_times_of_zones_with_odd_offsets(self):
        self.write([{"loop": "c"}])
        for name in ("Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Monrovia"):
            for day in ("2011-12-30", "2026-04-05", "1972-01-07"):
                slots = self.slots(f"{day}T00:00:00Z", f"{day}T23:00:00Z", "--timezone", name)
                for slot in slots:
                    # Monrovia was at -00:44:30 up to 1972-01-07; RFC 3339 has no seconds in an offset.
                    self.assertEqual(ms(slot["start"]), slot["start_ms"])

    def test_a_night_belongs_to_the_day_on_which_it_begins(self):
        self.write([{"loop": "one", "start_time": "22:00", "end_time": "02:00", "by_day": ["FR"]}])
        slots = [s for s in self.slots("2026-02-05T00:00", "2026-02-09T00:00") if s["spot"]]
        self.assertEqual((slots[0]["start_ms"], slots[-1]["end_ms"]), (ms("2026-02-06T22:00"), ms("2026-02-07T02:00")))
        self.assertEqual(len(slots), 4 * 360)

    def test_zones_of_the_playlist_and_of_the_reader(self):
        """The schedule goes by the playlist's zone; times are read and shown in --timezone, else the playlist's, else the
        system's."""
        schedule = [{"loop": "one", "start_time": "06:00"}]
        self.write(schedule, timezone="Asia/Seoul")
        seoul = self.slots("2026-02-06T05:59:59", "2026-02-06T06:00:01")[-1]
        self.assertEqual((seoul["start"], seoul["spot"]), ("2026-02-06T06:00:00+09:00", "a"))
        shanghai = self.slots("2026-02-06T04:59:59", "2026-02-06T05:00:01", "--timezone", "Asia/Shanghai")[-1]
        self.assertEqual((shanghai["start"], shanghai["start_ms"]), ("2026-02-06T05:00:00+08:00", seoul["start_ms"]))
        self.write(schedule)
        here = self.slots("2026-02-06T06:00", "2026-02-06T06:00:01", TZ="Asia/Shanghai")[-1]
        self.assertEqual((here["start"], here["spot"]), ("2026-02-06T06:00:00+08:00", "a"))

    def test_without_a_stretch_it_is_the_next_24_hours(self):
        self.write([{"loop": "one"}])
        before = time.time() * 1000
        slots = [json.loads(line) for line in self.ask("guide", "--format", "json").splitlines()]
        after = time.time() * 1000
        self.assertLessEqual(slots[0]["start_ms"], after)
        self.assertGreater(slots[0]["end_ms"], before - 1)
        self.assertGreaterEqual(slots[-1]["end_ms"], before - 1 + 24 * HOUR_MS)
        self.assertLess(slots[-1]["start_ms"], after + 24 * HOUR_MS)
        lines = self.ask("guide", "--from", "2026-02-06T12:00", "--format", "json").splitlines()
        self.assertEqual((len(lines), json.loads(lines[-1])["end_ms"]), (24 * 360, ms("2026-02-07T12:00")))

    def test_settings_from_a_file(self):
        self.write([{"loop": "one"}])
        config = self.folder / "config"
        config.write_text("format = csv\ntotals = yes\ntimezone = Asia/Seoul\n")
        text = self.ask("guide", "--config", config, "--from", "2026-02-06T00:00", "--to", "2026-02-06T01:00")
        self.assertEqual(text.splitlines()[:2], ["spot,plays,time_ms,share", "a,360,3600000,1.000000"])

    def test_years_are_written_as_they_are_found(self):
        """To a full disk: it stops at the first buffer, and doesn't lay 229 years first."""
        self.write([{"loop": "one"}])
        with open("/dev/full", "w") as full:
            done = subprocess.run([player.DUCKLING, "guide", self.file, "--from", "1971-01-01T00:00Z", "--to", "2200-01-01T00:00Z"],
                                  stdout=full, stderr=subprocess.PIPE, text=True, timeout=player.WAIT_S,
                                  env=player.environment(TZ="UTC"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("No space left", done.stderr)


class Totals(Case):
    def totals(self, *options):
        return [json.loads(line) for line in self.ask("guide", "--totals", "--format", "json", *options).splitlines()]

    def test_they_are_what_the_slots_add_up_to(self):
        self.write([{"loop": "all", "start_time": "06:00"}, {"loop": "낮", "start_time": "07:00:05", "share_of_voice": 0.25}])
        for start, end, zone in (("2026-03-08T00:00", "2026-03-09T00:00", "America/New_York"),
                                 ("2026-11-01T05:12:03.456", "2026-11-02T06:30:01.007", "America/New_York"),
                                 ("2026-02-06T06:00:05", "2026-02-06T06:00:06", "UTC")):
            stretch = ("--from", start, "--to", end, "--timezone", zone)
            from_ms, to_ms = ms(start, zone), ms(end, zone)
            plays, times = {}, {}
            for slot in self.slots(start, end, "--timezone", zone):
                name = slot["spot"]
                plays[name] = plays.get(name, 0) + 1
                times[name] = times.get(name, 0) + min(slot["end_ms"], to_ms) - max(slot["start_ms"], from_ms)
            totals = self.totals(*stretch)
            self.assertEqual({t["spot"]: t["plays"] for t in totals if t["plays"]}, plays)
            self.assertEqual({t["spot"]: t["time_ms"] for t in totals if t["plays"]}, times)
            self.assertEqual(sum(t["time_ms"] for t in totals), to_ms - from_ms)
            for total in totals:
                self.assertAlmostEqual(total["share"], total["time_ms"] / (to_ms - from_ms), places=6)

    def test_shares_of_voice_are_reached(self):
        self.write([{"loop": "one", "share_of_voice": 0.5}, {"loop": "낮", "share_of_voice": 0.3}, {"loop": "c"}])
        shares = {t["spot"]: t["share"] for t in self.totals("--from", "2026-02-06T00:00", "--to", "2026-03-06T00:00")}
        for name, share in (("a", 0.5), ("작은 것의 위대함", 0.3), ("c", 0.2), (ODD, 0)):
            self.assertAlmostEqual(shares[name], share, delta=0.001)

    def test_the_other_formats(self):
        self.write([{"loop": "all", "end_time": "12:00"}])
        stretch = ("--from", "2026-02-06T00:00", "--to", "2026-02-07T00:00")
        totals = self.totals(*stretch)
        self.assertEqual([t["spot"] for t in totals], ["a", "작은 것의 위대함", ODD, "c", None])
        self.assertEqual((totals[-1]["plays"], totals[-1]["time_ms"], totals[-1]["share"]), (1, 12 * HOUR_MS, 0.5))
        records = csv.DictReader(io.StringIO(self.ask("guide", "--totals", *stretch, "--format", "csv"), newline=""))
        self.assertEqual([(r["spot"] or None, int(r["plays"]), int(r["time_ms"]), float(r["share"])) for r in records],
                         [(t["spot"], t["plays"], t["time_ms"], t["share"]) for t in totals])
        head, *rows, last = self.ask("guide", "--totals", *stretch).splitlines()
        self.assertEqual(len(rows), len(totals))
        end = cells(head[:head.index("plays") + len("plays")])
        for row, total in zip(rows, totals):
            self.assertTrue(row.startswith(total["spot"] or "(house card)"))
            before = re.match(r"(.*\d)  \d+:\d\d:\d\d(\.\d{3})? +\d+\.\d\d %$", row)[1]
            self.assertEqual((cells(before), int(before.split()[-1])), (end, total["plays"]))
        self.assertRegex(last, r"^total +%d  24:00:00 +100\.00 %%$" % sum(t["plays"] for t in totals))

    def test_a_year_of_the_bundled_campaign(self):
        self.file = player.TOP / "playlists/greatness.json"
        totals = self.totals("--from", "2026-01-01T00:00", "--to", "2027-01-01T00:00")
        self.assertEqual(sum(t["time_ms"] for t in totals), 365 * 24 * HOUR_MS)


class BadInput(Case):
    def test_of_guide(self):
        self.write([{"loop": "one"}])
        for options, words in (
                (("--from", "2026-02-30T00:00"), 'option --from needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00, not "2026-02-30T00:00"'),
                (("--from", "2026-02-06T25:61"), 'not "2026-02-06T25:61"'),
                (("--to", "soon"), 'option --to needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00, not "soon"'),
                (("--from", "2026-02-06"), "needs a date and time such as"),
                (("--from", "2026-02-06T12:00Z", "--to", "2026-02-06T11:00Z"),
                 "option --to needs a time after --from, 2026-02-06T12:00:00+00:00, not 2026-02-06T11:00:00+00:00"),
                (("--from", "2026-02-06T12:00Z", "--to", "2026-02-06T12:00Z"), "needs a time after"),
                (("--from", "1970-12-31T23:59:59Z", "--to", "1971-02-01T00:00Z"), "needs a time in the years 1971 to 2199, not "),
                (("--from", "2199-01-01T00:00Z", "--to", "2200-01-01T00:00:00.001Z"), "needs a time in the years 1971 to 2199, not ")):
            with self.subTest(options):
                self.assertIn(words, self.ask("guide", *options, status=2))
        for options, words in ((("--timezone", "Asia/Soul"), 'not "Asia/Soul"; did you mean Asia/Seoul?'),
                               (("--timezone", "../../etc/passwd"), 'not "../../etc/passwd"'),
                               (("--format", "xml"), 'option --format needs table, json or csv, not "xml"'), (("extra",), 'extra argument "extra"; this command takes one playlist'),
                               (("--at", "2026-02-06T12:00"), "unknown option --at"), (("--from",), "option --from needs a value (TIME)")):
            with self.subTest(options):
                self.assertIn(words, self.ask("guide", *options, status=2))

    def test_of_explain(self):
        self.write([{"loop": "one"}])
        for options, words in (
                (("--at", "2026-13-01T00:00"), 'option --at needs a date and time such as 2026-02-06T20:00 or 2026-02-06T20:00:00+09:00, not "2026-13-01T00:00"'),
                (("--at", "2200-01-01T00:00Z"), "in the years 1971 to 2199"),
                (("nobody",), 'there is no spot "nobody"; the playlist has 4: a, 작은 것의 위대함, '),
                (("x" * 5000,), "there is no spot")):
            with self.subTest(options):
                self.assertIn(words, self.ask("explain", *options, status=2 if options[0] == "--at" else 1))
        for options, words in ((("--timezone", "Mars/Base"), 'not "Mars/Base"'),
                               (("a", "c"), 'extra argument "c"; this command takes one playlist and one spot'), (("--from", "2026-02-06T12:00"), "unknown option")):
            with self.subTest(options):
                self.assertIn(words, self.ask("explain", *options, status=2))

    def test_of_both(self):
        for command in ("guide", "explain"):
            with self.subTest(command):
                done = player.run(command)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"duckling {command}: no playlist given; use duckling {command} FILE", done.stderr)
                self.file.unlink(missing_ok=True)
                self.assertIn("p.json", self.ask(command, status=1))
                self.file.write_text('{"format": "duckling/1", "spots": {"a": {"tagline": "x", "duration": -1}}, "loops": {"l": []}}')
                told = player.run(command, self.file).stderr
                self.assertRegex(told, r'(?m)^error edition: playlist fault at="\$\.spots\.a\.duration" reason=')
                self.assertRegex(told, r'(?m)^error edition: playlist fault at="\$\.loops\.l" reason=')


class Explain(Case):
    SCHEDULE = [
        {"loop": "all", "start_time": "06:00", "end_time": "23:00"},
        {"loop": "one", "start": "2026-02-09T20:00:00Z", "end": "2026-02-09T22:10:00Z", "priority": 100},
        {"loop": "c", "by_day": ["MO", "TU"]},
        {"loop": "c", "end_date": "2026-02-05"},
        {"loop": "c", "except_dates": ["2026-02-06"]},
        {"loop": "c", "start_time": "22:00", "end_time": "02:00", "priority": -1},
        {"loop": "낮", "priority": -2},
    ]

    def explain(self, at, *options):
        text = self.ask("explain", "--at", at, *options)
        head, dayparts, *spot = text.split("\n\n")
        return head, [line.split(maxsplit=2)[2] for line in dayparts.splitlines()], spot

    def test_why_each_daypart_is_not_on(self):
        self.write(self.SCHEDULE)
        head, dayparts, _ = self.explain("2026-02-06T20:00:00")
        self.assertEqual(head.splitlines()[0], "at      2026-02-06T20:00:00+00:00, FR, UTC")
        self.assertIn("why     schedule[0], loop all, priority 0\n", head)
        self.assertEqual(dayparts, [
            "runs since 2026-02-06T06:00:00+00:00 (14 hours ago), until 2026-02-06T23:00:00+00:00 (in 3 hours)",
            "starts in 3 days, 2026-02-09T20:00:00+00:00",
            "not on FR; runs next at 2026-02-09T00:00:00+00:00 (in 2 days 4 hours)",
            "ended 20 hours ago, 2026-02-06T00:00:00+00:00",
            "not on 2026-02-06, one of its except_dates; runs next at 2026-02-07T00:00:00+00:00 (in 4 hours)",
            "outside its hours, 22:00 to 02:00; runs next at 2026-02-06T23:00:00+00:00 (in 3 hours)",
            # At night by schedule[5], and from the next day on by schedule[4].
            "outranked by schedule[0], priority 0; does not run in the next 400 days"])

    def test_both_sides_of_the_opening(self):
        self.write(self.SCHEDULE)
        _, before, _ = self.explain("2026-02-09T19:59:59.999")
        self.assertEqual(before[1], "starts in less than a second, 2026-02-09T20:00:00+00:00")
        head, during, _ = self.explain("2026-02-09T20:00:00.500")
        self.assertIn("on      a, from 2026-02-09T20:00:00+00:00 to 2026-02-09T20:00:10+00:00\n        in transition from ", head)
        self.assertIn(", crossfade, 50 % done, the text stays\nthen    a\n", head)
        self.assertIn("outranked by schedule[1], priority 100; runs next at 2026-02-09T22:10:00+00:00 (in 2 hours 9 minutes)",
                      during[0])
        _, after, _ = self.explain("2026-02-09T22:10:00")
        self.assertEqual(after[1], "ended now, 2026-02-09T22:10:00+00:00")
        _, later, _ = self.explain("2026-02-10T00:10:00")
        self.assertEqual(later[1], "ended 2 hours ago, 2026-02-09T22:10:00+00:00")

    def test_shared_fallback_and_nothing(self):
        self.write([{"loop": "one", "start_time": "12:00"}, {"loop": "c", "start_time": "13:00", "share_of_voice": 1}],
                   fallback="낮")
        head, dayparts, _ = self.explain("2026-02-06T11:00:00")
        self.assertIn("why     no daypart runs: the fallback, loop 낮\n"
                      "        since 2026-02-06T00:00:00+00:00 (11 hours ago), until 2026-02-06T12:00:00+00:00 (in 1 hour)\n", head)
        _, dayparts, _ = self.explain("2026-02-06T13:00:00")
        self.assertTrue(dayparts[0].startswith("gets no slots, as others have all of the share of voice, since 2026-02-06T12:00"))
        self.write([{"loop": "one", "start_time": "12:00"}, {"loop": "c", "start_time": "13:00"}])
        head, _, _ = self.explain("2026-02-06T13:00:00")
        self.assertIn("why     schedule[0], loop one, priority 0, one of 2 that share the time\n", head)
        head, _, _ = self.explain("2026-02-06T11:00:00")
        self.assertIn("on      the house card, from ", head)
        self.assertIn("why     no daypart runs, and there is no fallback\n", head)

    def test_a_spot_before_and_after(self):
        self.write([{"loop": "one", "start_time": "10:00", "end_time": "11:00", "by_day": ["FR"]}], fallback="c")
        _, _, spot = self.explain("2026-02-06T10:00:25", "a")
        self.assertEqual(spot, ["spot    a, on now\n"
                                "last    2026-02-06T10:00:10+00:00 (15 seconds ago) to 2026-02-06T10:00:20+00:00\n"
                                "next    2026-02-06T10:00:30+00:00 (in 5 seconds) to 2026-02-06T10:00:40+00:00\n"])
        _, _, spot = self.explain("2026-02-06T11:00:00", "a")
        self.assertEqual(spot, ["spot    a\n"
                                "last    2026-02-06T10:59:50+00:00 (10 seconds ago) to 2026-02-06T11:00:00+00:00\n"
                                "next    2026-02-13T10:00:00+00:00 (in 6 days 23 hours) to 2026-02-13T10:00:10+00:00\n"])
        _, _, spot = self.explain("2026-02-06T11:00:00", ODD)
        self.assertIn("never on: it is in no loop of the schedule, nor in the fallback", spot[0])
        self.write([{"loop": "c"}, {"loop": "one", "start": "2028-02-06T00:00:00Z", "priority": 1}])
        _, dayparts, spot = self.explain("2026-02-06T11:00:00", "a")
        self.assertEqual(dayparts[1], "starts in 729 days, 2028-02-06T00:00:00+00:00")
        self.assertEqual(spot, ["spot    a\nlast    not within 400 days\nnext    not within 400 days\n"])
        self.assertIn("for more than a year, and for more than a year to come", dayparts[0])

    def test_what_it_explains_is_what_guide_lists(self):
        self.write(self.SCHEDULE)
        for hour in range(0, 24, 5):
            at = f"2026-02-09T{hour:02}:17:03.210"
            [slot] = self.slots(at, f"2026-02-09T{hour:02}:17:03.211")
            head, _, _ = self.explain(at)
            end = datetime.fromtimestamp(slot["end_ms"] / 1000, ZoneInfo("UTC"))
            end = end.isoformat(timespec="milliseconds" if end.microsecond else "seconds")
            self.assertIn(f"\non      {slot['spot']}, from {slot['start']} to {end}\n", head)

    def test_times_in_two_zones(self):
        self.write([{"loop": "one", "start_time": "06:00"}], timezone="Asia/Seoul")
        head, dayparts, _ = self.explain("2026-02-06T23:30", "--timezone", "Asia/Shanghai")
        self.assertEqual(head.splitlines()[:2],
                         ["at      2026-02-06T23:30:00+08:00, Asia/Shanghai",
                          "        2026-02-07T00:30:00+09:00, SA, Asia/Seoul, the zone of its schedule"])
        self.assertEqual(dayparts[0], "outside its hours, 06:00 to 24:00; runs next at 2026-02-07T05:00:00+08:00 (in 5 hours 30 minutes)")

    def test_now(self):
        self.write([{"loop": "one"}])
        before = time.time() * 1000
        at = ms(re.match(r"at +(\S+), ", self.ask("explain"))[1])
        self.assertTrue(before - 1 <= at <= time.time() * 1000)


if __name__ == "__main__":
    tap.main()
