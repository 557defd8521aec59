"""Plans of spend: from a kept media-mix fit to a split of money, kept as a scenario."""
