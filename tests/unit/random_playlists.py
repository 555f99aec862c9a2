"""Playlists for test_schema.py: one with every member, random right ones, and the same with one thing changed."""
import copy
import datetime
import json
import math
import random

# Each way to write a text, for each of a spot's texts.
PLAIN, COLORED = "x", [{"text": "We ", "color": "#fff"}, {"text": "believe."}]
TEXTS_OF_SPOTS = {name: {level: text if name.endswith("one") else dict.fromkeys(("zh-Hans", "zh-Hant", "ko", "en", "fr"), text)
                         for level in ("tagline", "subline", "legal")}
                  for name, text in (("plain-one", PLAIN), ("plain", PLAIN), ("colored-one", COLORED), ("colored", COLORED))}

# Each member that a playlist can have, at least once; nothing in it is wrong.
EVERYTHING = {
    "$schema": "playlist.schema.json",
    "format": "duckling/1",
    "name": "Everything",
    "timezone": "Asia/Seoul",
    "defaults": {"duration": 8, "fit": "cover", "motion": "none",
                 "transition": {"type": "wipe", "duration": 1.2, "direction": "up", "softness": 0.2, "color": "#000000"},
                 "text_transition": {"out": 0, "in": 0}, "text_motion": "none", "background": "#101418", "tagline_style": "headline",
                 "subline_style": "small", "legal_style": "small", "volume": 0.5},
    "styles": {
        "headline": {"font": {"ko": "ko.otf", "en": "en.otf"}, "weight": "bold", "size": 0.08, "color": "#ffffff",
                     "position": "bottom-left", "shadow": True, "scrim": False, "box": [0, 0.5, 1, 0.5], "align": "start",
                     "valign": "top", "max_lines": 2, "tracking": 0.2, "leading": 1, "autospace": 0, "hang": True,
                     "figures": "tabular", "opacity": 0.5},
        "small": {"font": "en.otf", "weight": "regular", "size": {"landscape": 0.08, "portrait": 0.07, "wide": 0.12, "square": 0.09},
                  "position": {"landscape": "left", "portrait": "top", "wide": "center", "square": "bottom"},
                  "box": {"landscape": [0, 0, 1, 1], "portrait": [0.1, 0.1, 0.5, 0.5], "wide": [0, 0, 0.5, 1], "square": [0, 0, 1, 1]},
                  "shadow": {"color": "#123a40", "strength": 0, "blur": 1, "drop": 0.5}, "scrim": "edge"},
    },
    "spots": {
        "ducklings": {"image": {"landscape": "a.jpg", "portrait": "b.jpg"}, "focus": [0.5, 0.4], "motion": "drift-in",
                      "fit": "contain", "duration": 10, "background": "#f60", "volume": 0, "tagline_style": "small",
                      "transition": {"type": "dip", "duration": 2, "color": "#102030", "direction": "left", "softness": 0},
                      "text_transition": {"out": 0, "in": 0}, "text_motion": "rise",
                      "tagline": {"zh-Hans": "相信小的伟大", "zh-Hant": "相信小的偉大", "ko": "작은 것의 위대함을 위하여",
                                  "en": "To the greatness\nof small.", "fr": "À la grandeur du petit."}},
        "film": {"video": "d.mp4", "volume": 1, "transition": "cut"},
        "films": {"video": {"landscape": "c.mp4", "portrait": "d.mp4", "wide": "c.mp4", "square": "d.mp4"}, "transition": "dissolve"},
        "picture": {"image": "a.jpg"},
        "wall": {"image": {"wide": "a.jpg", "square": "b.jpg"},
                 "focus": {"landscape": [0, 1], "portrait": [0.5, 0.5], "wide": [1, 0.25], "square": [0.1, 0.9]}},
        "words": {"tagline": "We believe.", "subline_style": "headline", "legal_style": "headline"},
        "code": {"qr": {"text": "https://example.org/small", "position": "top-left", "size": 0.2, "dark": "#101418", "light": "#fff"}},
        **TEXTS_OF_SPOTS,
    },
    "loops": {"day": ["ducklings", "words", "ducklings"], "night": ["film"]},
    "schedule": [
        {"loop": "day", "start": "2026-02-06T20:00:00+09:00", "end": "2026-02-06T22:10:00.5Z", "start_date": "2026-01-01",
         "end_date": "2026-12-31", "by_day": ["MO", "SU"], "except_dates": ["2026-02-17"], "start_time": "09:00",
         "end_time": "24:00", "priority": 100, "share_of_voice": 0.5, "dim": 0.4},
        {"loop": "night"},
    ],
    "fallback": "night",
    "house": "a.jpg",
    "version": 43,
    "channel": "seoul",
    "files": {path: {"sha256": "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD", "bytes": 482133,
                     "url": "https://media.example.org/" + path, "width": 3840, "height": 2160, "duration_ms": 30000,
                     "fps": 59.94, "codec": "h264"}
              for path in ("a.jpg", "b.jpg", "c.mp4", "d.mp4", "ko.otf", "en.otf")},
}

