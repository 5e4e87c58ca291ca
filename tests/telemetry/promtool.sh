#!/usr/bin/env bash
# promtool.sh rules|config|tests: holds config/prometheus/ against promtool. 77: there is none.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:$PWD/build/tools # where ./dev test puts it
command -v promtool >/dev/null || {
  echo "skipped: there is no promtool (Debian's prometheus has it; ./dev setup --tests)" >&2
  exit 77
}
cd config/prometheus
case $1 in
rules) promtool check rules alerts.yml ;;
config) promtool check config --syntax-only scrape.yml ;; # the token's file is the operator's
tests) promtool test rules alerts_test.yml ;;
esac
