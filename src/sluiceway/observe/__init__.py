"""Stage 7: what moved, since when, what it costs, and whether to train again."""
