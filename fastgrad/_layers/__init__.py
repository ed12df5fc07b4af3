"""Layers, losses and parameters: nodes of many numbers."""
