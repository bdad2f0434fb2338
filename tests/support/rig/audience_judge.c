/* What must hold of the audience. Not a test by itself. */
#include "support/audience_state.h"

#include "engine/samples.h"
#include "media/rtp.h"
#include "wire/base64.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME    160
#define FRAME_MS 20
#define TICK_MS  5
#define SLACK    3 /* frames that a stretch may have more or less */

void audience_broken(const struct audience *audience, int line, const char *law, const char *format,
                     ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    ck_abort_msg("seed %llu, step %u, line %d: %s (%s)", (unsigned long long)audience->seed,
                 audience->step, line, text, law);
    abort();
}

/* Of one sign what arrives, of the other what is said, each call the other way round: the sum of
 * several sources, and what is made of it where one is late, keeps its sign. */
uint8_t audience_code(const struct stage *stage, unsigned source)
{
    static const uint8_t codes[AUDIENCE_CALLS][3] = {{0xB0, 0xC0, 0x30}, {0x40, 0x50, 0xA0}};

    return codes[stage->index][source];
}

/* The connection of this terminal, as of now; false: there never was one. */
static bool get_info(const struct ear *ear, struct omsp_fork_info *info)
{
    uint32_t call;
    struct omsp_stream *stream = ear->terminal ? omsp_websocket_stream(ear->terminal, &call) : NULL;

    if (!stream)
        return false;
    ck_assert_int_eq(omsp_stream_fork_info(stream, info), OMSP_OK);
    omsp_stream_release(stream);
    return true;
}

int audience_place(const struct audience *audience, const char *sid)
{
    int place = -1;

    for (unsigned i = 0; i < audience->consumer.count; i++)
        if (*sid && !strcmp(audience->watched[i].sid, sid))
            place = (int)i;
    return place;
}

/* ---- what is told ---------------------------------------------------------------------------- */

static struct post *post_of(struct audience *audience, uint32_t stream)
{
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
        for (unsigned k = 0; k < POSTS; k++)
            if (audience->stages[i].posts[k].stream &&
                omsp_stream_id(audience->stages[i].posts[k].stream) == stream)
                return &audience->stages[i].posts[k];
    return NULL;
}

/* Of a substream's terminals its parent tells. */
static bool is_told_by(const struct seat *seat, const struct ear *ear, uint32_t stream)
{
    const struct post *posts = ear->stage ? ear->stage->posts : NULL;
    const struct post *teller = seat->on;

    if (!teller)
        return false;
    if (teller >= &posts[POST_FIRST])
        teller = &posts[POST_RENDER];
    return teller->stream && omsp_stream_id(teller->stream) == stream;
}

static bool is_of(const struct omsp_event *event, const struct omsp_terminal *terminal)
{
    return terminal && omsp_terminal_id(terminal) == event->terminal;
}

static void judge_failure(struct audience *audience, const struct omsp_event *event)
{
    bool known = is_of(event, audience->attempt);

    audience->counts->failed++;
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
        for (unsigned k = 0; k < POSTS; k++) {
            struct post *post = &audience->stages[i].posts[k];

            if (!post->other_on || !is_of(event, post->other))
                continue;
            known = true;
            post->other_works = false;
        }
    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++) {
        struct ear *ear = &audience->ears[i];

        if (!is_of(event, ear->terminal))
            continue;
        for (unsigned k = 0; k < SEATS; k++)
            if (is_told_by(&ear->seats[k], ear, event->stream)) {
                known = true;
                ear->seats[k].started = false;
            }
    }
    law(audience, known, "TERMINAL_FAIL (error %d) of a terminal that is not there", event->error);
}

static void judge_event(struct audience *audience, const struct omsp_event *event)
{
    struct post *post;

    for (unsigned i = 0; i < audience->call_count; i++)
        law(audience, !audience->calls[i].gone || audience->calls[i].id != event->call,
            "an event of a call that is gone");
    if (event->kind != OMSP_EVENT_CALL || audience_wire_event(audience, event))
        return;
    post = post_of(audience, event->stream);
    switch (event->type) {
    case OMSP_STREAM_ACTIVE:
        law(audience, post && !post->told_active, "ACTIVE twice");
        post->told_active = true;
        break;
    case OMSP_STREAM_INACTIVE:
        law(audience, post && post->told_active, "INACTIVE twice");
        post->told_active = false;
        break;
    case OMSP_STREAM_FAIL:
        law(audience, event->error, "STREAM_FAIL without an error");
        if (post && omsp_stream_get_actual(post->stream) != OMSP_RUNNING)
            post->told_active = false;
        break;
    case OMSP_TERMINAL_FAIL:
        judge_failure(audience, event);
        break;
    default:
        break;
    }
}

