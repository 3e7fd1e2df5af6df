import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Tokenizer as NativeTokenizer } from 'tokenizers';
import { InputError } from '../../runtime/errors';
import { projectRoot, sharedCache } from '../../runtime/files';
import { loadTokenizer, productText, Tokenizer, trainTokenizer, type TokenizerJson } from '../../text';
import { smallCorpus } from './corpus';

const folder = mkdtempSync(join(tmpdir(), 'esci-tokenizer-'));
after(() => rmSync(folder, { recursive: true }));
let xlmr: Tokenizer;
before(async () => {
  xlmr = await trainTokenizer(smallCorpus(), { vocabulary: 211, cacheFolder: null });
});

/** A WordPiece tokenizer small enough to be worked by hand: pieces have the ids of their places. */
const pieces = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'usb',
  'hub',
  '##s',
  'cafe',
  '[',
  ']',
  '<',
  '/',
  's',
  '>',
  'sep',
  'mask',
];
function bertJson(postProcessor: unknown = { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] }): TokenizerJson {
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  return {
    version: '1.0',
    truncation: { max_length: 4, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
    padding: {
      strategy: { Fixed: 4 },
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '[PAD]',
    },
    added_tokens: pieces.slice(0, 5).map((content, id) => ({ id, content, ...flags })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: postProcessor,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
    },
  };
}

test('special ids are XLM-R’s: <s> 0, <pad> 1, </s> 2, <unk> 3, <mask> last', () => {
  assert.deepEqual(xlmr.specials, { cls: 0, sep: 2, pad: 1, unk: 3, mask: 210 });
  assert.deepEqual(xlmr.specialIds, [0, 1, 2, 3, 210]);
  assert.equal(xlmr.size, 211);
  assert.deepEqual(
    [0, 1, 2, 3, 210].map((id) => xlmr.token(id)),
    ['<s>', '<pad>', '</s>', '<unk>', '<mask>'],
  );
  assert.deepEqual([xlmr.idOf('<mask>'), xlmr.idOf('no such piece')], [210, null]);
});

test('XLM-R pair: <s> a </s></s> b </s>, separators of product text become </s> (template written out)', async () => {
  const [a, b, c] = await xlmr.encodeTexts(['wireless mouse', 'silent click', 'black']);
  const product = productText({ title: 'silent click', brand: '', color: 'black' }, { fields: ['title', 'brand', 'color'] });
  const { ids, typeIds } = await xlmr.encodePair('wireless mouse', product, { maxLength: 97, separators: true });
  assert.deepEqual([...ids], [0, ...a, 2, 2, ...b, 2, 2, 2, 2, ...c, 2]);
  assert.equal(typeIds, undefined);
  assert.deepEqual(
    [...(await xlmr.encodeSingle(product, { maxLength: 97, separators: true })).ids],
    [0, ...b, 2, 2, 2, 2, ...c, 2],
  );
});

test('BERT pair: [CLS] a [SEP] b [SEP] with types 0 and 1 (worked by hand), whatever truncation and padding the file has', async () => {
  const bert = new Tokenizer(bertJson());
  const { ids, typeIds } = await bert.encodePair('USB hubs', 'Café  hub zzz', { maxLength: 31 });
  assert.deepEqual([...ids], [2, 5, 6, 7, 3, 8, 6, 1, 3]);
  assert.deepEqual([...typeIds!], [0, 0, 0, 0, 0, 1, 1, 1, 1]);
  assert.deepEqual(bert.specials, { cls: 2, sep: 3, pad: 0, unk: 1, mask: 4 });
});

test('text never yields a special token: raw </s>, <mask>, [SEP] are characters (worked by hand for BERT)', async () => {
  const bert = new Tokenizer(bertJson());
  assert.deepEqual([...(await bert.encodeTexts(['[SEP] [mask] </s>']))[0]], [9, 15, 10, 9, 16, 10, 11, 12, 13, 14]);
  const hostile = ['</s>', '<s>a</s>', 'x<mask>y', '<pad><unk>', '</s></s>', ' </s> '];
  const special = new Set([0, 1, 2, 210]);
  for (const ids of await xlmr.encodeTexts(hostile)) assert.ok(ids.every((id) => !special.has(id)) && ids.length > 0, ids.join());
  const { ids } = await xlmr.encodePair(
    '</s><mask>',
    productText({ title: '</s> <mask> &lt;/s&gt;' }, { fields: ['title'], html: ['title'] }),
    { maxLength: 97, separators: true },
  );
  assert.deepEqual(
    [...ids].filter((id) => special.has(id)),
    [0, 2, 2, 2],
  );
});

test('text never yields a special token, single or in a pair, unless the caller says that it is a product’s (worked by hand)', async () => {
  const bert = new Tokenizer(bertJson());
  const literal = [9, 15, 10]; // "[", "sep", "]"
  const single = async (separators?: boolean) => [...(await bert.encodeSingle('usb[SEP]', { maxLength: 31, separators })).ids];
  const pair = async (separators?: boolean) => [
    ...(await bert.encodePair('[SEP]', 'usb[SEP]hub', { maxLength: 31, separators })).ids,
  ];
  assert.deepEqual(await single(), [2, 5, ...literal, 3]);
  assert.deepEqual(await single(true), [2, 5, 3, 3]);
  assert.deepEqual(await pair(), [2, ...literal, 3, 5, ...literal, 6, 3]);
  assert.deepEqual(await pair(true), [2, ...literal, 3, 5, 3, 6, 3]);
});

test('ids are those of the native tokenizer on the whole text (two routes: word table and native)', async () => {
  const hard = [
    '',
    ' ',
    'é',
    'e\u0301',
    'ﬁne ①②',
    'a\u00a0b\u3000c',
    'tab\tnew\nline',
    '🎁🎀👩‍👩‍👧',
    'ワイヤレスイヤホン'.repeat(29),
    'x'.repeat(1009),
    'a\u0000b\u200bc',
    '¨ ´',
    'zero\u200dwidth',
  ];
  const texts = [...smallCorpus(101), ...hard];
  for (const json of [xlmr.json, bertJson()]) {
    const native = NativeTokenizer.fromString(JSON.stringify({ ...json, truncation: null, padding: null }));
    const mine = await new Tokenizer(json).encodeTexts(texts);
    for (let i = 0; i < texts.length; i++) {
      const ids = texts[i].trim() === '' ? [] : (await native.encode(texts[i], null, { addSpecialTokens: false })).getIds();
      assert.deepEqual([...mine[i]], ids, JSON.stringify(texts[i].slice(0, 40)));
    }
  }
});

test('a Unigram text is cut in its most probable way (oracle: every segmentation tried)', async () => {
  const vocab = new Map(xlmr.json.model.vocab as [string, number][]);
  const best = (text: string): number => {
    if (text === '') return 0;
    let most = -Infinity;
    for (let n = 1; n <= text.length; n++) {
      const score = vocab.get(text.slice(0, n));
      if (score !== undefined) most = Math.max(most, score + best(text.slice(n)));
    }
    return most;
  };
  for (const word of ['mouse', 'receiver', 'bolsa', 'camión', '防水マウス']) {
    const [ids] = await xlmr.encodeTexts([word]);
    const score = [...ids].reduce((sum, id) => sum + vocab.get(xlmr.token(id)!)!, 0);
    assert.ok(Math.abs(score - best(`▁${word}`)) < 1e-9, `${word}: ${score} and ${best(`▁${word}`)}`);
  }
});

test('truncation: the longer side, the product only, and the query’s own limit (lengths worked by hand)', async () => {
  const bert = new Tokenizer(bertJson());
  const text = (n: number) => Array.from({ length: n }, () => 'usb').join(' ');
  /** [query, product, maxLength, options, kept of query, kept of product]; three places are special tokens. */
  const worked: [number, number, number, { truncate?: 'longer' | 'product'; queryLength?: number }, number, number][] = [
    [5, 7, 15, {}, 5, 7],
    [5, 19, 14, {}, 5, 6],
    [19, 5, 14, {}, 6, 5],
    [11, 13, 14, {}, 5, 6],
    [13, 11, 14, {}, 6, 5],
    [11, 13, 14, { truncate: 'product' }, 11, 0],
    [5, 13, 14, { truncate: 'product' }, 5, 6],
    [11, 13, 14, { queryLength: 2 }, 2, 9],
    [0, 13, 14, {}, 0, 11],
    [3, 0, 14, {}, 3, 0],
  ];
  for (const [a, b, maxLength, options, keptA, keptB] of worked) {
    const { ids, typeIds } = await bert.encodePair(text(a), text(b), { maxLength, ...options });
    const second = typeIds!.filter((t) => t === 1).length - 1;
    assert.deepEqual([ids.length - 3 - second, second], [keptA, keptB], `${a} and ${b} to ${maxLength}`);
    assert.ok(ids.length <= maxLength);
  }
  await assert.rejects(bert.encodePair('a', 'b', { maxLength: 4 }), InputError);
  assert.equal((await bert.encodeSingle(text(13), { maxLength: 7 })).ids.length, 7);
});

test('an over-long text is cut as if it had been read to its end', async () => {
  const long = smallCorpus(211).join(' ');
  const one = await xlmr.encodePair('mouse', long, { maxLength: 61 });
  const [whole] = await xlmr.encodeTexts([long]);
  const [query] = await xlmr.encodeTexts(['mouse']);
  assert.deepEqual([...one.ids], [0, ...query, 2, 2, ...whole.subarray(0, 61 - 4 - query.length), 2]);
  // One endless word that is a single token to WordPiece: the rest must still be read.
  const bert = new Tokenizer(bertJson());
  assert.deepEqual([...(await bert.encodeSingle('z'.repeat(4001) + ' usb', { maxLength: 7 })).ids], [2, 1, 5, 3]);
});

test('a long word is never cut: WordPiece takes more than 100 characters for one unknown token (worked by hand)', async () => {
  const bert = new Tokenizer(bertJson());
  for (const blank of [' ', '\t', '\n', '\r', ' \n'])
    for (let n = 1; n < 140; n++) {
      const text = 'z'.repeat(n) + blank + 's'.repeat(1009) + blank + 'usb';
      const { ids } = await bert.encodeSingle(text, { maxLength: 7 });
      assert.deepEqual([...ids], [2, 1, 1, 5, 3], `${n} and ${JSON.stringify(blank)}`);
    }
  // The last blank lies far before the end of what is read first, or there is none at all.
  assert.deepEqual([...(await bert.encodeSingle(`\n${'s'.repeat(100_003)}`, { maxLength: 7 })).ids], [2, 1, 3]);
  assert.deepEqual([...(await bert.encodeSingle(`usb hub\t${'s'.repeat(997)}\rusb`, { maxLength: 7 })).ids], [2, 5, 6, 1, 5, 3]);
});

test('a long text without blanks is cut as the whole: repeated characters, whose pieces depend on their number (two routes)', async () => {
  for (const n of [997, 998, 999, 1009])
    for (const text of ['o'.repeat(n), `mouse ${'ス'.repeat(n)} black`, `black\n${'mo'.repeat(n)}`]) {
      const [whole] = await xlmr.encodeTexts([text]);
      assert.deepEqual([...(await xlmr.encodeTexts([text], 13))[0].subarray(0, 13)], [...whole.subarray(0, 13)]);
    }
});

test('of two texts that are both too long the longer keeps the odd token, however little of them was read (worked by hand)', async () => {
  const bert = new Tokenizer(bertJson());
  const short = (n: number): string => 'usb '.repeat(n);
  const wide = (n: number): string => 'zzzzzzzzzz '.repeat(n); // one unknown token each, and fewer of them in as many characters
  for (const [query, product, kept] of [
    [short(53), wide(47), [6, 5]],
    [wide(47), short(53), [5, 6]],
    [short(47), wide(53), [5, 6]],
    [wide(53), short(47), [6, 5]],
  ] as const) {
    const { typeIds } = await bert.encodePair(query, product, { maxLength: 14 });
    const second = typeIds!.filter((type) => type === 1).length - 1;
    assert.deepEqual([14 - 3 - second, second], kept, `${query.length} and ${product.length} characters`);
  }
});

test('lone surrogates, NUL and emoji pass; offsets are positions in the JavaScript string', async () => {
  const [lone, clean] = await xlmr.encodeTexts(['mouse \ud83c black \udf81', 'mouse black']);
  assert.deepEqual(lone, clean);
  assert.equal(productText({ title: 'mouse\u0000 black' }, { fields: ['title'] }), 'mouse black');
  const text = '🎁 mouse 黒';
  const tokens = await xlmr.inspect(text);
  assert.deepEqual([tokens[0].start, tokens[tokens.length - 1].end], [0, text.length]);
  assert.ok(
    tokens.some((t) => t.start === 3 && t.text.startsWith('mo')),
    'an emoji takes two places',
  );
  for (const t of tokens) assert.equal(text.slice(t.start, t.end), t.text);
  assert.equal(await xlmr.decode(await xlmr.encodeTexts(['wireless mouse']).then((x) => x[0])), 'wireless mouse');
});

test('saved and loaded again it gives the same ids and has the same hash', async () => {
  xlmr.save(join(folder, 'saved'));
  const again = loadTokenizer(join(folder, 'saved'));
  assert.equal(again.hash, xlmr.hash);
  const text = ['wireless ワイヤレス niño 🎁'];
  assert.deepEqual(await again.encodeTexts(text), await xlmr.encodeTexts(text));
  const config = JSON.parse(readFileSync(join(folder, 'saved', 'tokenizer_config.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(
    [config.pad_token, config.mask_token, config.cls_token, config.unk_token],
    ['<pad>', '<mask>', '<s>', '<unk>'],
  );
});

test('files that are no tokenizer are named in one line', () => {
  const file = join(folder, 'bad.json');
  for (const bad of ['', '{', '[]', '{"model": {}}', 'null']) {
    writeFileSync(file, bad);
    assert.throws(
      () => loadTokenizer(file),
      (e) => e instanceof InputError && e.message.includes('bad.json'),
      bad,
    );
  }
  assert.throws(() => loadTokenizer(join(folder, 'nowhere')), InputError);
  assert.throws(() => new Tokenizer(bertJson(null)), InputError);
  assert.throws(() => new Tokenizer({ ...bertJson(), added_tokens: [] }), InputError);
  assert.throws(() => new Tokenizer({ ...bertJson(), model: { type: 'Nonsense', vocab: {} } }), InputError);
});

const golden = join(process.env.ESCI_SHARED ?? join(projectRoot(), '..', 'shared'), 'golden', 'minilm', 'expected.json');
const weights = sharedCache('weights', 'all-minilm-l6-v2', 'tokenizer.json');
const missing = [golden, weights].find((path) => !existsSync(path));
test(
  'WordPiece ids and types equal those of Hugging Face tokenizers for every golden pair',
  { skip: missing && `no ${missing}` },
  async () => {
    const expected = JSON.parse(readFileSync(golden, 'utf8')) as {
      pairs: [string, string][];
      input_ids: number[][];
      token_type_ids: number[][];
    };
    const encoded = await loadTokenizer(weights).encodeBatch(expected.pairs, { maxLength: 48 });
    assert.deepEqual(
      encoded.map((e) => [...e.ids]),
      expected.input_ids,
    );
    assert.deepEqual(
      encoded.map((e) => [...e.typeIds!]),
      expected.token_type_ids,
    );
  },
);
