#include "screen/mix_kinds.h"

static struct canvas part_of(const struct canvas *whole, const struct canvas *target, int x_px,
                             int y_px)
{
    return canvas_part(whole, x_px, y_px, target->width_px, target->height_px);
}

static void draw_crossfade(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                           const struct canvas *from, const struct canvas *to)
{
    struct canvas a = part_of(from, target, x_px, y_px), b = part_of(to, target, x_px, y_px);
    compose_crossfade(target, &a, &b, mix->amount);
}

static void draw_dissolve(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                          const struct canvas *from, const struct canvas *to)
{
    struct canvas a = part_of(from, target, x_px, y_px), b = part_of(to, target, x_px, y_px);
    compose_dissolve(target, &a, &b, mix->amount);
}

static const struct kind {
    mix_draw_fn *draw;
    mix_mesh_fn *mesh; /* NULL: none */
} kinds[TRANSITION_TYPES] = {
    [TRANSITION_CROSSFADE] = {.draw = draw_crossfade},
    [TRANSITION_DISSOLVE] = {.draw = draw_dissolve},
    [TRANSITION_CUT] = {.draw = draw_crossfade},
    [TRANSITION_WIPE] = {.draw = mix_wipe_draw, .mesh = mix_wipe_mesh},
    [TRANSITION_IRIS] = {.draw = mix_iris_draw, .mesh = mix_iris_mesh},
    [TRANSITION_DIP] = {.draw = mix_dip_draw, .mesh = mix_dip_mesh},
    [TRANSITION_PUSH] = {.draw = mix_push_draw, .mesh = mix_push_mesh},
};

/* The screen is the upright canvas, turned clockwise. */
static enum transition_direction turned(enum transition_direction direction, int rotation)
{
    static const enum transition_direction next[] = {[TRANSITION_LEFT] = TRANSITION_UP,
                                                     [TRANSITION_UP] = TRANSITION_RIGHT,
                                                     [TRANSITION_RIGHT] = TRANSITION_DOWN,
                                                     [TRANSITION_DOWN] = TRANSITION_LEFT};
    for (int turn = 0; turn < rotation; turn += 90)
        direction = next[direction];
    return direction;
}

struct mix mix_of_frame(const struct display_mix *frame, int width_px, int height_px)
{
    const struct picture *picture = frame->to.picture;
    struct mix mix = {.transition = frame->transition,
                      .amount = frame->mix,
                      .width_px = width_px,
                      .height_px = height_px};
    mix.transition.direction = turned(mix.transition.direction, picture->rotation);
    if (frame->from_frozen)
        mix.transition.type = TRANSITION_CROSSFADE;
    picture_focus(picture, width_px, height_px, &mix.focus_x, &mix.focus_y);
    return mix;
}

void mix_draw(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
              const struct canvas *from, const struct canvas *to)
{
    kinds[mix->transition.type].draw(mix, target, x_px, y_px, from, to);
}

bool mix_has_mesh(enum transition_type type)
{
    return kinds[type].mesh != NULL;
}

void mix_make_mesh(const struct mix *mix, struct mix_mesh *mesh)
{
    *mesh = (struct mix_mesh){.vertices = mesh->vertices};
    kinds[mix->transition.type].mesh(mix, mesh);
}

void mix_weigh_row(uint8_t *target, const uint8_t *from, const uint8_t *to, const uint16_t *weights,
                   int count)
{
    uint16_t each[MIX_CHUNK_PX * 4];
    int bytes = count * 4;
    for (int i = 0; i < bytes; i += 4)
        each[i] = each[i + 1] = each[i + 2] = each[i + 3] = weights[i / 4];
    for (int i = 0; i < bytes; i++)
        target[i] = (uint8_t)((uint16_t)(from[i] * (MIX_WHOLE - each[i]) + to[i] * each[i] +
                                         MIX_WHOLE / 2) >>
                              8);
}

void mix_place(const struct canvas *target, int x_px, int y_px, const struct canvas *picture,
               int at_x, int at_y)
{
    struct layout_box both =
        layout_common_box((struct layout_box){at_x, at_y, picture->width_px, picture->height_px},
                          (struct layout_box){x_px, y_px, target->width_px, target->height_px});
    if (both.width < 1 || both.height < 1)
        return;
    struct canvas to = canvas_part(target, both.x - x_px, both.y - y_px, both.width, both.height);
    struct canvas from =
        canvas_part(picture, both.x - at_x, both.y - at_y, both.width, both.height);
    compose_copy(&to, &from);
}

void mix_copy_columns(const struct canvas *target, int x_px, int y_px, const struct canvas *picture,
                      int first, int end)
{
    struct layout_box both =
        layout_common_box((struct layout_box){first, y_px, end - first, target->height_px},
                          (struct layout_box){x_px, y_px, target->width_px, target->height_px});
    if (both.width < 1)
        return;
    struct canvas to = canvas_part(target, both.x - x_px, 0, both.width, both.height);
    struct canvas from = canvas_part(picture, both.x, y_px, both.width, both.height);
    compose_copy(&to, &from);
}

/* ---- shapes ---- */

#define CORNERS_MAX 8 /* of a triangle that was cut at four edges: seven */

struct shape {
    struct mix_vertex corners[CORNERS_MAX];
    int count;
};

static struct mix_vertex between(const struct mix_vertex *a, const struct mix_vertex *b, float part)
{
    return (struct mix_vertex){a->x + (b->x - a->x) * part, a->y + (b->y - a->y) * part,
                               a->level + (b->level - a->level) * part};
}

/* How far a corner is inside one of the four edges. */
static float inside(const struct mix *mix, const struct mix_vertex *corner, int edge)
{
    switch (edge) {
    case 0:
        return corner->x;
    case 1:
        return (float)mix->width_px - corner->x;
    case 2:
        return corner->y;
    default:
        return (float)mix->height_px - corner->y;
    }
}

/* Cuts off what is outside of an edge (Sutherland and Hodgman, 1974). */
static void cut_shape(struct shape *shape, const struct mix *mix, int edge)
{
    struct shape kept = {.count = 0};
    for (int i = 0; i < shape->count; i++) {
        const struct mix_vertex *a = &shape->corners[i];
        const struct mix_vertex *b = &shape->corners[(i + 1) % shape->count];
        float from = inside(mix, a, edge), to = inside(mix, b, edge);
        if (from >= 0 && kept.count < CORNERS_MAX)
            kept.corners[kept.count++] = *a;
        if ((from < 0) != (to < 0) && kept.count < CORNERS_MAX)
            kept.corners[kept.count++] = between(a, b, from / (from - to));
    }
    *shape = kept;
}

void mix_mesh_add(struct mix_mesh *mesh, const struct mix *mix, struct mix_vertex a,
                  struct mix_vertex b, struct mix_vertex c)
{
    struct shape shape = {{a, b, c}, 3};
    for (int edge = 0; edge < 4; edge++)
        cut_shape(&shape, mix, edge);
    for (int i = 2; i < shape.count && mesh->count + 3 <= MIX_VERTICES_MAX; i++) {
        struct mix_vertex *next = &mesh->vertices[mesh->count];
        next[0] = shape.corners[0];
        next[1] = shape.corners[i - 1];
        next[2] = shape.corners[i];
        mesh->count += 3;
    }
}

void mix_mesh_add_quad(struct mix_mesh *mesh, const struct mix *mix,
                       const struct mix_vertex corners[4])
{
    mix_mesh_add(mesh, mix, corners[0], corners[1], corners[2]);
    mix_mesh_add(mesh, mix, corners[0], corners[2], corners[3]);
}
