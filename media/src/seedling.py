"""A seedling on the crest of a dark world, before a moon as wide as the night."""
import math

from kit import *


def night(s, hy, moon, seed):
    w, h = s.w, s.h
    x, y, r = moon
    s.rect(0, 0, w, h, s.lin(0, 0, 0, hy, (0, INK), (.45, mix(NIGHT, DEEP, .5)), (1, mix(DEEP, TEAL, .95))))
    rnd = Rnd(seed)
    for _ in range(80):
        px, py = rnd.uniform(0, w), rnd.uniform(0, hy)
        if math.hypot(px - x, py - y) > r * 1.08:
            s.dot(px, py, rnd.choice((1.4, 1.8, 2.4)), PALE, opacity=round(rnd.uniform(.1, .5), 2))
    s.glow(x, y, r * 1.9, MIST, .55)
    s.dot(x, y, r, s.lin(x, y - r, x, y + r, (0, mix(HAZE, PALE, .55)), (.35, mix(MIST, HAZE, .75)), (.62, mix(TEAL, MIST, .75)), (.85, mix(DEEP, TEAL, .9))))
    # the seas of the moon: faint discs on the disc
    s.clip('M%s,%sA%s,%s 0 1 0 %s,%sA%s,%s 0 1 0 %s,%sZ' % tuple(n(float(v)) for v in (x - r, y, r, r, x + r, y, r, r, x - r, y)))
    for dx, dy, dr in ((-.40, -.34, .42), (.46, -.50, .30), (.10, -.70, .14)):
        s.dot(x + dx * r, y + dy * r, dr * r, s.lin(0, y + (dy - dr) * r, 0, y + (dy + dr) * r, (0, TEAL, .10), (1, TEAL, 0)))
    s.close()


def ridge(s, pts, top, low, rim=None):
    """One sheet of cut paper: a dune's edge down to the foot of the picture."""
    w, h = s.w, s.h
    y = min(p[1] for p in pts)
    d = smooth(pts)
    s.path(d + 'L%d,%dL0,%dZ' % (w, h, h), s.lin(0, y, 0, h, (0, top), (.55, low), (1, mix(low, INK, .6))))
    if rim:
        s.stroke(d, rim, 3, opacity=.55)


def crest(s, pts, x, y, r):
    """The seedling's light on the ground around it."""
    s.clip(smooth(pts) + 'L%d,%dL0,%dZ' % (s.w, s.h, s.h))
    s.glow(x, y, r, DUCK, .34, squash=.35)
    s.close()
    s.stroke(smooth(pts), s.rad(x, y, r * .9, (0, GLOW, 1), (.3, DUCK, .6), (1, DUCK, 0)), 5)


# The seedling: 100 units tall, its foot on 0,0.
STEM = 'M-3.4,8C-2,-22 2,-40 -1,-62L3,-62C6.5,-40 3,-20 4,8Z'
LEAF = 'M1,-61C6,-82 26,-98 54,-94C56,-76 38,-56 14,-57C8,-57.4 4,-58.6 1,-61Z'
LEAF2 = 'M1,-60C-2,-78 -20,-92 -44,-86C-44,-70 -30,-54 -10,-55C-5,-55.5 -2,-57 1,-60Z'


def seedling(s, x, y, k):
    s.glow(x, y - 62 * k, 300 * k, DUCK, .22)
    s.glow(x, y - 66 * k, 120 * k, DUCK, .22)
    s.open(transform='translate(%s %s) scale(%s)' % (n(x), n(y), k))
    s.path(STEM, mix(DUCK, AMBER, .6))
    s.path(LEAF, DUCK), s.path(LEAF2, DUCK)
    s.path('M1,-61C18,-66 38,-78 54,-94C56,-76 38,-56 14,-57C8,-57.4 4,-58.6 1,-61Z', mix(DUCK, AMBER, .75))
    s.path('M1,-60C-14,-64 -30,-74 -44,-86C-44,-70 -30,-54 -10,-55C-5,-55.5 -2,-57 1,-60Z', mix(DUCK, AMBER, .55))
    s.path('M6,-72C14,-84 28,-92 44,-92', 'none', stroke=GLOW, stroke_width=2.2, stroke_linecap='round')
    s.close()


def landscape(s):
    w = s.w
    night(s, 1500, (2330, 1130, 760), 3)
    ridge(s, [(0, 1290), (500, 1250), (1150, 1370), (1900, 1430), (2700, 1330), (3300, 1210), (3840, 1260)], mix(TEAL, MIST, .30), mix(DEEP, TEAL, .5))
    ridge(s, [(0, 1470), (600, 1500), (1200, 1400), (1900, 1440), (2600, 1540), (3300, 1380), (3840, 1300)], mix(DEEP, TEAL, .85), mix(NIGHT, DEEP, .5))
    pts = [(0, 1850), (600, 1700), (1200, 1520), (1800, 1385), (2330, 1330), (2860, 1385), (3400, 1520), (3840, 1660)]
    seedling(s, 2330, 1331, 1.75)
    ridge(s, pts, mix(NIGHT, DEEP, .55), mix(INK, NIGHT, .5), mix(TEAL, MIST, .6))
    crest(s, pts, 2330, 1331, 420)


def portrait(s):
    night(s, 2300, (1330, 1330, 1160), 9)
    ridge(s, [(0, 2080), (400, 2160), (900, 2230), (1400, 2180), (1800, 2040), (2160, 1960)], mix(TEAL, MIST, .30), mix(DEEP, TEAL, .5))
    ridge(s, [(0, 2130), (350, 2200), (800, 2340), (1400, 2360), (2160, 2230)], mix(DEEP, TEAL, .85), mix(NIGHT, DEEP, .5))
    pts = [(0, 2400), (300, 2325), (620, 2275), (940, 2262), (1300, 2300), (1700, 2410), (2160, 2600)]
    seedling(s, 900, 2263, 1.9)
    ridge(s, pts, mix(NIGHT, DEEP, .55), mix(INK, NIGHT, .5), mix(TEAL, MIST, .6))
    crest(s, pts, 900, 2263, 440)
