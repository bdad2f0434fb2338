/* What a script reads in Err.Description. */
#ifndef OMSP_DLL_WORDS_H
#define OMSP_DLL_WORDS_H

#include <windows.h>

/* For com_dispatch_set_words: words for TAPI's own codes, which no system table has, and for those
 * whose system words would mislead; else NULL. Static text; any thread. */
const WCHAR *dll_words(HRESULT hr);

#endif
