"""A paper boat goes up a wave."""
import math

from kit import *


# The boat: 200 units long, its keel on 0,0.
def paper(s, x, y, k, tilt):
    s.open(transform='translate(%s %s) rotate(%s) scale(%s)' % (n(x), n(y), tilt, k))
    s.path('M-42,-36L0,-120L44,-36Z', DUCK)                       # the sail's near face
    s.path('M0,-120L44,-36L12,-36Z', mix(DUCK, AMBER, .75))
    s.path('M-100,-58L-46,-38L46,-38L100,-58L62,0L-60,0Z', DUCK)  # the hull
    s.path('M-100,-58L-46,-38L46,-38L100,-58L0,-20Z', GLOW, opacity=.55)
    s.path('M100,-58L62,0L-60,0L0,-20Z', AMBER, opacity=.75)
    s.path('M-100,-58L0,-20L-60,0Z', mix(DUCK, AMBER, .35))
    s.close()


def profile(left, right, crest, rise):
    """A wave's edge: its back climbs to the crest, its face falls to the trough.

    left and right are (reach, foot): how far the slope runs and where it ends.
    """
    (x, y), (lr, lf), (rr, rf) = crest, left, right
    back = [(x - d * lr, lf + (y - lf) * math.exp(-1.25 * d)) for d in (2, 1.5, 1, .6, .3, 0)]
    face = [(x + d * rr, rf + (y - rf) * math.exp(-(d ** .85)) - rise * max(0, d - 3) ** 2) for d in (.12, .3, .6, 1, 1.5, 2.1, 2.8, 3.6, 4.5, 5.6, 7, 8.5)]
    return back + face


def sea(s, back, front, count, after):
    """The wave: sheets of water from the back curve to the front one, far to near; after[i] draws on sheet i."""
    tones = [mix(MIST, HAZE, .40), mix(TEAL, MIST, .80), mix(TEAL, MIST, .15), mix(DEEP, TEAL, .35), mix(NIGHT, DEEP, .55), mix(INK, NIGHT, .85), mix(INK, NIGHT, .3)]
    for i in range(count):
        t = i / (count - 1)
        pts = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for (x0, y0), (x1, y1) in zip(back, front)]
        u = t * (len(tones) - 1)
        a = mix(tones[int(u)], tones[min(len(tones) - 1, int(u) + 1)], u - int(u))
        u = min(u + 1.7, len(tones) - 1)
        b = mix(tones[int(u)], tones[min(len(tones) - 1, int(u) + 1)], u - int(u))
        top, low = min(y for _, y in pts), max(y for _, y in pts)
        d = smooth(pts[:6]) + 'L' + smooth(pts[5:])[1:]  # the sixth point is the crest, a cusp
        s.path(d + 'L%d,%dL0,%dZ' % (s.w, s.h, s.h), s.lin(0, top, 0, low + 300, (0, a), (1, b)))
        s.stroke(d, s.lin(0, top, 0, low, (0, PALE, .6 * (1 - t)), (1, PALE, .10)), 4)
        after.get(i, lambda: None)()


def landscape(s):
    w, h = s.w, s.h
    s.rect(0, 0, w, h, s.lin(0, 0, 0, 1300, (0, mix(INK, NIGHT, .5)), (.5, mix(NIGHT, DEEP, .8)), (1, mix(TEAL, MIST, .6))))
    s.glow(2700, 1050, 1700, MIST, .55, squash=.6)
    back = profile((750, 960), (420, 1190), (900, 90), 16)
    front = profile((700, 1900), (520, 1790), (900, 1690), 22)

    def boat():
        s.glow(2560, 1330, 420, DUCK, .24, squash=.6)
        paper(s, 2560, 1388, 1.0, -7)

    def shine():
        s.glow(2560, 1396, 330, DUCK, .30, squash=.20)
    sea(s, back, front, 9, {2: boat, 3: shine})


def portrait(s):
    w, h = s.w, s.h
    s.rect(0, 0, w, h, s.lin(0, 0, 0, 2300, (0, mix(INK, NIGHT, .5)), (.5, mix(NIGHT, DEEP, .8)), (1, mix(TEAL, MIST, .6))))
    s.glow(1500, 1900, 1500, MIST, .55, squash=.8)
    back = profile((560, 1620), (260, 2130), (660, 470), 16)
    front = profile((520, 2960), (320, 2910), (660, 2760), 14)

    def boat():
        s.glow(1660, 2280, 420, DUCK, .24, squash=.6)
        paper(s, 1660, 2334, 1.05, 4)

    def shine():
        s.glow(1660, 2352, 330, DUCK, .30, squash=.20)
    sea(s, back, front, 10, {2: boat, 3: shine})
