"""The Debian packages: built twice, and in a Debian that has nothing but what they depend on: installed, used, booted, removed."""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import tap
from player import TOP, WAIT_S

UNITS = sorted((TOP / "packaging/systemd").glob("*.service"))
# How long it may take to fetch and to build, on a machine that has no time.
LIMIT_S = 1500
CAMPAIGN = "/usr/share/duckling/playlists/greatness.json"
AS_PLAYER = "HOME=/var/lib/duckling setpriv --reuid duckling --regid duckling --init-groups"
# In a mount namespace of its own: the base with what is written to it in memory, and the packages beside.
SCENE = r"""
set -eu
base=$1 packages=$2
work=$(mktemp -d)
mount -t tmpfs -o mode=755 tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=$base,upperdir=$work/upper,workdir=$work/work" "$work/root"
root=$work/root
mkdir "$root/packages"
mount --bind "$packages" "$root/packages"
in_root() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -euc "$1"; }
"""
INSTALL = "dpkg --log=/dev/null -i /packages/first/*.deb >/dev/null 2>&1 || dpkg --log=/dev/null -i /packages/first/*.deb\n"


def clean_environment(**more):
    """As a builder's would be: nothing that `make test` has set."""
    keep = ("PATH", "HOME", "TMPDIR", "USER", "LOGNAME", "http_proxy", "https_proxy")
    return {**{k: v for k, v in os.environ.items() if k in keep}, "LANG": "C.UTF-8", **more}


