"""A sculler stops mid-race on a still lake at dawn: a duck family crosses."""
import math

from kit import *


# --- the lake -------------------------------------------------------------
def lake(s, hy, ridges, near):
    """Sky, misty ridges mirrored in the water, then water darkening to the foot."""
    w, h = s.w, s.h
    s.rect(0, 0, w, hy + 2, s.lin(0, 0, 0, hy, (0, mix(TEAL, MIST, .55)), (.45, mix(MIST, HAZE, .45)), (1, PALE)))
    s.rect(0, hy, w, h - hy, s.lin(0, hy, 0, h, (0, PALE), (.05, mix(HAZE, PALE, .45)), (.16, mix(MIST, HAZE, .45)),
                                   (.30, mix(TEAL, MIST, .62)), (.46, mix(DEEP, TEAL, .72)), (.68, mix(NIGHT, DEEP, .55)), (1, NIGHT)))
    for pts, color, haze in ridges:
        up = [(x, hy - y) for x, y in pts]
        down = [(x, hy + y * .8) for x, y in pts]
        top = max(y for _, y in pts)
        s.path(smooth(up) + 'L%d,%dL0,%dZ' % (w, hy + 1, hy + 1), s.lin(0, hy - top, 0, hy, (0, color), (1, haze)))
        s.path(smooth(down) + 'L%d,%dL0,%dZ' % (w, hy, hy), s.lin(0, hy, 0, hy + top * .8, (0, haze, .75), (1, color, .10)))
    s.rect(0, hy - 40, w, 130, s.lin(0, hy - 40, 0, hy + 90, (0, ICE, 0), (.32, ICE, .55), (1, ICE, 0)))  # mist on the shore
    r = Rnd(near)
    for _ in range(26):  # a breath of wind: long lenses of lighter and darker water
        t = r.random() ** 1.5
        y = hy + 60 + t * (h - hy - 120)
        half, thick = r.uniform(.07, .2) * w * (.5 + t), 1.5 + 7 * t
        x = r.uniform(0, w)
        c = PALE if r.random() < .6 else INK
        s.path('M%s,%sQ%s,%s %s,%sQ%s,%s %s,%sZ' % tuple(n(float(v)) for v in (x - half, y, x, y - thick, x + half, y, x, y + thick, x - half, y)), c,
               opacity=round(r.uniform(.03, .08) * (1 - .75 * t), 3))


