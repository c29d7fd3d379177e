"""What a user writes: sources, expectations, feature views, a label, a pipeline. Frozen, and checked when made."""
