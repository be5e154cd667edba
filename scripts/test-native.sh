#!/usr/bin/env bash
# Builds and runs the unit tests of native/core with plain CMake; no Node is involved.
# usage: test-native.sh [SANITIZERS]   e.g. test-native.sh address,undefined
set -euo pipefail
cd "$(dirname "$0")/.."
sanitizers="${1:-}"
folder="build-tests${sanitizers:+-${sanitizers//,/-}}"
cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DUCB_TESTS=ON -DUCB_WERROR="${UCB_WERROR:-OFF}" \
  -DUCB_SANITIZE="$sanitizers" >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
cmake --build "$folder" --parallel 2 >>"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
"$folder/ucb_core_tests"
