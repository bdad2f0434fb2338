/* Lists of file names (file_names.h). Not here: whether there are such files. */
#include "engine/file_names.h"

#include "base/alloc.h"

#include <stdatomic.h>

#define MOST (1u << 24) /* their pointers can be counted in a size_t everywhere */

static void names_free(struct omsp_file_names *names)
{
    for (unsigned i = 0; i < names->count; i++)
        omsp_free(names->paths[i]);
    omsp_free(names);
}

struct omsp_file_names *omsp_file_names_new(const char *const *paths, unsigned count)
{
    struct omsp_file_names *names;

    if (count > MOST)
        return NULL;
    names = omsp_zalloc(sizeof(*names) + count * sizeof(names->paths[0]));
    if (!names)
        return NULL;
    atomic_init(&names->refs, 1);
    for (; names->count < count; names->count++) {
        names->paths[names->count] = omsp_strdup(paths[names->count]);
        if (!names->paths[names->count]) {
            names_free(names);
            return NULL;
        }
    }
    return names;
}

void omsp_file_names_ref(struct omsp_file_names *names)
{
    atomic_fetch_add(&names->refs, 1);
}

void omsp_file_names_release(struct omsp_file_names *names)
{
    if (names && atomic_fetch_sub(&names->refs, 1) == 1)
        names_free(names);
}
