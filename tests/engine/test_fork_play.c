/*
 * What the consumer of a bidirectional media stream says (spec twilio-streams 3), in simulated
 * time: how far ahead it may be, marks by the thousand, interrupting itself, and one that says and
 * never reads.
 */
#include "support/fork_rig.h"
#include "support/suite.h"

#include "base/alloc.h"
#include "base/bytes.h"
#include "media/g711.h"
#include "media/rtp.h"
#include "wire/base64.h"
#include "wire/websocket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND 8000u /* samples, and bytes of mu-law */

static struct fixture f;
static struct omsp_fork_info info;
static struct omsp_terminal *recorder, *track;
static struct omsp_stream *hears;
static int16_t heard[130 * SECOND];

/* A call whose far end records what the consumer says, whose answer to the upgrade comes in two
 * pieces (cut > 0), and with so many bytes behind it. */
static void open_scene_with(size_t cut, const uint8_t *behind, size_t behind_len)
{
    struct omsp_fork_options options = {
        .url = FORK_URL, .tracks = OMSP_TRACK_INBOUND, .bidirectional = true};

    open_fixture(&f, SECOND);
    f.consumer.cut = cut;
    f.consumer.behind = behind;
    f.consumer.behind_len = behind_len;
    connect_fixture(&f);
    recorder = rig_recorder(&f.rig, "out.wav", &track);
    hears = rig_stream(f.a, OMSP_RENDER);
    ck_assert_int_eq(omsp_stream_select(hears, track), OMSP_OK);
    ck_assert_int_eq(omsp_call_fork(f.b, &options, OMSP_CAUSE_LOCAL_REQUEST, NULL, &f.fork),
                     OMSP_OK);
    rig_run(&f.rig, 100);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
}

static void open_scene(void)
{
    open_scene_with(0, NULL, 0);
}

static void close_scene(void)
{
    while ((int)rig_event(&f.rig).kind != -1)
        ;
    omsp_terminal_release(track);
    omsp_terminal_release(recorder);
    omsp_stream_release(hears);
    close_fixture(&f);
}

/* A code for each place, none of them silence's. */
static uint8_t code_at(size_t i)
{
    return (uint8_t)(0x10 + (i * 7 + i / 997) % 96);
}

/* A text frame of any length, as a server sends it. */
static void say(const char *text, size_t len)
{
    uint8_t *frame = malloc(len + 10);
    size_t header = len < 126 ? 2 : len <= 0xffff ? 4 : 10;

    frame[0] = 0x81;
    if (header == 2) {
        frame[1] = (uint8_t)len;
    } else if (header == 4) {
        frame[1] = 126;
        omsp_put_be16(frame + 2, (uint16_t)len);
    } else {
        frame[1] = 127;
        omsp_put_be32(frame + 2, 0);
        omsp_put_be32(frame + 6, (uint32_t)len);
    }
    memcpy(frame + header, text, len);
    ck_assert_int_eq(omsp_sim_peer_send(f.consumer.peer, frame, header + len), OMSP_OK);
    free(frame);
}

/* One media message with the codes of these places. */
static void say_codes(size_t from, size_t count)
{
    uint8_t *codes = malloc(count);
    size_t room = OMSP_BASE64_CHARS(count) + 200, len;
    char *text = malloc(room);

    for (size_t i = 0; i < count; i++)
        codes[i] = code_at(from + i);
    len = (size_t)snprintf(text, room,
                           "{\"event\":\"media\",\"streamSid\":\"%s\",\"media\":{\"payload\":\"",
                           info.sid);
    omsp_base64_encode(text + len, codes, count);
    len += OMSP_BASE64_CHARS(count);
    len += (size_t)snprintf(text + len, room - len, "\"}}");
    say(text, len);
    free(text);
    free(codes);
}

