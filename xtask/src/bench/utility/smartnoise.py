import pandas, snsql

# A query's δ comes out half as large again as what is asked for: so much less is asked for.
privacy = snsql.Privacy(epsilon=EPSILON, delta=DELTA / 1.50001)
columns = {"person": {"type": "int", "private_id": True}, "cell": {"type": "int"}}
table = {"max_ids": limit, "sample_max_ids": True, "censor_dims": True, "clamp_counts": False, **columns}
frame = pandas.DataFrame(pairs.astype("int64"), columns=["person", "cell"])
query = "select cell, count(distinct person) as people from main.pair group by cell"


def once(seed):
    reader = snsql.from_df(frame, privacy=privacy, metadata={"": {"main": {"pair": table}}})
    epsilon, delta = reader.get_privacy_cost(query)
    assert epsilon <= EPSILON and delta <= DELTA, (epsilon, delta)
    return dict(reader.execute(query)[1:])


release(once, noise="discrete Laplace, its default", keys="thresholded by its own rule",
        bounding="its reservoir sample of max_ids", floor="none: it has no setting for one")
