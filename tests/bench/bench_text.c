/* A text of forty Chinese characters whose lines end between words, set and drawn for a 1080p screen:
 * in a new process, which opens fonts and words first and gets all its memory from the kernel, as a
 * worker does; and again in the same process, in memory that it has: our own work alone. */
#include "bench.h"

#include "decode/system_fonts.h"
#include "worker/text/linebreak_words.h"
#include "worker/text/tagline.h"

#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 51
#define MEMORY_KEPT_BYTES (32 << 20)

static const char text[] =
    "每一个微小的行动，都能通向伟大；互联网改变了我们的生活，也让善意走得更远、更快、更久。";

static int open_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        perror(path);
        exit(1);
    }
    return fd;
}

struct setting {
    struct linebreak_words *words;
    struct tagline_request request;
    struct text_style style;
    void *pixels; /* kept: the next round finds its pages in place */
};

static void open_setting(struct setting *setting)
{
    char path[PATH_MAX];
    struct err err = {0};
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 64);
    path[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(path, '/');
    snprintf(slash ? slash : path, 64, "/../../words/zh-hans.words");
    int table = open_path(path);
    setting->words = linebreak_words_open(table, &err);
    close(table);
    if (!setting->words) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    setting->style = (struct text_style){.size = 0.08,
                                         .color = 0xffffff,
                                         .valign = TEXT_ALIGN_END,
                                         .autospace = TEXT_STYLE_AUTOSPACE,
                                         .opacity = 1,
                                         .shadow = {.kind = TEXT_SHADOW_BUILT_IN}};
    setting->request = (struct tagline_request){.text = text,
                                                .language = "zh-Hans",
                                                .canvas_width_px = 1920,
                                                .canvas_height_px = 1080,
                                                .style = &setting->style,
                                                .face_count = 1,
                                                .words = setting->words};
    struct tagline_face *face = &setting->request.faces[0];
    if (!system_fonts_find("zh-Hans", PLAYLIST_WEIGHT_BOLD, path, sizeof path, &face->index))
        exit(1);
    face->fd = open_path(path);
    setting->pixels = NULL;
}

static void set_and_draw(void *context)
{
    struct setting *setting = context;
    struct err err = {0};
    int box[4];
    struct tagline *tagline = tagline_create(&setting->request, &err);
    if (!tagline) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    tagline_box(tagline, &box[0], &box[1], &box[2], &box[3]);
    if (!setting->pixels)
        setting->pixels = malloc((size_t)box[2] * (size_t)box[3] * 4);
    if (!setting->pixels || !tagline_paint(tagline, setting->pixels, (size_t)box[2] * 4, &err))
        exit(1);
    tagline_destroy(tagline);
}

/* In a new process, as a worker is one. */
static void set_cold(void *context)
{
    (void)context;
    pid_t child = fork();
    if (child == 0) {
        struct setting setting;
        open_setting(&setting);
        set_and_draw(&setting);
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        exit(1);
}

int main(void)
{
    struct setting setting;
    bench_run("a text of 40 Chinese characters by words, 1080p, in a new process", "60 ms", ROUNDS,
              set_cold, NULL);
    mallopt(M_MMAP_THRESHOLD, MEMORY_KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT_BYTES);
    open_setting(&setting);
    bench_run("a text of 40 Chinese characters by words, 1080p, again", "15 ms", ROUNDS,
              set_and_draw, &setting);
    free(setting.pixels);
    close(setting.request.faces[0].fd);
    linebreak_words_close(setting.words);
    return 0;
}
