import functools

import pipeline_dp as dp
from pipeline_dp import dp_computations

# It finds the same ε of the gate anew for each cell, for 40 ms: once is enough.
dp_computations.gaussian_epsilon = functools.cache(dp_computations.gaussian_epsilon)

# With pre_threshold, one noise for both the gate and the count (post_aggregation_thresholding) ends in an
# AttributeError of its own: the gate is a draw apart. Of the strategies for it this one shows most here.
params = dp.AggregateParams(
    metrics=[dp.Metrics.PRIVACY_ID_COUNT], noise_kind=dp.NoiseKind.GAUSSIAN,
    max_partitions_contributed=limit, max_contributions_per_partition=1, pre_threshold=50,
    partition_selection_strategy=dp.PartitionSelectionStrategy.GAUSSIAN_THRESHOLDING)
extract = dp.DataExtractors(privacy_id_extractor=lambda row: row[0],
                            partition_extractor=lambda row: row[1], value_extractor=lambda row: 0)
rows = pairs.tolist()


def once(seed):
    budget = dp.PLDBudgetAccountant(total_epsilon=EPSILON, total_delta=DELTA)
    result = dp.DPEngine(budget, dp.LocalBackend()).aggregate(rows, params, extract)
    budget.compute_budgets()
    return {cell: said.privacy_id_count for cell, said in result}


release(once, noise="Gaussian", accounting="privacy loss distributions", keys="Gaussian thresholding",
        bounding="its own sample of partitions", floor="pre_threshold = 50")
