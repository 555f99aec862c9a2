/* The core: parsing a large playlist, and asking the programme. */
#include "bench.h"

#include "playlist/playlist.h"
#include "programme/programme.h"

#include <string.h>

#define SPOTS 4096

struct text {
    char *bytes;
    size_t size;
};

/* 4,096 spots as most playlists have them: a picture and a length. */
static struct text plain_playlist(void)
{
    struct text text = {0};
    FILE *stream = open_memstream(&text.bytes, &text.size);
    fputs("{\"format\":\"duckling/1\",\"spots\":{", stream);
    for (int i = 0; i < SPOTS; i++)
        fprintf(stream, "%s\"spot-%d\":{\"image\":\"media/%d.jpg\",\"duration\":%d}", i ? "," : "",
                i, i % 900, 5 + i % 20);
    fputs("}}", stream);
    fclose(stream);
    return text;
}

/* 1,024 dayparts at all hours, of several priorities and days. */
static struct text full_schedule(void)
{
    struct text text = {0};
    static const char *const days[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    FILE *stream = open_memstream(&text.bytes, &text.size);
    fputs("{\"format\":\"duckling/"
          "1\",\"spots\":{\"a\":{\"tagline\":\"a\"},\"b\":{\"tagline\":\"b\"}},"
          "\"loops\":{\"l\":[\"a\",\"b\"]},\"schedule\":[",
          stream);
    for (int i = 0; i < 1024; i++)
        fprintf(stream,
                "%s{\"loop\":\"l\",\"start_time\":\"%02d:%02d\",\"end_time\":\"%02d:%02d\","
                "\"priority\":%d,"
                "\"by_day\":[\"%s\",\"%s\",\"%s\"]}",
                i ? "," : "", i * 7 % 24, i * 11 % 60, (i * 7 + 1 + i % 9) % 24, i * 13 % 60,
                i % 40, days[i % 7], days[(i + 2) % 7], days[(i + 3) % 7]);
    fputs("],\"fallback\":\"l\"}", stream);
    fclose(stream);
    return text;
}

/* 4,096 spots with all that a spot may have, in three languages. */
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

static struct playlist *parsed(const struct text *text)
{
    struct playlist_faults faults = {0};
    struct playlist *playlist = playlist_parse(text->bytes, text->size, &faults);
    if (!playlist) {
        fprintf(stderr, "%s: %s\n", faults.items[0].path, faults.items[0].text);
        exit(1);
    }
    playlist_faults_finish(&faults);
    return playlist;
}

int main(void)
{
    struct text plain = plain_playlist(), large = large_playlist(), schedule = full_schedule();
    char name[96];
    snprintf(name, sizeof name, "parse 4,096 spots, picture and length (%zu KB)",
             plain.size / 1000);
    bench_run(name, "20 ms", 101, parse, &plain);
    snprintf(name, sizeof name, "parse 4,096 spots, everything in three languages (%zu KB)",
             large.size / 1000);
    bench_run(name, "", 101, parse, &large);
    struct playlist *playlist = parsed(&schedule);
    struct civil_zone zone = {.first_offset_ms = 9 * 3600000};
    struct question question = {programme_create(playlist, &zone, NULL), 1770336000000, 0};
    bench_run("scene_at, 1,000 times, warm day, 1,024 dayparts", "1 ms", 101, ask_warm, &question);
    bench_run("scene_at, first question of a day, 1,024 dayparts", "2 ms", 101, ask_new_day,
              &question);
    programme_destroy(question.programme);
    playlist_destroy(playlist);
    free(plain.bytes);
    free(large.bytes);
    free(schedule.bytes);
    return question.sum < 0;
}
