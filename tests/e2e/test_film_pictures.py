"""Films in every codec, format, color, container and shape, as the ffmpeg program makes them: the sandboxed worker's frames against
those that ffmpeg itself decodes, with its own filters (zscale, tonemap, bwdif), pixel by pixel."""
import os
import re
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import tap
from films import turn
from player import DUCKLING, TOP, WAIT_S

PROBE = (TOP / "build" if DUCKLING.parent == TOP / "build/asan" else DUCKLING.parent) / "tests/faults/probe_film_pixels"
MEAN_MAX = 2.0  # of 255
SIZE = "192x128"
REFERENCE_WHITE, NOMINAL_PEAK = 203, 1000

X264 = "libx264 -preset ultrafast -crf 12"
X265 = "libx265 -preset ultrafast -x265-params log-level=none:crf=14"
VP8 = "libvpx -deadline realtime -cpu-used 8 -b:v 4M"
VP9 = "libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 4M"
AV1 = "libaom-av1 -usage realtime -cpu-used 8 -b:v 4M"


@dataclass
class Film:
    """What is encoded, what the file tells of it, and what it means: None where it tells nothing, and the means are a guess."""
    codec: str = X264
    pixels: str = "yuv420p"
    matrix: str = None
    primaries: str = None
    transfer: str = None
    range: str = None
    container: str = "mp4"
    options: str = ""         # of the encoder
    filters: str = ""         # of the source
    size: str = SIZE
    means: tuple = ()         # matrix, primaries, transfer: where they are not as told
    shown: str = SIZE         # with square pixels
    turned: str = SIZE        # of the frames
    fields: str = None        # tff or bff
    frames: int = 4
    peak: float = NOMINAL_PEAK
    rotate: int = 0
    sharp: bool = False       # edges of colors
    most: float = MEAN_MAX

    def name(self):
        parts = (self.codec.split()[0], self.pixels, self.matrix, self.primaries, self.transfer, self.range, self.container,
                 self.fields, self.options, self.filters, self.size, self.rotate and f"turned {self.rotate}", self.sharp and "sharp")
        return " ".join(str(part) for part in parts if part)


def hdr(**what):
    """High dynamic range, as it is told by a file that tells all."""
    return Film(**{"codec": X265, "pixels": "yuv420p10le", "matrix": "bt2020nc", "primaries": "bt2020", "filters": "lutyuv=y=val*0.8",
                   **what})


PHONE = {"transfer": "arib-std-b67", "container": "mov", "options": "-tag:v hvc1"}

