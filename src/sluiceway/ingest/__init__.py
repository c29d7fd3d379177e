"""Stage 2: from sources to an immutable dataset version."""
