/* Halves the chroma of pictures, and moves it to where screens take it to be. Part of film.
 *
 * Frames for the screen have a sample of Cb and Cr for two by two pixels, where MPEG-2 has it:
 * beside the left ones, between the two rows (type 0 in H.264, E.2.1). Films may have one for each
 * pixel, or for each row, or have it elsewhere: at the first of the four pixels (type 2, as in much
 * of UHD), or in their middle (type 1, as in JPEG). And turning a picture moves it. */
#ifndef WORKER_FILM_FILM_CHROMA_H
#define WORKER_FILM_FILM_CHROMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the samples are, in half pixels from the first of each two: -1 to 2. */
struct film_chroma_place {
    int across, down;
};

/* A plane of Cb or Cr. Samples of more than 8 bits are words in native byte order. */
struct film_chroma_plane {
    const uint8_t *samples;
    ptrdiff_t stride_bytes;
    int width_px, height_px;         /* of the picture, not of the plane; at least 1 */
    bool wide;                       /* more than 8 bits a sample */
    bool sparse_across, sparse_down; /* a sample for two pixels; else for each */
    struct film_chroma_place place;  /* as far as it is sparse */
};

/* Where chroma has to be before a picture is flipped top to bottom, if `mirrored`, and then turned
 * clockwise by 0, 90, 180 or 270 degrees, to be right afterwards. */
struct film_chroma_place film_chroma_place_before(int width_px, int height_px, bool mirrored,
                                                  int turn);

/* Whether a plane has half the picture's size both ways, and its samples in that place. */
bool film_chroma_is_in_place(const struct film_chroma_plane *plane,
                             const struct film_chroma_place *wanted);

/* Writes a plane that is; its samples are as wide. `row` is scratch for width_px + 3 words. */
void film_chroma_convert(const struct film_chroma_plane *plane,
                         const struct film_chroma_place *wanted, uint32_t *row, uint8_t *into,
                         ptrdiff_t into_stride_bytes);

#endif
