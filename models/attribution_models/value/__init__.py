"""What customers are worth and what ads do to them: repeat buying, lifecycle, uplift, holdouts, freed spend."""
