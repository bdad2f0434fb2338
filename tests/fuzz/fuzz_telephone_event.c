/* Payloads, silences and resets: every press begins once and ends once, in turn. */
#include "fuzz.h"

#include "media/telephone_event.h"

struct listener {
    bool on;
    uint8_t digit;
    uint64_t begun;
};

static void told(struct listener *listener, const struct omsp_telephone_news *news)
{
    FUZZ_CHECK(news->digit <= 15 && news->volume <= 63);
    FUZZ_CHECK(listener->on == news->ended);
    FUZZ_CHECK(!news->ended || news->digit == listener->digit);
    listener->on = !news->ended;
    listener->digit = news->digit;
    listener->begun += !news->ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct omsp_telephone_event state;
    struct omsp_telephone_news news[OMSP_TELEPHONE_NEWS];
    struct listener listener = {false, 0, 0};
    uint64_t now = 1000000;

    omsp_telephone_event_init(&state, 8000);
    while (fuzz_more(&input)) {
        uint8_t op = fuzz_u8(&input);
        unsigned count = 0;

        now += fuzz_u8(&input) * 1000u;
        if (op % 8 < 6) {
            uint16_t seq = fuzz_u8(&input);
            uint32_t timestamp = op & 64 ? fuzz_u32(&input) : fuzz_u8(&input) * 80u;
            struct omsp_span payload = fuzz_bytes(&input, op % 8 < 4 ? 4 : op / 8 % 8 * 3);
            uint64_t ignored = state.ignored;

            if (omsp_telephone_event_receive(&state, payload, timestamp, op & 128, seq, now, news,
                                             &count) != OMSP_OK) {
                FUZZ_CHECK(count == 0 && state.ignored == ignored + 1);
                FUZZ_CHECK(payload.len == 0 || payload.len > 16 || payload.len % 4);
            }
            FUZZ_CHECK(count <= OMSP_TELEPHONE_NEWS);
        } else if (op % 8 == 6) {
            count = omsp_telephone_event_tick(&state, now, news);
            FUZZ_CHECK(omsp_telephone_event_deadline(&state) > now);
        } else {
            count = omsp_telephone_event_reset(&state, news);
        }
        for (unsigned i = 0; i < count; i++)
            told(&listener, &news[i]);
        FUZZ_CHECK(listener.on == state.active && listener.begun == state.digits);
        FUZZ_CHECK((omsp_telephone_event_deadline(&state) == UINT64_MAX) == !state.active);
    }
    return 0;
}
