import { Tokenizer as HtmlTokenizer } from 'htmlparser2';

/** Elements whose content nobody reads. */
const SILENT = new Set(['script', 'style', 'template', 'noscript']);
/** Inline elements: their tags do not part words. Every other tag does. */
const INLINE = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);

/**
 * The text of an HTML fragment: tags removed by a parser, entities decoded, the contents of script and style dropped, white space collapsed.
 * A block tag (`<br>`, `<p>`, `<li>`, …) parts words, an inline one (`<b>`, `<i>`, `<span>`, …) does not. Broken markup and bare `<` or `&` are kept as text,
 * as browsers do; text without `<` and `&` is only collapsed.
 *
 * Source: paper §3 ("HTML tags stripped"). The released code deletes `<.*?>` by a regular expression, which joins the words around a tag, leaves entities,
 * and eats text between a bare `<` and the next `>`.
 */
export function stripHtml(text: string): string {
  return collapse(/[<&]/.test(text) ? parsed(text) : text);
}

/** White space (also no-break and ideographic spaces, line ends and control characters) collapsed to single blanks, ends trimmed. */
export function collapse(text: string): string {
  return UNEVEN.test(text) ? text.replace(BLANKS, ' ').trim() : text.trim();
}

const BLANKS = /[\s\u0000-\u001f\u007f-\u009f\u200b\ufeff]+/g;
/** Something that `BLANKS` would change: two blanks, or a blank other than U+0020. */
const UNEVEN = / {2}|[^\S ]|[\u0000-\u001f\u007f-\u009f\u200b\ufeff]/;

/** htmlparser2's tokenizer alone: its tree-keeping parser takes quadratic time on tags that are never closed. */
function parsed(text: string): string {
  const parts: string[] = [];
  const nothing = (): void => undefined;
  let silent = 0;
  const tag = (start: number, end: number, change: number): void => {
    const name = text.slice(start, end).toLowerCase();
    if (SILENT.has(name)) silent = Math.max(0, silent + change);
    if (!INLINE.has(name)) parts.push(' ');
  };
  const tokenizer = new HtmlTokenizer(
    { decodeEntities: true },
    {
      ontext: (start, end) => {
        if (!silent) parts.push(text.slice(start, end));
      },
      ontextentity: (codePoint) => {
        if (!silent) parts.push(String.fromCodePoint(codePoint));
      },
      onopentagname: (start, end) => tag(start, end, 1),
      onclosetag: (start, end) => tag(start, end, -1),
      onselfclosingtag: nothing,
      onopentagend: nothing,
      onattribname: nothing,
      onattribdata: nothing,
      onattribentity: nothing,
      onattribend: nothing,
      oncdata: nothing,
      oncomment: nothing,
      ondeclaration: nothing,
      onprocessinginstruction: nothing,
      onend: nothing,
    },
  );
  tokenizer.write(text);
  tokenizer.end();
  return parts.join('');
}
