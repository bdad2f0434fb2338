/* SAFEARRAYs of the types that Automation here meets. No state; any thread. */
#include "support/standin/standin.h"

/* What lies in front of the descriptor says what the elements are. */
struct described {
    VARTYPE type;
    UINT16 spare[7];
};

static struct described *described(SAFEARRAY *array)
{
    return (struct described *)array - 1;
}

static ULONG size_of(VARTYPE type)
{
    switch (type) {
    case VT_I1:
    case VT_UI1:
        return 1;
    case VT_I2:
    case VT_UI2:
    case VT_BOOL:
        return 2;
    case VT_I4:
    case VT_UI4:
    case VT_R4:
    case VT_INT:
    case VT_UINT:
    case VT_ERROR:
        return 4;
    case VT_I8:
    case VT_UI8:
    case VT_R8:
    case VT_DATE:
    case VT_CY:
        return 8;
    case VT_BSTR:
    case VT_DISPATCH:
    case VT_UNKNOWN:
        return sizeof(void *);
    case VT_VARIANT:
        return sizeof(VARIANT);
    default:
        return 0;
    }
}

static size_t elements(const SAFEARRAY *array)
{
    size_t count = 1;

    for (USHORT i = 0; i < array->cDims; i++)
        count *= array->rgsabound[i].cElements;
    return count;
}

SAFEARRAY *WINAPI SafeArrayCreate(VARTYPE type, UINT dims, SAFEARRAYBOUND *bounds)
{
    ULONG size = size_of(type);
    struct described *head;
    SAFEARRAY *array;
    size_t bytes;

    if (!size || !dims || !bounds)
        return NULL;
    bytes = sizeof(*head) + sizeof(*array) + (dims - 1) * sizeof(SAFEARRAYBOUND);
    head = CoTaskMemAlloc(bytes);
    if (!head)
        return NULL;
    memset(head, 0, bytes);
    head->type = type;
    array = (SAFEARRAY *)(head + 1);
    array->cDims = (USHORT)dims;
    array->cbElements = size;
    array->fFeatures = FADF_HAVEVARTYPE;
    array->fFeatures |= type == VT_BSTR       ? FADF_BSTR
                        : type == VT_VARIANT  ? FADF_VARIANT
                        : type == VT_UNKNOWN  ? FADF_UNKNOWN
                        : type == VT_DISPATCH ? FADF_DISPATCH
                                              : 0;
    for (UINT i = 0; i < dims; i++) /* the last comes first */
        array->rgsabound[dims - 1 - i] = bounds[i];
    bytes = elements(array) * size;
    array->pvData = CoTaskMemAlloc(bytes ? bytes : 1);
    if (!array->pvData) {
        CoTaskMemFree(head);
        return NULL;
    }
    memset(array->pvData, 0, bytes);
    return array;
}

SAFEARRAY *WINAPI SafeArrayCreateVector(VARTYPE type, LONG lower, ULONG count)
{
    SAFEARRAYBOUND bound = {count, lower};

    return SafeArrayCreate(type, 1, &bound);
}

static void clear_element(SAFEARRAY *array, void *at)
{
    if (array->fFeatures & FADF_BSTR)
        SysFreeString(*(BSTR *)at);
    else if (array->fFeatures & FADF_VARIANT)
        VariantClear(at);
    else if (array->fFeatures & (FADF_UNKNOWN | FADF_DISPATCH) && *(IUnknown **)at)
        IUnknown_Release(*(IUnknown **)at);
    memset(at, 0, array->cbElements);
}

static HRESULT set_element(SAFEARRAY *array, void *at, const void *value)
{
    HRESULT hr = S_OK;

    clear_element(array, at);
    if (array->fFeatures & FADF_BSTR) {
        BSTR text = (BSTR)(UINT_PTR)value;

        *(BSTR *)at = SysAllocStringByteLen((LPCSTR)text, SysStringByteLen(text));
        hr = *(BSTR *)at ? S_OK : E_OUTOFMEMORY;
    } else if (array->fFeatures & FADF_VARIANT) {
        hr = VariantCopy(at, (VARIANT *)(UINT_PTR)value);
    } else if (array->fFeatures & (FADF_UNKNOWN | FADF_DISPATCH)) {
        *(IUnknown **)at = (IUnknown *)(UINT_PTR)value;
        if (value)
            IUnknown_AddRef((IUnknown *)(UINT_PTR)value);
    } else {
        memcpy(at, value, array->cbElements);
    }
    return hr;
}

