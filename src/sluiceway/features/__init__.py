"""Stage 4: from validated data to point-in-time features, offline and online."""
