import { EMA_PREFIX } from '../finetune/ema';
import { normalQuantile } from '../metrics/student';
import type { PretrainConfig } from '../pretrain/config';
import type { Classifier } from '../train/classifier';
import type { RunResult } from '../train/loop';
import type { FinetuneConfig } from './config';
import type { RunRecord } from './record';

/** Whether each trick that was switched on did something. A check that fails is printed beside the run's figures. */
export function trickChecks(
  config: FinetuneConfig,
  result: Pick<RunResult, 'curves'>,
  classifier: Pick<Classifier, 'program'>,
): RunRecord['checks'] {
  const { ema, fgm, rdrop, mixup } = config.tricks;
  const values = (name: string): number[] => (result.curves[name] ?? []).map(([, value]) => value);
  const checks: RunRecord['checks'] = [
    {
      name: 'loss is finite',
      ok: values('loss').every(Number.isFinite),
      detail: `last loss ${values('loss').at(-1)?.toFixed(4)}`,
    },
  ];
  if (rdrop) {
    const largest = Math.max(...values('divergence'));
    checks.push({
      name: 'R-Drop: the two passes differ',
      ok: largest > 1e-9,
      detail: `largest divergence ${largest.toExponential(2)}`,
    });
  }
  if (fgm) {
    const shortest = Math.min(...values('perturbation'));
    checks.push({
      name: `${(fgm.kind ?? 'fgm').toUpperCase()}: the weights are perturbed`,
      ok: shortest > 0,
      detail: `ε = ${fgm.epsilon}, smallest perturbation ${shortest.toExponential(2)}`,
    });
  }
  if (ema) {
    const name = 'heads.esci.out_proj.weight';
    const read = classifier.program.read([name, EMA_PREFIX + name]);
    const gap = (read[name] as Float32Array).reduce((most, w, i) => Math.max(most, Math.abs(w - read[EMA_PREFIX + name][i])), 0);
    checks.push({
      name: 'EMA: the shadow differs from the weights',
      ok: gap > 0,
      detail: `largest difference ${gap.toExponential(2)}`,
    });
  }
  if (mixup) {
    const mixing = Math.max(...values('mixLambda').map((lambda) => Math.min(lambda, 1 - lambda)));
    checks.push({
      name: 'mixup: rows are mixed',
      ok: mixing > 1e-3,
      detail: `largest share of the other row ${mixing.toExponential(2)}`,
    });
  }
  return checks;
}

/** Whether a check is of pre-training: how well a task was learned, which a short run may well not have done, and no trick's own. */
export const isPretrainCheck = ({ name }: { name: string }): boolean => /^(pre-training|contrastive|Product2\w+)\b/.test(name);

/** Whether each pre-training task did what it should. `metrics` are the figures of `heldOut` held-out products at most. */
export function pretrainChecks(
  config: Pick<PretrainConfig, 'product2query' | 'product2brand' | 'contrastive'>,
  metrics: Readonly<Record<string, number>>,
  result: Pick<RunResult, 'curves'>,
  heldOut: number,
): RunRecord['checks'] {
  const values = (name: string): number[] => (result.curves[name] ?? []).map(([, value]) => value);
  const last = (name: string): number => values(name).at(-1) ?? NaN;
  const checks: RunRecord['checks'] = [
    { name: 'pre-training loss is finite', ok: Number.isFinite(last('loss')), detail: `last ${last('loss').toFixed(3)}` },
  ];
  if (config.contrastive) {
    const cosine = Math.min(...values('contrastivePositive'));
    checks.push({
      name: 'contrastive: the two views differ',
      ok: cosine < 1 - 1e-6,
      detail: `smallest mean cosine of a pair ${cosine.toFixed(6)}`,
    });
    if (config.contrastive.queue) {
      const change = Math.min(...values('queueChange'));
      checks.push({ name: 'contrastive: the queue moves', ok: change > 0, detail: `smallest change ${change.toExponential(2)}` });
    }
  }
  if (config.product2query) {
    const accuracy = metrics.product2queryAccuracy;
    const guess = 0.5 + (normalQuantile(0.95) * 0.5) / Math.sqrt(heldOut);
    checks.push({
      name: 'Product2Query: above chance on held-out products',
      ok: accuracy > guess,
      detail: `accuracy ${accuracy?.toFixed(3)}, 95 % of guesses are below ${guess.toFixed(3)}`,
    });
  }
  if (config.product2query?.loss === 'poly1') {
    const terms = values('product2queryPolyTerm');
    const spread = Math.max(...terms) - Math.min(...terms);
    checks.push({ name: "Product2Query: Poly-1's term varies", ok: spread > 1e-6, detail: `spread ${spread.toExponential(2)}` });
  }
  if (config.product2brand) {
    const distinct = metrics.product2brandDistinct;
    checks.push({
      name: 'Product2Brand: more than one brand is predicted',
      ok: distinct > 1,
      detail: `${distinct?.toFixed(1)} different brands a held-out batch`,
    });
  }
  return checks;
}
