"""The only rink of a country, at night: five amateurs and a goalkeeper of wood."""
import math

from kit import *

LIT = '#8fb8bb'  # ice under the lamps


# --- the valley and the ice -------------------------------------------------
def valley(s, hy, base, peaks, foothill):
    """Night sky and huge faceted mountains, each (x, y, left, right slope)."""
    w = s.w
    s.rect(0, 0, w, base, s.lin(0, 0, 0, base, (0, INK), (.5, mix(NIGHT, DEEP, .7)), (1, mix(TEAL, MIST, .25))))
    r = Rnd(3)
    for _ in range(70):
        y = r.random() ** 1.6 * hy * .7
        s.dot(r.uniform(0, w), y, r.choice((1.5, 1.5, 2, 2.6)), PALE, opacity=round(r.uniform(.15, .6) * (1 - y / hy), 2))
    for x, y, left, right, near in peaks:  # far ones first
        d = base - y
        lit, dark = mix(DEEP, TEAL, .55 + .55 * near), mix(NIGHT, DEEP, .45 + .5 * near)
        mist = mix(TEAL, MIST, .30)
        s.poly([(x, y), (x - left * d, base), (x + right * d, base)], s.lin(0, y, 0, base, (0, lit), (1, mist)))
        s.poly([(x, y), (x + right * d, base), (x + .30 * d, base), (x + .03 * d, y + .58 * d), (x + .12 * d, y + .30 * d)],
               s.lin(0, y, 0, base, (0, dark), (.5, mix(dark, mist, .35)), (1, mist)))
        a = .17
        lx, ly = x - left * d * a, y + d * a
        s.poly([(x, y), (lx, ly), (lx + .05 * d, ly - .025 * d), (lx + .065 * d, ly + .05 * d), (x - .03 * d, y + .10 * d),
                (x + .015 * d, y + .22 * d), (x + .085 * d, y + .213 * d), (x + .045 * d, y + .10 * d)],
               s.lin(0, y, 0, y + .24 * d, (0, PALE), (1, mix(HAZE, MIST, .4))))
    top = min(y for _, y in foothill)
    s.path(smooth(foothill) + 'L%d,%dL0,%dZ' % (w, base, base), s.lin(0, top, 0, base, (0, mix(NIGHT, DEEP, .9)), (1, mix(DEEP, TEAL, .9))))


def outline(gy):
    """The inside of the boards, left to right, seen from the goal: wider than the rule book."""
    back, half, R = gy + 4, 17, 8.5
    turn = [i / 12 * math.pi / 2 for i in range(13)]
    side = [back - R - i * 2 for i in range(1, 12) if back - R - i * 2 > 3]
    return ([(-half, y) for y in side[::-1]] + [(-half + R - R * math.cos(a), back - R + R * math.sin(a)) for a in turn]
            + [(half - R + R * math.sin(a), back - R + R * math.cos(a)) for a in turn] + [(half, y) for y in side])


