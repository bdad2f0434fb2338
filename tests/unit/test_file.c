/*
 * What port/file.h promises, asked of the system's adapter and of the simulated one with the same
 * bodies; what only one of them can be made to do stands at the end.
 */
#include "support/suite.h"

#include "base/alloc.h"
#include "port/ports.h"
#include "sim/sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#ifdef _WIN32
#include <direct.h>
#include <process.h>
#include <windows.h>
#define getpid        _getpid
#define make_dir(p)   _mkdir(p)
#define remove_dir(p) _rmdir(p)
#else
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#define make_dir(p)   mkdir(p, 0777)
#define remove_dir(p) rmdir(p)
#endif

/* Beside the program: CTest runs it in its own build folder. */
struct rig {
    const struct omsp_file_port *port;
    struct omsp_sim *sim; /* NULL: the system's */
    char path[128], folder[128];
};

static void rig_up(struct rig *rig, bool simulated)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->path, sizeof(rig->path), "test_file_%d.tmp", (int)getpid());
    snprintf(rig->folder, sizeof(rig->folder), "test_file_%d.dir", (int)getpid());
    if (simulated) {
        ck_assert_int_eq(omsp_sim_create(1, &rig->sim), OMSP_OK);
        rig->port = &omsp_sim_ports(rig->sim)->file;
    } else {
        rig->port = &omsp_system_ports()->file;
        remove(rig->path);
    }
}

static void rig_down(struct rig *rig)
{
    if (!rig->sim)
        remove(rig->path);
    omsp_sim_destroy(rig->sim);
}

static enum omsp_status file_open(struct rig *rig, const char *path, enum omsp_file_mode mode,
                                  struct omsp_file **out)
{
    return rig->port->open(rig->port->ctx, path, mode, out);
}

static struct omsp_file *made(struct rig *rig)
{
    struct omsp_file *file = NULL;

    ck_assert_int_eq(file_open(rig, rig->path, OMSP_FILE_CREATE, &file), OMSP_OK);
    return file;
}

static uint64_t size_of(struct omsp_file *file)
{
    uint64_t bytes = 12345;

    ck_assert_int_eq(file->size(file, &bytes), OMSP_OK);
    return bytes;
}

#define BOTH(name)                                                                                 \
    static void name(struct rig *rig);                                                             \
    START_TEST(system_##name)                                                                      \
    {                                                                                              \
        struct rig rig;                                                                            \
        rig_up(&rig, false);                                                                       \
        name(&rig);                                                                                \
        rig_down(&rig);                                                                            \
    }                                                                                              \
    END_TEST                                                                                       \
    START_TEST(sim_##name)                                                                         \
    {                                                                                              \
        struct rig rig;                                                                            \
        rig_up(&rig, true);                                                                        \
        name(&rig);                                                                                \
        rig_down(&rig);                                                                            \
    }                                                                                              \
    END_TEST                                                                                       \
    static void name(struct rig *rig)

BOTH(what_was_written_is_read)
{
    struct omsp_file *file = made(rig);
    char data[16];
    size_t got = 0;

    ck_assert_uint_eq(size_of(file), 0);
    ck_assert_int_eq(file->write_at(file, 0, "hello world", 11), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 6, "W", 1), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 0, "", 0), OMSP_OK);
    ck_assert_uint_eq(size_of(file), 11);
    ck_assert_int_eq(file->flush(file), OMSP_OK);
    ck_assert_int_eq(file->read_at(file, 6, data, 5, &got), OMSP_OK);
    ck_assert_uint_eq(got, 5);
    ck_assert_mem_eq(data, "World", 5);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    ck_assert_int_eq(file_open(rig, rig->path, OMSP_FILE_READ, &file), OMSP_OK);
    ck_assert_int_eq(file->read_at(file, 0, data, 11, &got), OMSP_OK);
    ck_assert_uint_eq(got, 11);
    ck_assert_mem_eq(data, "hello World", 11);
    ck_assert_int_eq(file->close(file), OMSP_OK);
}