FILMS = [
    # Codecs and containers.
    Film(), Film(container="mov"), Film(container="mkv"), Film(codec=VP8, container="webm"), Film(codec=VP8, container="mkv"),
    Film(codec=VP9, container="webm"), Film(codec=VP9), Film(codec=AV1), Film(codec=AV1, container="webm"), Film(codec=X265),
    Film(codec=X265, container="mkv"), Film(codec="libsvtav1 -preset 12 -crf 20", container="mkv"),
    # Matrix and range.
    Film(matrix="bt709"), Film(matrix="smpte170m"), Film(matrix="bt470bg"), Film(matrix="fcc"), Film(matrix="smpte240m"),
    Film(matrix="ycgco"), Film(matrix="bt2020nc", means=("bt2020nc", "bt2020", None)), Film(matrix="bt709", range="pc"),
    Film(matrix="bt470bg", range="pc"), Film(matrix="smpte240m", range="pc"), Film(matrix="ycgco", range="pc"),
    Film(codec=VP9, container="webm", matrix="bt709"), Film(codec=VP9, container="webm", matrix="smpte170m", range="pc"),
    Film(codec=AV1, matrix="bt709", range="pc"), Film(codec=X265, matrix="fcc"), Film(size="1280x720", shown="1280x720", turned="1280x720",
                                                                                      frames=1, means=("bt709", None, None)),
    Film(codec=X265, matrix="chroma-derived-nc", primaries="bt709", means=("bt709", "bt709", None)),
    Film(codec=X265, matrix="chroma-derived-nc", primaries="bt2020", means=("bt2020nc", "bt2020", None)),
    # Formats.
    Film(pixels="yuvj420p", range="pc"), Film(pixels="yuv422p", matrix="bt709"), Film(pixels="yuv444p", matrix="bt709"),
    Film(pixels="yuvj444p", matrix="bt709", range="pc"), Film(pixels="yuv420p10le", matrix="bt709"), Film(pixels="yuv422p10le"),
    Film(pixels="yuv444p10le", matrix="bt709", range="pc"), Film(codec=X265, pixels="yuv420p12le", matrix="bt709"),
    Film(codec=X265, pixels="yuv444p12le", matrix="bt470bg"), Film(codec=VP9, pixels="yuv440p", container="webm"),
    Film(codec=VP9, pixels="yuv420p12le", container="mkv", matrix="bt709"), Film(codec=AV1, pixels="yuv420p10le", matrix="bt709"),
    Film(codec="libx264rgb -preset ultrafast -crf 8", pixels="rgb24", matrix="rgb", range="pc", filters="gblur=sigma=6"),
    Film(codec=X265, pixels="gbrp10le", matrix="rgb", range="pc"), Film(codec=VP9, pixels="gbrp", matrix="rgb", range="pc", container="mkv"),
    Film(pixels="gray", range="tv"), Film(pixels="gray10le", range="tv"), Film(codec=X265, pixels="gray", range="pc"),
    Film(codec=X265, pixels="gray12le", range="pc"), Film(codec=X265, pixels="gray", range="tv"),
    Film(codec=X265, pixels="gray10le", range="tv"),
    Film(codec=VP9, pixels="yuva420p", container="webm"),
    # Primaries and transfer.
    Film(matrix="bt470bg", primaries="bt470bg", transfer="smpte170m", range="pc"), Film(matrix="smpte170m", primaries="smpte170m"),
    Film(matrix="fcc", primaries="bt470m", transfer="gamma22"), Film(matrix="smpte240m", primaries="smpte240m", transfer="smpte240m"),
    Film(matrix="bt709", primaries="film"), Film(matrix="bt709", primaries="smpte432", transfer="bt709"),
    Film(codec=X265, pixels="yuv420p10le", matrix="bt709", primaries="smpte432", transfer="iec61966-2-1"),
    Film(matrix="bt709", primaries="smpte431"), Film(codec=VP9, container="mkv", matrix="bt709", primaries="jedec-p22"),
    Film(matrix="bt470bg", primaries="bt470bg", transfer="gamma28"), Film(matrix="bt709", transfer="iec61966-2-1"),
    Film(matrix="bt709", primaries="bt709", transfer="linear"),
    Film(matrix="bt709", primaries="bt709", transfer="linear", filters="scale=out_color_matrix=bt709"),  # pure colors, steep near black
    Film(matrix="bt709", primaries="bt2020", transfer="linear", pixels="yuv420p10le"), Film(matrix="bt709", primaries="bt709", transfer="log100"),
    Film(matrix="bt709", primaries="bt709", transfer="log316"),
    Film(codec=X265, pixels="yuv420p10le", matrix="bt2020nc", primaries="bt2020", transfer="bt2020-10"),
    Film(codec=X265, pixels="yuv422p10le", matrix="bt2020nc", primaries="bt2020", transfer="bt2020-10", range="pc"),
    Film(codec=AV1, pixels="yuv420p10le", matrix="bt2020nc", primaries="bt2020", transfer="bt2020-10", container="mkv"),
    Film(primaries="bt2020", means=("bt2020nc", "bt2020", None)),
    # High dynamic range.
    hdr(transfer="smpte2084"), hdr(transfer="arib-std-b67"), hdr(**PHONE), hdr(transfer="smpte2084", container="mkv", range="pc"),
    hdr(transfer="smpte2084", pixels="yuv420p12le"), hdr(transfer="smpte2084", pixels="yuv444p10le"),
    hdr(transfer="smpte2084", codec=AV1), hdr(transfer="arib-std-b67", codec=VP9, container="webm"),
    hdr(transfer="arib-std-b67", codec=X264, pixels="yuv420p"), hdr(transfer="smpte2084", matrix="bt709", primaries="bt709"),
    hdr(transfer="smpte2084", matrix=None, primaries=None, means=("bt2020nc", "bt2020", "smpte2084")),
    hdr(transfer="smpte2084", codec=X265 + ":hdr10=1:max-cll=600,300", peak=600),
    hdr(transfer="smpte2084", primaries="smpte432"),
    hdr(transfer="smpte2084", peak=4000,
        codec=X265 + ":hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"),
    # Interlaced.
    Film(fields="tff", frames=8), Film(fields="bff", frames=8), Film(fields="tff", container="mkv", matrix="bt709", frames=8),
    Film(fields="bff", pixels="yuv422p", matrix="bt709", frames=8), Film(fields="tff", pixels="yuv420p10le", matrix="bt709", frames=8),
    Film(fields="tff", matrix="smpte170m", primaries="smpte170m", frames=8),
    Film(fields="tff", matrix="bt709", range="pc", container="mov", frames=8),
    # Shapes.
    Film(filters="setsar=4/3", shown="256x128"), Film(filters="setsar=3/4", shown="192x171"),
    Film(filters="setsar=4/3", container="mkv", codec=VP9, shown="256x128"), Film(rotate=90, turned="128x192", shown="128x192"),
    Film(rotate=180), Film(rotate=270, turned="128x192", shown="128x192", matrix="bt709", range="pc"),
    Film(rotate=90, turned="128x192", shown="128x192", container="mov", pixels="yuv422p10le"),
    hdr(**PHONE, rotate=90, turned="128x192", shown="128x192"), hdr(**PHONE, rotate=270, turned="128x192", shown="128x192"),
    Film(rotate=90, turned="128x192", shown="128x192", fields="tff", frames=8),
    Film(size="190x126", shown="190x126", turned="190x126", matrix="smpte240m"),
    *[Film(pixels=pixels, size=size, shown=size, turned=size, matrix=matrix) for size in ("191x127", "193x129")
      for pixels, matrix in (("yuv444p", "bt709"), ("yuv444p10le", "smpte240m"))],
    Film(codec="libx264rgb -preset ultrafast -crf 8", pixels="rgb24", matrix="rgb", range="pc", filters="gblur=sigma=6", size="193x129",
         shown="193x129", turned="193x129"),
    # Where chroma is.
    *[Film(codec=f"{X264} -x264-params chromaloc={place}", pixels=pixels, matrix="bt709", most=0.8)
      for pixels in ("yuv420p", "yuv420p10le") for place in range(6)],
    *[Film(codec=f"{X265}:chromaloc={place}", pixels="yuv420p10le", matrix="bt2020nc", primaries="bt2020", transfer="bt2020-10", most=1.2)
      for place in (0, 2)],
    *[Film(codec=f"{X264} -x264-params chromaloc={place}", sharp=True) for place in range(3)],
]


