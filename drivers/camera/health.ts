import type { CameraFault, CameraRole } from "../../daemon/types/frame.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import type { PoorLight } from "./light.js";

// Interlocks: PO-13, PO-15.

/** A fault must be named within 0.3 s; the rest is for the check period and the way to the reader. */
const STALE_AFTER: Seconds = 0.25;
/** One or two repeated pictures are legal (safety.md PO-14): a camera is frozen where more have shown nothing new for 0.17 s, less the check. */
const FROZEN_PICTURES = 4;
const FROZEN_AFTER: Seconds = 0.14;
/** Blurred for 1 s (safety.md PO-15); the rest is for the way to the reader and the next picture. */
const BLURRED_AFTER: Seconds = 0.75;

/** What was last heard of a camera. */
export type CameraNews =
  | { readonly kind: "starting"; readonly at: Instant }
  | {
      readonly kind: "frame";
      readonly at: Instant;
      readonly identical: number;
      readonly identicalSince: Instant;
      readonly light: PoorLight;
      readonly poor: number;
      readonly poorSince: Instant;
      readonly dullSince: Instant | null;
    }
  | { readonly kind: "absent"; readonly at: Instant; readonly detail: string }
  | { readonly kind: "wrong-size"; readonly at: Instant; readonly width: number; readonly height: number };

/** The size that a camera should deliver, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** What is wrong with a camera at `now`, judged by the last news of it; null when it is well. */
export function cameraFault(role: CameraRole, size: PictureSize, news: CameraNews, now: Instant): CameraFault | null {
  switch (news.kind) {
    case "starting":
      return { kind: "camera-absent", role, detail: `The ${role} camera is being opened.`, since: news.at };
    case "absent":
      return { kind: "camera-absent", role, detail: news.detail, since: news.at };
    case "wrong-size":
      return {
        kind: "camera-wrong-size",
        role,
        detail:
          `The ${role} camera delivers ${news.width} x ${news.height} pixels, ${size.width} x ${size.height} are ` +
          "configured. Set the camera's size or the configuration.",
        since: news.at,
      };
    case "frame":
      return frameFault(role, news, now);
    default:
      return news satisfies never;
  }
}

function frameFault(
  role: CameraRole,
  news: Extract<CameraNews, { readonly kind: "frame" }>,
  now: Instant,
): CameraFault | null {
  if (now - news.at > STALE_AFTER) {
    return {
      kind: "camera-stale",
      role,
      detail: `No picture from the ${role} camera. Check its cable and its frame rate.`,
      since: news.at,
    };
  }
  if (news.identical >= FROZEN_PICTURES && now - news.identicalSince >= FROZEN_AFTER) {
    return {
      kind: "camera-frozen",
      role,
      detail: `The ${role} camera repeats one picture. Restart the camera.`,
      since: news.identicalSince,
    };
  }
  const long = news.poor >= LONG_POOR_PICTURES && news.at - news.poorSince >= POOR_AFTER;
  if (news.light !== null && (news.poor >= POOR_PICTURES || long)) {
    return { kind: "camera-blind", role, detail: `The ${role} camera ${BLIND[news.light]}`, since: news.poorSince };
  }
  if (news.dullSince !== null && news.at - news.dullSince >= BLURRED_AFTER) {
    return {
      kind: "camera-blind",
      role,
      detail:
        `The ${role} camera's pictures are blurred against what they were. Clean its lens and set its focus; if they are ` +
        "as they should be, unplug it and plug it in.",
      since: news.dullSince,
    };
  }
  return null;
}

/**
 * So many pictures in a row without anything to see (safety.md PO-15: at 30 a second). A slower camera is blind after as long, less the
 * way to the reader, and after no less than some pictures.
 */
const POOR_PICTURES = 10;
const POOR_AFTER: Seconds = 0.2;
const LONG_POOR_PICTURES = 4;

const BLIND: Readonly<Record<Exclude<PoorLight, null>, string>> = {
  dark: "sees nothing but dark. Is its cap on, and is there light?",
  "half-dark":
    "sees nothing in half of its picture. Is there anything before its lens? If not, unplug it and plug it in.",
  covered: "sees one grey. Take away what is before its lens.",
  dazzled: "is dazzled. Turn the light away from its lens, or lower its exposure.",
  noise: "shows noise and nothing else. Is there light? If so, unplug it and plug it in.",
};
