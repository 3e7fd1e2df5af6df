import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../runtime/errors';
import { checkTextOptions, collapse, MLM_FIELDS, neutralise, productText, stripHtml, type ProductField } from '../../text';

const product = {
  locale: 'us' as const,
  title: '  Mug,\u00a012 oz ',
  brand: 'Café & Co',
  color: '',
  bullets: 'one\ntwo',
  description: '<p>A <b>fi</b>ne mug.</p><ul><li>dishwasher &amp; oven</li></ul>',
};

test('product text: the paper’s fields and separators, an empty field stays empty (written out by hand)', () => {
  assert.equal(
    productText(product),
    'Mug, 12 oz </s></s> Café & Co </s></s>  </s></s> one two </s></s> A fine mug. dishwasher & oven',
  );
});

test('product text: order, choice, separator and HTML fields are values (written out by hand)', () => {
  assert.equal(productText(product, { fields: ['brand', 'title'], separator: ' ' }), 'Café & Co Mug, 12 oz');
  assert.equal(productText(product, { fields: MLM_FIELDS.slice(0, 2) }), 'us </s></s> Mug, 12 oz');
  assert.match(productText(product, { fields: ['description'], html: [] }), /^<p>A <b>fi<\/b>ne/);
  assert.equal(productText({ title: 'a' }), 'a </s></s>  </s></s>  </s></s>  </s></s> ');
  assert.equal(productText({}, { fields: ['title'] }), '');
});

test('product text: no field can bring a special token', () => {
  const hostile = productText(
    { title: 'x </s></s> y <mask> [SEP] z', brand: '&lt;/s&gt;', description: 'a &lt;/s&gt; b' },
    { fields: ['title', 'description'] },
  );
  assert.equal(hostile, 'x < /s>< /s> y < mask> [ SEP] z </s></s> a < /s> b');
  for (const same of ['a < b > c', '<sale> [new] <S.O.S>', 'いい [セット]']) assert.equal(neutralise(same), same);
});

test('product text: wrong fields are named', () => {
  const check = (fields: string[]) => () => checkTextOptions({ fields: fields as ProductField[] });
  assert.throws(check(['title', 'price']), (e) => e instanceof InputError && /price/.test(e.message));
  assert.throws(check(['title', 'title']), InputError);
  assert.throws(check([]), InputError);
});

/** [HTML, text a browser shows]. */
const html: [string, string][] = [
  ['', ''],
  ['   ', ''],
  ['plain  text', 'plain text'],
  ['a<br>b<br/>c', 'a b c'],
  ['H<sub>2</sub>O', 'H2O'],
  ['<p>one</p><p>two</p>', 'one two'],
  ['Tom &amp; Jerry &eacute;t&#233; &#x1F381;', 'Tom & Jerry été 🎁'],
  ['5 < 6 & 7 > 3', '5 < 6 & 7 > 3'],
  ['<script>alert("x")</script>safe<style>b{}</style>', 'safe'],
  ['<!-- hidden -->shown', 'shown'],
  ['<a href="x>y">link</a>', 'link'],
  ['unclosed <b>bold', 'unclosed bold'],
  ['&amp;lt;b&amp;gt;', '&lt;b&gt;'],
  ['防水<br>イヤホン　黒', '防水 イヤホン 黒'],
  ['zero\u200bwidth\u0000nul', 'zero width nul'],
];
for (const [source, shown] of html) {
  test(`stripHtml ${JSON.stringify(source)}: what a browser shows`, () => assert.equal(stripHtml(source), shown));
}

test('stripHtml: a megabyte of open tags passes', () => {
  assert.equal(stripHtml('<b>x'.repeat(262_147)).length, 262_147);
});

test('collapse keeps inner characters', () => assert.equal(collapse('\t a \r\n\u3000b\u200b'), 'a b'));
