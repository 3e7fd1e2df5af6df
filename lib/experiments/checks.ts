import { EMA_PREFIX } from '../finetune/ema';
import type { Classifier } from '../train/classifier';
import type { RunResult } from '../train/loop';
import type { FinetuneConfig } from './config';
import type { RunRecord } from './record';

/** Whether each trick that was switched on did something. A check that fails is printed beside the run's figures. */
export function trickChecks(config: FinetuneConfig, result: RunResult, classifier: Classifier): RunRecord['checks'] {
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
  if (fgm && !rdrop) {
    const [clean, adversarial] = [values('clean'), values('adversarial')];
    const gap = Math.max(...clean.map((c, i) => Math.abs(adversarial[i] - c)));
    checks.push({
      name: 'FGM: the perturbed loss differs',
      ok: gap > 1e-7,
      detail: `largest difference ${gap.toExponential(2)}`,
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
  if (mixup) checks.push({ name: 'mixup: Beta(α, α) mixes', ok: mixup.alpha > 1e-3, detail: `α = ${mixup.alpha}` });
  return checks;
}
