/* Nothing is visited of what is refused; what is visited lies inside; blocks are as many as said.
 * What is built of any numbers is taken apart to the same. */
#include "fuzz.h"

#include "media/rtcp.h"

struct seen {
    const uint8_t *data;
    size_t size;
    unsigned visits, expected_blocks;
};

static void on_sender(void *ctx, uint32_t ssrc, const struct omsp_rtcp_sender_info *info)
{
    struct seen *seen = ctx;

    (void)ssrc, (void)info;
    FUZZ_CHECK(seen->expected_blocks == 0);
    seen->visits++;
}

static void on_reporter(void *ctx, uint32_t ssrc, unsigned blocks)
{
    struct seen *seen = ctx;

    (void)ssrc;
    FUZZ_CHECK(blocks <= OMSP_RTCP_MAX_BLOCKS && seen->expected_blocks == 0);
    seen->expected_blocks = blocks;
    seen->visits++;
}

static void on_block(void *ctx, uint32_t reporter, const struct omsp_rtcp_block *block)
{
    struct seen *seen = ctx;

    (void)reporter;
    FUZZ_CHECK(seen->expected_blocks-- > 0);
    FUZZ_CHECK(block->lost >= -8388608 && block->lost <= 8388607);
    (void)omsp_rtcp_round_trip_us((uint32_t)seen->size, block->last_sr, block->delay);
}

static void on_sdes(void *ctx, uint32_t ssrc, uint8_t item, struct omsp_span text)
{
    struct seen *seen = ctx;

    (void)ssrc;
    FUZZ_CHECK(item != 0 && text.len <= 255 && fuzz_inside(text, seen->data, seen->size));
    seen->visits++;
}

static void on_bye(void *ctx, uint32_t ssrc, struct omsp_span reason)
{
    struct seen *seen = ctx;

    (void)ssrc;
    FUZZ_CHECK(reason.len <= 255 && fuzz_inside(reason, seen->data, seen->size));
    seen->visits++;
}

static void on_other(void *ctx, uint8_t type, struct omsp_span packet)
{
    struct seen *seen = ctx;

    FUZZ_CHECK(type < OMSP_RTCP_SR || type > OMSP_RTCP_BYE);
    FUZZ_CHECK(packet.len >= 4 && packet.len % 4 == 0 &&
               fuzz_inside(packet, seen->data, seen->size));
    seen->visits++;
}

/* ---- what we send ---------------------------------------------------------------------------- */

struct built {
    struct omsp_rtcp_compound compound;
    struct omsp_rtcp_sender_info sender;
    struct omsp_rtcp_block blocks[OMSP_RTCP_MAX_BLOCKS];
    unsigned block, senders, reports, items, byes;
};

static void same_sender(void *ctx, uint32_t ssrc, const struct omsp_rtcp_sender_info *info)
{
    struct built *built = ctx;

    FUZZ_CHECK(ssrc == built->compound.ssrc && info->ntp == built->sender.ntp);
    FUZZ_CHECK(info->timestamp == built->sender.timestamp);
    FUZZ_CHECK(info->packets == built->sender.packets && info->octets == built->sender.octets);
    built->senders++;
}

static void same_reporter(void *ctx, uint32_t ssrc, unsigned blocks)
{
    struct built *built = ctx;

    FUZZ_CHECK(ssrc == built->compound.ssrc && blocks == built->compound.count);
    built->reports++;
}

static void same_block(void *ctx, uint32_t reporter, const struct omsp_rtcp_block *block)
{
    struct built *built = ctx;
    const struct omsp_rtcp_block *own = &built->blocks[built->block++];
    int32_t lost = own->lost > 8388607 ? 8388607 : own->lost < -8388608 ? -8388608 : own->lost;

    FUZZ_CHECK(reporter == built->compound.ssrc && block->ssrc == own->ssrc);
    FUZZ_CHECK(block->lost == lost && block->fraction == own->fraction);
    FUZZ_CHECK(block->highest == own->highest && block->jitter == own->jitter);
    FUZZ_CHECK(block->last_sr == own->last_sr && block->delay == own->delay);
}

static void same_sdes(void *ctx, uint32_t ssrc, uint8_t item, struct omsp_span text)
{
    struct built *built = ctx;

    FUZZ_CHECK(ssrc == built->compound.ssrc && item == OMSP_RTCP_CNAME);
    FUZZ_CHECK(text.len == built->compound.cname.len);
    FUZZ_CHECK(memcmp(text.ptr, built->compound.cname.ptr, text.len) == 0);
    built->items++;
}

static void same_bye(void *ctx, uint32_t ssrc, struct omsp_span reason)
{
    struct built *built = ctx;

    FUZZ_CHECK(ssrc == built->compound.ssrc && reason.len == built->compound.reason.len);
    FUZZ_CHECK(!reason.len || memcmp(reason.ptr, built->compound.reason.ptr, reason.len) == 0);
    built->byes++;
}

