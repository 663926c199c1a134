"""Prints orders as PyTorch and Python make them, as JSON: what the golden file beside it was made from."""
import json
import random
import sys

CASES = [
    (10, 0, 0, 1, False),
    (10, 1, 0, 1, False),
    (10, 42, 0, 1, False),
    (1000, 7, 5, 8, False),
    (1003, 2**31 + 11, 3, 8, False),
    (1003, 2**33 + 5, 2, 8, True),
    (5, 3, 1, 8, False),
    (5, 3, 1, 3, True),
    (1, 0, 0, 2, False),
]
SHUFFLES = [(10, 0), (10, 2**40 + 5), (147, 42), (1, 3), (1024, 2**32)]


def shuffled(count, seed):
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order


result = {"shuffles": [{"count": c, "seed": s, "order": shuffled(c, s)} for c, s in SHUFFLES]}
if "--python-only" not in sys.argv:
    from torch.utils.data import Dataset
    from torch.utils.data.distributed import DistributedSampler

    class Numbers(Dataset):
        def __init__(self, count):
            self.count = count

        def __len__(self):
            return self.count

    def rank_order(case, rank, shuffle):
        count, seed, epoch, world, drop_last = case
        sampler = DistributedSampler(
            Numbers(count), num_replicas=world, rank=rank, shuffle=shuffle, seed=seed, drop_last=drop_last
        )
        sampler.set_epoch(epoch)
        return list(sampler)

    result["samplers"] = [
        {
            **dict(zip(("count", "seed", "epoch", "world", "dropLast"), case)),
            "shuffle": shuffle,
            "ranks": [rank_order(case, rank, shuffle) for rank in range(case[3])],
        }
        for case in CASES
        for shuffle in (True, False)
    ]
json.dump(result, sys.stdout)
