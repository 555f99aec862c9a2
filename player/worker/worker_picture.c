#include "worker/worker_picture.h"

#include "base/file.h"
#include "worker/house_card.h"
#include "worker/still.h"
#include "worker/text/linebreak.h"
#include "worker/text/linebreak_words.h"
#include "worker/text/text_block.h"

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

static void fill_text_facts(struct protocol_text_facts *facts, const struct tagline_facts *said)
{
    *facts = (struct protocol_text_facts){
        .asked_px = said->asked_px,
        .used_px = said->used_px,
        .lines = said->lines,
        .copy_lines = said->copy_lines,
        .is_cut = said->is_cut,
        .missing_glyphs = said->missing_glyphs,
        .fallback_glyphs = said->fallback_glyphs,
        .faces_open = said->faces_open,
        .faces_used = said->faces_used,
    };
    _Static_assert(sizeof said->missing_code_points == sizeof facts->missing_code_points,
                   "the same codes");
    memcpy(facts->missing_code_points, said->missing_code_points,
           sizeof facts->missing_code_points);
    memcpy(facts->fallback_code_points, said->fallback_code_points,
           sizeof facts->fallback_code_points);
}

/* Adds the lines of one text to those of the texts above it. */
static void add_lines(struct protocol_facts *facts, const struct tagline_facts *said, int top_px)
{
    for (int i = 0; i < said->lines && facts->line_count < PROTOCOL_LINES_MAX; i++) {
        if (i >= TAGLINE_LINES_MAX)
            break;
        bool is_there = said->line_end_px[i] > 0;
        facts->line_top_px[facts->line_count] = is_there ? top_px + said->line_top_px[i] : 0;
        facts->line_end_px[facts->line_count++] = is_there ? top_px + said->line_end_px[i] : 0;
    }
}

static struct protocol_facts protocol_facts_of(const struct text_block *block)
{
    struct protocol_facts facts = {.lacks_words = chinese.are_lacking};
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        int top_px;
        struct tagline_facts said = text_block_facts(block, level, &top_px);
        fill_text_facts(&facts.texts[level], &said);
        add_lines(&facts, &said, top_px);
    }
    const struct qr_code *qr = text_block_qr(block);
    if (qr)
        facts.qr_module_px = qr_code_place(qr, &facts.qr_box, &facts.qr_modules);
    /* Lines would take their part of the code along. */
    if (facts.qr_module_px > 0)
        facts.line_count = 0;
    return facts;
}

static MUST_CHECK bool paint_texts(void *source, void *pixels, size_t stride_bytes, struct err *err)
{
    return text_block_paint(source, pixels, stride_bytes, err);
}

/* Fills a request with a text and its faces, of which `used` files are other texts'. */
static void fill_request(struct tagline_request *request, const struct protocol_job *job,
                         const struct protocol_text *text, const struct worker_files *files,
                         size_t used)
{
    *request = (struct tagline_request){
        .text = text->text,
        .language = text->language,
        .canvas_width_px = job->canvas_width_px,
        .canvas_height_px = job->canvas_height_px,
        .style = &text->style,
        .spans = text->spans,
        .span_count = text->span_count < TEXT_SPANS_MAX ? text->span_count : TEXT_SPANS_MAX,
        .words = chinese.words,
    };
    for (size_t i = used;
         i < used + text->face_count && i < files->count && request->face_count < TAGLINE_FACES_MAX;
         i++)
        request->faces[request->face_count++] =
            (struct tagline_face){files->fds[i], job->face_index[i]};
}

static MUST_CHECK bool make_texts(const struct protocol_job *job, const struct worker_files *files,
                                  struct err *err)
{
    struct tagline_request requests[TEXT_LEVELS];
    struct text_block_request request = {.subline_follows = job->subline_follows,
                                         .only = (enum text_level)job->only};
    size_t used = 0;
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        if (job->texts[level].face_count == 0)
            continue;
        fill_request(&requests[level], job, &job->texts[level], files, used);
        used += job->texts[level].face_count;
        request.texts[level] = &requests[level];
    }
    const struct qr_request qr = {
        .text = job->qr.text,
        .style = job->qr.style,
        .canvas_width_px = job->canvas_width_px,
        .canvas_height_px = job->canvas_height_px,
    };
    request.qr = *job->qr.text ? &qr : NULL;
    struct text_block *block = text_block_create(&request, err);
    if (!block)
        return false;
    struct drawing drawing = {
        .facts = protocol_facts_of(block), .paint = paint_texts, .source = block};
    text_block_box(block, &drawing.at.x, &drawing.at.y, &drawing.at.width, &drawing.at.height);
    drawing.width_px = drawing.at.width;
    drawing.height_px = drawing.at.height;
    bool ok = send_picture(job, &drawing, err);
    text_block_destroy(block);
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

static bool has_chinese(const struct protocol_job *job)
{
    for (enum text_level level = 0; level < TEXT_LEVELS; level++) {
        const struct protocol_text *text = &job->texts[level];
        if (text->face_count > 0 && linebreak_words_serve(text->language) &&
            linebreak_script_of(text->text, strlen(text->text), text->language) ==
                LINEBREAK_SCRIPT_HAN)
            return true;
    }
    return false;
}

static void open_words(const struct protocol_job *job)
{
    char path[PATH_MAX];
    if (!has_chinese(job))
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
        return make_texts(job, files, err);
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
