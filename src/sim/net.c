/*
 * The simulated wire: which addresses are ours, and what happens to a datagram between leaving and
 * arriving. Not the sockets (loop.c).
 */
#include "sim/machine.h"

#include "base/alloc.h"

#include <string.h>

void sim_net_init(struct omsp_sim *sim)
{
    for (int i = 0; i < SIM_BUCKETS; i++)
        omsp_list_init(&sim->buckets[i]);
    sim->fallback.any_from = sim->fallback.any_to = true;
    sim->fallback.link.delay_us = 100;
    sim->next_port = 20000;
    sim->receive_buffer = 1048576;
}

void sim_net_clear(struct omsp_sim *sim)
{
    omsp_free(sim->rules);
}

/* ---- addresses ----------------------------------------------------------------------------- */

bool sim_is_wildcard(const struct omsp_addr *addr)
{
    static const uint8_t zero[16];

    return memcmp(addr->ip, zero, sizeof(zero)) == 0;
}

static bool is_loopback(const struct omsp_addr *addr)
{
    static const uint8_t one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    return addr->family == 4 ? addr->ip[0] == 127 : memcmp(addr->ip, one, sizeof(one)) == 0;
}

static void set_loopback(struct omsp_addr *addr)
{
    memset(addr->ip, 0, sizeof(addr->ip));
    addr->ip[15] = addr->family == 6;
    if (addr->family == 4) {
        addr->ip[0] = 127;
        addr->ip[3] = 1;
    }
}

bool sim_is_local(const struct omsp_sim *sim, const struct omsp_addr *addr)
{
    if (sim_is_wildcard(addr) || is_loopback(addr))
        return true;
    for (unsigned i = 0; i < sim->ip_count; i++) {
        if (omsp_addr_same_ip(&sim->ips[i], addr))
            return true;
    }
    return false;
}

void sim_pick_source(const struct omsp_sim *sim, const struct omsp_addr *to, struct omsp_addr *from)
{
    if (!sim_is_wildcard(from))
        return;
    for (unsigned i = 0; !is_loopback(to) && i < sim->ip_count; i++) {
        if (sim->ips[i].family == from->family) {
            memcpy(from->ip, sim->ips[i].ip, sizeof(from->ip));
            return;
        }
    }
    set_loopback(from);
}

enum omsp_status omsp_sim_add_ip(struct omsp_sim *sim, const struct omsp_addr *ip)
{
    if (sim_is_local(sim, ip))
        return OMSP_OK;
    if (sim->ip_count == OMSP_SIM_MAX_IPS)
        return OMSP_FULL;
    sim->ips[sim->ip_count++] = *ip;
    return OMSP_OK;
}

/* ---- links --------------------------------------------------------------------------------- */

static bool same_end(bool any_a, const struct omsp_addr *a, bool any_b, const struct omsp_addr *b)
{
    return any_a == any_b && (any_a || omsp_addr_equal(a, b));
}

static bool fits(bool any, const struct omsp_addr *end, const struct omsp_addr *addr)
{
    return any || (omsp_addr_same_ip(end, addr) && (!end->port || end->port == addr->port));
}

enum omsp_status omsp_sim_set_link(struct omsp_sim *sim, const struct omsp_addr *from,
                                   const struct omsp_addr *to, const struct omsp_sim_link *link)
{
    struct sim_rule rule = {.any_from = !from, .any_to = !to, .link = *link}, *rules;

    if (from)
        rule.from = *from;
    if (to)
        rule.to = *to;
    rules = omsp_resize(sim->rules, (sim->rule_count + 1) * sizeof(*rules));
    if (!rules)
        return OMSP_NOMEM;
    sim->rules = rules;
    for (size_t i = 0; i < sim->rule_count; i++) {
        if (same_end(rules[i].any_from, &rules[i].from, rule.any_from, &rule.from) &&
            same_end(rules[i].any_to, &rules[i].to, rule.any_to, &rule.to)) {
            rule.last = rules[i].last; /* what is under way is not overtaken */
            sim->rule_count--;
            memmove(&rules[i], &rules[i + 1], (sim->rule_count - i) * sizeof(*rules));
            break;
        }
    }
    rules[sim->rule_count++] = rule;
    return OMSP_OK;
}

