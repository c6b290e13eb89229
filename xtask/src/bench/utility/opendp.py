import math, numpy
import opendp.prelude as dp

dp.enable_features("contrib")
# As much of δ for the threshold as ours has.
OUTRIGHT = DELTA / 10
person = (limit, math.sqrt(limit), 1.0)
counts = dp.map_domain(dp.atom_domain(T="u32"), dp.atom_domain(T="f64", nan=False))
space = counts, dp.l02inf_distance(dp.absolute_distance(T="f64"))


def noisy(scale, threshold):
    return dp.m.make_gaussian_threshold(*space, scale=scale, threshold=threshold)


def total(scale):
    """(ε, δ) in all, the threshold's share of δ included, with the least threshold that has that share."""
    threshold = least(lambda it: noisy(scale, it).map(person)[1] <= OUTRIGHT, 1.0, 1e7)
    both = dp.c.make_fix_delta(dp.c.make_zCDP_to_approxDP(noisy(scale, threshold)), delta=DELTA)
    return both.map(person), threshold


def least(fits, low, high):
    while high - low > 1e-6 * high:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


scale = least(lambda it: total(it)[0][0] <= EPSILON, 0.1, 1e5)
(epsilon, delta), threshold = total(scale)
assert epsilon <= EPSILON and delta <= DELTA, (epsilon, delta)
release_counts = noisy(scale, threshold)


def once(seed):
    draw = numpy.random.default_rng(seed)
    # It takes counts of bounded people: a person's cells in random order, the first of them.
    order = numpy.lexsort((draw.random(len(pairs)), pairs[:, 0]))
    people = pairs[order, 0]
    starts = numpy.flatnonzero(numpy.r_[True, people[1:] != people[:-1]])
    ranks = numpy.arange(len(people)) - numpy.repeat(starts, numpy.diff(numpy.r_[starts, len(people)]))
    cells, kept = numpy.unique(pairs[order[ranks < limit], 1], return_counts=True)
    return release_counts(dict(zip(cells.tolist(), kept.astype(float).tolist())))


release(once, noise="discrete Gaussian", scale=scale, keys="thresholded", threshold=threshold,
        bounding="uniform sample of cells before it", floor="none: its threshold alone")
