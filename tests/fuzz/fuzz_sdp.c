/* Descriptions from anywhere: what is parsed can be written and parsed to the same; answers made to
 * it are descriptions that the offerer takes. */
#include "fuzz.h"

#include "wire/sdp.h"

static char *written(const struct omsp_sdp *sdp, size_t *need)
{
    char *text;

    FUZZ_CHECK(omsp_sdp_write(sdp, NULL, 0, need) == OMSP_MORE && *need > 0);
    text = malloc(*need);
    FUZZ_CHECK(text && omsp_sdp_write(sdp, text, *need, need) == OMSP_OK);
    FUZZ_CHECK(strlen(text) + 1 == *need);
    return text;
}

/* What was written says the same when it is read and written again. The first time it may say more:
 * an m-line that had no format gets one. */
static void goes_round(const struct omsp_sdp *sdp, enum omsp_sdp_security security)
{
    struct omsp_sdp once, twice;
    size_t need, need1, need2;
    char *text = written(sdp, &need), *text1, *text2;

    FUZZ_CHECK(omsp_sdp_parse(text, need - 1, security, &once) == OMSP_OK);
    FUZZ_CHECK(once.media_count == sdp->media_count && once.audio_index == sdp->audio_index);
    if (sdp->audio_index >= 0 && sdp->audio.rtp.family && sdp->audio.rtp.port) {
        FUZZ_CHECK(omsp_addr_equal(&once.audio.rtp, &sdp->audio.rtp));
        FUZZ_CHECK(once.audio.direction == sdp->audio.direction);
        FUZZ_CHECK(once.audio.savp == sdp->audio.savp);
        FUZZ_CHECK(once.audio.crypto_count == sdp->audio.crypto_count);
    }
    text1 = written(&once, &need1);
    FUZZ_CHECK(omsp_sdp_parse(text1, need1 - 1, security, &twice) == OMSP_OK);
    text2 = written(&twice, &need2);
    FUZZ_CHECK(need1 == need2 && memcmp(text1, text2, need1) == 0);
    free(text);
    free(text1);
    free(text2);
}

static void agreed_is_sane(const struct omsp_sdp_agreed *agreed)
{
    FUZZ_CHECK(agreed->ptime_ms >= 10 && agreed->ptime_ms <= 60 && agreed->ptime_ms % 10 == 0);
    FUZZ_CHECK(agreed->receive_count >= 1 && agreed->receive_count <= OMSP_SDP_CODECS_MAX);
    FUZZ_CHECK(agreed->send_type <= 127);
    FUZZ_CHECK(agreed->send_codec == OMSP_SDP_CODEC_PCMU ||
               agreed->send_codec == OMSP_SDP_CODEC_PCMA);
    FUZZ_CHECK(!agreed->secure || agreed->send_crypto.suite == agreed->receive_crypto.suite);
    FUZZ_CHECK(!agreed->may_send || (agreed->peer_rtp.family && agreed->peer_rtp.port));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct omsp_sdp_local local = {
        .rtp = {.family = 4, .ip = {127, 0, 0, 1}, .port = 20000},
        .rtcp_mux = size & 1,
        .direction = OMSP_SDP_SENDRECV,
        .codec_count = 2,
        .codecs = {{0, OMSP_SDP_CODEC_PCMU}, {8, OMSP_SDP_CODEC_PCMA}},
        .telephone_event = true,
        .session_id = 42,
        .security = size % 3, /* enum omsp_sdp_security */
        .crypto_count = 2,
        .crypto = {{.suite = OMSP_SDP_AES_CM_128_HMAC_SHA1_80},
                   {.suite = OMSP_SDP_AES_256_CM_HMAC_SHA1_80}},
    };
    struct omsp_sdp sdp, offer, answer;
    struct omsp_sdp_agreed agreed, theirs;

    if (omsp_sdp_parse((const char *)data, size, local.security, &sdp) != OMSP_OK)
        return 0;
    FUZZ_CHECK(sdp.media_count <= OMSP_SDP_MEDIA_MAX && sdp.audio_index < sdp.media_count);
    FUZZ_CHECK(sdp.audio.crypto_count <= OMSP_SDP_CRYPTO_MAX);
    FUZZ_CHECK(sdp.audio.count <= OMSP_SDP_PAYLOADS_MAX);
    goes_round(&sdp, local.security);
    if (omsp_sdp_make_answer(&local, NULL, &sdp, &answer, &agreed) == OMSP_OK) {
        agreed_is_sane(&agreed);
        FUZZ_CHECK(answer.media_count == sdp.media_count);
        goes_round(&answer, local.security);
        FUZZ_CHECK(omsp_sdp_apply_answer(&local, &sdp, &answer, &theirs) == OMSP_OK);
        agreed_is_sane(&theirs);
        FUZZ_CHECK(!theirs.may_send || agreed.may_receive);
    }
    FUZZ_CHECK(omsp_sdp_make_offer(&local, NULL, &offer) == OMSP_OK);
    if (omsp_sdp_apply_answer(&local, &offer, &sdp, &agreed) == OMSP_OK)
        agreed_is_sane(&agreed);
    /* our next offer in a session whose last description was theirs */
    if (omsp_sdp_make_offer(&local, &sdp, &offer) == OMSP_OK)
        goes_round(&offer, local.security);
    return 0;
}
