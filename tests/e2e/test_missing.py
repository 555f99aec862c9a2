"""What a box may lack, or have twice: fonts, a store of its own, a display that stays until it is open. Each is told in words, and waited
for by a service."""
import contextlib
import os
import socket
import subprocess
import threading
import unittest
from pathlib import Path

import publishing
import tap
import test_kiosk_screen
from player import DUCKLING, TOP, WAIT_S, Player, environment, playlist, png
from test_service_manager import Manager

RED, GREEN = (220, 40, 40), (40, 200, 60)


class Case(test_kiosk_screen.Case):
    def setUp(self):
        super().setUp()
        self.manager = Manager(self.folder, watchdog_s=None)


class Stores(Case):
    """Two players on one store: each would remove what the other needs."""

    def setUp(self):
        super().setUp()
        publishing.make_key(self.folder, "operator")
        (self.folder / "c/seoul").mkdir(parents=True)
        self.source = f"{self.folder}/c/seoul/"

    def start(self, **env):
        return Player(self.folder, self.source, "--key", self.folder / "operator.pub", frames=False, env=env)

    def test_a_service_waits_for_it(self):
        with self.start() as first:
            first.wait_log("screen opened")
            with self.start(**self.manager.environment()) as second:
                second.wait_log("error play_trouble: cannot follow the source, trying again .*store.* is in use by another player")
                self.manager.wait("STATUS=showing the house card: .*store is in use by another player")
                self.assertEqual(first.stop(), 0, first.log())
                second.wait_log("source can be followed now")
                self.assertEqual(second.stop(), 0, second.log())
                self.assertEqual(second.log().count("another player"), 1, second.log())

    def test_whoever_types_it_is_told(self):
        with self.start() as first:
            first.wait_log("screen opened")
            with self.start() as second:
                self.assertEqual(second.process.wait(WAIT_S), 1)
                second.wait_log("cannot start .*store is in use by another player")
            self.assertEqual(first.stop(), 0, first.log())


@unittest.skipUnless(os.geteuid() == 0, "needs root, for mounts of its own")
class Fonts(Case):
    HIDE = ("unshare", "--mount", "sh", "-ec", f'for folder in /usr/share/fonts /usr/local/share/fonts {TOP}/fonts; do if [ -d "$folder" ]; '
            'then mount -t tmpfs none "$folder"; fi; done; exec "$0" "$@"')

    def test_a_text_without_any_font_costs_its_own_slots(self):
        png(self.folder / "red.png", 64, 36, RED)
        playlist(self.list, {"text": {"tagline": "Small.", "background": "#28c83c", "duration": 2},
                             "red": {"image": "red.png", "duration": 2}}, timezone="UTC")
        with Player(self.folder, self.list, "--at", "2026-02-06T00:00:00Z", before=self.HIDE) as player:
            player.wait_log('error loader: cannot show spot, keeping the previous picture spot="?text"? .*no font found; '
                            'install the package fonts-noto-cjk')
            player.wait_shown("red")
            self.assertEqual(player.stop(), 0, player.log())

    def test_the_doctor_names_the_package(self):
        done = subprocess.run([*self.HIDE, str(DUCKLING), "doctor", str(self.list), "--store", str(self.folder / "store"), "--state",
                               str(self.folder / "state")], text=True, capture_output=True, timeout=WAIT_S, env=environment())
        self.assertRegex(done.stdout, r"WRONG +fonts +.*no font found.*\n +Do: apt install fonts-noto-cjk\n")


class Relay:
    """Stands in front of an X server, as one. It carries what clients say up to a number of bytes, in all, and then hangs up on them;
    without a number all of it."""

    def __init__(self, server, left):
        self.server, self.left = f"/tmp/.X11-unix/X{server.number}", left
        self.socket = socket.socket(socket.AF_UNIX)
        self.path, self.name = self._bind()
        self.socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _bind(self):
        """To a name among those of X servers that nobody has: such numbers are far above theirs."""
        for number in range(10000 + os.getpid() % 10000, 40000):
            path = Path(f"/tmp/.X11-unix/X{number}")
            with contextlib.suppress(OSError):
                self.socket.bind(str(path))
                return path, f":{number}"
        raise RuntimeError("no name for an X server is free")

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.path.unlink()

    def _accept(self):
        while True:
            client, _ = self.socket.accept()
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.server)
            for one, other, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._carry, args=(one, other, counts), daemon=True).start()

    def _carry(self, one, other, counts):
        try:
            while data := one.recv(4096):
                if counts and self.left is not None:
                    data = data[:self.left]
                    self.left -= len(data)
                other.sendall(data)
                if counts and self.left == 0:
                    break
        except OSError:
            pass
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class Opening(Case):
    def test_a_display_that_goes_while_it_is_opened_is_waited_for(self):
        """The X server hangs up in the middle of it, here and there; then it is there again."""
        for number, left in enumerate((0, 12, 400, 2000, 6000)):
            folder = self.folder / str(number)
            folder.mkdir()
            with self.subTest(bytes=left), test_kiosk_screen.Server() as server, Relay(server, left) as relay:
                with Player(folder, self.list, "--renderer", "cpu", window=None, frames=False,
                            env={"DISPLAY": relay.name, "SDL_VIDEODRIVER": None}) as player:
                    player.wait_log("no screen, waiting for one|screen lost, starting again")
                    self.assertEqual(relay.left, 0)
                    relay.left = None
                    self.wait_picture(server, player)
                    self.assertEqual(player.stop(), 0, player.log())
                    self.assertLessEqual(player.log().count("no screen, waiting"), 2, player.log())


if __name__ == "__main__":
    tap.main()
