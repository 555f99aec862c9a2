#!/usr/bin/env python3
"""draw.py NAME[-portrait]: writes one campaign picture as SVG to stdout."""
import importlib
import sys

sys.dont_write_bytecode = True
from kit import Sheet

name = sys.argv[1]
tall = name.endswith('-portrait')
picture = importlib.import_module(name[:-len('-portrait')] if tall else name)
sheet = Sheet(2160, 3840) if tall else Sheet(3840, 2160)
(picture.portrait if tall else picture.landscape)(sheet)
sys.stdout.write(sheet.svg())