BOTH(the_end_cuts_a_read_short)
{
    struct omsp_file *file = made(rig);
    char data[16];
    size_t got = 99;

    ck_assert_int_eq(file->read_at(file, 0, data, 10, &got), OMSP_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(file->write_at(file, 0, "abc", 3), OMSP_OK);
    ck_assert_int_eq(file->read_at(file, 1, data, 10, &got), OMSP_OK);
    ck_assert_uint_eq(got, 2);
    ck_assert_int_eq(file->read_at(file, 3, data, 10, &got), OMSP_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(file->read_at(file, 1000000, data, 10, &got), OMSP_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(file->read_at(file, 0, data, 0, &got), OMSP_OK);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(file->close(file), OMSP_OK);
}

BOTH(a_gap_reads_as_zeros)
{
    struct omsp_file *file = made(rig);
    char data[8];
    size_t got;

    ck_assert_int_eq(file->write_at(file, 6, "xy", 2), OMSP_OK);
    ck_assert_uint_eq(size_of(file), 8);
    ck_assert_int_eq(file->read_at(file, 0, data, 8, &got), OMSP_OK);
    ck_assert_uint_eq(got, 8);
    ck_assert_mem_eq(data, "\0\0\0\0\0\0xy", 8);
    ck_assert_int_eq(file->close(file), OMSP_OK);
}

BOTH(creating_empties_what_was_there)
{
    struct omsp_file *file = made(rig);

    ck_assert_int_eq(file->write_at(file, 0, "old", 3), OMSP_OK);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    file = made(rig);
    ck_assert_uint_eq(size_of(file), 0);
    ck_assert_int_eq(file->close(file), OMSP_OK);
}

BOTH(a_growing_file_can_be_read_by_others)
{
    struct omsp_file *writer = made(rig), *reader;
    char data[4];
    size_t got;

    ck_assert_int_eq(writer->write_at(writer, 0, "one", 3), OMSP_OK);
    ck_assert_int_eq(file_open(rig, rig->path, OMSP_FILE_READ, &reader), OMSP_OK);
    ck_assert_uint_eq(size_of(reader), 3);
    ck_assert_int_eq(writer->write_at(writer, 3, "two", 3), OMSP_OK);
    ck_assert_uint_eq(size_of(reader), 6);
    ck_assert_int_eq(reader->read_at(reader, 3, data, 3, &got), OMSP_OK);
    ck_assert_mem_eq(data, "two", 3);
    ck_assert_int_eq(writer->close(writer), OMSP_OK);
    ck_assert_int_eq(reader->close(reader), OMSP_OK);
}

BOTH(a_reader_may_not_write)
{
    struct omsp_file *file = made(rig);

    ck_assert_int_eq(file->close(file), OMSP_OK);
    ck_assert_int_eq(file_open(rig, rig->path, OMSP_FILE_READ, &file), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 0, "x", 1), OMSP_ACCESS);
    ck_assert_uint_eq(size_of(file), 0);
    ck_assert_int_eq(file->close(file), OMSP_OK);
}

BOTH(what_is_not_there_is_not_found)
{
    struct omsp_file *file = NULL;

    ck_assert_int_eq(file_open(rig, "no_such_file.tmp", OMSP_FILE_READ, &file), OMSP_NOTFOUND);
    ck_assert_int_eq(file_open(rig, "no_such_folder/x.tmp", OMSP_FILE_READ, &file), OMSP_NOTFOUND);
    ck_assert_ptr_null(file);
}

BOTH(no_name_is_invalid)
{
    struct omsp_file *file = NULL;

    ck_assert_int_eq(file_open(rig, "", OMSP_FILE_READ, &file), OMSP_INVALID);
    ck_assert_int_eq(file_open(rig, "", OMSP_FILE_CREATE, &file), OMSP_INVALID);
    ck_assert_int_eq(file_open(rig, NULL, OMSP_FILE_READ, &file), OMSP_INVALID);
    ck_assert_ptr_null(file);
}

BOTH(a_folder_is_no_file)
{
    struct omsp_file *file = NULL;

    if (rig->sim)
        ck_assert_int_eq(omsp_sim_make_folder(rig->sim, rig->folder), OMSP_OK);
    else
        ck_assert_int_eq(make_dir(rig->folder), 0);
    ck_assert_int_eq(file_open(rig, rig->folder, OMSP_FILE_READ, &file), OMSP_ACCESS);
    ck_assert_int_eq(file_open(rig, rig->folder, OMSP_FILE_CREATE, &file), OMSP_ACCESS);
    ck_assert_ptr_null(file);
    if (!rig->sim)
        ck_assert_int_eq(remove_dir(rig->folder), 0);
}

/* Makes the file unwritable, or takes that back. Wine as root does not mind a read-only attribute,
 * so on Windows somebody else holds the file and shares it for reading; natively root puts its
 * rights down meanwhile. */
static void protect(struct rig *rig, bool on)
{
#ifdef _WIN32
    static HANDLE holder;
#endif

    if (rig->sim) {
        ck_assert_int_eq(omsp_sim_file_protect(rig->sim, rig->path, on, false), OMSP_OK);
        return;
    }
#ifdef _WIN32
    if (on)
        holder =
            CreateFileA(rig->path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(holder != INVALID_HANDLE_VALUE);
    if (!on)
        CloseHandle(holder);
#else
    if (!on && getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(rig->path, on ? 0444 : 0666), 0);
    if (on && getuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
#endif
}

BOTH(an_unwritable_file_can_be_read_but_not_made)
{
    struct omsp_file *file = made(rig);
    enum omsp_status reading, making;

    ck_assert_int_eq(file->close(file), OMSP_OK);
    protect(rig, true);
    reading = file_open(rig, rig->path, OMSP_FILE_READ, &file);
    if (reading == OMSP_OK)
        file->close(file);
    file = NULL;
    making = file_open(rig, rig->path, OMSP_FILE_CREATE, &file);
    protect(rig, false);
    ck_assert_int_eq(reading, OMSP_OK);
    ck_assert_int_eq(making, OMSP_ACCESS);
    ck_assert_ptr_null(file);
}

BOTH(names_are_utf8)
{
    struct omsp_file *file = NULL;
    char path[160];

    snprintf(path, sizeof(path), "%s_\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\xb5", rig->path);
    ck_assert_int_eq(file_open(rig, path, OMSP_FILE_CREATE, &file), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 0, "x", 1), OMSP_OK);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    ck_assert_int_eq(file_open(rig, path, OMSP_FILE_READ, &file), OMSP_OK);
    ck_assert_uint_eq(size_of(file), 1);
    ck_assert_int_eq(file->close(file), OMSP_OK);
#ifdef _WIN32
    if (!rig->sim) {
        wchar_t wide[160];

        swprintf(wide, 160, L"test_file_%d.tmp_\x00e4\x20ac\xd83c\xdfb5", (int)getpid());
        ck_assert_int_eq(_wremove(wide), 0);
    }
#else
    if (!rig->sim)
        ck_assert_int_eq(remove(path), 0);
#endif
}

BOTH(no_offset_passes_the_end_of_the_world)
{
    struct omsp_file *file = made(rig);
    enum omsp_status status;
    char data[4];
    size_t got = 7;

    ck_assert_int_eq(file->write_at(file, UINT64_MAX - 1, "abcd", 4), OMSP_NOSPACE);
    ck_assert_int_eq(file->write_at(file, INT64_MAX, "abcd", 4), OMSP_NOSPACE);
    ck_assert_uint_eq(size_of(file), 0);
    status = file->read_at(file, UINT64_MAX - 1, data, 4, &got);
    ck_assert(status == OMSP_OK || status == OMSP_IO);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(file->close(file), OMSP_OK);
}

static void open_both_ways(void *ctx)
{
    struct rig *rig = ctx;
    struct omsp_file *file = NULL;
    enum omsp_status status = file_open(rig, rig->path, OMSP_FILE_CREATE, &file);

    if (status == OMSP_OK) {
        ck_assert_int_eq(file->close(file), OMSP_OK);
        file = NULL;
        status = file_open(rig, rig->path, OMSP_FILE_READ, &file);
        if (status == OMSP_OK)
            ck_assert_int_eq(file->close(file), OMSP_OK);
    }
    ck_assert_int_eq(status, omsp_test_alloc_failed() ? OMSP_NOMEM : OMSP_OK);
}

BOTH(running_out_of_memory_leaks_nothing)
{
    struct omsp_file *file = made(rig); /* the simulated file itself stays */

    ck_assert_int_eq(file->close(file), OMSP_OK);
    ck_assert_int_ge(omsp_test_alloc_walk(open_both_ways, rig), 2);
}

/* ---- the system's own ---------------------------------------------------------------------- */

#ifdef _WIN32
START_TEST(a_second_writer_is_refused)
{
    struct omsp_file *file, *second = NULL;
    struct rig rig;

    rig_up(&rig, false);
    file = made(&rig);
    ck_assert_int_eq(file_open(&rig, rig.path, OMSP_FILE_CREATE, &second), OMSP_ACCESS);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    rig_down(&rig);
}
END_TEST

START_TEST(names_that_cannot_be_are_invalid)
{
    struct omsp_file *file = NULL;
    struct rig rig;

    rig_up(&rig, false);
    ck_assert_int_eq(file_open(&rig, "bad_\xff\xfe", OMSP_FILE_CREATE, &file), OMSP_INVALID);
    ck_assert_int_eq(file_open(&rig, "what?", OMSP_FILE_CREATE, &file), OMSP_INVALID);
    ck_assert_int_eq(file_open(&rig, "NUL", OMSP_FILE_CREATE, &file), OMSP_INVALID);
    ck_assert_ptr_null(file);
    rig_down(&rig);
}
END_TEST
#else
START_TEST(a_full_disk_is_no_space)
{
    struct omsp_file *file = NULL;
    struct rig rig;

    rig_up(&rig, false);
    ck_assert_int_eq(file_open(&rig, "/dev/full", OMSP_FILE_CREATE, &file), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 0, "x", 1), OMSP_NOSPACE);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    rig_down(&rig);
}
END_TEST

START_TEST(a_size_limit_is_no_space_and_spares_what_was_written)
{
    struct rlimit before, low;
    struct omsp_file *file;
    struct rig rig;
    char data[1000] = "begin", back[5];
    size_t got;

    rig_up(&rig, false);
    file = made(&rig);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = 1500;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    ck_assert_int_eq(file->write_at(file, 0, data, sizeof(data)), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 1000, data, sizeof(data)), OMSP_NOSPACE);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    ck_assert_int_eq(file->read_at(file, 0, back, 5, &got), OMSP_OK);
    ck_assert_uint_eq(got, 5);
    ck_assert_mem_eq(back, "begin", 5);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    rig_down(&rig);
}
END_TEST

START_TEST(a_missing_folder_is_not_found_and_a_long_name_invalid)
{
    struct omsp_file *file = NULL;
    struct rig rig;
    char name[400];

    rig_up(&rig, false);
    ck_assert_int_eq(file_open(&rig, "no_such_folder/x.tmp", OMSP_FILE_CREATE, &file),
                     OMSP_NOTFOUND);
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(file_open(&rig, name, OMSP_FILE_CREATE, &file), OMSP_INVALID);
    ck_assert_ptr_null(file);
    rig_down(&rig);
}
END_TEST
#endif

/* ---- the simulation's own ------------------------------------------------------------------ */

START_TEST(sim_disk_fills_up_and_room_comes_back)
{
    const uint8_t *data;
    struct omsp_file *file;
    struct rig rig;
    size_t len;

    rig_up(&rig, true);
    omsp_sim_set_disk_room(rig.sim, 10);
    file = made(&rig);
    ck_assert_int_eq(file->write_at(file, 0, "12345678", 8), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 8, "abcd", 4), OMSP_NOSPACE);
    ck_assert_int_eq(omsp_sim_file_get(rig.sim, rig.path, &data, &len), OMSP_OK);
    ck_assert_uint_eq(len, 10);
    ck_assert_mem_eq(data, "12345678ab", 10);
    ck_assert_int_eq(file->write_at(file, 10, "x", 1), OMSP_NOSPACE);
    ck_assert_int_eq(file->write_at(file, 50, "x", 1), OMSP_NOSPACE);
    ck_assert_int_eq(file->write_at(file, 0, "ABCD", 4), OMSP_OK); /* no growth */
    ck_assert_uint_eq(size_of(file), 10);
    ck_assert_uint_eq(omsp_sim_get_disk_room(rig.sim), 0);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    file = made(&rig);
    ck_assert_uint_eq(omsp_sim_get_disk_room(rig.sim), 10);
    ck_assert_int_eq(file->write_at(file, 0, "1234567890", 10), OMSP_OK);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    rig_down(&rig);
}
END_TEST

