#include "worker/text/qr_code.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

struct qr_code {
    QRcode *modules;
    struct qr_style style;
    struct layout_box box;
    int module_px;
};

struct qr_code *qr_code_create(const struct qr_request *request, struct err *err)
{
    struct qr_code *code = calloc(1, sizeof *code);
    if (!code) {
        err_oom(err);
        return NULL;
    }
    code->style = request->style;
    /* As bytes: UTF-8 is what phones take them for. */
    code->modules = QRcode_encodeString8bit(request->text, 0, QR_ECLEVEL_M);
    if (!code->modules) {
        enum err_code reason = errno == ERANGE ? ERR_LIMIT : ERR_SYSTEM;
        reason = errno == EINVAL ? ERR_INPUT : reason;
        err_set_errno(err, reason, errno, "cannot make a QR code");
        free(code);
        return NULL;
    }
    code->module_px = qr_style_place(&code->style, code->modules->width, request->canvas_width_px,
                                     request->canvas_height_px, &code->box);
    return code;
}

int qr_code_place(const struct qr_code *code, struct layout_box *box, int *modules)
{
    *box = code->box;
    *modules = code->modules->width;
    return code->module_px;
}

/* Whether the module with this place, which may be of the quiet zone, is dark. */
static bool is_dark(const struct qr_code *code, int column, int row)
{
    int width = code->modules->width;
    column -= QR_QUIET_MODULES;
    row -= QR_QUIET_MODULES;
    return column >= 0 && row >= 0 && column < width && row < width &&
           code->modules->data[row * width + column] & 1;
}

void qr_code_paint(const struct qr_code *code, void *pixels, size_t stride_bytes, int x_px,
                   int y_px)
{
    const uint32_t opaque = 0xff000000;
    for (int y = 0; y < code->box.height; y++) {
        uint32_t *line =
            (uint32_t *)(void *)((char *)pixels + (size_t)(code->box.y - y_px + y) * stride_bytes);
        for (int x = 0; x < code->box.width; x++)
            line[code->box.x - x_px + x] =
                opaque |
                (is_dark(code, x / code->module_px, y / code->module_px) ? code->style.dark
                                                                         : code->style.light);
    }
}

void qr_code_destroy(struct qr_code *code)
{
    if (!code)
        return;
    QRcode_free(code->modules);
    free(code);
}
