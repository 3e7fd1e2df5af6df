/** The folder of a model: the path as given, or where known weights of that name lie, fetched first where they are missing. */
export async function modelFolder(nameOrFolder: string): Promise<string> {
  const { KNOWN_WEIGHTS } = await import('../encoder/weights/known');
  if (!KNOWN_WEIGHTS.has(nameOrFolder)) return nameOrFolder;
  const { resolveWeights } = await import('../encoder/weights/resolve');
  return (await resolveWeights(nameOrFolder)).folder;
}
