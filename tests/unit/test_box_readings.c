#include "kiosk/box_readings.h"

#include "temp_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <cmocka.h>

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(temp_folder_path(name), 0755), 0);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(temp_folder_path(name), "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void write_zone(const char *name, const char *type, const char *temperature,
                       const char *const trips[][2])
{
    char path[200];
    make_folder(name);
    snprintf(path, sizeof path, "%s/type", name);
    write_text(path, type);
    snprintf(path, sizeof path, "%s/temp", name);
    write_text(path, temperature);
    for (int i = 0; trips[i][0]; i++) {
        snprintf(path, sizeof path, "%s/trip_point_%d_type", name, i);
        write_text(path, trips[i][0]);
        snprintf(path, sizeof path, "%s/trip_point_%d_temp", name, i);
        write_text(path, trips[i][1]);
    }
}

static void a_machine_without_zones_has_none(void **state)
{
    (void)state;
    struct heat_zone zones[HEAT_ZONES_MAX];
    assert_int_equal(box_readings_zones("/no/such/folder", zones), 0);
    assert_int_equal(box_readings_zones(temp_folder, zones), 0);
}

static void zones_are_read_as_the_kernel_writes_them(void **state)
{
    (void)state;
    struct heat_zone zones[HEAT_ZONES_MAX];
    static const char *const board[][2] = {{"active\n", "50000\n"},   {"passive\n", "85000\n"},
                                           {"passive\n", "75000\n"},  {"hot\n", "90000\n"},
                                           {"critical\n", "95000\n"}, {NULL, NULL}};
    write_zone("thermal_zone0", "cpu-thermal\n", "61234\n", board);
    make_folder("cooling_device0");
    assert_int_equal(box_readings_zones(temp_folder, zones), 1);
    assert_string_equal(zones[0].name, "cpu-thermal");
    assert_int_equal(zones[0].now, 61234);
    assert_int_equal(zones[0].passive, 75000); /* the lowest */
    assert_int_equal(zones[0].hot, 90000);
    assert_int_equal(zones[0].critical, 95000);
}

static void zones_that_cannot_be_read_are_none(void **state)
{
    (void)state;
    struct heat_zone zones[HEAT_ZONES_MAX];
    static const char *const none[][2] = {{NULL, NULL}};
    static const char *const odd[][2] = {{"passive\n", ""},        {"passive\n", "-274000\n"},
                                         {"critical\n", "warm\n"}, {"critical", "99999999999\n"},
                                         {"hot", "88000"},         {NULL, NULL}};
    make_folder("thermal_zone1");                 /* nothing in it */
    write_zone("thermal_zone2", "x\n", "", none); /* a sensor that errs */
    write_zone("thermal_zone3", "x\n", "hot\n", none);
    write_zone("thermal_zone4",
               "a name that is longer than the place that there is for one of them\n", "-5000\n",
               odd);
    assert_int_equal(box_readings_zones(temp_folder, zones), 1);
    assert_int_equal(zones[0].now, -5000);
    assert_int_equal(zones[0].passive, -274000); /* which heat.h knows for no limit */
    assert_int_equal(zones[0].critical, 0);
    assert_int_equal(zones[0].hot, 88000);
    assert_int_equal(strlen(zones[0].name), HEAT_ZONE_NAME_BYTES - 1);
}

static void more_zones_than_there_is_place_for(void **state)
{
    (void)state;
    struct heat_zone zones[HEAT_ZONES_MAX];
    static const char *const none[][2] = {{NULL, NULL}};
    for (int i = 0; i < HEAT_ZONES_MAX + 5; i++) {
        char name[40];
        snprintf(name, sizeof name, "thermal_zone%d", i);
        write_zone(name, "x", "20000", none);
    }
    assert_int_equal(box_readings_zones(temp_folder, zones), HEAT_ZONES_MAX);
}

static void the_worst_pressure_counts(void **state)
{
    (void)state;
    struct memory_pressure_reading reading;
    assert_false(box_readings_pressure(temp_folder, &reading));
    assert_true(reading.some == 0 && reading.full == 0);
    make_folder("proc");
    make_folder("proc/self");
    make_folder("proc/pressure");
    make_folder("sys");
    make_folder("sys/fs");
    make_folder("sys/fs/cgroup");
    make_folder("sys/fs/cgroup/system.slice");
    make_folder("sys/fs/cgroup/system.slice/duckling.service");
    write_text("proc/pressure/memory", "some avg10=1.00 x\nfull avg10=7.00 x\n");
    assert_true(box_readings_pressure(temp_folder, &reading));
    assert_true(reading.some == 1 && reading.full == 7);
    write_text("proc/self/cgroup", "4:memory:/0::/odd\n0::/system.slice/duckling.service\n");
    write_text("sys/fs/cgroup/system.slice/duckling.service/memory.pressure",
               "some avg10=30.00 x\nfull avg10=2.00 x\n");
    assert_true(box_readings_pressure(temp_folder, &reading));
    assert_true(reading.some == 30 && reading.full == 7);
    write_text("sys/fs/cgroup/memory.pressure", "some avg10=40.00 x\n");
    assert_true(box_readings_pressure(temp_folder, &reading));
    assert_true(reading.some == 40);
    write_text("proc/self/cgroup", "0::/elsewhere\n"); /* a group that was removed */
    assert_true(box_readings_pressure(temp_folder, &reading));
}

int main(void)
{
#define IN_FOLDER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, temp_folder_setup, temp_folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_machine_without_zones_has_none),
        IN_FOLDER(zones_are_read_as_the_kernel_writes_them),
        IN_FOLDER(zones_that_cannot_be_read_are_none),
        IN_FOLDER(more_zones_than_there_is_place_for),
        IN_FOLDER(the_worst_pressure_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
