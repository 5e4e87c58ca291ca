#!/usr/bin/env bash
# Who may include whom: a folder sees itself and those to its left, never to its right.
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0
rule() { # folder, pattern of includes that it must not have
  local hits
  hits=$(git grep -nE "^#include \"($2)/" -- "$1" || true)
  if [ -n "$hits" ]; then
    echo "tree rule broken: $1 must not include $2" >&2
    echo "$hits" >&2
    bad=1
  fi
}
rule protocol 'net|config|persistence|actors|gateway|daemon|cli'
rule net 'protocol|config|persistence|actors|gateway|daemon|cli'
rule config 'persistence|actors|gateway|daemon|cli'
rule persistence 'config|actors|gateway|daemon|cli'
rule actors/domain 'config|persistence|gateway|daemon|cli|actors/(agents|engines)'
rule actors/engines/rules 'config|persistence|gateway|daemon|cli|actors/(agents|entities|[a-z_]*\.hpp)'
rule actors 'gateway|daemon|cli'
rule gateway 'daemon|cli'
rule bench 'config|gateway|daemon|cli'
rule daemon 'persistence|actors|gateway|cli'
if git grep -nE '<caf/|<boost/(asio|beast)' -- protocol persistence actors/domain actors/engines/rules; then
  echo "tree rule broken: CAF, Asio and Beast stay out of protocol, persistence and the domain" >&2
  bad=1
fi
exit $bad
