#include "commands/version.h"

#include "base/program.h"
#include "commands/version_films.h"

#include <SDL.h>
#include <SDL_image.h>
#include <SDL_ttf.h>
#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_library(FILE *stream, const char *name, const char *loaded, const char *compiled)
{
    fprintf(stream, "%s %s", name, loaded);
    if (strcmp(loaded, compiled) != 0)
        fprintf(stream, " (compiled with %s)", compiled);
    fputc('\n', stream);
}

static void print_sdl_library(FILE *stream, const char *name, const SDL_version *loaded,
                              const SDL_version *compiled)
{
    char texts[2][16];
    snprintf(texts[0], sizeof texts[0], "%d.%d.%d", loaded->major, loaded->minor, loaded->patch);
    snprintf(texts[1], sizeof texts[1], "%d.%d.%d", compiled->major, compiled->minor,
             compiled->patch);
    print_library(stream, name, texts[0], texts[1]);
}

static void print_sdl(FILE *stream)
{
    SDL_version loaded, compiled;
    SDL_GetVersion(&loaded);
    SDL_VERSION(&compiled);
    print_sdl_library(stream, "SDL2", &loaded, &compiled);
    SDL_IMAGE_VERSION(&compiled);
    print_sdl_library(stream, "SDL2_image", IMG_Linked_Version(), &compiled);
    SDL_TTF_VERSION(&compiled);
    print_sdl_library(stream, "SDL2_ttf", TTF_Linked_Version(), &compiled);
}

static void print_curl(FILE *stream)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    print_library(stream, "libcurl", info->version, LIBCURL_VERSION);
    if (info->ssl_version)
        fprintf(stream, "TLS %s\n", info->ssl_version);
}

/* Copies the other program's output as it is. False where there is none. */
static bool copy_output(int from, FILE *to)
{
    char bytes[1024];
    ssize_t size;
    bool any = false;
    while ((size = read(from, bytes, sizeof bytes)) > 0) {
        fwrite(bytes, 1, (size_t)size, to);
        any = true;
    }
    return any;
}

static MUST_CHECK bool print_film_versions(FILE *stream, const char *film_program, struct err *err)
{
    static char name[] = VERSION_FILMS_NAME;
    char *arguments[] = {name, NULL}, *environment[] = {NULL};
    int ends[2], status;
    pid_t pid;
    int program = program_open(film_program, err);
    if (program < 0)
        return false;
    bool ok = pipe2(ends, O_CLOEXEC) == 0;
    if (ok) {
        ok = program_start(&pid, program, arguments, environment, ends[1], false, err);
        close(ends[1]);
        if (ok) {
            ok = copy_output(ends[0], stream) ||
                 err_set(err, ERR_SYSTEM, "%s did not answer: is it the same version?",
                         film_program);
            waitpid(pid, &status, 0);
        }
        close(ends[0]);
    } else {
        err_set(err, ERR_SYSTEM, "cannot create a pipe");
    }
    close(program);
    return ok;
}

void version_write(FILE *stream, const char *film_program)
{
    struct err err = {0};
    fputs("duckling " DUCKLING_VERSION "\n", stream);
    print_sdl(stream);
    print_curl(stream);
    fflush(stream);
    if (!print_film_versions(stream, film_program, &err))
        fprintf(stream, "FFmpeg unknown (%s)\n", err.text);
}