HRESULT WINAPI SafeArrayDestroy(SAFEARRAY *array)
{
    if (!array)
        return S_OK;
    if (array->cLocks)
        return DISP_E_ARRAYISLOCKED;
    for (size_t i = 0; i < elements(array); i++)
        clear_element(array, (char *)array->pvData + i * array->cbElements);
    CoTaskMemFree(array->pvData);
    CoTaskMemFree(described(array));
    return S_OK;
}

HRESULT WINAPI SafeArrayLock(SAFEARRAY *array)
{
    if (!array)
        return E_INVALIDARG;
    InterlockedIncrement((LONG *)&array->cLocks);
    return S_OK;
}

HRESULT WINAPI SafeArrayUnlock(SAFEARRAY *array)
{
    if (!array)
        return E_INVALIDARG;
    if (InterlockedDecrement((LONG *)&array->cLocks) < 0) {
        InterlockedIncrement((LONG *)&array->cLocks);
        return E_UNEXPECTED;
    }
    return S_OK;
}

HRESULT WINAPI SafeArrayAccessData(SAFEARRAY *array, void **data)
{
    if (!array || !data)
        return E_INVALIDARG;
    SafeArrayLock(array);
    *data = array->pvData;
    return S_OK;
}

HRESULT WINAPI SafeArrayUnaccessData(SAFEARRAY *array)
{
    return SafeArrayUnlock(array);
}

UINT WINAPI SafeArrayGetDim(SAFEARRAY *array)
{
    return array ? array->cDims : 0;
}

UINT WINAPI SafeArrayGetElemsize(SAFEARRAY *array)
{
    return array ? array->cbElements : 0;
}

HRESULT WINAPI SafeArrayGetVartype(SAFEARRAY *array, VARTYPE *type)
{
    if (!array || !type)
        return E_INVALIDARG;
    *type = described(array)->type;
    return S_OK;
}

HRESULT WINAPI SafeArrayGetLBound(SAFEARRAY *array, UINT dim, LONG *out)
{
    if (!array || !out)
        return E_INVALIDARG;
    if (!dim || dim > array->cDims)
        return DISP_E_BADINDEX;
    *out = array->rgsabound[array->cDims - dim].lLbound;
    return S_OK;
}

HRESULT WINAPI SafeArrayGetUBound(SAFEARRAY *array, UINT dim, LONG *out)
{
    HRESULT hr = SafeArrayGetLBound(array, dim, out);

    if (SUCCEEDED(hr))
        *out += (LONG)array->rgsabound[array->cDims - dim].cElements - 1;
    return hr;
}

HRESULT WINAPI SafeArrayPutElement(SAFEARRAY *array, LONG *at, void *value)
{
    size_t place = 0, step = 1;

    if (!array || !at)
        return E_INVALIDARG;
    for (USHORT i = 0; i < array->cDims; i++) {
        SAFEARRAYBOUND bound = array->rgsabound[array->cDims - 1 - i];
        INT64 index = (INT64)at[i] - bound.lLbound;

        if (index < 0 || index >= bound.cElements)
            return DISP_E_BADINDEX;
        place += (size_t)index * step;
        step *= bound.cElements;
    }
    return set_element(array, (char *)array->pvData + place * array->cbElements, value);
}

HRESULT WINAPI SafeArrayCopy(SAFEARRAY *array, SAFEARRAY **out)
{
    SAFEARRAYBOUND bounds[8];
    HRESULT hr = S_OK;

    *out = NULL;
    if (!array)
        return S_OK;
    if (array->cDims > 8)
        return E_INVALIDARG;
    for (USHORT i = 0; i < array->cDims; i++)
        bounds[i] = array->rgsabound[array->cDims - 1 - i];
    *out = SafeArrayCreate(described(array)->type, array->cDims, bounds);
    if (!*out)
        return E_OUTOFMEMORY;
    for (size_t i = 0; i < elements(array) && SUCCEEDED(hr); i++) {
        size_t offset = i * array->cbElements;
        void *from = (char *)array->pvData + offset;
        bool pointer = array->fFeatures & (FADF_BSTR | FADF_UNKNOWN | FADF_DISPATCH);

        if (pointer && !*(void **)from)
            continue;
        hr = set_element(*out, (char *)(*out)->pvData + offset, pointer ? *(void **)from : from);
    }
    if (FAILED(hr)) {
        SafeArrayDestroy(*out);
        *out = NULL;
    }
    return hr;
}
