"""Every call of the log: its module is its file, and its format is a message and then keys that a program can take apart."""
import re
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
CALL = re.compile(r"\blog_(?:error|warn|info|debug)\(")
STRING = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(PRI[diux](?:8|16|32|64)))')
KEYED = re.compile(r' [a-z_][a-z0-9_]*=(?:"[^"]*"|[^\s"]+)')
RESERVED = {"time", "level", "module", "message", "cut"}


def formats(text):
    """The format of each call; both where it is chosen by a condition."""
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
                yield parts.replace('\\"', '"')
                parts, condition, at = "", None, text.index(":", at) + 1
            else:
                break
        yield parts.replace('\\"', '"') if found else None


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
            for found in formats(text):
                with self.subTest(path.name, format=found):
                    count += 1
                    self.assertIsNone(fault_of(found))
        self.assertGreater(count, 90)

    def test_faults_are_found(self):
        for text in ("x=%d", "m x=%d: %s", "m x=%d x=%d", "m %s=%d", "m x=\"%s\" (%s)", "m time=%d", "m: %s", "m x= y=%d"):
            self.assertIsNotNone(fault_of(text), text)
        for text in ("m", "%s on n=\"%s\" s=%zu", "m size=%dx%d reason=\"%s\""):
            self.assertIsNone(fault_of(text), text)
        self.assertEqual(list(formats('log_warn(a ? "b" : "c"); log_info("d " PRId64 "e=%d", 1); log_error(text);')),
                         ["b", "c", "d de=%d", None])


if __name__ == "__main__":
    tap.main()
