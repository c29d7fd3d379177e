"""The first draft of a project: what data looks like, what may be made of it, and the files that say so."""
