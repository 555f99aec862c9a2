"""Which folder of player/ may include which: player/README.md, "What may include what", held against every #include.

Data goes one way through the folders, so the arrows make no circle; nor do the includes between files."""
import re
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
PLAYER = TOP / "player"

README = PLAYER / "README.md"
# The parts of a command include each other: publish checks, preview plays.
ONE_FOLDER = {f"commands/{command}": "commands" for command in ("check", "doctor", "preview", "publish", "setup")}


def read_arrows(text):
    """{folder: what its files may include beside their own folder}, from player/README.md; "" is player/ itself."""
    block = text.split("## What may include what", 1)[1].split("\n- ", 1)[0]
    arrows, last = {}, None
    for line in block.splitlines():
        arrow = re.match(r"    ([a-z/*]+) +-> (.*)", line)
        if arrow:
            last = {"main*": "", "commands/*": "commands"}.get(arrow[1], arrow[1])
            arrows[last] = arrow[2]
        elif line.startswith("     ") and last is not None:
            arrows[last] += " " + line
    arrows = {folder: [w.strip().removesuffix("/*") for w in words.split(",") if w.strip() not in ("", "nothing")]
              for folder, words in arrows.items()}
    for part in ("film", "text"):
        arrows[f"worker/{part}"] = arrows["worker/*"]
    del arrows["worker/*"]
    return arrows


ARROWS = read_arrows(README.read_text())


def folder_of(path):
    folder = str(Path(path).parent)
    return ONE_FOLDER.get(folder, "" if folder == "." else folder)


def includes(path, text):
    """(including file, included header) for each #include "..." of a source text."""
    return [(path, header) for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', text, re.MULTILINE)]


def all_includes():
    return [pair for path in sorted(PLAYER.rglob("*.[ch]"))
            for pair in includes(str(path.relative_to(PLAYER)), path.read_text())]


def forbidden(pairs):
    found = []
    for path, header in pairs:
        here, there = folder_of(path), folder_of(header)
        allowed = ARROWS.get(here, ())
        if here != there and there not in allowed and header not in allowed:
            found.append(f"{path} includes {header}")
    return found


def circles(edges):
    """The strongly connected parts of a graph with more than one node (Tarjan): each a sorted list."""
    after = {}
    for a, b in edges:
        if a != b:
            after.setdefault(a, set()).add(b)
    number, low, stack, found = {}, {}, [], []

    def visit(node):
        number[node] = low[node] = len(number)
        stack.append(node)
        for following in after.get(node, ()):
            if following not in number:
                visit(following)
                low[node] = min(low[node], low[following])
            elif following in stack:
                low[node] = min(low[node], number[following])
        if low[node] == number[node]:
            at = stack.index(node)
            part, stack[at:] = stack[at:], []
            if len(part) > 1:
                found.append(sorted(part))

    for node in sorted(after):
        if node not in number:
            visit(node)
    return found


def is_one_module(files):
    """feed.c, feed_source.h: a module in several files is named after its main one, and in one folder."""
    return all(f.startswith(files[0] + "_") for f in files[1:])


def module(path):
    return re.sub(r"\.[ch]$", "", path)


class Includes(unittest.TestCase):
    def test_only_allowed_arrows(self):
        pairs = all_includes()
        self.assertGreater(len(pairs), 500)
        self.assertEqual({folder_of(p) for p, _ in pairs} - set(ARROWS), set())
        self.assertEqual(forbidden(pairs), [])

    def test_every_header_is_there(self):
        self.assertEqual([f"{p}: {h}" for p, h in all_includes() if not (PLAYER / h).is_file()], [])

    def test_no_circle_between_folders(self):
        self.assertEqual(circles((folder_of(p), folder_of(h)) for p, h in all_includes()), [])

    def test_no_circle_between_modules(self):
        """A .c and its .h are one file here. Files that include each other are parts of one module, and their names say so."""
        found = circles((module(p), module(h)) for p, h in all_includes())
        self.assertEqual([c for c in found if not is_one_module(c)], [])

    def test_own_header_first(self):
        found = []
        for path in sorted(PLAYER.rglob("*.c")):
            own = str(path.relative_to(PLAYER).with_suffix(".h"))
            headers = [h for _, h in includes("", path.read_text())]
            if own in headers and headers[0] != own:
                found.append(str(path.relative_to(TOP)))
        self.assertEqual(found, [])


class TheCheckItself(unittest.TestCase):
    """A check that finds nothing proves nothing: here it has something to find."""

    def test_finds_an_arrow_that_points_up(self):
        pairs = includes("core/arena.c", '#include "core/arena.h"\n#include "base/clock.h"\n')
        self.assertEqual(forbidden(pairs), ["core/arena.c includes base/clock.h"])

    def test_finds_the_other_side_of_the_wall(self):
        self.assertEqual(forbidden(includes("decode/film_client.c", '#include "worker/worker.h"\n')),
                         ["decode/film_client.c includes worker/worker.h"])

    def test_finds_an_unknown_folder(self):
        self.assertEqual(len(forbidden(includes("attic/old.c", '#include "core/arena.h"\n'))), 1)

    def test_finds_a_circle(self):
        self.assertEqual(circles([("a", "b"), ("b", "c"), ("c", "b")]), [["b", "c"]])
        self.assertEqual(circles([("a", "b"), ("a", "c"), ("b", "c")]), [])

    def test_knows_one_module_by_its_names(self):
        self.assertTrue(is_one_module(["http/http", "http/http_internal"]))
        self.assertFalse(is_one_module(["sync/feed/feed_media", "sync/feed/rollout"]))
        self.assertFalse(is_one_module(["playlist/playlist_parse", "playlist/playlist_texts"]))


if __name__ == "__main__":
    tap.main()
