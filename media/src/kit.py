"""Shared tools of the campaign pictures: the palette, an SVG sheet, a camera.

Everything is deterministic: the only chance is Rnd(seed).  A picture module
(hockey.py, ...) defines landscape(sheet) and portrait(sheet); draw.py calls them.
"""
import math
import random

# --- the palette ----------------------------------------------------------
# The great: cool, from ink to haze.
INK = '#06151d'
NIGHT = '#0a222d'
DEEP = '#0f3240'
TEAL = '#174b58'
MIST = '#3a7480'
HAZE = '#7ba5ab'
PALE = '#b9d2d2'
ICE = '#e4efed'
# The small: the only warm family; never used for anything but the small thing.
DUCK = '#ffc42e'
GLOW = '#ffe08a'
AMBER = '#f09a1a'
BARK = '#b56a14'


def rgb(c):
    return [int(c[i:i + 2], 16) for i in (1, 3, 5)]


def mix(a, b, t):
    """The color t of the way from a to b."""
    return '#%02x%02x%02x' % tuple(round(p + (q - p) * t) for p, q in zip(rgb(a), rgb(b)))


def Rnd(seed):
    return random.Random(seed)


def n(v):
    """A short number."""
    return ('%.1f' % v).rstrip('0').rstrip('.') if isinstance(v, float) else str(v)


# --- points and paths -----------------------------------------------------
def line(pts, close=False):
    return 'M' + 'L'.join('%s,%s' % (n(float(x)), n(float(y))) for x, y in pts) + ('Z' if close else '')


def smooth(pts, close=False, k=1 / 6):
    """A Catmull-Rom curve through the points, as Bezier path data."""
    m = len(pts)
    at = (lambda i: pts[i % m]) if close else (lambda i: pts[max(0, min(m - 1, i))])
    d = 'M%s,%s' % (n(float(pts[0][0])), n(float(pts[0][1])))
    for i in range(m if close else m - 1):
        p0, p1, p2, p3 = at(i - 1), at(i), at(i + 1), at(i + 2)
        d += 'C%s,%s %s,%s %s,%s' % tuple(n(float(v)) for v in (
            p1[0] + (p2[0] - p0[0]) * k, p1[1] + (p2[1] - p0[1]) * k,
            p2[0] - (p3[0] - p1[0]) * k, p2[1] - (p3[1] - p1[1]) * k, p2[0], p2[1]))
    return d + ('Z' if close else '')


def hull(pts):
    """The convex hull: a body part is the hull of a few circles."""
    pts = sorted(set(pts))
    def half(ps):
        h = []
        for p in ps:
            while len(h) > 1 and (h[-1][0] - h[-2][0]) * (p[1] - h[-2][1]) <= (h[-1][1] - h[-2][1]) * (p[0] - h[-2][0]):
                h.pop()
            h.append(p)
        return h[:-1]
    return half(pts) + half(pts[::-1])


def circle(x, y, r, m=20):
    return [(x + r * math.cos(2 * math.pi * i / m), y + r * math.sin(2 * math.pi * i / m)) for i in range(m)]


class Camera:
    """A view camera: level axis, so verticals stay vertical.

    World: X right, Y away, Z up, metres; the eye is `eye` above the ground,
    the horizon at screen height hy, the axis at screen x cx, f in pixels.
    """
    def __init__(self, f, eye, cx, hy):
        self.f, self.eye, self.cx, self.hy = f, eye, cx, hy

    def __call__(self, X, Y, Z=0.0):
        return (self.cx + self.f * X / Y, self.hy - self.f * (Z - self.eye) / Y)

    def scale(self, Y):
        return self.f / Y

    def ground(self, x, y):
        """The ground point seen at screen x, y."""
        Y = self.f * self.eye / (y - self.hy)
        return ((x - self.cx) * Y / self.f, Y)


