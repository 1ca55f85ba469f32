import type { Refusal } from "./hand-eye.js";

/** How much of each camera's picture changed. */
export interface Change {
  readonly front: number;
  readonly wrist: number;
}

/** Turning the wrist moves everything before the wrist camera, and before the front camera the hand alone (PO-16). */
const LEAST_RATIO = 4;
/** A picture in which less changed shows nothing that stands still: a blank table, darkness, a frozen camera. */
const LEAST_CHANGE = 0.03;
/** A pixel that differs by more than this has changed; noise of a webcam is a tenth of it. */
const CHANGED = 12;

/** Part of a picture that differs between two frames, RGB bytes of the same size. */
export function changedPart(before: Uint8Array, after: Uint8Array): number {
  const pixels = before.length / 3;
  let changed = 0;
  for (let at = 0; at < before.length; at += 3) {
    const differs = [0, 1, 2].some(
      (channel) => Math.abs((before[at + channel] ?? 0) - (after[at + channel] ?? 0)) > CHANGED,
    );
    changed += differs ? 1 : 0;
  }
  return changed / pixels;
}

/** Which camera is on the wrist, judged by what changed when the wrist turned; null when it is the one that should be. */
export function whyNotThese({ front, wrist }: Change): Refusal | null {
  const words = `when the wrist turned, ${percent(front)} of the front picture changed and ${percent(wrist)} of the wrist picture`;
  if (front >= LEAST_RATIO * wrist && front > LEAST_CHANGE) {
    return {
      reason: `the cameras are exchanged: ${words}`,
      hint: "Exchange cameras.front and cameras.wrist in the configuration.",
    };
  }
  if (wrist >= LEAST_RATIO * front && wrist > LEAST_CHANGE) {
    return null;
  }
  return {
    reason: `it cannot be told which camera is which: ${words}`,
    hint: "Put things with edges before the wrist camera, keep everything else still and the light steady, and begin anew.",
  };
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
