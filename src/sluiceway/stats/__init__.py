"""Pure mathematics: tests, effect sizes, intervals. Arrays in, numbers out."""
