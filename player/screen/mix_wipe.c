/* An edge moves over the screen, with the incoming picture behind it. The edge is soft: the pictures go
 * over into each other gently along a part of the way. */
#include "screen/mix_kinds.h"

#include <math.h>

#define STEPS 16 /* of a soft edge, as a GPU draws it */

/* Along the way: how far the edge has come, and how wide it is behind that, in pixels. */
struct edge {
    bool is_down;     /* the way goes up or down */
    bool is_from_end; /* it begins at the right, or below */
    double at, width;
    int length_px;
};

static struct edge edge_of(const struct mix *mix)
{
    enum transition_direction direction = mix->transition.direction;
    struct edge edge = {
        .is_down = direction == TRANSITION_UP || direction == TRANSITION_DOWN,
        .is_from_end = direction == TRANSITION_LEFT || direction == TRANSITION_UP,
    };
    edge.length_px = edge.is_down ? mix->height_px : mix->width_px;
    edge.width = fmax(mix->transition.softness * edge.length_px, 1);
    edge.at = mix->amount * (edge.length_px + edge.width);
    return edge;
}

/* What is seen of the incoming picture at a place of the way. */
static double level_at(const struct edge *edge, double way)
{
    return transition_smoothstep(0, edge->width, edge->at - way);
}

/* Of a row or column of pixels, by its middle. */
static int weight_at(const struct edge *edge, int place)
{
    double way = edge->is_from_end ? edge->length_px - place - 0.5 : place + 0.5;
    return (int)lround(level_at(edge, way) * MIX_WHOLE);
}

/* The rows or columns from `first` to before `end` are the soft edge; before it and behind it is one of
 * the pictures alone. */
static void find_edge(const struct edge *edge, int *first, int *end)
{
    double begin = edge->at - edge->width, stop = edge->at;
    if (edge->is_from_end) {
        begin = edge->length_px - edge->at;
        stop = begin + edge->width;
    }
    *first = (int)fmin(fmax(floor(begin), 0), edge->length_px);
    *end = (int)fmin(fmax(ceil(stop), 0), edge->length_px);
}

static void draw_columns(const struct edge *edge, const struct canvas *target, int x_px, int y_px,
                         const struct canvas *from, const struct canvas *to)
{
    int first, end;
    uint16_t weights[MIX_CHUNK_PX];
    find_edge(edge, &first, &end);
    mix_copy_columns(target, x_px, y_px, edge->is_from_end ? from : to, 0, first);
    mix_copy_columns(target, x_px, y_px, edge->is_from_end ? to : from, end, edge->length_px);
    first = first > x_px ? first : x_px;
    end = end < x_px + target->width_px ? end : x_px + target->width_px;
    for (int x = first; x < end; x += MIX_CHUNK_PX) {
        int count = end - x < MIX_CHUNK_PX ? end - x : MIX_CHUNK_PX;
        for (int i = 0; i < count; i++)
            weights[i] = (uint16_t)weight_at(edge, x + i);
        for (int y = 0; y < target->height_px; y++)
            mix_weigh_row(canvas_part(target, x - x_px, y, count, 1).pixels,
                          canvas_part(from, x, y_px + y, count, 1).pixels,
                          canvas_part(to, x, y_px + y, count, 1).pixels, weights, count);
    }
}

static void draw_rows(const struct edge *edge, const struct canvas *target, int x_px, int y_px,
                      const struct canvas *from, const struct canvas *to)
{
    for (int y = 0, count; y < target->height_px; y += count) {
        int weight = weight_at(edge, y_px + y);
        count = 1;
        /* Rows that are alike are drawn at once. */
        while (weight % MIX_WHOLE == 0 && y + count < target->height_px &&
               weight_at(edge, y_px + y + count) == weight)
            count++;
        int width = target->width_px;
        struct canvas rows = canvas_part(target, 0, y, width, count);
        struct canvas a = canvas_part(from, x_px, y_px + y, width, count);
        struct canvas b = canvas_part(to, x_px, y_px + y, width, count);
        compose_crossfade(&rows, &a, &b, (double)weight / MIX_WHOLE);
    }
}

void mix_wipe_draw(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                   const struct canvas *from, const struct canvas *to)
{
    struct edge edge = edge_of(mix);
    if (edge.is_down)
        draw_rows(&edge, target, x_px, y_px, from, to);
    else
        draw_columns(&edge, target, x_px, y_px, from, to);
}

static void add_stretch(const struct mix *mix, const struct edge *edge, double begin, double end,
                        struct mix_mesh *mesh)
{
    float a = (float)begin, b = (float)end, length = (float)edge->length_px;
    float level_a = (float)level_at(edge, begin), level_b = (float)level_at(edge, end);
    float width = (float)mix->width_px, height = (float)mix->height_px;
    if (edge->is_from_end) {
        a = length - a;
        b = length - b;
    }
    const struct mix_vertex across[4] = {
        {a, 0, level_a}, {b, 0, level_b}, {b, height, level_b}, {a, height, level_a}};
    const struct mix_vertex down[4] = {
        {0, a, level_a}, {0, b, level_b}, {width, b, level_b}, {width, a, level_a}};
    mix_mesh_add_quad(mesh, mix, edge->is_down ? down : across);
}

void mix_wipe_mesh(const struct mix *mix, struct mix_mesh *mesh)
{
    struct edge edge = edge_of(mix);
    double begin = edge.at - edge.width;
    if (begin > 0)
        add_stretch(mix, &edge, 0, begin, mesh);
    for (int i = 0; i < STEPS; i++)
        add_stretch(mix, &edge, begin + edge.width * i / STEPS,
                    begin + edge.width * (i + 1) / STEPS, mesh);
}
