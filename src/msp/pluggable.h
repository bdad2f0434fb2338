/*
 * Terminals of other makers: what the terminal manager's part of the registry says about them, and
 * making one (mspi.md 3.13, 4.5).
 *
 * The layout is documented under "Registry Entries (Telephony API)": below
 * HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Telephony\TerminalManager one key for each
 * superclass, named by its GUID, with a value Name; below it one key for each terminal class, named
 * by the public class's GUID, with Name, Company, Version, CLSID (REG_SZ), Directions, MediaTypes
 * (REG_DWORD). The registry is read at each question, the view of this process's width first, then
 * the other; of two entries with the same GUIDs the first counts.
 *
 * All functions may be called on any thread and hold no lock.
 */
#ifndef OMSP_MSP_PLUGGABLE_H
#define OMSP_MSP_PLUGGABLE_H

#include "com/object.h"
#include "msp/tapi.h"

#define MSP_PLUGGABLE_TEXT 256 /* WCHARs with terminator; longer values count as missing */

struct msp_pluggable_superclass {
    CLSID clsid;
    WCHAR name[MSP_PLUGGABLE_TEXT]; /* "" : none */
};

struct msp_pluggable_class {
    CLSID superclass, terminal_class, clsid;
    WCHAR name[MSP_PLUGGABLE_TEXT], company[MSP_PLUGGABLE_TEXT], version[MSP_PLUGGABLE_TEXT];
    TERMINAL_DIRECTION direction;
    LONG media; /* TAPIMEDIATYPE_*, at least one bit */
};

/* Both fill *out with an array for omsp_free (NULL when there are none). An entry without a valid
 * GUID as its name, and a class without CLSID, Directions 1..3 or MediaTypes, is passed over, for
 * no terminal could be made of it. superclass NULL: of all; media 0: of any media, else those that
 * have one of them. No key at all is no error. E_OUTOFMEMORY, also for more than 4096 of them;
 * HRESULT_FROM_WIN32 (access). */
HRESULT msp_pluggable_superclasses(struct msp_pluggable_superclass **out, unsigned *count);
HRESULT msp_pluggable_classes(const CLSID *superclass, LONG media, struct msp_pluggable_class **out,
                              unsigned *count);

/* The same as objects, in arrays of counted interfaces for msp_pluggable_drop. */
HRESULT msp_pluggable_superclass_infos(void ***out, unsigned *count);
HRESULT msp_pluggable_class_infos(const CLSID *superclass, LONG media, void ***out,
                                  unsigned *count);
void msp_pluggable_drop(void **infos, unsigned count);

/* A terminal of a registered class, initialised for the address with this token, as CreateTerminal
 * gives it out. TAPI_E_INVALIDTERMINALCLASS (not registered), TAPI_E_INVALIDMEDIATYPE,
 * TAPI_E_INVALIDDIRECTION; CoCreateInstance's codes and the terminal's own; TAPI_E_TIMEOUT;
 * msp_pluggable_classes' codes. *out NULL on failure. */
HRESULT msp_pluggable_create(const CLSID *terminal_class, LONG media, TERMINAL_DIRECTION direction,
                             MSP_HANDLE token, ITTerminal **out);

extern const struct com_class msp_superclass_info_class, msp_class_info_class;

#endif
