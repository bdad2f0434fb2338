/*
 * Both ends of secret packets and what is between them: packets are sent, kept, changed bit by bit,
 * cut, made up and delivered again, in an order that is the input's, while allocations fail. What
 * is genuine was sent, comes out as it went in, and comes out once; what is forged or comes again
 * is as it was.
 */
#include "fuzz.h"

#include "media/rtp.h"
#include "media/srtp.h"

#define KEPT 16
#define ROOM 256

struct kept {
    _Alignas(4) uint8_t packet[ROOM], plain[ROOM];
    uint8_t sent[ROOM];
    size_t len, plain_len, sent_len; /* sent_len 0: was not */
    bool rtcp, heard;
};

struct scene {
    struct fuzz_input input;
    struct fuzz_memory memory;
    struct omsp_srtp *sender, *receiver;
    bool short_tag; /* 32 bits, of which one guess in four billion is right */
    struct kept kept[KEPT];
    unsigned next;
};

static void say(struct scene *scene)
{
    struct kept *kept = &scene->kept[scene->next++ % KEPT];
    struct omsp_span body;
    enum omsp_status status;

    memset(kept, 0, sizeof(*kept));
    kept->rtcp = fuzz_u8(&scene->input) % 4 == 0;
    if (kept->rtcp) {
        static const uint8_t report[] = {0x80, 201, 0, 1};

        memcpy(kept->packet, report, sizeof(report));
        kept->packet[7] = fuzz_u8(&scene->input) % 3;
        kept->len = 8;
    } else {
        uint16_t seq = fuzz_u16(&scene->input);

        omsp_rtp_put_header(kept->packet, false, OMSP_RTP_PCMU, seq, seq * 160u,
                            fuzz_u8(&scene->input));
        body = fuzz_bytes(&scene->input, fuzz_u8(&scene->input) % 200);
        if (body.len)
            memcpy(kept->packet + OMSP_RTP_HEADER, body.ptr, body.len);
        kept->len = OMSP_RTP_HEADER + body.len;
    }
    memcpy(kept->plain, kept->packet, kept->len);
    kept->plain_len = kept->len;
    status = kept->rtcp ? omsp_srtp_protect_rtcp(scene->sender, kept->packet, &kept->len)
                        : omsp_srtp_protect(scene->sender, kept->packet, &kept->len);
    FUZZ_CHECK(kept->len <= ROOM && (status || kept->len > kept->plain_len));
    FUZZ_CHECK(status == OMSP_OK || status == OMSP_IO || status == OMSP_NOMEM);
    if (status)
        kept->len = 0;
    kept->sent_len = kept->len;
    memcpy(kept->sent, kept->packet, kept->len);
}

static void hear(struct scene *scene, struct kept *kept)
{
    _Alignas(4) uint8_t packet[ROOM];
    size_t len = kept->len;
    enum omsp_srtp_verdict verdict;

    memcpy(packet, kept->packet, sizeof(packet));
    verdict = kept->rtcp ? omsp_srtp_unprotect_rtcp(scene->receiver, packet, &len)
                         : omsp_srtp_unprotect(scene->receiver, packet, &len);
    if (verdict != OMSP_SRTP_GENUINE) {
        FUZZ_CHECK(len == kept->len);
        FUZZ_CHECK(verdict == OMSP_SRTP_REFUSED || !memcmp(packet, kept->packet, len));
        return;
    }
    if (scene->short_tag && !kept->rtcp && memcmp(kept->packet, kept->sent, kept->len))
        return;
    FUZZ_CHECK(kept->len == kept->sent_len && !memcmp(kept->packet, kept->sent, kept->len));
    FUZZ_CHECK(!kept->heard);
    FUZZ_CHECK(len == kept->plain_len && !memcmp(packet, kept->plain, len));
    kept->heard = true;
}

/* What is no packet is not made a secret one. */
static void say_too_little(struct scene *scene, size_t len)
{
    _Alignas(4) uint8_t packet[ROOM] = {0x80};
    bool rtcp = len % 2;
    size_t most = rtcp ? 7 : OMSP_RTP_HEADER - 1;

    len = len > most ? most : len;
    FUZZ_CHECK((rtcp ? omsp_srtp_protect_rtcp(scene->sender, packet, &len)
                     : omsp_srtp_protect(scene->sender, packet, &len)) == OMSP_IO);
}

