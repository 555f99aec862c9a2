"""Films and pictures with everything that can be in them, through real workers, in every setting that a box may have: none makes a
call that the sandbox forbids. The program without sanitizers is tested, whose sandbox lets less through.

Not every film is combined with everything: each row of a table takes the next value of each column, until all pairs that the test at
the end asks for have come."""
import itertools
import json
import os
import resource
import signal
import struct
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import tap
from films import turn
from player import PATIENT, TOP, WAIT_S, environment

DUCKLING = TOP / "build/duckling"
SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4")

# --- films -----------------------------------------------------------------------------------------------------------------

X264, X265 = ("-c:v", "libx264", "-preset", "ultrafast"), ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
VP9, AV1 = ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime"), ("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime")
PQ = ("-vf", "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc")
ENCODERS = {
    "h264": (*X264, "-pix_fmt", "yuv420p"),
    "h264-10": (*X264, "-pix_fmt", "yuv420p10le"),
    "h264-422": (*X264, "-pix_fmt", "yuv422p"),
    "h264-444": (*X264, "-pix_fmt", "yuv444p"),
    "h264-fields": (*X264, "-pix_fmt", "yuv420p", "-flags", "+ildct+ilme", "-x264-params", "tff=1"),
    "hevc": (*X265, "-pix_fmt", "yuv420p"),
    "hevc-pq": (*X265[:-1], "log-level=none:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):"
                "max-cll=1000,400", "-pix_fmt", "yuv420p10le", *PQ),
    "vp8": ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"),
    "vp9": (*VP9, "-pix_fmt", "yuv420p"),
    "vp9-10": (*VP9, "-pix_fmt", "yuv420p10le", "-profile:v", "2"),
    "vp9-444": (*VP9, "-pix_fmt", "yuv444p", "-profile:v", "1"),
    "av1": (*AV1, "-pix_fmt", "yuv420p"),
    "av1-10": (*AV1, "-pix_fmt", "yuv420p10le"),
}
SOUNDS = {
    "aac": ("-c:a", "aac"), "aac-6": ("-c:a", "aac", "-ac", "6"), "aac-8k": ("-c:a", "aac", "-ar", "8000"), "mp3": ("-c:a", "libmp3lame"),
    "ac3": ("-c:a", "ac3"), "flac": ("-c:a", "flac"), "opus": ("-c:a", "libopus"), "opus-6": ("-c:a", "libopus", "-ac", "6"),
    "vorbis": ("-c:a", "libvorbis"), "pcm": ("-c:a", "pcm_s16le"), "pcm-24": ("-c:a", "pcm_s24le"), "alac": ("-c:a", "alac"), "none": (),
}
MP4_SOUNDS = ["aac", "mp3", "ac3", "flac", "opus", "aac-6", "aac-8k", "alac", "none"]
# What each container takes: pictures, sounds, and the kind of its subtitles.
CONTAINERS = {
    "mp4": (["h264", "h264-10", "h264-422", "h264-fields", "hevc", "hevc-pq", "vp9", "vp9-10", "av1", "av1-10"], MP4_SOUNDS, "mov_text"),
    "mov": (["h264", "h264-444", "h264-fields", "hevc", "hevc-pq"], ["aac", "mp3", "ac3", "pcm", "pcm-24", "alac", "none"], "mov_text"),
    "3gp": (["h264"], ["aac", "aac-8k", "none"], "mov_text"),
    "fragments.mp4": (["h264", "hevc", "av1"], MP4_SOUNDS, None),
    "mkv": (list(ENCODERS), list(SOUNDS), "ass"),
    "webm": (["vp8", "vp9", "vp9-10", "vp9-444", "av1", "av1-10"], ["opus", "opus-6", "vorbis", "none"], "webvtt"),
}
NEW = ("-strict", "-2")  # codecs that are new to a container
MUXING = {"mp4": NEW, "3gp": NEW, "mkv": NEW, "webm": NEW, "mov": (),
          "fragments.mp4": ("-movflags", "frag_keyframe+empty_moov+delay_moov", *NEW, "-write_prft", "wallclock")}
