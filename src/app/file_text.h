/* Small text files as the editors and shells of Windows write them. Any thread. */
#ifndef OMSP_APP_FILE_TEXT_H
#define OMSP_APP_FILE_TEXT_H

#include <stddef.h>

/* Makes UTF-8 without a mark of what a file holds: UTF-8 with a byte order mark (Notepad), UTF-16
 * with one (a shell's `>`), or UTF-8, which stays. In place, room bytes; answers the length, 0 when
 * it does not fit or there is nothing. Copies of the text are wiped. */
size_t file_text_plain(char *bytes, size_t len, size_t room);

#endif
