"""The box of `make image` in a virtual machine: power, screen, cables, clock and disks, as an installer has them in his hands.

    with VirtualMachine(folder, disk) as box:
        box.wait_screen(lambda picture: picture.black() < 0.5, "a picture")

The image is never changed for the tests, and holds nothing for them: where a test needs commands, the kernel is told on its command
line to open systemd's debug shell on the serial line, as anyone may who holds the box in his hands.
"""
import contextlib
import json
import os
import re
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from picture import Picture
from remote_screen import RemoteScreen

# Without KVM the processor is emulated, ten to twenty times slower than a box; against what hangs, not against what is slow.
WAIT_S = 420
FIRMWARE = (Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), Path("/usr/share/OVMF/OVMF_VARS_4M.fd"))
# Where the partitions of the image begin (packaging/image/disk).
ESP, SETTINGS = "@@1M", "@@257M"
BOOT_ENTRY = re.compile(r"^(linux|initrd|options)\s+(.*)$", re.MULTILINE)


def copy_out(disk, path, target, partition=ESP):
    subprocess.run(["mcopy", "-n", "-o", "-i", f"{disk}{partition}", f"::/{path}", str(target)], check=True, capture_output=True)


def write_settings(disk, **files):
    """Puts files on the partition that the installer sees (DUCKLING), as on a computer before the disk goes into the box."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            subprocess.run(["mcopy", "-D", "o", "-i", f"{disk}{SETTINGS}", str(path), f"::/{name}"], check=True, capture_output=True)


class Kernel:
    """Kernel, initial disk and command line as the image's boot loader has them."""

    def __init__(self, disk, folder):
        listing = subprocess.run(["mdir", "-b", "-i", f"{disk}{ESP}", "::/loader/entries"], check=True, capture_output=True, text=True)
        entry = Path(folder, "entry")
        copy_out(disk, listing.stdout.split()[0].removeprefix("::/"), entry)
        lines = dict(BOOT_ENTRY.findall(entry.read_text()))
        self.kernel, self.initrd, self.options = Path(folder, "linux"), Path(folder, "initrd"), lines["options"]
        copy_out(disk, lines["linux"].lstrip("/"), self.kernel)
        copy_out(disk, lines["initrd"].lstrip("/"), self.initrd)


