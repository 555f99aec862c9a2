"""A tiny corner shop at night that ships across the world."""
import math

from kit import *


def sky(s, cx, cy, R):
    """Space, a thin air glow, and the globe, darker towards us."""
    w, h = s.w, s.h
    top = cy - R
    s.rect(0, 0, w, h, s.lin(0, 0, 0, top + 400, (0, INK), (.6, mix(INK, NIGHT, .9)), (1, mix(NIGHT, DEEP, .8))))
    r = Rnd(5)
    for _ in range(90):
        x, y = r.uniform(0, w), r.uniform(0, top + 300)
        s.dot(x, y, r.choice((1.4, 1.6, 2, 2.6)), PALE, opacity=round(r.uniform(.12, .55), 2))
    air = 1.10
    s.dot(cx, cy, R * air, s.rad(cx, cy, R * air, (1 / air - .002, MIST, .75), (1 / air + .012, MIST, .42), (1 / air + .04, TEAL, .18), (1, TEAL, 0)))
    d = (h - top) / R  # how far the globe is seen below its edge
    f = lambda t: max(0, 1 - d * t)
    s.dot(cx, cy, R, s.rad(cx, cy, R, (f(1), INK), (f(.62), mix(INK, NIGHT, .7)), (f(.34), mix(NIGHT, DEEP, .6)), (f(.12), mix(DEEP, TEAL, .7)), (f(.03), mix(TEAL, MIST, .35)), (1, mix(MIST, HAZE, .2))))
    s.dot(cx, cy, R - 1.5, 'none', stroke=HAZE, stroke_width=3, opacity=.5)


def far_towns(s, cx, cy, R, low, towns, seed):
    """Faint cool lights in clusters, flatter and denser towards the edge."""
    r = Rnd(seed)
    for _ in range(towns):
        a, t = r.gauss(0, .34), r.random() ** 1.8
        for _ in range(r.randint(3, 16)):
            aa = a + r.gauss(0, .010 + .012 * t)
            tt = min(1, max(.02, t + r.gauss(0, .03 * (.3 + t))))
            rr = R - tt * low
            x, y = cx + rr * math.sin(aa), cy - rr * math.cos(aa)
            if 0 < x < s.w:
                s.dot(x, y, r.uniform(1.2, 2.0) + 1.2 * tt, PALE, opacity=round(r.uniform(.12, .42) * (1 - .8 * tt), 3))


def blocks(s, ground, spans, color, foot, light=None):
    """Buildings (x, width, height, step) standing on the ground; light is the side towards the shop."""
    for x, wd, ht, cut in spans:
        y0, y1 = ground(x), ground(x + wd)
        base = max(y0, y1) + 40
        top = min(y0, y1) - ht
        d = [(x, base), (x, top + cut), (x + wd * .38, top + cut), (x + wd * .38, top), (x + wd, top), (x + wd, base)] if cut else [(x, base), (x, top), (x + wd, top), (x + wd, base)]
        s.poly(d, s.lin(0, top, 0, base, (0, color), (1, foot)))
        s.stroke(line(d[1:-1]), mix(color, MIST, .22), 2, opacity=.55)


