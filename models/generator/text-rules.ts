import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";
import type { Level } from "./generator.js";
import { reservedIds } from "./vocabulary.js";

/** What may stand in a text of this bundle. */
export interface TextRules {
  /** Why a text may not be used; null when it may. */
  check(level: Level, ids: readonly number[]): Failure | null;
  /** The part of a draft that could stand in a text; what greedy decoding makes of the rest is an error anyway. */
  usablePart(level: Level, draft: readonly number[]): readonly number[];
}

/** The rules for texts that follow from a manifest. */
export function textRules(manifest: Manifest): TextRules {
  const reserved = reservedIds(manifest);
  return {
    check: (level, ids) => {
      const budget = manifest.budget[level];
      if (ids.length === 0) {
        return failure("text-empty", `The ${level} text is empty`);
      }
      if (ids.length > budget) {
        return failure("text-over-budget", `The ${level} text has more than ${budget} tokens`);
      }
      const wrong = ids.find((id) => reserved.has(id));
      return wrong === undefined
        ? null
        : failure("text-malformed", `The ${level} text holds id ${wrong}, which is not text`);
    },
    usablePart: (level, draft) => {
      const end = draft.findIndex((id) => reserved.has(id));
      return draft.slice(0, Math.min(end === -1 ? draft.length : end, manifest.budget[level]));
    },
  };
}
