"""A channel that comes on a USB stick, and power that goes while it is taken."""
import random
import subprocess
import threading

import player
import publishing
import tap
from box_case import FULL, PATIENT, SIZE, BoxCase, Programme

STORE = "/var/cache/duckling"
# From plugging in the stick until all of it is shown, on an emulated processor.
TAKEN_S = 40


class Stick(BoxCase):
    CUTS = 10 if FULL else 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = publishing.make_key(cls.folder)
        cls.base = cls.folder / "channel"
        cls.base.mkdir()
        settings = f"source = /media/stick/channels/wall/\nkey = /boot/duckling/operator.pub\nlanguage = en\n{PATIENT}"
        cls.disk = cls.flash(**{"player.conf": settings, "operator.pub": (cls.folder / "operator.pub").read_bytes()})
        cls.luck = random.Random(20)

    def publish(self, names):
        """Another version of the channel; the stick that it comes on, and what it shows."""
        folder = self.folder / f"programme-{'-'.join(names)}"
        folder.mkdir(exist_ok=True)
        programme = Programme(folder, names)
        done = player.run("publish", programme.path, "--to", self.base, "--channel", "wall", "--key", self.secret, "--size", f"{SIZE[0]}x{SIZE[1]}")
        self.assertEqual(0, done.returncode, done.stderr)
        stick = self.folder / f"stick-{len(list(self.folder.glob('stick-*')))}.img"
        with open(stick, "wb") as file:
            file.truncate(128 << 20)
        subprocess.run(["mkfs.vfat", "-F", "32", "-n", "DUCKLINGUSB", str(stick)], check=True, capture_output=True)
        for part in self.base.iterdir():
            subprocess.run(["mcopy", "-s", "-i", str(stick), str(part), "::/"], check=True, capture_output=True)
        return stick, programme

    def assert_store_whole(self, box):
        """No medium under a name that is not its hash: neither cut off nor mixed up. What is still on its way has other names."""
        listing = box.shell.run(f"find {STORE} -type f -regextype egrep -regex '.*/[0-9a-f]{{64}}(\\.[a-z0-9]+)?' -exec sha256sum {{}} +")
        files = [line.split() for line in listing.splitlines() if line]
        self.assertTrue(files, "the store is empty")
        for digest, path in files:
            self.assertEqual(path.rsplit("/", 1)[1][:64], digest, path)

    def test_power_goes_while_a_stick_is_taken(self):
        versions = [["ducklings", "boat"], ["seedling", "shop"]]
        stick, programme = self.publish(versions[0])
        with self.switch_on(self.disk, stick=stick) as box:
            box.shell.open()
            self.wait_right(box, programme, self.clock_of(box), "the stick's programme", 600)
            self.assert_store_whole(box)
            for cut in range(self.CUTS):
                box.unplug()
                stick, following = self.publish(versions[(cut + 1) % 2])
                moment = self.luck.uniform(0, TAKEN_S)
                box.plug(stick)
                # The time is the test: it must not matter.
                threading.Event().wait(moment)
                box.cut_power()
                box.shell.open()
                clock = self.clock_of(box)
                # The old programme or the new one; in the end the new one, for the stick is still there.
                took = self.wait_right(box, following, clock, f"the new programme after a power cut {moment:.1f} s into taking it", 600)
                print(f"# power cut {moment:.1f} s into taking a stick: right {took:.0f} s after the shell", flush=True)
                self.assert_store_whole(box)


if __name__ == "__main__":
    tap.main()
