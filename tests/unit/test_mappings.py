"""Where files are mapped into memory. When a mapped file gets shorter, or its disk fails, whoever looks at it dies of SIGBUS: so
the player's process maps nothing but what its workers have sealed, and files of others are mapped in workers only, if at all."""
import re
import unittest
from pathlib import Path

import tap

TOP = Path(__file__).resolve().parent.parent.parent
SEALED = {"film_client.c", "picture_client.c"}  # in the player: a worker's memory, sealed against shrinking
DEVICES = {"kms_calls.c"}  # a graphics card's memory is no file: nobody can shorten it
WORKERS = {"linebreak_words.c", "still.c", "worker_film.c", "worker_picture.c"}


class Mappings(unittest.TestCase):
    def test_the_player_maps_no_file_that_others_can_change(self):
        sources = {path.name: path.read_text() for path in (TOP / "player").rglob("*.c")}
        found = {name for name, text in sources.items() if re.search(r"\bmmap(64)?\(", text)}
        self.assertEqual(found, SEALED | DEVICES | WORKERS)
        for name in SEALED:
            self.assertIn("F_SEAL_SHRINK", sources[name])
            self.assertIn("F_GET_SEALS", sources[name])


if __name__ == "__main__":
    tap.main()
