"""A box that looks after itself: heat, want of memory, a disk that fills, and a player that crashes again and again. One box, to which
all of it happens in turn."""
import tap
from box_case import Programme, full_only
from stick_case import StickCase

SOON_S = 300


@full_only
class Care(StickCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A card for where there is nothing else to be shown.
        cls.card = Programme(cls.folder / "card", ["shop"], spot_s=86400, tagline=False)
        stick, cls.moving = cls.publish(["ducklings", "boat"], motion="pan")
        disk = cls.flash_with_key(more="house = /boot/duckling/shop.jpg\n", **{"shop.jpg": cls.card.media[0].read_bytes()})
        cls.box = cls.enterClassContext(cls.switch_on(disk, stick=stick))
        cls.box.shell.open()
        cls.current = cls.moving

    def setUp(self):
        self.clock = self.clock_of(self.box)

    def wait_shown(self, programme, what, wait_s=SOON_S):
        took = self.wait_right(self.box, programme, self.clock, what, wait_s)
        print(f"# {what}: {took:.1f} s", flush=True)

    def show(self, name):
        return self.box.shell.run(f"systemctl show -P {name} {self.UNIT}")

    def wait_status(self, words, wait_s=SOON_S):
        """Until the player says that it shows this."""
        try:
            self.box.shell.run(f"until systemctl show -P StatusText {self.UNIT} | grep -q '^showing {words}'; do sleep 0.5; done", wait_s)
        except AssertionError:
            picture = self.box.keep(self.box.screen(), "other-status")
            raise AssertionError(f"the player never said that it shows {words}; the screen: {picture}") from None

    def swap(self, stick):
        self.box.unplug()
        self.box.plug(stick)

    def pictures_in_slot(self):
        """Two looks at the screen within a slot, some seconds apart, away from its transition."""
        looks = []
        def look(picture):
            spot, since = self.moving.spot(self.clock())
            if looks and looks[0][0] != spot:
                looks.clear()
            if 5 < since < 18 and (not looks or since - looks[0][1] > 4):
                looks.append((spot, since, picture))
            return len(looks) == 2
        self.box.wait_screen(look, "two pictures of a slot", 120)
        return looks[0][2], looks[1][2]

    def test_1_heat(self):
        """Of a sensor that is the test's, which is laid over the kernel's for the unit: no motion, and then half the frames."""
        shell = self.box.shell
        self.wait_status('spot "', 600)
        self.set_celsius(40)
        for name, text in (("type", "cpu-thermal"), ("trip_point_0_type", "passive"), ("trip_point_0_temp", "75000"),
                           ("trip_point_1_type", "critical"), ("trip_point_1_temp", "95000")):
            shell.run(f"echo {text} >/run/thermal/thermal_zone0/{name}")
        shell.run(f"mkdir -p /run/systemd/system/{self.UNIT}.d; printf '[Service]\\nBindReadOnlyPaths=/run/thermal:/sys/class/thermal\\n'"
                  f" >/run/systemd/system/{self.UNIT}.d/thermal.conf; systemctl daemon-reload; systemctl restart {self.UNIT}", SOON_S)
        self.wait_status('spot "')
        first, second = self.pictures_in_slot()
        self.assertFalse(first.looks_like(second), f"nothing moves on a cool box: {self.box.keep(first, 'still')}")
        before = self.log_lines(self.box)
        with self.box.watched() as seen:
            self.set_celsius(80)
            self.wait_log(self.box, 'box is hot, showing no motion zone="cpu-thermal" celsius=80 limit_celsius=75', before)
            self.wait_status('spot "')
            first, second = self.pictures_in_slot()
            self.assertTrue(first.looks_like(second), f"pictures move on a hot box: {self.box.keep(second, 'moves')}")
            self.set_celsius(86)
            self.wait_log(self.box, "box is very hot, showing half the frames and no motion", before)
            self.pictures_in_slot()
            self.set_celsius(40)
            self.wait_log(self.box, "box has cooled down, showing motion again", before)
        self.assert_never_black(seen, "a hot box")

    def set_celsius(self, celsius):
        self.box.shell.run(f"mkdir -p /run/thermal/thermal_zone0; echo {celsius}000 >/run/thermal/thermal_zone0/temp")

    def test_2_disk_fills(self):
        """A new programme does not fit: the one before goes on, and the log says why. Once there is room, the new one comes."""
        shell = self.box.shell
        stick, still = self.publish(["boat", "seedling"])
        self.swap(stick)
        self.wait_shown(still, "a still programme")
        shell.run("fallocate -l $(($(stat -f -c '%f * %S' /) - 16777216)) /full; cat /dev/zero >/full2 2>/dev/null; sync", SOON_S)
        before = self.log_lines(self.box)
        stick, following = self.publish(["seedling"], spot_s=86400)
        with self.box.watched() as seen:
            self.swap(stick)
            self.wait_log(self.box, "No space left on device", before)
            self.wait_shown(still, "the programme before, while the new one does not fit onto the disk")
            shell.run("rm /full /full2; sync")
            self.wait_shown(following, "the new programme, once there is room")
        self.assert_mixed(self.box, [*still.pictures(), *following.pictures()], seen, "a full disk")
        type(self).current = following

    def test_3_memory(self):
        """Something within the unit's limit takes all of it: the player makes do with less, and it is not the player that is ended. Nor
        is it where the whole machine's memory is taken."""
        shell, pid = self.box.shell, self.show("MainPID")
        group = "/sys/fs/cgroup$(systemctl show -P ControlGroup duckling.service)"
        before = self.log_lines(self.box)
        with self.box.watched() as seen:
            used = int(self.show("MemoryCurrent")) >> 20
            # The kernel slows down who is above MemoryHigh, the more the farther: the limit is near.
            shell.run(f"systemctl set-property --runtime {self.UNIT} MemoryHigh={used + 48}M MemoryMax={used + 56}M")
            # Not a spare byte above what it may have; it wakes up for more again and again.
            shell.run(f"(sh -c 'echo $$ >{group}/cgroup.procs; exec tail /dev/zero' >/dev/null 2>&1; echo $? >/run/hog) & true")
            self.wait_log(self.box, "memory is short, making pictures only shortly before they are shown", before)
            shell.run("until [ -s /run/hog ]; do sleep 1; done", SOON_S)
            self.assertEqual("137", shell.run("cat /run/hog"), "the hog was not ended")
            shell.run(f"systemctl set-property --runtime {self.UNIT} MemoryHigh=infinity MemoryMax=infinity")
            self.assertEqual(pid, self.show("MainPID"), "the player ended for want of memory in its unit")
            # In a unit of its own: the shell's would be stopped with it.
            shell.run("systemd-run --quiet --wait -p OOMPolicy=continue sh -c 'tail /dev/zero; [ $$? = 137 ]'", SOON_S)
            self.wait_log(self.box, "memory is enough again", before)
            self.wait_shown(self.current, "the right picture after memory was short")
        self.assertEqual(pid, self.show("MainPID"), "the player ended for want of memory on the box")
        self.assert_mixed(self.box, self.current.pictures(), seen, "want of memory")

    def crash(self, words):
        """Lets it show this and kills it, three times."""
        for _ in range(3):
            self.wait_status(words)
            before = int(self.show("NRestarts"))
            self.box.shell.run(f"kill -9 $(systemctl show -P MainPID {self.UNIT});"
                               f" until [ $(systemctl show -P NRestarts {self.UNIT}) -gt {before} ]; do sleep 0.2; done", SOON_S)

    def test_4_crash_loop(self):
        """What is on screen crashes the player: the spot is left out, then the playlist, for the one before it; and in the end there is the
        card."""
        previous, last = self.current, None
        stick, last = self.publish(["boat"], spot_s=86400)
        self.swap(stick)
        self.wait_shown(last, "the last programme")
        self.box.unplug()
        before = self.log_lines(self.box)
        with self.box.watched() as seen:
            self.crash('spot "boat"')
            self.wait_log(self.box, 'spot left out after crashes spot="boat"', before)
            self.wait_shown(self.card, "the card, since the only spot is left out")
            self.crash("the house card")
            self.wait_log(self.box, "playlist left out after crashes", before)
            self.wait_shown(previous, "the previous programme, since the last one crashes")
            self.crash('spot "seedling"')
            self.crash("the house card")
            self.wait_shown(self.card, "the card, since the previous programme crashes, too")
            self.wait_status("the house card")
        self.assert_mixed(self.box, [*previous.pictures(), *last.pictures(), *self.card.pictures()], seen, "crashes")
        self.assertEqual(12, int(self.box.shell.run(f"journalctl -b -u {self.UNIT} -o cat | grep -c 'player crashed, started again'")))


if __name__ == "__main__":
    tap.main()