# --- the boat -------------------------------------------------------------
class Scull:
    """A single scull in metres: +l is the bow, +t port side of the course, z up.

    The sculler sits facing the stern (-l).
    """
    LEN, BEAM = 4.1, .165

    def __init__(self, s, cam, X, Y, angle, flip=False):
        self.s, self.cam, self.o = s, cam, (X, Y)
        self.u = (math.cos(angle), math.sin(angle))
        self.v = (-self.u[1], self.u[0])
        self.sign = -1 if flip else 1  # flip: the mirror image in the water

    def world(self, l, t):
        return (self.o[0] + l * self.u[0] + t * self.v[0], self.o[1] + l * self.u[1] + t * self.v[1])

    def p(self, l, t, z=0.0):
        X, Y = self.world(l, t)
        return self.cam(X, Y, z * self.sign)

    def limb(self, fill, *joints):
        """The hull of balls (l, t, z, radius)."""
        pts = []
        for l, t, z, r in joints:
            x, y = self.p(l, t, z)
            pts += circle(x, y, r * self.cam.scale(self.world(l, t)[1]))
        self.s.poly(hull(pts), fill)

    def half(self, l):
        return self.BEAM * (1 - abs(l / self.LEN) ** 2.3)

    def deck(self, l):
        return .13 + .05 * max(0, l / self.LEN) ** 2

    def shell(self, near):
        s, ls = self.s, [self.LEN * (i / 24 - 1) for i in range(49)]
        gun = lambda side: [self.p(l, side * self.half(l), self.deck(l)) for l in ls]
        a = gun(1) + gun(-1)[::-1]
        keel = [self.p(l, near * self.half(l) * .8, .10 * abs(l / self.LEN) ** 9) for l in ls]
        s.poly(gun(near) + keel[::-1], mix(HAZE, PALE, .35))
        s.poly(a, ICE)
        ck = [(l / 20) for l in range(-22, 17)]
        cut = lambda side: [self.p(l, side * self.half(l) * .72, self.deck(l) + .01) for l in ck]
        s.poly(cut(1) + cut(-1)[::-1], DEEP)
        s.stroke(line(gun(near)), '#ffffff', 2)
        x, y = self.p(self.LEN, 0, self.deck(self.LEN))
        s.dot(x, y, .05 * self.cam.scale(self.world(self.LEN, 0)[1]), '#ffffff')

    def oar(self, side, back=0.0):
        """Handle over the knees, shaft through the gate, blade flat on the water."""
        s = self.s
        k = self.cam.scale(self.o[1])
        pin, grip, tip = (-.35, .80), (-.35 + back, .12), 2.68
        dl = (pin[0] - grip[0]) / (pin[1] - grip[1])
        at = lambda t: (pin[0] + dl * (t - pin[1]), t * side)
        z = lambda t: max(.02, .30 - (t - .80) * .197)
        color = ICE
        for l in (-.78, .02):  # the rigger's stays
            s.stroke(line([self.p(l, .15 * side, .17), self.p(pin[0], pin[1] * side, .26)]), mix(HAZE, PALE, .5), .03 * k)
        s.stroke(line([self.p(*at(.12), z(.12)), self.p(*at(2.25), z(2.25))]), color, .045 * k)
        s.stroke(line([self.p(*at(.10), z(.10)), self.p(*at(.24), z(.24))]), INK, .055 * k)
        b = [(2.18, -.03), (2.24, -.10), (2.68, -.12), (2.70, .10), (2.30, .08), (2.18, .03)]
        s.poly([self.p(at(t)[0] + d, at(t)[1], .02) for t, d in b], ICE)

    def rings(self, side, back=0.0):
        dl = -back / .68
        l, t = -.35 + dl * 1.62, 2.44 * side
        for r, o in ((.62, .5), (.95, .3), (1.35, .16)):
            pts = [self.p(l + .8 * r * math.cos(a / 12 * math.pi), t + r * math.sin(a / 12 * math.pi)) for a in range(24)]
            self.s.path(smooth(pts, True), 'none', stroke=PALE, stroke_width=3, opacity=o)

    def sculler(self, look):
        """Sitting at rest; `look` is +1 when the head turns to screen right."""
        s, k = self.s, self.cam.scale(self.o[1])
        skin, shade, kit, dark = mix(HAZE, PALE, .30), mix(MIST, HAZE, .55), ICE, INK
        near = -1 if look > 0 else 1
        far = -near
        grip = (-.33, .16, .42)
        # far side first
        self.limb(shade, (.22, .22 * far, .93, .07), (-.02, .27 * far, .66, .055))
        self.limb(shade, (-.02, .27 * far, .66, .055), (grip[0], grip[1] * far, grip[2], .045))
        self.limb(shade, (.20, .10 * far, .33, .12), (-.42, .10 * far, .56, .075))
        self.limb(shade, (-.42, .10 * far, .56, .075), (-.98, .08 * far, .24, .055))
        self.limb(dark, (-.98, .09 * far, .27, .055), (-1.06, .09 * far, .36, .045))
        # torso in a pale singlet
        self.limb(kit, (.24, .12, .32, .13), (.24, -.12, .32, .13), (.24, .19, .90, .09), (.24, -.19, .90, .09))
        self.limb(skin, (.24, 0, .96, .062), (.24, 0, 1.08, .055))
        # near leg: shorts, then shin
        self.limb(skin, (.0, .11 * near, .42, .10), (-.42, .11 * near, .57, .08))
        self.limb(dark, (.22, .11 * near, .32, .135), (-.12, .11 * near, .46, .10))
        self.limb(dark, (.22, .11 * far, .32, .12), (.22, .11 * near, .32, .135))
        self.limb(skin, (-.42, .11 * near, .57, .078), (-.98, .08 * near, .25, .055))
        self.limb(dark, (-.98, .08 * near, .27, .06), (-1.06, .08 * near, .36, .05))
        # near arm
        self.limb(skin, (.24, .22 * near, .92, .075), (-.01, .28 * near, .66, .055))
        self.limb(skin, (-.01, .28 * near, .66, .058), (grip[0], grip[1] * near, grip[2], .048))
        # head, turned over the shoulder to the bow, with a cap
        x, y = self.p(.24, 0, 1.185)
        f = look
        up = self.sign
        q = lambda px, py: (x + px * k * f, y - py * k * up)
        face = [(-.10, .03), (-.09, -.07), (-.03, -.13), (.04, -.155), (.085, -.14), (.095, -.09), (.125, -.055), (.10, -.02), (.105, .04), (.06, .12), (-.05, .12)]
        s.path(smooth([q(*i) for i in face], True), skin)
        hair = [(-.115, .04), (-.11, -.05), (-.06, -.09), (-.035, -.02), (.0, .02), (.0, .08)]
        s.path(smooth([q(*i) for i in hair], True), dark)
        s.path(smooth([q(-.12, .03), q(-.09, .12), q(.0, .155), (q(.09, .11)), q(.115, .045)]) + 'L%s,%sL%s,%sZ' % (q(.22, .015) + q(.1, .02)), ICE)


