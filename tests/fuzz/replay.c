/*
 * Runs a fuzz target over the files of a folder, and over the beginnings of each, as a plain test:
 * over every one, or over as many as the second argument says, evenly spread (a target that lives a
 * whole life in every run takes its time). A law that breaks aborts; the last line says that all
 * were run.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define PREFIXES_MAX 2048 /* beyond this length beginnings are left out */

static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);

    FUZZ_CHECK(exact != NULL);
    if (size)
        memcpy(exact, data, size);
    FUZZ_CHECK(LLVMFuzzerTestOneInput(exact, size) == 0);
    free(exact);
}

static size_t run_file(const char *path, size_t beginnings)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size, step, runs = 1;

    FUZZ_CHECK(file != NULL);
    size = fread(data, 1, sizeof(data), file);
    FUZZ_CHECK(!ferror(file) && size < sizeof(data));
    fclose(file);
    step = size / beginnings + 1;
    for (size_t len = 0; len < size && len < PREFIXES_MAX; len += step, runs++)
        run(data, len);
    run(data, size);
    return runs;
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 || argc == 3 ? opendir(argv[1]) : NULL;
    size_t beginnings = argc == 3 ? strtoul(argv[2], NULL, 10) : PREFIXES_MAX;
    struct dirent *entry;
    size_t files = 0, runs = 0;

    if (!folder || !beginnings) {
        fprintf(stderr, "usage: %s FOLDER [BEGINNINGS], a folder that is there\n", argv[0]);
        return 2;
    }
    while ((entry = readdir(folder)) != NULL) {
        char path[1024];
        struct stat about;

        snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] == '.' || stat(path, &about) != 0 || !S_ISREG(about.st_mode))
            continue;
        runs += run_file(path, beginnings);
        files++;
    }
    closedir(folder);
    printf("%u files, %u runs\n", (unsigned)files, (unsigned)runs);
    return files ? 0 : 1;
}
