#include "worker/film/film.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <math.h>
#include <cmocka.h>

#include "temp_folder.h"
#include "film_files.h"

#define TOLERANCE 3
/* The scaler goes from one matrix to another by way of 8-bit RGB. */
#define TOLERANCE_OTHER_MATRIX 5

static struct film_file first_frame(const char *name, int rotation, struct film_output *output)
{
    const struct film_request request = {.threads = 2, .rotation = rotation};
    struct film_file film = film_file_open(name, &request, 0);
    struct err err = {0};
    if (film_next(film.film, FILM_TAKE_FRAMES, output, &err) != FILM_FRAME)
        fail_msg("%s: %s", name, err.text);
    return film;
}

/* The color in the frame's middle, by the formulas of BT.601 and BT.709: libyuv's own are off by
 * up to 7 in blue. */
static void middle(const struct film_file *film, int slot, int rgb[3])
{
    const struct film_layout *layout = &film_facts(film->film)->layout;
    const bool full = layout->matrix == FRAME_JPEG;
    const double kr = layout->matrix == FRAME_BT709 ? 0.2126 : 0.299;
    const double kb = layout->matrix == FRAME_BT709 ? 0.0722 : 0.114, kg = 1 - kr - kb;
    size_t column = (size_t)layout->width_px / 4, row = (size_t)layout->height_px / 4;
    double y = film_file_plane(film, slot, 0)[2 * row * layout->stride_bytes[0] + 2 * column];
    double u = film_file_plane(film, slot, 1)[row * layout->stride_bytes[1] + column] - 128.0;
    double v = film_file_plane(film, slot, 2)[row * layout->stride_bytes[2] + column] - 128.0;
    if (!full)
        y = (y - 16) * 255 / 219, u *= 255.0 / 224, v *= 255.0 / 224;
    rgb[0] = (int)lround(y + 2 * (1 - kr) * v);
    rgb[1] = (int)lround(y - 2 * kb * (1 - kb) / kg * u - 2 * kr * (1 - kr) / kg * v);
    rgb[2] = (int)lround(y + 2 * (1 - kb) * u);
}

static const struct {
    const char *name;
    const char *words; /* after the input */
    enum frame_matrix color;
    bool converted;
} cards[] = {
    {"601", "-vf scale=out_color_matrix=bt601:out_range=tv,format=yuv420p -colorspace smpte170m",
     FRAME_BT601, false},
    {"709", "-vf scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -colorspace bt709",
     FRAME_BT709, false},
    {"601-full",
     "-vf scale=out_color_matrix=bt601:out_range=pc,format=yuv420p -colorspace smpte170m "
     "-color_range pc",
     FRAME_JPEG, false},
    {"709-full",
     "-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p -colorspace bt709 -color_range "
     "pc",
     FRAME_BT709, true},
    {"2020",
     "-vf "
     "scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p,setparams=color_primaries=bt709 "
     "-colorspace bt2020nc "
     "-color_primaries bt709",
     FRAME_BT709, true},
    {"240m",
     "-vf scale=out_color_matrix=smpte240m:out_range=tv,format=yuv420p -colorspace smpte240m",
     FRAME_BT709, true},
    {"601-10",
     "-vf scale=out_color_matrix=bt601:out_range=tv,format=yuv420p10le -colorspace smpte170m",
     FRAME_BT601, true},
    {"709-full-10",
     "-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv420p10le -colorspace bt709 "
     "-color_range pc",
     FRAME_BT709, true},
    {"601-full-10",
     "-vf scale=out_color_matrix=bt601:out_range=pc,format=yuv420p10le -colorspace smpte170m "
     "-color_range pc",
     FRAME_JPEG, true},
    {"2020-10",
     "-vf "
     "scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,setparams=color_primaries="
     "bt709 "
     "-colorspace bt2020nc "
     "-color_primaries bt709",
     FRAME_BT709, true},
    {"709-422", "-vf scale=out_color_matrix=bt709:out_range=tv,format=yuv422p -colorspace bt709",
     FRAME_BT709, true},
    {"709-444-full",
     "-vf scale=out_color_matrix=bt709:out_range=pc,format=yuv444p -colorspace bt709 "
     "-color_range pc",
     FRAME_BT709, true},
    {"not-told", "-vf scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", FRAME_BT601,
     false},
};
#define CARDS (sizeof cards / sizeof *cards)

