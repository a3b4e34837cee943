/* scrape_process.c -- what the kernel says of us. */

#include "../base/clock.h"
#include "../base/exposition.h"
#include "scrape.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void add_gauge(struct buf *ret, const char *name, const char *help, double value) {
    exposition_family(ret, name, EXPOSITION_GAUGE, help);
    exposition_real(ret, name, EXPOSITION_NO_LABELS, value);
}

/* The folder that is read for it is one of them, and left out. */
static size_t count_open_files(void) {
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count > 3 ? count - 3 : 0; /* "." and ".." as well */
}

static bool read_line(const char *path, const char *begin, char *ret, size_t size) {
    FILE *file = fopen(path, "re");
    bool found = false;
    if (!file) return false;
    while (!found && fgets(ret, (int)size, file))
        found = strncmp(ret, begin, strlen(begin)) == 0;
    fclose(file);
    return found;
}

static double resident_bytes(void) {
    char line[256];
    unsigned long long size, resident;
    if (!read_line("/proc/self/statm", "", line, sizeof line)) return 0;
    if (sscanf(line, "%llu %llu", &size, &resident) != 2) return 0;
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

/* Seconds since 1970: the machine's start, and the 22nd word about us, counted behind our name, which may
 * hold blanks. */
static double start_time(void) {
    char line[2048];
    unsigned long long booted, ticks;
    if (!read_line("/proc/stat", "btime ", line, sizeof line) || sscanf(line, "btime %llu", &booted) != 1)
        return 0;
    if (!read_line("/proc/self/stat", "", line, sizeof line)) return 0;
    const char *at = strrchr(line, ')');
    for (int word = 2; at && word < 22; word++)
        at = strchr(at + 1, ' ');
    if (!at || sscanf(at, " %llu", &ticks) != 1) return 0;
    return (double)booted + (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

void scrape_process(struct buf *ret) {
    struct rlimit files = {0};
    double cpu_s = (double)clock_cpu_ns(CLOCK_PROCESS_CPUTIME_ID) / CLOCK_NS_PER_S;
    getrlimit(RLIMIT_NOFILE, &files);
    exposition_family(ret, "process_cpu_seconds_total", EXPOSITION_COUNTER,
                      "CPU time that the process has used.");
    exposition_real(ret, "process_cpu_seconds_total", EXPOSITION_NO_LABELS, cpu_s);
    add_gauge(ret, "process_resident_memory_bytes", "Memory that the process holds.", resident_bytes());
    add_gauge(ret, "process_open_fds", "File descriptors that are open.", (double)count_open_files());
    add_gauge(ret, "process_max_fds", "File descriptors that may be open.", (double)files.rlim_cur);
    add_gauge(ret, "process_start_time_seconds", "When the process started, in seconds since 1970.",
              start_time());
}
