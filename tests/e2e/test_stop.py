"""Whatever a player does when it is asked to stop, it stops by itself, and well. (How soon it is made to: tests/faults/test_disk_hang.py.)"""
import socket
import tempfile
import unittest
from pathlib import Path

import films
import tap
from player import Player, children, playlist


class Stop(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def stop_well(self, player):
        workers = children(player.process.pid)
        self.assertEqual(player.stop(), 0, player.log())
        self.assertNotIn("cannot stop in time", player.log())
        for worker in workers:  # reaped, so that nothing of them is left but a number that another may have
            self.assertNotIn("duckling", self.name_of(worker))

    def name_of(self, pid):
        try:
            return Path(f"/proc/{pid}/comm").read_text()
        except OSError:
            return ""

    def test_while_a_film_starts(self):
        """At each of its steps."""
        films.film(self.folder / "a.mp4", 25, 50, (320, 180))
        playlist(self.folder / "p.json", {"a": {"video": "a.mp4"}}, timezone="UTC")
        for line in ("player started", "now playing", "screen opened"):
            with self.subTest(line), Player(self.folder, self.folder / "p.json") as player:
                player.wait_log(line)
                self.stop_well(player)
        with Player(self.folder, self.folder / "p.json") as player:
            player.wait_shown("a")
            self.stop_well(player)

    def test_while_a_server_says_nothing(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/p.json"
            with Player(self.folder, url) as player:
                connection, _ = server.accept()
                with connection:
                    self.assertIn(b"GET", connection.recv(4096))
                    self.stop_well(player)

    def test_while_a_server_stalls_in_the_middle(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/p.json"
            with Player(self.folder, url) as player:
                connection, _ = server.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"format"')
                    self.stop_well(player)


if __name__ == "__main__":
    tap.main()
