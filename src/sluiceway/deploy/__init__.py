"""Stage 6: a registered model's canary, rehearsed or live: its evidence, its gate, and the changes of a rollout."""
