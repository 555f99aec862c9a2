#include "worker/film/film_format.h"

#include "worker/film/film_codec.h"

#include <libavcodec/avcodec.h>
#include <libavutil/dovi_meta.h>
#include <libavutil/mastering_display_metadata.h>
#include <libavutil/pixdesc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sources without a matrix count as HD above this size, as in players since DVD. */
#define SD_HEIGHT_MAX_PX 576
#define SD_WIDTH_MAX_PX 1024
#define SAR_MAX 16
#define FPS_MAX 1000
#define PLANE_PADDING_BYTES 128 /* decoders and scalers read and write past the last sample */
#define SLOT_ALIGN 4096
#define RING_BYTES_MAX ((size_t)256 << 20)
/* The next frame to return and the one after it, and those reserved for copies. */
#define SLOTS_EXTRA 4
/* The frame before the next one, in case that one is interlaced; and what an interlaced frame needs
 * besides. */
#define SLOTS_FOR_FIELDS 1
#define SLOTS_FOR_INTERLACED 3
/* The frame on screen, the next one, and one that a crossfade or a display still uses. */
#define READER_SLOTS_MIN 3

/* As AVFrame and AVCodecParameters tell it. */
struct told_color {
    enum AVColorSpace space;
    enum AVColorRange range;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorPrimaries primaries;
    enum AVPixelFormat format;
};

/* A matrix that is said to come of the primaries is one of those with a name. */
static enum AVColorSpace named_space(enum AVColorSpace space, enum AVColorPrimaries primaries)
{
    if (space != AVCOL_SPC_CHROMA_DERIVED_NCL)
        return space;
    switch ((int)primaries) {
    case AVCOL_PRI_BT709:
        return AVCOL_SPC_BT709;
    case AVCOL_PRI_BT2020:
        return AVCOL_SPC_BT2020_NCL;
    default:
        return space;
    }
}

static enum film_matrix read_matrix(enum AVColorSpace space, enum film_matrix otherwise)
{
    switch ((int)space) {
    case AVCOL_SPC_BT709:
        return FILM_MATRIX_709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
        return FILM_MATRIX_601;
    case AVCOL_SPC_FCC:
        return FILM_MATRIX_FCC;
    case AVCOL_SPC_SMPTE240M:
        return FILM_MATRIX_240M;
    case AVCOL_SPC_BT2020_NCL:
        return FILM_MATRIX_2020;
    case AVCOL_SPC_BT2020_CL:
        return FILM_MATRIX_2020_CL;
    case AVCOL_SPC_YCGCO:
        return FILM_MATRIX_YCGCO;
    default:
        return otherwise;
    }
}

static enum film_transfer read_transfer(enum AVColorTransferCharacteristic transfer,
                                        enum film_transfer otherwise)
{
    switch ((int)transfer) {
    case AVCOL_TRC_UNSPECIFIED:
    case AVCOL_TRC_RESERVED:
    case AVCOL_TRC_RESERVED0:
        return otherwise;
    case AVCOL_TRC_IEC61966_2_1:
        return FILM_TRANSFER_SRGB;
    case AVCOL_TRC_GAMMA22:
        return FILM_TRANSFER_GAMMA22;
    case AVCOL_TRC_GAMMA28:
        return FILM_TRANSFER_GAMMA28;
    case AVCOL_TRC_LINEAR:
        return FILM_TRANSFER_LINEAR;
    case AVCOL_TRC_LOG:
        return FILM_TRANSFER_LOG100;
    case AVCOL_TRC_LOG_SQRT:
        return FILM_TRANSFER_LOG316;
    case AVCOL_TRC_SMPTE2084:
        return FILM_TRANSFER_PQ;
    case AVCOL_TRC_ARIB_STD_B67:
        return FILM_TRANSFER_HLG;
    default:
        return FILM_TRANSFER_VIDEO;
    }
}

