/* Private to mix: what each kind of transition implements, and what they share. */
#ifndef SCREEN_MIX_KINDS_H
#define SCREEN_MIX_KINDS_H

#include "screen/mix.h"

typedef void mix_draw_fn(const struct mix *mix, const struct canvas *target, int x_px, int y_px,
                         const struct canvas *from, const struct canvas *to);
typedef void mix_mesh_fn(const struct mix *mix, struct mix_mesh *mesh);

mix_draw_fn mix_wipe_draw, mix_iris_draw, mix_dip_draw, mix_push_draw;
mix_mesh_fn mix_wipe_mesh, mix_iris_mesh, mix_dip_mesh, mix_push_mesh;

#define MIX_WHOLE 256 /* of weights */
#define MIX_CHUNK_PX 512

/* Pixels of a row, each with a weight of its own: 0 is `from`, MIX_WHOLE is `to`. `count` is at most
 * MIX_CHUNK_PX. */
void mix_weigh_row(uint8_t *target, const uint8_t *from, const uint8_t *to, const uint16_t *weights,
                   int count);

/* Copies to the target, which lies at x_px, y_px of the screen, what it has of a picture that lies at
 * at_x, at_y; or the columns of the screen from `first` to before `end` of one that covers it. */
void mix_place(const struct canvas *target, int x_px, int y_px, const struct canvas *picture,
               int at_x, int at_y);
void mix_copy_columns(const struct canvas *target, int x_px, int y_px, const struct canvas *picture,
                      int first, int end);

/* Adds a triangle, clipped to the screen. */
void mix_mesh_add(struct mix_mesh *mesh, const struct mix *mix, struct mix_vertex a,
                  struct mix_vertex b, struct mix_vertex c);
void mix_mesh_add_quad(struct mix_mesh *mesh, const struct mix *mix,
                       const struct mix_vertex corners[4]);

#endif
