"""The streaming execution of feature views: events in, what is served out, exactly once."""