# --- the shop: 200 units wide, its step on y = 0 -------------------------------
def shop(s, x, y, k):
    wall, trim, dark = mix(TEAL, MIST, .15), mix(MIST, HAZE, .35), INK
    s.glow(x, y - 60 * k, 620 * k, AMBER, .20)
    s.glow(x, y - 70 * k, 300 * k, DUCK, .26)
    # light on the pavement
    s.poly([(x - 84 * k, y), (x + 92 * k, y), (x + 250 * k, y + 150 * k), (x - 260 * k, y + 150 * k)],
           s.rad(x, y, 240 * k, (0, DUCK, .55), (.4, AMBER, .20), (1, AMBER, 0), squash=.6))
    s.open(transform='translate(%s %s) scale(%s)' % (n(x), n(y), k))
    s.path('M52,-232L52,-272L74,-272L74,-222Z', DEEP)                                 # chimney
    s.path('M-112,-196L-78,-250L78,-250L112,-196Z', mix(INK, NIGHT, .8))              # roof
    s.path('M-112,-196L-78,-250L78,-250L112,-196', 'none', stroke=mix(TEAL, MIST, .5), stroke_width=2)
    s.path('M-100,-198L100,-198L100,0L-100,0Z', s.lin(0, -198, 0, 0, (0, mix(DEEP, TEAL, .6)), (.5, wall), (1, mix(wall, HAZE, .25))))
    for X in (-62, 0, 62):                                                             # upstairs they sleep
        s.path('M%d,-186h32v40h-32Z' % (X - 16), mix(NIGHT, DEEP, .5))
        s.path('M%d,-166h32M%d,-186v40' % (X - 16, X), 'none', stroke=wall, stroke_width=2)
        s.path('M%d,-144h40' % (X - 20), 'none', stroke=trim, stroke_width=4)
    # the window
    s.path('M-86,-92L24,-92L24,-22L-86,-22Z', s.lin(0, -92, 0, -22, (0, GLOW), (.5, DUCK), (1, mix(DUCK, AMBER, .4))))
    s.path('M-86,-46L24,-46', 'none', stroke=BARK, stroke_width=3)
    goods = mix(BARK, INK, .25)
    for X, wd, ht in ((-78, 11, 18), (-62, 8, 26), (-50, 14, 12), (-31, 10, 20), (-16, 16, 14), (6, 9, 24)):
        s.rect(X, -47 - ht, wd, ht, goods, rx=3)
    for X, wd, ht in ((-80, 18, 14), (-58, 12, 10), (-40, 22, 16), (-12, 14, 12), (6, 13, 17)):
        s.rect(X, -22 - ht, wd, ht, goods, rx=3)
    s.path('M-31,-92L-31,-22M-86,-92L24,-92L24,-22L-86,-22Z', 'none', stroke=dark, stroke_width=4)
    # the open door, and the keeper with a parcel
    s.path('M42,-92L84,-92L84,0L42,0Z', s.lin(0, -92, 0, 0, (0, '#fff0b8'), (.5, GLOW), (1, DUCK)))
    s.path('M56.5,-1L56,-27C53,-33 52,-46 55,-52C57,-56 60,-57 61.5,-58L61.5,-62L66.5,-62L66.5,-58C68,-57 71,-56 73,-52C76,-46 75,-33 72,-27L71.5,-1L65.2,-1L64,-22L62.8,-1Z', dark)
    s.dot(64, -66, 6, dark, 6.8)
    s.path('M54,-48L74,-48L74,-32L54,-32Z', mix(AMBER, BARK, .5))
    s.path('M42,-92L84,-92L84,0M42,0L42,-92', 'none', stroke=dark, stroke_width=4)
    # awning
    for i in range(9):
        foot, head = [x * (i - 4.5) for x in (22, 20)]
        s.path('M%s,-124h20L%s,-98q-11,12 -22,0Z' % (n(head), n(foot + 22)), ICE if i % 2 == 0 else mix(TEAL, MIST, .5))
    s.path('M-92,-126L92,-126', 'none', stroke=dark, stroke_width=5)
    # step and parcels
    s.path('M-108,0L108,0L114,10L-114,10Z', mix(MIST, HAZE, .3))
    s.path('M36,0L90,0L95,9L32,9Z', DUCK, opacity=.55)
    for X, Y, wd, ht, c in ((88, 0, 30, 22, .35), (92, -22, 22, 16, .1), (119, 0, 20, 15, .6), (16, 0, 22, 15, .2)):
        s.path('M%s,%sh%s v-%s h-%sZ' % (X, Y, wd, ht, wd), mix(AMBER, BARK, c))
        s.path('M%s,%sv-%s' % (X + wd / 2, Y, ht), 'none', stroke=GLOW, stroke_width=2.5)
    s.close()


TRUNK = 170  # the routes rise together above the roof, then part