# One or more of each type that JSON has.
SAMPLES = [None, True, False, 0, 1, -1, 2.5, "", "x", "crossfade", [], ["x"], [0, 1], {}, {"x": 1}, {"en": "x"}]

NAMES = ["a", "day", "A", "큰 화면", "夜", "two words", '"', "\\", "x" * 200, "ㅎ" * 66, "$ref", "__proto__", "🦆"]
PATHS = ["a.jpg", "../b.png", "./c.webp", "x/../y.mp4", "...", "한글/그림 1.jpg", "dir/a:b", "1:x", ".../..x", "x" * 1024, "~", "%41"]
TEXTS = ["x", "One rink.\nA whole country’s dream.", "작은 것의 위대함을 위하여", "相信小的伟大", "🦆", " x ", "x" * 2000, "伟" * 666]
LANGUAGES = ["ko", "zh-Hans", "en", "zh-Hant-TW", "X-1", "a", "12345678-12345678"]
ZONES = ["Asia/Seoul", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+9", "-", "x" * 64]
URLS = ["https://x.example/a?b=c", "http://", "a.jpg", "../%20", "/root", "a/b:c", "x" * 1024]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
POSITIONS = ["top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"]
SHAPES = ["landscape", "portrait", "wide", "square"]
HEX = "0123456789abcdefABCDEF"
WHOLE_MAX = 2 ** 53 - 1
LAST_DAY = datetime.date.max.toordinal()

# What spoils a string, or doesn't.
CHARACTERS = ["\n", " ", "\t", "\x00", "\x7f", "\x85", "/", "//", "\\", ":", "-", "_", ".", "..", "#", "0", "A", "é", "한",
              "\u2028", "🦆"]
STRAY_KEYS = ["stray", "", "durations", "image", "video", "tagline", "loop", "en", "files"]


class Maker:
    """The same playlists for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.paths = []

    def some(self, pool, least=0, most=3):
        return self.random.sample(pool, min(len(pool), self.random.randint(least, most)))

    def members(self, must=None, **makers):
        """An object of all that `must` makes and about half of the others, in any order."""
        chosen = {key: make for key, make in makers.items() if self.random.random() < 0.5}
        chosen.update(must or {})
        keys = list(chosen)
        self.random.shuffle(keys)
        return {key: chosen[key]() for key in keys}

    def pick(self, *words):
        return lambda: self.random.choice(words)

    def number(self, low, high):
        def make():
            value = self.random.uniform(low, high)
            return self.random.choice([low, high, value, min(high, max(low, round(value, 2)))])
        return make

    def whole(self, low, high):
        def make():
            value = self.random.randint(low, high)
            return self.random.choice([low, high, value, float(value)])
        return make

    def color(self):
        return "#" + "".join(self.random.choice(HEX) for _ in range(self.random.choice([3, 6])))

    def path(self):
        self.paths.append(self.random.choice(PATHS))
        return self.paths[-1]

    def visual(self):
        return self.by_shape(self.path)()

    def by_shape(self, make):
        def values():
            return make() if self.random.random() < 0.5 else {shape: make() for shape in self.some(SHAPES, 1, 4)}
        return values

    def by_language(self, make):
        def texts():
            if self.random.random() < 0.4:
                return make()
            return {language: make() for language in self.some(LANGUAGES, 1, 4)}
        return texts

    def transition(self):
        types = self.pick("crossfade", "dissolve", "cut", "wipe", "iris", "dip", "push")
        return types() if self.random.random() < 0.4 else self.members(
            type=types, duration=self.number(0, 10), direction=self.pick("left", "right", "up", "down"),
            softness=self.number(0, 0.5), color=self.color)

    def look(self, styles):
        made = {"duration": self.number(1, 86400),
                "transition": self.transition,
                "text_transition": lambda: self.members(out=self.number(0, 0.5), **{"in": self.number(0, 0.5)}),
                "text_motion": self.pick("none", "rise"),
                "fit": self.pick("cover", "contain", "fill"),
                "motion": self.pick("none", "drift-in", "drift-out", "pan"),
                "background": self.color,
                "volume": self.number(0, 1)}
        return {**made, **{key: self.pick(*styles) for key in ("tagline_style", "subline_style", "legal_style")}} if styles else made

    def style(self):
        return self.members(font=self.by_language(self.path),
                            weight=self.pick("regular", "bold"),
                            size=self.by_shape(self.number(0.01, 0.5)),
                            color=self.color,
                            position=self.by_shape(self.pick(*POSITIONS)),
                            box=self.by_shape(self.box),
                            align=self.pick("start", "center", "end"),
                            valign=self.pick("top", "center", "bottom"),
                            max_lines=self.whole(1, 16),
                            tracking=self.number(-0.02, 0.2),
                            leading=self.number(1, 1.8),
                            autospace=self.number(0, 0.25),
                            hang=self.pick(True, False),
                            figures=self.pick("proportional", "tabular"),
                            opacity=self.number(0, 1),
                            shadow=lambda: self.pick(True, False, self.shadow())(),
                            scrim=self.pick(True, False, "edge"))

    def spans(self):
        return [self.members({"text": self.pick(*TEXTS[:-2])}, color=self.color) for _ in range(self.random.randint(1, 4))]

    def box(self):
        x, y = self.number(0, 0.9)(), self.number(0, 0.9)()
        return [x, y, self.number(0.01, 1 - x)(), self.number(0.01, 1 - y)()]

    def qr(self):
        texts = ("https://example.org/small", "작은 것의 위대함", "BEGIN:VCARD\r\nFN:Duckling\tPlayer\r\nEND:VCARD", "0", "x" * 2000)
        return self.members({"text": self.pick(*texts)}, position=self.pick(*POSITIONS), size=self.number(0.05, 0.5), dark=self.color,
                            light=self.color)

    def shadow(self):
        return self.members(color=self.color, strength=self.number(0, 1), blur=self.number(0, 1), drop=self.number(0, 0.5))

    def spot(self, styles):
        words = self.by_language(lambda: self.random.choice([self.pick(*TEXTS), self.spans])())
        kind = self.random.choice(["image", "video", "tagline", "background", "qr"])
        must = {kind: {"tagline": words, "background": self.color, "qr": self.qr}.get(kind, self.visual)}
        point = self.by_shape(lambda: [self.number(0, 1)(), self.number(0, 1)()])
        made = self.members(must, tagline=words, focus=point, qr=self.qr, **self.look(styles))
        return {**made, **self.members(subline=words, legal=words)} if "tagline" in made else made

    def instant(self, seconds, is_local):
        """Written in one of the many ways; seconds and what is below them may be left off."""
        moment = datetime.datetime(1971, 1, 1) + datetime.timedelta(seconds=seconds)
        offset = "" if is_local else self.random.choice(["Z", "z", "+09:00", "-00:00", "-23:59"])
        if offset[1:]:
            ahead = datetime.timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
            moment += ahead if offset[0] == "+" else -ahead
        text = moment.isoformat(self.random.choice("Tt"), self.random.choice(["minutes", "seconds"]))
        fraction = self.random.choice(["", ".5", ".123456789"]) if text.count(":") == 2 else ""
        return text + fraction + offset

    def date(self):
        return datetime.date.fromordinal(self.random.randint(1, LAST_DAY)).isoformat()

    def daypart(self, loops, share):
        # Two minutes apart at least, since seconds may be left off.
        first = self.random.randint(10 ** 6, 7 * 10 ** 9)
        second = first + self.random.randint(120, 10 ** 8)
        start_is_local, end_is_local = self.random.choices([True, False], k=2)
        days = sorted([self.date(), self.date()])
        times = ["00:00", "09:30", "23:59:59", "12:00:00"]
        return self.members({"loop": self.pick(*loops)},
                            start=lambda: self.instant(first, start_is_local),
                            end=lambda: self.instant(second, end_is_local),
                            start_date=lambda: days[0],
                            end_date=lambda: days[1],
                            by_day=lambda: self.some(WEEKDAYS, 1, 7),
                            except_dates=lambda: [self.date() for _ in range(self.random.randint(0, 4))],
                            start_time=self.pick(*times),
                            end_time=self.pick("24:00", "24:00:00", *times),
                            priority=self.whole(-1000000, 1000000),
                            share_of_voice=self.number(0.000001, share),
                            dim=self.number(0, 1))

    def schedule(self, loops):
        # The sum of the shares stays below 1, so that no entry can be left without one.
        count = self.random.randint(1, 4)
        return [self.daypart(loops, 0.9 / count) for _ in range(count)]

    def file(self):
        return self.members({"sha256": lambda: "".join(self.random.choice(HEX) for _ in range(64)),
                             "bytes": self.whole(1, WHOLE_MAX)},
                            url=self.pick(*URLS),
                            width=self.whole(1, 65535),
                            height=self.whole(1, 65535),
                            duration_ms=self.whole(1, 86400000),
                            fps=self.number(0.001, 1000),
                            codec=self.pick("h264", "a.b_C-1", "x" * 64))

    def playlist(self):
        """One without a fault."""
        self.paths = []
        styles, spots, loops = self.some(NAMES), self.some(NAMES, 1, 4), self.some(NAMES, 1, 3)
        made = self.members({"format": lambda: "duckling/1", "spots": lambda: {name: self.spot(styles) for name in spots}},
                            **{"$schema": self.pick("playlist.schema.json", "", "\n")},
                            name=self.pick("", *NAMES),
                            timezone=self.pick(*ZONES),
                            version=self.whole(1, WHOLE_MAX),
                            channel=self.pick("seoul", "a.b_c-", "x" * 64, "0"),
                            defaults=lambda: self.members(**self.look(styles)))
        if styles:
            made["styles"] = {name: self.style() for name in styles}
        if self.random.random() < 0.7:
            made["loops"] = {name: self.random.choices(spots, k=self.random.randint(1, 5)) for name in loops}
            made.update(self.members(schedule=lambda: self.schedule(loops), fallback=self.pick(*loops)))
        made.update(self.members(house=self.random.choice([self.color, self.visual])))
        if self.random.random() < 0.3:
            made["files"] = {path: self.file() for path in self.paths}
        return made

    def spoil_text(self, text):
        at, mark = self.random.randint(0, len(text)), self.random.choice(CHARACTERS)
        return self.random.choice([text[:at] + mark + text[at:], text[:at] + mark + text[at + 1:], text + mark, mark + text, mark,
                                   text[:at], "", text.swapcase(), text * 300, text + "Z"])

    def spoil_number(self, number):
        return self.random.choice([-number, number + 1, number - 1, number + 0.5, number * 1e6, number / 1e7, 1e308, -1e308, 0, 1,
                                   2 ** 63, math.nextafter(number, math.inf), math.nextafter(number, -math.inf), float(number),
                                   str(number)])

    def spoil_list(self, items):
        return self.random.choice([[], items * 2, items[1:], [items], [*items, None], [*items, "x"]])

    def spoil_object(self, value):
        key = self.random.choice(list(value) or ["x"])
        return self.random.choice([
            {},
            [value],
            {k: v for k, v in value.items() if k != key},
            {self.spoil_text(k) if k == key else k: v for k, v in value.items()},
            {**value, self.random.choice(STRAY_KEYS): self.random.choice(SAMPLES)}])

    def spoil_value(self, value):
        spoil = {str: self.spoil_text, int: self.spoil_number, float: self.spoil_number, list: self.spoil_list,
                 dict: self.spoil_object}.get(type(value))
        if not spoil or self.random.random() < 0.25:
            return self.random.choice(SAMPLES)
        return spoil(value)

    def mutant(self, playlist):
        """A copy with one thing changed, and where."""
        place = self.random.choice(list(pointers(playlist)))
        return plant(playlist, place, self.spoil_value(look_up(playlist, place))), place


def pointers(value, place=()):
    """The places of a value and of all that is in it: tuples of keys and indexes."""
    yield place
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from pointers(value[key], (*place, key))


def look_up(value, place):
    for key in place:
        value = value[key]
    return value


def plant(value, place, new):
    """A copy that has `new` at a place."""
    if not place:
        return new
    value = copy.deepcopy(value)
    look_up(value, place[:-1])[place[-1]] = new
    return value


def without(value, place):
    """A copy that has nothing at a place."""
    value = copy.deepcopy(value)
    del look_up(value, place[:-1])[place[-1]]
    return value


def text_of(value):
    return json.dumps(value, ensure_ascii=False)
