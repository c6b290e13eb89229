"""What the programs of all peers share: pairs in, (cell, people) out."""
import numpy, os, sys, json, time

source, out, limit, seeds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
EPSILON, DELTA = 1.0, 1e-9
pairs = numpy.fromfile(source, "<u4").reshape(-1, 2)


def release(once, **settings):
    """Runs `once(seed)`, which gives a dict of cell to people, and writes each result."""
    os.makedirs(out, exist_ok=True)
    seconds = []
    for seed in range(seeds):
        started = time.perf_counter()
        said = once(seed)
        seconds.append(round(time.perf_counter() - started, 3))
        rows = numpy.array(sorted(said.items()), dtype="f8").reshape(-1, 2)
        flat = numpy.empty(len(rows), dtype=[("cell", "<u4"), ("people", "<f8")])
        flat["cell"], flat["people"] = rows[:, 0], rows[:, 1]
        flat.tofile(f"{out}/{seed}.said")
    print(json.dumps({"seconds": seconds, "settings": settings}))
