"""Stage 5: from features to a model that has earned its place in the registry."""