static void colors_are_right(void **state)
{
    (void)state;
    static const uint8_t colors[][3] = {{255, 255, 255}, {0, 0, 0},     {128, 128, 128},
                                        {200, 60, 40},   {30, 90, 200}, {40, 180, 60}};
    for (size_t i = 0; i < CARDS * (sizeof colors / sizeof *colors); i++) {
        const uint8_t *color = colors[i / CARDS];
        char words[1024];
        /* The color as the source's is of 64 × 64 RGB pixels. */
        uint8_t *card = malloc(64 * 64 * 3);
        assert_non_null(card);
        for (size_t j = 0; j < 64 * 64 * 3; j++)
            card[j] = color[j % 3];
        film_file_write("card.rgb", card, 64 * 64 * 3);
        free(card);
        snprintf(words, sizeof words,
                 "-f rawvideo -s 64x64 -pix_fmt rgb24 -i {}/card.rgb %s -c:v libx264 -preset "
                 "ultrafast -qp 1 {}/card.mp4",
                 cards[i % CARDS].words);
        film_file_run(words);
        struct film_output output;
        struct film_file film = first_frame("card.mp4", 0, &output);
        int rgb[3];
        middle(&film, output.slot, rgb);
        const struct film_counts counts = film_counts(film.film);
        const struct film_facts *facts = film_facts(film.film);
        enum film_matrix stored = facts->color.matrix;
        int tolerance = stored == FILM_MATRIX_2020 ? TOLERANCE_OTHER_MATRIX : TOLERANCE;
        bool near = true;
        for (int j = 0; j < 3; j++)
            near = near && abs(rgb[j] - color[j]) <= tolerance;
        if (!near || facts->layout.matrix != cards[i % CARDS].color ||
            (counts.converted > 0) != cards[i % CARDS].converted)
            fail_msg("%s: %d %d %d became %d %d %d, kind %d, %jd converted", cards[i % CARDS].name,
                     color[0], color[1], color[2], rgb[0], rgb[1], rgb[2],
                     (int)facts->layout.matrix, (intmax_t)counts.converted);
        film_file_close(&film);
    }
}

static void large_films_without_a_matrix_are_hd(void **state)
{
    (void)state;
    film_file_run(
        "-f lavfi -i color=s=1280x720 -frames:v 1 -c:v libx264 -pix_fmt yuv420p {}/hd.mp4");
    struct film_output output;
    struct film_file film = first_frame("hd.mp4", 0, &output);
    assert_int_equal(film_facts(film.film)->color.matrix, FILM_MATRIX_709);
    film_file_close(&film);
}