static enum film_primaries read_primaries(enum AVColorPrimaries primaries,
                                          enum film_primaries otherwise)
{
    switch ((int)primaries) {
    case AVCOL_PRI_BT709:
        return FILM_PRIMARIES_709;
    case AVCOL_PRI_BT470M:
        return FILM_PRIMARIES_470M;
    case AVCOL_PRI_BT470BG:
        return FILM_PRIMARIES_470BG;
    case AVCOL_PRI_SMPTE170M:
    case AVCOL_PRI_SMPTE240M:
        return FILM_PRIMARIES_170M;
    case AVCOL_PRI_FILM:
        return FILM_PRIMARIES_FILM;
    case AVCOL_PRI_BT2020:
        return FILM_PRIMARIES_2020;
    case AVCOL_PRI_SMPTE431:
        return FILM_PRIMARIES_P3_DCI;
    case AVCOL_PRI_SMPTE432:
        return FILM_PRIMARIES_P3_D65;
    case AVCOL_PRI_EBU3213:
        return FILM_PRIMARIES_EBU3213;
    default:
        return otherwise;
    }
}

static bool read_full_range(enum AVColorRange range, enum AVPixelFormat format, bool otherwise)
{
    if (range != AVCOL_RANGE_UNSPECIFIED)
        return range == AVCOL_RANGE_JPEG;
    bool jpeg = format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
                format == AV_PIX_FMT_YUVJ444P || format == AV_PIX_FMT_YUVJ440P;
    return jpeg || otherwise;
}

/* What is told decides what is likely of the rest: high dynamic range, and BT.2020's matrix, come
 * with BT.2020's primaries. */
static struct film_color read_color(const struct told_color *told,
                                    const struct film_color *otherwise)
{
    struct film_color color = *otherwise;
    color.transfer = read_transfer(told->transfer, color.transfer);
    bool wide = film_color_is_high_dynamic_range(&color) || told->primaries == AVCOL_PRI_BT2020;
    enum AVColorSpace space = named_space(told->space, told->primaries);
    color.matrix = read_matrix(space, wide ? FILM_MATRIX_2020 : color.matrix);
    wide = film_color_is_high_dynamic_range(&color) || color.matrix == FILM_MATRIX_2020 ||
           color.matrix == FILM_MATRIX_2020_CL;
    color.primaries = read_primaries(told->primaries, wide ? FILM_PRIMARIES_2020 : color.primaries);
    color.full_range = read_full_range(told->range, told->format, color.full_range);
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get(told->format);
    if (described && (described->flags & AV_PIX_FMT_FLAG_RGB)) {
        color.matrix = FILM_MATRIX_709;
        color.full_range = false;
    }
    return color;
}

/* As FFmpeg's tonemap takes it: the brightest pixel of the film, else what it was mastered on. */
static double read_peak(const AVFrame *frame, double otherwise)
{
    const AVFrameSideData *found = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    if (found && found->size >= sizeof(AVContentLightMetadata)) {
        const AVContentLightMetadata *light = (const void *)found->data;
        if (light->MaxCLL > 0)
            return light->MaxCLL;
    }
    found = av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    if (found && found->size >= sizeof(AVMasteringDisplayMetadata)) {
        const AVMasteringDisplayMetadata *mastering = (const void *)found->data;
        if (mastering->has_luminance && mastering->max_luminance.den > 0 &&
            mastering->max_luminance.num > 0)
            return av_q2d(mastering->max_luminance);
    }
    return otherwise;
}

struct film_color film_format_color(const AVFrame *frame, const struct film_color *otherwise)
{
    const struct told_color told = {
        .space = frame->colorspace,
        .range = frame->color_range,
        .transfer = frame->color_trc,
        .primaries = frame->color_primaries,
        .format = (enum AVPixelFormat)frame->format,
    };
    struct film_color color = read_color(&told, otherwise);
    if (color.transfer == FILM_TRANSFER_PQ)
        color.peak_nits = read_peak(frame, otherwise->peak_nits);
    return color;
}

int film_format_turn(const struct film_facts *facts, int rotation)
{
    return (facts->rotation + rotation) % 360;
}

/* Where a stream keeps what belongs to all its packets has changed with FFmpeg 6.1. */
static bool copy_side_data(const AVStream *stream, enum AVPacketSideDataType type, void *into,
                           size_t size)
{
    const uint8_t *data = NULL;
    size_t found_size = 0;
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
    const AVCodecParameters *parameters = stream->codecpar;
    const AVPacketSideData *found =
        av_packet_side_data_get(parameters->coded_side_data, parameters->nb_coded_side_data, type);
    if (found) {
        data = found->data;
        found_size = found->size;
    }
#else
    data = av_stream_get_side_data(stream, type, &found_size);
#endif
    if (!data || found_size < size)
        return false;
    memcpy(into, data, size);
    return true;
}