def rink(s, cam, gx, gy, light):
    """The ice from the end boards to our feet, lit around the goal line gy."""
    w, h = s.w, s.h
    back, half = gy + 4, 17
    by = cam(0, back)[1]
    top = cam(0, back, 1.0)[1]
    s.rect(0, top - 1, w, h - top + 1, mix(DEEP, TEAL, .9))  # the dark beyond the boards
    s.poly([cam(gx + X, Y) for X, Y in outline(gy)] + [(w + 9000, h), (-9000, h)], s.lin(0, by, 0, h, (0, mix(MIST, LIT, .75)), (.09, mix(MIST, LIT, .60)), (.21, mix(TEAL, MIST, .70)),
                                           (.36, mix(DEEP, TEAL, .75)), (.58, mix(NIGHT, DEEP, .7)), (1, mix(INK, NIGHT, .8))))
    x, y = cam(gx, gy)
    s.glow(x - light * .25, y, light, ICE, .34, squash=.16)
    # markings, all in cool tones: goal line, face-off circles, blue line
    g = lambda X, Y: cam(gx + X, Y)
    mark = s.lin(0, by, 0, h, (0, TEAL, .8), (.25, HAZE, .32), (1, HAZE, .05))
    s.poly([g(-half, gy + .05), g(half, gy + .05), g(half, gy - .05), g(-half, gy - .05)], TEAL, opacity=.7)
    def ring(X, Y, r, wide, m=64):
        o = [g(X + r * math.cos(i * 2 * math.pi / m), Y + r * math.sin(i * 2 * math.pi / m)) for i in range(m)]
        q = [g(X + (r - wide) * math.cos(i * 2 * math.pi / m), Y + (r - wide) * math.sin(i * 2 * math.pi / m)) for i in range(m)]
        s.path(smooth(o, True) + smooth(q, True), mark, fill_rule='evenodd')
    for X in (-6.7, 6.7):
        ring(X, gy - 6, 4.5, .12)
        o = [g(X + .3 * math.cos(i / 6 * math.pi), gy - 6 + .3 * math.sin(i / 6 * math.pi)) for i in range(12)]
        s.path(smooth(o, True), mark)
    r = Rnd(8)
    for _ in range(22):  # skate marks: long shallow arcs
        X, Y, l, b = r.uniform(-14, 14), gy - r.uniform(.5, 11), r.uniform(2, 6), r.uniform(-.5, .5)
        a = r.uniform(-.35, .35)
        p = [g(X + t * l * math.cos(a), Y + t * l * math.sin(a) + b * t * t) for t in (-1, -.5, 0, .5, 1) if Y + t * l * math.sin(a) + b * t * t > 3]
        if len(p) > 2:
            s.stroke(smooth(p), ICE, max(1.0, .012 * cam.scale(Y)), opacity=round(r.uniform(.05, .16) * min(1, Y / gy * 1.1), 3))
    # the crease
    c = [g(1.8 * math.cos(i / 12 * math.pi), gy - 1.8 * math.sin(i / 12 * math.pi)) for i in range(13)]
    s.path(smooth(c) + 'Z', PALE, opacity=.38)
    s.stroke(smooth(c), TEAL, 5, opacity=.6)


def boards(s, cam, gx, gy, lamps):
    back = gy + 4
    for X in lamps:  # slim lamp posts with a cool light
        x, y = cam(gx + X, back + 1.5, .5)
        x, t = cam(gx + X, back + 1.5, 6.2)
        s.stroke(line([(x, y), (x, t)]), mix(INK, NIGHT, .5), 5)
        s.glow(x, t, 330, PALE, .26)
        s.stroke(line([(x - 16, t), (x + 16, t)]), '#f4fbfa', 8)
    pts = outline(gy)
    lo = [cam(gx + x, y, 0) for x, y in pts]
    kick = [cam(gx + x, y, .18) for x, y in pts]
    hi = [cam(gx + x, y, 1.07) for x, y in pts]
    cap = [cam(gx + x, y, 1.15) for x, y in pts]
    s.poly(lo + hi[::-1], s.lin(0, 0, s.w, 0, (0, DEEP), (.35, mix(TEAL, MIST, .5)), (.62, mix(MIST, HAZE, .55)), (.85, mix(TEAL, MIST, .5)), (1, DEEP)))
    s.poly(lo + kick[::-1], mix(DEEP, TEAL, .5))
    s.poly(hi + cap[::-1], mix(HAZE, PALE, .4))


# --- the team ---------------------------------------------------------------
# One player is 100 units tall from blade to helmet, facing us, feet at 0,0.
BODY = 'M-19,-71C-16,-78 -8,-81 0,-81C8,-81 16,-78 19,-71L18,-44C12,-41 -12,-41 -18,-44Z'
PANTS = 'M-17.5,-47L17.5,-47L17,-28C12,-25 6,-25 2,-28L0,-36L-2,-28C-6,-25 -12,-25 -17,-28Z'
HELMET = 'M-8.2,-88C-9.4,-103 9.4,-103 8.2,-88L7.4,-87.4C3,-90.5 -3,-90.5 -7.4,-87.4Z'


