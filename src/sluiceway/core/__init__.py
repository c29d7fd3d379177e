"""The words every other package speaks: digests, time, durations, errors, verdicts. Standard library only."""
