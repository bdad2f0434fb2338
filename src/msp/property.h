/*
 * Numbered properties with a range, as the quality interfaces of ipmsp.h have them (mspi.md 4.6):
 * what every GetRange, Get and Set does alike. The choices are in docs/choices.md. Pure.
 */
#ifndef OMSP_MSP_PROPERTY_H
#define OMSP_MSP_PROPERTY_H

#include "msp/tapi.h"

#include <stdbool.h>

enum msp_property_kind {
    MSP_PROPERTY_NONE, /* has a number and nothing behind it: E_NOTIMPL */
    MSP_PROPERTY_READ, /* a figure; Set answers TAPI_E_NOTSUPPORTED */
    MSP_PROPERTY_SET,
};

struct msp_property {
    enum msp_property_kind kind;
    LONG min, max, step, initial;
};

/* By property number. */
struct msp_properties {
    const struct msp_property *table;
    unsigned count;
};
#define MSP_PROPERTIES(array)                                                                      \
    {                                                                                              \
        (array), sizeof(array) / sizeof((array)[0])                                                \
    }

/* Each in this order: pointers E_POINTER, shut E_UNEXPECTED, a number that is none E_INVALIDARG, a
 * property without anything behind it E_NOTIMPL. */
HRESULT msp_property_range(const struct msp_properties *all, bool shut, int number, LONG *min,
                           LONG *max, LONG *step, LONG *initial, TAPIControlFlags *flags);
/* Before the value is looked up; fills *flags. */
HRESULT msp_property_get(const struct msp_properties *all, bool shut, int number, LONG *value,
                         TAPIControlFlags *flags);
/* Before the value is set: also TAPI_E_NOTSUPPORTED; E_INVALIDARG: out of range, between two steps,
 * flags that are neither Manual nor None (nothing here adjusts itself). */
HRESULT msp_property_set(const struct msp_properties *all, bool shut, int number, LONG value,
                         TAPIControlFlags flags);

#endif