static void all_sizes_are_whole(void **state)
{
    (void)state;
    static const struct {
        int width, height;
        const char *encoder;
    } sizes[] = {
        {1919, 1079, "libvpx-vp9 -deadline realtime -cpu-used 8"},
        {854, 480, "libx264 -preset ultrafast -pix_fmt yuv420p"},
        {1920, 1080, "libx264 -preset ultrafast -pix_fmt yuv420p"},
        {33, 17, "libvpx-vp9 -deadline realtime -cpu-used 8"},
        {131, 65, "libaom-av1 -cpu-used 8 -usage realtime"},
        {130, 66, "libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p"},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes * 4; i++) {
        int width = sizes[i / 4].width, height = sizes[i / 4].height, turn = (int)(i % 4) * 90;
        char words[512];
        film_file_write_counter("size.yuv", width, height, 3);
        snprintf(words, sizeof words,
                 "-f rawvideo -s %dx%d -pix_fmt yuv420p -i {}/size.yuv -c:v %s {}/size.mkv", width,
                 height, sizes[i / 4].encoder);
        if (turn == 0)
            film_file_run(words);
        struct film_output output;
        struct film_file film = first_frame("size.mkv", turn, &output);
        const struct film_facts *facts = film_facts(film.film);
        assert_int_equal(facts->width_px, width);
        assert_int_equal(facts->height_px, height);
        assert_int_equal(facts->layout.width_px, turn % 180 ? height : width);
        assert_int_equal(facts->layout.height_px, turn % 180 ? width : height);
        for (int n = 0; n < 3; n++) {
            assert_int_equal(film_file_number(&film, output.slot, turn), n);
            /* The last row and column are there too. */
            int corner = film_file_luma(&film, output.slot, 0.9999, 0.9999);
            int edge_block = turn == 0 ? 15 : turn == 90 ? 3 : turn == 180 ? 0 : 12;
            assert_int_equal(corner > 126, n >> edge_block & 1);
            film_release(film.film, output.slot);
            enum film_result next = film_next(film.film, FILM_TAKE_FRAMES, &output, NULL);
            assert_int_equal(next, n < 2 ? FILM_FRAME : FILM_END);
        }
        film_file_close(&film);
    }
}

static void the_smallest_film_plays(void **state)
{
    (void)state;
    film_file_run("-f lavfi -i color=c=white:s=2x2 -t 1 -c:v libvpx-vp9 {}/tiny.webm");
    for (int turn = 0; turn < 360; turn += 90) {
        struct film_output output;
        struct film_file film = first_frame("tiny.webm", turn, &output);
        assert_int_equal(film_facts(film.film)->layout.width_px, 2);
        assert_true(film_file_luma(&film, output.slot, 0.9, 0.9) > 200);
        film_file_close(&film);
    }
}

static void pixels_that_are_not_square_stretch(void **state)
{
    (void)state;
    static const struct {
        const char *sar;
        int width, height;
    } cases[] = {{"4/3", 192, 80}, {"3/4", 144, 107}, {"1/1", 144, 80}, {"1000/1", 144, 80}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[512];
        snprintf(words, sizeof words,
                 "-f lavfi -i testsrc2=s=144x80 -t 0.2 -vf setsar=%s -c:v libx264 -pix_fmt yuv420p "
                 "{}/sar.mp4",
                 cases[i].sar);
        film_file_run(words);
        struct film_output output;
        struct film_file film = first_frame("sar.mp4", 90, &output);
        const struct film_facts *facts = film_facts(film.film);
        assert_int_equal(facts->width_px, cases[i].width);
        assert_int_equal(facts->height_px, cases[i].height);
        assert_int_equal(facts->layout.width_px, 80);
        film_file_close(&film);
    }
}

/* ISO 14496-12's matrix maps a picture's points; all eight ways, on a screen turned four ways. */
static void matrices_lay_the_picture_down(void **state)
{
    (void)state;
    static const int maps[8][4] = {{1, 0, 0, 1},  {0, 1, -1, 0},  {-1, 0, 0, -1}, {0, -1, 1, 0},
                                   {-1, 0, 0, 1}, {0, -1, -1, 0}, {1, 0, 0, -1},  {0, 1, 1, 0}};
    film_file_write_counter("turn.yuv", 96, 64, 1200);
    film_file_run(
        "-f rawvideo -s 96x64 -pix_fmt yuv420p -r 25 -ss 40 -i {}/turn.yuv -frames:v 1 -c:v "
        "libx264 -pix_fmt yuv420p {}/plain.mp4");
    size_t size;
    uint8_t *bytes = film_file_read("plain.mp4", &size);
    uint8_t *matrix = film_file_box(bytes, size, "tkhd") + 48;
    for (int i = 0; i < 32; i++) {
        const int *map = maps[i / 4];
        int rotation = i % 4 * 90;
        static const int places[4] = {0, 4, 12, 16};
        for (int j = 0; j < 4; j++)
            film_file_put_big_endian(matrix + places[j], (uint32_t)(map[j] * 65536));
        film_file_write("turned.mp4", bytes, size);
        struct film_output output;
        struct film_file film = first_frame("turned.mp4", rotation, &output);
        /* First the file's map, then the screen's. */
        int whole[4] = {map[0], map[1], map[2], map[3]};
        for (int turn = 0; turn < rotation; turn += 90) {
            const int x[2] = {whole[0], whole[2]};
            whole[0] = -whole[1], whole[2] = -whole[3];
            whole[1] = x[0], whole[3] = x[1];
        }
        assert_int_equal(film_file_number_mapped(&film, output.slot, whole), 1000);
        film_file_close(&film);
    }
    free(bytes);
}

