"""Which folder of player/ may include which: player/README.md, "What may include what", held against every #include.

Data goes one way through the folders, so the arrows make no circle; nor do the includes between files."""
import re
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
PLAYER = TOP / "player"

# A folder, and the folders (or single headers) that its files may include, beside its own.
ARROWS = {
    "": "commands worker base/log.h decode/worker_process.h sandbox/protocol.h",
    "commands": "target playout screen sync sync/feed sync/store decode sandbox/protocol.h http programme playlist base core",
    "playout": "screen sound sync sync/feed sync/store decode sandbox/protocol.h programme playlist base core",
    "target": "http base core",
    "sync/feed": "sync/store sync http playlist base core",
    "sync": "http playlist base core",
    "sync/store": "base core",
    "worker": "worker/film worker/text sandbox playlist base core",
    "worker/film": "sandbox playlist base core",
    "worker/text": "sandbox playlist base core",
    "decode": "sandbox playlist base core",
    "sandbox": "playlist core",
    "screen": "base core",
    "sound": "base core",
    "http": "base core",
    "programme": "playlist core",
    "playlist": "core",
    "base": "core",
    "core": "",
}
# The parts of a command include each other: publish checks, preview plays.
ONE_FOLDER = {"commands/check": "commands", "commands/preview": "commands", "commands/publish": "commands"}


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
        allowed = ARROWS.get(here, "").split()
        if here != there and there not in allowed and header not in allowed:
            found.append(f"{path} includes {header}")
    return found


def circle(edges):
    """A list of nodes that lead back to the first, or [] where there is none."""
    after = {}
    for a, b in edges:
        if a != b:
            after.setdefault(a, set()).add(b)
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):]
        if node in done:
            return []
        path.append(node)
        for following in sorted(after.get(node, ())):
            found = visit(following)
            if found:
                return found
        path.pop()
        done.add(node)
        return []

    for start in sorted(after):
        found = visit(start)
        if found:
            return found
    return []


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
        self.assertEqual(circle((folder_of(p), folder_of(h)) for p, h in all_includes()), [])

    def test_no_circle_between_modules(self):
        """A pair of .c and .h is one module; a module in several .c files shares an _internal.h or its one header."""
        self.assertEqual(circle((module(p), module(h)) for p, h in all_includes()), [])

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
        self.assertEqual(circle([("a", "b"), ("b", "c"), ("c", "b")]), ["b", "c"])
        self.assertEqual(circle([("a", "b"), ("a", "c"), ("b", "c")]), [])


if __name__ == "__main__":
    tap.main()
