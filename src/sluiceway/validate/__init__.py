"""Stage 3: what the data is like, against what was expected of it and against an earlier version."""
