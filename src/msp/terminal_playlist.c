/*
 * Lists of file names as Automation writes them. Pure over its arguments, which a script may have
 * made of anything; any thread.
 */
#include "msp/terminal.h"

#include "base/alloc.h"

HRESULT msp_file_name(BSTR name, char **out)
{
    HRESULT hr;

    *out = NULL;
    if (!name || !name[0])
        return E_INVALIDARG;
    *out = msp_utf8(name, &hr);
    return *out ? S_OK : hr;
}

/* Follows VT_BYREF|VT_VARIANT; a reference to a reference is not legal and ends it. */
static const VARIANT *behind(const VARIANT *value)
{
    if (value->vt == (VT_BYREF | VT_VARIANT) && value->pvarVal)
        return value->pvarVal;
    return value;
}

/* The name in one element, or what is wrong with it. */
static HRESULT element_name(const VARIANT *element, BSTR *out)
{
    element = behind(element);
    switch (element->vt) {
    case VT_BSTR:
        *out = element->bstrVal;
        return S_OK;
    case VT_BSTR | VT_BYREF:
        if (!element->pbstrVal)
            return E_INVALIDARG;
        *out = *element->pbstrVal;
        return S_OK;
    case VT_STORAGE:
    case VT_STREAM:
    case VT_UNKNOWN:
    case VT_DISPATCH:
        return TAPI_E_NOTSUPPORTED; /* only files by name are played */
    default:
        return E_INVALIDARG;
    }
}

static HRESULT add(struct msp_playlist *list, BSTR name)
{
    HRESULT hr = msp_file_name(name, &list->paths[list->count]);

    list->count += SUCCEEDED(hr);
    return hr;
}

static HRESULT make_room(struct msp_playlist *list, ULONG count)
{
    if (count == 0 || count > MSP_PLAYLIST_MAX)
        return E_INVALIDARG;
    list->paths = omsp_zalloc_array(count, sizeof(*list->paths));
    return list->paths ? S_OK : E_OUTOFMEMORY;
}

static HRESULT read_array(SAFEARRAY *array, VARTYPE type, struct msp_playlist *list)
{
    ULONG size = type == VT_VARIANT ? sizeof(VARIANT) : sizeof(BSTR);
    char *data;
    HRESULT hr;

    /* What the VARIANT says of the elements must be what the array holds. */
    if (!array || SafeArrayGetDim(array) != 1 || SafeArrayGetElemsize(array) != size)
        return E_INVALIDARG;
    hr = make_room(list, array->rgsabound[0].cElements);
    if (FAILED(hr))
        return hr;
    hr = SafeArrayAccessData(array, (void **)&data);
    if (FAILED(hr))
        return hr;
    for (ULONG i = 0; SUCCEEDED(hr) && i < array->rgsabound[0].cElements; i++) {
        BSTR name = NULL;

        if (type == VT_VARIANT)
            hr = element_name((const VARIANT *)data + i, &name);
        else
            name = ((BSTR *)data)[i];
        if (SUCCEEDED(hr))
            hr = add(list, name);
    }
    SafeArrayUnaccessData(array);
    return hr;
}

static HRESULT read_list(const VARIANT *value, struct msp_playlist *list)
{
    VARTYPE type = value->vt & VT_TYPEMASK;
    BSTR name;
    HRESULT hr;

    if (value->vt & VT_ARRAY) {
        bool by_reference = (value->vt & VT_BYREF) != 0;

        if ((type != VT_VARIANT && type != VT_BSTR) || (by_reference && !value->pparray))
            return E_INVALIDARG;
        return read_array(by_reference ? *value->pparray : value->parray, type, list);
    }
    hr = element_name(value, &name);
    if (SUCCEEDED(hr))
        hr = make_room(list, 1);
    return FAILED(hr) ? hr : add(list, name);
}

HRESULT msp_playlist_read(const VARIANT *value, struct msp_playlist *out)
{
    HRESULT hr;

    memset(out, 0, sizeof(*out));
    hr = read_list(behind(value), out);
    if (FAILED(hr))
        msp_playlist_clear(out);
    return hr;
}

void msp_playlist_clear(struct msp_playlist *list)
{
    for (unsigned i = 0; i < list->count; i++)
        omsp_free(list->paths[i]);
    omsp_free(list->paths);
    list->paths = NULL;
    list->count = 0;
}

/* The array's elements are empty until they are filled in. */
static HRESULT write_names(const struct omsp_file_names *names, SAFEARRAY *array)
{
    VARIANT *elements;
    HRESULT hr = SafeArrayAccessData(array, (void **)&elements);

    if (FAILED(hr))
        return hr;
    for (unsigned i = 0; SUCCEEDED(hr) && i < names->count; i++) {
        elements[i].bstrVal = msp_bstr(names->paths[i]);
        if (elements[i].bstrVal)
            elements[i].vt = VT_BSTR;
        else
            hr = E_OUTOFMEMORY;
    }
    SafeArrayUnaccessData(array);
    return hr;
}

HRESULT msp_playlist_write(const struct omsp_file_names *names, VARIANT *out)
{
    HRESULT hr;

    VariantInit(out);
    out->parray = SafeArrayCreateVector(VT_VARIANT, 0, names->count);
    if (!out->parray)
        return E_OUTOFMEMORY;
    out->vt = VT_ARRAY | VT_VARIANT;
    hr = write_names(names, out->parray);
    if (FAILED(hr))
        VariantClear(out);
    return hr;
}
