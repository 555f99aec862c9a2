#include "commands/check/check_film_order.h"

#include "commands/check/check_shape.h"
#include "programme/programme.h"

#include <math.h>
#include <stdlib.h>

#define ROUNDING 1e-6    /* of sums that should be whole */
#define STANDS_US 100000 /* a last frame that stays for less is not noticed */

/* The worst that any neighbor does to a spot. */
struct worst {
    int64_t stands_us;
    int stands_into;          /* the spot after it */
    double load[SHAPE_COUNT]; /* of both films, in the transition into this one, by screens */
    int load_from[SHAPE_COUNT];
};

struct order {
    const struct playlist *playlist;
    const struct check_film_order_film *films;
    struct check_report *report;
    struct programme *programme;
    struct worst *worst; /* by spot */
};

/* The shape whose film a spot's slots go by (duckling-playlist(5), PROGRAMME, rule 5). */
static enum shape shape_of_length(const struct order *order, const struct playlist_spot *spot)
{
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++)
        if (spot->assets[shape] >= 0 && order->films[spot->assets[shape]].length_us > 0)
            return shape;
    return shape_first(spot->shapes);
}

static int64_t length_of(const struct order *order, int spot)
{
    const struct playlist_spot *of = &order->playlist->spots[spot];
    enum shape shape = shape_of_length(order, of);
    int asset = shape < SHAPE_COUNT ? of->assets[shape] : -1;
    return asset >= 0 ? order->films[asset].length_us : 0;
}

/* Rule 6: into a spot, halved where its slots are short. */
static int32_t into_ms(const struct order *order, int spot)
{
    int32_t own_ms = order->playlist->spots[spot].transition.duration_ms;
    int32_t half_ms = programme_spot_ms(order->programme, spot) / 2;
    return own_ms < half_ms ? own_ms : half_ms;
}

/* The slot of a film without duration ends before the film does, by its own transition. A spot
 * with a duration is checked in check_film.c. */
static void compare_lengths(struct order *order, int spot, int next)
{
    const struct playlist_spot *of = &order->playlist->spots[spot];
    struct worst *worst = &order->worst[spot];
    int64_t length_us = length_of(order, spot);
    int32_t after_ms = into_ms(order, next);
    int64_t on_ms = (int64_t)programme_spot_ms(order->programme, spot) + after_ms;
    int64_t stands_us = on_ms * 1000 - length_us;
    if (length_us == 0 || of->has_duration || after_ms <= of->transition.duration_ms ||
        stands_us < STANDS_US || stands_us <= worst->stands_us)
        return;
    worst->stands_us = stands_us;
    worst->stands_into = next;
}

/* The shape whose film screens of a shape show. */
static enum shape shape_on(const struct playlist_spot *spot, enum shape screen)
{
    int width, height;
    shape_nominal(screen, &width, &height);
    return shape_nearest(spot->shapes, width, height);
}

static double load_of(const struct order *order, int spot, enum shape screen)
{
    const struct playlist_spot *of = &order->playlist->spots[spot];
    int asset = of->is_video ? of->assets[shape_on(of, screen)] : -1;
    return asset >= 0 ? order->films[asset].load : 0;
}

/* A film that alone is too much is reported in check_film.c. */
static void compare_loads(struct order *order, int spot, int next)
{
    struct worst *worst = &order->worst[next];
    if (into_ms(order, next) == 0)
        return;
    for (enum shape shape = 0; shape < SHAPE_COUNT; shape++) {
        double one = load_of(order, spot, shape), other = load_of(order, next, shape);
        if (one <= 0 || other <= 0 || one > 1 || other > 1 || one + other <= 1 ||
            one + other <= worst->load[shape])
            continue;
        worst->load[shape] = one + other;
        worst->load_from[shape] = spot;
    }
}

static void compare_neighbors(struct order *order, int spot, int next)
{
    if (!order->playlist->spots[spot].is_video)
        return;
    compare_lengths(order, spot, next);
    if (order->playlist->spots[next].is_video)
        compare_loads(order, spot, next);
}

/* Whether it was said already for screens that show the same film. */
static bool is_load_told(const struct worst *worst, const struct playlist_spot *spot,
                         enum shape screen)
{
    for (enum shape before = 0; before < screen; before++)
        if (worst->load[before] > 1 &&
            spot->assets[shape_on(spot, before)] == spot->assets[shape_on(spot, screen)])
            return true;
    return false;
}

static void warn_spot(const struct order *order, int index)
{
    const struct playlist_spot *spots = order->playlist->spots;
    const struct worst *worst = &order->worst[index];
    const struct playlist_spot *spot = &spots[index];
    if (worst->stands_us > 0) {
        struct check_place place = check_shape_place(spot, shape_of_length(order, spot));
        check_report_add(order->report, CHECK_WARNING, &place,
                         "the film is %.2f s long, but its slots last %g s and %g s more in the "
                         "transition into \"%s\": its last frame stays on for %.2f s",
                         (double)length_of(order, index) / 1e6,
                         programme_spot_ms(order->programme, index) / 1000.0,
                         into_ms(order, worst->stands_into) / 1000.0,
                         spots[worst->stands_into].name, (double)worst->stands_us / 1e6);
    }
    for (enum shape screen = 0; screen < SHAPE_COUNT; screen++) {
        if (worst->load[screen] <= 1 || is_load_told(worst, spot, screen))
            continue;
        struct check_place place = check_shape_place(spot, shape_on(spot, screen));
        check_report_add(order->report, CHECK_WARNING, &place,
                         "in the transition from \"%s\" both films are decoded, which takes %.0f "
                         "%% of this machine: they would stutter",
                         spots[worst->load_from[screen]].name,
                         ceil(worst->load[screen] * 100 - ROUNDING));
    }
}

/* Creates a programme with the lengths that a player uses: those in the playlist come first. */
static struct programme *create_programme(const struct playlist *playlist,
                                          const struct check_film_order_film *films)
{
    static const struct civil_zone any_zone = {0};
    int32_t *film_ms = calloc(playlist->asset_count + 1, sizeof *film_ms);
    if (!film_ms)
        return NULL;
    for (size_t i = 0; i < playlist->asset_count; i++) {
        int64_t ms = films[i].length_us / 1000;
        film_ms[i] = ms > INT32_MAX ? INT32_MAX : (int32_t)ms;
        if (playlist->assets[i].duration_ms > 0)
            film_ms[i] = playlist->assets[i].duration_ms;
    }
    struct programme *programme = programme_create(playlist, &any_zone, film_ms);
    free(film_ms);
    return programme;
}

bool check_film_order_run(const struct playlist *playlist,
                          const struct check_film_order_film *films, struct check_report *report,
                          struct err *err)
{
    struct order order = {.playlist = playlist, .films = films, .report = report};
    order.programme = create_programme(playlist, films);
    order.worst = calloc(playlist->spot_count + 1, sizeof *order.worst);
    bool ok = order.programme && order.worst;
    for (size_t i = 0; ok && i < playlist->loop_count; i++) {
        const struct playlist_loop *loop = &playlist->loops[i];
        for (size_t j = 0; j < loop->spot_count; j++)
            compare_neighbors(&order, loop->spots[j], loop->spots[(j + 1) % loop->spot_count]);
    }
    for (size_t i = 0; ok && i < playlist->spot_count; i++)
        warn_spot(&order, (int)i);
    programme_destroy(order.programme);
    free(order.worst);
    return ok || err_oom(err);
}
