"""playlists/playlist.schema.json against the parser: each playlist is right for both or wrong for both, but for the rules that no
schema can say (schema_rules.py). TEST_SEED sets the seed of the random ones, TEST_ROUNDS how many there are."""
import json
import math
import os
import re
import subprocess
import unittest
from pathlib import Path

import tap
from jsonschema import Draft202012Validator, ValidationError, validators
from random_playlists import CHARACTERS, EVERYTHING, SAMPLES, Maker, look_up, plant, pointers, text_of, without
from schema_rules import RULES, changed

TOP = Path(__file__).resolve().parent.parent.parent
PROBE = TOP / "build/asan/tests/faults/probe_parse"
SCHEMA = json.loads((TOP / "playlists/playlist.schema.json").read_text())
SEED = int(os.environ.get("TEST_SEED") or 20260206)
ROUNDS = int(os.environ.get("TEST_ROUNDS") or 600)
LIMIT_S = 300


def check_pattern(_validator, pattern, value, _schema):
    """A schema's patterns are ECMA-262's, where $ is the end alone; Python's is also before a newline that ends the text."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


Validator = validators.extend(Draft202012Validator, {"pattern": check_pattern})


def resolved(schema):
    """With what its $ref leads to; the schema's own words win."""
    while "$ref" in schema:
        target = SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def members(schema=SCHEMA, place=()):
    """(place, schema) of all that a playlist can hold, where "*" is any key or index."""
    schema = resolved(schema)
    yield place, schema
    for key, inner in schema.get("properties", {}).items():
        yield from members(inner, (*place, key))
    for key in ("additionalProperties", "items"):
        if schema.get(key):
            yield from members(schema[key], (*place, "*"))
    for choice in schema.get("oneOf", []):
        yield from members(choice, place)


KNOWN = {}
for _place, _schema in members():
    KNOWN.setdefault(_place, []).append(_schema)


def kind_of(place):
    """A place of a playlist as in KNOWN."""
    kind = ()
    for key in place:
        kind = (*kind, key) if (*kind, key) in KNOWN else (*kind, "*")
    return kind


def places(*types):
    """(kind, the first place of it in EVERYTHING) of each kind whose value there has one of the types."""
    kinds = {}
    for place in pointers(EVERYTHING):
        if isinstance(look_up(EVERYTHING, place), types):
            kinds.setdefault(kind_of(place), place)
    return kinds.items()


def parse(texts):
    """The parser's faults for each playlist: a list of {"path", "text"}."""
    blobs = [text.encode() for text in texts]
    questions = b"".join(b"%d\n%b" % (len(blob), blob) for blob in blobs)
    done = subprocess.run([PROBE], input=questions, capture_output=True, timeout=LIMIT_S)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == len(texts), f"{done.returncode}: {done.stderr.decode()}"
    return [json.loads(line) for line in lines]


def is_excused(document, faults):
    return all(any(rule.excuses(document, fault) for rule in RULES.values()) for fault in faults)


