"""Time in the film's shots: every value eases in and out, nothing starts or stops at once."""


def ease(t, a, b):
    """0 before a, 1 after b; in between it starts and ends at rest, without a jerk."""
    u = min(1.0, max(0.0, (t - a) / (b - a)))
    return u * u * u * (u * (6 * u - 15) + 10)


def eased_area(t, a, b):
    """The area under ease(t, a, b) from a to t: how far a thing has come whose speed follows it."""
    u = min(1.0, max(0.0, (t - a) / (b - a)))
    return (b - a) * u ** 4 * (u * (u - 3) + 2.5) + max(0.0, t - b)


def lerp(a, b, t):
    return a + (b - a) * t


def keys(t, *points):
    """A value that rests at each (time, value) and eases from one to the next."""
    for (a, x), (b, y) in zip(points, points[1:]):
        if t < b:
            return lerp(x, y, ease(t, a, b))
    return points[-1][1]


def alpha(v):
    """An opacity for the sheet, which rounds plain numbers to a tenth: a fade would go in steps."""
    return '%.4f' % v
