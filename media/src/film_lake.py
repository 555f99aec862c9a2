"""Last shot, dawn: a sculler leads his race no more; he has stopped for a duck family, and the light comes up.

The place is ducklings.landscape's.  The camera goes along with the boat, so the
boat stays where it is on the screen and the lake goes by; both come to rest.
"""
import math

import film_scull
from ducklings import CBILL, CHICK, MBILL, MOTHER, Scull, chick, mother
from film_ease import alpha, ease, eased_area, lerp
from kit import AMBER, DEEP, DUCK, HAZE, ICE, INK, MIST, NIGHT, PALE, TEAL, Camera, Rnd, mix, n, smooth

LENGTH = 9.0
HORIZON, EYE = 400, 4.35  # as in ducklings.landscape, where the shot begins
COURSE = math.radians(47)
HEADING = (math.cos(math.radians(47 - 78)), math.sin(math.radians(47 - 78)))
SPEED, EASY, STILL = 3.1, 2.5, 6.4  # metres a second until he stops rowing; the boat is still in the end
BLADE_T = film_scull.PIN_T + 1.64
RIDGES = [([(-400, 150), (0, 120), (500, 190), (1050, 130), (1500, 175), (2100, 110), (2700, 210), (3250, 250), (3840, 190), (4240, 150)], .35, mix(MIST, HAZE, .6), PALE),
          ([(-400, 120), (0, 95), (420, 70), (900, 100), (1500, 40), (2200, 28), (2900, 60), (3400, 130), (3840, 150), (4240, 160)], .8, mix(MIST, HAZE, .2), mix(HAZE, PALE, .55))]


def left_to_go(t):
    """Metres to the place where the boat lies in the end."""
    gone = lambda u: SPEED * (u - eased_area(u, EASY, STILL))
    return gone(STILL) - gone(t)


def pace(t):
    return 1 - ease(t, EASY, STILL)


class Travelling(Camera):
    """A camera that stands dX, dY from where it will stand at last."""

    def __init__(self, f, cx, hy, dX, dY):
        super().__init__(f, EYE, cx, hy)
        self.dX, self.dY = dX, dY

    def __call__(self, X, Y, Z=0.0):
        return super().__call__(X - self.dX, Y - self.dY, Z)

    def scale(self, Y):
        return super().scale(Y - self.dY)

    def away(self, Y):
        return Y - self.dY


def place():
    """The boat's last place on the water."""
    return Camera(2300, EYE, 1520, HORIZON).ground(1870, 1130)


def camera(t):
    back = -.84 * left_to_go(t)
    near = ease(t, .6, LENGTH + 2.0)  # it comes closer all the while, and tilts down to keep them in the middle
    return Travelling(lerp(2300, 3150, near), lerp(1520, 1180, near), lerp(HORIZON, 290, near), back * math.cos(COURSE), back * math.sin(COURSE))


# --- the lake ---------------------------------------------------------------
def lake(s, cam, dawn):
    """ducklings.lake with a sky that brightens and water that goes by."""
    w, h, hy = s.w, s.h, cam.hy
    dusk = mix(NIGHT, TEAL, .45)
    day = lambda color, dark=.55: mix(mix(color, dusk, dark + .08), color, dawn)
    s.rect(0, 0, w, hy + 2, s.lin(0, 0, 0, hy, (0, day(mix(TEAL, MIST, .55))), (.45, day(mix(MIST, HAZE, .45))), (1, day(PALE, .42))))
    s.rect(0, hy, w, h - hy, s.lin(0, hy, 0, h, (0, day(PALE, .42)), (.05, day(mix(HAZE, PALE, .45), .45)), (.16, day(mix(MIST, HAZE, .45))),
                                   (.30, day(mix(TEAL, MIST, .62))), (.46, day(mix(DEEP, TEAL, .72))), (.68, day(mix(NIGHT, DEEP, .55), .4)), (1, NIGHT)))
    for pts, close, color, haze in RIDGES:
        go = -cam.dX * 9 * close - 60 * close
        color, haze = day(color), day(haze, .45)
        up, down = [(x + go, hy - y) for x, y in pts], [(x + go, hy + y * .8) for x, y in pts]
        top = max(y for _, y in pts)
        s.path(smooth(up) + 'L%d,%dL-500,%dZ' % (w + 500, hy + 1, hy + 1), s.lin(0, hy - top, 0, hy, (0, color), (1, haze)))
        s.path(smooth(down) + 'L%d,%dL-500,%dZ' % (w + 500, hy, hy), s.lin(0, hy, 0, hy + top * .8, (0, haze, .75), (1, color, .10)))
    veil = lerp(.30, .55, dawn)
    s.rect(0, hy - 40, w, 130, s.lin(0, hy - 40, 0, hy + 90, (0, ICE, 0), (.32, ICE, veil), (1, ICE, 0)))


