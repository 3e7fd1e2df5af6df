import { Key } from '../runtime/key';
import type { NearestProduct, ProductIndex } from '../train/nearest';
import { principalPlane } from '../train/plane';
import { cosineAt } from '../train/embed';
import { gradedNdcg } from '../train/zero-shot';
import type { EncoderLab } from './encoder-lab';
import type { Figure } from './figures/figure';
import { pointsFigure, type PointGroup } from './figures/points';
import { markup, type Markup } from './markup';

/** Something to show as HTML and in plain words (`showHtml(view.html, view.text)`). */
export interface View {
  html: Markup;
  text: string;
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): View => ({
  html: markup`<table><thead><tr>${heads.map((h) => markup`<th style="text-align:left">${h}</th>`)}</tr></thead><tbody>${rows.map(
    (row) => markup`<tr>${row.map((cell) => markup`<td style="text-align:left">${cell}</td>`)}</tr>`,
  )}</tbody></table>`,
  text: [heads, ...rows].map((row) => row.join('  |  ')).join('\n'),
});

/** The products nearest to a query before and after pre-training, side by side with their cosines. */
export async function nearestView({ before, after }: EncoderLab, query: string, k = 10): Promise<View> {
  const [was, is] = [await before.nearest(query, k), await after.nearest(query, k)];
  const cells = (n: NearestProduct | undefined): string[] => (n ? [n.score.toFixed(3), short(n.product.title)] : ['', '']);
  return table(
    ['', 'before', query, 'after', query],
    was.map((n, i) => [String(i + 1), ...cells(n), ...cells(is[i])]),
  );
}

const short = (title: string): string => (title.length > 70 ? `${title.slice(0, 69)}…` : title);

/** Points drawn of a catalogue, at most: a picture of more shows no more. */
const DRAWN = 2500;
const BRANDS = 7;

/** A map of the catalogue under the encoder as it comes: the plane in which the vectors vary most, the most frequent brands in colour. */
export function catalogueMap({ name, before }: EncoderLab): Figure | undefined {
  const { products, vectors, hidden } = before;
  const { points, explained } = principalPlane(vectors, hidden, Key.from('map'));
  const counts = new Map<string, number>();
  for (const { brand } of products) if (brand) counts.set(brand, (counts.get(brand) ?? 0) + 1);
  const brands = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, BRANDS).map(([brand]) => brand); // prettier-ignore
  const chosen = Key.from('map').fold('sample').random().permutation(products.length).subarray(0, DRAWN);
  const groups: PointGroup[] = [...brands, 'other brands'].map((brand) => ({
    name: brand,
    points: [],
    rest: brand === 'other brands',
  }));
  for (const i of chosen) {
    const at = brands.indexOf(products[i].brand);
    const group = groups[at < 0 ? brands.length : at];
    (group.points as [number, number, string][]).push([...points[i], short(products[i].title)]);
  }
  const share = explained.map((x) => `${(100 * x).toFixed(1)} %`);
  return pointsFigure(groups, {
    title: `${name}, a map of ${Math.min(DRAWN, products.length).toLocaleString('en-US')} products by brand`,
    alt: `Products by the two directions in which their vectors vary most (${share[0]} and ${share[1]} of the variance), coloured by brand`,
    x: `first direction (${share[0]} of the variance)`,
    y: `second direction (${share[1]})`,
  });
}

/** Whether a negation changes anything: the cosine of both queries, and how many of their ten nearest products are the same. */
export async function negationView({ before, after, negations }: EncoderLab): Promise<View> {
  const compare = async (index: ProductIndex, a: string, b: string): Promise<string[]> => {
    const [u, v] = [await index.vectorOf(a), await index.vectorOf(b)];
    const near = new Set((await index.nearest(a)).map((n) => n.index));
    const same = (await index.nearest(b)).filter((n) => near.has(n.index)).length;
    return [cosineAt(u, 0, v, 0, index.hidden).toFixed(3), `${same} of 10`];
  };
  const rows: string[][] = [];
  for (const [plain, negated] of negations)
    rows.push([plain, negated, ...(await compare(before, plain, negated)), ...(await compare(after, plain, negated))]);
  return table(['query', 'negated', 'cosine before', 'same products before', 'cosine after', 'same products after'], rows);
}

/** nDCG@10 of the judged queries under both encoders, and the queries that the encoder as it comes ranks worst, with the product it puts first. */
export async function judgedView({ before, after, pairs }: EncoderLab, worst = 8): Promise<View> {
  const place = new Map(before.products.map((product, i) => [product.productId, i]));
  const known = pairs.filter((pair) => place.has(pair.productId));
  const scored = async (index: ProductIndex) => {
    const queries = new Map<string, Float32Array>();
    for (const { query } of known) if (!queries.has(query)) queries.set(query, await index.vectorOf(query));
    const scores = known.map(({ query, productId }) =>
      cosineAt(queries.get(query)!, 0, index.vectors, place.get(productId)! * index.hidden, index.hidden),
    );
    return { scores, ...gradedNdcg(known, scores) };
  };
  const [was, is] = [await scored(before), await scored(after)];
  const order = was.queryIds.map((_, q) => q).filter((q) => !Number.isNaN(was.perQuery[q])).sort((a, b) => was.perQuery[a] - was.perQuery[b] || a - b); // prettier-ignore
  const rows = order.slice(0, worst).map((q) => {
    const own = known.flatMap((pair, i) => (pair.queryId === was.queryIds[q] ? [i] : []));
    const first = own.reduce((best, i) => (was.scores[i] > was.scores[best] ? i : best));
    const { title } = before.products[place.get(known[first].productId)!];
    return [
      known[first].query,
      was.perQuery[q].toFixed(3),
      is.perQuery[q].toFixed(3),
      `${short(title)} (grade ${known[first].grade})`,
    ];
  });
  const mean = [
    'all judged queries',
    was.value.toFixed(3),
    is.value.toFixed(3),
    `random order ${was.random.toFixed(3)}; ${was.scored} queries`,
  ];
  return table(['query', 'nDCG@10 before', 'after', 'ranked first before'], [mean, ...rows]);
}
