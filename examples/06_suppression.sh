#!/usr/bin/env bash
# Whom to leave out: the list, the files for two platforms, their check, the upload, and what changed a week later.
set -euo pipefail
cd "$(dirname "$0")"
export ATTRIBUTION_WORKSPACE="${1:-$(mktemp -d)/workspace}"

attribution ingest --touchpoints data/touches.csv --conversions data/orders.csv --spend data/spend.csv \
  --customers data/customers.csv --timezone UTC
attribution suppress --platform google-ads --platform meta --basis "consent in the shop's account" --made-on 2026-01-07

# Too few people to be served: the check says so as a warning, and nothing worse.
attribution lint meta "$ATTRIBUTION_WORKSPACE"/lists/meta-*/meta-customers.csv --made-on 2026-01-07

# After the files were uploaded by hand as an exclusion:
attribution suppress --mark-uploaded meta --uploaded-on 2026-01-07
attribution lists --as-of 2026-01-10