def breath(s, cam, dawn):
    """A breath of wind: long lenses of lighter and darker water, each at its place on the lake."""
    r = Rnd(7)
    for _ in range(64):
        X, Y, wide, light = r.uniform(-40, 60), 6 + 90 * r.random() ** 2, r.uniform(1.6, 4.2), r.random() < .6
        strength = r.uniform(.03, .075)
        away = cam.away(Y)
        if away < 10:
            continue
        (x, y), half = cam(X, Y), wide * cam.f / away
        thick = 1.5 + 7 * min(1.0, (y - cam.hy) / 1700)
        strength *= min(1.0, (away - 10) / 4) * lerp(.6, 1, dawn)
        s.path('M%s,%sQ%s,%s %s,%sQ%s,%s %s,%sZ' % tuple(n(float(v)) for v in (x - half, y, x, y - thick, x + half, y, x, y + thick, x - half, y)),
               PALE if light else INK, opacity=alpha(strength))


def buoys(s, cam, b, dawn):
    for lane in (-33.75, -20.25, -6.75, 6.75, 20.25, 33.75):
        for i in range(-3, 100):
            X, Y = b.world(i * 5 - 2, lane)
            away = cam.away(Y)
            if away < 9:
                continue
            x, y = cam(X, Y, .12)
            if not -60 < x < s.w + 60:
                continue
            r = max(1.5, .095 * cam.scale(Y))
            fade = min(1, max(.25, 34 / away)) * min(1, (away - 9) / 3) * lerp(.55, 1, dawn)
            s.dot(x, y + r * 2.0, r * .9, INK, r * .5, opacity=alpha(.35 * fade))
            s.dot(x, y, r, ICE, opacity=alpha(.62 * fade))


# --- what the boat leaves on the water --------------------------------------
def ring(s, b, l, side, age, strength):
    """What a blade leaves at l, metres from the boat's last place: three rings that widen and go."""
    away = b.cam.away(b.world(l, BLADE_T * side)[1])
    if age <= 0 or away < 6:
        return
    strength *= min(1.0, (away - 6) / 4)  # nothing bright near the viewer, where the tagline stands
    for i, bright in enumerate((.5, .32, .18)):
        old = age - .45 * i
        if old <= 0:
            continue
        r = .22 + .52 * old ** .62
        o = bright * strength * ease(old, 0, .7) * (1 - ease(old, .5, 3.7))
        if o < .004:
            continue
        pts = [b.p(l + .8 * r * math.cos(a / 12 * math.pi), BLADE_T * side + r * math.sin(a / 12 * math.pi)) for a in range(24)]
        s.path(smooth(pts, True), 'none', stroke=PALE, stroke_width=3, opacity=alpha(o))


def traces(s, b, t):
    """Puddles of the strokes, each where the boat was then, and the rings of the resting blades."""
    for when, sweep, strength in ((-2.6, -34, .9), (-.05, -34, .9), (film_scull.FINISH - .05, -34, 1.0)):
        l = -left_to_go(when) + film_scull.PIN_L + 1.64 * math.sin(math.radians(sweep))
        for side in (1, -1):
            ring(s, b, l, side, t - when, strength)
    for when, strength in ((4.9, .5), (6.1, 1.0), (7.5, .8)):
        for side in (1, -1):
            ring(s, b, -left_to_go(when) + film_scull.PIN_L, side, t - when, strength)