def boat(s, cam, X, Y, angle, look, back=.0):
    """The scull with its mirror image; near is the viewer's side."""
    b = Scull(s, cam, X, Y, angle)
    near = -1 if b.v[1] > 0 else 1
    s.open(opacity=.30)
    m = Scull(s, cam, X, Y, angle, flip=True)
    m.oar(-near, back), m.sculler(look), m.shell(near), m.oar(near, back)
    s.close()
    # the boat's dark contact with the water
    ls = [b.LEN * (i / 12 - 1) for i in range(25)]
    s.poly([b.p(l, near * b.half(l), .01) for l in ls] + [b.p(l, near * (b.half(l) + .22 * (1 - (l / b.LEN) ** 2)), 0) for l in ls][::-1], INK, opacity=.35)
    b.rings(1, back), b.rings(-1, back)
    b.oar(-near, back)
    b.shell(near)
    b.sculler(look)
    b.oar(near, back)
    b.limb(mix(HAZE, PALE, .30), (-.34, .14 * near, .43, .05), (-.34, .20 * near, .42, .05))  # the near hand closes on the grip
    return b


def rival(s, cam, X, Y, angle):
    """A boat far ahead: a sliver, a dark figure, two oars, a wake."""
    b = Scull(s, cam, X, Y, angle)
    k = cam.scale(Y)
    (x0, y0), (x1, y1) = b.p(4, 0), b.p(-34, 0)
    s.poly([b.p(-34, 1.6), b.p(4, 0), b.p(-34, -1.6)], s.lin(x0, y0, x1, y1, (0, ICE, .5), (1, ICE, 0)))
    s.poly([b.p(4.1, 0, .1), b.p(0, .3, .1), b.p(-4.1, 0, .1), b.p(0, -.3, .1)], DEEP)
    s.stroke(line([b.p(.8, 2.7, .1), b.p(0, 0, .5), b.p(.8, -2.7, .1)]), DEEP, max(2, .07 * k))
    b.limb(DEEP, (.1, 0, .3, .24), (.5, 0, 1.0, .2))
    b.limb(DEEP, (.55, 0, 1.35, .17))