class Agreement(unittest.TestCase):
    validator = Validator(SCHEMA)

    def judge(self, cases):
        """Each case is (what, JSON text, True: right, False: wrong, None: what both say, or RULES excuse). Returns how many are
        right and how many excused."""
        troubles, right, excused = [], 0, 0
        for (what, text, expected), faults in zip(cases, parse([text for _, text, _ in cases])):
            document = json.loads(text)
            valid = self.validator.is_valid(document)
            if valid == (not faults):
                wrong = expected is not None and expected != valid
                right += valid
            else:
                wrong = expected is not None or not valid or not is_excused(document, faults)
                excused += not wrong
            if wrong:
                errors = [error.message[:200] for error in self.validator.iter_errors(document)]
                troubles.append((what, text[:1500], "schema:", errors[:3], "parser:", faults[:3]))
        self.assertEqual(troubles[:5], [], f"{len(troubles)} of {len(cases)}")
        print(f"# {len(cases)} playlists, {right} right, {excused} wrong by a rule that a schema can't say", flush=True)
        return right, excused

    def test_everything_is_there_and_right(self):
        self.judge([("everything", text_of(EVERYTHING), True)])
        self.assertEqual({kind_of(place) for place in pointers(EVERYTHING)}, set(KNOWN))

    def test_random_right_ones(self):
        maker = Maker(SEED)
        print(f"# seed {SEED}")
        playlists = [maker.playlist() for _ in range(ROUNDS)]
        self.judge([("right", text_of(playlist), True) for playlist in playlists])
        seen = {kind_of(place) for playlist in playlists for place in pointers(playlist)}
        self.assertEqual({kind for kind in KNOWN if "zh-Hant" not in kind} - seen, set())

    def test_random_changes(self):
        maker = Maker(SEED + 1)
        print(f"# seed {SEED + 1}")
        cases = []
        for _ in range(2 * ROUNDS):
            playlist, place = maker.mutant(EVERYTHING if maker.random.random() < 0.3 else maker.playlist())
            cases.append((place, text_of(playlist), None))
        right, excused = self.judge(cases)
        self.assertGreater(right, len(cases) // 50)
        self.assertGreater(len(cases) - right - excused, len(cases) // 3)

    def test_each_type_in_each_place(self):
        cases = []
        for _, place in places(object):
            cases += [(place, text_of(plant(EVERYTHING, place, sample)), None) for sample in SAMPLES]
            cases.append((place, text_of(plant(EVERYTHING, place, None)), False))
        self.judge(cases)

    def test_unknown_and_missing_members(self):
        cases = []
        for kind, place in places(dict):
            closed = any(schema.get("additionalProperties") is False for schema in KNOWN[kind])
            for key in ("stray", "", "Format", "duration ", "$comment"):
                cases.append(((*place, key), changed(*place, key, to=1), False if closed else None))
            required = {key for schema in KNOWN[kind] for key in schema.get("required", [])}
            for key in look_up(EVERYTHING, place):
                verdict = False if key in required else None
                cases.append(((*place, key), text_of(without(EVERYTHING, (*place, key))), verdict))
        self.judge(cases)

    def test_numbers_at_their_bounds(self):
        cases = []
        for kind, place in places(int, float):
            if isinstance(look_up(EVERYTHING, place), bool):
                continue
            schema = next(schema for schema in KNOWN[kind] if "minimum" in schema)
            low, high = schema["minimum"], schema["maximum"]
            past = [math.nextafter(low, -math.inf), math.nextafter(high, math.inf), 2 ** 63, -2 ** 63, 1e308, 10 ** 400]
            if schema["type"] == "integer":
                past += [low - 1, high + 1, low + 0.5]
            right = None if "box" in kind else True  # whose numbers count together
            cases += [(place, changed(*place, to=number), right) for number in (low, high, float(low))]
            cases += [(place, changed(*place, to=number), False) for number in past]
        self.assertGreaterEqual(len(cases), 15 * 9)
        self.judge(cases)

    def test_words_and_no_others(self):
        cases = []
        for kind, place in places(str):
            words = [word for schema in KNOWN[kind] for word in schema.get("enum", [])]
            words += [schema["const"] for schema in KNOWN[kind] if "const" in schema]
            for word in words:
                wrong = [word.swapcase(), word + "s", word + "\n", " " + word, word[:-1], ""]
                cases.append((place, changed(*place, to=word), True))
                cases += [(place, changed(*place, to=text), False) for text in wrong]
        self.assertGreater(len(cases), 7 * 34)
        self.judge(cases)

    def test_lists_and_objects_at_their_bounds(self):
        cases = []
        for kind, place in places(dict, list):
            wanted = "array" if isinstance(look_up(EVERYTHING, place), list) else "object"
            schema = next(schema for schema in KNOWN[kind] if schema.get("type") == wanted)
            for key, past in (("minItems", -1), ("maxItems", 1), ("minProperties", -1), ("maxProperties", 1)):
                if key in schema:
                    cases.append((f"{place} {key}", self.sized(place, schema[key]), True))
                    cases.append((f"{place} {key}", self.sized(place, schema[key] + past), False))
        self.assertGreaterEqual(len(cases), 2 * 14)
        self.judge(cases)

    def sized(self, place, count):
        """A playlist with so many items at a place."""
        small = {"spots": {"tagline": "x"}, "styles": {}, "loops": ["a"]}
        if len(place) == 1 and place[0] in small:
            items = {f"x{i}" if i else "a": small[place[0]] for i in range(count)}
            return text_of({"format": "duckling/1", "spots": {"a": {"tagline": "x"}}, place[0]: items})
        if place == ("schedule",):
            return changed(*place, to=[{"loop": "day"}] * count)
        value = look_up(EVERYTHING, place)
        if isinstance(value, list):
            return changed(*place, to=(value * count)[:count])
        if list(value)[:1] == ["landscape"]:
            return changed(*place, to=dict(list(value.items())[:count]))
        return changed(*place, to={f"x{i}": next(iter(value.values())) for i in range(count)})

    def table(self, rows):
        """Each row: a place, the texts that are right there, those that are wrong."""
        return [(place, changed(*place, to=text), text in right) for place, right, wrong in rows for text in right + wrong]

    def test_times(self):
        entry = ("schedule", 0)
        dates = ["0000-01-01", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32", "26-01-01", "2026-1-1", "2026/01/01", "",
                 "2026-01-01T00:00", " 2026-01-01", "2026-01-01\n", "٢٠٢٦-01-01", "10000-01-01", "2026-W06-5", "tomorrow"]
        instants = ["", "2026-02-06", "2026-02-06 20:00", "2026-02-06T24:00", "2026-02-06T20:60", "2026-02-06T20:00:60", "T20:00",
                    "2026-02-06T20", "2026-02-06T20:00.5", "2026-02-06T20:00:00.", "2026-02-06T20:00:00,5", "2026-02-06T20:00Z\n",
                    "2026-02-06T20:00+0900", "2026-02-06T20:00+9:00", "2026-02-06T20:00+24:00", "2026-02-06T20:00+09:60"]
        times = ["", "9:00", "09:60", "09:00:60", "09", "0900", "09:00Z", "09:00:00.5", "09:00\n", "24:01", "24:00:01", "25:61",
                 "-1:00", "noon"]
        self.judge(self.table([
            ((*entry, "start_date"), ["2024-02-29", "0001-01-01"], dates),
            ((*entry, "end_date"), ["2026-02-06", "9999-12-31"], dates),
            ((*entry, "except_dates", 0), ["2026-12-31"], dates),
            ((*entry, "start"), ["2026-02-06T20:00", "2026-02-06t19:00:00z", "2026-02-06T00:00:59-00:00",
                                 "2026-02-06T20:00:00.123456789+23:59"], instants),
            ((*entry, "end"), ["2027-02-06T20:00", "2026-02-07T07:10Z"], instants),
            ((*entry, "start_time"), ["00:00", "23:59:59"], [*times, "24:00", "24:00:00"]),
            ((*entry, "end_time"), ["00:00", "24:00", "24:00:00"], times),
        ]))

    def test_texts(self):
        sha, file = "0123456789abcdefABCDEF" * 3, ("files", "a.jpg")
        self.judge(self.table([
            (("spots", "films", "background"), ["#000", "#FfF", "#0a0B0c"],
             ["", "fff", "#ff", "#ffff", "#ggg", "#fffffff", "#fff\n", "#한한한", "# ff"]),
            (("house",), ["#000", "#0a0B0c", "a.jpg"], ["", "#", "#ff", "#000.jpg", "/a.jpg", "a.jpg/"]),
            (("timezone",), ["UTC", "Etc/GMT+9", "a/b_c/D-1", "x" * 64],
             ["", "/UTC", "Asia/", "Asia//Seoul", "Asia Seoul", "../x", "x" * 65, "UTC\n", "서울"]),
            (("channel",), ["seoul-2", "a_b", "a.b", "2x", "x" * 64], ["", "Seoul", "-a", ".a", "_a", "a b", "x" * 65, "a\n", "서울"]),
            (("name",), ["", "x" * 200, "한 夜"], ["x" * 201, "a\nb", "\x7f", "\x80", "\x9f", "\t"]),
            ((*file, "sha256"), [sha[:64]], [sha[:63], sha[:65], sha[:63] + "g", sha[:64] + "\n", ""]),
            ((*file, "url"), ["a", "/a", "//host/a", "http://", "https://h/a?b#c", "a/b:c", "1:2", "%20", "x" * 1024],
             ["", "x" * 1025, "ftp://h/a", "HTTP://h/a", "http:/h", "https:", "C:a", "a b", "a\\b", "\x7f", "한", "a\n", "http://h/ "]),
            ((*file, "codec"), ["h264", "A.b_c-1", "x" * 64], ["", "x" * 65, "h 264", "h/264", "h264\n", "한"]),
            (("spots", "words", "tagline"), ["x", " x ", "a\nb", "한", "x" * 2000, "\u3000伟", "\u200b\u0301"],
             ["", " ", "\n", "\u00a0\u3000", "\u200b\u200d\ufeff", "\u2028", "\u3164", "x" * 2001, "a\tb", "a\r\nb", "\x7fa", "\x85a"]),
        ]))

    def test_a_character_more(self):
        self.judge([((place, mark), changed(*place, to=look_up(EVERYTHING, place) + mark), None)
                    for _, place in places(str) for mark in CHARACTERS])

    def test_paths(self):
        right = ["a", "a.jpg", "../a.jpg", "../../a", "./a", ".a", "..a", "...", "a/../b", "dir/a:b", "1:a", "a b", "한글/그림.jpg",
                 "a?b#c%20", "~/a", "x" * 1024, "a\u2028/b", "..\u2028", "-"]
        wrong = ["", "/", "/a", "//a", "a//b", "a/", ".", "..", "a/.", "a/..", "../", "\\a", "a\\b", "C:a", "C:/a", "http://h/a",
                 "file:a", "a+b-c.d:e", "x" * 1025, "a\n", "a\tb", "\x7f", "a\x85", "\u2028//a", "\u2028/.."]
        bare, file = without(EVERYTHING, ("files",)), {"sha256": "0" * 64, "bytes": 1}
        spots = [("picture", "image"), ("film", "video"), ("ducklings", "image", "landscape"), ("films", "video", "portrait")]
        cases = []
        for path in right + wrong:
            for place in [("spots", *spot) for spot in spots] + [("styles", "small", "font"), ("styles", "headline", "font", "ko")]:
                cases.append((place, text_of(plant(bare, place, path)), path in right))
            used = {"format": "duckling/1", "spots": {"a": {"image": path}}, "files": {path: file}}
            cases.append(("files", text_of(used), path in right))
        cases += [("unused file", changed("files", path, to=file), False) for path in wrong]
        self.judge(cases)

    def test_names_and_tags(self):
        plain = {"format": "duckling/1", "styles": {}, "spots": {"a": {"tagline": "x"}}, "loops": {"a": ["a"]}}
        cases = []
        for names, right in ((["x" * 200, "한", " ", "\u00a0", "$"], True), (["", "x" * 201, "a\n", "\x7f", "\x9f"], False)):
            for member, value in (("styles", {}), ("spots", {"tagline": "x"}), ("loops", ["a"])):
                cases += [((member, name), text_of(plant(plain, (member, name), value)), right) for name in names]
        longest = "-".join(["1234567"] * 8) + "-"  # 64 bytes
        right = ["ko", "zh-Hans-CN", "12345678", "a-1", longest[:-1], longest[8:] + "12345678"]
        wrong = ["", "zh_Hans", "-ko", "ko-", "zh--Hans", "123456789", longest, longest + "a", "한", "ko\n", "ko "]
        for tag in right + wrong:
            for place, value in ((("spots", "a", "tagline"), {tag: "x"}), (("styles", "a"), {"font": {tag: "x"}})):
                cases.append(((place, tag), text_of(plant(plain, place, value)), tag in right))
        self.judge(cases)

    def test_what_goes_together(self):
        spot = EVERYTHING["spots"]["ducklings"]
        cases = [("both", changed("spots", "ducklings", to={**spot, "video": "c.mp4"}), False),
                 ("neither", changed("spots", "words", to={"duration": 3, "focus": [0, 0]}), False),
                 ("tagline alone", changed("spots", "words", to={"tagline": "x", "focus": [0, 0], "volume": 1}), True),
                 ("one shape", changed("spots", "wall", "image", to={"landscape": "a.jpg"}), True),
                 ("one shape", changed("spots", "wall", "image", to={"square": "a.jpg"}), True),
                 ("no shape", changed("spots", "wall", "image", to={}), False),
                 ("shapes in a shape", changed("spots", "wall", "image", to={"wide": {"wide": "a.jpg"}}), False),
                 ("a shape in capitals", changed("spots", "wall", "image", to={"Wide": "a.jpg"}), False)]
        loops, schedule = {"loops": {"a": ["a"]}}, {"schedule": [{"loop": "a"}]}
        shortest = {"format": "duckling/1", "spots": {"a": {"image": "a.jpg"}}}
        for more, right in (({}, True), (loops, True), (schedule, False), ({"fallback": "a"}, False), ({"styles": {}}, True),
                            ({**loops, **schedule, "fallback": "a"}, True), ({"loops": {}}, False), ({**loops, "schedule": []}, False)):
            cases.append((more, text_of({**shortest, **more}), right))
        cases += [("root", text, False) for text in ("[]", "{}", '"duckling/1"', "null", "1")]
        self.judge(cases)

    def test_rules_that_a_schema_cannot_say(self):
        for name, rule in RULES.items():
            with self.subTest(name):
                self.assertIn(rule.comment, SCHEMA["$comment"])
                self.assertTrue(rule.examples and rule.reason)
                for text, faults in zip(rule.examples, parse(rule.examples)):
                    document = json.loads(text)
                    self.assertTrue(self.validator.is_valid(document), text[:1500])
                    self.assertTrue(faults, text[:1500])
                    self.assertEqual([fault for fault in faults if not rule.excuses(document, fault)], [], text[:1500])
        self.assertEqual(len(RULES), len(re.findall(r"\(\d+\)", SCHEMA["$comment"])))


class Document(unittest.TestCase):
    """The schema as what an editor shows."""

    def test_is_a_schema(self):
        Draft202012Validator.check_schema(SCHEMA)
        values = [look_up(SCHEMA, place) for place in pointers(SCHEMA)]
        patterns = [v["pattern"] for v in values if isinstance(v, dict) and isinstance(v.get("pattern"), str)]
        self.assertGreater(len(patterns), 12)
        # So that check_pattern may replace each $.
        self.assertEqual([p for p in patterns if re.search(r"\\\$|\[[^\]]*\$", p)], [])

    def test_each_member_has_words_and_right_examples(self):
        for place, schemas in KNOWN.items():
            if place[-1:] == ("*",) and schemas[0].get("type") not in ("object", "array"):
                continue
            for schema in schemas:
                with self.subTest(place):
                    self.assertTrue(schema.get("title") and schema.get("examples"), schema)
                    self.assertRegex(schema.get("description", ""), r"\.$")
                    inner = Validator({**schema, "$defs": SCHEMA["$defs"]})
                    for example in schema["examples"] + ([schema["default"]] if "default" in schema else []):
                        self.assertEqual([error.message for error in inner.iter_errors(example)], [])

    def test_has_every_key_and_word_of_the_parser(self):
        """The parser's own tables, and no more than they hold."""
        tables = set()
        for source in (TOP / "player/playlist").glob("playlist_*.c"):
            for table in re.findall(r"\*const [A-Z_]+\[\] = \{(.*?)\};", source.read_text(), re.DOTALL):
                tables.update(re.findall(r'"([^"]+)"', table))
        tables.update(re.findall(r'\{"([a-z]+)", \d+, \d+\}', (TOP / "player/core/shape.c").read_text()))
        tables.update(re.findall(r'\{\.name = "([a-z]+)"', (TOP / "player/core/transition.c").read_text()))
        languages = {place[-1] for place in KNOWN if place[-2:-1] == ("tagline",)}
        known = {place[-1] for place in KNOWN if place and place[-1] != "*"} - languages
        known |= {word for schemas in KNOWN.values() for schema in schemas for word in schema.get("enum", [])}
        self.assertEqual(known, tables)


if __name__ == "__main__":
    tap.main()