static void take_events(struct audience *audience)
{
    for (;;) {
        struct omsp_event event = rig_event(&audience->rig);

        if ((int)event.kind == -1)
            return;
        judge_event(audience, &event);
    }
}

/* ---- what is so -------------------------------------------------------------------------------
 */

/* A stream that moves connects whom it has, but who was stopped by its SID. */
static void follow(struct audience *audience, struct post *post)
{
    enum omsp_actual before = post->actual;

    if (!post->stream)
        return;
    post->actual = omsp_stream_get_actual(post->stream);
    if (post->actual == before || post->actual == OMSP_STOPPED)
        return;
    post->other_works = true;
    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++)
        for (unsigned k = 0; k < SEATS; k++) {
            struct seat *seat = &audience->ears[i].seats[k];

            if (seat->on == post && !seat->ended)
                seat->started = true;
        }
}

static void judge_ear(struct audience *audience, struct ear *ear)
{
    struct omsp_fork_info info;
    bool wanted = false, used = false, there = get_info(ear, &info);

    for (unsigned k = 0; k < SEATS; k++) {
        const struct seat *seat = &ear->seats[k];

        wanted |= seat->started;
        used |= seat->started && seat->on->actual != OMSP_STOPPED;
    }
    law(audience, !wanted || there, "terminal %d: no connection was made",
        (int)(ear - audience->ears));
    if (there)
        law(audience, (info.state != OMSP_FORK_STOPPED) == wanted,
            "terminal %d: its connection is %d", (int)(ear - audience->ears), info.state);
    if (there && strcmp(ear->sid, info.sid) != 0) {
        memcpy(ear->sid, info.sid, sizeof(ear->sid));
        ear->hushed = false;
    }
    law(audience, omsp_terminal_in_use(ear->terminal) == used, "terminal %d: in use is %d",
        (int)(ear - audience->ears), !used);
}

static void judge_post(struct audience *audience, const struct stage *stage,
                       const struct post *post)
{
    if (!post->stream)
        return;
    if (post < &stage->posts[POST_FIRST])
        law(audience, post->told_active == (post->actual == OMSP_RUNNING), "stream %d.%d is %d",
            (int)stage->index, (int)(post - stage->posts), post->actual);
    if (post->other)
        law(audience,
            omsp_terminal_in_use(post->other) ==
                (post->other_on && post->other_works && post->actual != OMSP_STOPPED),
            "stream %d.%d: its other terminal's use", (int)stage->index,
            (int)(post - stage->posts));
}

/* The streams' own changes come from the doors alone: an end that is only noticed lowers them. */
static void settle(struct audience *audience)
{
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
        for (unsigned k = 0; k < POSTS; k++)
            follow(audience, &audience->stages[i].posts[k]);
    take_events(audience);
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
        for (unsigned k = 0; k < POSTS; k++)
            judge_post(audience, &audience->stages[i], &audience->stages[i].posts[k]);
    for (unsigned i = 0; i < AUDIENCE_SOCKETS; i++)
        if (audience->ears[i].terminal)
            judge_ear(audience, &audience->ears[i]);
    audience_judge_wires(audience);
}

static unsigned may_hear(const struct ear *ear)
{
    unsigned tracks = 0;

    for (unsigned k = 0; k < SEATS && !ear->hushed; k++)
        if (ear->seats[k].started && ear->seats[k].on->actual == OMSP_RUNNING)
            tracks |= k == SEAT_INBOUND ? OMSP_TRACK_INBOUND : OMSP_TRACK_OUTBOUND;
    return tracks;
}

/* A connection that may be there: a terminal's, or a media stream's. */
struct line {
    const struct stage *stage;
    struct omsp_fork_info info;
    unsigned tracks;      /* that may be heard */
    struct post *inbound; /* whose the inbound one is */
};
#define LINES (AUDIENCE_SOCKETS + AUDIENCE_WIRES)

