"""The chapter of journeys: funnel, flow, length and time."""
