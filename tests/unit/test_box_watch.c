#include "kiosk/box_watch.h"

#include "temp_folder.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#define WAIT_S 300

static sem_t woken;

static void wake(void *context)
{
    sem_post(context);
}

static void wait_for_wake(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    while (sem_timedwait(&woken, &until) < 0)
        assert_int_equal(errno, EINTR);
}

static void write_text(const char *name, const char *text)
{
    char path[PATH_MAX], made[PATH_MAX];
    snprintf(path, sizeof path, "%s", temp_folder_path(name));
    for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    snprintf(made, sizeof made, "%.4000s.new", path);
    FILE *file = fopen(made, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(made, path), 0);
}

static int setup(void **state)
{
    return temp_folder_setup(state) ? -1 : sem_init(&woken, 0, 0);
}

static struct box_watch *start(void)
{
    struct err err = {0};
    struct box_watch *watch = box_watch_start(temp_folder, 1, wake, &woken, &err);
    assert_non_null(watch);
    return watch;
}

static void a_box_that_says_nothing_is_well(void **state)
{
    (void)state;
    struct box_watch_state found;
    struct box_watch *watch = start();
    assert_false(box_watch_take(watch, &found));
    assert_int_equal(found.heat.level, HEAT_NONE);
    box_watch_stop(watch);
    box_watch_stop(NULL);
}

static void heat_is_told_once(void **state)
{
    (void)state;
    struct box_watch_state found;
    write_text("sys/class/thermal/thermal_zone0/type", "cpu\n");
    write_text("sys/class/thermal/thermal_zone0/temp", "20000\n");
    write_text("sys/class/thermal/thermal_zone0/trip_point_0_type", "critical\n");
    write_text("sys/class/thermal/thermal_zone0/trip_point_0_temp", "100000\n");
    struct box_watch *watch = start();
    write_text("sys/class/thermal/thermal_zone0/temp", "86000\n");
    wait_for_wake();
    assert_true(box_watch_take(watch, &found));
    assert_int_equal(found.heat.level, HEAT_WARM);
    assert_string_equal(found.heat.worst.name, "cpu");
    assert_false(box_watch_take(watch, &found));
    assert_int_equal(found.heat.level, HEAT_WARM);
    write_text("sys/class/thermal/thermal_zone0/temp", "99000\n");
    wait_for_wake();
    assert_true(box_watch_take(watch, &found));
    assert_int_equal(found.heat.level, HEAT_HOT);
    box_watch_stop(watch);
}

static void so_is_pressure(void **state)
{
    (void)state;
    struct box_watch_state found;
    struct box_watch *watch = start();
    write_text("proc/pressure/memory", "some avg10=55.00 x\nfull avg10=20.00 x\n");
    wait_for_wake();
    assert_true(box_watch_take(watch, &found));
    assert_true(found.memory_is_short);
    assert_true(found.pressure.some == 55 && found.pressure.full == 20);
    box_watch_stop(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_box_that_says_nothing_is_well, setup,
                                        temp_folder_teardown),
        cmocka_unit_test_setup_teardown(heat_is_told_once, setup, temp_folder_teardown),
        cmocka_unit_test_setup_teardown(so_is_pressure, setup, temp_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
