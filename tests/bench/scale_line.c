/* See scale_line.h. One thread. */
#include "bench/scale_line.h"

#include <stdio.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_values(const char *key, struct omsp_bench_values *values)
{
    qsort(values->value, values->count, sizeof(values->value[0]), by_value);
    printf(",\"%s\":%.2f,\"%s_min\":%.2f,\"%s_max\":%.2f", key, values->value[values->count / 2],
           key, values->value[0], key, values->value[values->count - 1]);
}

double bench_scale_loss(const struct bench_scale_line *line)
{
    if (!line->sent)
        return 100;
    return line->got < line->sent ? 100.0 * (double)(line->sent - line->got) / (double)line->sent
                                  : 0;
}

void bench_scale_print(struct bench_scale_line *line)
{
    printf("{\"bench\":\"scale\",\"streams\":%u,\"who\":\"%s\"", line->streams, line->who);
    if (line->missing || !line->cpu_us.count) {
        printf(",\"missing\":\"%s\"}\n", line->missing ? line->missing : "nothing came through");
        fflush(stdout);
        return;
    }
    print_values("cpu_us", &line->cpu_us);
    if (line->is_relay && line->p50_us.count) {
        print_values("p50_us", &line->p50_us);
        print_values("p99_us", &line->p99_us);
        qsort(line->max_us.value, line->max_us.count, sizeof(double), by_value);
        printf(",\"max_us\":%.0f", line->max_us.value[line->max_us.count - 1]);
    }
    printf(",\"loss_percent\":%.3f", bench_scale_loss(line));
    print_values("pace", &line->pace);
    if (line->memory_kb >= 0)
        printf(",\"memory_kb\":%.1f", line->memory_kb);
    printf(",\"rounds\":%zu}\n", line->cpu_us.count);
    fflush(stdout);
}