def player(s, x, y, height, pose, head=1.0):
    k, band = height / 100, ICE
    jersey, pants, skin = mix(INK, NIGHT, .55), INK, mix(HAZE, PALE, .3)
    def figure():
        for sg in (-1, 1):
            s.open(transform='scale(%d 1)' % sg)
            s.path('M4,-30C3,-22 4,-12 6,-6L14,-6C18,-14 18,-24 17,-30Z', mix(TEAL, MIST, .4))
            s.path('M3.6,-21L17.6,-21L17.2,-15.5L4.4,-15.5Z', band)
            s.path('M5,-8L14.5,-8C16,-5 19,-4.5 19,-1.6L5,-1.6Z', INK)
            s.path('M4,-1.4L20,-1.4', 'none', stroke=ICE, stroke_width=1.4)
            s.close()
        s.path(PANTS, pants)
        s.open(transform='translate(0 %s) scale(%s)' % (n(-80 * (1 - head)), head))
        s.dot(0, -85.5, 6.3, skin, 7)
        s.path(HELMET, band)
        s.close()
        s.path(BODY, jersey)
        s.path('M-18.4,-56L18.4,-56L18.2,-50L-18.2,-50Z', band)
        stick, arm = mix(PALE, ICE, .5), dict(stroke=jersey, stroke_width=9, stroke_linecap='round', stroke_linejoin='round')
        glove = lambda gx, gy: s.dot(gx, gy, 5.4, INK)
        if pose == 'rest':       # both gloves on the knob of an upright stick
            s.path('M0,-50L0,-2L-13,-2', 'none', stroke=stick, stroke_width=2.6, stroke_linejoin='round')
            s.path('M-17,-72L-21,-58L-5,-50', **arm), s.path('M17,-72L21,-58L5,-50', **arm)
            glove(-2, -51), glove(3, -48)
        elif pose == 'across':   # the stick held across the thighs
            s.path('M-44,-33L34,-52', 'none', stroke=stick, stroke_width=2.6)
            s.path('M-44,-33L-53,-37', 'none', stroke=stick, stroke_width=4.2, stroke_linecap='round')
            s.path('M-17,-72L-22,-57L-18,-42', **arm), s.path('M17,-72L23,-60L18,-49', **arm)
            glove(-18, -40), glove(18, -48)
        elif pose == 'salute':   # one stick raised to the sky
            s.path('M38,-84L48,-134', 'none', stroke=stick, stroke_width=2.6)
            s.path('M48,-134L38,-139', 'none', stroke=stick, stroke_width=4.2, stroke_linecap='round')
            s.path('M-17,-72L-22,-58L-22,-46', **arm), s.path('M17,-72L30,-75L37,-92', **arm)
            glove(-22, -43), glove(39, -95)
        else:                    # at ease, blade on the ice
            s.path('M24,-46L36,-2L50,-2', 'none', stroke=stick, stroke_width=2.6, stroke_linejoin='round')
            s.path('M-17,-72L-22,-58L-22,-46', **arm), s.path('M17,-72L23,-58L23.5,-48', **arm)
            glove(-22, -43), glove(24, -45)
    s.open(transform='translate(%s %s) scale(%s %s)' % (n(x), n(y), round(k, 3), round(-k * .9, 3)), opacity=.20)
    figure()
    s.close()
    s.dot(x, y, 24 * k, INK, 3.2 * k, opacity=.35)
    s.open(transform='translate(%s %s) scale(%s)' % (n(x), n(y), round(k, 3)))
    figure()
    s.close()


