"""Names for nodes and files for drawings: what the programs with pictures share."""

from pathlib import Path


def named(label, node):
    """Write a name on a node, for drawings, and hand the node back."""
    node.label = label
    return node


def save(draw, folder, name):
    """Call `draw` and write the picture that it returns as `folder/name.svg`; without a folder, draw nothing."""
    if folder is not None:
        path = draw().render(str(Path(folder, name)), cleanup=True)
        print(f"  drawn: {path}")
