import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ensure } from '../runtime/errors';
import { checkFile, checkFolder } from '../runtime/destination';

/** The files and folders that a command reads, by the option that names them. */
export type Inputs = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Files that are read where an option names their folder; where there is none of them, all are. */
const READ_IN_FOLDERS = /examples|products|judge?ments|sources|true_labels|ubi_queries|ubi_events/i;

/** Throws an InputError unless a file that is none of the inputs can be written at `path`, before any work. */
export function checkOutputFile(option: string, path: string, inputs: Inputs = {}): void {
  ensure(path !== '', `${option} must name a file, got ""`);
  for (const [reading, file] of filesOf(inputs))
    ensure(!isSame(path, file), `${option} ${path} is also read as ${reading}; expected another file`);
  checkFile(path, `${option} ${path}`);
}

/** The same of a folder: it is none of the inputs, and holds none of them. */
export function checkOutputFolder(option: string, path: string, inputs: Inputs = {}): void {
  ensure(path !== '', `${option} must name a folder, got ""`);
  for (const [reading, input] of entriesOf(inputs))
    ensure(!isWithin(path, input), `${option} ${path} is also read as ${reading} ${input}; expected another folder`);
  checkFolder(path, `${option} ${path}`);
}

const entriesOf = (inputs: Inputs): [option: string, path: string][] =>
  Object.entries(inputs).flatMap(([option, paths]) => [paths ?? []].flat().map((path): [string, string] => [option, path]));

/** The same with the files of each folder in its place. */
function filesOf(inputs: Inputs): [option: string, file: string][] {
  return entriesOf(inputs).flatMap(([option, path]) => {
    if (!existsSync(path) || !statSync(path).isDirectory()) return [[option, path]];
    const names = readdirSync(path);
    const read = names.filter((name) => READ_IN_FOLDERS.test(name));
    return (read.length ? read : names).map((name): [string, string] => [option, join(path, name)]);
  });
}

/** Whether two paths lead to one file. A file that is not there yet is no input. */
const isSame = (path: string, other: string): boolean =>
  existsSync(path) && existsSync(other) && realpathSync(path) === realpathSync(other);

const isWithin = (folder: string, path: string): boolean =>
  existsSync(folder) && existsSync(path) && `${realpathSync(path)}${sep}`.startsWith(`${realpathSync(folder)}${sep}`);
