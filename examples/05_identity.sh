#!/usr/bin/env bash
# Many cookies, one customer: what joining ids changes, a person's timeline, and how a person is erased.
set -euo pipefail
cd "$(dirname "$0")"
export ATTRIBUTION_WORKSPACE="${1:-$(mktemp -d)/workspace}"

attribution ingest --touchpoints data/joined/touches.csv --conversions data/joined/orders.csv \
  --identities data/joined/links.csv --timezone UTC
attribution identify --effect
attribution journey email=ada@example.com
attribution forget email=ben@example.com --yes
attribution fit markov
