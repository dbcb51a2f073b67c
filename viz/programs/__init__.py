"""A graph as a program of single numbers, which a page can run again."""
