/* request_id.c -- the id that a client offers: taken as it is when well-formed, else one of ours. */

#include "../../core/exchange/request.h"
#include "../../core/services/crypto.h"
#include "fuzz.h"

static bool well_formed(const char *id) {
    size_t len = strlen(id);
    return len > 0 && len < REQUEST_ID_SIZE &&
           len == strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char id[REQUEST_ID_SIZE];
    char *offered = input_copy((const char *)data, size);
    request_id_choose(id, offered);
    REQUIRE(well_formed(id), "\"%s\"", id);
    REQUIRE((strcmp(id, offered) == 0) == well_formed(offered), "\"%s\" for \"%s\"", id, offered);
    free(offered);
    return 0;
}
