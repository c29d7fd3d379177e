"""Pure mathematics over numpy arrays: tests, indices, scores. No tables, no files, no clock."""