/* The display matrix maps (x, y) to (a x + c y, b x + d y), y downwards (ISO 14496-12, 8.3.2.3). We
 * take the nearest of the eight orientations. The image of (1, 0) gives the rotation, since
 * flipping top to bottom does not move it; the determinant's sign shows flipping. */
static void read_display_matrix(const AVStream *pictures, struct film_facts *facts)
{
    int32_t matrix[9];
    if (!copy_side_data(pictures, AV_PKT_DATA_DISPLAYMATRIX, matrix, sizeof matrix))
        return;
    double a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
    if (fabs(a) >= fabs(b))
        facts->rotation = a < 0 ? 180 : 0;
    else
        facts->rotation = b > 0 ? 90 : 270;
    facts->mirrored = a * d - b * c < 0;
}

/* Profiles of Dolby Vision whose pictures mean nothing without its metadata: their own matrix
 * (IPT-PQ-c2), and their own curve for each scene. Profiles from 8 on say with a number whether
 * others can show them; the ones before have two pictures, or are compatible, by themselves. */
static bool is_dolby_vision_alone(const AVStream *pictures)
{
    AVDOVIDecoderConfigurationRecord record;
    if (!copy_side_data(pictures, AV_PKT_DATA_DOVI_CONF, &record, sizeof record))
        return false;
    int profile = record.dv_profile;
    return profile == 1 || profile == 3 || profile == 5 ||
           (profile >= 8 && record.dv_bl_signal_compatibility_id == 0);
}

/* What would be shown in wrong colors. */
static MUST_CHECK bool check_colors(const AVStream *pictures, struct err *err)
{
    if (is_dolby_vision_alone(pictures))
        return err_set(err, ERR_INPUT,
                       "the film is Dolby Vision that only players of Dolby Vision can show "
                       "(profile 5): export it as SDR, HDR10 or HLG");
    const AVCodecParameters *parameters = pictures->codecpar;
    enum AVColorSpace space = named_space(parameters->color_space, parameters->color_primaries);
    switch ((int)space) {
    case AVCOL_SPC_SMPTE2085:
    case AVCOL_SPC_CHROMA_DERIVED_NCL:
    case AVCOL_SPC_CHROMA_DERIVED_CL:
    case AVCOL_SPC_ICTCP:
        return err_set(err, ERR_INPUT,
                       "the film's colors are stored as %s, which cannot be shown: encode it as "
                       "BT.709 or BT.2020",
                       av_color_space_name(space));
    default:
        return true;
    }
}

static MUST_CHECK bool check_size(int width, int height, struct err *err)
{
    if (width <= 0 || height <= 0)
        return err_set(err, ERR_INPUT, "the film's headers give no picture size");
    if (width > PROTOCOL_FILM_SIDE_MAX_PX || height > PROTOCOL_FILM_SIDE_MAX_PX ||
        (int64_t)width * height > PROTOCOL_FILM_AREA_MAX_PX)
        return err_set(
            err, ERR_LIMIT,
            "the film has %d × %d pixels; at most %d a side and %d million in all are supported",
            width, height, PROTOCOL_FILM_SIDE_MAX_PX, PROTOCOL_FILM_AREA_MAX_PX / 1000000);
    return true;
}

static int scale_side(int side, int numerator, int denominator)
{
    int64_t size = av_rescale(side, numerator, denominator);
    if (size < 1)
        return 1;
    return size > PROTOCOL_FILM_SIDE_MAX_PX ? PROTOCOL_FILM_SIDE_MAX_PX : (int)size;
}

/* Stretches pictures whose pixels are not square; nothing is ever shrunk. */
static void read_shown_size(const AVStream *pictures, struct film_facts *facts)
{
    AVRational sar = pictures->sample_aspect_ratio;
    if (sar.num <= 0 || sar.den <= 0)
        sar = pictures->codecpar->sample_aspect_ratio;
    if (sar.num <= 0 || sar.den <= 0 || sar.num / sar.den >= SAR_MAX ||
        sar.den / sar.num >= SAR_MAX)
        sar = (AVRational){1, 1};
    int width = facts->coded_width_px, height = facts->coded_height_px;
    if (sar.num > sar.den)
        width = scale_side(width, sar.num, sar.den);
    else
        height = scale_side(height, sar.den, sar.num);
    bool sideways = facts->rotation % 180 != 0;
    facts->width_px = sideways ? height : width;
    facts->height_px = sideways ? width : height;
}

