/* The common half of the quality interfaces: which calls are answered, and with what range. */
#include "msp/property.h"

static HRESULT find(const struct msp_properties *all, bool shut, int number,
                    const struct msp_property **out)
{
    if (shut)
        return E_UNEXPECTED;
    if (number < 0 || (unsigned)number >= all->count)
        return E_INVALIDARG;
    *out = &all->table[number];
    return (*out)->kind == MSP_PROPERTY_NONE ? E_NOTIMPL : S_OK;
}

static TAPIControlFlags flags_of(const struct msp_property *property)
{
    return property->kind == MSP_PROPERTY_SET ? TAPIControl_Flags_Manual : TAPIControl_Flags_None;
}

HRESULT msp_property_range(const struct msp_properties *all, bool shut, int number, LONG *min,
                           LONG *max, LONG *step, LONG *initial, TAPIControlFlags *flags)
{
    const struct msp_property *property;
    HRESULT hr;

    if (!min || !max || !step || !initial || !flags)
        return E_POINTER;
    *min = *max = *step = *initial = 0;
    *flags = TAPIControl_Flags_None;
    hr = find(all, shut, number, &property);
    if (FAILED(hr))
        return hr;
    *min = property->min;
    *max = property->max;
    *step = property->step;
    *initial = property->initial;
    *flags = flags_of(property);
    return S_OK;
}

HRESULT msp_property_get(const struct msp_properties *all, bool shut, int number, LONG *value,
                         TAPIControlFlags *flags)
{
    const struct msp_property *property;
    HRESULT hr;

    if (!value || !flags)
        return E_POINTER;
    *value = 0;
    *flags = TAPIControl_Flags_None;
    hr = find(all, shut, number, &property);
    if (SUCCEEDED(hr))
        *flags = flags_of(property);
    return hr;
}

HRESULT msp_property_set(const struct msp_properties *all, bool shut, int number, LONG value,
                         TAPIControlFlags flags)
{
    const struct msp_property *property;
    HRESULT hr = find(all, shut, number, &property);

    if (FAILED(hr))
        return hr;
    if (property->kind != MSP_PROPERTY_SET)
        return TAPI_E_NOTSUPPORTED;
    if (flags != TAPIControl_Flags_None && flags != TAPIControl_Flags_Manual)
        return E_INVALIDARG;
    if (value < property->min || value > property->max ||
        (property->step && (value - property->min) % property->step))
        return E_INVALIDARG;
    return S_OK;
}
