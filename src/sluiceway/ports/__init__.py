"""One protocol per file: what a backend must be able to do, and what it promises."""
