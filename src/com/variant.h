/*
 * VariantCopy as this project's answers need it: what could not be copied leaves the target empty,
 * where OLE leaves a type without a value.
 */
#ifndef OMSP_COM_VARIANT_H
#define OMSP_COM_VARIANT_H

#include <windows.h>

#include <oleauto.h>

/* to: nothing that would have to be cleared. VariantCopy's errors. */
static inline HRESULT com_variant_copy(VARIANT *to, const VARIANT *from)
{
    HRESULT hr;

    VariantInit(to);
    hr = VariantCopy(to, (VARIANT *)(UINT_PTR)from);
    if (FAILED(hr))
        VariantInit(to);
    return hr;
}

#endif