static void a_film_that_changes_its_size_keeps_its_frames(void **state)
{
    (void)state;
    film_file_write_counter("large.yuv", 160, 96, 10);
    film_file_write_counter("small.yuv", 96, 64, 10);
    film_file_run(
        "-f rawvideo -s 160x96 -pix_fmt yuv420p -i {}/large.yuv -c:v libvpx-vp9 -deadline "
        "realtime -cpu-used 8 {}/large.webm");
    film_file_run("-f rawvideo -s 96x64 -pix_fmt yuv420p -i {}/small.yuv -c:v libvpx-vp9 -deadline "
                  "realtime -cpu-used 8 {}/small.webm");
    temp_folder_write("list", "file large.webm\nfile small.webm\n");
    film_file_run("-f concat -i {}/list -c copy {}/both.webm");
    struct film_output output;
    struct film_file film = first_frame("both.webm", 0, &output);
    for (int n = 0; n < 20; n++) {
        assert_int_equal(film_file_number(&film, output.slot, 0), n % 10);
        film_release(film.film, output.slot);
        film_next(film.film, FILM_TAKE_FRAMES, &output, NULL);
    }
    assert_int_equal(film_counts(film.film).converted, 10);
    film_file_close(&film);
}

/* Without slots a film waits, and goes on where it was. */
static void a_reader_that_holds_all_slots_is_waited_for(void **state)
{
    (void)state;
    film_file_write_counter("hold.yuv", 160, 90, 40);
    film_file_run(
        "-f rawvideo -s 160x90 -pix_fmt yuv420p -i {}/hold.yuv -c:v libx264 -bf 3 -pix_fmt "
        "yuv420p {}/hold.mp4");
    const struct film_request request = {.threads = 2};
    struct film_file film = film_file_open("hold.mp4", &request, 8);
    int held[8], count = 0;
    struct film_output output;
    enum film_result result;
    while ((result = film_next(film.film, FILM_TAKE_FRAMES, &output, NULL)) == FILM_FRAME) {
        assert_in_range(count, 0, 7);
        held[count++] = output.slot;
    }
    assert_int_equal(result, FILM_WAIT);
    assert_in_range(count, 2, 8);
    assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_WAIT);
    /* Nothing that is held has been written over. */
    for (int i = 0; i < count; i++)
        assert_int_equal(film_file_number(&film, held[i], 0), i);
    film_release(film.film, -1);
    film_release(film.film, 99);
    for (int n = count; n < 40; n++) {
        film_release(film.film, held[n % count]);
        assert_int_equal(film_next(film.film, FILM_TAKE_FRAMES, &output, NULL), FILM_FRAME);
        held[n % count] = output.slot;
        assert_int_equal(film_file_number(&film, output.slot, 0), n);
        for (int i = n - count + 1; i <= n; i++)
            assert_int_equal(film_file_number(&film, held[i % count], 0), i);
    }
    film_file_close(&film);
}