def build(folder, **more):
    done = subprocess.run([TOP / "packaging/deb"], env=clean_environment(DEB_OUT=str(folder), **more), text=True, capture_output=True,
                          timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return sorted(folder.glob("*.deb"))


def of_another_version(package, folder):
    """The same package as a later version, with another program in it."""
    with tempfile.TemporaryDirectory() as tree:
        subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
        control = Path(tree) / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1.later", control.read_text()))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, folder], check=True, stdout=subprocess.DEVNULL)


def field(package, name):
    return subprocess.run(["dpkg-deb", "-f", package, name], text=True, check=True, capture_output=True).stdout.strip()


def mirror():
    """Where this machine's apt has Debian from, as tests/release finds it."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"], text=True,
                          capture_output=True)
    return next((line.split()[2] for line in done.stdout.splitlines() if line.startswith("Debian main ")), None)


def release():
    return re.search(r"(?m)^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())[1]


def why_not():
    """Why there can be no Debian to install the packages in."""
    if os.geteuid() != 0:
        return "a Debian of its own needs root"
    missing = [tool for tool in ("mmdebstrap", "dpkg-buildpackage", "lintian", "unshare", "setpriv") if not shutil.which(tool)]
    if missing:
        return f"{', '.join(missing)} cannot be found: make deps"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        return "mounts are not allowed here"
    return None if mirror() else "apt has no Debian mirror"


def make_base(package):
    """A bare Debian with the first choice of everything that the package depends on, and nothing else. Kept in build/; made again when
    that changes. Skips where it cannot be fetched."""
    names = [re.split(r"[ |:(]", depend.strip())[0] for depend in field(package, "Depends").split(",")]
    key = hashlib.sha256(" ".join([release(), *sorted(names)]).encode()).hexdigest()[:16]
    kept = TOP / "build/package"
    base = kept / key
    if not base.exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        making = kept / "making"
        done = subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(names)}",
                               "--dpkgopt=force-unsafe-io", release(), making, f"deb {mirror()} {release()} main"], text=True,
                              env=clean_environment(), capture_output=True, timeout=LIMIT_S)
        if done.returncode:
            shutil.rmtree(kept, ignore_errors=True)
            if re.search(r"(?i)temporary failure|could not (resolve|connect)|failed to fetch", done.stderr):
                raise unittest.SkipTest("the Debian mirror cannot be reached")
            raise AssertionError(done.stderr)
        making.rename(base)
    return base


class Control(unittest.TestCase):
    def test_what_the_packages_are_built_with_is_what_the_tree_is_built_with(self):
        listed = set(re.findall(r"(?m)^build (\S+)$", (TOP / "packaging/packages").read_text()))
        control = (TOP / "packaging/debian/control").read_text()
        depends = re.search(r"(?m)^Build-Depends: (.*(?:\n .*)*)", control)[1]
        named = {re.split(r"[ (:]", part.strip())[0] for part in re.split(r"[,|]", depends)}
        essential = {"gcc", "libc6-dev", "make"}  # of build-essential
        self.assertEqual(named - {"debhelper-compat", "pkgconf"}, listed - essential)


class Package(unittest.TestCase):
    """Of all that need packages and base: made once."""

    @classmethod
    def setUpClass(cls):
        reason = why_not()
        if reason:
            raise unittest.SkipTest(reason)
        if not hasattr(Package, "packages"):
            Package.temporary = tempfile.TemporaryDirectory()
            Package.packages = Path(Package.temporary.name)
            if "TEST_PACKAGES" in os.environ:  # made from this tree by `make image`, say
                shutil.copytree(TOP / os.environ["TEST_PACKAGES"], Package.packages / "first-build")
                built = sorted((Package.packages / "first-build").glob("*.deb"))
            else:
                built = build(Package.packages / "first-build")
            (Package.packages / "first").mkdir()
            (Package.packages / "later").mkdir()
            for package in built:
                if "-dbgsym_" not in package.name:
                    shutil.copy(package, Package.packages / "first")
                    of_another_version(package, Package.packages / "later")
            Package.base = make_base(Package.packages / next(p for p in built if p.name.startswith("duckling_")))

    def scene(self, script):
        """What the shell script prints, which runs as root beside a chroot ($root, in_root) of its own."""
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private", "sh",
                               "-c", SCENE + script, "sh", self.base, self.packages], text=True, capture_output=True,
                              env=clean_environment(), timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, f"{done.stdout}\n{done.stderr}")
        return done.stdout

    def in_root(self, script):
        return self.scene(f'mount -t proc proc "$root/proc"\nin_root \'{script}\'')


class Built(Package):
    def test_the_same_tree_gives_the_same_packages(self):
        first = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (self.packages / "first-build").glob("*.deb")}
        self.assertEqual(len(first), 3, first)
        with tempfile.TemporaryDirectory() as folder:
            again = build(Path(folder) / "in/another/place", DEB_BUILD_OPTIONS="parallel=3", TZ="Asia/Seoul", LC_ALL="C")
            self.assertEqual({p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in again}, first)

    def test_lintian_finds_no_fault(self):
        changes = next((self.packages / "first-build").glob("*.changes"))
        done = subprocess.run(["lintian", "--allow-root", "--display-info", "--fail-on", "error,warning", changes], text=True,
                              capture_output=True, env=clean_environment(), timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("hardening", done.stdout)
        self.assertNotIn("overridden", done.stdout)


class Installed(Package):
    def test_all_that_it_needs_is_there(self):
        """Programs, films, fonts, zones, sandbox; and no library of OpenGL."""
        said = self.in_root(INSTALL + f"""
            dpkg -l | grep -E "^ii +(libgl1|libegl1|libgles2|libgl1-mesa-dri)[: ]" && exit 1
            ldd /usr/bin/duckling /usr/libexec/duckling/duckling-films | grep "not found" && exit 1
            duckling --version
            cd /tmp
            {AS_PLAYER} duckling check --decode-timeout 60 {CAMPAIGN} 2>&1
            {AS_PLAYER} duckling preview --decode-timeout 60 {CAMPAIGN} --timezone Asia/Seoul --language ko --sheet -o /tmp/sheet.png 2>&1
            {AS_PLAYER} env SDL_VIDEODRIVER=dummy duckling play --decode-timeout 60 --config /etc/duckling/player.conf --for 5 2>&1
            """)
        self.assertRegex(said, r"(?m)^duckling \d")
        self.assertIn("libavcodec", said)
        self.assertRegex(said, r'info play: now playing kind=playlist name="To the Greatness of Small"')
        self.assertNotRegex(said, r"(?m)^(fault|warning) |(error|warn) \w+: cannot")

    def test_purge_leaves_nothing_but_the_user(self):
        """Even of a unit that was enabled, and of what the player has written."""
        listing = 'find / -xdev -path /packages -prune -o -path /proc -prune -o -path /tmp -prune -o -print | sort'
        said = self.in_root(f"""
            {listing} >/tmp/before
            """ + INSTALL + f"""
            id duckling
            systemctl enable duckling duckling-wayland duckling-x11 2>/dev/null
            {AS_PLAYER} touch /var/lib/duckling/state /var/cache/duckling/store
            dpkg --log=/dev/null -r duckling duckling-campaign >/dev/null
            test -e /etc/duckling/player.conf
            test -e /var/lib/duckling/state
            dpkg --log=/dev/null -P duckling duckling-campaign >/dev/null 2>&1
            {listing} >/tmp/after
            diff /tmp/before /tmp/after || true
            grep duckling /etc/passwd
            """)
        for group in ("audio", "input", "render", "video"):
            self.assertRegex(said, rf"(?m)^uid=\d+\(duckling\) .*\d\({group}\)")
        self.assertEqual([line for line in said.splitlines() if line.startswith(("<", ">"))], [])
        self.assertRegex(said, r"(?m)^duckling:.*:/usr/sbin/nologin$")

    def test_an_upgrade_keeps_what_was_set_and_remembered(self):
        said = self.in_root(INSTALL + f"""
            echo "rotate = 90" >>/etc/duckling/player.conf
            {AS_PLAYER} sh -c "echo 7 >/var/lib/duckling/state"
            dpkg --log=/dev/null -i /packages/later/*.deb >/dev/null
            dpkg-query -W -f "\\${{Version}}\\n" duckling
            tail -n 1 /etc/duckling/player.conf
            cat /var/lib/duckling/state
            duckling --version | head -n 1
            """)
        self.assertRegex(said, r"^\S+\.later\nrotate = 90\n7\nduckling \d")


# What happens in the booted Debian. Each step waits for what it wants to see; the machine around it ends all if that never comes.
STEPS = r"""
exec >/steps.out 2>&1
set -eu
until_seen() { until eval "$1"; do sleep 0.1; done; }
main() { systemctl show -p MainPID --value duckling; }
systemctl enable --now duckling
until_seen 'systemctl show -p StatusText duckling | grep -q "showing spot"'
systemctl is-active duckling
grep -E '^(Uid|NoNewPrivs|Seccomp|CapEff):' /proc/$(main)/status
until_seen 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -qx "duckling-fil[m]"'
echo "listening: $(cat /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A ') $(cat /proc/net/udp /proc/net/udp6 | grep -c ': ')"
first=$(main)
kill -STOP $first
until_seen '[ $(main) != $first ] && [ $(main) != 0 ]'
systemctl show -p StatusText duckling
until_seen 'systemctl is-active duckling'
second=$(main)
kill -KILL $second
until_seen '[ $(main) != $second ] && [ $(main) != 0 ]'
until_seen 'systemctl show -p StatusText duckling | grep -q "showing spot"'
dpkg --log=/dev/null -i /packages/later/*.deb
until_seen '[ $(main) != $second ] && [ $(main) != 0 ]'
systemctl stop duckling
systemctl show -p Result duckling
journalctl -o cat --no-pager
echo all steps done
"""


class Booted(Package):
    def test_the_unit_plays_and_comes_back(self):
        """systemd as process 1 of a container: what the unit forbids, neither the player nor its workers need."""
        if not shutil.which("systemd-nspawn"):
            self.skipTest("systemd-nspawn is not there: make deps")
        said = self.scene('in_root "mount -t proc proc /proc"\n' + f"in_root '{INSTALL}'\n" + r"""
            umount "$root/proc"
            mkdir -p "$root/etc/systemd/system/duckling.service.d" "$root/etc/systemd/system/multi-user.target.wants"
            cat >"$root/etc/systemd/system/duckling.service.d/container.conf" <<END
[Unit]
ConditionPathExists=
[Service]
Environment=SDL_VIDEODRIVER=dummy
TTYPath=
StandardInput=null
WatchdogSec=10
END
            cat >"$root/etc/systemd/system/steps.service" <<END
[Service]
Type=oneshot
ExecStart=/bin/sh /steps
ExecStopPost=/bin/systemctl poweroff --force
END
            ln -s ../steps.service "$root/etc/systemd/system/multi-user.target.wants/"
            """ + f"cat >\"$root/steps\" <<'END'\n{STEPS}END\n" + r"""
            timeout -k 10 900 systemd-nspawn -q --register=no --keep-unit --private-network --bind="$packages":/packages -D "$root" \
                /lib/systemd/systemd </dev/null >"$work/console" 2>&1 || { tail -n 40 "$work/console" >&2; cat "$root/steps.out"; exit 1; }
            cat "$root/steps.out"
            """)
        self.assertIn("all steps done", said)
        self.assertRegex(said, r"(?m)^Uid:\s+[1-9]\d*\s")
        self.assertIn("listening: 0 0\n", said)
        self.assertIn("Watchdog timeout", said)
        self.assertIn("Result=success", said)
        self.assertNotRegex(said, r"(error|warn) \w+: cannot")  # as one says whose workers may not do what they have to


class Units(unittest.TestCase):
    """What stands in the units, and no container can show."""

    def settings(self, unit):
        found = {}
        for line in unit.read_text().splitlines():
            if "=" in line and not line.startswith("#"):
                name, value = line.split("=", 1)
                found.setdefault(name, []).append(value)
        return found

    def test_they_give_way_to_each_other(self):
        names = {unit.name for unit in UNITS}
        self.assertEqual(names, {"duckling.service", "duckling-wayland.service", "duckling-x11.service"})
        for unit in UNITS:
            others = self.settings(unit)["Conflicts"][0].split()
            self.assertEqual(set(others), names - {unit.name} | {"getty@tty1.service", "display-manager.service"}, unit.name)

    def test_they_differ_only_in_how_the_player_gets_to_the_screen(self):
        ways = {"Description", "After", "Conflicts", "ExecStart", "NotifyAccess", "FileDescriptorStoreMax", "Environment", "Wants",
                "DeviceAllow", "MemoryDenyWriteExecute", "SystemCallFilter", "ExecReload"}
        common = [{name: value for name, value in self.settings(unit).items() if name not in ways} for unit in UNITS]
        self.assertGreater(len(common[0]), 40)
        for unit, other in zip(UNITS, common):
            self.assertEqual(other, common[0], unit.name)

    def test_one_ends_before_another_begins(self):
        """Of each two, one is ordered after the other: which one does not matter, and both would be a circle."""
        after = {unit.name: self.settings(unit)["After"][0].split() for unit in UNITS}
        for one in after:
            for other in after:
                if one != other:
                    self.assertEqual((one in after[other]) + (other in after[one]), 1, f"{one}, {other}")

    def test_they_start_the_player_again_whatever_happens(self):
        for unit in UNITS:
            settings = self.settings(unit)
            self.assertEqual((settings["Type"], settings["Restart"], settings["StartLimitIntervalSec"]), (["notify"], ["always"], ["0"]))
            self.assertGreater(int(settings["TimeoutStopSec"][0]), 1)  # the player ends itself within a second
            self.assertEqual(settings["OOMPolicy"], ["continue"])
            self.assertIn("time-set.target", settings["After"][0].split())
            self.assertNotIn("time-sync.target", settings["After"][0])
            self.assertIn(settings["Wants"][:-1], ([], ["seatd.service"]))
            self.assertFalse({"Requires", "Requisite", "BindsTo"} & set(settings))
            self.assertTrue(settings["ExecStart"][0].endswith("duckling play --config /etc/duckling/player.conf")
                            or " -- /usr/lib/xorg/Xorg " in settings["ExecStart"][0])

    def test_devices_may_come_later_than_the_player(self):
        """systemd allows a kind of device (char-NAME) only where the kernel knows it when the unit starts (systemd.resource-control(5))."""
        modules = {"char-drm": "drm", "char-alsa": "snd", "char-cec": "cec", "char-input": None, "/dev/tty": None, "/dev/tty1": None}
        for unit in UNITS:
            settings = self.settings(unit)
            allowed = {device.split()[0] for device in settings["DeviceAllow"]}
            wanted = {f"modprobe@{modules[device]}.service" for device in allowed & modules.keys() if modules[device]}
            self.assertEqual(len(wanted), 3, unit.name)
            for name in ("Wants", "After"):
                self.assertEqual(set(settings[name][-1].split()), wanted, f"{unit.name}: {name}")

    def test_reload_is_only_where_the_main_process_is_the_player(self):
        """cage and xinit would end by it."""
        for unit in UNITS:
            reload = ["/bin/kill -HUP $MAINPID"] if unit.name == "duckling.service" else None
            self.assertEqual(self.settings(unit).get("ExecReload"), reload, unit.name)

    def test_exposure(self):
        for unit in UNITS:
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", unit], text=True,
                                  capture_output=True, timeout=WAIT_S)
            self.assertEqual(done.returncode, 0, f"{unit.name}\n{done.stdout}\n{done.stderr}")
            self.assertIn("Overall exposure level", done.stdout)

    def test_one_that_forbids_nothing_would_be_found(self):
        with tempfile.TemporaryDirectory() as folder:
            bare = Path(folder) / "bare.service"
            bare.write_text("[Service]\nExecStart=/bin/true\n")
            done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", bare],
                                  capture_output=True, timeout=WAIT_S)
            self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    tap.main()