# --- the goalkeeper of wood ---------------------------------------------------
def keeper(s, x, y, height):
    """Sawn from planks, bolted at the joints; 170 units tall, feet at 0,0."""
    k = height / 170
    SIDE, WOOD, SEAM, LIGHT = BARK, DUCK, mix(AMBER, BARK, .45), GLOW
    parts = []
    leg = 'M6,-4L40,-4C43,-4 44,-6 44,-9L41,-72C41,-77 38,-80 33,-80L16,-80C11,-80 8,-77 8,-72L3,-9C3,-6 4,-4 6,-4Z'
    torso = 'M-36,-74L36,-74L44,-118C46,-130 34,-137 18,-138L-18,-138C-34,-137 -46,-130 -44,-118Z'
    head = 'M-17,-143C-20,-162 -12,-173 0,-173C12,-173 20,-162 17,-143C15,-134 8,-131 0,-131C-8,-131 -15,-134 -17,-143Z'
    mitt = 'M-78,-96C-88,-104 -88,-124 -74,-130C-62,-134 -50,-126 -50,-114C-50,-100 -64,-90 -78,-96Z'
    upper = 'M-40,-131C-34,-134 -28,-126 -34,-118L-58,-104C-64,-101 -70,-110 -64,-115Z'
    upper2 = 'M40,-131C34,-134 28,-126 34,-118L56,-92C62,-87 70,-94 66,-101Z'
    block = 'M50,-108L76,-112L81,-74L55,-70Z'
    stick = 'M60,-104L66,-105L82,-14L112,-8C116,-7 116,-1 112,0L80,-2C76,-2 74,-5 73,-9Z'
    flip = lambda d: ('<g transform="scale(-1 1)"><path d="%s"/></g>' % d)
    s.dot(x, y, 70 * k, INK, 8 * k, opacity=.40)
    for mirror in (True, False):
        s.open(transform='translate(%s %s) scale(%s %s)' % (n(x), n(y), round(k, 3), round(k * (-.9 if mirror else 1), 3)),
               **({'opacity': .24} if mirror else {}))
        # the plank's thickness, one step behind
        s.open(transform='translate(5 1)', fill=SIDE)
        for d in (torso, head, mitt, upper, upper2, block, stick, leg):
            s.body.append('<path d="%s"/>' % d)
        s.body.append(flip(leg).replace('scale(-1 1)', 'translate(0 0) scale(-1 1)'))
        s.path('M-58,-5L58,-5L58,3L-58,3Z', mix(BARK, INK, .3))
        s.close()
        s.path('M-58,-6L54,-6L54,2L-58,2Z', SEAM)          # the foot board
        s.path(stick, mix(AMBER, BARK, .25))
        s.path(upper, mix(DUCK, AMBER, .55)), s.path(upper2, mix(DUCK, AMBER, .55))
        s.path(torso, WOOD)
        for X in (-14, 14):                                   # three planks
            s.path('M%s,-74L%s,-137' % (X, n(X * 1.1)), 'none', stroke=SEAM, stroke_width=2.2)
        for d in ('M-30,-84C-28,-100 -34,-112 -31,-126', 'M-2,-80C2,-96 -4,-112 1,-130', 'M26,-82C30,-98 25,-112 31,-124'):
            s.path(d, 'none', stroke=AMBER, stroke_width=1.6, stroke_linecap='round')
        s.path('M-37.6,-82L37.6,-82L39.4,-92L-39.4,-92Z', ICE, opacity=.92)  # the team's band
        for sg in (-1, 1):
            s.open(transform='scale(%d 1)' % sg)
            s.path(leg, WOOD)
            s.path('M5,-40L42.5,-40', 'none', stroke=SEAM, stroke_width=2.4)
            s.path('M8,-14L40,-14M7.5,-26L41,-26M7,-56L41,-56M8.4,-68L40,-68', 'none', stroke=AMBER, stroke_width=2)
            s.path('M9,-72C9,-76 12,-78.6 16,-78.6L33,-78.6', 'none', stroke=LIGHT, stroke_width=2.4, stroke_linecap='round')
            s.dot(24, -40, 4, SIDE), s.dot(24, -40, 1.6, INK)
            s.close()
        s.path(mitt, WOOD)
        s.path('M-80,-104C-76,-118 -66,-124 -56,-120', 'none', stroke=SEAM, stroke_width=2.4, stroke_linecap='round')
        s.path('M-71,-99L-66,-111M-61,-99L-61,-111', 'none', stroke=AMBER, stroke_width=2, stroke_linecap='round')
        s.path(block, WOOD)
        s.path('M57,-102L73,-104.5M58,-95L74.5,-97.5M60,-79L78,-81.5', 'none', stroke=SEAM, stroke_width=2)
        for X, Y in ((-36, -125), (36, -125), (-62, -110), (64, -92)):
            s.dot(X, Y, 3.4, SIDE), s.dot(X, Y, 1.3, INK)
        s.path(head, WOOD)                                    # the mask
        s.path('M-15.5,-155C-14,-166 -8,-171 0,-171', 'none', stroke=LIGHT, stroke_width=2.4, stroke_linecap='round')
        s.dot(-6.2, -153, 2.7, INK, 3.6), s.dot(6.2, -153, 2.7, INK, 3.6)
        s.path('M-5,-167L-5,-162M0,-168L0,-162.5M5,-167L5,-162', 'none', stroke=SEAM, stroke_width=2, stroke_linecap='round')
        s.path('M0,-150L0,-145.5', 'none', stroke=SEAM, stroke_width=2.2, stroke_linecap='round')
        s.path('M-6.5,-140.5C-3,-137.2 3,-137.2 6.5,-140.5', 'none', stroke=INK, stroke_width=2.4, stroke_linecap='round')
        s.close()


