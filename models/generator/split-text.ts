import type { Tensor } from "onnxruntime-node";
import type { Manifest } from "../bundle/manifest.js";
import { type Failure, failure } from "../failure.js";
import { chooseId } from "./choose.js";
import type { Level } from "./generator.js";
import type { Sequence } from "./sequence.js";
import type { TextRules } from "./text-rules.js";
import type { Watch } from "./watch.js";

/** What profile `split` works with during one inference. */
export interface SplitContext {
  readonly manifest: Manifest;
  readonly rules: TextRules;
  readonly sequence: Sequence;
  readonly watch: Watch;
}

/** A text that stands in the sequence with its frame, and the logits behind that. */
export interface FedText {
  readonly kind: "fed";
  readonly ids: readonly number[];
  readonly logits: Float32Array;
}

/** What stands around a text. */
export interface Frame {
  /** Ends in the opening delimiter. */
  readonly head: readonly number[];
  /** Begins with the closing delimiter. */
  readonly tail: readonly [number, ...number[]];
}

/** The first run of a level counts as prefill or, behind the coarse level, as text. */
const PHASE = { coarse: "prefill", fine: "text" } as const;

/** Puts a given text into its frame, in one run with everything around it. */
export async function feedText(
  context: SplitContext,
  level: Level,
  { head, tail }: Frame,
  ids: readonly number[],
  visual?: Tensor,
): Promise<FedText | Failure> {
  const wrong = context.rules.check(level, ids);
  if (wrong !== null) {
    return wrong;
  }
  const rows = await context.sequence.feed([...head, ...ids, ...tail], visual);
  context.watch.lap(PHASE[level]);
  return { kind: "fed", ids, logits: rowAt(rows, rows.length - 1) };
}

/**
 * Writes a text greedily into its frame. One run feeds the draft as if it were right and shows what the model would have
 * written in place of each of its ids: up to the first difference that is what greedy decoding gives; the rest is taken
 * back and written id by id.
 */
export async function writeText(
  context: SplitContext,
  level: Level,
  { head, tail }: Frame,
  given: readonly number[],
  visual?: Tensor,
): Promise<FedText | Failure> {
  const { rules, sequence, watch } = context;
  const draft = rules.usablePart(level, given);
  const rows = await sequence.feed([...head, ...draft, ...(draft.length > 0 ? tail : [])], visual);
  const before = head.length - 1;
  let kept = 0;
  while (kept < draft.length && chooseId(rowAt(rows, before + kept)) === draft[kept]) {
    kept += 1;
  }
  const next = rowAt(rows, before + kept);
  watch.lap(PHASE[level]);
  if (kept > 0 && kept === draft.length && chooseId(next) === tail[0]) {
    return { kind: "fed", ids: draft, logits: rowAt(rows, rows.length - 1) };
  }
  sequence.takeBack(rows.length - head.length - kept);
  const generated = await generateText(context, level, draft.slice(0, kept), next);
  if (generated.kind === "failed") {
    return generated;
  }
  const fed = await sequence.feed(tail);
  watch.lap("text");
  return { kind: "fed", ids: generated.ids, logits: rowAt(fed, fed.length - 1) };
}

/** Goes on with a text id by id until its closing delimiter, which is not fed. */
async function generateText(
  { manifest, rules, sequence }: SplitContext,
  level: Level,
  begun: readonly number[],
  next: Float32Array,
): Promise<{ readonly kind: "text"; readonly ids: readonly number[] } | Failure> {
  const close = manifest.vocabulary.delimiters[level][1];
  const ids = [...begun];
  let logits = next;
  for (;;) {
    const id = chooseId(logits);
    if (id === null) {
      return failure("not-finite", `The language model gave a logit that is not finite in the ${level} text`);
    }
    if (id === close && ids.length > 0) {
      return { kind: "text", ids };
    }
    const wrong = rules.check(level, id === close ? ids : [...ids, id]);
    if (wrong !== null) {
      return wrong;
    }
    ids.push(id);
    logits = rowAt(await sequence.feed([id]), 0);
  }
}

/** The logits after one fed id. */
export function rowAt(rows: readonly Float32Array[], index: number): Float32Array {
  const row = rows[index];
  if (row === undefined) {
    throw new RangeError(`there are ${rows.length} rows of logits, none at ${index}`);
  }
  return row;
}