static void builds(struct fuzz_input input)
{
    struct built built = {.block = 0};
    struct omsp_rtcp_visitor visitor = {same_sender, same_reporter, same_block, same_sdes,
                                        same_bye,    NULL,          &built};
    struct omsp_rtcp_compound *compound = &built.compound;
    unsigned flags = fuzz_u8(&input);
    uint8_t out[2048];
    size_t len = 0, need = 0;
    enum omsp_status status;

    compound->ssrc = fuzz_u32(&input);
    compound->count = fuzz_u8(&input) % 34;
    compound->blocks = built.blocks;
    compound->sender = flags & 1 ? &built.sender : NULL;
    compound->bye = flags & 2;
    built.sender.ntp = (uint64_t)fuzz_u32(&input) << 32 | fuzz_u32(&input);
    built.sender.packets = fuzz_u32(&input);
    for (unsigned i = 0; i < compound->count && i < OMSP_RTCP_MAX_BLOCKS; i++) {
        built.blocks[i].ssrc = fuzz_u32(&input);
        built.blocks[i].lost = (int32_t)fuzz_u32(&input);
        built.blocks[i].delay = fuzz_u16(&input);
    }
    compound->cname = fuzz_bytes(&input, fuzz_u8(&input) + (flags & 4 ? 1u : 0u));
    compound->reason = compound->bye ? fuzz_bytes(&input, fuzz_u8(&input) + (flags & 8 ? 1u : 0u))
                                     : omsp_span(NULL, 0);
    status = omsp_rtcp_build(compound, out, sizeof(out), &len);
    if (compound->count > OMSP_RTCP_MAX_BLOCKS || !compound->cname.len ||
        compound->cname.len > 255 || compound->reason.len > 255) {
        FUZZ_CHECK(status == OMSP_INVALID);
        return;
    }
    FUZZ_CHECK(status == OMSP_OK && len <= sizeof(out) && len % 4 == 0);
    FUZZ_CHECK(omsp_rtcp_build(compound, out, len - 1, &need) == OMSP_MORE && need == len);
    FUZZ_CHECK(omsp_rtcp_build(compound, out, len, &need) == OMSP_OK);
    FUZZ_CHECK(omsp_rtcp_parse(out, len, &visitor) == OMSP_OK);
    FUZZ_CHECK(built.senders == (compound->sender != NULL) && built.reports == 1);
    FUZZ_CHECK(built.items == 1 && built.byes == compound->bye);
    FUZZ_CHECK(built.block == compound->count);
}

/* Clocks there and back, and no trip longer than what the numbers can say. */
static void clocks(struct fuzz_input input)
{
    /* 1900 to the wrap of 2036 */
    int64_t unix_us = ((int64_t)fuzz_u32(&input) - 2208988800) * 1000000 + fuzz_u16(&input);
    uint64_t us = (uint64_t)fuzz_u32(&input) << (fuzz_u8(&input) % 32);
    uint64_t ntp = omsp_ntp_from_unix_us(unix_us);
    uint64_t since_1900 = (uint64_t)(unix_us + 2208988800000000);
    uint64_t micros = (ntp & 0xffffffff) * 1000000 >> 32;
    uint64_t again = omsp_ntp_short_to_us(omsp_ntp_short_from_us(us));
    uint32_t now = omsp_ntp_middle(ntp);

    FUZZ_CHECK(ntp >> 32 == (uint32_t)(since_1900 / 1000000));
    FUZZ_CHECK(micros <= since_1900 % 1000000 && micros + 1 >= since_1900 % 1000000);
    FUZZ_CHECK(us >= 65535000000u || (again <= us + 16 && us <= again + 16));
    FUZZ_CHECK(omsp_rtcp_round_trip_us(now, 0, 0) == 0);
    (void)omsp_rtcp_round_trip_us(now, fuzz_u32(&input), fuzz_u32(&input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen seen = {data, size, 0, 0};
    struct omsp_rtcp_visitor visitor = {on_sender, on_reporter, on_block, on_sdes,
                                        on_bye,    on_other,    &seen};
    struct omsp_rtcp_visitor blind = {.ctx = NULL};
    enum omsp_status status = omsp_rtcp_parse(data, size, &visitor);

    FUZZ_CHECK(status == OMSP_OK || seen.visits == 0);
    FUZZ_CHECK(status != OMSP_OK || (seen.visits > 0 && seen.expected_blocks == 0));
    FUZZ_CHECK(omsp_rtcp_parse(data, size, &blind) == status);
    builds((struct fuzz_input){data, size});
    clocks((struct fuzz_input){data, size});
    return 0;
}
