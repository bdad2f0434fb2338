/*
 * GStreamer as the peer of StartStream, a program of its own: a sender of RTP that stands ready, in
 * PAUSED, with its first packet made, and is set to PLAYING. The library is opened at run time by
 * its few functions that are needed, all of its stable interface, so that no header package is.
 *
 *   gst_peer PORT      packets go to 127.0.0.1
 *
 * Standard input: 'p' sets it to PLAYING, 'r' makes it ready again. Standard output: "ready", then
 * eight bytes for each byte: the wall clock in nanoseconds before PLAYING was asked for.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STATE_READY = 2, STATE_PAUSED = 3, STATE_PLAYING = 4, STATE_FAILURE = 0 };

static void (*init)(int *, char ***);
static void *(*parse)(const char *, void **);
static int (*set_state)(void *, int);
static int (*get_state)(void *, int *, int *, uint64_t);

static uint64_t wall_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int load(void)
{
    void *library = dlopen("libgstreamer-1.0.so.0", RTLD_NOW);

    if (!library)
        return 0;
    *(void **)&init = dlsym(library, "gst_init");
    *(void **)&parse = dlsym(library, "gst_parse_launch");
    *(void **)&set_state = dlsym(library, "gst_element_set_state");
    *(void **)&get_state = dlsym(library, "gst_element_get_state");
    return init && parse && set_state && get_state;
}

static int stand_ready(void *pipeline)
{
    const uint64_t patience_ns = 10000000000u;

    set_state(pipeline, STATE_READY);
    return get_state(pipeline, NULL, NULL, patience_ns) != STATE_FAILURE &&
           set_state(pipeline, STATE_PAUSED) != STATE_FAILURE &&
           get_state(pipeline, NULL, NULL, patience_ns) != STATE_FAILURE;
}

int main(int argc, char **argv)
{
    char text[256], order;
    void *pipeline, *error = NULL;

    if (argc != 2 || !load())
        return 2;
    init(NULL, NULL);
    snprintf(text, sizeof(text),
             "audiotestsrc samplesperbuffer=160 ! audio/x-raw,rate=8000,channels=1 ! mulawenc ! "
             "rtppcmupay ! udpsink host=127.0.0.1 port=%d",
             atoi(argv[1]));
    pipeline = parse(text, &error);
    if (!pipeline || error || !stand_ready(pipeline) || write(1, "ready\n", 6) != 6)
        return 2;
    while (read(0, &order, 1) == 1) {
        uint64_t before = wall_ns();

        if (order == 'p' ? set_state(pipeline, STATE_PLAYING) == STATE_FAILURE
                         : !stand_ready(pipeline))
            return 2;
        if (write(1, &before, sizeof(before)) != sizeof(before))
            return 0;
    }
    return 0;
}
