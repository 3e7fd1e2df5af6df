import { visible } from './escape';
import { markup, type Markup } from './markup';

/** A small table as HTML and in plain words, for a notebook: `showHtml(view.html, view.text)`. Every cell is escaped, in plain words what acts instead of being seen. */
export function tableView(heads: readonly string[], rows: readonly (readonly string[])[]): { html: Markup; text: string } {
  const cell = (tag: 'th' | 'td', text: string, i: number): Markup => {
    const style = `text-align:${i && /^[−+\d.% –]+$/.test(text) ? 'right' : 'left'}`;
    return tag === 'th' ? markup`<th style="${style}">${text}</th>` : markup`<td style="${style}">${text}</td>`;
  };
  return {
    html: markup`<table><thead><tr>${heads.map((head, i) => cell('th', head, i))}</tr></thead><tbody>${rows.map(
      (row) => markup`<tr>${row.map((text, i) => cell('td', text, i))}</tr>`,
    )}</tbody></table>`,
    text: [heads, ...rows].map((row) => row.map(visible).join('  |  ')).join('\n'),
  };
}