static bool get_line(struct audience *audience, unsigned i, struct line *out)
{
    const struct wire *wire;

    if (i < AUDIENCE_SOCKETS) {
        const struct ear *ear = &audience->ears[i];

        out->stage = ear->stage;
        out->tracks = may_hear(ear);
        out->inbound = ear->seats[SEAT_INBOUND].on;
        return get_info(ear, &out->info);
    }
    wire = &audience->wires[i - AUDIENCE_SOCKETS];
    if (!wire->stream)
        return false;
    out->stage = wire->stage;
    out->tracks = audience_wire_tracks(wire);
    out->inbound = &wire->stage->posts[POST_RENDER];
    ck_assert_int_eq(omsp_stream_fork_info(wire->stream, &out->info), OMSP_OK);
    return true;
}

static void allow(struct audience *audience)
{
    for (unsigned i = 0; i < LINES; i++) {
        struct line line;
        unsigned n = 0;

        if (!get_line(audience, i, &line))
            continue;
        while (n < audience->leave_count && strcmp(audience->leaves[n].sid, line.info.sid) != 0)
            n++;
        ck_assert_uint_lt(n, AUDIENCE_LEAVES);
        if (n == audience->leave_count) {
            audience->leave_count++;
            audience->leaves[n].tracks = 0;
            memcpy(audience->leaves[n].sid, line.info.sid, AUDIENCE_CHARS);
        }
        audience->leaves[n].tracks |= line.tracks;
        audience->leaves[n].inbound = line.inbound;
    }
}

void audience_note(struct audience *audience)
{
    settle(audience);
    allow(audience);
}

void audience_look(struct audience *audience)
{
    audience->leave_count = 0;
    allow(audience);
}

/* ---- what is heard ----------------------------------------------------------------------------
 */

static bool member(const char *text, const char *name, char out[AUDIENCE_CHARS])
{
    char pattern[32];
    const char *at;

    snprintf(pattern, sizeof(pattern), "\"%s\":\"", name);
    at = strstr(text, pattern);
    if (!at)
        return false;
    memcpy(out, at + strlen(pattern), OMSP_SID_CHARS);
    out[OMSP_SID_CHARS] = '\0';
    return true;
}

static void judge_start(struct audience *audience, struct watched *watched, const char *text)
{
    char call[AUDIENCE_CHARS], sid[AUDIENCE_CHARS] = "";
    int before;

    law(audience, member(text, "streamSid", sid) && member(text, "callSid", call), "%s", text);
    for (unsigned i = 0; i < audience->call_count; i++)
        if (!strcmp(audience->calls[i].sid, call))
            watched->stage = audience->calls[i].stage;
    law(audience, watched->stage, "a start of no call: %s", text);
    watched->tracks = (strstr(text, "\"inbound\"") ? OMSP_TRACK_INBOUND : 0) |
                      (strstr(text, "\"outbound\"") ? OMSP_TRACK_OUTBOUND : 0);
    watched->started = true;
    before = audience_place(audience, sid);
    memcpy(watched->sid, sid, sizeof(sid));
    if (before < 0)
        return;
    law(audience, audience->reconnects && audience->watched[before].cut, "two of one SID");
    audience->counts->redialled++;
    watched->muddy = true;
    watched->fresh = OMSP_TRACK_INBOUND | OMSP_TRACK_OUTBOUND;
    memcpy(watched->chunk, audience->watched[before].chunk, sizeof(watched->chunk));
    memcpy(watched->next_ms, audience->watched[before].next_ms, sizeof(watched->next_ms));
}

static bool is_silence(uint8_t code)
{
    return (code | 0x80) == 0xFF;
}

static bool speaks(const struct post *post)
{
    return post->other_on && post->other_works &&
           omsp_file_state(post->parent) == OMSP_MEDIA_ACTIVE;
}

/* still: it was said since the last look, and nothing changed. */
static void judge_payload(struct audience *audience, struct watched *watched, unsigned seat,
                          const char *text, struct post *post, bool still)
{
    const struct stage *stage = watched->stage;
    const char *payload = strstr(text, "\"payload\":\"");
    uint8_t codes[FRAME], said = audience_code(stage, seat == SEAT_OUTBOUND ? 2 : 0), one = 0;
    bool apart = still && post && post >= &stage->posts[POST_FIRST];
    bool player = speaks(&stage->posts[POST_CAPTURE]);
    size_t len;

    law(audience, payload && !omsp_base64_decode(payload + 11, 216, codes, FRAME, &len), "%s",
        text);
    for (unsigned i = 0; i < FRAME; i++) {
        law(audience, seat == SEAT_INBOUND || !still || is_silence(codes[i]) != player,
            "%02X, and the player of call %u %s", codes[i], stage->index,
            player ? "speaks" : "is silent");
        if (is_silence(codes[i]))
            continue;
        if (seat == SEAT_OUTBOUND)
            law(audience, codes[i] == said, "%02X is not what call %u says", codes[i],
                stage->index);
        else
            law(audience, !((codes[i] ^ said) & 0x80), "%02X is not what call %u hears", codes[i],
                stage->index);
        one = codes[i];
        if (apart && seat == SEAT_INBOUND) {
            law(audience, one == said || one == audience_code(stage, 1), "%02X is no source", one);
            law(audience, !post->heard || post->heard == one, "%02X where %02X was heard", one,
                post->heard);
        }
    }
    if (apart && seat == SEAT_INBOUND && one)
        post->heard = one;
}

