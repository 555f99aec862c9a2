"""What tests of boxes share that get a channel or settings on USB sticks."""
import subprocess

import player
import publishing
from box_case import PATIENT, SIZE, BoxCase, Programme

CHANNEL = "/media/stick/channels/wall/"


class StickCase(BoxCase):
    """A key, a channel that is published into a folder, and sticks that carry it, or something else."""

    settings = f"source = {CHANNEL}\nkey = /boot/duckling/operator.pub\nlanguage = en\n{PATIENT}"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secret = publishing.make_key(cls.folder)
        cls.public = cls.folder / "operator.pub"
        cls.base = cls.folder / "channel"
        cls.base.mkdir()

    @classmethod
    def flash_with_key(cls, name="disk", more="", **files):
        return cls.flash(name, **{"player.conf": cls.settings + more, "operator.pub": cls.public.read_bytes(), **files})

    @classmethod
    def stick(cls, label, *paths):
        """A stick with these files and folders."""
        image = cls.folder / f"stick-{len(list(cls.folder.glob('stick-*')))}.img"
        with open(image, "wb") as file:
            file.truncate(128 << 20)
        subprocess.run(["mkfs.vfat", "-F", "32", "-n", label, str(image)], check=True, capture_output=True)
        for path in paths:
            subprocess.run(["mcopy", "-s", "-i", str(image), str(path), "::/"], check=True, capture_output=True)
        return image

    @classmethod
    def channel_stick(cls, *paths):
        """A stick with the channel as it is now."""
        return cls.stick("DUCKLINGUSB", *cls.base.iterdir(), *paths)

    @classmethod
    def on_channel(cls, *arguments):
        done = player.run(*arguments, "--to", cls.base, "--channel", "wall", "--key", cls.secret)
        if done.returncode:
            raise RuntimeError(done.stderr)

    @classmethod
    def publish(cls, names, **more):
        """Another version of the channel; the stick that it comes on, and what it shows."""
        programme = Programme(cls.folder / f"programme-{'-'.join(names)}", names, **more)
        cls.on_channel("publish", programme.path, "--size", f"{SIZE[0]}x{SIZE[1]}")
        return cls.channel_stick(), programme
