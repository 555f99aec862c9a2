/* The incoming picture opens in a circle, at its focus. */
#include "screen/mix_kinds.h"

#include <math.h>

#define EDGE_PART (2.0 / 1080) /* the soft edge: 2 pixels on a screen of 1080 lines */
#define EDGE_PX_MIN 1.5        /* a narrower one would be jagged */
#define SEGMENTS_MIN 48
#define SEGMENTS_MAX 1024
#define SEGMENT_ERROR_PX 0.01 /* between a circle and the shape of straight lines in its place */
#define TURN 6.28318530717958647692

/* Of pixels: where the middle is, where nothing is seen of the incoming picture any more, and how wide
 * the edge is inside that. */
struct circle {
    double x, y, radius, edge;
};

static struct circle circle_of(const struct mix *mix)
{
    int shorter = mix->width_px < mix->height_px ? mix->width_px : mix->height_px;
    struct circle circle = {.x = mix->focus_x * mix->width_px, .y = mix->focus_y * mix->height_px};
    double to_corner =
        hypot(fmax(circle.x, mix->width_px - circle.x), fmax(circle.y, mix->height_px - circle.y));
    circle.edge = fmax(EDGE_PART * shorter, EDGE_PX_MIN);
    circle.radius = mix->amount * (to_corner + circle.edge);
    return circle;
}

static double level_at(const struct circle *circle, double distance)
{
    return fmin(fmax((circle->radius - distance) / circle->edge, 0), 1);
}

/* The pixels of a row whose middles are within a radius; none: first is not before end. */
static void find_span(const struct circle *circle, double radius, double down, int *first, int *end)
{
    double square = radius * radius - down * down;
    *first = *end = 0;
    if (radius <= 0 || square <= 0)
        return;
    double half = sqrt(square);
    *first = (int)ceil(circle->x - half - 0.5);
    *end = (int)floor(circle->x + half - 0.5) + 1;
}

static void draw_edge(const struct circle *circle, const struct canvas *target, int x_px, int y_px,
                      int y, const struct canvas *from, const struct canvas *to, int first, int end)
{
    uint16_t weights[MIX_CHUNK_PX];
    double down = y_px + y + 0.5 - circle->y;
    first = first > x_px ? first : x_px;
    end = end < x_px + target->width_px ? end : x_px + target->width_px;
    for (int x = first; x < end; x += MIX_CHUNK_PX) {
        int count = end - x < MIX_CHUNK_PX ? end - x : MIX_CHUNK_PX;
        for (int i = 0; i < count; i++) {
            double across = x + i + 0.5 - circle->x;
            double level = level_at(circle, sqrt(across * across + down * down));
            weights[i] = (uint16_t)lround(level * MIX_WHOLE);
        }
        mix_weigh_row(canvas_part(target, x - x_px, y, count, 1).pixels,
                      canvas_part(from, x, y_px + y, count, 1).pixels,
                      canvas_part(to, x, y_px + y, count, 1).pixels, weights, count);
    }
}

void mix_iris_draw(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                   const struct canvas *from, const struct canvas *to)
{
    struct circle circle = circle_of(mix);
    for (int y = 0; y < target->height_px; y++) {
        struct canvas row = canvas_part(target, 0, y, target->width_px, 1);
        double down = y_px + y + 0.5 - circle.y;
        int first, end, whole_first, whole_end;
        find_span(&circle, circle.radius, down, &first, &end);
        find_span(&circle, circle.radius - circle.edge, down, &whole_first, &whole_end);
        if (whole_first >= whole_end)
            whole_first = whole_end = end;
        mix_copy_columns(&row, x_px, y_px + y, from, 0, first);
        draw_edge(&circle, target, x_px, y_px, y, from, to, first, whole_first);
        mix_copy_columns(&row, x_px, y_px + y, to, whole_first, whole_end);
        draw_edge(&circle, target, x_px, y_px, y, from, to, whole_end, end);
        mix_copy_columns(&row, x_px, y_px + y, from, end, mix->width_px);
    }
}

static int segments_of(const struct circle *circle)
{
    double angle = sqrt(8 * SEGMENT_ERROR_PX / fmax(circle->radius, 1));
    return (int)fmin(fmax(ceil(TURN / angle), SEGMENTS_MIN), SEGMENTS_MAX);
}

static struct mix_vertex corner_at(const struct circle *circle, double radius, double angle)
{
    return (struct mix_vertex){(float)(circle->x + radius * cos(angle)),
                               (float)(circle->y + radius * sin(angle)),
                               (float)level_at(circle, radius)};
}

void mix_iris_mesh(const struct mix *mix, struct mix_mesh *mesh)
{
    struct circle circle = circle_of(mix);
    int segments = segments_of(&circle);
    double whole = fmax(circle.radius - circle.edge, 0);
    struct mix_vertex middle = corner_at(&circle, 0, 0);
    for (int i = 0; i < segments; i++) {
        double a = TURN * i / segments, b = TURN * (i + 1) / segments;
        const struct mix_vertex edge[4] = {
            corner_at(&circle, whole, a), corner_at(&circle, circle.radius, a),
            corner_at(&circle, circle.radius, b), corner_at(&circle, whole, b)};
        if (whole > 0)
            mix_mesh_add(mesh, mix, middle, edge[0], edge[3]);
        mix_mesh_add_quad(mesh, mix, edge);
    }
}
