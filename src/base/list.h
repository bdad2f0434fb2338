/* An intrusive doubly linked list with a sentinel. Not thread-safe; owner's lock. */
#ifndef OMSP_BASE_LIST_H
#define OMSP_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct omsp_link {
    struct omsp_link *prev, *next;
};

static inline void omsp_list_init(struct omsp_link *head)
{
    head->prev = head->next = head;
}
static inline bool omsp_list_empty(const struct omsp_link *head)
{
    return head->next == head;
}
/* Before `at`: with the head as `at`, appends to the end. */
static inline void omsp_list_insert(struct omsp_link *at, struct omsp_link *link)
{
    link->prev = at->prev;
    link->next = at;
    at->prev->next = link;
    at->prev = link;
}
/* Leaves the link pointing at itself, so removing twice is harmless. */
static inline void omsp_list_remove(struct omsp_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = link;
}

#define omsp_container(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define omsp_list_each(it, head)                                                                   \
    for (struct omsp_link *it = (head)->next; it != (head); it = it->next)
#define omsp_list_each_safe(it, head)                                                              \
    for (struct omsp_link *it = (head)->next, *it##_next = it->next; it != (head);                 \
         it = it##_next, it##_next = it->next)

#endif