START_TEST(sim_files_fail_where_they_are_told_to)
{
    const uint8_t *bytes;
    struct omsp_file *file;
    struct rig rig;
    char data[8];
    size_t got;

    rig_up(&rig, true);
    ck_assert_int_eq(omsp_sim_file_put(rig.sim, rig.path, "12345678", 8), OMSP_OK);
    ck_assert_int_eq(file_open(&rig, rig.path, OMSP_FILE_READ, &file), OMSP_OK);
    ck_assert_int_eq(omsp_sim_file_fail_from(rig.sim, rig.path, OMSP_SIM_FILE_READ, 4, OMSP_IO),
                     OMSP_OK);
    ck_assert_int_eq(file->read_at(file, 0, data, 4, &got), OMSP_OK);
    ck_assert_uint_eq(got, 4);
    ck_assert_int_eq(file->read_at(file, 1, data, 4, &got), OMSP_IO);
    ck_assert_uint_eq(got, 0);
    ck_assert_int_eq(omsp_sim_file_cut(rig.sim, rig.path, 2), OMSP_OK);
    ck_assert_int_eq(file->read_at(file, 0, data, 8, &got), OMSP_OK);
    ck_assert_uint_eq(got, 2);
    ck_assert_int_eq(file->close(file), OMSP_OK);

    file = made(&rig);
    ck_assert_int_eq(
        omsp_sim_file_fail_from(rig.sim, rig.path, OMSP_SIM_FILE_WRITE, 3, OMSP_ACCESS), OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 0, "abcdef", 6), OMSP_ACCESS);
    ck_assert_int_eq(omsp_sim_file_get(rig.sim, rig.path, &bytes, &got), OMSP_OK);
    ck_assert_uint_eq(got, 3);
    ck_assert_mem_eq(bytes, "abc", 3);
    ck_assert_int_eq(file->close(file), OMSP_OK);
    ck_assert_int_eq(omsp_sim_file_get(rig.sim, "other", &bytes, &got), OMSP_NOTFOUND);
    rig_down(&rig);
}
END_TEST

