/*
 * VARIANTs: clearing and copying by type, and the conversions of Automation in the neutral locale.
 * No state; any thread.
 */
#include "support/standin/standin.h"

#include <strings.h>

VOID WINAPI VariantInit(VARIANTARG *out)
{
    memset(out, 0, sizeof(*out));
}

static bool known(VARTYPE type)
{
    VARTYPE base = type & VT_TYPEMASK;

    if (type & ~(VT_TYPEMASK | VT_BYREF | VT_ARRAY))
        return false;
    if ((type & (VT_BYREF | VT_ARRAY)) && base <= VT_NULL)
        return false;
    return base <= VT_DECIMAL || (base >= VT_I1 && base <= VT_UINT) || base == VT_RECORD;
}

HRESULT WINAPI VariantClear(VARIANTARG *at)
{
    HRESULT hr = S_OK;

    if (!at)
        return E_INVALIDARG;
    if (!known(at->vt))
        return DISP_E_BADVARTYPE;
    if (!(at->vt & VT_BYREF)) {
        if (at->vt & VT_ARRAY)
            hr = SafeArrayDestroy(at->parray);
        else if (at->vt == VT_BSTR)
            SysFreeString(at->bstrVal);
        else if ((at->vt == VT_DISPATCH || at->vt == VT_UNKNOWN) && at->punkVal)
            IUnknown_Release(at->punkVal);
    }
    if (SUCCEEDED(hr))
        at->vt = VT_EMPTY;
    return hr;
}

/* to: nothing in it. What cannot be copied is left as a type without a value, as OLE does. */
static HRESULT copy(VARIANT *to, const VARIANT *from)
{
    *to = *from;
    if (from->vt & VT_BYREF)
        return S_OK;
    if (from->vt & VT_ARRAY)
        return SafeArrayCopy(from->parray, &to->parray);
    if (from->vt == VT_BSTR && from->bstrVal) {
        to->bstrVal = SysAllocStringByteLen((LPCSTR)from->bstrVal, SysStringByteLen(from->bstrVal));
        return to->bstrVal ? S_OK : E_OUTOFMEMORY;
    }
    if ((from->vt == VT_DISPATCH || from->vt == VT_UNKNOWN) && from->punkVal)
        IUnknown_AddRef(from->punkVal);
    return S_OK;
}

HRESULT WINAPI VariantCopy(VARIANTARG *to, const VARIANTARG *from)
{
    HRESULT hr;

    if (to == from)
        return S_OK;
    if (!known(from->vt))
        return DISP_E_BADVARTYPE;
    hr = VariantClear(to);
    return SUCCEEDED(hr) ? copy(to, from) : hr;
}

/* The value behind references; not counted. False: one that is none of Automation's. */
static bool look_behind(VARIANT *out, const VARIANT *from)
{
    *out = *from;
    if (!(from->vt & VT_BYREF))
        return true;
    if (!from->byref)
        return false;
    if (from->vt == (VT_BYREF | VT_VARIANT)) {
        *out = *from->pvarVal;
        return !(out->vt & VT_BYREF);
    }
    out->vt = from->vt & ~VT_BYREF;
    if (from->vt & VT_ARRAY) {
        out->parray = *from->pparray;
        return true;
    }
    switch (out->vt) {
    case VT_I1:
    case VT_UI1:
        out->bVal = *from->pbVal;
        return true;
    case VT_I2:
    case VT_UI2:
    case VT_BOOL:
        out->iVal = *from->piVal;
        return true;
    case VT_I4:
    case VT_UI4:
    case VT_INT:
    case VT_UINT:
    case VT_R4:
    case VT_ERROR:
        out->lVal = *from->plVal;
        return true;
    case VT_I8:
    case VT_UI8:
    case VT_R8:
    case VT_DATE:
    case VT_CY:
    case VT_BSTR:
    case VT_DISPATCH:
    case VT_UNKNOWN:
        out->llVal = *from->pllVal;
        return true;
    default:
        return false;
    }
}

/* ---- numbers --------------------------------------------------------------------------------- */

static bool ascii(const BSTR text, char *out, size_t room)
{
    UINT length = SysStringLen(text);

    if (length >= room)
        return false;
    for (UINT i = 0; i < length; i++) {
        if (!text[i] || text[i] > 126)
            return false;
        out[i] = (char)text[i];
    }
    out[length] = 0;
    return true;
}

static HRESULT number_of_text(const BSTR text, double *out)
{
    char narrow[128], *end;

    if (!ascii(text, narrow, sizeof(narrow)) || strpbrk(narrow, "xXnNpP"))
        return DISP_E_TYPEMISMATCH;
    *out = strtod(narrow, &end);
    if (end == narrow)
        return DISP_E_TYPEMISMATCH;
    while (*end == ' ')
        end++;
    return *end ? DISP_E_TYPEMISMATCH : isinf(*out) ? DISP_E_OVERFLOW : S_OK;
}

