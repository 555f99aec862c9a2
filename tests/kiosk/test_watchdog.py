"""A box whose kernel has stopped, or has gone wrong: it starts by itself again."""
import time

import tap
from box_case import PATIENT, BoxCase, Programme, full_only


@full_only
class Watchdog(BoxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.programme = Programme(cls.folder)
        settings = f"source = /boot/duckling/playlist.json\nlanguage = en\n{PATIENT}"
        disk = cls.flash(**{"player.conf": settings, **cls.programme.files()})
        cls.box = cls.enterClassContext(cls.switch_on(disk, devices=("i6300esb",)))
        cls.box.shell.open()

    def stop(self, what, command):
        """Does this to the kernel; then the box starts again, and shows the right picture."""
        boot = self.box.shell.run("cat /proc/sys/kernel/random/boot_id")
        self.box.shell.send(command)
        started = time.monotonic()
        self.box.shell.open()
        print(f"# {what}: the shell is back {time.monotonic() - started:.0f} s later", flush=True)
        self.assertNotEqual(boot, self.box.shell.run("cat /proc/sys/kernel/random/boot_id"), "the box has not started again")
        self.wait_right(self.box, self.programme, self.clock_of(self.box), f"the right picture after {what}", 600)

    def test_1_a_stopped_kernel(self):
        """Nothing in it runs any more, and it has not been told to start again: only the card beside it can."""
        self.wait_right(self.box, self.programme, self.clock_of(self.box), "the right picture after power on", 600)
        self.assertIn("i6300", self.box.shell.run("cat /sys/class/watchdog/watchdog0/identity"))
        self.assertEqual("active", self.box.shell.run("cat /sys/class/watchdog/watchdog0/state"))
        self.stop("a stopped kernel", "sysctl -q kernel.panic=0; echo c >/proc/sysrq-trigger")

    def test_2_a_kernel_that_has_gone_wrong(self):
        """It starts itself again, without any card."""
        self.stop("a kernel that has gone wrong", "echo c >/proc/sysrq-trigger")


if __name__ == "__main__":
    tap.main()