START_TEST(sim_calls_fail_when_they_are_told_to)
{
    struct omsp_file *file = NULL;
    struct rig rig;
    uint64_t bytes;
    char data[4];
    size_t got;

    rig_up(&rig, true);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_OPEN, 1, 2, OMSP_ACCESS);
    file = made(&rig);
    ck_assert_int_eq(file_open(&rig, "b", OMSP_FILE_CREATE, &file), OMSP_ACCESS);
    ck_assert_int_eq(file_open(&rig, "b", OMSP_FILE_CREATE, &file), OMSP_ACCESS);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_READ, 0, 1, OMSP_IO);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_WRITE, 0, OMSP_SIM_FOR_EVER, OMSP_NOSPACE);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_SIZE, 0, 1, OMSP_IO);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_FLUSH, 0, 1, OMSP_IO);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_CLOSE, 0, 1, OMSP_NOSPACE);
    ck_assert_int_eq(file->read_at(file, 0, data, 4, &got), OMSP_IO);
    ck_assert_int_eq(file->read_at(file, 0, data, 4, &got), OMSP_OK);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(file->write_at(file, 0, "x", 1), OMSP_NOSPACE);
    omsp_sim_fail(rig.sim, OMSP_SIM_FILE_WRITE, 0, 0, OMSP_OK);
    ck_assert_int_eq(file->write_at(file, 0, "x", 1), OMSP_OK);
    ck_assert_int_eq(file->size(file, &bytes), OMSP_IO);
    ck_assert_int_eq(file->flush(file), OMSP_IO);
    ck_assert_int_eq(file->close(file), OMSP_NOSPACE);
    rig_down(&rig);
}
END_TEST

