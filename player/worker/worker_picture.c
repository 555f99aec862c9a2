#include "worker/worker_picture.h"

#include "base/file.h"
#include "worker/house_card.h"
#include "worker/still.h"
#include "worker/text/linebreak.h"
#include "worker/text/linebreak_words.h"
#include "worker/text/tagline.h"

#include <errno.h>
#include <fcntl.h>
#include <libyuv/rotate_argb.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The largest picture allowed, decoded; its frame; libraries. */
#define ADDRESS_SPACE_BYTES ((size_t)1 << 30)
/* Ends a worker if the player does not: the largest --decode-timeout, for the largest picture
 * (work_limit.h of the player's side). */
#define PROCESSOR_SECONDS 660

/* The table of words, for a text that is cut by it. Opened before the sandbox closes. */
static struct {
    struct linebreak_words *words;
    bool are_lacking;
} chinese;

/* A frame's upright format, and the function that draws it. */
struct drawing {
    int width_px, height_px;
    struct layout_box at;
    double focus_x, focus_y;
    bool opaque;
    struct protocol_facts facts;
    bool (*paint)(void *source, void *pixels, size_t stride_bytes, struct err *err);
    void *source;
};

static bool send_event(struct protocol_event *event, int fd)
{
    event->magic = PROTOCOL_MAGIC;
    return worker_send(event, sizeof *event, fd);
}

static MUST_CHECK bool paint_rotated(const struct drawing *drawing, int rotation, void *pixels,
                                     size_t stride_bytes, struct err *err)
{
    if (rotation == 0)
        return drawing->paint(drawing->source, pixels, stride_bytes, err);
    size_t upright_stride = (size_t)drawing->width_px * 4;
    void *upright = malloc(upright_stride * (size_t)drawing->height_px);
    if (!upright)
        return err_oom(err);
    bool ok = drawing->paint(drawing->source, upright, upright_stride, err);
    if (ok)
        ARGBRotate(upright, (int)upright_stride, pixels, (int)stride_bytes, drawing->width_px,
                   drawing->height_px, (enum RotationMode)rotation);
    free(upright);
    return ok;
}

/* Draws into the memfd and seals it, so that nobody can change a frame that the player has. */
static MUST_CHECK bool draw_sealed(const struct drawing *drawing, int rotation,
                                   const struct protocol_ring *ring, struct err *err)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    void *pixels = MAP_FAILED;
    if (ftruncate(PROTOCOL_MEMORY_FD, (off_t)ring->slot_bytes) == 0)
        pixels =
            mmap(NULL, ring->slot_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, PROTOCOL_MEMORY_FD, 0);
    if (pixels == MAP_FAILED)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot allocate memory for a frame");
    bool ok = paint_rotated(drawing, rotation, pixels, ring->stride_bytes, err);
    munmap(pixels, ring->slot_bytes);
    if (ok && fcntl(PROTOCOL_MEMORY_FD, F_ADD_SEALS, seals) < 0)
        return err_set_errno(err, ERR_SYSTEM, errno, "cannot seal a frame");
    return ok;
}

static MUST_CHECK bool send_picture(const struct protocol_job *job, const struct drawing *drawing,
                                    struct err *err)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_RING};
    struct protocol_ring *ring = &event.ring;
    ring->slots = 1;
    ring->width_px = drawing->width_px;
    ring->height_px = drawing->height_px;
    layout_rotate_size(job->rotation, &ring->width_px, &ring->height_px);
    ring->stride_bytes = (uint32_t)ring->width_px * 4;
    ring->slot_bytes = (uint64_t)ring->stride_bytes * (uint64_t)ring->height_px;
    ring->opaque = drawing->opaque;
    ring->at =
        layout_rotate_box(drawing->at, job->rotation, job->canvas_width_px, job->canvas_height_px);
    ring->focus_x = drawing->focus_x;
    ring->focus_y = drawing->focus_y;
    ring->facts = drawing->facts;
    if (!draw_sealed(drawing, job->rotation, ring, err))
        return false;
    bool sent = send_event(&event, PROTOCOL_MEMORY_FD);
    struct protocol_event frame = {.kind = PROTOCOL_EVENT_FRAME};
    struct protocol_event end = {.kind = PROTOCOL_EVENT_END};
    if (!sent || !send_event(&frame, -1) || !send_event(&end, -1))
        return err_set(err, ERR_WORKER, "the player has exited");
    return true;
}