def ffmpeg(*words):
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=WAIT_S, errors="replace")
    if done.returncode != 0:
        raise AssertionError(f"{done.stderr}\nffmpeg {' '.join(words)}")


def encode(film, path):
    """Every color and every grey, moving, with soft edges: how a decoder fills in what chroma lacks is no matter here."""
    fields = []
    rate = 50 if film.fields else 25
    if film.fields:
        fields = [f"tinterlace=mode=interleave_{'top' if film.fields == 'tff' else 'bottom'}", f"setfield={film.fields}"]
    width, height = map(int, film.size.split("x"))
    # The source makes no odd size; nor can one be cut out of pictures with half the chroma.
    odd = [f"crop={width}:{height}"] if width % 2 or height % 2 else []
    soft = ["gblur=sigma=4"] if not film.sharp else []
    more = [film.filters] if film.filters.startswith(("setsar", "gblur", "scale")) else []
    fields = ["format=yuv444p", *fields] if fields else []
    lights = [film.filters] if film.filters.startswith("lut") else []
    chain = ",".join(["format=gbrp", *odd, *soft, *more, *fields, f"format={film.pixels}", *lights])
    derived = film.matrix and film.matrix.startswith("chroma-derived")
    told = [("-colorspace", None if derived else film.matrix), ("-color_primaries", film.primaries), ("-color_trc", film.transfer), ("-color_range", film.range)]
    words = [word for option, value in told if value for word in (option, value)]
    # FFmpeg 5 takes them from the options, FFmpeg 7 some of them from the frames; it would also convert to a matrix that is asked for, if
    # the frames don't have it, which it can't where that is derived or YCgCo, and gray to another range.
    members = [("color_primaries", film.primaries), ("color_trc", {"gamma22": "bt470m", "gamma28": "bt470bg"}.get(film.transfer, film.transfer)),
               ("colorspace", film.matrix if film.matrix != "rgb" else None), ("range", film.range if film.pixels == "gray" else None)]
    chain += "".join(f",setparams={member}={value}" for member, value in members if value)
    flags = ["-flags", "+ildct+ilme"] if film.fields else []
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=s={width + width % 2}x{height + height % 2}:r={rate}", "-vf", chain, "-frames:v", str(film.frames),
           "-c:v", *film.codec.split(), "-pix_fmt", film.pixels, "-threads", "1", *words, *flags, *film.options.split(), str(path))
    if film.rotate:
        turn(path, film.rotate)