def goal(s, cam, gx, gy):
    """Posts, net and dark inside; the keeper stands a step before it."""
    p = lambda X, Y, Z: cam(gx + X, gy + Y, Z)
    a, b = .915, .62
    c = a - .05
    s.poly([p(-c, 0, 0), p(-c, 0, 1.18), p(c, 0, 1.18), p(c, 0, 0), p(c * .92, 1.0, 0), p(-c * .98, 1.0, 0)], mix(INK, DEEP, .5), opacity=.88)
    net = []
    s.clip(line([p(-c, 0, 0), p(-c, 0, 1.18), p(c, 0, 1.18), p(c, 0, 0)], True))
    for i in range(15):
        X = -a + 2 * a * i / 14
        net.append(line([p(X, .45, 1.22), p(X * .95, 1.0, 0)]))
    for i in range(9):
        Z = 1.22 * i / 9
        net.append(line([p(-a, 1 - .6 * Z / 1.22, Z), p(a, 1 - .6 * Z / 1.22, Z)]))
    s.stroke(''.join(net), HAZE, 1.6, opacity=.40)
    s.close()
    k = cam.scale(gy)
    x0, y0 = p(-a, 0, 0)
    x1, y1 = p(a, 0, 1.22)
    r = .07 * k
    s.stroke('M%s,%sL%s,%sQ%s,%s %s,%sL%s,%sQ%s,%s %s,%sL%s,%s' % tuple(n(float(v)) for v in
             (x0, y0, x0, y1 + 2 * r, x0, y1, x0 + 2 * r, y1, x1 - 2 * r, y1, x1, y1, x1, y1 + 2 * r, x1, y0)), ICE, .07 * k)


def team(s, cam, gx, gy, rows):
    for X, dY, height, pose, *head in sorted(rows, key=lambda r: -r[1]):
        Y = gy + dY
        x, y = cam(gx + X, Y)
        player(s, x, y, height * cam.scale(Y), pose, *head)


def landscape(s):
    hy = 1000
    gx, gy = 4.4, 21.5
    cam = Camera(2900, 2.3, 1900, hy)
    valley(s, hy, cam(0, gy + 4, 1.0)[1], [
        (2760, 470, 1.25, 1.35, .4), (1240, 190, 1.25, 1.05, .75)],
        [(0, 800), (400, 850), (1000, 960), (1700, 1000), (2400, 1010), (3000, 960), (3500, 860), (3840, 820)])
    rink(s, cam, gx, gy, 2100)
    boards(s, cam, gx, gy, (-21, -12.2, -1.8, 7.4))
    goal(s, cam, gx, gy)
    team(s, cam, gx, gy, [(-9.4, .6, 1.80, 'rest'), (-7.4, -.3, 1.98, 'ease'), (-5.8, .5, 1.28, 'salute', 1.25), (-3.5, .2, 1.72, 'across'), (3.3, .7, 1.86, 'rest')])
    x, y = cam(gx, gy - .55)
    keeper(s, x, y, 1.80 * cam.scale(gy - .55))


def portrait(s):
    hy = 1830
    gx, gy = .5, 20.0
    cam = Camera(2700, 2.8, 1080, hy)
    valley(s, hy, cam(0, gy + 4, 1.0)[1], [
        (60, 1080, .9, 1.0, .2), (2080, 1000, 1.0, .9, .3), (1240, 420, .95, .82, .7)],
        [(0, 1500), (420, 1640), (900, 1780), (1400, 1800), (1850, 1700), (2160, 1600)])
    rink(s, cam, gx, gy, 1500)
    boards(s, cam, gx, gy, (-6, 5.4))
    goal(s, cam, gx, gy)
    team(s, cam, gx, gy, [(-5.6, .8, 1.80, 'rest'), (-4.1, .4, 1.28, 'salute', 1.25), (-2.6, .9, 1.98, 'ease'), (2.6, .8, 1.72, 'across'), (4.4, .5, 1.86, 'rest')])
    x, y = cam(gx, gy - .55)
    keeper(s, x, y, 1.80 * cam.scale(gy - .55))
