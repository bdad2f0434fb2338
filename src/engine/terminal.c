/* What all terminals have in common. */
#include "engine/objects.h"

#include "base/alloc.h"

void omsp_terminal_init(struct omsp_terminal *terminal, struct omsp_address *address,
                        enum omsp_terminal_kind kind, enum omsp_direction direction, uint32_t media,
                        const struct omsp_terminal_ops *ops,
                        void (*destroy)(struct omsp_terminal *terminal))
{
    atomic_init(&terminal->refs, 1);
    atomic_init(&terminal->in_use, false);
    terminal->id = omsp_engine_new_id(address->engine);
    terminal->kind = kind;
    terminal->direction = direction;
    terminal->media = media;
    terminal->ops = ops;
    terminal->destroy = destroy;
    terminal->address = address;
    omsp_address_ref(address);
}

void omsp_terminal_ref(struct omsp_terminal *terminal)
{
    atomic_fetch_add(&omsp_terminal_whole(terminal)->refs, 1);
}

void omsp_terminal_release(struct omsp_terminal *terminal)
{
    struct omsp_address *address;

    if (!terminal)
        return;
    terminal = omsp_terminal_whole(terminal);
    if (atomic_fetch_sub(&terminal->refs, 1) != 1)
        return;
    address = terminal->address;
    terminal->destroy(terminal);
    omsp_address_release(address);
}

uint32_t omsp_terminal_id(const struct omsp_terminal *terminal)
{
    return terminal->id;
}

enum omsp_terminal_kind omsp_terminal_get_kind(const struct omsp_terminal *terminal)
{
    return terminal->kind;
}

enum omsp_direction omsp_terminal_direction(const struct omsp_terminal *terminal)
{
    return terminal->direction;
}

uint32_t omsp_terminal_media(const struct omsp_terminal *terminal)
{
    return terminal->media;
}

bool omsp_terminal_in_use(struct omsp_terminal *terminal)
{
    return atomic_load(&terminal->in_use);
}
