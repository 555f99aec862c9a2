"""The player's log, taken apart (player/base/log_render.h says how it is written). Strict: a line that is none is a ValueError."""
import json
import re

LEVELS = ("error", "warn", "info", "debug")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
BARE = re.compile(r"[A-Za-z0-9._:/+@%,~-]+")
KEY = re.compile(r" ([a-z_][a-z0-9_]*)=")
HEAD = re.compile(rf"(?:({TIME}) |<([3-7])>)?(error|warn|info|debug) ([a-z0-9_]+): ")
ESCAPE = re.compile(r'\\(?:([\\"=nrt])|x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\})')
PLAIN = {"n": "\n", "r": "\r", "t": "\t"}
# Controls of C0 and C1, of writing direction, separators of lines, the byte order mark.
DECEPTIVE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


class Line:
    """time (text, or None), priority (of the journal, or None), level, module, message, and values by key."""

    def __init__(self, time, priority, level, module, message, values):
        self.time, self.priority, self.level, self.module = time, priority, level, module
        self.message, self.values = message, values


def unescape(text):
    """What it stands for. Bytes that are no UTF-8 come back as os.fsdecode has them."""
    out, at = bytearray(), 0
    for found in ESCAPE.finditer(text):
        if found.start() < at:
            continue
        between = text[at:found.start()]
        if "\\" in between:
            raise ValueError(f"a backslash that escapes nothing: {text!r}")
        out += between.encode()
        if found[1]:
            out += PLAIN.get(found[1], found[1]).encode()
        elif found[2]:
            out.append(int(found[2], 16))
        else:
            out += chr(int(found[3], 16)).encode()
        at = found.end()
    if "\\" in text[at:]:
        raise ValueError(f"a backslash that escapes nothing: {text!r}")
    return (bytes(out) + text[at:].encode()).decode(errors="surrogateescape")


def _quoted(line, at):
    """The quoted value that begins at `at`, and where it ends."""
    found = re.compile(r'"((?:[^"\\]|\\.)*)"').match(line, at)
    if not found:
        raise ValueError(f"a quote that is not closed: {line!r}")
    return unescape(found[1]), found.end()


def parse(line):
    """A line of --log-format text, without its end."""
    if DECEPTIVE.search(line):
        raise ValueError(f"a control that is not escaped: {line!r}")
    head = HEAD.match(line)
    if not head:
        raise ValueError(f"no time, level and module: {line!r}")
    key = KEY.search(line, head.end() - 1)
    message = line[head.end():key.start() if key and key.start() >= head.end() else head.end() if key else len(line)]
    if not message:
        raise ValueError(f"no message: {line!r}")
    if re.search(r"(?<!\\)(?:\\\\)*=", message):
        raise ValueError(f"an equals sign in the message: {line!r}")
    values, at = {}, key.start() if key else len(line)
    while at < len(line):
        key = KEY.match(line, at)
        if not key:
            raise ValueError(f"no key at {at}: {line!r}")
        if key[1] in values:
            raise ValueError(f"twice the key {key[1]}: {line!r}")
        at = key.end()
        if line[at:at + 1] == '"':
            values[key[1]], at = _quoted(line, at)
            continue
        bare = BARE.match(line, at)
        if not bare:
            raise ValueError(f"no value of {key[1]}: {line!r}")
        values[key[1]], at = bare[0], bare.end()
    return Line(head[1], head[2], head[3], head[4], unescape(message), values)


def parse_json(line):
    """A line of --log-format json, without its end."""
    if DECEPTIVE.search(line):
        raise ValueError(f"a control that is not escaped: {line!r}")

    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError(f"twice the same key: {line!r}")
        return dict(pairs)
    priority = re.match(r"<([3-7])>", line)
    members = json.loads(line[3:] if priority else line, object_pairs_hook=once)
    time, level, module, message = (members.pop(name) for name in ("time", "level", "module", "message"))
    if not re.fullmatch(TIME, time) or level not in LEVELS or not re.fullmatch("[a-z0-9_]+", module):
        raise ValueError(f"no time, level and module: {line!r}")
    return Line(time, priority and priority[1], level, module, message, members)


def readable(line):
    """For tests that look for words: without its time, and with quotes, equals signs and backslashes as they were."""
    return re.sub(r'\\(["=\\])', r"\1", re.sub(rf"^{TIME} ", "", line))
