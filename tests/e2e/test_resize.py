"""A screen that changes its size in the middle of a show: what was quarantined before still is."""
import os
import signal
import time

import tap
import test_film_broken
import test_screen
from player import WAIT_S, Player

setUpModule, tearDownModule = test_film_broken.setUpModule, test_film_broken.tearDownModule
FAILURES = 3


class Resize(test_film_broken.Case):
    def crash(self, player, before):
        """The film's worker, when it is another one than before and the film goes on with it; returns it."""
        deadline = time.monotonic() + WAIT_S
        while not (workers := [pid for pid in test_film_broken.film_workers(player) if pid != before]):
            self.assertLess(time.monotonic(), deadline, player.log())
        begin_ns = time.monotonic_ns()
        player.wait_frame(lambda f: int(f["present_ns"]) > begin_ns, "the film")
        os.kill(workers[0], signal.SIGALRM)
        return workers[0]

    def test_what_was_quarantined_still_is(self):
        self.write({"film": {"video": "long.mp4", "duration": 25, "transition": test_film_broken.CUT},
                    "still": {"image": "still.png", "duration": 30, "transition": test_film_broken.CUT}})
        with test_screen.Screen() as screen, test_screen.Glass(screen) as glass, \
                Player(self.folder, self.list, "--at", test_film_broken.MIDNIGHT, "--renderer", "cpu", window="320x180",
                       env=screen.environment()) as player:
            player.wait_shown("film")
            worker = 0
            for _ in range(FAILURES):
                worker = self.crash(player, worker)
            player.wait_log(f"file quarantined.* failures={FAILURES}")
            glass.resize_window(400, 200)
            player.wait_log("size=400x200")
            seen, deadline = [], time.monotonic() + WAIT_S
            while player.frames()[-1]["to"] != "still":
                seen += test_film_broken.film_workers(player)
                self.assertLess(time.monotonic(), deadline, player.log())
            self.assertEqual(seen, [])
            self.assertEqual(player.stop(), 0, player.log())


if __name__ == "__main__":
    tap.main()