def reference_filters(film):
    """What the file means, put into words for ffmpeg's filters."""
    matrix, primaries, transfer = film.means or (None, None, None)
    matrix = matrix or film.matrix or "bt470bg"  # as players take small films that tell nothing
    primaries = primaries or film.primaries or "bt709"
    transfer = transfer or film.transfer or "bt709"
    gray = film.pixels.startswith("gray")
    chain = ["bwdif=mode=send_field:deint=interlaced"] if film.fields else []
    # ffmpeg itself would turn a film before it is deinterlaced, and its samples of chroma with it to a place where none has them.
    turn = {0: [], 90: ["transpose=clock"], 180: ["hflip", "vflip"], 270: ["transpose=cclock"]}[film.rotate]
    if gray:
        return ",".join([*chain, f"setparams=range={film.range},extractplanes=y,zscale=rin={film.range}:r=full", "format=gray,format=rgb24", *turn])
    if matrix == "rgb":
        return ",".join([*chain, "format=rgb24", *turn])
    transfer = {"gamma22": "bt470m", "gamma28": "bt470bg"}.get(transfer, transfer)
    params = f"setparams=colorspace={matrix}:color_primaries={primaries}:color_trc={transfer}:range={film.range or 'tv'}"
    high = transfer in ("smpte2084", "arib-std-b67")
    if high:
        chain += [params, f"zscale=t=linear:npl={REFERENCE_WHITE}:agamma=0:p=bt709:m=gbr", "format=gbrpf32le",
                  f"tonemap=mobius:param=0.3:peak={film.peak / REFERENCE_WHITE}:desat=0", "zscale=t=bt709:r=full"]
    elif transfer in ("bt470bg", "linear", "log100", "log316"):
        chain += [params, "zscale=p=bt709:t=bt709:m=gbr:r=full"]
    else:
        chain += [params, "zscale=p=bt709:m=gbr:r=full"]
    return ",".join([*chain, "format=gbrp", "format=rgb24", *turn])


def compare(film, folder):
    """What the probe prints of the film, and of its difference from the reference."""
    path, raw = folder / f"film.{film.container}", folder / "frames.rgb"
    encode(film, path)
    ffmpeg("-threads", "1", "-noautorotate", "-i", str(path), "-vf", reference_filters(film), "-fps_mode", "passthrough", "-f", "rawvideo", str(raw))
    done = subprocess.run([PROBE, path, raw], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S)
    raw.unlink()
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return dict(re.findall(r"(\w+)=(\S+)", done.stdout))


class Pictures(unittest.TestCase):
    def test_as_ffmpeg_shows_them(self):
        self.assertGreaterEqual(len(FILMS), 60)
        self.assertEqual(len({str(film) for film in FILMS}), len(FILMS))
        with tempfile.TemporaryDirectory() as top, ThreadPoolExecutor(os.cpu_count()) as pool:
            tasks = []
            for i, film in enumerate(FILMS):
                folder = Path(top) / str(i)
                folder.mkdir()
                tasks.append((film, pool.submit(compare, film, folder)))
            for film, task in tasks:
                with self.subTest(film.name()):
                    result = task.result()
                    if os.environ.get("TEST_VERBOSE"):
                        print("#", result["mean"], result["worst"], film.name(), flush=True)
                    self.assertLessEqual(float(result["worst"]), film.most)
                    self.assertEqual(result["size"], film.turned)
                    self.assertEqual(result["shown"], film.shown)
                    self.assertEqual(result["hdr"], str(int(film.transfer in ("smpte2084", "arib-std-b67"))))
                    self.assertEqual(int(result["deinterlaced"]), 2 * film.frames if film.fields else 0)


