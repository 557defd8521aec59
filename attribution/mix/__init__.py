"""Media-mix models for users: model files, panels, lift tests, drafts and checks before the fit."""
