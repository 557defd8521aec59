#!/usr/bin/env bash
# One page for the meeting, and the same content for a pipeline.
set -euo pipefail
cd "$(dirname "$0")"
export ATTRIBUTION_WORKSPACE="${1:-$(mktemp -d)/workspace}"
page="$(dirname "$ATTRIBUTION_WORKSPACE")/report.html"

attribution ingest --touchpoints data/touches.csv --conversions data/orders.csv --spend data/spend.csv --timezone UTC
attribution fit paths --models last,markov,shapley > /dev/null
attribution report --title "A tiny shop" --currency EUR -o "$page"
attribution report --format markdown
