"""Exports a checkpoint with OpenVLA's layout (7 billion parameters) to a bundle, one tensor at a time."""
