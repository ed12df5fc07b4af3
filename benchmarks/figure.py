"""The README's figure: time against the number of rows, for networks in fastgrad and in other engines."""

from itertools import groupby

ENGINES = {"fastgrad": "o", "jax": "s", "torch": "^"}  # each with the mark of its line
ONE_LOOK = {"svg.hashsalt": "rows", "font.size": 10}  # the same numbers give the same file


def curves(cases, samples):
    """Return the least microseconds by rows, for each engine of each network: {network: {engine: (rows, times)}}."""
    found = {}
    for network, members in groupby(cases, key=lambda case: case.name.partition(",")[0]):
        members = list(members)
        found[network] = {}
        for engine in ENGINES:
            known = [(case.key, samples[case.key][engine]) for case in members if engine in samples[case.key]]
            if known:
                rows = [int(key.rpartition(".")[2]) for key, _ in known]
                found[network][engine] = rows, [1e6 * min(times) for _, times in known]
    return found


def draw(curves, path):
    """Write the picture, on a white ground, so that it can be read on a dark page, too."""
    from matplotlib import pyplot

    with pyplot.rc_context(ONE_LOOK):
        figure, axes = pyplot.subplots(
            1, len(curves), figsize=(9.0, 3.8), sharey=True, squeeze=False, layout="constrained", facecolor="white"
        )
        for ax, (network, lines) in zip(axes[0], curves.items()):
            for engine, (rows, times) in lines.items():
                ax.loglog(rows, times, marker=ENGINES[engine], label=engine)
            ax.set(title=f"tanh network {network}", xlabel="rows")
            ax.grid(True, alpha=0.3)
        axes[0, 0].set_ylabel("value and gradient, microseconds")
        axes[0, 0].legend()
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        pyplot.close(figure)