static MUST_CHECK bool paint_still(void *source, void *pixels, size_t stride_bytes, struct err *err)
{
    return still_paint(source, pixels, stride_bytes, err);
}

/* So that the player knows how long a picture of this size may take. */
static MUST_CHECK bool send_size(const struct still *still, struct err *err)
{
    struct protocol_event event = {.kind = PROTOCOL_EVENT_SIZE};
    int width_px, height_px;
    still_stored_size(still, &width_px, &height_px);
    event.ring.facts.stored_width_px = width_px;
    event.ring.facts.stored_height_px = height_px;
    if (!send_event(&event, -1))
        return err_set(err, ERR_WORKER, "the player has exited");
    return true;
}

static MUST_CHECK bool make_still(const struct protocol_job *job, const struct worker_files *files,
                                  struct err *err)
{
    if (files->count != 1)
        return err_set(err, ERR_WORKER, "invalid job: a still needs one file");
    struct still_request request = {
        .canvas_width_px = job->canvas_width_px,
        .canvas_height_px = job->canvas_height_px,
        .fit = (enum layout_fit)job->fit,
        .focus_x = job->focus_x,
        .focus_y = job->focus_y,
        .scale = job->scale,
        .background = job->background,
    };
    struct still *still = still_open(files->fds[0], &request, err);
    if (!still)
        return false;
    if (!send_size(still, err) || !still_decode(still, err)) {
        still_close(still);
        return false;
    }
    struct still_shape shape = still_shape(still);
    struct drawing drawing = {
        .width_px = shape.width_px,
        .height_px = shape.height_px,
        .at = shape.at,
        .focus_x = shape.focus_x,
        .focus_y = shape.focus_y,
        .opaque = true,
        .facts = {.stored_width_px = shape.stored_width_px,
                  .stored_height_px = shape.stored_height_px,
                  .orientation = shape.orientation,
                  .still_notes = shape.notes},
        .paint = paint_still,
        .source = still,
    };
    bool ok = send_picture(job, &drawing, err);
    still_close(still);
    return ok;
}

static struct protocol_facts protocol_facts_of(const struct tagline *tagline)
{
    struct tagline_facts tagline_said = tagline_facts(tagline);
    struct protocol_facts facts = {
        .asked_px = tagline_said.asked_px,
        .used_px = tagline_said.used_px,
        .lines = tagline_said.lines,
        .copy_lines = tagline_said.copy_lines,
        .is_cut = tagline_said.is_cut,
        .lacks_words = chinese.are_lacking,
        .missing_glyphs = tagline_said.missing_glyphs,
        .fallback_glyphs = tagline_said.fallback_glyphs,
        .faces_open = tagline_said.faces_open,
        .faces_used = tagline_said.faces_used,
    };
    _Static_assert(sizeof tagline_said.missing_code_points == sizeof facts.missing_code_points,
                   "the same codes");
    memcpy(facts.missing_code_points, tagline_said.missing_code_points,
           sizeof facts.missing_code_points);
    memcpy(facts.fallback_code_points, tagline_said.fallback_code_points,
           sizeof facts.fallback_code_points);
    _Static_assert(sizeof tagline_said.line_top_px == sizeof facts.line_top_px, "the same lines");
    memcpy(facts.line_top_px, tagline_said.line_top_px, sizeof facts.line_top_px);
    memcpy(facts.line_end_px, tagline_said.line_end_px, sizeof facts.line_end_px);
    return facts;
}

