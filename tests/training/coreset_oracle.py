"""The literal sequential PatchCore rule (paper, section IV), slow and simple."""

import numpy as np


def canonical(a: np.ndarray, b: np.ndarray) -> float:
    """Return the squared distance: Python floats are float64, each operation is rounded, channels ascend."""
    total = 0.0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        total += (x - y) * (x - y)
    return total


def literal_coreset(patches: np.ndarray, size: int, epochs: int = 1) -> tuple[np.ndarray, list[tuple[int, int]], float]:
    """Return the members, the replacements (patch number, slot) and the smallest squared distance between members."""
    members = [patch.copy() for patch in patches[:size]]
    table = [[canonical(a, b) if i != j else np.inf for j, b in enumerate(members)] for i, a in enumerate(members)]
    replacements = []
    numbered = list(enumerate(patches))[size:]
    for epoch in range(1, epochs):
        numbered += [(epoch * len(patches) + i, patch) for i, patch in enumerate(patches)]
    for number, patch in numbered:
        to_members = [canonical(patch, member) for member in members]
        smallest = min(min(row) for row in table)
        if min(to_members) > smallest:
            victim = min(i for i, row in enumerate(table) if min(row) == smallest)
            members[victim] = patch.copy()
            for j in range(size):
                table[victim][j] = table[j][victim] = to_members[j] if j != victim else np.inf
            replacements.append((number, victim))
    return np.array(members), replacements, min(min(row) for row in table)
