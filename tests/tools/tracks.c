/*
 * omsp-tracks FILE TRACKS RATE TAG BITS: what a recorder makes of so many calls in simulated time,
 * each with a tone of its own (300 Hz times its number), two seconds long. For programs that judge
 * recordings from outside.
 */
#include "support/call_rig.h"
#include "support/suite.h"

#include "base/bytes.h"
#include "media/wav.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST    8
#define SAMPLES 16000

static void put_tone(struct rig *rig, const char *path, unsigned hertz)
{
    struct omsp_wav_format format = {OMSP_WAV_PCM, 1, 8000, 16};
    static uint8_t bytes[OMSP_WAV_HEADER_MAX + SAMPLES * 2];
    size_t header = omsp_wav_header(&format, SAMPLES * 2, bytes);

    for (size_t i = 0; i < SAMPLES; i++)
        omsp_put_le16(bytes + header + 2 * i,
                      (uint16_t)(int16_t)(12000 * sin(2 * 3.14159265358979 * hertz * i / 8000)));
    ck_assert_int_eq(omsp_sim_file_put(rig->sim, path, bytes, header + SAMPLES * 2), OMSP_OK);
}

int main(int argc, char **argv)
{
    unsigned count = argc == 6 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    struct omsp_terminal *recorder, *player[MOST], *played[MOST], *track[MOST];
    struct omsp_call *said[MOST], *heard[MOST];
    struct omsp_stream *send[MOST], *hear[MOST];
    struct omsp_audio_format format = {0};
    const uint8_t *data;
    struct rig rig;
    size_t len;
    FILE *file;

    if (!count || count > MOST) {
        fputs("usage: omsp-tracks FILE TRACKS RATE TAG BITS\n", stderr);
        return 2;
    }
    format.tag = (uint16_t)strtoul(argv[4], NULL, 10);
    format.channels = (uint16_t)count;
    format.rate = (uint32_t)strtoul(argv[3], NULL, 10);
    format.bits = (uint16_t)strtoul(argv[5], NULL, 10);
    rig_open(&rig, 1);
    ck_assert_int_eq(omsp_file_recorder_create(rig.address, &recorder), OMSP_OK);
    ck_assert_int_eq(omsp_file_recorder_set_name(recorder, "out.wav"), OMSP_OK);
    for (unsigned i = 0; i < count; i++) {
        char path[16];

        snprintf(path, sizeof(path), "%u.wav", i);
        put_tone(&rig, path, 300 * (i + 1));
        said[i] = rig_call(&rig);
        heard[i] = rig_call(&rig);
        send[i] = rig_stream(said[i], OMSP_CAPTURE);
        hear[i] = rig_stream(heard[i], OMSP_RENDER);
        player[i] = rig_player(&rig, path, &played[i]);
        ck_assert_int_eq(omsp_file_create_track(recorder, OMSP_MEDIA_AUDIO, OMSP_RENDER, &track[i]),
                         OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(send[i], played[i]), OMSP_OK);
        ck_assert_int_eq(omsp_stream_select(hear[i], track[i]), OMSP_OK);
    }
    ck_assert_int_eq(omsp_track_set_format(track[0], &format), OMSP_OK);
    ck_assert_int_eq(omsp_file_start(recorder), OMSP_OK);
    for (unsigned i = 0; i < count; i++)
        rig_connect(said[i], heard[i]);
    rig_run(&rig, 2000);
    ck_assert_int_eq(omsp_file_stop(recorder), OMSP_OK);
    ck_assert_int_eq(omsp_sim_file_get(rig.sim, "out.wav", &data, &len), OMSP_OK);
    file = fopen(argv[1], "wb");
    if (!file || fwrite(data, 1, len, file) != len || fclose(file)) {
        perror(argv[1]);
        return 1;
    }
    for (unsigned i = 0; i < count; i++) {
        omsp_terminal_release(track[i]);
        omsp_terminal_release(played[i]);
        omsp_terminal_release(player[i]);
        omsp_stream_release(send[i]);
        omsp_stream_release(hear[i]);
        omsp_call_release(said[i]);
        omsp_call_release(heard[i]);
    }
    omsp_terminal_release(recorder);
    rig_close(&rig);
    return 0;
}
