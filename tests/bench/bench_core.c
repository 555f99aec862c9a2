/* The core: parsing a large playlist, and asking the programme. */
#include "bench.h"

#include "core/playlist.h"
#include "core/programme.h"

#include <string.h>

#define SPOTS 4096

struct text {
    char *bytes;
    size_t size;
};

static struct text large_playlist(void)
{
    struct text text = {0};
    FILE *stream = open_memstream(&text.bytes, &text.size);
    fputs("{\"format\":\"duckling/1\",\"spots\":{", stream);
    for (int i = 0; i < SPOTS; i++)
        fprintf(stream,
                "%s\"campaign-spot-%d\":{\"image\":\"media/"
                "%d.jpg\",\"duration\":%d,\"motion\":\"drift-in\",\"focus\":[0.5,0.4],"
                "\"tagline\":{\"zh-Hans\":\"相信小的伟大\",\"ko\":\"작은 것의 "
                "위대함\",\"en\":\"Small %d\"}}",
                i ? "," : "", i, i % 900, 5 + i % 20, i);
    fputs("}}", stream);
    fclose(stream);
    return text;
}

static void parse(void *context)
{
    const struct text *text = context;
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text->bytes, text->size, &faults);
    if (!playlist) {
        fprintf(stderr, "%s: %s\n", faults.items[0].path, faults.items[0].text);
        exit(1);
    }
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
}

struct question {
    struct programme *programme;
    int64_t t_ms;
    int64_t sum;
};

static void ask_warm(void *context)
{
    struct question *question = context;
    for (int i = 0; i < 1000; i++) {
        question->t_ms += 37;
        question->sum += programme_scene_at(question->programme, question->t_ms).to.spot;
    }
}

static void ask_new_day(void *context)
{
    struct question *question = context;
    question->t_ms += CIVIL_DAY_MS;
    question->sum += programme_scene_at(question->programme, question->t_ms).to.spot;
}

int main(void)
{
    struct text text = large_playlist();
    fprintf(stderr, "playlist of %d spots: %zu bytes\n", SPOTS, text.size);
    bench_run("parse a playlist of 4,096 spots", "20 ms", 101, parse, &text);
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text.bytes, text.size, &faults);
    struct civil_zone zone = {.first_offset_ms = 9 * 3600000};
    struct question question = {programme_create(playlist, &zone, NULL), 1770336000000, 0};
    bench_run("scene_at, 1,000 times, warm day", "1 ms", 101, ask_warm, &question);
    bench_run("scene_at, first question of a day", "2 ms", 101, ask_new_day, &question);
    programme_destroy(question.programme);
    playlist_destroy(playlist);
    playlist_faults_finish(&faults);
    free(text.bytes);
    return question.sum < 0;
}
