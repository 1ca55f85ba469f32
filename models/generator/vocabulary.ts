import type { Manifest } from "../bundle/manifest.js";

/** Every id that is not text: special ids, delimiters and action codes. */
export function reservedIds({ vocabulary }: Manifest): ReadonlySet<number> {
  const ids = new Set([vocabulary.bos, vocabulary.eos, vocabulary.pad]);
  for (const pair of Object.values(vocabulary.delimiters)) {
    ids.add(pair[0]).add(pair[1]);
  }
  for (const base of vocabulary.base.flat()) {
    for (let code = 0; code < vocabulary.codebookSize; code += 1) {
      ids.add(base - code);
    }
  }
  return ids;
}
