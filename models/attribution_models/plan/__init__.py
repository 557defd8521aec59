"""Plans of spend: the best split of a budget under a fitted media-mix model, over all its posterior draws."""
