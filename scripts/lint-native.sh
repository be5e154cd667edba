#!/usr/bin/env bash
# Format and static checks of the C++ sources; needs clang-format and clang-tidy.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t sources < <(git ls-files 'native/**/*.cc' 'native/**/*.h' ':!native/third_party')
clang-format --dry-run -Werror "${sources[@]}"
cmake -S . -B build-tidy -DUCB_TESTS=ON -DCMAKE_BUILD_TYPE=Debug >/dev/null
mapfile -t core < <(git ls-files 'native/core/**/*.cc' 'native/host/*.cc')
printf '%s\0' "${core[@]}" | xargs -0 -n 1 -P 2 clang-tidy --quiet -p build-tidy
