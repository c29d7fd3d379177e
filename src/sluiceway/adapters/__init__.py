"""One file per backend. The only place that opens files, sockets and databases."""
