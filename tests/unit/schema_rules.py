"""What the playlist's parser refuses and no schema can say, for test_schema.py."""
import datetime
import re

from random_playlists import EVERYTHING, look_up, plant, pointers, text_of, without


class Rule:
    """words: a pattern of the parser's faults. comment: what the schema's $comment calls it. reason: why a schema can't say it.
    examples: JSON texts that break this rule alone. condition: what must be true of a document, besides, to excuse a fault."""

    def __init__(self, words, comment, reason, examples, condition=lambda document: True):
        self.words, self.comment, self.reason = re.compile(words), comment, reason
        self.examples, self.condition = examples, condition

    def excuses(self, document, fault):
        return bool(self.words.search(fault["text"])) and self.condition(document)


def changed(*place, to):
    """EVERYTHING with one value changed."""
    return text_of(plant(EVERYTHING, place, to))


def scheduled(*dayparts):
    """A plain playlist with these dayparts, all of loop a."""
    return text_of({"format": "duckling/1", "spots": {"a": {"tagline": "x"}}, "loops": {"a": ["a"]},
                    "schedule": [{"loop": "a", **daypart} for daypart in dayparts]})


def added(member, name, value):
    """EVERYTHING, not compiled, with one spot, style or loop more."""
    return text_of(plant(without(EVERYTHING, ("files",)), (member, name), value))


def all_texts(document):
    """All strings and keys."""
    for place in pointers(document):
        value = look_up(document, place)
        yield from [value] if isinstance(value, str) else value if isinstance(value, dict) else []


def holds_long_text(document):
    return any(not text.isascii() and len(text.encode()) > 200 for text in all_texts(document))


def holds_spans(document):
    return any(isinstance(look_up(document, place), list) and {"tagline", "subline", "legal"} & set(place[-2:])
               for place in pointers(document))


def holds_strange_date(document):
    for text in all_texts(document):
        if re.match(r"\d{4}-\d\d-\d\d", text, re.ASCII):
            try:
                datetime.date.fromisoformat(text[:10])
            except ValueError:
                return True
    return False


LONG = "한" * 67  # 201 bytes
RULES = {
    "dangling name": Rule(
        r"^there is no (spot|loop|style) \"",
        "(1) a name that stands for nothing",
        "a schema can't compare a value with keys elsewhere",
        [changed("loops", "day", 1, to="swans"),
         changed("fallback", to="dusk"),
         changed("schedule", 0, "loop", to="Day"),
         changed("defaults", "tagline_style", to="big"),
         changed("spots", "words", "tagline_style", to="headlines")]),
    "calendar": Rule(
        r"^must be a (date|time) such as \"2026",
        "(2) a date that no calendar has",
        "a pattern that knows leap years would be no help to who reads it in an editor",
        [scheduled({"start_date": "2026-02-30"}),
         scheduled({"start_date": "2100-02-29"}),
         scheduled({"end_date": "2026-02-29"}),
         scheduled({"end_date": "2026-04-31"}),
         scheduled({"except_dates": ["2026-12-31", "2026-11-31"]}),
         scheduled({"start": "2026-02-29T00:00:00Z"}),
         scheduled({"end": "2026-06-31T10:00"})],
        holds_strange_date),
    "key given twice": Rule(
        r"^is given twice, ",
        "(3) a key that its object has already",
        "JSON readers keep one of them before a schema sees any",
        ['{"format": "duckling/1", "format": "duckling/1", "spots": {"a": {"tagline": "x"}}}',
         '{"format": "duckling/1", "spots": {"a": {"tagline": "x"}, "\\u0061": {"tagline": "y"}}}']),
    "bytes": Rule(
        r"(is longer than (200|1024) bytes|^has \d+ bytes; at most 2000 are allowed)$",
        "(4) lengths",
        "a schema counts characters",
        [changed("name", to=LONG),
         changed("spots", "words", "tagline", to="伟" * 667),
         added("spots", "a", {"image": "é" * 513}),
         added("spots", LONG, {"tagline": "x"}),
         added("styles", LONG, {}),
         added("loops", LONG, ["film"])],
        holds_long_text),
    "end before start": Rule(
        r"^must (be after \"start\"|not be before \"start_date\"): ",
        "(5) an end that is not after its start",
        "a schema can't compare two values",
        [scheduled({"start": "2026-02-06T20:00:00+09:00", "end": "2026-02-06T11:00:00Z"}),
         scheduled({"start": "2026-02-06T20:00", "end": "2026-02-06T19:59"}),
         scheduled({"start_date": "2026-02-06", "end_date": "2026-02-05"})]),
    "shares": Rule(
        r"^(the share_of_voice of the \d+ always-running entries |never runs: )",
        "(6) shares of voice",
        "a schema can't add",
        [scheduled({"share_of_voice": 0.6}, {"share_of_voice": 0.6}),
         scheduled({"share_of_voice": 1}, {})]),
    "files": Rule(
        r"^(is missing from \"files\": |is not used by any spot or style: )",
        "(7) a path that is not among files",
        "a schema can't compare a value with keys elsewhere",
        [changed("spots", "picture", "image", to="other.jpg"),
         changed("files", "other.jpg", to={"sha256": "0" * 64, "bytes": 1}),
         text_of(without(EVERYTHING, ("files", "ko.otf")))]),
    "language given twice": Rule(
        r"^is the same language as \"",
        "(8) two tags of one language",
        "a schema compares keys letter by letter",
        [changed("spots", "words", "tagline", to={"ko": "x", "KO": "y"}),
         added("styles", "x", {"font": {"zh-Hans": "a", "zh-hans": "b"}})]),
    "size of the file": Rule(
        r"^the file has \d+ bytes; at most 1048576 are allowed$",
        "(9) a file of more than 1,048,576 bytes",
        "a schema sees values, not files",
        [text_of(EVERYTHING) + " " * (1 << 20)]),
    "characters": Rule(
        r"^not valid JSON .*(\\u0000|four digits)",
        "(10) the character U+0000",
        "readers of JSON differ there, and a schema sees what they made of it",
        ['{"format": "duckling/1", "$schema": "\\u0000", "spots": {"a": {"tagline": "x"}}}',
         '{"format": "duckling/1", "spots": {"a": {"tagline": "x\\ud800"}}}',
         '{"format": "duckling/1", "spots": {"\\udfff": {"tagline": "x"}}}']),
    "parts of a text's transition": Rule(
        r"^out and in are .* together more than 1: ",
        "(11) parts of a text_transition",
        "a schema can't add",
        [changed("defaults", "text_transition", to={"out": 0.5, "in": 0.51}),
         changed("defaults", "text_transition", to={"out": 0.7}),
         changed("spots", "words", "text_transition", to={"out": 0.5, "in": 0.6})]),
    "spans as a whole": Rule(
        r"^its texts have more than 2000 bytes|^is blank: |^has \d+ bytes; at most 2000",
        "(13) spans whose texts",
        "a schema can't add",
        [changed("spots", "colored-one", "tagline", to=[{"text": "x" * 2000}, {"text": "x"}]),
         changed("spots", "colored-one", "tagline", to={"en": [{"text": " "}, {"text": ""}]})],
        holds_spans),
    "box beyond the screen": Rule(
        r"^reaches beyond the screen: |^its width and its height must be at least",
        "(12) a box within the screen",
        "a schema can't add",
        [changed("styles", "small", "box", to=[0.5, 0, 0.51, 1]),
         changed("styles", "small", "box", to={"wide": [0, 0.3, 0.1, 0.8]}),
         changed("styles", "small", "box", to=[0, 0, 0, 1])]),
}
