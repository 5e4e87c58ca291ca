#!/usr/bin/env bash
# clang-tidy over a part of the product's sources (see `sources`). `tests/tidy.sh [FILE ...]`: those only.
# TIDY_TIMES=1: says how long each group took. TIDY_DEEP=1: with the static analyzer, which needs
# several times as long.
#
# Most of clang-tidy's time goes into the headers (Boost, CAF, the standard library), which are the
# same for neighbours. So neighbours are checked together, as one text, and only where something is
# found (or where they cannot stand in one text, because of names of the same kind) it is split, down
# to the single file, whose findings are shown. What has passed is remembered in build/tidy-cache,
# by the content of the sources, the headers of the tree that they include, and the settings.
#
# Not covered yet, because nobody has mended what it finds there: actors/engines, daemon, cli (name
# their files to see). Left out for their time: actors/entities and the gateway, which are templates
# (one actor a kind, Beast), up to a minute a file. The domain, net and demo together take less than
# a minute and a half of processor time.
set -euo pipefail
cd "$(dirname "$0")/.."

tidy=clang-tidy-14
flags=(-std=c++20 -I. -DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_BEAST_SEPARATE_COMPILATION
  -DBOOST_ASIO_NO_DEPRECATED -DFMT_SHARED -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL
  -DSPDLOG_SHARED_LIB)
checks=
[ -n "${TIDY_DEEP:-}" ] || checks=-clang-analyzer-*
cache=build/tidy-cache
at_once=${TIDY_GROUP:-12}

# The key of some sources in the cache. Fails if a header is missing.
key() {
  local headers
  headers=$(g++ "${flags[@]}" -MM "$@" | tr -d '\\' | tr ' ' '\n' | grep '\.hpp$' | sort -u) || true
  # shellcheck disable=SC2086 # our paths have no spaces
  { cat .clang-tidy tests/tidy.sh "$@" $headers && echo "$checks"; } | sha256sum | cut -d' ' -f1
}

# Checks sources as one text, and halves of it where that fails.
check() {
  local name half text
  name=$(key "$@")
  [ -e "$cache/$name" ] && return 0
  if [ $# = 1 ]; then
    $tidy --quiet --checks="$checks" "$1" -- "${flags[@]}" 2>/dev/null >"$cache/$name.out" || {
      cat "$cache/$name.out"
      rm -f "$cache/$name.out"
      return 1
    }
    rm -f "$cache/$name.out"
  else
    text=$cache/$name.cpp
    cat "$@" >"$text"
    if ! $tidy --quiet --config-file=.clang-tidy --checks="$checks" "$text" -- "${flags[@]}" >/dev/null 2>&1; then
      half=$(($# / 2))
      local bad=0
      check "${@:1:half}" || bad=1
      check "${@:half+1}" || bad=1
      rm -f "$text"
      [ $bad = 0 ] || return 1
    fi
    rm -f "$text"
  fi
  : >"$cache/$name"
}

mkdir -p "$cache"
if [ "${1:-}" = --group ]; then
  shift
  begun=$SECONDS
  bad=0
  check "$@" || bad=1
  [ -z "${TIDY_TIMES:-}" ] || echo "$((SECONDS - begun)) s for $# files from $1" >&2
  exit $bad
fi

if [ $# -gt 0 ]; then
  sources=("$@")
else
  mapfile -t sources < <(git ls-files -- 'protocol/*.cpp' 'config/*.cpp' 'persistence/*.cpp' \
    'bench/*.cpp' 'net/*.cpp' 'demo/*.cpp' ':(glob)actors/*.cpp' 'actors/domain/*.cpp' | awk -F/ '{ n = $NF; sub("/[^/]*$", ""); print $0, n }' |
    sort | tr ' ' '/')
fi
# Only neighbours share their headers: a group never leaves its folder.
groups=()
group=()
folder=
flush() {
  [ ${#group[@]} = 0 ] || groups+=("${group[*]}")
  group=()
}
for f in "${sources[@]}"; do
  [ -e "$f" ] || continue # deleted, not yet committed
  if [ "$(dirname "$f")" != "$folder" ] || [ ${#group[@]} -ge "$at_once" ]; then
    flush
    folder=$(dirname "$f")
  fi
  group+=("$f")
done
flush
[ ${#groups[@]} -gt 0 ] || exit 0
printf '%s\n' "${groups[@]}" |
  xargs -P "${JOBS:-$(nproc)}" -I{} sh -c 'exec bash tests/tidy.sh --group {}' || exit 1