def buoys(s, cam, b, lanes, l0, l1, step):
    for t in lanes:
        for i in range(int((l1 - l0) / step)):
            X, Y = b.world(l0 + i * step, t)
            if Y < 11:
                continue
            x, y = cam(X, Y, .12)
            r = max(1.5, .095 * cam.scale(Y))
            fade = min(1, max(.25, 34 / Y))
            s.dot(x, y + r * 2.0, r * .9, INK, r * .5, opacity=round(.35 * fade, 3))
            s.dot(x, y, r, ICE, opacity=round(.62 * fade, 3))


# --- the ducks, facing right, waterline at y = 0 ---------------------------
MOTHER = ('M-104,-44C-88,-36 -74,-38 -54,-42C-24,-50 8,-50 32,-42C44,-48 46,-64 44,-78C42,-98 56,-110 72,-109'
          'C86,-108 95,-98 96,-88C104,-86 117,-82 124,-77C124,-72 112,-71 97,-72C92,-64 86,-60 80,-56C80,-46 88,-36 87,-20'
          'C86,-6 74,3 52,3L-58,3C-80,3 -94,-14 -104,-44Z')
WING = 'M-72,-36C-44,-46 6,-50 34,-30C30,-12 4,-4 -24,-8C-46,-12 -62,-24 -84,-34Z'
MBILL = 'M95,-88C104,-86 117,-82 124,-77C124,-72 112,-71 96,-72C92,-78 92,-84 95,-88Z'
CHICK = ('M-56,-34C-44,-38 -24,-44 -4,-46C2,-48 4,-54 5,-60C6,-78 18,-88 34,-88C49,-88 58,-77 58,-65'
         'C58,-55 53,-49 50,-44C56,-34 57,-16 48,-5C42,2 32,3 22,3L-24,3C-44,3 -56,-12 -56,-34Z')
CBILL = 'M57,-70C64,-68 70,-65 72,-62C71,-58 64,-57 57,-58C54,-62 54,-66 57,-70Z'
CWING = 'M-34,-28C-14,-36 12,-32 20,-20C12,-8 -12,-6 -26,-14Z'


def mother(s):
    s.path(MOTHER, mix(INK, NIGHT, .4))
    s.path(WING, mix(TEAL, MIST, .45))
    s.path('M-62,-32C-36,-40 4,-42 26,-28', 'none', stroke=HAZE, stroke_width=4, stroke_linecap='round', opacity=.8)
    s.path(MBILL, AMBER)
    s.dot(76, -92, 4, PALE)


def chick(s):
    s.path(CHICK, DUCK)
    s.path('M-55,-30C-54,-12 -44,3 -24,3L22,3C32,3 42,2 48,-5C54,-12 55,-22 53,-30C44,-12 20,-8 -6,-10C-28,-12 -42,-18 -55,-30Z', AMBER, opacity=.55)
    s.path(CWING, mix(DUCK, AMBER, .6))
    s.path('M11,-70C14,-82 30,-87 44,-81', 'none', stroke=GLOW, stroke_width=5, stroke_linecap='round')
    s.path(CBILL, mix(AMBER, BARK, .35))
    s.dot(40, -69, 4.4, INK)
    s.path('M-56,-34C-44,-38 -24,-44 -4,-46', 'none', stroke=GLOW, stroke_width=4, stroke_linecap='round')


