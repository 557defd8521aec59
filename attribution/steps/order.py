"""The order of the Markov chain, chosen on the workspace's journeys."""

from __future__ import annotations

from attribution.steps.journeys import journeys_step
from attribution.workspace import Workspace
from attribution_models.paths.order import OrderChoice, choose_order


def order_step(workspace: Workspace, seed: int = 1) -> OrderChoice:
    """Choose the order of the Markov chain on held-out customers of the workspace's journeys."""
    return choose_order(journeys_step(workspace), seed=seed)