/* Pictures without colors, and those that are stored as red, green and blue. */
static void other_ways_to_store_colors(void **state)
{
    (void)state;
    static const struct {
        const char *encoder;
        const uint8_t color[3];
    } cases[] = {
        {"libx264 -pix_fmt gray", {128, 128, 128}},
        {"libx264 -pix_fmt gray", {255, 255, 255}},
        {"libx264 -pix_fmt gray10le", {0, 0, 0}},
        {"libx264rgb -pix_fmt rgb24", {200, 60, 40}},
        {"libx264rgb -pix_fmt rgb24", {30, 90, 200}},
        {"libx264rgb -pix_fmt rgb24", {255, 255, 255}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char words[512];
        const uint8_t *color = cases[i].color;
        snprintf(words, sizeof words,
                 "-f lavfi -i color=c=0x%02x%02x%02x:s=64x64,format=rgb24 -frames:v 1 -c:v %s "
                 "-preset ultrafast -qp 1 {}/stored.mp4",
                 color[0], color[1], color[2], cases[i].encoder);
        film_file_run(words);
        struct film_output output;
        struct film_file film = first_frame("stored.mp4", 0, &output);
        int rgb[3];
        middle(&film, output.slot, rgb);
        for (int j = 0; j < 3; j++)
            if (abs(rgb[j] - color[j]) > TOLERANCE)
                fail_msg("%s: %d %d %d became %d %d %d", cases[i].encoder, color[0], color[1],
                         color[2], rgb[0], rgb[1], rgb[2]);
        film_file_close(&film);
    }
}

/* A picture that begins inside what is coded, decoded into slots and converted. */
static void pictures_begin_where_their_crop_says(void **state)
{
    (void)state;
    enum { WIDTH = 160, HEIGHT = 96, LEFT = 34, TOP = 22 };
    uint8_t *picture = malloc(WIDTH * HEIGHT * 3 / 2);
    assert_non_null(picture);
    memset(picture, 128, WIDTH * HEIGHT * 3 / 2);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            picture[y * WIDTH + x] = (uint8_t)(x < LEFT || y < TOP ? 16 : 40 + x + y / 2);
    film_file_write("crop.yuv", picture, WIDTH * HEIGHT * 3 / 2);
    free(picture);
    film_file_run("-f rawvideo -s 160x96 -pix_fmt yuv420p -i {}/crop.yuv -c:v libx264 -qp 1 -bsf:v "
                  "h264_metadata=crop_left=34:crop_top=22 {}/crop.mp4");
    for (int rotation = 0; rotation < 360; rotation += 180) {
        struct film_output output;
        struct film_file film = first_frame("crop.mp4", rotation, &output);
        const struct film_layout *layout = &film_facts(film.film)->layout;
        assert_int_equal(layout->width_px, WIDTH - LEFT);
        assert_int_equal(layout->height_px, HEIGHT - TOP);
        for (int y = 0; y < HEIGHT - TOP; y += 7)
            for (int x = 0; x < WIDTH - LEFT; x += 5) {
                int column = rotation ? WIDTH - LEFT - 1 - x : x;
                int row = rotation ? HEIGHT - TOP - 1 - y : y;
                const uint8_t *plane = film_file_plane(&film, output.slot, 0);
                int luma = plane[(size_t)row * layout->stride_bytes[0] + (size_t)column];
                int want = 40 + x + LEFT + (y + TOP) / 2;
                assert_in_range(luma, want - TOLERANCE, want + TOLERANCE);
            }
        film_file_close(&film);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colors_are_right),
        cmocka_unit_test(large_films_without_a_matrix_are_hd),
        cmocka_unit_test(other_ways_to_store_colors),
        cmocka_unit_test(pictures_begin_where_their_crop_says),
        cmocka_unit_test(all_sizes_are_whole),
        cmocka_unit_test(the_smallest_film_plays),
        cmocka_unit_test(pixels_that_are_not_square_stretch),
        cmocka_unit_test(matrices_lay_the_picture_down),
        cmocka_unit_test(a_film_that_changes_its_size_keeps_its_frames),
        cmocka_unit_test(a_reader_that_holds_all_slots_is_waited_for),
    };
    return cmocka_run_group_tests_name("film_picture", tests, temp_folder_setup,
                                       temp_folder_teardown);
}