DATE = "2024-02-29T23:59:59.25Z"
# Files that are mixed in are numbered behind the film's own.
TAGS = {
    "date": ("-metadata", f"creation_time={DATE}", "-metadata", "date=2024-02-29", "-metadata:s:v:0", "creation_time=1961-05-05T09:30:00Z"),
    "place": ("-metadata", "location=+37.5665+126.9780/", "-metadata", "location-eng=+37.5665+126.9780/"),
    "phone": ("-movflags", "+use_metadata_tags", "-metadata", "com.apple.quicktime.make=Apple", "-metadata",
              "com.apple.quicktime.location.ISO6709=+37.5665+126.9780+038.100/", "-metadata",
              "com.apple.quicktime.creationdate=2024-02-29T23:59:59+0900", "-metadata", "com.android.capture.fps=25"),
    "long": ("-metadata", "comment=" + "오리 " * 9000, "-metadata", "title=" + "x" * 30000),
    "bytes": ("-metadata", b"title=caf\xe9", "-metadata", b"artist=\xd1\xbc\xd7\xd3\xff\xfe", "-metadata", b"comment=\xb0\xa1\x80"),
    "language": ("-metadata:s:v:0", "language=kor", "-metadata:s:v:0", "handler_name=카메라", "-metadata:s:v:0",
                 "stereo_mode=left_right"),
    "timecode": ("-timecode", "23:59:58:00"),
    "turned": ("-metadata:s:v:0", "rotate=90"),  # and by bytes, see below: FFmpeg 7 has another way
}
MIXED_IN = ("chapters", "cover", "subtitles", "attachment")


def ffmpeg(folder, *words):
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *words], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=WAIT_S)
    if done.returncode:
        raise AssertionError(f"ffmpeg {words}: {done.stderr.decode(errors='replace')}")