static void say_mark(unsigned number)
{
    char text[200];

    say(text,
        (size_t)snprintf(text, sizeof(text),
                         "{\"event\":\"mark\",\"streamSid\":\"%s\",\"mark\":{\"name\":\"m%u\"}}",
                         info.sid, number));
}

static void say_clear(void)
{
    char text[200];

    say(text, (size_t)snprintf(text, sizeof(text), "{\"event\":\"clear\",\"streamSid\":\"%s\"}",
                               info.sid));
}

/* How many marks came back, which are m0, m1 … in this order. */
static unsigned echoes(void)
{
    unsigned count = 0;

    for (unsigned i = 0; i < f.consumer.count; i++) {
        char name[32];

        if (!strstr(f.consumer.messages[i].text, "\"event\":\"mark\""))
            continue;
        snprintf(name, sizeof(name), "{\"name\":\"m%u\"}", count);
        ck_assert_ptr_nonnull(strstr(f.consumer.messages[i].text, name));
        count++;
    }
    return count;
}

/* Stops the recording; where in it the codes of these places begin, one after the other. */
static size_t find_heard(size_t from, size_t count)
{
    size_t there, at = 0, same = 0;

    ck_assert_int_eq(omsp_file_stop(recorder), OMSP_OK);
    rig_run(&f.rig, 100);
    there = rig_get_wav(&f.rig, "out.wav", heard, sizeof(heard) / sizeof(heard[0]));
    for (; at + count <= there && same < count; at++)
        for (same = 0; same < count; same++)
            if (heard[at + same] != omsp_ulaw_to_linear(code_at(from + same)))
                break;
    ck_assert_msg(same == count, "%zu codes from %zu were not heard as they are", count, from);
    return at - 1;
}

START_TEST(a_consumer_two_minutes_ahead_is_heard_to_its_end)
{
    open_scene();
    for (unsigned i = 0; i < 120 * 50; i++)
        say_codes(i * 160, 160);
    say_mark(0);
    rig_run(&f.rig, 119000);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_uint_eq(info.messages_bad, 0);
    ck_assert_uint_eq(echoes(), 0);
    rig_run(&f.rig, 2000);
    ck_assert_uint_eq(echoes(), 1);
    find_heard(0, 120 * SECOND);
    close_scene();
}
END_TEST

START_TEST(a_whole_minute_may_come_in_one_message)
{
    open_scene();
    say_codes(0, 60 * SECOND);
    rig_run(&f.rig, 61000);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
    ck_assert_uint_eq(info.messages_bad, 0);
    find_heard(0, 60 * SECOND);
    close_scene();
}
END_TEST

START_TEST(ten_minutes_may_wait_and_what_is_beyond_is_left_out_whole)
{
    open_scene();
    for (unsigned i = 0; i < 10; i++)
        say_codes(0, 60 * SECOND);
    say_codes(0, 20 * SECOND);
    rig_run(&f.rig, 20);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
    ck_assert_uint_eq(info.messages_bad, 1);
    say_clear();
    say_codes(0, 60 * SECOND);
    rig_run(&f.rig, 20);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_uint_eq(info.messages_bad, 1);
    close_scene();
}
END_TEST

START_TEST(a_mark_behind_every_piece_of_a_long_answer_comes_back_when_it_was_played)
{
    open_scene();
    for (unsigned i = 0; i < 2000; i++) {
        say_codes(i * 160, 160);
        say_mark(i);
    }
    for (unsigned s = 1; s <= 40; s++) {
        unsigned count;

        rig_run(&f.rig, 1000);
        count = echoes();
        ck_assert_uint_ge(count + 10, s * 50);
        ck_assert_uint_le(count, s * 50 + 10);
    }
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(echoes(), 2000);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_uint_eq(info.messages_bad, 0);
    close_scene();
}
END_TEST

