/* COM_VTABLE for vtables that a class in another file lists: the same layout, with a name that a
 * header can declare. */
#ifndef OMSP_MSP_VTABLE_H
#define OMSP_MSP_VTABLE_H

#include "com/object.h"

#define MSP_VTABLE_TYPE(I)                                                                         \
    struct msp_vtable_##I {                                                                        \
        struct com_vtable_head head;                                                               \
        I##Vtbl vtbl;                                                                              \
    }
#define MSP_VTABLE(name, I, type, member, table, ...)                                              \
    _Static_assert(_Generic(((type *)0)->member, I : 1, default : 0),                              \
                   "the slot is not of the vtable's interface");                                   \
    const struct msp_vtable_##I name = {                                                           \
        {(table), offsetof(type, member), sizeof(I##Vtbl) / sizeof(void *)}, {__VA_ARGS__}}

#endif
