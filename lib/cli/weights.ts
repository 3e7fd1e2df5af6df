import type { Command } from 'commander';

/** `weights`: what pre-trained weights are known, fetch and verify them. */
export function registerWeights(program: Command): void {
  const weights = program.command('weights').description('pre-trained weights: what is known and what is here, fetch, verify');
  weights
    .command('list')
    .description('the known weights: licence, locales, source, size, and whether they are here')
    .option('--json', 'print JSON')
    .action(list);
  weights
    .command('fetch')
    .argument(
      '<name...>',
      'names as `weights list` has them, or owner/name[@revision] of any repository of the hub with safetensors',
    )
    .description('fetch weights into the shared cache and verify every file; what is here already is verified')
    .action(fetch);
  weights
    .command('show')
    .argument('<name>', 'known weights or a model folder')
    .description("an encoder's shape, and how its vocabulary cuts each locale's text")
    .option('--data <path>', "measure on a data set's queries and titles (default: built-in sample sentences)")
    .action(show);
}

async function list({ json }: { json?: boolean }): Promise<void> {
  const { converted, installed, KNOWN_WEIGHTS, sourceName, weightsFolder } = await import('../encoder/weights');
  const rows = [...KNOWN_WEIGHTS.values()].map((weights) => {
    const manifest = installed(weights);
    const bytes = manifest
      ? manifest.files.reduce((sum, file) => sum + file.bytes, 0)
      : weights.files.every((f) => f.bytes !== null || f.optional)
        ? weights.files.reduce((sum, file) => sum + (file.bytes ?? 0), 0)
        : null;
    return {
      name: weights.name,
      about: weights.about,
      licence: weights.licence,
      locales: weights.locales,
      sources: weights.sources.map(sourceName),
      bytes,
      pinned: weights.files.every((f) => f.sha256 !== null || f.optional),
      folder: manifest || converted(weights) ? weightsFolder(weights.name) : null,
      from: manifest?.source ?? 'a conversion by hand',
      files: manifest?.files ?? null,
    };
  });
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  for (const { name, about, licence, locales, sources, bytes, pinned, folder, from } of rows) {
    const size = bytes === null ? 'size unknown until fetched' : `${(bytes / 1e6).toFixed(1)} MB`;
    process.stdout.write(
      `${name}\n  ${about}\n  licence: ${licence}\n  locales: ${locales.join(', ')}\n  sources: ${sources.join('; ')}\n` +
        `  checksums: ${pinned ? 'pinned' : 'recorded on the first fetch'}\n  ${folder ? `here: ${folder}, ${size}, from ${from}` : `not here (${size})`}\n`,
    );
  }
}

async function fetch(names: readonly string[]): Promise<void> {
  const { fetchShown } = await import('../encoder/weights');
  for (const name of names) {
    const { folder, manifest, already } = await fetchShown(name);
    process.stdout.write(
      `${name}: ${already ? 'was here, verified' : `fetched from ${manifest.source}, verified`}, in ${folder}\n`,
    );
    process.stdout.write(`  licence: ${manifest.licence}${manifest.commit ? `; commit ${manifest.commit}` : ''}\n`);
    for (const { name: file, bytes, sha256, pinned } of manifest.files)
      process.stdout.write(`  ${file.padEnd(18)} ${String(bytes).padStart(11)} bytes  ${sha256}${pinned ? '' : ' (recorded)'}\n`);
    if (manifest.files.some(({ pinned }) => !pinned))
      process.stderr.write(
        `  recorded: no checksum was known before the first fetch, which is trusted; from now on a file that differs is refused\n`,
      );
  }
}

async function show(name: string, { data }: { data?: string }): Promise<void> {
  const { fertility, resolveWeights } = await import('../encoder/weights');
  const { configFromHuggingFace, readConfigJson } = await import('../encoder/config');
  const { loadTokenizer } = await import('../text/tokenizer');
  const { LOCALES } = await import('../data/types');
  const { folder, locales } = await resolveWeights(name);
  const { type, layers, hidden, heads, vocabulary } = configFromHuggingFace(readConfigJson(folder));
  process.stdout.write(`${name}: ${type}, ${layers} layers of ${hidden}, ${heads} heads, ${vocabulary} words, in ${folder}\n`);
  const tokenizer = loadTokenizer(folder);
  const rows = data === undefined ? undefined : (await (await import('../data')).readDataset(data)).rows;
  for (const locale of LOCALES) {
    const texts = rows?.filter((row) => row.locale === locale).flatMap(({ query, title }) => [query, title]);
    if (texts?.length === 0) continue;
    const { unknown, tokensPerUnit } = await fertility(tokenizer, locale, texts);
    const unit = locale === 'jp' ? 'character' : 'word';
    process.stdout.write(
      `  ${locale}: ${(100 * unknown).toFixed(1)} % unknown tokens, ${tokensPerUnit.toFixed(2)} tokens a ${unit}${locales.includes(locale) ? '' : ' (left out)'}\n`,
    );
  }
}
