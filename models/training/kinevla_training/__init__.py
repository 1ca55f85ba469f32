"""Trains KineVLA in small on data of the virtual lab and exports it as a bundle."""
