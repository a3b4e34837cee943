/* replay.c -- runs a target over the files of a folder and tells each as cmocka tells a test case. */

#include "fuzz.h"
#include <dirent.h>

static void run_file(const char *folder, const char *name) {
    char path[1024];
    uint8_t *bytes = malloc(1 << 20);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    REQUIRE(file && bytes, "%s cannot be read", path);
    size_t len = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    bytes = realloc(bytes, len ? len : 1);
    printf("[ RUN      ] %s\n", name);
    fflush(stdout);
    LLVMFuzzerTestOneInput(bytes, len);
    printf("[       OK ] %s\n", name);
    free(bytes);
}

int main(int argc, char **argv) {
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    REQUIRE(dir, "give the folder of the seeds");
    for (struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.') run_file(argv[1], entry->d_name);
    closedir(dir);
    return 0;
}
