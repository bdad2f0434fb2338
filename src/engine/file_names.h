/*
 * The names of a file terminal's files: a list that never changes, shared by whoever asks for it.
 * Any thread, under any lock.
 */
#ifndef OMSP_ENGINE_FILE_NAMES_H
#define OMSP_ENGINE_FILE_NAMES_H

#include "engine/engine.h"

/* Copies them. NULL: out of memory. */
struct omsp_file_names *omsp_file_names_new(const char *const *paths, unsigned count);
void omsp_file_names_ref(struct omsp_file_names *names);

#endif