START_TEST(who_interrupts_itself_has_all_marks_back_and_its_next_word_at_once)
{
    size_t first, next;

    open_scene();
    say_codes(0, SECOND);
    for (unsigned i = 0; i < 1500; i++) {
        say_codes(SECOND + i * 160, 160);
        say_mark(i);
    }
    rig_run(&f.rig, 500);
    ck_assert_uint_eq(echoes(), 0);
    say_clear();
    say_mark(1500);
    say_codes(100 * SECOND, SECOND / 2);
    say_mark(1501);
    rig_run(&f.rig, 60);
    ck_assert_uint_eq(echoes(), 1501); /* all that waited, and the one behind nothing */
    rig_run(&f.rig, 600);
    ck_assert_uint_eq(echoes(), 1502);
    next = find_heard(100 * SECOND, SECOND / 2);
    first = find_heard(0, SECOND / 4);
    ck_assert_uint_ge(next - first, SECOND / 2 - 400);
    ck_assert_uint_le(next - first, SECOND / 2 + 800);
    close_scene();
}
END_TEST

START_TEST(one_that_sends_marks_and_never_reads_costs_bounded_memory)
{
    /* A MiB of marks: each two links, where it lies in the audio and how long its short name is. */
    const long kept = (1l << 20) / (long)(2 * sizeof(void *) + 16);
    long before;
    unsigned count;

    open_scene();
    omsp_sim_peer_set_window(f.consumer.peer, 0);
    before = (long)omsp_test_outstanding();
    for (unsigned i = 0; i < 60000; i++) {
        say_mark(i);
        if (i % 500 == 0)
            rig_run(&f.rig, 5);
    }
    rig_run(&f.rig, 100);
    ck_assert_int_lt((long)omsp_test_outstanding() - before, kept);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_uint_gt(info.messages_bad, 0);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
    /* What was kept comes when it reads again. */
    count = FORK_MESSAGES / 2;
    while (echoes() < count) {
        omsp_sim_peer_set_window(f.consumer.peer, 1000);
        rig_run(&f.rig, 10);
    }
    omsp_sim_peer_set_window(f.consumer.peer, 0);
    close_scene();
}
END_TEST

/* A key of the far end, the n-th. */
static void press(unsigned n)
{
    struct omsp_addr from, to;
    uint8_t packet[OMSP_RTP_HEADER + 4];

    omsp_call_local_addr(f.a, &from);
    omsp_call_local_addr(f.b, &to);
    omsp_rtp_put_header(packet, true, 101, (uint16_t)n, n * 1000, 0x0A0B0C0D);
    packet[OMSP_RTP_HEADER] = (uint8_t)(n % 10);
    packet[OMSP_RTP_HEADER + 1] = 0x80 | 10; /* ends at once */
    omsp_put_be16(packet + OMSP_RTP_HEADER + 2, 160);
    ck_assert_int_eq(omsp_sim_inject(f.rig.sim, &from, &to, packet, sizeof(packet)), OMSP_OK);
}

/* Keys that the consumer was told; all messages are numbered one after the other. */
static unsigned keys(void)
{
    unsigned count = 0;

    for (unsigned i = 1; i < f.consumer.count; i++) {
        ck_assert_uint_eq(number(f.consumer.messages[i].text, "sequenceNumber"), i);
        count += strstr(f.consumer.messages[i].text, "\"event\":\"dtmf\"") != NULL;
    }
    return count;
}

START_TEST(one_that_does_not_read_while_keys_are_pressed_costs_bounded_memory)
{
    enum { PRESSES = 20000 };
    unsigned told;
    long before;

    open_scene();
    for (unsigned n = 1; n <= 3; n++) {
        press(n);
        rig_run(&f.rig, 40);
    }
    ck_assert_uint_eq(keys(), 3);
    omsp_sim_peer_set_window(f.consumer.peer, 0);
    before = (long)omsp_test_outstanding();
    for (unsigned n = 4; n < PRESSES; n++) {
        press(n);
        if (n % 4 == 0)
            rig_run(&f.rig, 1);
        while ((int)rig_event(&f.rig).kind != -1)
            ;
    }
    rig_run(&f.rig, 100);
    ck_assert_int_lt((long)omsp_test_outstanding() - before, 1000);
    /* Those that wait are told when it reads again, and so is the next one. */
    omsp_sim_peer_set_window(f.consumer.peer, 1 << 20);
    rig_run(&f.rig, 100);
    told = keys();
    ck_assert_uint_gt(told, 50);
    press(PRESSES);
    rig_run(&f.rig, 100);
    ck_assert_uint_eq(keys(), told + 1);
    close_scene();
}
END_TEST

