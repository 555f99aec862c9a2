#include "core/pixel_shift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdlib.h>
#include <cmocka.h>

static void it_goes_a_pixel_a_minute_to_every_place(void **state)
{
    (void)state;
    for (int most = 0; most <= PIXEL_SHIFT_MAX; most++) {
        bool seen[2 * PIXEL_SHIFT_MAX + 1][2 * PIXEL_SHIFT_MAX + 1] = {{false}};
        int side = 2 * most + 1, places = 0, before_x = 0, before_y = 0;
        for (int minute = -7; minute < 2 * side * side; minute++) {
            int x, y, late_x, late_y;
            int64_t t_ms = (int64_t)minute * PIXEL_SHIFT_MS;
            pixel_shift_at(t_ms, most, &x, &y);
            pixel_shift_at(t_ms + PIXEL_SHIFT_MS - 1, most, &late_x, &late_y);
            assert_true(abs(x) <= most && abs(y) <= most);
            assert_true(x == late_x && y == late_y);
            if (minute > -7)
                assert_int_equal(abs(x - before_x) + abs(y - before_y), most > 0);
            places += !seen[x + most][y + most];
            seen[x + most][y + most] = true;
            before_x = x;
            before_y = y;
            assert_int_equal(pixel_shift_next_ms(t_ms), t_ms + PIXEL_SHIFT_MS);
            assert_int_equal(pixel_shift_next_ms(t_ms + 1), t_ms + PIXEL_SHIFT_MS);
        }
        assert_int_equal(places, side * side);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_goes_a_pixel_a_minute_to_every_place),
    };
    return cmocka_run_group_tests_name("pixel_shift", tests, NULL, NULL);
}
