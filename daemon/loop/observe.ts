import { filter, map, merge, type Observable, scan } from "rxjs";
import type { Cameras } from "../ports/camera.js";
import type { Clock } from "../ports/clock.js";
import type { ArmReport } from "../types/arm-link.js";
import { CAMERA_ROLES, type CameraFault, type CameraRole, type Frame } from "../types/frame.js";
import type { Observation } from "../types/observation.js";
import type { Instant, Seconds } from "../types/units.js";
import { type ArmHistory, NO_HISTORY, poseAt, remember } from "./arm-history.js";
import { type GraspMemory, graspAt, hasReleased, NO_GRASP, noteGripper } from "./grasp-memory.js";

/** An older frame is not acted on (safety.md PO-13). */
const OLDEST_FRAME: Seconds = 0.1;
/** Frames further apart than this are no pair; stricter than safety.md PO-17 (0.05 s), so that of two free-running 20 Hz cameras the nearer neighbours are paired. */
const WIDEST_SKEW: Seconds = 0.03;

/** What there is to see at one instant, or why there is nothing. */
export type Sight =
  | {
      readonly kind: "observation";
      readonly observation: Observation;
      /** Chunk targets that the arm process still has ahead. */
      readonly pendingTargets: number;
      /** The gripper has closed and opened again in this task. */
      readonly released: boolean;
    }
  | { readonly kind: "blind"; readonly reason: string };

/** What observations are made of. */
export interface SightSources {
  readonly cameras: Pick<Cameras, "frames" | "faults">;
  readonly reports: Observable<ArmReport>;
  readonly clock: Clock;
}

/** One sight for each frame that arrives and each change of camera faults; the task begins with the subscription. */
export function observe({ cameras, reports, clock }: SightSources): Observable<Sight> {
  return merge(
    cameras.frames.pipe(map((frame): News => ({ kind: "frame", frame }))),
    cameras.faults.pipe(map((faults): News => ({ kind: "faults", faults }))),
    reports.pipe(map((report): News => ({ kind: "report", report }))),
  ).pipe(
    scan(hear, NOTHING_HEARD),
    filter(({ last }) => last !== "report"),
    map((heard) => see(heard, clock.now())),
  );
}

type News =
  | { readonly kind: "frame"; readonly frame: Frame }
  | { readonly kind: "faults"; readonly faults: readonly CameraFault[] }
  | { readonly kind: "report"; readonly report: ArmReport };

interface Heard {
  readonly last: News["kind"] | null;
  readonly frames: Readonly<Record<CameraRole, Frame | null>>;
  readonly faults: readonly CameraFault[];
  readonly report: ArmReport | null;
  readonly history: ArmHistory;
  readonly grasp: GraspMemory;
}

const NOTHING_HEARD: Heard = {
  last: null,
  frames: { front: null, wrist: null },
  faults: [],
  report: null,
  history: NO_HISTORY,
  grasp: NO_GRASP,
};

function hear(heard: Heard, news: News): Heard {
  switch (news.kind) {
    case "frame":
      return { ...heard, last: "frame", frames: { ...heard.frames, [news.frame.role]: news.frame } };
    case "faults":
      return { ...heard, last: "faults", faults: news.faults };
    case "report":
      return {
        ...heard,
        last: "report",
        report: news.report,
        history: remember(heard.history, news.report),
        grasp: noteGripper(heard.grasp, news.report),
      };
    default:
      return news satisfies never;
  }
}

/** By when they were exposed where both cameras tell it: a camera that delivers late shows what was. */
function skewOf(front: Frame, wrist: Frame): Seconds {
  const exposed = front.exposedAt !== null && wrist.exposedAt !== null ? front.exposedAt - wrist.exposedAt : 0;
  return Math.max(Math.abs(exposed), Math.abs(front.capturedAt - wrist.capturedAt));
}

function see({ frames, faults, report, history, grasp }: Heard, now: Instant): Sight {
  const fault = faults[0];
  if (fault !== undefined) {
    return blind(fault.detail);
  }
  const { front, wrist } = frames;
  if (front === null || wrist === null) {
    return blind(`no picture of the ${front === null ? "front" : "wrist"} camera yet`);
  }
  const old = CAMERA_ROLES.find((role) => now - (frames[role]?.capturedAt ?? 0) > OLDEST_FRAME);
  if (old !== undefined) {
    return blind(`the picture of the ${old} camera is older than ${OLDEST_FRAME} s`);
  }
  if (skewOf(front, wrist) > WIDEST_SKEW) {
    return blind(`the two pictures are more than ${WIDEST_SKEW} s apart`);
  }
  const capturedAt = Math.min(front.capturedAt, wrist.capturedAt);
  const pose = poseAt(history, capturedAt);
  if (report === null || pose === null) {
    return blind("the arm's joint positions at the time of the pictures are not known");
  }
  return {
    kind: "observation",
    observation: {
      capturedAt,
      front,
      wrist,
      ...pose,
      ...graspAt(grasp, capturedAt),
      epoch: report.epoch,
    },
    pendingTargets: report.pendingTargets,
    released: hasReleased(grasp),
  };
}

function blind(reason: string): Sight {
  return { kind: "blind", reason };
}
