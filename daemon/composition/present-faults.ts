import type { ArmLinkStatus } from "../loop/arm-link.js";
import { unfitness } from "../loop/policy-fitness.js";
import type { PolicyStatus } from "../ports/policy.js";
import type { Fault } from "../ports/task-news.js";
import type { ArmReport } from "../types/arm-link.js";
import type { CameraFault } from "../types/frame.js";
import type { Instant } from "../types/units.js";

/** What the parts of the system say of themselves. */
export interface PartStates {
  readonly link: ArmLinkStatus;
  readonly report: ArmReport | null;
  readonly cameras: readonly CameraFault[];
  readonly policy: PolicyStatus;
  /** Since when the policy has said so. */
  readonly policySince: Instant;
  /** Why no policy may move this arm yet; null when one may. */
  readonly unmeasured: string | null;
  /** Why no policy may move the arm for want of calibration; null when one may. */
  readonly calibration: Fault | null;
  /** What is wrong with the audit log; null when nothing is. */
  readonly audit: Fault | null;
  /** What keeps the recorder from recording; null for nothing. Nobody has to wait for it. */
  readonly recording: Fault | null;
}

const CAMERA_HINT: Readonly<Record<CameraFault["kind"], string>> = {
  "camera-absent": "Check its cable and its source in the configuration; it is opened again by itself.",
  "camera-stale": "No pictures come. Check its cable or its server; it goes on by itself when they do.",
  "camera-frozen": "It sends the same picture again and again. Unplug it and plug it in.",
  "camera-blind": "Look at its lens and at the light; it goes on by itself when it sees something.",
  "camera-wrong-size": "Set its picture size in the configuration, or set the camera to the configured size.",
};

/** Everything that is wrong now, each with what to do; empty when nothing is. */
export function presentFaults({
  link,
  report,
  cameras,
  policy,
  policySince,
  unmeasured,
  calibration,
  audit,
  recording,
}: PartStates): readonly Fault[] {
  const faults: Fault[] = audit === null ? [] : [audit];
  if (link.kind === "disconnected") {
    faults.push({
      code: "arm-process-away",
      part: "arm process",
      detail: link.reason,
      hint: "Start the arm process; the daemon connects by itself.",
      since: link.since,
      latched: false,
    });
  } else if (report?.mode === "disconnected") {
    faults.push({
      code: "arm-away",
      part: "arm",
      detail: "The arm process has no link to the arm.",
      hint: "Is the arm powered, and is its address in the configuration right? The arm process tries again by itself.",
      since: report.at,
      latched: false,
    });
  }
  const isLatched = report?.mode === "fault" || report?.mode === "recovery";
  for (const stop of isLatched ? report.stops.filter(({ latched }) => latched).slice(0, 1) : []) {
    faults.push({ ...stop, part: "arm", since: stop.at });
  }
  faults.push(...noticesOf(report).filter(({ code }) => faults.every((fault) => fault.code !== code)));
  for (const fault of cameras) {
    faults.push({
      code: fault.kind,
      part: `${fault.role} camera`,
      detail: fault.detail,
      hint: CAMERA_HINT[fault.kind],
      since: fault.since,
      latched: false,
    });
  }
  if (unmeasured !== null) {
    faults.push({
      code: "arm-unmeasured",
      part: "arm",
      detail: unmeasured,
      hint: "Run `kinevla measure` on this arm; going home and holding work without it.",
      since: link.since,
      latched: false,
    });
  }
  if (calibration !== null) {
    faults.push(calibration);
  }
  const unfit = policy.kind === "loading" ? null : unfitness(policy);
  if (unfit !== null) {
    faults.push({
      code: "policy-unfit",
      part: "policy",
      detail: unfit,
      hint: "Run `kinevla doctor`; it says what the bundle or the machine lacks.",
      since: policySince,
      latched: false,
    });
  }
  if (recording !== null) {
    faults.push(recording);
  }
  return faults;
}

/** What the arm process finds of arm and link, each code once. */
function noticesOf(report: ArmReport | null): readonly Fault[] {
  const notices = report === null || report.mode === "disconnected" ? [] : report.notices;
  return notices
    .filter(({ code }, index) => notices.findIndex((other) => other.code === code) === index)
    .map(({ code, detail, hint, since }) => ({ code, part: "arm", detail, hint, since, latched: false }));
}

/** Why no instruction could be followed now, in words; empty when one could. */
export function reasonsNotReady(parts: PartStates): readonly string[] {
  // What only slows the arm, or is only told, keeps no instruction from being followed.
  const notices = noticesOf(parts.report).map(({ code }) => code);
  const barring = (parts.report?.notices ?? []).filter(({ bars }) => bars).map(({ code }) => code);
  const noticed = new Set(notices.filter((code) => !barring.includes(code)));
  const reasons = presentFaults(parts)
    .filter(({ code, latched }) => latched || (!noticed.has(code) && code !== parts.recording?.code))
    .map(({ part, detail }) => `${part}: ${detail}`);
  if (parts.policy.kind === "loading") {
    reasons.push("policy: it is loading");
  }
  if (parts.link.kind === "connected" && parts.report === null) {
    reasons.push("arm process: it has said nothing yet");
  }
  return reasons;
}
