/* Gathered interfaces, given out (interfaces.h). Not here: what they are. */
#include "msp/interfaces.h"

#include "base/alloc.h"
#include "com/collection.h"
#include "com/enumerator.h"

HRESULT msp_interfaces_room(struct msp_interfaces *all, unsigned most)
{
    all->count = 0;
    all->items = omsp_zalloc_array(most + 1, sizeof(all->items[0]));
    return all->items ? S_OK : E_OUTOFMEMORY;
}

static void drop(struct msp_interfaces *all)
{
    for (unsigned i = 0; i < all->count; i++)
        IUnknown_Release((IUnknown *)all->items[i]);
    omsp_free(all->items);
}

HRESULT msp_interfaces_enum(struct msp_interfaces *all, HRESULT hr, REFIID iid, void **out)
{
    *out = NULL;
    if (SUCCEEDED(hr))
        hr = com_enum_interfaces(iid, COM_ENUM_RESET_SKIP, (void *const *)all->items, all->count,
                                 out);
    drop(all);
    return hr;
}

HRESULT msp_interfaces_list(struct msp_interfaces *all, HRESULT hr, VARIANT *out)
{
    VariantInit(out);
    if (SUCCEEDED(hr))
        hr = com_collection_variant_of_objects(&IID_ITCollection, (void *const *)all->items,
                                               all->count, out);
    drop(all);
    return hr;
}
