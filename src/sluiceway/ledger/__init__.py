"""The evidence: a hash-chained list of verdicts, overrides and registrations."""
