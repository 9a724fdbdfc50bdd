"""Does the judge agree with itself? Shares of identical verdicts and kappa over what was judged several times."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.evaluation.judging import VERDICTS
from assistant.evaluation.results import Result
from assistant.evaluation.statistics import Figure, interval_of, mean_figure


def agreement_of(results: Sequence[Result], times: int) -> list[Figure]:
    """For support and for correctness: how often `times` verdicts are the same, and kappa; [] where it judged once.

    What the judge failed on at least once is named and not counted.
    """
    figures: list[Figure] = []
    for about, categories in VERDICTS.items() if times > 1 else ():
        judged = [(result.item, j.verdicts) for result in results for j in result.judgements if j.about == about]
        whole = [(item, verdicts) for item, verdicts in judged if "" not in verdicts]
        failed = tuple(dict.fromkeys(item.id for item, verdicts in judged if "" in verdicts))
        clusters = [item.cluster for item, _ in whole]
        same = [float(len(set(verdicts)) == 1) for _, verdicts in whole]
        kind = "Cohen’s" if times == 2 else "Fleiss’"
        of_kappa = _kappa_figure(f"judge: {kind} kappa, {about}", [v for _, v in whole], categories, clusters)
        for figure in (mean_figure(f"judge: identical verdicts, {about}", same, clusters), of_kappa):
            figures.append(replace(figure, badge="judged", total=len(judged), not_scored=failed))
    return figures


def kappa(verdicts: Sequence[Sequence[str]], categories: Sequence[str]) -> float | None:
    """Agreement beyond chance of k verdicts on each thing: Cohen's (1960) for k = 2, Fleiss' (1971) for more.

    None where it is not defined: nothing was judged, or all verdicts are the same.
    """
    if not verdicts:
        return None
    value = float(_of_sums(_rows(verdicts, categories).sum(axis=0), len(categories), len(verdicts[0])))
    return None if np.isnan(value) else value


def _rows(verdicts: Sequence[Sequence[str]], categories: Sequence[str]) -> np.ndarray:
    """A row for each thing judged: agreement, verdicts of each kind (for two repeats: by either), 1."""
    one_hot = np.array([[[v == name for name in categories] for v in given] for given in verdicts], dtype=float)
    counts = one_hot.sum(axis=1)
    k = one_hot.shape[1]
    agreement = (counts * (counts - 1)).sum(axis=1, keepdims=True) / (k * (k - 1))
    kinds = one_hot.reshape(len(one_hot), -1) if k == 2 else counts / k
    return np.hstack([agreement, kinds, np.ones((len(one_hot), 1))])


def _of_sums(sums: np.ndarray, categories: int, k: int) -> np.ndarray:
    """Kappa from sums of rows, of shape (…); NaN, which goes no further than here, where it is not defined."""
    shares = sums[..., :-1] / sums[..., -1:]
    observed, kinds = shares[..., 0], shares[..., 1:]
    chance = (kinds[..., :categories] * kinds[..., categories:] if k == 2 else kinds**2).sum(axis=-1)
    room = 1 - chance
    return np.divide(observed - chance, room, out=np.full_like(room, np.nan), where=room > 1e-12)


def _kappa_figure(
    name: str, verdicts: Sequence[Sequence[str]], categories: Sequence[str], clusters: Sequence[str]
) -> Figure:
    value = kappa(verdicts, categories)
    if value is None:
        return Figure(name, None, len(verdicts))
    low, high = interval_of(
        _rows(verdicts, categories), clusters, lambda sums: _of_sums(sums, len(categories), len(verdicts[0]))
    )
    return Figure(name, value, len(verdicts), low, high)