class Interlaced(unittest.TestCase):
    """Something that moves fast, taken fifty times a second; and the same in interlaced frames, which has combs if they are woven."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def make(self, name, *filters, options=(), frames=10, codec=X264):
        chain = ",".join(["scroll=horizontal=0.03", "gblur=sigma=3", *filters, "format=yuv420p"])
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=192x128:r=50", "-vf", chain, "-frames:v", str(frames), "-c:v", *codec.split(), *options,
               str(self.folder / name))

    def probe(self, name, *more):
        done = subprocess.run([PROBE, self.folder / name, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = dict(re.findall(r"(\w+)=(\S+)", done.stdout))
        found["times"] = [int(time) for time in found["times_us"].split(",")]
        return found

    def woven(self, order, told=True):
        return (f"tinterlace=mode=interleave_{'top' if order == 'tff' else 'bottom'}", f"setfield={order if told else 'prog'}")

    def test_no_combs(self):
        """By x264 in frames that hold fields and macroblocks of fields (MBAFF), of either order; told by the frames alone."""
        self.make("combs.mp4", *self.woven("tff", told=False))
        self.assertGreater(int(self.probe("combs.mp4")["teeth"]), 1000)
        for order in ("tff", "bff"):
            for name in ("film.mp4", "film.mkv"):
                with self.subTest(order=order, name=name):
                    self.make(name, *self.woven(order), options=("-flags", "+ildct+ilme"))
                    found = self.probe(name)
                    self.assertEqual((found["teeth"], found["frames"], found["deinterlaced"]), ("0", "20", "20"))
                    self.assertEqual(found["times"], [20000 * i for i in range(20)])
                    self.assertEqual(int(found["duration_us"]), 400000)

    def test_frames_count_not_headers(self):
        self.make("film.mkv", "fps=25", "setfield=tff")
        told = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=field_order", "-of", "csv=p=0", self.folder / "film.mkv"],
                              capture_output=True, text=True, check=True, timeout=WAIT_S).stdout.strip()
        self.assertEqual(told, "tb")
        found = self.probe("film.mkv")
        self.assertEqual((found["frames"], found["deinterlaced"]), ("10", "0"))

    def test_joined_anywhere(self):
        """The times of fields are the same wherever a screen joins."""
        self.make("film.mp4", *self.woven("tff"), options=("-flags", "+ildct+ilme", "-g", "10"), frames=50)
        self.assertEqual(self.probe("film.mp4")["times"], [20000 * i for i in range(64)])
        for start in (0, 19999, 20000, 730000, 990000, 1990000):
            with self.subTest(start=start):
                found = self.probe("film.mp4", "-", str(start))
                self.assertEqual(found["times"], [start, *(20000 * i for i in range(start // 20000 + 1, 100))][:64])
                self.assertEqual(found["teeth"], "0")

    def test_a_part_of_a_film(self):
        """As editors leave it: only some frames are interlaced."""
        self.make("plain.mp4", "fps=25", options=("-video_track_timescale", "12800"))
        self.make("woven.mp4", *self.woven("bff"), options=("-flags", "+ildct+ilme", "-video_track_timescale", "12800"))
        (self.folder / "list").write_text("file plain.mp4\nfile woven.mp4\nfile plain.mp4\n")
        ffmpeg("-f", "concat", "-i", str(self.folder / "list"), "-c", "copy", str(self.folder / "film.mp4"))
        found = self.probe("film.mp4")
        self.assertEqual((found["frames"], found["deinterlaced"], found["teeth"]), ("40", "20", "0"))
        self.assertEqual(found["times"], [40000 * i for i in range(10)] + [400000 + 20000 * i for i in range(20)] +
                         [800000 + 40000 * i for i in range(10)])

    def test_what_comes_before_a_field(self):
        """The frame before helps to complete a field, even one that is not interlaced: fine lines that stand still stay as they are."""
        lines = "nullsrc=s=192x128:r=25,geq=lum='if(mod(Y\\,4)\\,50\\,180)':cb=128:cr=128"
        for name, told in (("plain", "prog"), ("woven", "tff")):
            flags = ["-flags", "+ildct+ilme"] if told == "tff" else []
            ffmpeg("-f", "lavfi", "-i", lines, "-vf", f"setfield={told},format=yuv420p", "-frames:v", "5", "-c:v", *X264.split(), *flags,
                   "-video_track_timescale", "12800", str(self.folder / f"{name}.mp4"))
        (self.folder / "list").write_text("file plain.mp4\nfile woven.mp4\nfile plain.mp4\nfile woven.mp4\nfile plain.mp4\n")
        ffmpeg("-f", "concat", "-i", str(self.folder / "list"), "-c", "copy", str(self.folder / "film.mp4"))
        ffmpeg("-i", str(self.folder / "plain.mp4"), "-vf",
               "setparams=colorspace=bt470bg:range=tv,zscale=m=gbr:r=full,format=gbrp,format=rgb24", "-frames:v", "1", "-f", "rawvideo",
               str(self.folder / "raw"))
        (self.folder / "raw").write_bytes((self.folder / "raw").read_bytes() * 35)
        found = self.probe("film.mp4", self.folder / "raw")
        self.assertEqual(found["frames"], "35")
        self.assertLessEqual(float(found["worst"]), MEAN_MAX)


if __name__ == "__main__":
    tap.main()
