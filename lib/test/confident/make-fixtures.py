"""Writes fixtures.json beside itself: what cleanlab 2.9 says about small random data sets. Run with a Python that has cleanlab: python make-fixtures.py && npx prettier --write fixtures.json

Sizes are primes, K 2 … 7; unbalanced classes, a class nobody has, probabilities rounded until they tie. Probabilities are stored as whole millionths
(or hundredths where they tie) that are divided by their sum here and in the test, so that both read the same bits.
"""
import json, os, warnings
import numpy as np
from cleanlab import __version__
from cleanlab.count import compute_confident_joint, estimate_latent, get_confident_thresholds, num_label_issues
from cleanlab.dataset import health_summary
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

warnings.simplefilter('ignore')
FILTERS = ['prune_by_noise_rate', 'prune_by_class', 'both', 'confident_learning', 'predicted_neq_given', 'low_normalized_margin', 'low_self_confidence']
SCORES = ['self_confidence', 'normalized_margin', 'confidence_weighted_entropy']


def case(name, seed, K, n, prior, noise, unit=1_000_000, missing=None):
    rng = np.random.default_rng(seed)
    true = rng.choice(K, n, p=np.array(prior) / np.sum(prior))
    wrong = rng.random(n) < noise
    labels = np.where(wrong, rng.integers(0, K, n), true)
    if missing is not None:
        labels[labels == missing] = 0
    logits = rng.normal(size=(n, K))
    logits[np.arange(n), true] += 1.7
    p = np.exp(logits)
    parts = np.round(p / p.sum(1, keepdims=True) * unit).astype(int)
    parts[parts.sum(1) == 0] = 1
    probs = parts / parts.sum(1, keepdims=True)
    run = lambda **options: dict(options={k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in options.items()}, issues=np.asarray(find_label_issues(labels, probs, n_jobs=1, **options)).tolist())
    runs = [run(filter_by=f, return_indices_ranked_by=s) for f in FILTERS for s in (SCORES[:3 if unit > 1000 else 2] if f == FILTERS[0] else SCORES[1:2])]
    counts = np.bincount(labels, minlength=K)
    for f in FILTERS[:3]:
        runs.append(run(filter_by=f, return_indices_ranked_by='normalized_margin', frac_noise=0.37))
        runs.append(run(filter_by=f, return_indices_ranked_by='normalized_margin', min_examples_per_class=11))
        runs.append(run(filter_by=f, return_indices_ranked_by='normalized_margin', num_to_remove_per_class=[int(c // 5) for c in counts]))
        runs.append(run(filter_by=f, return_indices_ranked_by='normalized_margin', confident_joint=rng.integers(1, 29, (K, K))))
    joint = compute_confident_joint(labels, probs)
    latent = []
    for method in ('cnt', 'eqn', 'marginal', 'marginal_ps') if K == 3 else ('cnt',):
        for converge in (False, True):
            py, noise_matrix, inverse = estimate_latent(joint, labels, py_method=method, converge_latent_estimates=converge)
            latent.append(dict(method=method, converge=converge, py=py.tolist(), noise_matrix=noise_matrix.ravel().tolist(), inverse_noise_matrix=inverse.ravel().tolist()))
    health = health_summary(labels, probs, verbose=False)
    return dict(
        name=name, K=K, labels=labels.tolist(), parts=parts.ravel().tolist(), runs=runs,
        confident_joint=joint.ravel().tolist(), uncalibrated=compute_confident_joint(labels, probs, calibrate=False).ravel().tolist(),
        thresholds=get_confident_thresholds(labels, probs).tolist(), latent=latent, num_label_issues=int(num_label_issues(labels, probs)),
        quality={s: [round(x, 9) for x in get_label_quality_scores(labels, probs, method=s).tolist()] for s in SCORES} if n < 100 else {},
        adjusted=[round(x, 9) for x in get_label_quality_scores(labels, probs, method='normalized_margin', adjust_pred_probs=True).tolist()] if n < 100 else [],
        health=dict(score=float(health['overall_label_health_score']), classes=health['classes_by_label_quality'].values.tolist(), pairs=health['overlapping_classes'].values.tolist()),
    )


cases = [
    case('two classes', 3, 2, 97, [7, 3], 0.2),
    case('three, unbalanced', 5, 3, 89, [20, 5, 1], 0.15),
    case('four like ESCI', 7, 4, 151, [44, 34, 5, 17], 0.12),
    case('five, one of them missing', 11, 5, 113, [5, 4, 3, 2, 1], 0.2, missing=3),
    case('seven, few rows each', 13, 7, 83, [1] * 7, 0.3),
    case('four, probabilities that tie', 17, 4, 257, [4, 3, 1, 2], 0.2, unit=20),
]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures.json')
with open(path, 'w') as file:
    json.dump(dict(source=f'cleanlab {__version__}, numpy {np.__version__}', cases=cases), file, separators=(',', ':'))
    file.write('\n')
print(path, os.path.getsize(path))
