"""The sculler of ducklings.py, rowing: a pose for each instant, and the figure in that pose.

Lengths in metres and angles in degrees, in the boat's own frame (ducklings.Scull):
+l is the bow, which the sculler has in his back.
"""
import math

from ducklings import Scull
from film_ease import alpha, keys
from kit import DEEP, HAZE, ICE, INK, MIST, PALE, circle, line, mix, smooth

SKIN, SHADE = mix(HAZE, PALE, .30), mix(MIST, HAZE, .55)
PIN_L, PIN_T, PIN_Z = -.35, .80, .30
INBOARD, NECK, TIP = .68, 1.38, 1.90  # along the oar from its pin: handle; the blade's two ends
CATCH, FINISH = 1.5, 2.45             # of the one whole stroke in the shot


class Pose:
    """The sculler t seconds into the shot: the end of a stroke, one more, then he sees them and rests his oars."""

    def __init__(self, t):
        # sweep: 0 is square off the boat, + has the blade towards the bow
        self.sweep = math.radians(keys(t, (-.1, -34), (CATCH, 50), (FINISH, -34), (3.9, 0)))
        # slope of the oar outwards: -.19 buries the blade, -.153 lays it on the water
        self.slope = keys(t, (-.1, -.19), (.25, -.03), (1.2, -.03), (1.55, -.19), (2.35, -.19), (2.75, .0), (3.5, .015), (4.9, -.153))
        # roll of the blade: 90 stands square in the water, 0 lies flat
        self.roll = math.radians(keys(t, (-.1, 90), (.3, 0), (.9, 0), (1.4, 90), (2.4, 90), (2.8, 0)))
        self.hip = keys(t, (-.1, .25), (.25, .25), (CATCH, -.02), (2.2, .25), (2.9, .25), (3.9, .22))
        self.lean = keys(t, (-.1, .20), (.7, -.14), (CATCH, -.22), (2.4, .22), (3.7, .02))
        self.look = keys(t, (2.75, -1), (3.35, 1))  # over the shoulder: +1 sees the bow


class Rower(Scull):
    def __init__(self, s, cam, X, Y, angle, pose, flip=False):
        super().__init__(s, cam, X, Y, angle, flip)
        self.pose = pose
        self.near = -1 if self.v[1] > 0 else 1

    def on_oar(self, r, side, across=0.0, above=0.0):
        """The point r along the oar from the pin, `across` towards the bow and `above` it; never under water."""
        a = self.pose.sweep
        return (PIN_L + r * math.sin(a) + across * math.cos(a),
                (PIN_T + r * math.cos(a) - across * math.sin(a)) * side,
                max(0.0, PIN_Z + r * self.pose.slope + above))

    def oar_at(self, side):
        s, k = self.s, self.cam.scale(self.o[1])
        for l in (-.78, .02):  # the rigger's stays
            s.stroke(line([self.p(l, .15 * side, .17), self.p(PIN_L, PIN_T * side, .26)]), mix(HAZE, PALE, .5), .03 * k)
        s.stroke(line([self.p(*self.on_oar(r, side)) for r in (-INBOARD, NECK + .1)]), ICE, .045 * k)
        s.stroke(line([self.p(*self.on_oar(r, side)) for r in (-INBOARD - .02, -INBOARD + .12)]), INK, .055 * k)
        flat, square = math.cos(self.pose.roll), math.sin(self.pose.roll)
        edge = ((NECK, -.03), (NECK + .06, -.10), (TIP - .02, -.12), (TIP, .10), (NECK + .12, .08), (NECK, .03))
        s.poly([self.p(*self.on_oar(r, side, d * flat, d * square)) for r, d in edge], ICE)

    def arm(self, side, fill, thick):
        p = self.pose
        rise = math.sqrt(.57 ** 2 - p.lean ** 2)
        shoulder = (p.hip + p.lean, .22 * side, .33 + rise)
        hand = self.on_oar(-INBOARD + .05, side)
        reach = [b - a for a, b in zip(shoulder, hand)]
        d = math.sqrt(sum(v * v for v in reach))
        bend = (.45, .45 * side, -.7)  # elbows point to the bow, outwards and down
        along = sum(a * b for a, b in zip(bend, reach)) / d ** 2
        out = [b - along * a for a, b in zip(reach, bend)]
        size = math.sqrt(sum(v * v for v in out))
        sag = math.sqrt(max(0.0, .39 ** 2 - (d / 2) ** 2)) / size
        elbow = [a + r / 2 + o * sag for a, r, o in zip(shoulder, reach, out)]
        self.limb(fill, (*shoulder, .07 * thick), (*elbow, .055 * thick))
        self.limb(fill, (*elbow, .056 * thick), (*hand, .048 * thick))

    def leg(self, side, fill, thick):
        hip = self.pose.hip
        d = math.hypot(hip + .98, .085)
        knee = ((hip - .98) / 2, .11 * side, .2875 + math.sqrt(.65 ** 2 - (d / 2) ** 2))
        self.limb(fill, (hip, .11 * side, .36, .115 * thick), (*knee, .078 * thick))
        self.limb(fill, (*knee, .076 * thick), (-.98, .08 * side, .25, .055 * thick))
        self.limb(INK, (-.98, .08 * side, .27, .057), (-1.06, .08 * side, .36, .047))
        return knee

    def figure(self):
        p, near = self.pose, self.near
        hip, chest = p.hip, p.hip + p.lean
        top = .33 + math.sqrt(.57 ** 2 - p.lean ** 2)
        self.arm(-near, SHADE, .98)
        self.leg(-near, SHADE, .97)
        self.limb(ICE, (hip, .12, .32, .13), (hip, -.12, .32, .13), (chest, .19, top, .09), (chest, -.19, top, .09))
        neck = chest + .25 * p.lean
        self.limb(SKIN, (chest, 0, top + .06, .062), (neck, 0, top + .18, .055))
        knee = self.leg(near, SKIN, 1.0)
        thigh = [a + .55 * (b - a) for a, b in zip((hip, .11 * near, .36), knee)]
        self.limb(INK, (hip, .11 * near, .32, .135), (*thigh, .10))
        self.limb(INK, (hip, -.11 * near, .32, .12), (hip, .11 * near, .32, .135))
        self.arm(near, SKIN, 1.06)
        self.head(neck, top + .285)

    def head(self, l, z):
        """A head that stays round while the face, the hair and the cap's peak turn over it."""
        s, k, turn = self.s, self.cam.scale(self.o[1]), self.pose.look
        side = math.copysign(1, turn)
        x, y = self.p(l, 0, z)
        at = lambda px, py: (x + px * k, y - py * k * self.sign)
        s.poly([at(px, py * 1.5 - .01) for px, py in circle(0, 0, .092)], SKIN)
        s.path(smooth([at(px * turn, py) for px, py in ((-.10, .03), (-.09, -.07), (-.03, -.13), (.04, -.155), (.085, -.14), (.095, -.09),
                                                        (.125, -.055), (.10, -.02), (.105, .04), (.06, .12), (-.05, .12))], True), SKIN)
        # Seen from the front, the hair is a sliver at the edge.
        s.path(smooth([at(((px + .1) * abs(turn) - .1) * side, py) for px, py in ((-.115, .04), (-.11, -.05), (-.06, -.09), (-.035, -.02),
                                                                                 (.0, .02), (.0, .08))], True), INK)
        s.path(smooth([at(px * side, py) for px, py in ((-.117, .03), (-.09, .115), (.0, .155), (.09, .115), (.117, .04), (.1, .02))], True), ICE)
        s.poly([at(.09 * turn, .09), at(.113 * side, .045), at(.22 * turn, .015), at(.09 * turn, .02)], ICE)


