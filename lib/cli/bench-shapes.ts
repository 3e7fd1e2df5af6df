import { ensure, shown } from '../runtime/errors';

/** The shapes that `--only` names, by the first words of their names (up to a comma); all without it. Throws where it names one that is not there. */
export function shapesNamed<T extends { name: string }>(shapes: readonly T[], only?: readonly string[]): T[] {
  const first = ({ name }: T): string => name.split(',')[0];
  const there = [...new Set(shapes.map(first))];
  for (const asked of only ?? [])
    ensure(there.includes(asked), `--only must name shapes, of ${there.join(', ')}, got ${shown(asked)}`);
  return shapes.filter((shape) => !only || only.includes(first(shape)));
}