def kvm_works(kernel):
    """Whether a kernel comes as far as to miss its disk. That /dev/kvm can be opened says little: guests may hang all the same."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    command = ["qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-m", "512", "-display", "none", "-nodefaults", "-no-reboot",
               "-serial", "stdio", "-kernel", str(kernel), "-append", "console=ttyS0 panic=-1"]
    try:
        probe = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    except subprocess.TimeoutExpired:
        return False
    return b"Kernel panic" in probe.stdout


class Monitor:
    """QEMU's machine protocol: one command at a time, from any thread."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r")
        json.loads(self.lines.readline())
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        with self.lock:
            self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
            while True:
                line = self.lines.readline()
                if not line:
                    raise RuntimeError(f"QEMU has ended before it answered {command}")
                answer = json.loads(line)
                if "error" in answer:
                    raise RuntimeError(f"{command}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]

    def close(self):
        self.lines.close()
        self.socket.close()


class Shell:
    """The debug shell on the serial line: one command at a time, with what it printed and its exit status."""

    PROMPT = b"box-shell> "

    def __init__(self, path, transcript):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.transcript = open(transcript, "ab")
        self.pending = b""

    def _read_until(self, marker, wait_s):
        end = time.monotonic() + wait_s
        while marker not in self.pending:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.socket], [], [], left)[0]:
                raise AssertionError(f"the box's shell said nothing of {marker!r} within {wait_s} s, but: {self.pending[-2000:]!r}")
            data = self.socket.recv(65536)
            if not data:
                raise RuntimeError("the serial line is gone")
            self.transcript.write(data)
            self.transcript.flush()
            self.pending += data
        found, self.pending = self.pending.split(marker, 1)
        return found

    def open(self, wait_s=WAIT_S):
        """Until the shell answers, from the start of the machine or its reset."""
        end, patience_s = time.monotonic() + wait_s, 3
        self.pending = b""
        while True:
            # What is typed before the shell opens the line is lost: asked again until it answers.
            # A shell without a line editor, whose prompt does not stand in the line that asks for it. Part of that line may be lost,
            # too: what is there is dropped first (Ctrl-C), and no quote may be left open.
            self.socket.sendall(b"\x03\nexec env PS1=box-shell\\>\\  PS2= dash\n")
            try:
                before = self._read_until(self.PROMPT, min(patience_s, max(0.1, end - time.monotonic())))
            except AssertionError:
                if time.monotonic() > end:
                    raise
                # On a busy machine the shell may need longer, and each question ends the one before.
                patience_s *= 1.3
                continue
            # Of a line whose beginning is lost the rest may be a command that is not found, and is named.
            if before[-1:] in (b"", b"\r", b"\n"):
                break
        # Some of the questions may have waited: what follows this answer is new.
        self.socket.sendall(b"stty -echo; echo box''-ready\n")
        self._read_until(b"box-ready\r\n" + self.PROMPT, 120)

    def run(self, command, wait_s=WAIT_S, check=True):
        """What the command printed, both outputs together."""
        if len(command) > 3500:
            raise ValueError("more than the terminal takes in a line")
        self.socket.sendall(f"{{ {command}\n}} 2>&1; echo; echo box''-status $?.\n".encode())
        output = self._read_until(b"box-status ", wait_s).decode(errors="replace").replace("\r\n", "\n").rstrip("\n")
        status = int(self._read_until(b".", 60))
        self._read_until(self.PROMPT, 60)
        if check and status:
            raise AssertionError(f"exit status {status} on the box: {command}\n{output}")
        return output

    def send(self, command):
        """One that does not come back: the box ends. It has begun then, and no Ctrl-C of open() can stop it."""
        self.socket.sendall(f"(trap '' INT; echo box''-ends; {command})\n".encode())
        self._read_until(b"box-ends\r\n", 60)

    def converse(self, command, steps, wait_s=WAIT_S):
        """Starts a command that asks, and answers it: each step is (what it waits for, what is typed). All that was shown until
        the last of them was typed; end() waits for the rest."""
        self.socket.sendall(f"{{ {command}\n}} 2>&1; echo; echo box''-status $?.\n".encode())
        shown = b""
        for words, answer in steps:
            shown += self._read_until(words.encode(), wait_s) + words.encode()
            self.socket.sendall(answer.encode() + b"\n")
        return shown.decode(errors="replace").replace("\r\n", "\n")

    def end(self, wait_s=WAIT_S):
        """Of the command that was conversed with: what it printed since, and its exit status."""
        output = self._read_until(b"box-status ", wait_s).decode(errors="replace").replace("\r\n", "\n")
        status = int(self._read_until(b".", 60))
        self._read_until(self.PROMPT, 60)
        return output, status

    def close(self):
        self.socket.close()
        self.transcript.close()