def route(s, x0, y0, x1, y1, lift, width, lean=.5):
    """A parcel's way: a fine arc of light from the step to a far point."""
    turn, my = y0 - TRUNK, min(y0, y1) - lift
    mx = x0 + (x1 - x0) * lean
    d = 'M%s,%sL%s,%sC%s,%s %s,%s %s,%s' % tuple(n(float(v)) for v in (
        x0, y0, x0, turn, x0, turn + (my - turn) * 1.05, x1 + (mx - x1) * .55, y1 + (my - y1) * .9, x1, y1))
    g = lambda o: s.lin(x0, y0, x1, y1, (0, GLOW, o), (.5, DUCK, o * .75), (1, DUCK, o * .55))
    for wide, o in ((7, .018), (4.5, .03), (2.6, .06)):
        s.stroke(d, g(o), width * wide)
    s.stroke(d, g(.95), width)
    s.glow(x1, y1, 46 * width / 3.5, DUCK, .6)
    s.dot(x1, y1, 1.9 * width, GLOW)


def arc(cx, top, R):
    return lambda x: top + R - math.sqrt(R * R - (x - cx) ** 2)


def landscape(s):
    cx, R, top = 2050, 4300, 640
    sky(s, cx, top + R, R)
    far_towns(s, cx, top + R, R, 620, 60, 12)
    sx, sy, k = 2400, 1392, 1.22
    ground = arc(sx, sy + 12, 6200)
    blocks(s, ground, [(1320, 190, 120, 0), (1560, 150, 240, 40), (1760, 200, 330, 0), (1990, 170, 660, 60), (2620, 150, 640, 0), (2800, 190, 500, 70), (3040, 210, 250, 0), (3300, 170, 330, 30)],
           mix(DEEP, TEAL, .15), mix(DEEP, TEAL, .55))
    for x, y, lift, lean in ((420, 1010, 290, .5), (980, 800, 260, .45), (1560, 690, 215, .5), (3240, 800, 240, .5)):
        route(s, sx + 159, sy - 20, x, y, lift, 3.5, lean)
    blocks(s, ground, [(1120, 170, 60, 0), (1420, 190, 230, 30), (1630, 170, 150, 0), (1820, 230, 370, 50), (2070, 175, 500, 0), (2640, 190, 560, 50), (2850, 170, 390, 0), (3040, 240, 300, 40), (3300, 200, 160, 0)],
           mix(INK, NIGHT, .75), mix(INK, NIGHT, .4))
    s.path('M0,%sL' % s.h + smooth([(x, ground(x)) for x in range(0, s.w + 1, 240)])[1:] + 'L%s,%sZ' % (s.w, s.h),
           s.lin(0, sy, 0, s.h, (0, mix(NIGHT, DEEP, .5)), (.3, mix(INK, NIGHT, .7)), (1, INK)))
    shop(s, sx, sy, k)


def portrait(s):
    cx, R, top = 1080, 2500, 860
    sky(s, cx, top + R, R)
    far_towns(s, cx, top + R, R, 1100, 70, 21)
    sx, sy, k = 1130, 2440, 1.3
    ground = arc(sx, sy + 12, 3600)
    blocks(s, ground, [(40, 200, 330, 0), (290, 210, 760, 90), (560, 200, 1130, 0), (1420, 230, 1240, 100), (1700, 190, 860, 0), (1930, 230, 420, 60)],
           mix(DEEP, TEAL, .15), mix(DEEP, TEAL, .55))
    for x, y, lift, lean in ((300, 1090, 200, .5), (700, 920, 200, .5), (1860, 1090, 210, .5)):
        route(s, sx + 168, sy - 20, x, y, lift, 3.5, lean)
    blocks(s, ground, [(-40, 220, 240, 0), (180, 190, 420, 60), (390, 240, 700, 0), (650, 210, 960, 90), (1390, 190, 1020, 0), (1600, 210, 640, 70), (1780, 200, 400, 0), (2000, 240, 250, 40)],
           mix(INK, NIGHT, .75), mix(INK, NIGHT, .4))
    s.path('M0,%sL' % s.h + smooth([(x, ground(x)) for x in range(0, s.w + 1, 240)])[1:] + 'L%s,%sZ' % (s.w, s.h),
           s.lin(0, sy, 0, s.h, (0, mix(NIGHT, DEEP, .5)), (.3, mix(INK, NIGHT, .7)), (1, INK)))
    shop(s, sx, sy, k)