def family(s, cam, lead, heading, gaps, big, small, face):
    """The line: lead is the mother's ground point, heading a unit vector."""
    d, birds = 0, []
    r = Rnd(4)
    for i, g in enumerate([0] + gaps):
        d += g
        wob = 0 if i == 0 else r.uniform(-.14, .14)
        birds.append((lead[0] - heading[0] * d - heading[1] * wob, lead[1] - heading[1] * d + heading[0] * wob, big if i == 0 else small))
    k0 = cam.scale(lead[1])
    cx, cy = cam(birds[len(birds) // 2][0], birds[len(birds) // 2][1])
    s.glow(cx, cy, 5.2 * k0, DUCK, .16, squash=.22)  # their light on the water
    side = (-heading[1], heading[0])
    for X, Y, size in birds:  # wakes under all of them
        L, W = 3.6 * size, 1.0 * size
        at = lambda a, b: cam(X + heading[0] * a + side[0] * b, Y + heading[1] * a + side[1] * b)
        x0, y0 = at(.4 * size, 0)
        x1, y1 = at(-L, 0)
        for sg in (1, -1):
            s.path(smooth([at(.42 * size, 0), at(-.3 * size, sg * W * .30), at(-L, sg * W)]) + 'L%s,%sZ' % tuple(n(v) for v in at(-L * .7, sg * W * .62)),
                   s.lin(x0, y0, x1, y1, (0, ICE, .85), (.4, ICE, .4), (1, ICE, 0)))
    for X, Y, size in sorted(birds, key=lambda b: -b[1]):
        x, y = cam(X, Y)
        k = cam.scale(Y) * size / 200 * (1 if size == big else 200 / 124)
        for flip, o in ((-1, .34), (1, 1)):
            s.open(transform='translate(%s %s) scale(%s %s)' % (n(x), n(y), round(k * face, 4), round(k * flip * (1 if flip > 0 else .8), 4)), opacity=o)
            (mother if size == big else chick)(s)
            s.close()


def landscape(s):
    hy = 400
    lake(s, hy, [([(0, 120), (500, 190), (1050, 130), (1500, 175), (2100, 110), (2700, 210), (3250, 250), (3840, 190)], mix(MIST, HAZE, .6), PALE),
                 ([(0, 95), (420, 70), (900, 100), (1500, 40), (2200, 28), (2900, 60), (3400, 130), (3840, 150)], mix(MIST, HAZE, .2), mix(HAZE, PALE, .55))], 7)
    cam = Camera(2300, 4.35, 1520, hy)
    a = math.radians(47)
    X, Y = cam.ground(1870, 1130)
    b = Scull(s, cam, X, Y, a)
    buoys(s, cam, b, (-33.75, -20.25, -6.75, 6.75, 20.25, 33.75), -12, 500, 5)
    rival(s, cam, *b.world(70, 13.5), a), rival(s, cam, *b.world(105, 13.5 * 2), a), rival(s, cam, *b.world(120, 13.5 * 3), a)
    bow = b.world(5.4, 0)
    h = math.radians(47 - 78)
    h = (math.cos(h), math.sin(h))
    family(s, cam, (bow[0] + 4.9 * h[0], bow[1] + 4.9 * h[1]), h, [1.45, .86, .9, .84, .92, .86], 1.15, .52, 1)
    boat(s, cam, X, Y, a, 1)


def portrait(s):
    hy = 760
    lake(s, hy, [([(0, 190), (300, 320), (700, 210), (1100, 250), (1500, 180), (1900, 330), (2160, 380)], mix(MIST, HAZE, .6), PALE),
                 ([(0, 170), (300, 120), (700, 130), (1100, 50), (1600, 70), (2160, 210)], mix(MIST, HAZE, .2), mix(HAZE, PALE, .55))], 11)
    cam = Camera(3300, 6.0, 860, hy)
    a = math.radians(62)
    X, Y = cam.ground(960, 2080)
    b = Scull(s, cam, X, Y, a)
    buoys(s, cam, b, (-33.75, -20.25, -6.75, 6.75, 20.25, 33.75), -14, 600, 5)
    rival(s, cam, *b.world(110, 13.5), a), rival(s, cam, *b.world(170, -13.5), a), rival(s, cam, *b.world(140, 27), a)
    bow = b.world(7.1, 0)
    h = (-math.cos(math.radians(-8)), -math.sin(math.radians(-8)))
    family(s, cam, (bow[0] + 2.05 * h[0], bow[1] + 2.05 * h[1]), h, [1.4, .84, .88, .82, .9], 1.1, .52, -1)
    boat(s, cam, X, Y, a, 1)