class VirtualMachine:
    """A box that runs until the block ends. `disk` is raw or qcow2, and what the box writes stays there."""

    def __init__(self, folder, disk, *, kernel=None, arguments="", clock="2026-02-06T03:00:00", outputs=1, stick=None,
                 size=(1920, 1080), kvm=False, memory="1536", devices=()):
        self.folder = Path(tempfile.mkdtemp(dir=folder, prefix="box-"))
        self.started = time.monotonic()
        self.sticks = 0
        kind = "qcow2" if str(disk).endswith(".qcow2") else "raw"
        self.command = ["qemu-system-x86_64", "-name", "duckling", "-machine", "q35", "-smp", "2", "-m", memory, "-nodefaults",
                        *(["-accel", "kvm", "-cpu", "host"] if kvm else ["-accel", "tcg,thread=multi", "-cpu", "max"]),
                        "-rtc", f"base={clock},clock=host", "-qmp", f"unix:{self.folder}/qmp,server=on,wait=off",
                        "-device", f"virtio-vga,id=screen,max_outputs={outputs},xres={size[0]},yres={size[1]}",
                        "-display", "none", *self._remote_screens(outputs),
                        "-drive", f"file={disk},format={kind},if=none,id=disk,cache=unsafe,discard=unmap",
                        "-device", "virtio-blk-pci,drive=disk", "-device", "qemu-xhci,id=usb", "-device", "virtio-rng-pci",
                        "-chardev", f"socket,id=serial,path={self.folder}/serial,server=on,wait=off", "-serial", "chardev:serial",
                        *(word for device in devices for word in ("-device", device))]
        if kernel:
            self.command += ["-kernel", str(kernel.kernel), "-initrd", str(kernel.initrd), "-append",
                             f"{kernel.options} systemd.debug_shell=ttyS0 {arguments}".strip()]
        else:
            shutil.copy(FIRMWARE[1], self.folder / "firmware")
            self.command += ["-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE[0]}",
                             "-drive", f"if=pflash,format=raw,file={self.folder}/firmware"]
        self.log = open(self.folder / "qemu.log", "wb")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self._wait_sockets()
            self.monitor = Monitor(self.folder / "qmp")
            self.shell = Shell(self.folder / "serial", self.folder / "serial.log")
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        if stick:
            self.plug(stick)

    def _remote_screens(self, outputs):
        """One for each output: it says what monitor is there, and has no say in what that shows."""
        return [word for head in range(outputs) for word in
                ("-vnc", f"unix:{self.folder}/vnc-{head},id=vnc-{head},display=screen,head={head}")]

    def _wait_sockets(self):
        """QEMU says by their files that it listens; it has no other way, when it is not a daemon."""
        patience = threading.Event()
        while not all((self.folder / name).exists() for name in ("qmp", "serial", "vnc-0")):
            if self.process.poll() is not None or time.monotonic() - self.started > 60:
                raise RuntimeError(f"QEMU did not start: {(self.folder / 'qemu.log').read_text()}")
            patience.wait(0.05)

    def screen(self, head=0):
        """What a person would see on the monitor of this output."""
        path = self.folder / f"screen-{threading.get_ident()}.ppm"
        self.monitor.call("screendump", filename=str(path), device="screen", head=head)
        return Picture.read_ppm(path)

    def wait_screen(self, condition, what, wait_s=WAIT_S, head=0, every_s=0.5):
        """Until the monitor shows it: nothing tells of a new picture, so this looks again and again. When it was seen, and the picture."""
        end = time.monotonic() + wait_s
        patience = threading.Event()
        while True:
            picture = self.screen(head)
            if condition(picture):
                return picture
            if self.process.poll() is not None:
                raise RuntimeError(f"QEMU has ended: {(self.folder / 'qemu.log').read_text()}")
            if time.monotonic() > end:
                path = self.keep(picture, "never-came")
                raise AssertionError(f"never on the screen within {wait_s} s: {what}; last seen: {path}")
            patience.wait(every_s)

    def keep(self, picture, name):
        """Keeps a picture for whoever looks at a failure; says where."""
        folder = Path(os.environ.get("TEST_PICTURES", self.folder))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}-{time.monotonic() - self.started:.0f}s.png"
        picture.write_png(path)
        return path

    @contextlib.contextmanager
    def watched(self, head=0, every_s=0.3):
        """Looks at the screen all the while; yields a list of (seconds since the machine's start, picture), which grows."""
        seen, stop = [], threading.Event()
        trouble = []
        def look():
            try:
                while not stop.wait(every_s):
                    picture = self.screen(head)
                    # Most are as the one before: no memory for these.
                    if seen and seen[-1][1].data == picture.data:
                        picture = seen[-1][1]
                    seen.append((time.monotonic() - self.started, picture))
            except Exception as error:  # told below, in the test's own thread
                trouble.append(error)
        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()
        if trouble:
            raise trouble[0]

    def resize(self, width, height, head=0):
        """Another resolution: as if another monitor were plugged in, or, of a further output, the first one."""
        with RemoteScreen(self.folder / f"vnc-{head}") as remote:
            remote.set_size(width, height)

    def press(self, *keys):
        """Keys of a keyboard, all at once, by QEMU's names of them."""
        self.monitor.call("send-key", keys=[{"type": "qcode", "data": key} for key in keys])

    KEYS = {"/": "slash", ".": "dot", "-": "minus", "\n": "ret"}

    def type(self, text):
        """On the keyboard, key by key: small letters, digits and some signs."""
        for letter in text:
            self.press(self.KEYS.get(letter, letter))

    def plug(self, disk):
        """A USB stick."""
        self.sticks += 1
        self.monitor.call("blockdev-add", **{"driver": "raw", "node-name": f"stick{self.sticks}", "read-only": False,
                                             "file": {"driver": "file", "filename": str(disk)}})
        self.monitor.call("device_add", driver="usb-storage", id=f"stick{self.sticks}-device", bus="usb.0",
                          drive=f"stick{self.sticks}", removable=True)

    def unplug(self):
        """Pulls the stick out, without asking."""
        self.monitor.call("device_del", id=f"stick{self.sticks}-device")

    def cut_power(self):
        """Off and on again at once: what was not on the disk is gone."""
        self.monitor.call("system_reset")

    def close(self):
        with contextlib.suppress(OSError, RuntimeError, AttributeError):
            self.monitor.call("quit")
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.monitor.close()
        self.shell.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error:
            print(f"# the box's serial line: {self.transcript()}", flush=True)
        self.close()

    def transcript(self):
        text = (self.folder / "serial.log").read_text(errors="replace")
        return "\n# ".join(text[-6000:].splitlines())
