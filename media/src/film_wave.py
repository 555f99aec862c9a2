"""Second shot, before dawn: a paper boat sails on below the great wave."""
import math

import boat
from film_ease import ease, lerp
from kit import DEEP, DUCK, INK, MIST, NIGHT, TEAL, mix

LENGTH = 4.4
SHEETS, UNDER = 9, 3  # the boat floats where the fourth sheet begins


class Wave:
    """One edge of the sea, as boat.profile draws it, and its height anywhere on the face."""

    def __init__(self, left, right, crest, rise):
        self.right, self.crest, self.rise = right, crest, rise
        self.points = boat.profile(left, right, crest, rise)

    def face(self, d):
        reach, foot = self.right
        return (self.crest[0] + d * reach,
                foot + (self.crest[1] - foot) * math.exp(-d ** .85) - self.rise * max(0.0, d - 3) ** 2)


def height(back, front, x):
    """Where sheet UNDER begins at x, and its slope in degrees."""
    i = UNDER / (SHEETS - 1)
    at = lambda d: tuple(lerp(p, q, i) for p, q in zip(back.face(d), front.face(d)))
    reach, crest = lerp(back.right[0], front.right[0], i), lerp(back.crest[0], front.crest[0], i)
    d = (x - crest) / reach
    (x0, y0), (x1, y1) = at(d - .12), at(d + .12)
    return at(d)[1], math.degrees(math.atan2(y1 - y0, x1 - x0))


def shot(s, t):
    w, h = s.w, s.h
    swell = lambda late: math.sin(2 * math.pi * (t - late) / 5.4)
    come = ease(t, -2.5, LENGTH + 2.5)
    s.rect(0, 0, w, h, s.lin(0, 0, 0, 1300, (0, mix(INK, NIGHT, .5)), (.5, mix(NIGHT, DEEP, .8)), (1, mix(TEAL, MIST, .6))))
    s.glow(2700, 1050, 1700, MIST, lerp(.45, .65, come), squash=.6)
    back = Wave((750, 960 + 12 * swell(.0)), (420, 1190 + 16 * swell(.4)), (lerp(760, 1000, come), lerp(190, 110, come)), 16 + 2.2 * swell(.4))
    front = Wave((700, 1900 + 16 * swell(1.6)), (520, 1790 + 44 * swell(1.9)), (lerp(840, 960, come), lerp(1730, 1690, come)), 22 + 3 * swell(1.9))
    x = lerp(2180, 2900, come)
    y, slope = height(back, front, x)
    tilt = slope * 1.1 + 4.5 * math.sin(2 * math.pi * (t - .7) / 3.3)

    def sail():
        s.glow(x, y - 36, 460, DUCK, .26, squash=.6)
        boat.paper(s, x, y + 16, 1.3, round(tilt, 3))

    def shine():
        s.glow(x, y + 24, 360, DUCK, .30, squash=.20)
    boat.sea(s, back.points, front.points, SHEETS, {UNDER - 1: sail, UNDER: shine})
