/*
 * One snapshot enumerator for every IEnumXxx: of interface pointers, of GUIDs, of VARIANTs. The set
 * is fixed and referenced at creation; zero elements are legal. Free-threaded; Clone shares the
 * snapshot and starts at the same position. Next: S_OK when all were delivered, else S_FALSE with
 * the rest of the array cleared; a NULL count is allowed for one element. Source: mspi §3.2.
 *
 * All return a counted interface of that iid in *out; *out is NULL on failure. E_POINTER: out NULL
 * (or items NULL with count > 0). E_OUTOFMEMORY.
 */
#ifndef OMSP_COM_ENUMERATOR_H
#define OMSP_COM_ENUMERATOR_H

#include <windows.h>
#include <ole2.h>

/* The two orders of methods in use; the wrong one would mix up Skip and Reset. */
enum com_enum_order {
    COM_ENUM_SKIP_RESET, /* Next, Skip, Reset, Clone: IEnumVARIANT, IEnumUnknown, IEnumConnections
                          */
    COM_ENUM_RESET_SKIP, /* Next, Reset, Skip, Clone: every enumerator of TAPI 3 */
};

/* items: interface pointers of the enumerator's element type, none NULL; each is AddRef'ed. They
 * must be agile, for they are handed out on whatever thread asks. */
HRESULT com_enum_interfaces(REFIID iid, enum com_enum_order order, void *const *items, size_t count,
                            void **out);
HRESULT com_enum_guids(REFIID iid, enum com_enum_order order, const GUID *items, size_t count,
                       void **out);
/* iid IEnumVARIANT; each is copied with VariantCopy. */
HRESULT com_enum_variants(const VARIANT *items, size_t count, void **out);
/* As com_enum_interfaces, for elements that are no plain pointers. */
struct com_enum_kind {
    size_t item_size;    /* of an item in the snapshot, bytes */
    size_t element_size; /* of what Next delivers, bytes */
    /* Copies an item into the snapshot with a reference of its own. */
    HRESULT (*hold)(void *to, const void *from);
    /* Ends what hold began. NULL: nothing to do. */
    void (*drop)(void *item);
    /* Delivers into zeroed memory of Next's caller, on its thread. S_FALSE: passed over, for it is
     * gone. A failure ends Next; the item is still to come. */
    HRESULT (*get)(void *element, const void *item);
};
HRESULT com_enum_create(REFIID iid, enum com_enum_order order, const struct com_enum_kind *kind,
                        const void *items, size_t count, void **out);

#endif
