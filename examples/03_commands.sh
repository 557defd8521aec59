#!/usr/bin/env bash
# The whole job on three files, as a planner types it.
set -euo pipefail
cd "$(dirname "$0")"
export ATTRIBUTION_WORKSPACE="${1:-$(mktemp -d)/workspace}"

attribution ingest --touchpoints data/touches.csv --conversions data/orders.csv --spend data/spend.csv --timezone UTC
attribution journeys --lookback 30d
attribution fit paths
attribution credits --model markov-1
attribution suppress
