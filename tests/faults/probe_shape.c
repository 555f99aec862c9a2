/* Which shape serves a screen, for tests/unit/test_shapes.py.
 *
 * Standard input: lines of a set of shapes, a width and a height. Standard output: for each the name of
 * the shape. A line that is none of these ends it with 1. */
#include "core/shape.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        char *at = line;
        long numbers[3];
        for (int i = 0; i < 3; i++) {
            char *end;
            numbers[i] = strtol(at, &end, 10);
            if (end == at)
                return EXIT_FAILURE;
            at = end;
        }
        puts(shape_name(shape_nearest((unsigned)numbers[0], (int)numbers[1], (int)numbers[2])));
    }
    return EXIT_SUCCESS;
}
