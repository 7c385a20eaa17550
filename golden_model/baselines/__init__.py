"""Rival learners of `metaplast compare`: committee machine, straight-through net, gate counts."""