def wake(s, b, go):
    """The boat's own wake, from its stern, as long as it moves."""
    if go < .01:
        return
    (x0, y0), (x1, y1) = b.p(-1, 0), b.p(-7.5, 0)
    fade = s.lin(x0, y0, x1, y1, (0, ICE, 0), (.35, ICE, round(.34 * go, 3)), (1, ICE, 0))
    for side in (1, -1):
        s.poly([b.p(-.5, .16 * side), b.p(-4.0, .42 * side), b.p(-7.5, .84 * side), b.p(-4.0, .35 * side)], fade)


# --- the family -------------------------------------------------------------
def line_up(t):
    """(metres from the lead, size, bob, number) of each bird: the last one is late, and makes up for it."""
    late = lerp(.55, .0, ease(t, 3.0, 8.2))
    out, d = [], 0
    for i, gap in enumerate((0, 1.45, .86, .9, .84, .92, .86 + late)):
        d += gap
        out.append((d, 1.15 if i == 0 else .52, math.sin(2 * math.pi * (t / 1.7 + i * .37)), i))
    return out


def reflection(s, big, bill):
    """The silhouette alone: as one shape it needs no layer of its own."""
    s.path(MOTHER if big else CHICK, mix(INK, NIGHT, .4) if big else DUCK, opacity=alpha(.32))
    s.path(MBILL if big else CBILL, bill, opacity=alpha(.32))


def family(s, cam, lead, t, dawn):
    r, birds = Rnd(4), []
    for d, size, bob, i in line_up(t):
        wob = 0 if i == 0 else r.uniform(-.14, .14) + .025 * bob
        birds.append((lead[0] - HEADING[0] * d - HEADING[1] * wob, lead[1] - HEADING[1] * d + HEADING[0] * wob, size, bob, i))
    middle = birds[len(birds) // 2]
    x, y = cam(middle[0], middle[1])
    s.glow(x, y, 5.6 * cam.scale(middle[1]), DUCK, lerp(.26, .18, dawn), squash=.22)  # their light on the water
    side = (-HEADING[1], HEADING[0])
    for X, Y, size, _, _ in birds:
        at = lambda a, b: cam(X + HEADING[0] * a + side[0] * b, Y + HEADING[1] * a + side[1] * b)
        (x0, y0), (x1, y1) = at(.4 * size, 0), at(-3.6 * size, 0)
        for sg in (1, -1):
            s.path(smooth([at(.42 * size, 0), at(-.3 * size, sg * size * .30), at(-3.6 * size, sg * size)])
                   + 'L%s,%sZ' % tuple(n(float(v)) for v in at(-2.52 * size, sg * size * .62)),
                   s.lin(x0, y0, x1, y1, (0, ICE, .85), (.4, ICE, .4), (1, ICE, 0)))
    for X, Y, size, bob, i in sorted(birds, key=lambda b: -b[1]):
        x, y = cam(X, Y)
        big = i == 0
        k = cam.scale(Y) * size / (200 if big else 124)
        dip, tilt = bob * (.006 if big else .010) * cam.scale(Y), bob * (.5 if big else 1.6)
        for flip in (-1, 1):
            s.open(transform='translate(%.2f %.2f) rotate(%.3f) scale(%.4f %.4f)' % (x, y + dip * flip, tilt * flip, k, k * (1 if flip > 0 else -.8)))
            if flip < 0:
                reflection(s, big, AMBER)
            else:
                (mother if big else chick)(s)
            s.close()


def shot(s, t):
    X, Y = place()
    cam, dawn = camera(t), ease(t, -.6, LENGTH + .2)
    rest = Scull(s, cam, X, Y, COURSE)
    at = rest.world(-left_to_go(t), 0)
    boat = Scull(s, cam, *at, COURSE)
    lake(s, cam, dawn)
    breath(s, cam, dawn)
    buoys(s, cam, rest, dawn)
    for lane, ahead, late in ((13.5, 70, 0), (27, 105, .8), (40.5, 120, 1.7)):
        film_scull.rival(s, cam, *rest.world(ahead - 3.6 * (LENGTH - t), lane), COURSE, t + late)
    traces(s, rest, t)
    wake(s, boat, pace(t))
    bow = rest.world(6.3, 0)
    swum = 5.5 - .55 * (LENGTH - t)
    family(s, cam, (bow[0] + swum * HEADING[0], bow[1] + swum * HEADING[1]), t, dawn)
    film_scull.draw(s, cam, *at, COURSE, film_scull.Pose(t))
