"""One module per command group. Each command parses, calls the workspace, prints."""
