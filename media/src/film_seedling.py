"""First shot, night: on the crest of a dark world a seedling opens its leaves, and the moon comes up behind it."""
import seedling
from film_ease import alpha, ease, keys, lerp
from kit import AMBER, DEEP, DUCK, GLOW, INK, MIST, NIGHT, TEAL, mix, n

LENGTH = 5.0
FOOT = (2330, 1331)
SIZE = 2.3
FAR = [(-400, 1290), (0, 1290), (500, 1250), (1150, 1370), (1900, 1430), (2700, 1330), (3300, 1210), (3840, 1260), (4240, 1290)]
NEAR = [(-400, 1450), (0, 1470), (600, 1500), (1200, 1400), (1900, 1440), (2600, 1540), (3300, 1380), (3840, 1300), (4240, 1260)]
CREST = [(-400, 1950), (0, 1850), (600, 1700), (1200, 1520), (1800, 1385), (2330, 1330), (2860, 1385), (3400, 1520), (3840, 1660), (4240, 1790)]
SHADES = {seedling.LEAF: ('M1,-61C18,-66 38,-78 54,-94C56,-76 38,-56 14,-57C8,-57.4 4,-58.6 1,-61Z', .75),
          seedling.LEAF2: ('M1,-60C-14,-64 -30,-74 -44,-86C-44,-70 -30,-54 -10,-55C-5,-55.5 -2,-57 1,-60Z', .55)}


def spread(pts, k):
    """The sheet as a camera sees it that has come nearer by k: things grow away from the seedling's foot."""
    return [(FOOT[0] + (x - FOOT[0]) * k, FOOT[1] + (y - FOOT[1]) * k) for x, y in pts]


def leaf(s, path, turn, size):
    """A leaf on its stalk; turned up and small it is a bud."""
    s.open(transform='translate(1 -60) rotate(%.2f) scale(%.4f) translate(-1 60)' % (turn, size))
    s.path(path, DUCK)
    shade, depth = SHADES[path]
    s.path(shade, mix(DUCK, AMBER, depth))
    if path is seedling.LEAF:
        s.path('M6,-72C14,-84 28,-92 44,-92', 'none', stroke=GLOW, stroke_width=2.2, stroke_linecap='round')
    s.close()


def plant(s, x, y, k, t):
    grown = ease(t, -.7, 2.9)
    tall = lerp(.16, 1.0, grown)
    right, left = ease(t, .4, 3.3), ease(t, .7, 3.7)
    light = lerp(.35, 1.0, ease(t, -.5, 3.8))
    head = y - 62 * k * tall
    s.glow(x, head, 330 * k * lerp(.5, 1, light), DUCK, .22 * light)
    s.glow(x, head, 130 * k * lerp(.6, 1, light), DUCK, .26 * light)
    sway = keys(t, (0, -1.5), (2.6, 1.6), (5.2, -.8))
    s.open(transform='translate(%s %s) rotate(%.3f) scale(%.4f %.4f)' % (n(float(x)), n(float(y)), sway, k, k * tall))
    s.path(seedling.STEM, mix(DUCK, AMBER, .6))
    s.close()
    s.open(transform='translate(%s %s) rotate(%.3f) translate(0 %.3f) scale(%.4f)' % (n(float(x)), n(float(y)), sway, 60 * k * (1 - tall), k))
    leaf(s, seedling.LEAF2, lerp(58, 0, left), lerp(.20, 1, left))
    leaf(s, seedling.LEAF, lerp(-50, 0, right), lerp(.24, 1, right))
    s.close()
    return light


def shot(s, t):
    near = lerp(1.0, 1.05, ease(t, -1.5, LENGTH + 1.5))
    rise = ease(t, -1.2, LENGTH + .8)
    seedling.night(s, 1500, (2330, lerp(1330, 1075, rise), 760), 3)
    seedling.ridge(s, spread(FAR, 1 + (near - 1) * .3), mix(TEAL, MIST, .30), mix(DEEP, TEAL, .5))
    seedling.ridge(s, spread(NEAR, 1 + (near - 1) * .55), mix(DEEP, TEAL, .85), mix(NIGHT, DEEP, .5))
    ground = spread(CREST, near)
    light = plant(s, FOOT[0], FOOT[1], SIZE * near, t)
    seedling.ridge(s, ground, mix(NIGHT, DEEP, .55), mix(INK, NIGHT, .5), mix(TEAL, MIST, .6))
    s.open(opacity=alpha(light))
    seedling.crest(s, ground, FOOT[0], FOOT[1], 480 * near)
    s.close()
