"""Pictures of graphs: see `fastgrad.draw.graphs`."""

from fastgrad.draw.canvas import Drawing
from fastgrad.draw.graphs import draw_dot, trace, visualize_graph

__all__ = ["Drawing", "draw_dot", "trace", "visualize_graph"]
