"""Stage 1: from spec.yaml to a promise that every later gate judges by."""
