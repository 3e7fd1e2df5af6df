/**
 * Text of unknown origin (labels, data names, products) made harmless for each place it is printed in. Every format passes every
 * cell through its own function here; nothing else builds output from text.
 */

// Controls (ANSI escapes among them), bidirectional marks and overrides, zero-width characters, line separators, lone surrogates, tag characters.
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Characters that act instead of being seen are written out: ESC becomes ⟨U+001B⟩. Tabs and line ends become a space. */
export function visible(text: string): string {
  return text
    .replace(/[\t\n\r]+/g, ' ')
    .replace(INVISIBLE, (c) => `⟨U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };

/** For HTML text and quoted attributes. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"'`]/g, (c) => HTML[c]);
}

/** For a cell of a Markdown table: no markup, no links (bare addresses neither), no HTML, no cell border. */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_|~$]|\](?=[([:])/g, '\\$&')
    .replace(/:\/\//g, ':\\/\\/')
    .replace(/www\./gi, (w) => `${w.slice(0, 3)}\\.`)
    .replace(/@/g, '&#64;');
}

/** Greek letters that have a command of their own, as text formulas use them; those that look like Latin ones have none. */
function greek(): Record<string, string> {
  const names =
    'α alpha β beta γ gamma δ delta ε varepsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi π pi ρ rho σ sigma τ tau υ upsilon φ varphi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Υ Upsilon Φ Phi Ψ Psi Ω Omega';
  const words = names.split(' ');
  return Object.fromEntries(words.flatMap((c, i) => (i % 2 ? [] : [[c, `$\\${words[i + 1]}$`]])));
}

const LATEX: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '^': '\\textasciicircum{}',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '%': '\\%',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\textquotedbl{}',
  "'": '\\textquotesingle{}',
  '`': '\\textasciigrave{}',
  '[': '{[}',
  ']': '{]}',
  '±': '$\\pm$',
  '−': '$-$',
  '×': '$\\times$',
  '†': '$\\dagger$',
  '≥': '$\\geq$',
  '≤': '$\\leq$',
  '→': '$\\rightarrow$',
  ...greek(),
  ...Object.fromEntries([...'₀₁₂₃₄₅₆₇₈₉'].map((c, digit) => [c, `\\textsubscript{${digit}}`])),
  '–': '--',
  '—': '---',
  '…': '\\ldots{}',
  '’': '\\textquoteright{}',
  '‘': '\\textquoteleft{}',
  '“': '\\textquotedblleft{}',
  '”': '\\textquotedblright{}',
  '·': '$\\cdot$',
  '⟨': '$\\langle$',
  '⟩': '$\\rangle$',
};

/** For LaTeX text with T1 fonts and UTF-8 input: every active character written as a command; letters that pdfLaTeX has no glyph for as [U+ and its number]. */
export function escapeLatex(text: string): string {
  return [...visible(text)].map((c) => LATEX[c] ?? (/[ -~¡-ĥĨ-ķĹ-ľŁ-ňŊ-ťŨ-ž]/.test(c) ? c : unknownGlyph(c))).join('');
}

function unknownGlyph(c: string): string {
  return `{[}U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}{]}`;
}

/**
 * One CSV field (RFC 4180). A number is written as it is; any other text that a spreadsheet would take for a formula (= + - @ or one of
 * their full-width forms first, blanks before them ignored) gets an apostrophe before it.
 */
export function escapeCsv(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const shown = visible(value);
  const safe = /^\s*[=+\-@＝＋－＠−]/u.test(shown) ? `'${shown}` : shown;
  return /[",\s;']/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** JSON that may stand inside a script element: nothing in it can end the element or open a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
