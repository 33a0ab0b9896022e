"""The routes, one file for each group; ``table`` lists them all."""
