"""The backward pass as mathematics: formulas of ops, and derivations of whole graphs."""