def draw(s, cam, X, Y, angle, pose):
    """The scull, its shadow and its mirror image in the water."""
    b, m = Rower(s, cam, X, Y, angle, pose), Rower(s, cam, X, Y, angle, pose, flip=True)
    near = b.near
    s.open(opacity=alpha(.30))
    m.oar_at(-near), m.figure(), m.shell(near), m.oar_at(near)
    s.close()
    ls = [b.LEN * (i / 12 - 1) for i in range(25)]
    s.poly([b.p(l, near * b.half(l), .01) for l in ls] + [b.p(l, near * (b.half(l) + .22 * (1 - (l / b.LEN) ** 2)), 0) for l in ls][::-1], INK, opacity=alpha(.35))
    b.oar_at(-near)
    b.shell(near)
    b.figure()
    b.oar_at(near)
    grip = b.on_oar(-INBOARD + .05, near)
    b.limb(SKIN, (*grip, .05), (grip[0], grip[1] + .05 * near, grip[2] - .01, .05))  # the near hand closes on the grip


def rival(s, cam, X, Y, angle, t):
    """A boat far ahead, rowing on: a sliver, a dark figure, two oars, a wake."""
    b = Scull(s, cam, X, Y, angle)
    k = cam.scale(Y)
    (x0, y0), (x1, y1) = b.p(4, 0), b.p(-34, 0)
    s.poly([b.p(-34, 1.6), b.p(4, 0), b.p(-34, -1.6)], s.lin(x0, y0, x1, y1, (0, ICE, .5), (1, ICE, 0)))
    s.poly([b.p(4.1, 0, .1), b.p(0, .3, .1), b.p(-4.1, 0, .1), b.p(0, -.3, .1)], DEEP)
    cycle = math.cos(2 * math.pi * t / 2.5)
    lift = .1 + .25 * max(0.0, math.sin(2 * math.pi * t / 2.5))
    s.stroke(line([b.p(.2 + 1.1 * cycle, 2.6, lift), b.p(0, 0, .5), b.p(.2 + 1.1 * cycle, -2.6, lift)]), DEEP, max(2, .07 * k))
    swing = -.16 * cycle
    b.limb(DEEP, (.1, 0, .3, .24), (.4 + swing, 0, 1.0, .2))
    b.limb(DEEP, (.45 + 1.3 * swing, 0, 1.35, .17))
