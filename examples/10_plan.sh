#!/usr/bin/env bash
# Where should the money go: the best split of a quarter's budget by a media-mix fit, a hopeful one, and both side by side.
set -euo pipefail
cd "$(dirname "$0")"
export ATTRIBUTION_WORKSPACE="${1:-$(mktemp -d)/workspace}"

attribution fit mmm --panel data/weekly.csv --model data/mmm.toml > /dev/null
attribution plan --budget 120000
attribution plan --budget 120000 --objective expected --name hopeful > /dev/null
attribution plan compare
