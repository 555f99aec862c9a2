#!/bin/sh
# Makes the small fonts that ship with Duckling from Debian's Noto Sans CJK. Needs fonts-noto-cjk and python3-fonttools;
# only for a change of the characters below: the results are kept beside this script.
#
# Latin, digits, Hangul and punctuation are the Korean face's (its quotes are as narrow as Latin text needs); Han
# characters are the simplified Chinese face's. Both faces of the collection share one pool of glyphs, so taking a
# character over is one entry of the character map. Every character that the house card may say is in CARD.
set -eu
cd "$(dirname "$0")"
/usr/bin/python3 - <<'PYTHON'
from fontTools import subset
from fontTools.ttLib import TTFont

KOREAN, CHINESE = 1, 2
CARD = (
    "기다리는중서버재생목록연결할수없음있습니다화면안내시계시간오류네트워크프로그램준비주소이름언어버전확인하십시오를을은가의에"
    "等待中服务器播放列表连接网络屏幕时间错误节目无信号正在准备地址名称语言版本请检查没有可用的内容未"
    "，。：；！？、（）《》「」…—·"
)
LATIN = list(range(0x20, 0x7F)) + list(range(0xA0, 0x100)) + [ord(c) for c in "–—‘’“”…•€→←↑↓×"]

for weight in ("Regular", "Bold"):
    path = f"/usr/share/fonts/opentype/noto/NotoSansCJK-{weight}.ttc"
    font, chinese = TTFont(path, fontNumber=KOREAN), TTFont(path, fontNumber=CHINESE)
    han = [ord(c) for c in CARD if 0x4E00 <= ord(c) <= 0x9FFF]
    for table in font["cmap"].tables:
        if table.isUnicode() and table.format != 14:
            table.cmap.update({code: chinese.getBestCmap()[code] for code in han})
    options = subset.Options(
        layout_features=["kern", "ccmp", "liga", "mark", "locl"], hinting=False, desubroutinize=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], name_languages=[0x409], notdef_outline=True, glyph_names=False)
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=LATIN + [ord(c) for c in CARD])
    subsetter.subset(font)
    # A part of a font should not pass for the whole.
    names = {1: "Duckling Card", 2: weight, 3: f"Duckling Card {weight}", 4: f"Duckling Card {weight}",
             6: f"DucklingCard-{weight}"}
    for record in font["name"].names:
        record.string = names.get(record.nameID, str(record))
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.save(f"duckling-{weight.lower()}.otf")
PYTHON
ls -l ./*.otf