/* Whatever is a number, exactly as far as a double goes; 64-bit ones keep theirs in *whole. */
static HRESULT number_of(const VARIANT *from, double *out, INT64 *whole, bool *is_whole)
{
    *is_whole = true;
    switch (from->vt) {
    case VT_EMPTY:
        *whole = 0;
        break;
    case VT_I1:
        *whole = from->cVal;
        break;
    case VT_UI1:
        *whole = from->bVal;
        break;
    case VT_I2:
    case VT_BOOL:
        *whole = from->iVal;
        break;
    case VT_UI2:
        *whole = from->uiVal;
        break;
    case VT_I4:
    case VT_INT:
        *whole = from->lVal;
        break;
    case VT_UI4:
    case VT_UINT:
        *whole = from->ulVal;
        break;
    case VT_I8:
        *whole = from->llVal;
        break;
    case VT_UI8:
        *is_whole = from->ullVal <= INT64_MAX;
        *whole = (INT64)from->ullVal;
        *out = (double)from->ullVal;
        return S_OK;
    case VT_CY:
        *is_whole = false;
        *out = (double)from->cyVal.int64 / 10000;
        return S_OK;
    case VT_R4:
        *is_whole = false;
        *out = from->fltVal;
        return S_OK;
    case VT_R8:
    case VT_DATE:
        *is_whole = false;
        *out = from->dblVal;
        return S_OK;
    case VT_BSTR:
        *is_whole = false;
        return number_of_text(from->bstrVal, out);
    default:
        return DISP_E_TYPEMISMATCH;
    }
    *out = (double)*whole;
    return S_OK;
}

static HRESULT to_whole(const VARIANT *from, INT64 least, INT64 most, INT64 *out)
{
    bool is_whole;
    double value = 0;
    HRESULT hr = number_of(from, &value, out, &is_whole);

    if (FAILED(hr))
        return hr;
    if (!is_whole) {
        value = nearbyint(value); /* to even */
        if (!(value >= -9.2e18 && value <= 9.2e18))
            return DISP_E_OVERFLOW;
        *out = (INT64)value;
    }
    return *out < least || *out > most ? DISP_E_OVERFLOW : S_OK;
}

/* ---- other types ----------------------------------------------------------------------------- */

static HRESULT to_bool(const VARIANT *from, VARIANT_BOOL *out)
{
    char narrow[16];
    double value = 0;
    INT64 whole;
    bool is_whole;
    HRESULT hr;

    if (from->vt == VT_BSTR && ascii(from->bstrVal, narrow, sizeof(narrow))) {
        bool yes = !strcasecmp(narrow, "true") || !strcmp(narrow, "#TRUE#");

        if (yes || !strcasecmp(narrow, "false") || !strcmp(narrow, "#FALSE#")) {
            *out = yes ? VARIANT_TRUE : VARIANT_FALSE;
            return S_OK;
        }
    }
    hr = number_of(from, &value, &whole, &is_whole);
    if (SUCCEEDED(hr))
        *out = value != 0 ? VARIANT_TRUE : VARIANT_FALSE; /* NaN is not zero */
    return hr;
}

static HRESULT to_text(const VARIANT *from, BSTR *out)
{
    char narrow[64] = "";
    WCHAR wide[64];
    double value = 0;
    INT64 whole;
    bool is_whole;
    HRESULT hr = S_OK;

    if (from->vt == VT_BOOL) {
        strcpy(narrow, from->boolVal ? "True" : "False");
    } else if (from->vt != VT_EMPTY) {
        hr = number_of(from, &value, &whole, &is_whole);
        if (SUCCEEDED(hr) && is_whole)
            snprintf(narrow, sizeof(narrow), "%lld", (long long)whole);
        else if (SUCCEEDED(hr))
            snprintf(narrow, sizeof(narrow), "%.15g", value);
    }
    if (FAILED(hr))
        return hr;
    for (size_t i = 0; i <= strlen(narrow); i++)
        wide[i] = (WCHAR)narrow[i];
    *out = SysAllocString(wide);
    return *out ? S_OK : E_OUTOFMEMORY;
}

/* An object's value is its default property. */
static HRESULT value_of_object(const VARIANT *from, VARIANT *out)
{
    DISPPARAMS none = {0};

    if (!from->pdispVal)
        return DISP_E_TYPEMISMATCH;
    if (FAILED(IDispatch_Invoke(from->pdispVal, DISPID_VALUE, &IID_NULL, LOCALE_NEUTRAL,
                                DISPATCH_PROPERTYGET, &none, out, NULL, NULL)))
        return DISP_E_TYPEMISMATCH;
    return S_OK;
}

