/*
 * Media streams over TLS through COM, against servers of OpenSSL (tests/tls-far.sh): a private CA
 * is trusted when it was named, whoever else it would have to trust is refused with 31910.
 */
#include "msp/stream_bench.h"

#include "support/far_ports.h"

#define ACCOUNT L"AC00112233445566778899aabbccddeeff"

static void open_trusting(struct bench *bench, const WCHAR *ca_file)
{
    BSTR account = SysAllocString(ACCOUNT), token = SysAllocString(L"secret"),
         file = SysAllocString(ca_file);

    open_bench(bench);
    ck_assert_hr(IOpenMSPAddress_ConfigureMediaStreams(bench->media.open, account, token, file,
                                                       VARIANT_FALSE),
                 S_OK);
    SysFreeString(account);
    SysFreeString(token);
    SysFreeString(file);
}

static IOpenMSPMediaStream *created(struct bench *bench, const char *server)
{
    IOpenMSPMediaStream *stream = NULL;
    WCHAR text[64];
    VARIANT none;
    BSTR url;

    swprintf(text, 64, L"wss://localhost:%u/listen", (unsigned)far_port(server));
    url = SysAllocString(text);
    VariantInit(&none);
    ck_assert_hr(
        IOpenMSPCall_CreateMediaStream(bench->a, url, NULL, NULL, none, NULL, NULL, &stream), S_OK);
    SysFreeString(url);
    await_event(bench, stream, CALL_NEW_STREAM, CALL_CAUSE_LOCAL_REQUEST);
    return stream;
}

/* Until the consumer has said so many messages. */
static void await_messages(IOpenMSPMediaStream *stream, double count)
{
    ULONGLONG give_up = GetTickCount64() + CONSUMER_WAIT_MS;
    double value = 0;

    for (;;) {
        ck_assert_hr(IOpenMSPMediaStream_get_MessagesReceived(stream, &value), S_OK);
        if (value >= count)
            return;
        ck_assert_msg(GetTickCount64() < give_up, "%g messages came", value);
        SwitchToThread();
    }
}

START_TEST(a_consumer_whose_ca_is_named_gets_audio_and_the_stop)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    ITStream *control;
    double value = 0;
    LONG number = 1;

    open_trusting(&bench, L"" FAR_CA);
    stream = created(&bench, "wss");
    await_event(&bench, stream, CALL_STREAM_ACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    await_messages(stream, 1); /* the consumer counted ten */
    ck_assert_hr(IOpenMSPMediaStream_get_FramesSent(stream, &value), S_OK);
    ck_assert(value >= 10);
    ck_assert_hr(IOpenMSPMediaStream_get_MessagesBad(stream, &value), S_OK);
    ck_assert(value == 1); /* nobody takes them on a stream that goes one way */
    control = kit_query(stream, &IID_ITStream);
    ck_assert_hr(ITStream_StopStream(control), S_OK);
    await_event(&bench, stream, CALL_STREAM_INACTIVE, CALL_CAUSE_LOCAL_REQUEST);
    await_messages(stream, 2); /* the consumer got the stop */
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, &number), S_OK);
    ck_assert_int_eq(number, 0);
    kit_release(control);
    kit_release(stream);
    close_bench(&bench);
}
END_TEST

static void is_refused(const char *server, const WCHAR *ca_file)
{
    struct bench bench;
    IOpenMSPMediaStream *stream;
    double value = -1;
    LONG number = 0;

    open_trusting(&bench, ca_file);
    stream = created(&bench, server);
    await_event(&bench, stream, CALL_STREAM_FAIL, CALL_CAUSE_CONNECT_FAIL);
    ck_assert_hr(IOpenMSPMediaStream_get_LastError(stream, &number), S_OK);
    ck_assert_msg(number == 31910, "%s: %ld", server, (long)number);
    ck_assert_hr(IOpenMSPMediaStream_get_BytesSent(stream, &value), S_OK);
    ck_assert(value == 0);
    kit_release(stream);
    close_bench(&bench);
}

START_TEST(another_hosts_certificate_is_refused)
{
    is_refused("wronghost", L"" FAR_CA);
}
END_TEST

START_TEST(an_expired_certificate_is_refused)
{
    is_refused("expired", L"" FAR_CA);
}
END_TEST

START_TEST(a_self_signed_certificate_is_refused)
{
    is_refused("selfsigned", L"" FAR_CA);
}
END_TEST

START_TEST(another_ca_is_refused)
{
    is_refused("untrusted", L"" FAR_CA);
}
END_TEST

START_TEST(a_private_ca_that_was_not_named_is_refused)
{
    is_refused("wss", NULL);
}
END_TEST

OMSP_SUITE("media_wss", TEST(a_consumer_whose_ca_is_named_gets_audio_and_the_stop),
           TEST(another_hosts_certificate_is_refused), TEST(an_expired_certificate_is_refused),
           TEST(a_self_signed_certificate_is_refused), TEST(another_ca_is_refused),
           TEST(a_private_ca_that_was_not_named_is_refused))
