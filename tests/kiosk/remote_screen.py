"""A client of QEMU's remote screen (VNC) that asks for another size, which the box sees as another monitor.

RFC 6143; SetDesktopSize and its pseudo encoding: the community's description of the protocol (rfbproto).
"""
import socket
import struct

WAIT_S = 120
DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE = -223, -308
OURS = 1
# The box itself decides.
FORWARDED = 4


class RemoteScreen:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(WAIT_S)
        self.socket.connect(str(path))
        version = self._read(12)
        if not version.startswith(b"RFB 003.008"):
            raise RuntimeError(f"a remote screen of another version: {version!r}")
        self.socket.sendall(version)
        kinds = self._read(self._read(1)[0])
        if 1 not in kinds:
            raise RuntimeError("the remote screen asks for a password")
        self.socket.sendall(b"\x01")
        if self._read(4) != b"\0\0\0\0":
            raise RuntimeError("the remote screen refuses")
        self.socket.sendall(b"\x01")  # with others
        width, height, _, name = struct.unpack(">HH16sI", self._read(24))
        self._read(name)
        self.socket.sendall(struct.pack(">BxHiii", 2, 3, 0, DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE))
        self._ask(False, width, height)

    def _read(self, length):
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise RuntimeError("the remote screen is gone")
            data += more
        return data

    def _ask(self, incremental, width, height):
        self.socket.sendall(struct.pack(">BBHHHH", 3, incremental, 0, 0, width, height))

    def _wait_extended(self):
        """Until a rectangle says that sizes may be asked for, or what became of a wish: whose, and whether it failed (0: it did not).
        Pixels before it are dropped."""
        while True:
            if self._read(1) != b"\0":
                raise RuntimeError("the remote screen says something unknown")
            _, count = struct.unpack(">BH", self._read(3))
            for _ in range(count):
                x, y, width, height, kind = struct.unpack(">HHHHi", self._read(12))
                if kind == EXTENDED_DESKTOP_SIZE:
                    screens = self._read(4)[0]
                    self._read(16 * screens)
                    return x, y
                if kind == 0:
                    self._read(width * height * 4)

    def set_size(self, width, height):
        self._wait_extended()
        self.socket.sendall(struct.pack(">BxHHBxIHHHHI", 251, width, height, 1, 0, 0, 0, width, height, 0))
        self._ask(True, width, height)
        whose, failed = self._wait_extended()
        while whose != OURS:
            whose, failed = self._wait_extended()
        if failed not in (0, FORWARDED):
            raise RuntimeError(f"the remote screen refuses {width}x{height}: {failed}")

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()
