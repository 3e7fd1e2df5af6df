import { dense } from '../ops/dense';
import { gelu } from '../ops/gelu';
import { layerNorm } from '../ops/layer-norm';
import type { Params, ParamSpecs } from '../ops/params';
import type { Tensor } from '../runtime/tensorflow';

/** The weights of a name head (brand or colour) over `names` names. */
export function nameHeadParams(head: string, hidden: number, dimension: number, names: number, std = 0.02): ParamSpecs {
  return {
    [`heads.${head}.dense.weight`]: { shape: [dimension, hidden], init: { normal: std } },
    [`heads.${head}.dense.bias`]: { shape: [dimension], init: { constant: 0 } },
    [`heads.${head}.LayerNorm.weight`]: { shape: [dimension], init: { constant: 1 } },
    [`heads.${head}.LayerNorm.bias`]: { shape: [dimension], init: { constant: 0 } },
    [`heads.${head}.names.weight`]: { shape: [names, dimension], init: { normal: std } },
    [`heads.${head}.names.bias`]: { shape: [names], init: { constant: 0 } },
  };
}

/** Scores of all names: vector → dense → GELU → LayerNorm → · name table + bias. [B, H] → [B, names]. Source: paper §4, Product2Brand. */
export function nameLogits(params: Params, head: string, vector: Tensor): Tensor {
  const weight = (part: string): Tensor => params[`heads.${head}.${part}`];
  const wide = gelu(dense(vector, weight('dense.weight'), weight('dense.bias')));
  return dense(
    layerNorm(wide, weight('LayerNorm.weight'), weight('LayerNorm.bias'), 1e-5),
    weight('names.weight'),
    weight('names.bias'),
  );
}