def rows_of_films():
    """(file, pictures, sound, container, kinds of what is beside them), each container with each of the others, in turn."""
    rows = []
    for container, (pictures, sounds, subtitles) in CONTAINERS.items():
        kinds = [k for k in (*TAGS, *MIXED_IN) if subtitles or k not in MIXED_IN]
        count = max(len(pictures), len(sounds), -(-len(kinds) // 2))
        for i, (picture, sound) in zip(range(count), zip(itertools.cycle(pictures), itertools.cycle(sounds))):
            mine = {kinds[2 * i % len(kinds)], kinds[(2 * i + 1) % len(kinds)]}
            rows.append((f"film{len(rows)}.{container}", picture, sound, container, sorted(mine)))
    return rows


def mux(folder, row):
    name, picture, sound, container, kinds = row
    inputs, maps, words = ["-i", f"{picture}.mkv"], ["-map", "0:v"], []
    if sound != "none":
        inputs += ["-i", f"{sound}.mkv"]
        maps += ["-map", "1:a"]
    extra = len(inputs) // 2
    for kind in kinds:
        words += TAGS.get(kind, ())
        if kind == "chapters":
            inputs += ["-i", "chapters.txt"]
            words += ["-map_chapters", str(extra), "-map_metadata", str(extra)]
        elif kind == "subtitles":
            inputs += ["-i", "words.srt"]
            maps += ["-map", str(extra)]
            words += ["-c:s", CONTAINERS[container][2]]
        elif kind == "attachment" and container == "mkv":
            words += ["-attach", "words.srt", "-metadata:s:t:0", "mimetype=font/ttf", "-metadata:s:t:0", "filename=글꼴.ttf"]
        elif kind in ("cover", "attachment") and container in ("mp4", "mov"):
            inputs += ["-i", "cover.png"]
            maps += ["-map", str(extra)]
            words += ["-disposition:v:1", "attached_pic"]
        elif kind == "cover" and container == "mkv":
            words += ["-attach", "cover.png", "-metadata:s:t:0", "mimetype=image/png", "-metadata:s:t:0", "filename=cover.png"]
        extra = inputs.count("-i")
    if picture.startswith("hevc") and container != "mkv":
        words += ["-tag:v:0", "hvc1"]
    ffmpeg(folder, *inputs, *maps, "-c:v", "copy", "-c:a", "copy", *words, *MUXING[container], name)
    if "turned" in kinds and container in ("mp4", "mov", "3gp", "fragments.mp4"):
        turn(folder / name, 90)


CHANGES = (("h264", "mkv", "h264", "h264"), ("h264", "mp4", "h264", "h264-10"), ("hevc", "mkv", "hevc", "hevc-pq"),
           ("vp8", "webm", "vp8", "vp8"), ("vp9", "webm", "vp9", "vp9"), ("vp9", "mkv", "vp9", "vp9-444"), ("av1", "mkv", "av1", "av1-10"))


def changing_films(folder):
    """Their size, format or sound changes on the way."""
    small, large = SOURCE[:4], ("-f", "lavfi", "-i", "testsrc2=s=320x192:r=25:d=0.4")
    names = []
    for codec, container, first, second in CHANGES:
        name, suffix = f"changes{len(names)}.{container}", codec if codec in ("h264", "hevc") else "ivf"
        ffmpeg(folder, *small, *ENCODERS[first], "-bf", "0", "-f", suffix, "one.bin")
        ffmpeg(folder, *large, *ENCODERS[second], "-bf", "0", "-f", suffix, "two.bin")
        one, two = (folder / "one.bin").read_bytes(), (folder / "two.bin").read_bytes()
        if suffix == "ivf":  # its packets, with stamps behind those of the first
            at = 32
            while at < len(two):
                size, stamp = struct.unpack_from("<IQ", two, at)
                one += struct.pack("<IQ", size, stamp + 10) + two[at + 12:at + 12 + size]
                at += 12 + size
        else:
            one += two
        (folder / "both.bin").write_bytes(one)
        ffmpeg(folder, "-f", suffix, *(("-r", "25") if suffix != "ivf" else ()), "-i", "both.bin", "-c", "copy", *MUXING[container], name)
        names.append(name)
    return names


def make_films(folder):
    """All files, by name."""
    (folder / "chapters.txt").write_text(";FFMETADATA1\ntitle=film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=200\ntitle=하나\n"
                                         "[CHAPTER]\nTIMEBASE=1/1000\nSTART=200\nEND=400\ntitle=two\n")
    (folder / "words.srt").write_text("1\n00:00:00,000 --> 00:00:00,300\n<i>안녕</i>\n")
    ffmpeg(folder, *SOURCE[:4], "-frames:v", "1", "-s", "32x32", "cover.png")
    # One run for all: ffmpeg loads its libraries once.
    ffmpeg(folder, *SOURCE, *(word for name, words in ENCODERS.items() for word in ("-map", "0:v", *words, f"{name}.mkv")),
           *(word for name, words in SOUNDS.items() if words for word in ("-map", "1:a", *words, "-strict", "-2", f"{name}.mkv")))
    rows = rows_of_films()
    for row in rows:
        mux(folder, row)
    return [row[0] for row in rows] + changing_films(folder)


# --- pictures --------------------------------------------------------------------------------------------------------------

PNGS = {"grey": "gray", "grey16": "gray16be", "grey-alpha": "ya8", "rgb": "rgb24", "rgb16": "rgb48be", "rgba": "rgba", "rgba16": "rgba64be",
        "palette": "pal8", "bits": "monob"}
JPEGS = {"420": "yuvj420p", "422": "yuvj422p", "444": "yuvj444p", "grey": "gray"}
PICTURES = {
    **{f"{name}.png": ("-pix_fmt", form) for name, form in PNGS.items()},
    **{f"jpeg{name}.jpg": ("-pix_fmt", form, "-color_range", "pc") for name, form in JPEGS.items()},
    "lossy.webp": ("-c:v", "libwebp"), "lossless.webp": ("-c:v", "libwebp", "-lossless", "1"),
    "alpha.webp": ("-c:v", "libwebp", "-pix_fmt", "yuva420p"),
}


# Whether they are shown is not the question here.
MOVING = ("moving.gif", "moving.webp", "moving.png")


def profile():
    """A small ICC profile: three primaries (those of Display P3) and a gamma."""
    def xyz(*values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 3) + b"P3\0" + bytes(79), b"cprt": b"text\0\0\0\0none\0\0\0\0",
            b"wtpt": xyz(0.9642, 1, 0.8249), b"rXYZ": xyz(0.5151, 0.2412, -0.0011), b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
            b"bXYZ": xyz(0.1571, 0.0666, 0.7841)}
    tags |= {name: b"curv\0\0\0\0" + struct.pack(">IHH", 1, 0x0233, 0) for name in (b"rTRC", b"gTRC", b"bTRC")}
    table, data = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        body += bytes(-len(body) % 4)
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(data), len(body))
        data += body
    head = struct.pack(">I4sI4s4s4s6H4s4s", 132 + len(table) - 4 + len(data), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ",
                       2024, 2, 29, 23, 59, 58, b"acsp", b"APPL") + bytes(24) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + data


def exif():
    """As a phone writes it: a date, a place, a maker's note of its own, an orientation, a thumbnail that is none."""
    entries = ((0x0112, 3, 1, struct.pack(">HH", 6, 0)), (0x010f, 2, 4, b"duck"), (0x9286, 7, 4, b"\xff\xfe\x80\0"),
               (0x0132, 2, 20, struct.pack(">I", 200)), (0x8825, 4, 1, struct.pack(">I", 160)), (0x927c, 7, 30000, struct.pack(">I", 260)),
               (0x0201, 4, 1, struct.pack(">I", 300)), (0x0202, 4, 1, struct.pack(">I", 60000)))
    tiff = b"MM\0*" + struct.pack(">IH", 8, len(entries))
    tiff += b"".join(struct.pack(">HHI", *entry[:3]) + entry[3] for entry in sorted(entries)) + bytes(4)
    return tiff.ljust(200, b"\0") + b"2024:02:29 23:59:59\0".ljust(60, b"\0") + b"note" * 8000