static struct omsp_addr sender;
static unsigned sent; /* datagrams of b's that are no reports */

static void count_sent(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                       const void *data, size_t len)
{
    (void)ctx, (void)to;
    sent += from->port == sender.port && omsp_rtp_classify(data, len) == OMSP_MUX_RTP;
}

/* A new offer of the far end with this direction. */
static void offer(const char *direction)
{
    char text[2000], *at;
    size_t need;

    ck_assert_int_eq(omsp_call_local_sdp(f.a, text, sizeof(text), &need), OMSP_OK);
    at = strstr(text, "a=sendrecv");
    ck_assert_ptr_nonnull(at);
    memcpy(at, direction, strlen("a=sendrecv"));
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, text, strlen(text)), OMSP_OK);
}

START_TEST(a_call_on_hold_hears_nothing_of_the_consumer_until_it_is_taken_up)
{
    size_t first, next;

    open_scene();
    omsp_call_local_addr(f.b, &sender);
    omsp_sim_set_tap(f.rig.sim, count_sent, NULL);
    say_codes(0, 2 * SECOND);
    rig_run(&f.rig, 1000);
    ck_assert_uint_ge(sent, 45);
    offer("a=inactive");
    sent = 0;
    rig_run(&f.rig, 3000);
    ck_assert_uint_eq(sent, 0);
    offer("a=sendrecv");
    rig_run(&f.rig, 3000);
    ck_assert_uint_ge(sent, 140);
    omsp_sim_set_tap(f.rig.sim, NULL, NULL);
    /* It goes on where it was. */
    first = find_heard(SECOND / 10, SECOND / 4);
    next = find_heard(SECOND + SECOND / 2, SECOND / 4);
    ck_assert_uint_gt(next, first);
    close_scene();
}
END_TEST

static void count_all(void *ctx, const struct omsp_addr *from, const struct omsp_addr *to,
                      const void *data, size_t len)
{
    (void)ctx, (void)to, (void)data, (void)len;
    sent += from->port == sender.port;
}

/* The system takes 0.0.0.0 for this machine, where anybody may listen. */
START_TEST(a_call_that_is_held_by_0_0_0_0_sends_nothing_there)
{
    static const char here[] = "c=IN IP4 127.0.0.1", nowhere[] = "c=IN IP4 0.0.0.0";
    char text[2000], *at;
    size_t need;

    open_scene();
    ck_assert_int_eq(omsp_call_local_sdp(f.a, text, sizeof(text), &need), OMSP_OK);
    at = strstr(text, here);
    ck_assert_ptr_nonnull(at);
    memcpy(at, nowhere, sizeof(nowhere) - 1);
    memmove(at + sizeof(nowhere) - 1, at + sizeof(here) - 1, strlen(at + sizeof(here) - 1) + 1);
    ck_assert_int_eq(omsp_call_set_remote_sdp(f.b, text, strlen(text)), OMSP_OK);
    omsp_call_local_addr(f.b, &sender);
    sent = 0;
    omsp_sim_set_tap(f.rig.sim, count_all, NULL);
    rig_run(&f.rig, 30000); /* some reports are due */
    ck_assert_int_eq(omsp_call_shutdown(f.b), OMSP_OK);
    ck_assert_uint_eq(sent, 0);
    omsp_sim_set_tap(f.rig.sim, NULL, NULL);
    close_scene();
}
END_TEST