static struct sim_rule *rule_for(struct omsp_sim *sim, const struct omsp_addr *from,
                                 const struct omsp_addr *to)
{
    for (size_t i = sim->rule_count; i-- > 0;) {
        struct sim_rule *rule = &sim->rules[i];

        if (fits(rule->any_from, &rule->from, from) && fits(rule->any_to, &rule->to, to))
            return rule;
    }
    return &sim->fallback;
}

static bool lost(struct omsp_sim *sim, struct sim_rule *rule)
{
    if (rule->to_lose) {
        rule->to_lose--;
        return true;
    }
    if (!sim_dice_hit(&sim->net_dice, rule->link.loss_ppm))
        return false;
    rule->to_lose = rule->link.loss_burst > 1 ? rule->link.loss_burst - 1 : 0;
    return true;
}

static uint64_t arrival(struct omsp_sim *sim, struct sim_rule *rule)
{
    uint64_t at =
        sim->now + rule->link.delay_us + sim_dice_upto(&sim->net_dice, rule->link.jitter_us);

    if (sim_dice_hit(&sim->net_dice, rule->link.reorder_ppm)) {
        sim->counters.reordered++;
        return at + rule->link.reorder_us;
    }
    if (at < rule->last)
        at = rule->last;
    rule->last = at;
    return at;
}

static enum omsp_status carry(struct omsp_sim *sim, struct sim_rule *rule,
                              const struct omsp_addr *from, const struct omsp_addr *to,
                              const void *data, size_t len)
{
    uint64_t at = arrival(sim, rule);
    struct sim_packet *packet = omsp_alloc(sizeof(*packet) + len);

    if (!packet)
        return OMSP_NOMEM;
    packet->from = *from;
    packet->to = *to;
    packet->udp = NULL;
    packet->len = len;
    if (len)
        memcpy(packet->data, data, len);
    return sim_push_arrival(sim, at, packet);
}

enum omsp_status sim_net_send(struct omsp_sim *sim, const struct omsp_addr *from,
                              const struct omsp_addr *to, const void *data, size_t len)
{
    struct sim_rule *rule = rule_for(sim, from, to);
    enum omsp_status status;

    if (sim->tap)
        sim->tap(sim->tap_ctx, from, to, data, len);
    if (lost(sim, rule)) {
        sim->counters.sent++;
        sim->counters.lost++;
        return OMSP_OK;
    }
    status = carry(sim, rule, from, to, data, len);
    if (status != OMSP_OK)
        return status;
    sim->counters.sent++;
    if (sim_dice_hit(&sim->net_dice, rule->link.duplicate_ppm) &&
        carry(sim, rule, from, to, data, len) == OMSP_OK)
        sim->counters.duplicated++;
    return OMSP_OK;
}

enum omsp_status omsp_sim_inject(struct omsp_sim *sim, const struct omsp_addr *from,
                                 const struct omsp_addr *to, const void *data, size_t len)
{
    if (from->family != to->family)
        return OMSP_INVALID;
    return sim_net_send(sim, from, to, data, len);
}

void omsp_sim_set_tap(struct omsp_sim *sim, omsp_sim_tap_fn fn, void *ctx)
{
    sim->tap = fn;
    sim->tap_ctx = ctx;
}

void omsp_sim_set_receive_buffer(struct omsp_sim *sim, size_t bytes)
{
    sim->receive_buffer = bytes;
}

void omsp_sim_get_counters(const struct omsp_sim *sim, struct omsp_sim_counters *out)
{
    *out = sim->counters;
}
