import { metricTitle } from './formats/grid';
import { noteHtml, noteMarkdown } from './formats/notes';
import { markup, type Markup } from './markup';
import { GENERAL_NOTES } from './notes';
import { MEANINGS, VERDICTS, type VerdictKind } from './verdict';

/** What the metrics of the tables are, for a reader who knows F1 and nDCG. */
const METRICS: readonly (readonly [string, string])[] = [
  [
    'exactAuc',
    "how often a random exact match gets a higher P(E) than a random other row; needs no threshold. .5 is chance, whatever the classes' shares",
  ],
  [
    'exactAccuracy',
    'share of rows where "P(E) > ½" agrees with "the label is E"; a model that never reaches ½ is right on the other classes alone',
  ],
  ['logLoss', 'mean of −ln P(given label): probabilities that are sure and wrong cost most; lower is better'],
  ['macroF1', 'mean F1 of the four classes, so that the rare ones count as much as E'],
  ['calibrationError', "mean gap between the predicted class's probability and how often it is right, over 15 bins"],
  [
    'pairAccuracy',
    'of pre-training: query and product told to belong together or not, on a tenth of the products that is not trained on; so are masked tokens, brands and in-batch retrieval',
  ],
];

/** What stands below the tables by itself: baselines. */
const BASELINES =
  "Baselines fine-tune nothing: multinomial logistic regression on up to five features of a row (zero-shot cosine of query and product; share of the query's words in the title; Jaccard overlap; whether the query names the brand; both lengths), or always the largest class.";

/** What stands in every table's rows. */
const COLUMNS =
  "A figure is the mean ± standard deviation over runs (Runs: seeds × folds), so ± holds the folds' own differences. + before a name: the row above with this added; alone: with nothing else. Paper and Paper's change: what the paper printed, by its metric, with its encoder and data.";

const verdicts = Object.keys(MEANINGS) as VerdictKind[];

/** How to read the tables, as Markdown: what holds for all of them, the verdicts, the metrics. */
export function guideMarkdown(): string {
  const item = (name: string, text: string): string => `- **${noteMarkdown(name)}**: ${noteMarkdown(text)}.`;
  return [
    `- ${noteMarkdown(COLUMNS)}`,
    ...GENERAL_NOTES.map((note) => `- ${noteMarkdown(note)}`),
    `- ${noteMarkdown(BASELINES)}`,
    '',
    'Verdicts:',
    ...verdicts.map((kind) => item(VERDICTS[kind], MEANINGS[kind])),
    '',
    'Metrics:',
    ...METRICS.map(([name, text]) => item(metricTitle(name), text)),
    '',
  ].join('\n');
}

/** The same for the page. */
export function guideHtml(): Markup {
  const terms = (list: readonly (readonly [string, string])[]): Markup =>
    markup`<dl>${list.map(([name, text]) => markup`<dt>${name}</dt><dd>${text}.</dd>`)}</dl>`;
  return markup`<ul class="notes">${[COLUMNS, ...GENERAL_NOTES, BASELINES].map((note) => markup`<li>${noteHtml(note)}</li>`)}</ul>
<h3>Verdicts</h3>
${terms(verdicts.map((kind) => [VERDICTS[kind], MEANINGS[kind]]))}
<h3>Metrics</h3>
${terms(METRICS.map(([name, text]) => [metricTitle(name), text]))}
`;
}
