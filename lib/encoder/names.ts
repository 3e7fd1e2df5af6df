import type { EncoderConfig } from './config';

/**
 * Hugging Face's names of tensors, and this library's. The encoder's are the same but for the base model's prefix (`roberta.`, `bert.`, …).
 * Heads are gathered under `heads.`: `lm_head` and `cls.predictions` are `heads.mlm`; XLM-R's `classifier`, and BERT's pooler and
 * classifier, are `heads.classification` (they are the same function); a pooler without a classifier is `heads.pooler`.
 */
const MLM: Record<EncoderConfig['type'], Record<string, string>> = {
  'xlm-roberta': {
    'dense.weight': 'lm_head.dense.weight',
    'dense.bias': 'lm_head.dense.bias',
    'layer_norm.weight': 'lm_head.layer_norm.weight',
    'layer_norm.bias': 'lm_head.layer_norm.bias',
    bias: 'lm_head.bias',
  },
  bert: {
    'dense.weight': 'cls.predictions.transform.dense.weight',
    'dense.bias': 'cls.predictions.transform.dense.bias',
    'layer_norm.weight': 'cls.predictions.transform.LayerNorm.weight',
    'layer_norm.bias': 'cls.predictions.transform.LayerNorm.bias',
    bias: 'cls.predictions.bias',
  },
};

const CLASSIFICATION: Record<EncoderConfig['type'], Record<string, string>> = {
  'xlm-roberta': {
    'dense.weight': 'classifier.dense.weight',
    'dense.bias': 'classifier.dense.bias',
    'out_proj.weight': 'classifier.out_proj.weight',
    'out_proj.bias': 'classifier.out_proj.bias',
  },
  bert: {
    'dense.weight': 'bert.pooler.dense.weight',
    'dense.bias': 'bert.pooler.dense.bias',
    'out_proj.weight': 'classifier.weight',
    'out_proj.bias': 'classifier.bias',
  },
};

/** Tensors that carry nothing: index buffers, copies of tied weights, and BERT's next-sentence head, which nothing here uses. */
const IGNORED =
  /(^|\.)embeddings\.(position_ids|token_type_ids)$|^(lm_head|cls\.predictions)\.decoder\.(weight|bias)$|^cls\.seq_relationship\./;

const ANCHOR = 'embeddings.word_embeddings.weight';

/** What stands before the encoder's names in a file: `roberta.`, `bert.`, nothing, or whatever else its word embeddings carry. */
export function prefixOf(names: Iterable<string>): string {
  for (const name of names) if (name === ANCHOR || name.endsWith('.' + ANCHOR)) return name.slice(0, -ANCHOR.length);
  return '';
}

/** This library's name for each of a file's tensors; null for one that is of no use. Names that it does not know stay as they are. */
export function fromHuggingFace(fileNames: readonly string[]): Map<string, string | null> {
  const prefix = prefixOf(fileNames);
  const classifies = fileNames.includes('classifier.weight');
  const heads = new Map<string, string>();
  for (const type of ['xlm-roberta', 'bert'] as const) {
    for (const [ours, theirs] of Object.entries(MLM[type])) heads.set(theirs, `heads.mlm.${ours}`);
    for (const [ours, theirs] of Object.entries(CLASSIFICATION[type]))
      if (!theirs.includes('pooler')) heads.set(theirs, `heads.classification.${ours}`);
  }
  const translate = (name: string): string | null => {
    if (IGNORED.test(name)) return null;
    const modern = name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
    if (heads.has(modern)) return heads.get(modern)!;
    const bare = prefix && modern.startsWith(prefix) ? modern.slice(prefix.length) : modern;
    return bare.startsWith('pooler.dense.') ? bare.replace('pooler', classifies ? 'heads.classification' : 'heads.pooler') : bare;
  };
  return new Map(fileNames.map((name) => [name, translate(name)]));
}

export interface Naming {
  /** transformers' class that reads the file. */
  architecture: string;
  name: (ours: string) => string;
}

/** Hugging Face's name for each of this library's tensors, and the class that the present heads make it. Other heads keep their names. */
export function toHuggingFace(config: EncoderConfig, names: readonly string[]): Naming {
  const { type } = config;
  const has = (head: string): boolean => names.some((n) => n.startsWith(`heads.${head}.`));
  const base = type === 'bert' ? 'Bert' : 'XLMRoberta';
  const bare = !has('mlm') && !has('classification');
  const prefix = bare ? '' : type === 'bert' ? 'bert.' : 'roberta.';
  return {
    architecture: base + (has('classification') ? 'ForSequenceClassification' : has('mlm') ? 'ForMaskedLM' : 'Model'),
    name: (ours) => {
      const [, head, part] = /^heads\.(mlm|classification|pooler)\.(.*)$/.exec(ours) ?? [];
      if (head === 'mlm') return MLM[type][part] ?? ours;
      if (head === 'classification') return CLASSIFICATION[type][part] ?? ours;
      if (head === 'pooler') return has('classification') && type === 'bert' ? ours : `${prefix}pooler.${part}`;
      return ours.startsWith('heads.') ? ours : prefix + ours;
    },
  };
}