XMP = ('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
       'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description title="오리"/></rdf:RDF></x:xmpmeta>'
       + " " * 20000 + '<?xpacket end="w"?>').encode()


def jpeg_with_all(data):
    def segment(kind, body):
        return struct.pack(">BBH", 0xff, kind, len(body) + 2) + body
    icc = profile()
    more = segment(0xe1, b"Exif\0\0" + exif()) + segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
    more += segment(0xe1, b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + struct.pack(">II", 40000, 0) + b"x" * 40000)
    more += segment(0xe2, b"ICC_PROFILE\0\x01\x02" + icc[:200]) + segment(0xe2, b"ICC_PROFILE\0\x02\x02" + icc[200:])
    more += segment(0xe2, b"MPF\0" + bytes(100))
    more += segment(0xed, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x08\x1c\x02\x05\0\x03\xc0\xaf\xc1")
    return data[:2] + more + segment(0xfe, b"\xb0\xa1\xff caf\xe9" * 6000) * 3 + data[2:]


def png_with_all(data):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    more = chunk(b"iCCP", b"P3\0\0" + zlib.compress(profile())) if data[25] & 2 else chunk(b"gAMA", struct.pack(">I", 45455))
    more += chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
    more += chunk(b"tEXt", b"Comment\0caf\xe9 \xb0\xa1") + chunk(b"zTXt", b"Author\0\0" + zlib.compress(b"x" * 100000))
    more += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + chunk(b"eXIf", exif())
    more += chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1))
    more += chunk(b"tIME", struct.pack(">HBBBBB", 2024, 2, 29, 23, 59, 60)) + chunk(b"duCk", b"private")
    return data[:33] + more + data[33:]


def webp_with_all(data):
    def chunk(kind, body):
        return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    if data[12:16] == b"VP8X":
        flags, size, rest = data[20], data[24:30], data[30:]
    else:
        flags, size, rest = 0, struct.pack("<I", 159)[:3] + struct.pack("<I", 95)[:3], data[12:]
    body = b"WEBP" + chunk(b"VP8X", bytes([flags | 0x2c, 0, 0, 0]) + size) + chunk(b"ICCP", profile()) + rest
    body += chunk(b"EXIF", exif()) + chunk(b"XMP ", XMP)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def make_pictures(folder):
    ffmpeg(folder, *SOURCE[:4], *(word for name, words in PICTURES.items() for word in ("-frames:v", "1", "-map", "0:v", *words, name)))
    ffmpeg(folder, *SOURCE[:4], "-map", "0:v", "moving.gif", "-map", "0:v", "-c:v", "libwebp_anim", "moving.webp", "-map", "0:v", "-f", "apng",
           "moving.png")
    names = [*PICTURES, *MOVING]
    fill = {".jpg": jpeg_with_all, ".png": png_with_all, ".webp": webp_with_all}
    for name in PICTURES:
        path = folder / name
        (folder / f"all-{name}").write_bytes(fill[path.suffix](path.read_bytes()))
        names.append(f"all-{name}")
    return names


# --- settings --------------------------------------------------------------------------------------------------------------

LOCALES = ("C", "C.UTF-8", "ko_KR.UTF-8", "zh_CN.GB18030", "zh_CN.UTF-8", "xx_XX", "", None)
ZONES = (None, "", "UTC", ":/etc/localtime", "{}/zone", "{}/huge", "EST5EDT,M3.2.0,M11.1.0", "Asia/Seoul", "No/Such_Zone", "/proc/self/exe",
         "{}", "<+09>-9")
NOFILE, STACK, DATA = resource.RLIMIT_NOFILE, resource.RLIMIT_STACK, resource.RLIMIT_DATA
LIMITS = ({}, {NOFILE: 48}, {STACK: 128 << 10}, {DATA: 1 << 30, resource.RLIMIT_MEMLOCK: 0}, {STACK: -1, resource.RLIMIT_CORE: 1 << 20})
CLOSED = ((), (0,), (2,), (0, 2))
# Scripts of many kinds, also those that no font here has.
TEXTS = ("Welcome, 5 p.m.", "어서 오세요 5시", "欢迎光临，下午五点。", "歡迎光臨", "ようこそ", "Duck مرحبا", "Duck नमस्ते", "Duck สวัสดี",
         "Duck 🦆 \U00020000", "한글")
