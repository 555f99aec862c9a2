#include "core/memory_pressure.h"

#include <string.h>

#define SHORT_SOME 20
#define SHORT_FULL 5
#define CALM_SOME 5
#define CALM_FULL 1
#define CALM_NS INT64_C(30000000000)

/* The kernel writes "12.34" whatever the locale, so strtod is of no use. False where there is none. */
static bool parse_percent(const char *text, double *percent)
{
    double value = 0, scale = 1;
    bool has_digit = false;
    for (; *text >= '0' && *text <= '9' && value < 1000; text++, has_digit = true)
        value = value * 10 + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            value += (scale /= 10) * (*text - '0');
    *percent = value;
    return has_digit && value <= 100;
}

static bool find_average(const char *text, const char *begin, double *percent)
{
    const char *line = strstr(text, begin);
    return line && parse_percent(line + strlen(begin), percent);
}

bool memory_pressure_parse(const char *text, struct memory_pressure_reading *reading)
{
    *reading = (struct memory_pressure_reading){0};
    bool some = find_average(text, "some avg10=", &reading->some);
    bool full = find_average(text, "full avg10=", &reading->full);
    return some || full;
}

bool memory_pressure_step(struct memory_pressure *pressure,
                          const struct memory_pressure_reading *reading, int64_t now_ns)
{
    if (reading->some >= SHORT_SOME || reading->full >= SHORT_FULL) {
        pressure->is_short = true;
        pressure->calm_since_ns = 0;
    } else if (reading->some >= CALM_SOME || reading->full >= CALM_FULL) {
        pressure->calm_since_ns = 0;
    } else if (pressure->is_short && !pressure->calm_since_ns) {
        pressure->calm_since_ns = now_ns;
    } else if (pressure->is_short && now_ns - pressure->calm_since_ns >= CALM_NS) {
        pressure->is_short = false;
    }
    return pressure->is_short;
}
