"""Whoever reads the player's log stops reading: the show goes on, SIGTERM ends it, and what was dropped is counted."""
import contextlib
import os
import pty
import select
import socket
import tempfile
import termios
import tty
import unittest
from pathlib import Path

import tap
from player import WAIT_S, Player, playlist, png


def fill(write):
    """Writes until nothing more fits."""
    with contextlib.suppress(BlockingIOError):
        while True:
            write(b"x" * 4095 + b"\n")
    with contextlib.suppress(BlockingIOError):
        while True:
            write(b"\n")


class Stall(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        self.list = self.folder / "playlist.json"
        for name, color in (("red", (200, 30, 40)), ("green", (30, 180, 60))):
            png(self.folder / f"{name}.png", 64, 36, color)

    def full_pipe(self):
        reader, writer = os.pipe()
        again = os.open(f"/proc/self/fd/{writer}", os.O_WRONLY | os.O_NONBLOCK)
        fill(lambda data: os.write(again, data))
        os.close(again)
        return reader, writer

    def full_socket(self):
        reader, writer = socket.socketpair()
        fill(lambda data: writer.send(data, socket.MSG_DONTWAIT))
        return reader.detach(), writer.detach()

    def stopped_terminal(self):
        """As with Ctrl-S."""
        reader, writer = pty.openpty()
        tty.setraw(writer)
        termios.tcflow(writer, termios.TCOOFF)
        return reader, writer

    def change(self, text):
        (self.folder / "new.json").write_text(text)
        (self.folder / "new.json").rename(self.list)

    def change_to(self, spot):
        playlist(self.folder / "new.json", {spot: {"image": f"{spot}.png", "duration": 3600}})
        (self.folder / "new.json").rename(self.list)

    def read_until(self, reader, wanted):
        """Until the text that is wanted has come."""
        got = b""
        while wanted not in got:
            self.assertTrue(select.select([reader], [], [], WAIT_S)[0], f"no {wanted} in {got[-2000:]}")
            part = os.read(reader, 65536)
            self.assertTrue(part, f"no {wanted} in {got[-2000:]}")
            got += part
        return got

    def check(self, make, go_on):
        reader, writer = make()
        self.addCleanup(os.close, reader)
        self.change_to("red")
        player = Player(self.folder, self.list, "--timezone", "UTC", stderr=writer)
        blocking = os.get_blocking(writer)
        self.addCleanup(os.close, writer)
        with player:
            player.wait_shown("red")
            self.change_to("green")
            player.wait_shown("green")
            self.assertEqual((blocking, os.get_blocking(writer)), (True, True), "the open file is shared: it stays as it was")
            go_on(reader, writer)
            self.change("[]")
            lines = self.read_until(reader, b"playlist refused").decode().splitlines()
            self.assertRegex("\n".join(lines), r"warn log: log lines dropped count=\d+ reason=\"the log's reader")
            self.assertEqual(sum("lines dropped" in line for line in lines), 1)
            self.assertEqual(player.stop(), 0)

    def empty(self, reader, _):
        while select.select([reader], [], [], 0)[0]:
            self.assertNotIn(b"playlist", os.read(reader, 65536))

    def test_a_pipe(self):
        self.check(self.full_pipe, self.empty)

    def test_a_socket(self):
        self.check(self.full_socket, self.empty)

    def test_a_terminal(self):
        self.check(self.stopped_terminal, lambda _, writer: termios.tcflow(writer, termios.TCOON))

    def test_sigterm_ends_it_while_the_pipe_is_full(self):
        reader, writer = self.full_pipe()
        self.addCleanup(os.close, reader)
        self.change_to("red")
        with Player(self.folder, self.list, "--timezone", "UTC", stderr=writer) as player:
            os.close(writer)
            player.wait_shown("red")
            self.assertEqual(player.stop(), 0)

    def test_a_reader_that_is_gone_ends_nothing(self):
        reader, writer = os.pipe()
        self.change_to("red")
        with Player(self.folder, self.list, "--timezone", "UTC", stderr=writer) as player:
            os.close(writer)
            os.close(reader)
            player.wait_shown("red")
            self.change_to("green")
            player.wait_shown("green")
            self.assertEqual(player.stop(), 0)


if __name__ == "__main__":
    tap.main()
