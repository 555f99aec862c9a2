/* Checks of the machine in the doctor command: programs, time, sandbox, screen, sound. */
#include "commands/doctor/doctor_internal.h"

#include "base/clock.h"
#include "base/program.h"
#include "base/zone.h"
#include "decode/worker_process.h"
#include "sandbox/protocol.h"
#include "screen/kms_look.h"
#include "sound/sound_device.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CLOCK_OFF_MS_MAX 5000 /* a Date header has whole seconds, and takes its time */
#define SOUND_LOOK_MS 3000
#define SOUND_TURN_MS 20

void doctor_check_version(struct doctor *doctor)
{
    struct utsname system;
    struct err err = {0};
    doctor_report_begin(doctor->report, "version");
    int program = program_open(PROTOCOL_WORKER_FILM_PROGRAM, &err);
    if (program < 0)
        doctor_report_say(doctor->report, DOCTOR_WRONG, "reinstall Duckling", "%s", err.text);
    else
        close(program);
    if (uname(&system) == 0 && program >= 0)
        doctor_report_say(doctor->report, DOCTOR_OK, NULL,
                          "Duckling " DUCKLING_VERSION ", %s %s %s", system.sysname, system.release,
                          system.machine);
}

void doctor_check_zone(struct doctor *doctor)
{
    const char *name = doctor_value(doctor, SETTING_TIMEZONE)->text;
    struct zone zone = {0};
    struct err err = {0};
    char now[40];
    doctor_report_begin(doctor->report, "time zone");
    if (name ? !zone_load(&zone, name, &err) : !zone_load_system(&zone, &err)) {
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "set \"timezone\" in the configuration; where its name is right: apt "
                          "install --reinstall tzdata",
                          "%s%s", name ? "option timezone: " : "", err.text);
        return;
    }
    civil_format(&zone.civil, clock_wall_ms() / 1000 * 1000, now);
    bool is_utc = !name && strcmp(zone.name, "UTC") == 0;
    doctor_report_say(doctor->report, is_utc ? DOCTOR_NOTE : DOCTOR_OK, NULL,
                      "%s: it is %s there%s", zone.name[0] ? zone.name : "the system's", now,
                      is_utc ? "; no zone was set" : "");
    zone_finish(&zone);
}

/* The service that keeps the clock, by what it leaves in /run. */
static const char *find_time_service(void)
{
    static const struct {
        const char *path, *name;
    } services[] = {
        {"/run/systemd/timesync/synchronized", "systemd-timesyncd"},
        {"/run/chrony/chronyd.pid", "chrony"},
        {"/run/ntpd.pid", "ntpd"},
        {"/run/openntpd.pid", "openntpd"},
    };
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (access(services[i].path, F_OK) == 0)
            return services[i].name;
    return "a time service";
}

/* "3 s ahead of the server's"; "" where that is not known. */
static void describe_difference(const struct doctor *doctor, char text[80])
{
    int64_t off_ms = doctor->server_ahead_ms;
    text[0] = '\0';
    if (!doctor->has_server_time)
        return;
    if (off_ms < CLOCK_OFF_MS_MAX && off_ms > -CLOCK_OFF_MS_MAX)
        snprintf(text, 80, ", as the server's clock");
    else
        snprintf(text, 80, ", %lld s %s the server's clock", llabs((long long)off_ms / 1000),
                 off_ms > 0 ? "behind" : "ahead of");
}

void doctor_check_clock(struct doctor *doctor)
{
    static const char *const remedy =
        "timedatectl set-ntp true; where no time server answers, name one: sudo duckling setup";
    char difference[80], now[40];
    struct zone utc = {0};
    doctor_report_begin(doctor->report, "clock");
    civil_format(&utc.civil, clock_wall_ms() / 1000 * 1000, now);
    describe_difference(doctor, difference);
    bool is_off = doctor->has_server_time && (doctor->server_ahead_ms >= CLOCK_OFF_MS_MAX ||
                                              doctor->server_ahead_ms <= -CLOCK_OFF_MS_MAX);
    if (!clock_is_synchronised())
        doctor_report_say(doctor->report, DOCTOR_WRONG, remedy, "nothing keeps it: %s%s", now,
                          difference);
    else
        doctor_report_say(doctor->report, is_off ? DOCTOR_WRONG : DOCTOR_OK,
                          is_off ? "find out which of the two is wrong: timedatectl" : NULL,
                          "kept by %s: %s%s", find_time_service(), now, difference);
}

