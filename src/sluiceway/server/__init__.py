"""The server: from a request to its answer, by the rollout state that it is shown. Stage 6 judges what it did."""
