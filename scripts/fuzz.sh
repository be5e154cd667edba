#!/usr/bin/env bash
# Builds every fuzz target under the address and undefined behaviour sanitizers and runs each for some time.
# What a target has learned is kept in build-fuzz/corpus; an input that breaks it is left in build-fuzz.
# usage: fuzz.sh [SECONDS]   default 30; needs clang
set -euo pipefail
cd "$(dirname "$0")/.."
seconds="${1:-30}"
folder=build-fuzz
CC=clang CXX=clang++ cmake -S . -B "$folder" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DUCB_FUZZ=ON \
  -DUCB_SANITIZE=address,undefined >"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
targets=()
for source in native/fuzz/*.cc; do targets+=("$(basename "$source" .cc)"); done
cmake --build "$folder" --parallel 2 --target "${targets[@]}" >>"$folder.log" 2>&1 || { cat "$folder.log"; exit 1; }
for target in "${targets[@]}"; do
  echo "$target: $seconds s"
  mkdir -p "$folder/corpus/$target"
  "$folder/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$folder/" -verbosity=1 "$folder/corpus/$target" >"$folder/$target.log" 2>&1 ||
    { tail -50 "$folder/$target.log"; exit 1; }
  grep -E "^stat::(number_of_executed_units|new_units_added|peak_rss_mb)|^#.*DONE" "$folder/$target.log"
done