static HRESULT to_object(const VARIANT *from, VARTYPE type, IUnknown **out)
{
    if (from->vt != VT_DISPATCH && from->vt != VT_UNKNOWN)
        return DISP_E_TYPEMISMATCH;
    *out = NULL;
    if (!from->punkVal)
        return S_OK;
    return IUnknown_QueryInterface(
        from->punkVal, type == VT_DISPATCH ? &IID_IDispatch : &IID_IUnknown, (void **)out);
}

static const struct range {
    VARTYPE type;
    INT64 least, most;
} ranges[] = {
    {VT_I1, -128, 127},      {VT_UI1, 0, 255},          {VT_I2, -32768, 32767},
    {VT_UI2, 0, 65535},      {VT_I4, INT_MIN, INT_MAX}, {VT_INT, INT_MIN, INT_MAX},
    {VT_UI4, 0, UINT32_MAX}, {VT_UINT, 0, UINT32_MAX},  {VT_I8, INT64_MIN, INT64_MAX},
    {VT_UI8, 0, INT64_MAX},
};

static HRESULT to_number(const VARIANT *from, VARTYPE type, VARIANT *out)
{
    double value = 0;
    INT64 whole;
    bool is_whole;
    HRESULT hr;

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (ranges[i].type != type)
            continue;
        hr = to_whole(from, ranges[i].least, ranges[i].most, &whole);
        if (SUCCEEDED(hr))
            out->llVal = whole;
        return hr;
    }
    hr = number_of(from, &value, &whole, &is_whole);
    if (FAILED(hr))
        return hr;
    if (type == VT_R4) {
        if (fabs(value) > 3.402823466e38)
            return DISP_E_OVERFLOW;
        out->fltVal = (float)value;
    } else {
        out->dblVal = value;
    }
    return S_OK;
}

static HRESULT convert(VARIANT *out, const VARIANT *from, VARTYPE type)
{
    VARIANT value;
    HRESULT hr;

    VariantInit(out);
    if (from->vt == type)
        return copy(out, from);
    if (type & VT_ARRAY || from->vt & VT_ARRAY)
        return DISP_E_TYPEMISMATCH;
    if (from->vt == VT_DISPATCH && type != VT_UNKNOWN) {
        VariantInit(&value);
        hr = value_of_object(from, &value);
        if (SUCCEEDED(hr))
            hr = value.vt == VT_DISPATCH ? DISP_E_TYPEMISMATCH : convert(out, &value, type);
        VariantClear(&value);
        return hr;
    }
    switch (type) {
    case VT_EMPTY:
    case VT_NULL:
    case VT_ERROR:
        hr = DISP_E_TYPEMISMATCH;
        break;
    case VT_BOOL:
        hr = to_bool(from, &out->boolVal);
        break;
    case VT_BSTR:
        hr = to_text(from, &out->bstrVal);
        break;
    case VT_DISPATCH:
    case VT_UNKNOWN:
        hr = to_object(from, type, &out->punkVal);
        break;
    case VT_I1:
    case VT_UI1:
    case VT_I2:
    case VT_UI2:
    case VT_I4:
    case VT_UI4:
    case VT_INT:
    case VT_UINT:
    case VT_I8:
    case VT_UI8:
    case VT_R4:
    case VT_R8:
        hr = to_number(from, type, out);
        break;
    default:
        hr = DISP_E_BADVARTYPE;
    }
    if (SUCCEEDED(hr))
        out->vt = type;
    return hr;
}

HRESULT WINAPI VariantChangeTypeEx(VARIANTARG *to, const VARIANTARG *from, LCID lcid, USHORT flags,
                                   VARTYPE type)
{
    VARIANT behind, made;
    HRESULT hr;

    (void)lcid, (void)flags;
    if (!known(from->vt) || (type & VT_BYREF))
        return DISP_E_BADVARTYPE;
    if (!look_behind(&behind, from))
        return DISP_E_TYPEMISMATCH;
    hr = convert(&made, &behind, type);
    if (FAILED(hr))
        return hr;
    hr = VariantClear(to);
    if (FAILED(hr)) {
        VariantClear(&made);
        return hr;
    }
    *to = made;
    return S_OK;
}

HRESULT WINAPI VariantChangeType(VARIANTARG *to, const VARIANTARG *from, USHORT flags, VARTYPE type)
{
    return VariantChangeTypeEx(to, from, LOCALE_NEUTRAL, flags, type);
}
