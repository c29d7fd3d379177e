"""The stage graph, the step that re-checks gates, and the runner. Knows no backend."""
