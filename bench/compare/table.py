"""The table: one line on the screen for each comparison, and the same rows as JSON."""
import json
import pathlib

LOWER_IS_BETTER = {"ns", "us", "ms", "s", "bytes", "GiB"}
HEADER = f"{'what':<52} | {'rakka':>14} | {'peer':<10} | {'peer figure':>14} | ratio"


def best(values, unit):
    """The best of several figures of one side; those that are missing do not count."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return min(known) if unit in LOWER_IS_BETTER else max(known)


def figure(value, unit):
    for limit, suffix in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= limit and unit not in LOWER_IS_BETTER:
            return f"{value / {1e9: 1e9, 1e6: 1e6, 1e4: 1e3}[limit]:.2f}{suffix} {unit}"
    return f"{value:.4g} {unit}"


class Table:
    def __init__(self):
        self.rows = []

    def add(self, suite, row, unit, mine, peer, theirs):
        """One comparison; nothing when a side has no figure, as its program then has said why."""
        if not mine or not theirs:
            return
        ratio = theirs / mine if unit in LOWER_IS_BETTER else mine / theirs
        self.rows.append({"suite": suite, "row": row, "unit": unit, "rakka": mine, "peer": peer,
                          "peer_value": theirs, "ratio": round(ratio, 3)})
        print(f"{suite + ': ' + row:<52} | {figure(mine, unit):>14} | {peer:<10} | {figure(theirs, unit):>14} | "
              f"{ratio:6.2f}x", flush=True)

    def write(self, file):
        pathlib.Path(file).write_text(json.dumps(self.rows, indent=1) + "\n", encoding="utf-8")