static MUST_CHECK bool paint_tagline(void *source, void *pixels, size_t stride_bytes,
                                     struct err *err)
{
    return tagline_paint(source, pixels, stride_bytes, err);
}

static MUST_CHECK bool make_tagline(const struct protocol_job *job,
                                    const struct worker_files *files, struct err *err)
{
    struct tagline_request request = {
        .text = job->text,
        .language = job->language,
        .canvas_width_px = job->canvas_width_px,
        .canvas_height_px = job->canvas_height_px,
        .style = &job->style,
        .face_count = (int)files->count,
        .words = chinese.words,
    };
    for (size_t i = 0; i < files->count; i++)
        request.faces[i] = (struct tagline_face){files->fds[i], job->face_index[i]};
    struct tagline *tagline = tagline_create(&request, err);
    if (!tagline)
        return false;
    struct drawing drawing = {
        .facts = protocol_facts_of(tagline), .paint = paint_tagline, .source = tagline};
    tagline_box(tagline, &drawing.at.x, &drawing.at.y, &drawing.at.width, &drawing.at.height);
    drawing.width_px = drawing.at.width;
    drawing.height_px = drawing.at.height;
    bool ok = send_picture(job, &drawing, err);
    tagline_destroy(tagline);
    return ok;
}

static MUST_CHECK bool paint_house_card(void *source, void *pixels, size_t stride_bytes,
                                        struct err *err)
{
    (void)err;
    const struct protocol_job *job = source;
    house_card_paint(pixels, stride_bytes, job->canvas_width_px, job->canvas_height_px, job->plain);
    return true;
}

static MUST_CHECK bool make_house_card(struct protocol_job *job, struct err *err)
{
    struct drawing drawing = {
        .width_px = job->canvas_width_px,
        .height_px = job->canvas_height_px,
        .at = {0, 0, job->canvas_width_px, job->canvas_height_px},
        .focus_x = 0.5,
        .focus_y = 0.5,
        .opaque = true,
        .paint = paint_house_card,
        .source = job,
    };
    return send_picture(job, &drawing, err);
}

static void open_words(const struct protocol_job *job)
{
    char path[PATH_MAX];
    if (!linebreak_words_serve(job->language) ||
        linebreak_script_of(job->text, strlen(job->text), job->language) != LINEBREAK_SCRIPT_HAN)
        return;
    int fd = -1;
    if (file_find_shipped(PROTOCOL_WORDS_FILE, path, sizeof path))
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        chinese.words = linebreak_words_open(fd, NULL);
        close(fd);
    }
    chinese.are_lacking = !chinese.words;
}

/* What opens files: lets libraries do it that do so at their first use. */
static void prepare_picture_job(const struct protocol_job *job)
{
    if (job->kind == PROTOCOL_JOB_STILL)
        still_prepare();
    if (job->kind == PROTOCOL_JOB_TAGLINE)
        open_words(job);
}

static MUST_CHECK bool do_picture_job(struct protocol_job *job, const struct worker_files *files,
                                      struct err *err)
{
    switch ((enum protocol_job_kind)job->kind) {
    case PROTOCOL_JOB_STILL:
        return make_still(job, files, err);
    case PROTOCOL_JOB_TAGLINE:
        return make_tagline(job, files, err);
    case PROTOCOL_JOB_HOUSE_CARD:
        return make_house_card(job, err);
    case PROTOCOL_JOB_FILM:
        break;
    }
    return err_set(err, ERR_WORKER, "invalid job for a worker that draws pictures");
}

const struct worker_role worker_picture = {
    .name = PROTOCOL_WORKER_NAME,
    .limits = {.address_space_bytes = ADDRESS_SPACE_BYTES,
               .file_bytes = PROTOCOL_FRAME_BYTES_MAX,
               .processor_s = PROCESSOR_SECONDS},
    .sandbox = SANDBOX_ALONE,
    .prepare = prepare_picture_job,
    .do_job = do_picture_job,
};
