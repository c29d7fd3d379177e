"""Stage 6: a registered model answers over HTTP, behind a canary that can be rehearsed, advanced, aborted, undone."""