static void read_colors(const AVCodecParameters *parameters, struct film_facts *facts)
{
    enum AVPixelFormat format = (enum AVPixelFormat)parameters->format;
    const AVPixFmtDescriptor *described = av_pix_fmt_desc_get(format);
    facts->bit_depth = described ? described->comp[0].depth : 8;
    if (described)
        snprintf(facts->pixel_format, sizeof facts->pixel_format, "%s", described->name);
    bool sd = parameters->height <= SD_HEIGHT_MAX_PX && parameters->width <= SD_WIDTH_MAX_PX;
    const struct film_color guess = {.matrix = sd ? FILM_MATRIX_601 : FILM_MATRIX_709};
    const struct told_color told = {
        .space = parameters->color_space,
        .range = parameters->color_range,
        .transfer = parameters->color_trc,
        .primaries = parameters->color_primaries,
        .format = format,
    };
    facts->color = read_color(&told, &guess);
    facts->high_dynamic_range = film_color_is_high_dynamic_range(&facts->color);
    enum AVFieldOrder order = parameters->field_order;
    facts->interlaced = order != AV_FIELD_UNKNOWN && order != AV_FIELD_PROGRESSIVE;
}

static bool is_usable_rate(AVRational rate)
{
    return rate.num > 0 && rate.den > 0 && av_q2d(rate) <= FPS_MAX;
}

/* An MP4's index has an entry for each frame, in decoding order, whose distances are the frames'
 * durations. A Matroska file's index has key frames only; there the rates have to do. */
static void read_lengths(AVStream *pictures, struct film_facts *facts)
{
    int count = avformat_index_get_entries_count(pictures);
    int64_t least = INT64_MAX, most = 0, before = 0;
    for (int i = 0; i < count; i++) {
        const AVIndexEntry *entry = avformat_index_get_entry(pictures, i);
        int64_t length = (int64_t)((uint64_t)entry->timestamp - (uint64_t)before);
        before = entry->timestamp;
        if (i == 0 || length <= 0)
            continue;
        least = length < least ? length : least;
        most = length > most ? length : most;
    }
    facts->variable_rate = most > 0 && (double)most >= 1.5 * (double)least;
    int64_t longest_us = av_rescale_q(most, pictures->time_base, AV_TIME_BASE_Q);
    facts->longest_us = longest_us > 0 ? longest_us : 0;
}

static void read_rate(AVStream *pictures, struct film_facts *facts)
{
    AVRational average = pictures->avg_frame_rate, base = pictures->r_frame_rate;
    if (is_usable_rate(average))
        facts->fps = av_q2d(average);
    else if (is_usable_rate(base))
        facts->fps = av_q2d(base);
    int entries = avformat_index_get_entries_count(pictures);
    if (pictures->nb_frames > 0 && entries >= pictures->nb_frames)
        read_lengths(pictures, facts);
    else if (is_usable_rate(average) && is_usable_rate(base))
        facts->variable_rate = av_q2d(base) >= 1.2 * av_q2d(average);
}

/* How many frames a decoder may refer to or reorder. Where levels bound that: what they allow at
 * 1920 × 1088 and more; a smaller film's slots cost little (H.264, A.3.1; HEVC, A.4.2; VP9 has 8
 * references, and VP8 3, beside the frame being decoded). */
static int decoder_slots(const AVCodecParameters *parameters, int threads)
{
    bool large = (int64_t)parameters->width * parameters->height >= (int64_t)1920 * 1080;
    int referenced = large ? 7 : 17;
    if (parameters->codec_id == AV_CODEC_ID_VP8)
        referenced = 4;
    else if (parameters->codec_id == AV_CODEC_ID_VP9)
        referenced = 9;
    return referenced + threads;
}

static size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