# --- the sheet ------------------------------------------------------------
class Sheet:
    def __init__(self, w, h):
        self.w, self.h, self.defs, self.body, self.ids = w, h, [], [], 0

    def _id(self):
        self.ids += 1
        return 'g%d' % self.ids

    @staticmethod
    def _stops(stops):
        out = ''
        for s in stops:
            o = ' stop-opacity="%s"' % s[2] if len(s) > 2 else ''
            out += '<stop offset="%s" stop-color="%s"%s/>' % (s[0], s[1], o)
        return out

    def lin(self, x1, y1, x2, y2, *stops):
        """A linear gradient; stops are (offset, color[, opacity])."""
        i = self._id()
        self.defs.append('<linearGradient id="%s" gradientUnits="userSpaceOnUse" x1="%s" y1="%s" x2="%s" y2="%s">%s</linearGradient>'
                         % (i, n(x1), n(y1), n(x2), n(y2), self._stops(stops)))
        return 'url(#%s)' % i

    def rad(self, x, y, r, *stops, squash=1.0):
        """A radial gradient; squash flattens it vertically."""
        i = self._id()
        t = '' if squash == 1 else ' gradientTransform="translate(0 %s) scale(1 %s)"' % (n(y * (1 - squash)), squash)
        self.defs.append('<radialGradient id="%s" gradientUnits="userSpaceOnUse" cx="%s" cy="%s" r="%s"%s>%s</radialGradient>'
                         % (i, n(x), n(y), n(r), t, self._stops(stops)))
        return 'url(#%s)' % i

    def glow(self, x, y, r, color, strength=1.0, squash=1.0):
        """A soft light without an edge."""
        fall = [(t / 10, color, round(strength * (1 - t / 10) ** 2.4, 3)) for t in range(11)]
        f = self.rad(x, y, r, *fall, squash=squash)
        self.body.append('<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>'
                         % (n(x - r), n(y - r * squash), n(2 * r), n(2 * r * squash), f))

    def path(self, d, fill='none', **a):
        self.body.append('<path d="%s" fill="%s"%s/>' % (d, fill, self._attrs(a)))

    @staticmethod
    def _attrs(a):
        return ''.join(' %s="%s"' % (k.replace('_', '-'), n(v)) for k, v in a.items())

    def poly(self, pts, fill, **a):
        self.path(line(pts, True), fill, **a)

    def stroke(self, d, color, width, **a):
        a.setdefault('stroke_linecap', 'round')
        a.setdefault('stroke_linejoin', 'round')
        self.path(d, 'none', stroke=color, stroke_width=width, **a)

    def rect(self, x, y, w, h, fill, **a):
        self.body.append('<rect x="%s" y="%s" width="%s" height="%s" fill="%s"%s/>'
                         % (n(x), n(y), n(w), n(h), fill, self._attrs(a)))

    def dot(self, x, y, r, fill, ry=None, **a):
        self.body.append('<ellipse cx="%s" cy="%s" rx="%s" ry="%s" fill="%s"%s/>'
                         % (n(x), n(y), n(r), n(r if ry is None else ry), fill, self._attrs(a)))

    def open(self, **a):
        self.body.append('<g%s>' % self._attrs(a))

    def close(self):
        self.body.append('</g>')

    def clip(self, d):
        """Opens a group clipped to the path."""
        i = self._id()
        self.defs.append('<clipPath id="%s"><path d="%s"/></clipPath>' % (i, d))
        self.open(clip_path='url(#%s)' % i)

    def blur(self, r):
        """Opens a blurred group: keep it small, blurs are slow."""
        i = self._id()
        self.defs.append('<filter id="%s" x="-30%%" y="-30%%" width="160%%" height="160%%"><feGaussianBlur stdDeviation="%s"/></filter>' % (i, n(r)))
        self.open(filter='url(#%s)' % i)

    def svg(self):
        return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">\n<defs>\n%s\n</defs>\n%s\n</svg>\n'
                % (self.w, self.h, self.w, self.h, '\n'.join(self.defs), '\n'.join(self.body)))