static void judge_media(struct audience *audience, struct watched *watched, const char *text,
                        bool still)
{
    unsigned seat = strstr(text, "\"track\":\"inbound\"") ? SEAT_INBOUND : SEAT_OUTBOUND;
    unsigned bit = seat == SEAT_INBOUND ? OMSP_TRACK_INBOUND : OMSP_TRACK_OUTBOUND;
    uint64_t timestamp = sim_message_number(text, "timestamp"), chunk;
    struct post *post = NULL;
    bool may = watched->muddy; /* it may have waited since it might */

    law(audience, watched->tracks & bit, "a track that start did not name");
    chunk = sim_message_number(text, "chunk");
    law(audience,
        chunk == watched->chunk[seat] + 1 ||
            ((watched->fresh & bit) && chunk > watched->chunk[seat]),
        "%s", text);
    watched->fresh &= ~bit;
    watched->chunk[seat] = chunk;
    law(audience, timestamp % FRAME_MS == 0 && timestamp >= watched->next_ms[seat], "%s", text);
    watched->next_ms[seat] = timestamp + FRAME_MS;
    for (unsigned i = 0; i < audience->leave_count; i++)
        if (!strcmp(audience->leaves[i].sid, watched->sid)) {
            may |= (audience->leaves[i].tracks & bit) != 0;
            post = audience->leaves[i].inbound;
        }
    law(audience, may, "track %u of call %u is heard and may not be", seat, watched->stage->index);
    judge_payload(audience, watched, seat, text, post, still && !watched->muddy);
    watched->got[seat]++;
    audience->counts->frames++;
}

static void judge_message(struct audience *audience, struct watched *watched, const char *text,
                          bool still)
{
    if (!watched->judged++) {
        law(audience, strstr(text, "{\"event\":\"connected\"") == text, "first is %s", text);
        return;
    }
    law(audience, !watched->stopped, "behind stop: %s", text);
    law(audience, sim_message_number(text, "sequenceNumber") == ++watched->sequence, "%s", text);
    if (watched->sequence == 1) {
        law(audience, strstr(text, "{\"event\":\"start\"") == text, "second is %s", text);
        judge_start(audience, watched, text);
        audience->counts->connections++;
    } else if (strstr(text, "{\"event\":\"media\"") == text) {
        judge_media(audience, watched, text, still);
    } else {
        law(audience, strstr(text, "{\"event\":\"stop\"") == text, "%s", text);
        watched->stopped = true;
    }
}

static void judge_messages(struct audience *audience, bool still)
{
    for (unsigned i = 0; i < audience->consumer.count; i++) {
        const struct sim_connection *connection = audience->consumer.connections[i];
        struct watched *watched = &audience->watched[i];

        memset(watched->got, 0, sizeof(watched->got));
        while (watched->judged < connection->count)
            judge_message(audience, watched, connection->messages[watched->judged], still);
    }
}

/* Is it known that somebody is heard there? */
static bool is_known(const struct stage *stage, const struct post *post)
{
    if (post >= &stage->posts[POST_FIRST])
        return post->heard != 0;
    return !stage->posts[POST_FIRST].stream && !stage->posts[POST_SECOND].stream &&
           stage->sources == 1;
}

/* A media stream that was stopped and started first waits for the end of the connection before, and
 * that for a consumer that does not read. */
static bool is_slow(const struct audience *audience)
{
    bool slow = false;

    for (unsigned i = 0; i < audience->consumer.count; i++)
        slow |= audience->watched[i].slow && !audience->consumer.connections[i]->gone;
    return slow;
}

