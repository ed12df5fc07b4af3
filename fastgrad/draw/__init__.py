"""Pictures of a graph: which number was made from which, with every value and gradient.

Both looks have a box for each number and a circle for each operation. The boxes of `draw_dot` are one line; those of
`visualize_graph` are lists, which can write a gradient as the derivative that it is. With the ``graphviz`` package and
Graphviz's program ``dot`` a picture is a ``graphviz.Digraph``. Where one of them is missing it is a `Drawing`, which is
used in the same way, has the same source and makes a plain SVG by itself. In a notebook `zoom` lets a picture be zoomed
and moved, and `explore` shows a graph that can be played with.

>>> from fastgrad import Value
>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> c = a - b
>>> c.backward()
>>> print(draw_dot(c).source.expandtabs(4))
digraph {
    graph [rankdir=LR]
    n0 [label="{ a | data 2 | grad 1 }" shape=record]
    n1 [label="{ b | data -3 | grad -1 }" shape=record]
    n2_op [label="-" shape=circle]
    n2 [label="{ data 5 | grad 1 }" shape=record]
    n2_op -> n2
    n0 -> n2_op
    n1 -> n2_op
}
<BLANKLINE>
"""

from fastgrad.draw.canvas import Drawing
from fastgrad.draw.graphs import draw_dot, trace, visualize_graph
from fastgrad.draw.widget import explore
from fastgrad.draw.zooming import zoom

__all__ = ["Drawing", "draw_dot", "explore", "trace", "visualize_graph", "zoom"]
