"""What check says of files that stand in place of a picture or a film, as other programs write them: what each is, and what to do."""
import io
import json
import subprocess
import tempfile
import unittest
import zipfile
from pathlib import Path

import films
import player
import tap

NOW = "2026-02-06T12:00:00Z"
NOT_SHOWN = ", which is not shown: export it as a JPEG or PNG"
NO_FILM = ', not a film: export it as a JPEG or PNG, and name that in "image"'
EXPORT = ", which is not played: export it as H.264 or HEVC in an MP4"
DRM = "but it is encrypted (DRM), and players have no key: get a copy without copy protection"
SILENT = "but it has sound and no pictures: name the film that the sound belongs to"
MOV, MKV = "the file is an MP4 or MOV film, ", "the file is a WebM or Matroska film, "


def size_of(number, length):
    """A size of Matroska's in so many bytes."""
    return (number | 1 << 7 * length).to_bytes(length, "big")


def element(name, body):
    return bytes.fromhex(name) + size_of(len(body), 8) + body


class Kinds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = Path(cls.temporary.name)
        # Photos behind whatever name; what it is counts.
        films.film(cls.folder / "ok.mp4", frames=10, fps=10, size=(64, 64))

    def put(self, name, data):
        (self.folder / name).write_bytes(data)
        return name

    def ffmpeg(self, name, *options, source="testsrc2=s=64x64:r=25:d=0.4"):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, *options, str(self.folder / name)], check=True,
                       timeout=player.WAIT_S, stdin=subprocess.DEVNULL)
        return name

    def magick(self, name, kind):
        """A picture by ImageMagick; None where it was built without that kind."""
        done = subprocess.run(["convert", "-size", "64x64", "gradient:red-blue", f"{kind}:{self.folder / name}"], capture_output=True,
                              timeout=player.WAIT_S, stdin=subprocess.DEVNULL)
        path = self.folder / name
        return name if done.returncode == 0 and path.exists() and path.stat().st_size else None

    def told(self, names):
        """{name: (what is said of it as a picture, and as a film)}, of faults alone."""
        spots = {}
        for i, name in enumerate(names):
            spots[f"i{i}"] = {"image": name, "duration": 3}
            spots[f"v{i}"] = {"video": name, "duration": 3}
        player.playlist(self.folder / "p.json", spots)
        done = player.run("check", self.folder / "p.json", "--timezone", "UTC", "--at", NOW, "--json", "--no-cache")
        self.assertNotRegex(done.stderr, r"Sanitizer|runtime error")
        found = {}
        for line in done.stdout.splitlines():
            item = json.loads(line)
            if item["level"] == "fault":
                found.setdefault(item["path"].split(".")[2], []).append(item["text"])
        return {name: tuple((found.get(f"{letter}{i}") or [None])[0] for letter in "iv") for i, name in enumerate(names)}

    def expect(self, wanted):
        wanted = {name: texts for name, texts in wanted.items() if name}
        told = self.told(list(wanted))
        for name, texts in wanted.items():
            with self.subTest(name):
                self.assertEqual(told[name], texts)

    def test_photos_and_drawings(self):
        def both(name, what):
            return {name: (f"the file is {what}{NOT_SHOWN}", f"the file is {what}{NO_FILM}")}
        wanted = {}
        for kind, what in (("heic", "a HEIC photo"), ("tiff", "a TIFF picture"), ("bmp", "a BMP picture"), ("jp2", "a JPEG 2000 picture"),
                           ("j2k", "a JPEG 2000 picture"), ("ico", "an icon (ICO)"), ("dds", "a DDS texture"), ("psd", "a Photoshop document")):
            wanted |= both(self.magick(f"x.{kind}", kind), what)
        # As phones export them.
        wanted |= both(self.magick("photo.jpg", "heic"), "a HEIC photo")
        avif = self.ffmpeg("x.avif", "-c:v", "libaom-av1", "-cpu-used", "8", "-frames:v", "1")
        self.assertEqual(self.told([avif])[avif][0], f"the file is an AVIF picture{NOT_SHOWN}")
        for name, data, what in (("x.svg", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
                                 ("x.ai", b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n", "a PDF or Illustrator document"),
                                 ("x.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", "an EPS or PostScript document"),
                                 ("x.jxl", b"\xff\x0a" + bytes(50), "a JPEG XL picture"),
                                 ("x.indd", bytes.fromhex("0606edf5d81d46e5bd31efe7fe74b71d"), "an InDesign document")):
            wanted |= both(self.put(name, data), what)
        self.expect(wanted)

    def test_films_in_containers_that_are_not_played(self):
        wanted = {}
        for name, what, options in (("x.wmv", "a Windows Media film (WMV)", ("-c:v", "wmv2")), ("x.mxf", "an MXF film", ("-s", "720x576", "-c:v", "mpeg2video")),
                                    ("x.ogv", "an Ogg file", ("-c:v", "libtheora")), ("x.avi", "an AVI film", ("-c:v", "mpeg4"))):
            self.ffmpeg(name, *options)
            wanted[name] = (f'the file is {what}, which is not played: convert it to an MP4 for "video"',
                            f"the file is {what}, which is not played: convert it to an MP4")
        red = "the file is a RED camera's raw film (R3D), which is not played: convert it to an MP4"
        wanted[self.put("x.r3d", b"\0\0\1\x84RED2" + bytes(50))] = (red + ' for "video"', red)
        stream = "the file is a list of a stream's pieces (HLS), not a film: get the film itself as one MP4"
        wanted[self.put("x.m3u8", b"#EXTM3U\n#EXT-X-VERSION:3\n")] = (stream, stream)
        self.ffmpeg("x.mjpeg", "-c:v", "mjpeg")
        self.assertEqual(self.told(["x.mjpeg"])["x.mjpeg"][1], "the file is Motion JPEG, which is not played: convert it to an MP4")
        self.expect(wanted)

    def test_codecs_that_are_not_played(self):
        wanted = {}
        for name, codec, words, options in (
                ("p.mov", "ProRes", MOV, ("prores_ks",)), ("d.mov", "DNxHD", MOV, ("dnxhd", "-profile:v", "dnxhr_lb", "-s", "1280x720", "-pix_fmt", "yuv422p")),
                ("r.mov", "uncompressed", MOV, ("rawvideo", "-pix_fmt", "uyvy422")), ("m.mov", "Motion JPEG", MOV, ("mjpeg",)),
                ("4.mp4", "MPEG-4 Part 2", MOV, ("mpeg4",)), ("q.mov", "QuickTime Animation", MOV, ("qtrle",)),
                ("j.mov", "JPEG 2000", MOV, ("jpeg2000",)), ("p.mkv", "ProRes", MKV, ("prores_ks",)), ("m.mkv", "Motion JPEG", MKV, ("mjpeg",)),
                ("t.mkv", "Theora", MKV, ("libtheora",)), ("2.mkv", "MPEG-2", MKV, ("mpeg2video",))):
            self.ffmpeg(name, "-c:v", *options)
            wanted[name] = (words + f"but its codec is {codec}{EXPORT}",) * 2
        self.expect(wanted)

    def test_sound_without_pictures(self):
        wanted = {}
        for name, words in (("s.m4a", MOV + SILENT), ("s.mka", MKV + SILENT), ("s.webm", MKV + SILENT)):
            wanted[self.ffmpeg(name, source="sine=duration=0.5")] = (words,) * 2
        for name in ("s.mp3", "s.wav", "s.flac", "s.aiff", "s.aac"):
            wanted[self.ffmpeg(name, source="sine=duration=0.5")] = ("the file is a sound file, without pictures: only films have sound here",) * 2
        # A song's cover is no film.
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", str(self.folder / "s.m4a"), "-f", "lavfi", "-i", "testsrc2=s=64x64:r=1:d=1",
                        "-map", "0", "-map", "1", "-frames:v", "1", "-c:a", "copy", "-c:v", "mjpeg", "-disposition:v", "attached_pic",
                        str(self.folder / "cover.m4a")], check=True, timeout=player.WAIT_S, stdin=subprocess.DEVNULL)
        wanted["cover.m4a"] = (MOV + SILENT,) * 2
        self.expect(wanted)

    def test_encrypted_films(self):
        """Of which a decoder makes noise, or pictures up to where the encryption begins."""
        wanted = {self.ffmpeg("cenc.mp4", "-c:v", "libx264", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
                              "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"): MOV}
        data = (self.folder / "ok.mp4").read_bytes()
        self.assertEqual(data.count(b"avc1"), 2)  # a brand, and the entry
        wanted[self.put("fairplay.m4v", data.replace(b"avc1", b"drmi"))] = MOV
        wanted[self.put("widevine.webm", self.encrypted_webm())] = MKV
        self.expect({name: (words + DRM,) * 2 for name, words in wanted.items()})

    def encrypted_webm(self):
        """A WebM file as it is, its track marked as encrypted (RFC 9559, 5.1.4.1.31)."""
        data = (self.folder / self.ffmpeg("ok.webm", "-c:v", "libvpx")).read_bytes()
        tracks = data.rindex(bytes.fromhex("1654ae6b"))  # the first is in the list of what is where
        head, width = tracks + 4, 1
        while not data[head] & 0x80 >> width - 1:
            width += 1
        length = int.from_bytes(data[head:head + width], "big") & (1 << 7 * width) - 1
        track = data[head + width:head + width + length]
        body = track.index(b"\xae")
        width, at = 1, body + 1
        while not track[at] & 0x80 >> width - 1:
            width += 1
        entry = track[at + width:at + width + (int.from_bytes(track[at:at + width], "big") & (1 << 7 * width) - 1)]
        encryption = element("5035", bytes.fromhex("47e18105") + element("47e2", bytes(16)))
        encodings = element("6d80", element("6240", bytes.fromhex("503381015031810050328101") + encryption))
        segment = data.index(bytes.fromhex("18538067"))
        return data[:segment] + bytes.fromhex("1853806701ffffffffffffff") + element("1654ae6b", element("ae", entry + encodings)) + data[head + width:]

    def test_documents_and_debris(self):
        def packed(*names):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for name in names:
                    archive.writestr(name, "application/vnd.oasis.opendocument.presentation" if name == "mimetype" else "x")
            return out.getvalue()
        ole = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)
        pages = (", not a picture: export its pages as PNG pictures", ", not a film: export it as an MP4 film")
        unpack = (", not a picture: unpack it, and name the picture in it", ", not a film: unpack it, and name the film in it")
        windows = "the file is one that Windows makes for itself: name the picture or film"
        lock = "the file is a lock of Office, left over from an open document: name the document's exported picture or film"
        double = "the file is a side file of macOS (._): name the file without ._ before its name"
        page = (", not a picture: check where it was downloaded from", ", not a film: check where it was downloaded from")
        wanted = {}
        for name, data, what, advice in (
                ("deck.pptx", packed("[Content_Types].xml", "ppt/presentation.xml"), "an Office document", pages), ("deck.ppt", ole, "an Office document", pages),
                ("deck.odp", packed("mimetype"), "an OpenDocument file", pages), ("deck.key", packed("Index/Document.iwa"), "a Keynote, Pages or Numbers document", pages),
                ("films.zip", packed("film.mp4"), "an archive (ZIP or the like)", unpack), ("x.rar", b"Rar!\x1a\7\1\0", "an archive (ZIP or the like)", unpack),
                (".DS_Store", b"\0\0\0\1Bud1" + bytes(50), "a folder's settings of macOS (.DS_Store)", (", not a picture: name the picture", ", not a film: name the film")),
                ("film.mp4", b"<!DOCTYPE html><title>Sign in</title>", "a web page (HTML)", page)):
            self.put(name, data)
            wanted[name] = tuple(f"the file is {what}{words}" for words in advice)
        wanted |= {self.put("Thumbs.db", ole): (windows,) * 2, self.put("~$deck.pptx", b"\x05Alice" + bytes(156)): (lock,) * 2,
                   self.put("._film.mp4", b"\0\5\26\7\0\2\0\0Mac OS X        "): (double,) * 2}
        empty = f"{self.folder}/empty.mp4: the file is empty: copy it again"
        wanted[self.put("empty.mp4", b"")] = (empty, empty)
        self.expect(wanted)

    def test_no_circle_of_advice(self):
        """What is to be named elsewhere does play there."""
        self.ffmpeg("ok.webm", "-c:v", "libvpx")
        self.ffmpeg("ok.png", "-frames:v", "1")
        self.ffmpeg("ok.jpg", "-frames:v", "1")
        film, picture = ': name it in "video"', ': name it in "image"'
        self.expect({"ok.mp4": ("the file is an MP4 or MOV film" + film, None), "ok.webm": ("the file is a WebM or Matroska film" + film, None),
                     "ok.png": (None, "the file is a PNG picture" + picture), "ok.jpg": (None, "the file is a JPEG picture" + picture)})

    def test_in_place_of_a_playlist(self):
        for name, what in (("cenc.mp4", "an MP4 or MOV film"), ("x.svg", "an SVG drawing")):
            path = self.folder / name
            path.write_bytes(b"<svg/>" if name == "x.svg" else (self.folder / "ok.mp4").read_bytes())
            self.assertIn(f"{name}: {what}, not a playlist", player.run("check", path).stdout)


if __name__ == "__main__":
    tap.main()