START_TEST(what_waits_goes_with_its_stream)
{
    struct omsp_call_stats before, after;
    long memory;

    open_scene();
    memory = omsp_test_bytes();
    for (unsigned i = 0; i < 4; i++)
        say_codes(i * 60 * SECOND, 60 * SECOND);
    say_mark(0);
    rig_run(&f.rig, 500);
    ck_assert_int_ge(omsp_test_bytes(), memory + 2l * 240 * SECOND);
    ck_assert_int_eq(omsp_stream_stop(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 500);
    ck_assert_int_lt(omsp_test_bytes(), memory + 100000);
    omsp_call_get_stats(f.b, &before);
    ck_assert_int_eq(omsp_stream_start(f.fork, OMSP_CAUSE_LOCAL_REQUEST), OMSP_OK);
    rig_run(&f.rig, 1000);
    omsp_call_get_stats(f.b, &after);
    ck_assert_uint_eq(after.frames_played, before.frames_played);
    ck_assert_uint_eq(echoes(), 0);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
    say_codes(0, SECOND / 2);
    say_mark(0);
    rig_run(&f.rig, 700);
    ck_assert_uint_eq(echoes(), 1);
    find_heard(0, SECOND / 2);
    close_scene();
}
END_TEST

/* The header of an answer is bounded, what comes with its end is not. */
START_TEST(whatever_comes_with_the_end_of_an_answer_in_pieces_is_taken)
{
    enum { FRAMES = 300, SIZE = 2 + 100 };
    static const size_t cuts[] = {0, 1, 50, 127};
    static uint8_t behind[FRAMES * SIZE];

    for (size_t i = 0; i < FRAMES; i++) {
        memset(behind + i * SIZE, 'x', SIZE);
        behind[i * SIZE] = 0x80 | OMSP_WS_TEXT;
        behind[i * SIZE + 1] = SIZE - 2;
    }
    ck_assert_uint_gt(sizeof(behind), 3 * OMSP_WS_RESPONSE_MAX);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        open_scene_with(cuts[i], behind, sizeof(behind));
        ck_assert_uint_eq(info.messages_received, FRAMES);
        ck_assert_int_eq(info.last_error, 0);
        close_scene();
    }
}
END_TEST

START_TEST(a_binary_message_is_one_that_nobody_takes)
{
    open_scene();
    send_frame(&f.consumer, OMSP_WS_BINARY, "{}", 2);
    say_mark(0);
    rig_run(&f.rig, 100);
    omsp_stream_fork_info(f.fork, &info);
    ck_assert_uint_eq(info.messages_received, 2);
    ck_assert_uint_eq(info.messages_bad, 1);
    ck_assert_int_eq(info.state, OMSP_FORK_OPEN);
    ck_assert_uint_eq(echoes(), 1);
    close_scene();
}
END_TEST

OMSP_SUITE("fork_play", TEST(a_consumer_two_minutes_ahead_is_heard_to_its_end),
           TEST(a_whole_minute_may_come_in_one_message),
           TEST(ten_minutes_may_wait_and_what_is_beyond_is_left_out_whole),
           TEST(a_mark_behind_every_piece_of_a_long_answer_comes_back_when_it_was_played),
           TEST(who_interrupts_itself_has_all_marks_back_and_its_next_word_at_once),
           TEST(one_that_sends_marks_and_never_reads_costs_bounded_memory),
           TEST(one_that_does_not_read_while_keys_are_pressed_costs_bounded_memory),
           TEST(a_call_on_hold_hears_nothing_of_the_consumer_until_it_is_taken_up),
           TEST(a_call_that_is_held_by_0_0_0_0_sends_nothing_there),
           TEST(what_waits_goes_with_its_stream),
           TEST(whatever_comes_with_the_end_of_an_answer_in_pieces_is_taken),
           TEST(a_binary_message_is_one_that_nobody_takes))
