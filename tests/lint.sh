#!/bin/sh
# Formatting, static analysis of C and Lua, and a release build in which every warning is an error.
# Goes through all of it and says at the end whether something was found.
set -u
cd "$(dirname "$0")/.."
failed=0

check() {
    echo "== $1"
    shift
    "$@" || failed=1
}

formatting() {
    find core tests/unit tests/fuzz -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
}

warnings() {
    mkdir -p build-lint
    cmake -S . -B build-lint -G Ninja -DCMAKE_BUILD_TYPE=Release -DPLATEIA_WERROR=ON >build-lint/cmake.log 2>&1 ||
        { cat build-lint/cmake.log; return 1; }
    cmake --build build-lint
}

# Reads the compile commands of the build above. What it counts on standard error is noise unless it failed.
analysis() {
    find core -name '*.c' -print0 |
        xargs -0 -n 4 -P "$(nproc)" clang-tidy -p build-lint --quiet 2>build-lint/tidy.log ||
        { grep -v '^[0-9]* warnings\? ' build-lint/tidy.log; return 1; }
}

scripts() {
    find core scripts tests docs -name '*.lua' -exec luacheck --quiet tests/doors {} +
}

check "formatting" formatting
check "warnings as errors" warnings
check "clang-tidy" analysis
check "luacheck" scripts
exit $failed