ROWS = len(ZONES)
# In each row.
ALWAYS = 2


def pick(values, row):
    return values[row % len(values)]


def settle(row):
    """What a child does between fork and exec: soft limits as the row has them, descriptors that are closed, and others that are open."""
    def act():
        for limit, value in pick(LIMITS, row).items():
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (value if hard < 0 or 0 <= value < hard else hard, hard))
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGSYS, signal.SIGCHLD} if row % 2 else set())
        for number in range(10, 30 if row % 3 else 10):
            os.dup2(1, number, inheritable=True)
        for number in pick(CLOSED, row):
            os.close(number)
    return act


def media_of(names, row):
    """Each in two rows, and a few in all."""
    return sorted({*names[:ALWAYS], *names[row::ROWS], *names[(row + ROWS // 2) % ROWS::ROWS]})


def spots_of(row):
    spots = {f"film{i}": {"video": name, "volume": 0.5} for i, name in enumerate(media_of(FILMS, row))}
    for i, name in enumerate(media_of(PICTURE_FILES, row)):
        spots[f"picture{i}"] = {"image": name, "tagline": pick(TEXTS, row + i)}
    return spots


class Matrix(unittest.TestCase):
    def check(self, row):
        """Checks a playlist in the setting of a row; what it found, as [(name of the spot, level, text)]."""
        path = MEDIA / f"list{row}.json"
        path.write_text(json.dumps({"format": "duckling/1", "timezone": "Asia/Seoul", "spots": spots_of(row)}), encoding="utf-8")
        locale, zone = pick(LOCALES, row), pick(ZONES, row)
        setting = {"LANG": locale, "LC_ALL": locale if row % 3 else None, "LANGUAGE": "ko:zh" if row % 2 else None,
                   "TZ": zone and zone.replace("{}", str(MEDIA))}
        done = subprocess.run([DUCKLING, "check", path, "--json", *PATIENT], env=environment(**setting), cwd=MEDIA, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT_S, preexec_fn=settle(row))
        self.assertIn(done.returncode, (0, 1), f"{setting}: {done.stderr}")
        self.assertEqual(done.stderr, "", setting)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertTrue(found, setting)
        return [(item["path"].split(".")[2], item["level"], item["text"]) for item in found if item["path"].startswith("$.spots.")]

    def look(self, row):
        spots = spots_of(row)
        for name, level, text in self.check(row):
            what = f"row {row}, {spots[name]}: {text}"
            self.assertNotRegex(text, "forbidden|sandbox|killed|crashed|exited|did not|worker", what)
            # Fonts are the machine's own: which scripts they have is not the question, either.
            self.assertTrue(level != "fault" or "no font" in text or spots[name].get("image") in MOVING, what)

    def test_every_pair_comes(self):
        rows = rows_of_films()
        for column, values in ((1, 0), (2, 1)):
            self.assertEqual({(row[3], row[column]) for row in rows}, {(c, v) for c, takes in CONTAINERS.items() for v in takes[values]})
        self.assertEqual({(row[3], kind) for row in rows for kind in row[4]},
                         {(c, k) for c, takes in CONTAINERS.items() for k in (*TAGS, *MIXED_IN) if takes[2] or k in TAGS})
        for names in (FILMS, PICTURE_FILES):
            for name in names:
                self.assertGreaterEqual(sum(name in media_of(names, row) for row in range(ROWS)), 2, name)


def add(row):
    setattr(Matrix, f"test_row_{row}", lambda self: self.look(row))


for each in range(ROWS):
    add(each)


def setUpModule():
    global KEPT, MEDIA, FILMS, PICTURE_FILES
    KEPT = tempfile.TemporaryDirectory()
    MEDIA = Path(KEPT.name)
    FILMS, PICTURE_FILES = make_films(MEDIA), make_pictures(MEDIA)
    # The first ones of each kind are those with the most in them.
    FILMS.sort(key=lambda name: name != "film0.mp4")
    PICTURE_FILES.sort(key=lambda name: not name.startswith("all-rgb16"))
    for path in MEDIA.iterdir():
        path.chmod(0o400)  # whoever decodes them has them from the player
    (MEDIA / "zone").write_bytes((TOP / "build/zoneinfo/Asia/Seoul").read_bytes())
    (MEDIA / "huge").write_bytes(b"TZif2" + bytes(4 << 20))


def tearDownModule():
    KEPT.cleanup()


if __name__ == "__main__":
    tap.main()
