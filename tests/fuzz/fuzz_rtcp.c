/* Nothing is visited of what is refused; what is visited lies inside; blocks are as many as said.
 */
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

    (void)ssrc;
    (void)omsp_ntp_to_unix_us(info->ntp);
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
    return 0;
}
