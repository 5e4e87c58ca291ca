#!/usr/bin/env bash
# Builds CAF with ThreadSanitizer into build/tsan-caf, from the source of Debian's own package: of the
# ready library, which is not instrumented, the sanitizer does not see that a mailbox orders what passes
# through it. It would report every message or, with the library suppressed, no race of any actor.
#
# Without a way to Debian's sources: TROUPE_CAF_SOURCE=FILE names the archive (actor-framework_*.orig.tar.gz).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/tsan-caf
[ -e "$root/done" ] && exit 0
rm -rf "$root"
mkdir -p "$root/source"
log=$root/log

# Fetches the archive with the machine's own sources of packages, asked for source packages; what is
# downloaded and remembered stays in the folder. Only the original source is needed.
fetch() {
  local f lists=$root/lists parts=$root/parts apt
  mkdir -p "$lists/partial" "$parts"
  for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -e "$f" ] && sed -n 's/^deb /deb-src /p' "$f" >"$parts/$(basename "$f")"
  done
  for f in /etc/apt/sources.list.d/*.sources; do
    [ -e "$f" ] && sed 's/^Types:.*/Types: deb-src/' "$f" >"$parts/$(basename "$f")"
  done
  apt=(apt-get -q -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$parts"
    -o "Dir::State::lists=$lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
    -o "APT::Sandbox::User=$(id -un)")
  "${apt[@]}" update || true # a source of other packages may be out of reach
  (cd "$root" && "${apt[@]}" source --download-only actor-framework) || true
}

archive=${TROUPE_CAF_SOURCE:-}
if [ -z "$archive" ]; then
  echo "dev: fetching the source of CAF ..." >&2
  fetch >"$log" 2>&1
  archive=$(compgen -G "$root/actor-framework_*.orig.tar.*" | head -1) || true
fi
if [ ! -f "$archive" ]; then
  [ -n "${TROUPE_CAF_SOURCE:-}" ] && echo "dev: no file $TROUPE_CAF_SOURCE" >&2 && exit 1
  grep -E '^[EW]:' "$log" | tail -5 >&2 || true
  cat >&2 <<TXT
dev: the source package actor-framework could not be had from the sources of this machine's apt.
dev: With the archive from elsewhere: TROUPE_CAF_SOURCE=.../actor-framework_0.17.6.orig.tar.gz ./dev tsan
TXT
  exit 1
fi

echo "dev: building CAF for ThreadSanitizer ..." >&2
tar xf "$archive" -C "$root/source" --strip-components=1
launcher=$(command -v ccache || true)
# A build type of its own name: without one, CAF optimises with full debug information. Sixteen files
# at a time share the parsing of CAF's headers.
{
  cmake -S "$root/source" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=Instrumented \
    -DCMAKE_CXX_FLAGS="-O1 -g1 -w -fsanitize=thread" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=16 \
    -DCMAKE_INSTALL_PREFIX="$root" -DCMAKE_INSTALL_LIBDIR=lib \
    -DCAF_NO_IO=yes -DCAF_NO_TOOLS=yes -DCAF_NO_EXAMPLES=yes -DCAF_NO_UNIT_TESTS=yes \
    -DCAF_NO_OPENSSL=yes -DCAF_NO_OPENCL=yes -DCAF_NO_PYTHON=yes -DCAF_NO_SUMMARY=yes &&
    cmake --build "$root/build" -j "${JOBS:-$(nproc)}" &&
    cmake --install "$root/build"
} >"$log" 2>&1 || {
  grep -E 'error|Error' -A 3 "$log" | head -30 >&2
  echo "dev: CAF could not be built; all of it: build/tsan-caf/log" >&2
  exit 1
}
rm -rf "$root/source" "$root/build" "$root/lists" "$root/parts" "$root"/actor-framework_*
touch "$root/done"