static void judge_stretch(struct audience *audience, unsigned number, const struct line *line,
                          unsigned frames)
{
    int place = audience_place(audience, line->info.sid);
    const struct watched *watched = place < 0 ? NULL : &audience->watched[place];

    if (!watched || watched->muddy)
        return;
    for (unsigned k = 0; k < SEATS; k++) {
        if (!(line->tracks & (k == SEAT_INBOUND ? OMSP_TRACK_INBOUND : OMSP_TRACK_OUTBOUND)))
            continue;
        law(audience, watched->got[k] <= frames + SLACK, "%u frames of %u", watched->got[k],
            frames);
        if (k == SEAT_OUTBOUND || is_known(line->stage, line->inbound))
            law(audience, watched->got[k] + SLACK >= frames,
                "connection %d (%u), track %u: %u frames of %u", place, number, k, watched->got[k],
                frames);
    }
}

/* What samples of a stream got since they were read last. Of a source that comes back from a
 * substream they have the silence as well, so that there is no most. */
static void judge_samples(struct audience *audience, const struct stage *stage, struct post *post,
                          bool still, unsigned frames)
{
    bool running = post->other_on && post->other_works && post->actual == OMSP_RUNNING;
    uint8_t code = audience_code(stage, 0);
    struct omsp_samples_chunk chunk;
    int16_t pcm[FRAME];
    size_t got = 0;

    if (!post->other || post->parent)
        return;
    while (!omsp_samples_read(post->other, pcm, sizeof(pcm), &chunk)) {
        size_t count = chunk.bytes / sizeof(pcm[0]);

        got += count;
        while (count--)
            law(audience, !pcm[count] || (pcm[count] > 0) == ((code & 0x80) != 0),
                "%d is not what call %u hears", pcm[count], stage->index);
    }
    if (!still)
        return;
    law(audience, running || !got, "stream %u.%d does not run", stage->index,
        (int)(post - stage->posts));
    law(audience, !running || !is_known(stage, post) || got + SLACK * FRAME >= frames * FRAME,
        "stream %u.%d: %zu samples in %u frames", stage->index, (int)(post - stage->posts), got,
        frames);
}

/* ---- time -------------------------------------------------------------------------------------
 */

static void say(struct audience *audience, struct stage *stage)
{
    uint8_t packet[OMSP_RTP_HEADER + FRAME];
    unsigned n = stage->said++;

    for (unsigned i = 0; i < stage->sources; i++) {
        omsp_rtp_put_header(packet, n == 0, 0, (uint16_t)(100 + n), n * FRAME, 1000 + i);
        memset(packet + OMSP_RTP_HEADER, audience_code(stage, i), FRAME);
        ck_assert_int_eq(
            omsp_sim_inject(audience->rig.sim, &stage->far, &stage->local, packet, sizeof(packet)),
            OMSP_OK);
    }
}

void audience_run(struct audience *audience, unsigned ms, bool still)
{
    struct line before[LINES], after;
    bool there[LINES];

    for (unsigned i = 0; i < LINES; i++)
        there[i] = get_line(audience, i, &before[i]);
    for (unsigned done = 0; done < ms; done += TICK_MS) {
        if (omsp_sim_now(audience->rig.sim) / 1000 % FRAME_MS < TICK_MS)
            for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
                if (audience->stages[i].call)
                    say(audience, &audience->stages[i]);
        rig_run(&audience->rig, TICK_MS);
    }
    judge_messages(audience, still);
    for (unsigned i = 0; i < AUDIENCE_CALLS; i++)
        for (unsigned k = POST_RENDER; k < POSTS; k++)
            judge_samples(audience, &audience->stages[i], &audience->stages[i].posts[k], still,
                          ms / FRAME_MS);
    settle(audience);
    for (unsigned i = 0; i < LINES && still && ms >= 100; i++) {
        if (!there[i] || !get_line(audience, i, &after) ||
            strcmp(before[i].info.sid, after.info.sid) != 0 ||
            after.info.reconnects != before[i].info.reconnects)
            continue;
        law(audience,
            after.info.state != OMSP_FORK_CONNECTING || audience->reconnects ||
                (i >= AUDIENCE_SOCKETS && is_slow(audience)),
            "connection %u does not get on", i);
        if (before[i].info.state == OMSP_FORK_OPEN && after.info.state == OMSP_FORK_OPEN)
            judge_stretch(audience, i, &after, ms / FRAME_MS);
    }
    for (unsigned i = 0; i < audience->consumer.count; i++)
        if (still && !audience->watched[i].stalled)
            audience->watched[i].muddy = false;
}
