"""Stage 3: from a dataset version to a report of what was measured about it."""
