import { escapeHtml } from './escape';

/** A piece of HTML that is safe to insert: only `markup` and `trusted` make one. */
export class Markup {
  constructor(readonly html: string) {}
  toString(): string {
    return this.html;
  }
}

type Part = Markup | string | number | undefined | false | readonly Part[];

/**
 * HTML from a template: every inserted value is escaped unless it is Markup itself, so text of unknown origin cannot become a tag, an
 * attribute or an entity. Attribute values must be quoted in the template. Lists are joined; undefined and false insert nothing.
 */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(strings.reduce((html, piece, i) => html + insert(parts[i - 1]) + piece));
}

/** Declares that a string is safe HTML already. */
export function trusted(html: string): Markup {
  return new Markup(html);
}

function insert(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.html;
  if (Array.isArray(part)) return part.map(insert).join('');
  return escapeHtml(String(part));
}
