/* Converts colors whose profile is three curves and a matrix, as nearly all for RGB are: several
 * times as fast as a library for all kinds of profiles, and a screen has two to fifteen million
 * pixels.
 *
 * Runs in a worker process. Pure. */
#ifndef WORKER_STILL_COLOR_MATRIX_H
#define WORKER_STILL_COLOR_MATRIX_H

#include <stdbool.h>
#include <stdint.h>

#define STILL_COLOR_MATRIX_ONE 8192 /* steps of linear light from black to white */

/* Tables; too large for a stack. */
struct still_color_matrix {
    /* What each red, green and blue value adds to linear red, green and blue: three numbers in one,
     * so that one addition adds them all. */
    uint64_t shares[3][256];
    float deep_shares[3][256][4]; /* the same, one by one, to interpolate between them */
    /* From linear light, -2 to 3, to sRGB. */
    uint8_t encoded[5 * STILL_COLOR_MATRIX_ONE + 1];
};

/* From each channel's curve, value to linear light, and the XYZ under D50 of full red, green and
 * blue. False where a color could leave the table. */
bool still_color_matrix_init(struct still_color_matrix *tables, double curves[3][256],
                             double points[3][3]);

/* Words 0xAARRGGBB, in place; alpha is kept. */
void still_color_matrix_convert(const struct still_color_matrix *tables, uint32_t *row,
                                int width_px);

/* Pixels of three 16-bit values, four with alpha, to as many bytes in the same order; alpha is
 * kept. Between the 256 values of the tables light is interpolated. */
void still_color_matrix_convert_deep(const struct still_color_matrix *tables, bool alpha,
                                     const uint16_t *from, uint8_t *to, int width_px);

#endif
