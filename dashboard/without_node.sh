#!/usr/bin/env bash
# Configures the tree with TROUPE_DASHBOARD=OFF where no Node and no npm are to be found, and builds
# what stands in the dashboard's place.
#   without_node.sh SOURCE CMAKE GENERATOR
set -euo pipefail
source=$1 cmake=$2 generator=$3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Every program of the PATH but these: they share a folder with the compiler.
mkdir "$folder/bin"
IFS=: read -ra places <<<"$PATH"
for place in "${places[@]}"; do
  for program in "$place"/*; do
    name=${program##*/}
    case $name in node | nodejs | npm | npx) continue ;; esac
    [ ! -x "$program" ] || [ -e "$folder/bin/$name" ] || echo "$program"
  done | xargs -r -d '\n' ln -s -t "$folder/bin" 2>/dev/null || true # a name that two folders have
done
export PATH="$folder/bin"
for name in node nodejs npm; do
  if command -v "$name"; then echo "$name is still there" >&2; exit 1; fi
done

"$cmake" -S "$source" -B "$folder/build" -G "$generator" -DTROUPE_DASHBOARD=OFF
"$cmake" --build "$folder/build" --target troupe_dashboard
if grep -E 'TROUPE_(NODE|NPM)' "$folder/build/CMakeCache.txt"; then
  echo "it looked for Node all the same" >&2
  exit 1
fi
