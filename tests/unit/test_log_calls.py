"""Every call of the log: its module is its file, its format is a message and then keys that a program can take apart, and
packaging/doc/log.md explains it."""
import re
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
CATALOGUE = TOP / "packaging/doc/log.md"
CALL = re.compile(r"\blog_(error|warn|info|debug)\(")
# The log's own lines, in log.c.
OWN = re.compile(r'put_own_line\(LOG_LEVEL_([A-Z]+), "((?:[^"\\]|\\.)*)"')
STRING = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(PRI[diux](?:8|16|32|64)))')
KEYED = re.compile(r' [a-z_][a-z0-9_]*=(?:"[^"]*"|[^\s"]+)')
RESERVED = {"time", "level", "module", "message", "cut"}


def calls(text):
    """(level, format) of each call; both formats where one is chosen by a condition, None where it is no literal."""
    for call in CALL.finditer(text):
        at, parts, found = call.end(), "", False
        condition = re.compile(r"\s*[\w>.\-]+\s*\?").match(text, at)
        at = condition.end() if condition else at
        while True:
            piece = STRING.match(text, at)
            if piece:
                parts, found = parts + (piece[1] if piece[1] is not None else "d"), True
                at = piece.end()
            elif found and condition and text[at:].lstrip().startswith(":"):
                yield call[1], parts.replace('\\"', '"')
                parts, condition, at = "", None, text.index(":", at) + 1
            else:
                break
        yield call[1], parts.replace('\\"', '"') if found else None


def message_and_keys(text):
    """A format in two: its message, and the keys of its values, separated by blanks."""
    key = re.search(r" [a-z_][a-z0-9_]*=", text)
    message, values = (text[:key.start()], text[key.start():]) if key else (text, "")
    return message, " ".join(re.findall(r'([a-z_][a-z0-9_]*)=(?:"[^"]*"|\S+)', values))


def catalogue(text):
    """The rows of log.md: (level, module, message, keys), and what it means and what to do."""
    rows = []
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if len(cells) == 6 and cells[0] in ("error", "warn", "info", "debug"):
            rows.append((cells[0], cells[1], cells[2].strip("`"), cells[3], cells[4], cells[5]))
    return rows


def fault_of(text):
    """What is wrong with a format, or None."""
    if text is None:
        return "the format is no literal"
    key = re.search(r"(?:^| )[a-z_][a-z0-9_]*=", text)
    message, values = (text[:key.start()], text[key.start():]) if key else (text, "")
    if not message or "=" in message or message != message.strip():
        return f"no message before the keys: {text}"
    if "".join(KEYED.findall(values)) != values:
        return f"more than keys after the message: {text}"
    keys = re.findall(r'([a-z_][a-z0-9_]*)=(?:"[^"]*"|\S+)', values)
    if len(set(keys)) != len(keys) or RESERVED & set(keys):
        return f"a key twice, or one of the log's own: {text}"
    if re.search(r": %s$", text):
        return f"a cause that is no reason=\"%s\": {text}"
    return None


class LogCalls(unittest.TestCase):
    def sources(self):
        for path in sorted((TOP / "player").rglob("*.c")):
            yield path, path.read_text()

    def test_the_module_is_the_file(self):
        for path, text in self.sources():
            with self.subTest(path.name):
                modules = re.findall(r'^#define LOG_MODULE (.*)$', text, re.MULTILINE)
                logs = CALL.search(text) or path.name == "log.c"
                self.assertEqual(modules, [f'"{path.stem}"'] if logs else [])
                self.assertEqual('#include "base/log.h"' in text, bool(CALL.search(text) or re.search(r"\blog_(flush|set_\w+)\(", text)
                                                                      or path.name == "log.c"))

    def test_formats_are_a_message_and_keys(self):
        count = 0
        for path, text in self.sources():
            for _, found in calls(text):
                with self.subTest(path.name, format=found):
                    count += 1
                    self.assertIsNone(fault_of(found))
        self.assertGreater(count, 90)

    def test_faults_are_found(self):
        for text in ("x=%d", "m x=%d: %s", "m x=%d x=%d", "m %s=%d", "m x=\"%s\" (%s)", "m time=%d", "m: %s", "m x= y=%d"):
            self.assertIsNotNone(fault_of(text), text)
        for text in ("m", "%s on n=\"%s\" s=%zu", "m size=%dx%d reason=\"%s\""):
            self.assertIsNone(fault_of(text), text)
        self.assertEqual(list(calls('log_warn(a ? "b" : "c"); log_info("d " PRId64 "e=%d", 1); log_error(text);')),
                         [("warn", "b"), ("warn", "c"), ("info", "d de=%d"), ("error", None)])


class Catalogue(unittest.TestCase):
    """log.md has a row for each line that the player can write, and none for another."""

    def written(self):
        own = {(level.lower(), "log", *message_and_keys(found.replace('\\"', '"')))
               for level, found in OWN.findall((TOP / "player/base/log.c").read_text())}
        self.assertEqual(len(own), 2)
        return own | {(level, path.stem, *message_and_keys(found)) for path in sorted((TOP / "player").rglob("*.c"))
                      for level, found in calls(path.read_text()) if found}

    def test_every_line_is_explained(self):
        explained = {row[:4] for row in catalogue(CATALOGUE.read_text())}
        self.assertEqual(sorted(self.written() - explained), [])

    def test_nothing_else_is_explained(self):
        explained = [row[:4] for row in catalogue(CATALOGUE.read_text())]
        self.assertEqual(sorted(set(explained) - self.written()), [])
        self.assertEqual(len(explained), len(set(explained)), "a line is explained twice")

    def test_each_row_says_what_to_do(self):
        for row in catalogue(CATALOGUE.read_text()):
            with self.subTest(row[2]):
                self.assertGreater(len(row[4]), 10)
                self.assertTrue(row[5])

    def test_each_refusal_is_explained(self):
        rows = re.findall(r"^\| `([a-z_]+)` \|", CATALOGUE.read_text(), re.MULTILINE)
        names = [name for file in ("playlist/pointer.c", "sync/trust.c") for name in
                 re.findall(r'\[(?:POINTER|TRUST)_[A-Z_]+\] = \{(?:\.name = )?"([a-z_]+)"', (TOP / "player" / file).read_text())]
        self.assertEqual(sorted(rows), sorted(set(names) - {"new", "same", "none"}))

    def test_a_row_is_read(self):
        self.assertEqual(catalogue("| warn | state | `cannot save` | path reason | the disk is full | free space |\n| level | a | b | c | d | e |"),
                         [("warn", "state", "cannot save", "path reason", "the disk is full", "free space")])
        self.assertEqual(message_and_keys('cannot save path="%s" reason="%s"'), ("cannot save", "path reason"))
        self.assertEqual(message_and_keys("a thing ended"), ("a thing ended", ""))


if __name__ == "__main__":
    tap.main()