/* A bit, the length, or all of it. */
static void spoil(struct scene *scene, struct kept *kept)
{
    uint8_t how = fuzz_u8(&scene->input);
    size_t at = fuzz_u8(&scene->input);

    if (how % 4 == 0) {
        struct omsp_span bytes = fuzz_bytes(&scene->input, at);

        memset(kept, 0, sizeof(*kept));
        if (bytes.len)
            memcpy(kept->packet, bytes.ptr, bytes.len);
        kept->len = bytes.len;
        kept->rtcp = how & 4;
        return;
    }
    if (!kept->len)
        return;
    if (how % 4 == 1)
        kept->len = at % kept->len;
    else
        kept->packet[at % kept->len] ^= (uint8_t)(1u << (how >> 5));
}

static void step(struct scene *scene)
{
    uint8_t what = fuzz_u8(&scene->input);
    struct kept *kept = &scene->kept[what >> 4];
    uint32_t ssrc, rollover;

    switch (what & 7) {
    case 0:
    case 1:
        say(scene);
        break;
    case 2:
        spoil(scene, kept);
        break;
    case 3:
        scene->memory.left = fuzz_u8(&scene->input) % 8;
        break;
    case 4:
        omsp_srtp_last_source(scene->receiver, &ssrc, &rollover);
        say_too_little(scene, what >> 4);
        break;
    default:
        if (kept->len)
            hear(scene, kept);
    }
}

/* Whoever finds no memory says so, and leaves nothing. */
static bool make(struct scene *scene, const struct omsp_srtp_key *key, uint8_t how)
{
    enum omsp_status status;

    if (how & 4)
        scene->memory.left = how >> 4;
    status = omsp_srtp_sender_create(key, &scene->sender);
    FUZZ_CHECK(!status || (status == OMSP_NOMEM && scene->memory.failed));
    if (status)
        return false;
    status = how & 8 ? omsp_srtp_receiver_resume(key, 1, how >> 6, &scene->receiver)
                     : omsp_srtp_receiver_create(key, &scene->receiver);
    FUZZ_CHECK(!status || (status == OMSP_NOMEM && scene->memory.failed));
    if (status)
        omsp_srtp_destroy(scene->sender);
    return !status;
}

static void refuses(const struct omsp_srtp_key *key)
{
    struct omsp_srtp_key wrong = *key;
    struct omsp_srtp *srtp;

    wrong.suite = OMSP_SRTP_SUITES;
    FUZZ_CHECK(omsp_srtp_sender_create(&wrong, &srtp) == OMSP_INVALID);
    FUZZ_CHECK(!omsp_srtp_key_bytes(OMSP_SRTP_SUITES));
    omsp_srtp_destroy(NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool open;
    static struct scene scene;
    struct omsp_srtp_key key = {.suite = OMSP_SRTP_AES128_SHA1_80};
    uint8_t how;

    memset(&scene, 0, sizeof(scene));
    scene.input = (struct fuzz_input){data, size};
    how = fuzz_u8(&scene.input);
    key.suite = how & 1 ? OMSP_SRTP_AES256_SHA1_80 : OMSP_SRTP_AES128_SHA1_80;
    scene.short_tag = how & 2;
    if (scene.short_tag)
        key.suite++;
    for (unsigned i = 0; i < OMSP_SRTP_KEY_MAX; i++)
        key.bytes[i] = (uint8_t)(i * 7);
    if (open && how == 255) {
        omsp_srtp_close();
        open = false;
        fuzz_memory_begin(&scene.memory, fuzz_u8(&scene.input) % 64);
        if (omsp_srtp_open() == OMSP_OK)
            omsp_srtp_close();
        fuzz_memory_end(&scene.memory);
    }
    if (!open) /* it tries its ciphers each time, so that it is left open */
        open = omsp_srtp_open() == OMSP_OK;
    FUZZ_CHECK(open);
    fuzz_memory_begin(&scene.memory, -1);
    refuses(&key);
    if (make(&scene, &key, how)) {
        while (fuzz_more(&scene.input))
            step(&scene);
        omsp_srtp_destroy(scene.sender);
        omsp_srtp_destroy(scene.receiver);
    }
    fuzz_memory_end(&scene.memory);
    return 0;
}