#define TEST_BOTH(name) TEST(system_##name), TEST(sim_##name)

OMSP_SUITE("file", TEST_BOTH(what_was_written_is_read), TEST_BOTH(the_end_cuts_a_read_short),
           TEST_BOTH(a_gap_reads_as_zeros), TEST_BOTH(creating_empties_what_was_there),
           TEST_BOTH(a_growing_file_can_be_read_by_others), TEST_BOTH(a_reader_may_not_write),
           TEST_BOTH(what_is_not_there_is_not_found), TEST_BOTH(no_name_is_invalid),
           TEST_BOTH(a_folder_is_no_file), TEST_BOTH(an_unwritable_file_can_be_read_but_not_made),
           TEST_BOTH(names_are_utf8), TEST_BOTH(no_offset_passes_the_end_of_the_world),
           TEST_BOTH(running_out_of_memory_leaks_nothing),
#ifdef _WIN32
           TEST(a_second_writer_is_refused), TEST(names_that_cannot_be_are_invalid),
#else
           TEST(a_full_disk_is_no_space),
           TEST(a_size_limit_is_no_space_and_spares_what_was_written),
           TEST(a_missing_folder_is_not_found_and_a_long_name_invalid),
#endif
           TEST(sim_disk_fills_up_and_room_comes_back), TEST(sim_files_fail_where_they_are_told_to),
           TEST(sim_calls_fail_when_they_are_told_to))
