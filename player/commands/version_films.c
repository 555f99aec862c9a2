#include "commands/version_films.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static void print_library_version(FILE *stream, const char *name, unsigned loaded,
                                  unsigned compiled)
{
    fprintf(stream, "%s %u.%u.%u", name, AV_VERSION_MAJOR(loaded), AV_VERSION_MINOR(loaded),
            AV_VERSION_MICRO(loaded));
    if (loaded != compiled)
        fprintf(stream, " (compiled with %u.%u.%u)", AV_VERSION_MAJOR(compiled),
                AV_VERSION_MINOR(compiled), AV_VERSION_MICRO(compiled));
    fputc('\n', stream);
}

void version_films_print(FILE *stream)
{
    fprintf(stream, "FFmpeg %s\n", av_version_info());
    print_library_version(stream, "libavformat", avformat_version(), LIBAVFORMAT_VERSION_INT);
    print_library_version(stream, "libavcodec", avcodec_version(), LIBAVCODEC_VERSION_INT);
    print_library_version(stream, "libavutil", avutil_version(), LIBAVUTIL_VERSION_INT);
    print_library_version(stream, "libswscale", swscale_version(), LIBSWSCALE_VERSION_INT);
    print_library_version(stream, "libswresample", swresample_version(), LIBSWRESAMPLE_VERSION_INT);
}
