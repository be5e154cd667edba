#!/usr/bin/env bash
# Packs the tarball, installs it into an empty project without install scripts and without a compiler in reach, and
# uses the library and the command from there.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

npm pack --silent --pack-destination "$folder" >"$folder/pack.log" 2>&1 || { cat "$folder/pack.log"; exit 1; }
tarball="$(ls "$folder"/universal-callbacks-*.tgz)"
tar -tzf "$tarball" >"$folder/files"
for wanted in dist/index.js dist/index.d.ts dist/cli/main.js "prebuilds/linux-.*/universal_callbacks.node" "prebuilds/linux-.*/fork_host.so" runtime/python/run_callback.py runtime/perl/qb.pm templates/callback/callbacks.conf man/ucb.1 man/callbacks.conf.5 examples/site/callbacks.conf examples/systemd/ucb.service README.md LICENSE; do
  grep -q "^package/$wanted" "$folder/files" || { echo "the tarball lacks $wanted"; exit 1; }
done
if grep -E "^package/(test|bench|examples/farm|node_modules|build)/" "$folder/files"; then
  echo "the tarball carries what it should not"; exit 1
fi

mkdir -p "$folder/project/callback" "$folder/bin"
# Nothing but Node and the interpreters: whoever tries to compile anything fails.
ln -s "$(command -v node)" "$(command -v perl)" "$(command -v env)" "$folder/bin/"
# The executable itself: what PATH offers may be a script that needs a shell.
ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$folder/bin/python3"
cd "$folder/project"
echo '{"name":"consumer","private":true,"type":"module"}' >package.json
npm install --ignore-scripts --no-audit --no-fund --silent "$tarball"

printf 'print("hello from job", qb.jobid())\n' >callback/hello.py
printf 'hello.py = complete-job-self\n' >callback/callbacks.conf
chmod -R go-w callback
PATH="$folder/bin" ./node_modules/.bin/ucb check callback
PATH="$folder/bin" ./node_modules/.bin/ucb fire complete-job-7 callback --logpath "$folder/log" | tee "$folder/fire.out"
grep -q "hello from job 7" "$folder/fire.out"

PATH="$folder/bin" ./node_modules/.bin/ucb init begun
PATH="$folder/bin" ./node_modules/.bin/ucb check --strict begun
PATH="$folder/bin" ./node_modules/.bin/ucb fire complete-job-1001 begun --job begun/jobs.json --logpath "$folder/log"

cat >use.mjs <<'JS'
import { CallbackEngine, trigger } from "universal-callbacks";
const engine = await CallbackEngine.open({ directories: [] });
let seen = 0;
engine.register({ on: trigger("complete-work-self-*"), run: ({ event }) => { seen += Number(event.extra); } });
engine.emit("complete-work-1001-17");
await engine.idle();
await engine.close();
if (seen !== 17) throw new Error(`expected 17, saw ${seen}`);
console.log("library works");
JS
PATH="$folder/bin" node use.mjs
echo "package: ok"
