"""A channel that comes on a USB stick; the stick is pulled out, and the power goes, while it is taken."""
import random
import threading

import tap
from box_case import full_only
from stick_case import StickCase

STORE = "/var/cache/duckling"
# From plugging in the stick until all of it is shown, on an emulated processor.
TAKEN_S = 40


@full_only
class Stick(StickCase):
    CUTS, PULLS = 10, 5

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.disk = cls.flash_with_key()
        cls.luck = random.Random(20)
        first, cls.programme = cls.publish(["ducklings", "boat"])
        cls.box = cls.enterClassContext(cls.switch_on(cls.disk, stick=first))
        cls.box.shell.open()

    def assert_store_whole(self):
        """No medium under a name that is not its hash: neither cut off nor mixed up. What is still on its way has other names, and the
        notes of when a medium was used are empty files (used/)."""
        names = ".*/[0-9a-f]{64}(\\.[a-z0-9]+)?"
        listing = self.box.shell.run(f"find {STORE} -type f -not -path '*/used/*' -regextype egrep -regex '{names}' -exec sha256sum {{}} +")
        files = [line.split() for line in listing.splitlines() if line]
        self.assertTrue(files, "the store is empty")
        for digest, path in files:
            self.assertEqual(path.rsplit("/", 1)[1][:64], digest, path)

    def publish_another(self):
        """The stick of another version; what was on before it is then what this one replaces."""
        names = ["ducklings", "boat"] if "seedling" in self.programme.names else ["seedling", "shop"]
        before = self.programme
        stick, type(self).programme = self.publish(names)
        return stick, before, self.programme

    def interrupt(self, what):
        """Plugs in another version, and lets some time pass: it is the test, and must not matter."""
        self.box.unplug()
        stick, before, following = self.publish_another()
        moment = self.luck.uniform(0, TAKEN_S)
        self.box.plug(stick)
        threading.Event().wait(moment)
        return stick, before, following, f"{what} {moment:.1f} s into taking a stick"

    def test_1_pulled_out(self):
        """The old programme goes on, or the new one has been taken; never anything else. When the stick comes again, it is the new one."""
        clock = self.clock_of(self.box)
        self.wait_right(self.box, self.programme, clock, "the first stick's programme", 600)
        self.assert_store_whole()
        for _ in range(self.PULLS):
            with self.box.watched() as seen:
                stick, before, following, what = self.interrupt("pulled out")
                self.box.unplug()
                # On screen there is one of the two, whole.
                def either(picture):
                    return any(one and picture.looks_like(one) for one in (before.expected(clock()), following.expected(clock())))
                self.box.wait_screen(either, f"the programme before or after, {what}", 120)
                self.assert_store_whole()
                self.box.plug(stick)
                took = self.wait_right(self.box, following, clock, f"the new programme, when the stick came again, {what}", 600)
            print(f"# {what}: the new programme {took:.0f} s after it came again", flush=True)
            self.assert_never_black(seen, what)
            self.assert_store_whole()

    def test_2_power_goes(self):
        for _ in range(self.CUTS):
            _, _, following, what = self.interrupt("a power cut")
            self.box.cut_power()
            self.box.shell.open()
            # The old programme or the new one; in the end the new one, for the stick is still there.
            took = self.wait_right(self.box, following, self.clock_of(self.box), f"the new programme after {what}", 600)
            print(f"# {what}: right {took:.0f} s after the shell", flush=True)
            self.assert_store_whole()


if __name__ == "__main__":
    tap.main()
