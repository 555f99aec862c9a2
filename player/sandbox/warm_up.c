#include "sandbox/warm_up.h"

#include <execinfo.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* gmtime_r, localtime_r, mktime and strftime read the zone's file; FFmpeg calls them for any film
 * that has a date. Once read, it is not looked at again while TZ is the same; without TZ mktime
 * would look at /etc/localtime each time. */
static void read_zone(void)
{
    setenv("TZ", "UTC0", 0);
    tzset();
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* qsort asks how much memory there is before it sorts more than a kilobyte (glibc before 2.37). */
static void sort(void)
{
    unsigned char bytes[2048] = {1};
    qsort(bytes, sizeof bytes, 1, compare_bytes);
}

/* pthread_exit, pthread_cancel and C++ exceptions load libgcc_s. */
static void load_unwinder(void)
{
    void *frame;
    backtrace(&frame, 1);
}

/* A second heap that shrinks makes malloc open a file in /proc, and creating one asks for the
 * number of processors. */
static void keep_one_heap(void)
{
    mallopt(M_ARENA_MAX, 1);
}

/* getrandom takes memory of a kind of its own: for each thread, a page at a time, and by the number
 * of processors (glibc from 2.41 on, Linux from 6.11 on). */
void warm_up_thread(void)
{
    unsigned char byte;
    if (getrandom(&byte, sizeof byte, GRND_NONBLOCK) < 0)
        return; /* too early after the machine's start: it works without */
}

/* What C programs ask each time, workers don't need: how many processors there are, who the user
 * is, the name of the machine. Nothing depends on a locale: workers call no setlocale, and the C
 * locale, its converters of characters among them, is built in. */
static void (*const list[])(void) = {
    read_zone, sort, load_unwinder, keep_one_heap, warm_up_thread,
};

void warm_up_c_library(void)
{
    static bool warm;
    for (size_t i = 0; i < sizeof list / sizeof *list && !warm; i++)
        list[i]();
    warm = true;
}