/* If memory is short the reader gets fewer slots; before it gets too few, the decoder works in
 * memory of its own: it must never occupy slots that the reader was promised. */
static void count_slots(struct film_facts *facts, int decoder)
{
    struct film_layout *layout = &facts->layout;
    decoder += facts->interlaced ? SLOTS_FOR_INTERLACED : SLOTS_FOR_FIELDS;
    int fit = (int)(RING_BYTES_MAX / layout->slot_bytes);
    fit = fit > PROTOCOL_FILM_SLOTS_MAX ? PROTOCOL_FILM_SLOTS_MAX : fit;
    facts->direct = facts->direct && fit >= SLOTS_EXTRA + READER_SLOTS_MIN + decoder;
    int beside = SLOTS_EXTRA + (facts->direct ? decoder : 0);
    int reader = fit - beside;
    reader = reader < READER_SLOTS_MIN ? READER_SLOTS_MIN : reader;
    layout->reader_slots = reader > FILM_READER_SLOTS ? FILM_READER_SLOTS : reader;
    layout->slots = beside + layout->reader_slots;
}

/* Slots are laid out so that a decoder can work in them: it writes whole blocks (64 pixels in HEVC,
 * VP9 and AV1), needs rows that start at multiples of 64 bytes for AVX-512, and touches a little
 * more. */
static void lay_out_slots(const AVCodecParameters *parameters, int turn, int threads,
                          struct film_facts *facts)
{
    struct film_layout *layout = &facts->layout;
    bool sideways = turn % 180 != 0;
    layout->width_px = sideways ? parameters->height : parameters->width;
    layout->height_px = sideways ? parameters->width : parameters->height;
    size_t width = round_up((size_t)layout->width_px, 128);
    /* Rows a power of two apart would compete for the same lines of the processor's caches. */
    if (width % 1024 == 0)
        width += 128;
    /* Two rows more: H.264 reads that far below for its chroma. */
    size_t height = round_up((size_t)layout->height_px, 64) + 2;
    size_t offset = 0;
    for (int i = 0; i < 3; i++) {
        layout->offset_bytes[i] = offset;
        layout->stride_bytes[i] = i == 0 ? width : width / 2;
        size_t rows = i == 0 ? height : height / 2 + 1;
        offset += round_up(layout->stride_bytes[i] * rows + PLANE_PADDING_BYTES, 64);
    }
    layout->slot_bytes = round_up(offset, SLOT_ALIGN);
    count_slots(facts, decoder_slots(parameters, threads));
}

bool film_format_read(AVStream *pictures, const struct film_request *request,
                      struct film_facts *facts, struct err *err)
{
    const AVCodecParameters *parameters = pictures->codecpar;
    if (!check_size(parameters->width, parameters->height, err) || !check_colors(pictures, err))
        return false;
    facts->coded_width_px = parameters->width;
    facts->coded_height_px = parameters->height;
    snprintf(facts->codec, sizeof facts->codec, "%s", avcodec_get_name(parameters->codec_id));
    read_display_matrix(pictures, facts);
    read_shown_size(pictures, facts);
    read_colors(parameters, facts);
    read_rate(pictures, facts);
    /* WebM stores alpha as a second picture beside each, which no decoder here reads. */
    const AVDictionaryEntry *alpha = av_dict_get(pictures->metadata, "alpha_mode", NULL, 0);
    facts->has_alpha = alpha && strcmp(alpha->value, "0") != 0;
    int turn = film_format_turn(facts, request->rotation);
    bool shown_as_is = film_color_is_plain(&facts->color, &facts->layout.matrix);
    if (!shown_as_is)
        facts->layout.matrix = FRAME_BT709;
    bool plain =
        parameters->format == AV_PIX_FMT_YUV420P || parameters->format == AV_PIX_FMT_YUVJ420P;
    /* libdav1d allocates its own memory. */
    bool beside = parameters->chroma_location == AVCHROMA_LOC_UNSPECIFIED ||
                  parameters->chroma_location == AVCHROMA_LOC_LEFT;
    facts->direct = plain && beside && shown_as_is && turn == 0 && !facts->mirrored &&
                    parameters->codec_id != AV_CODEC_ID_AV1;
    lay_out_slots(parameters, turn, film_codec_threads(parameters, request->threads), facts);
    return true;
}
