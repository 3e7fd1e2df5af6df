import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locale, Row } from '../data/types';
import { encoderParams, loadPretrained, savePretrained } from '../encoder';
import { esciHeadParams } from '../heads/esci';
import { ensure, InputError } from '../runtime/errors';
import { writeFileAtomic } from '../runtime/files';
import { lengthBuckets, loadTokenizer, NameVocabulary, TrigramVocabulary, type Tokenizer } from '../text';
import { Classifier, type ClassifierSpec } from '../train/classifier';
import { lengthsOf } from '../train/inputs';
import type { FinetuneConfig } from './config';
import { prepareInputs, type Vocabularies } from './prepare';
import type { RunRecord } from './record';

/** A fine-tuned network with all that turns a row into its probabilities. */
export interface TrainedModel {
  config: FinetuneConfig;
  spec: ClassifierSpec;
  /** The weights as they are used for prediction. */
  weights: () => Record<string, Float32Array>;
  tokenizer: Tokenizer;
  vocabularies: Vocabularies;
  /** The locales whose rows it was trained on, written as pre-training writes them. */
  locales: readonly Locale[];
}

/** What `esci.json` holds besides the files that other tools know. */
interface Settings {
  schema: 1;
  config: FinetuneConfig;
  sizes: ClassifierSpec['sizes'];
  trigramCapacity: number;
}

const SETTINGS = 'esci.json';
const headSpecs = ({ head, sizes }: Pick<ClassifierSpec, 'head' | 'sizes'>) => esciHeadParams(head, sizes);

/**
 * Writes a fine-tuned model: a Hugging Face folder (config.json, model.safetensors, tokenizer.json) whose encoder loads in transformers, with the head's
 * weights beside the encoder's, brands.json, colors.json, trigrams.json where the head has bags, the settings, and last the run's record.
 */
export function saveModel(folder: string, model: TrainedModel): void {
  const { config, spec, tokenizer, vocabularies, locales } = model;
  const specs = { ...encoderParams(spec.encoder), ...headSpecs(spec) };
  savePretrained(folder, spec.encoder, specs, model.weights(), { locales });
  tokenizer.save(folder);
  vocabularies.brands.save(join(folder, 'brands.json'));
  vocabularies.colors.save(join(folder, 'colors.json'));
  vocabularies.trigrams?.save(join(folder, 'trigrams.json'));
  const settings: Settings = { schema: 1, config, sizes: spec.sizes, trigramCapacity: spec.trigramCapacity };
  writeFileAtomic(join(folder, SETTINGS), JSON.stringify(settings, null, 2) + '\n');
}

/** The record of a finished model's run; undefined where the folder holds none. */
export function modelRecord(folder: string): RunRecord | undefined {
  const path = join(folder, 'record.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as RunRecord) : undefined;
}

/** A saved model, ready to predict. Throws an InputError where the folder is not one that `saveModel` wrote. */
export class Predictor {
  private constructor(
    readonly config: FinetuneConfig,
    private readonly spec: Omit<ClassifierSpec, 'buckets'>,
    private readonly weights: Record<string, Float32Array>,
    private readonly tokenizer: Tokenizer,
    private readonly vocabularies: Vocabularies,
  ) {}

  static load(folder: string): Predictor {
    const path = join(folder, SETTINGS);
    ensure(existsSync(path), `--model must be a folder that finetune wrote, got ${folder}, which holds no ${SETTINGS}`);
    let settings: Settings;
    try {
      settings = JSON.parse(readFileSync(path, 'utf8')) as Settings;
    } catch (error) {
      throw new InputError(`${path} is not JSON: ${(error as Error).message}`);
    }
    const { config, sizes, trigramCapacity } = settings;
    ensure(settings.schema === 1 && config && sizes, `${path} must hold schema 1, config and sizes`);
    const { config: encoder, params, heads } = loadPretrained(folder);
    const spec: Omit<ClassifierSpec, 'buckets'> = {
      encoder,
      head: config.head,
      sizes,
      step: {
        loss: config.loss,
        tricks: { ema: null, fgm: null, rdrop: null, mixup: null },
        combine: config.combine,
        adam: config.optimiser,
        clip: 0,
        accumulation: 1,
      },
      schedule: config.optimiser,
      batch: config.optimiser.batch,
      trigramCapacity,
      frozen: [],
      precision: config.precision,
      predictOnly: true,
    };
    const names = (file: string): NameVocabulary => NameVocabulary.load(join(folder, file));
    const vocabularies: Vocabularies = {
      brands: names('brands.json'),
      colors: names('colors.json'),
      ...(config.trigrams ? { trigrams: TrigramVocabulary.load(join(folder, 'trigrams.json')) } : {}),
    };
    for (const [name, { shape }] of Object.entries(headSpecs(spec)))
      ensure(
        heads[name]?.length === shape.reduce((a, b) => a * b, 1),
        `${folder}: ${name} must hold [${shape.join(', ')}] numbers, got ${heads[name]?.length ?? 'none'}`,
      );
    return new Predictor(config, spec, { ...params, ...heads }, loadTokenizer(folder), vocabularies);
  }

  /** Columns of `predict`: 4 classes (E, S, C, I), 2 (other, substitute), or 1 (a regressor's gain). */
  get outputs(): number {
    return this.spec.sizes.outputs;
  }

  /** Probabilities of rows, [N, outputs], in their order; `batch` other rows at once than in training. */
  async predict(rows: readonly Row[], batch = this.spec.batch): Promise<Float32Array> {
    if (rows.length === 0) return new Float32Array(0);
    const inputs = await prepareInputs(this.config, rows, this.tokenizer, this.vocabularies);
    const buckets = lengthBuckets(lengthsOf(inputs), {
      batch,
      multiple: 8,
      maxLength: this.config.text.maxLength,
      buckets: this.config.text.buckets,
    });
    const classifier = new Classifier({ ...this.spec, batch, buckets });
    try {
      classifier.start(this.weights);
      return classifier.predict(inputs, this.spec.encoder.padId);
    } finally {
      classifier.dispose();
    }
  }
}