void doctor_check_sandbox(struct doctor *doctor)
{
    struct err err = {0};
    bool without = doctor_value(doctor, SETTING_NO_SANDBOX)->number > 0;
    doctor_report_begin(doctor->report, "sandbox");
    doctor->can_sandbox = worker_process_prepare(without, &err);
    if (!doctor->can_sandbox)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          "use a kernel with seccomp, such as Debian's own", "%s", err.text);
    else if (without)
        doctor_report_say(doctor->report, DOCTOR_WRONG, "remove \"no-sandbox\"",
                          "switched off: a file that attacks a decoder gets the player's rights");
    else
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "media are decoded in closed processes");
}

static void say_outputs(struct doctor *doctor, const struct display_output *outputs, int count,
                        const char *driver)
{
    for (int i = 0; i < count; i++)
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "%s: %s, %dx%d at %.2f Hz (%s)",
                          outputs[i].connector,
                          outputs[i].monitor[0] ? outputs[i].monitor : "monitor without a name",
                          outputs[i].width_px, outputs[i].height_px, outputs[i].refresh_hz, driver);
}

static const char *remedy_for_screen(bool has_card)
{
    if (!has_card)
        return "look what the kernel says of the graphics chip (dmesg | grep -i drm); on a server "
               "without a screen, give the player a window: --window";
    return geteuid() == 0
               ? "check the monitor's cable, power and input"
               : "check the monitor's cable, power and input; and run this with sudo, as "
                 "the screen may be closed to you";
}

/* Without taking the screen from a player that shows something on it. */
void doctor_check_screen(struct doctor *doctor)
{
    const struct option_value *connectors = doctor_value(doctor, SETTING_CONNECTOR);
    const char *mode = doctor_value(doctor, SETTING_MODE)->text;
    const char *x11 = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    struct display_output outputs[DISPLAY_CONNECTORS_MAX];
    struct display_wish wish = {.connectors = connectors->texts,
                                .connector_count = connectors->text_count};
    char driver[32] = "";
    struct err err = {0};
    doctor_report_begin(doctor->report, "screen");
    if ((x11 && *x11) || (wayland && *wayland)) {
        doctor_report_say(doctor->report, DOCTOR_NOTE, NULL,
                          "not looked at: %s has the screen (its own settings count)",
                          wayland && *wayland ? "a Wayland compositor" : "an X server");
        return;
    }
    if (mode && !display_wish_read_mode(mode, &wish.mode, NULL))
        wish.mode = (struct display_mode){0};
    int count = kms_look(&wish, outputs, DISPLAY_CONNECTORS_MAX, driver, &err);
    say_outputs(doctor, outputs, count, driver);
    if (count == 0)
        doctor_report_say(doctor->report, DOCTOR_WRONG,
                          remedy_for_screen(driver[0] || err.code != ERR_MISSING), "%s", err.text);
}

void doctor_check_sound(struct doctor *doctor)
{
    const struct option_value *volume = doctor_value(doctor, SETTING_MAX_VOLUME);
    doctor_report_begin(doctor->report, "sound");
    if (volume->text && volume->number <= 0) {
        doctor_report_say(doctor->report, DOCTOR_NOTE, NULL, "silent by \"max-volume = 0\"");
        return;
    }
    struct sound_device *device = sound_device_create();
    if (!device) {
        doctor_report_say(doctor->report, DOCTOR_NOTE, NULL, "out of memory");
        return;
    }
    int64_t until_ns = clock_mono_ns() + SOUND_LOOK_MS * INT64_C(1000000);
    sound_device_set_needed(device, true);
    while (!sound_device_is_open(device) && sound_device_is_available(device) &&
           clock_mono_ns() < until_ns)
        poll(NULL, 0, SOUND_TURN_MS);
    if (sound_device_is_open(device))
        doctor_report_say(doctor->report, DOCTOR_OK, NULL, "a device takes sound");
    else
        doctor_report_say(doctor->report, DOCTOR_NOTE, NULL,
                          "no device: films are silent (where they should not be, connect one, or "
                          "add the user to the group audio)");
    (void)!sound_device_destroy(device);
}
