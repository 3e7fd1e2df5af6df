/** Thrown where a run was asked to stop before its end; nothing of it is recorded. */
export class Stopped extends Error {
  override name = 'Stopped';
}
