/*
 * What the program says: JSON objects, one a line, or lines for people with a meter. Any thread;
 * each line is written whole. The output is UTF-8.
 */
#ifndef OMSP_APP_REPORT_H
#define OMSP_APP_REPORT_H

#include <windows.h>

#include <stdbool.h>

/* json: objects; else words, and a meter when standard output is a console. on_error: all of it on
 * standard error, because standard output is for something else. */
void report_open(bool json, bool on_error);
/* The first line; what happened before it is told after it. t_ms counts from here. */
void report_ready(const wchar_t *listen, const wchar_t *call);
void report_rest(const wchar_t *url);
/* The events. On any other thread than the main one: each waits until report_ready or report_rest
 * was called, and is told then, or report_error, and is not. */
/* call: its SID, "" when not known. stream: "capture", "render", or a media stream's SID. */
void report_media_event(int event, int cause, const char *call, const char *stream, HRESULT hr);
void report_file_event(int state, int cause, const char *call, const char *terminal, HRESULT hr);
void report_digit(const char *call, char digit); /* '0' to '9', '*', '#', 'A' to 'D' */
/* `arrived` or gone. */
void report_terminal(bool arrived, bool capture, const wchar_t *name);
void report_device(bool capture, const wchar_t *name, LONG wave_id, bool is_default);
void report_result(const char *op, const char *stream, HRESULT hr);

struct report_stats {
    double packets_received, bytes_received, packets_sent, bytes_sent;
    double packets_lost, packets_late, packets_duplicate, packets_reordered, packets_rejected;
    double packets_forged, packets_replayed;
    double jitter_us, round_trip_us, frames_recorded, frames_concealed, frames_played;
};
void report_stats(const struct report_stats *stats);
/* Overwrites the meter's line; nothing with json or without console. */
void report_meter(const struct report_stats *stats, double seconds);
/* One line on standard error: "openmsp: what: why". subject may be NULL. Before report_ready there
 * is no call then, and no event is told. */
void report_error(const char *what, const wchar_t *subject, HRESULT hr);

#endif
