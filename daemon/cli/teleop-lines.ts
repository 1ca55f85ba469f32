import type { ServerMessageOf } from "../operator/server-message.js";

type State = ServerMessageOf<"state">;
type Teleop = NonNullable<State["teleop"]>;

/** Half the width of a joint's bar, characters; each stands for 3 degrees, within which a joint is aligned (OP-07). */
const HALF = 15;
const PER_CHARACTER = 3;

/** One line for people where nothing can be drawn: phase, the joint that is farthest, what to do next. */
export function teleopLine({ phase, detail, differences }: Teleop): string {
  const degrees = (differences ?? []).map(inDegrees);
  const most = degrees.reduce((far, value) => (Math.abs(value) > Math.abs(far) ? value : far), 0);
  return `${phase.padEnd(10)} ${differences === null ? "" : `farthest joint ${most.toFixed(1)} deg; `}${detail}`;
}

/** How the leader stands, for a screen: each joint's difference as a bar, which way to turn it, and what was refused last. */
export function teleopLines(state: State, teleop: Teleop, refusal: string): readonly string[] {
  const { phase, detail, differences, offset, button, latencyP99Ms, enabling, leader } = teleop;
  const apart = Math.max(...offset.map((angle) => Math.abs(inDegrees(angle))));
  const pressed = enabling === "button" ? `   button ${button ? "PRESSED" : "-"}` : `   hold-to-run ${state.holdToRun}`;
  const latency = latencyP99Ms === null ? "" : `   reading to wire p99 ${latencyP99Ms.toFixed(1)} ms`;
  const stop = state.stops[0];
  return [
    `${leader ?? "no leader"}   mode ${state.mode}${pressed}${apart < 0.05 ? "" : `   offset ${apart.toFixed(1)} deg`}${latency}`,
    `${phase.toUpperCase()}: ${detail}`,
    ...(differences ?? []).map((difference, joint) => jointLine(joint, inDegrees(difference), phase !== "leading")),
    ...(stop === undefined || phase === "leading" ? [] : [`Last stop: ${stop.detail}. ${stop.hint}`]),
    ...(refusal === "" ? [] : [`Refused: ${refusal}`]),
  ];
}

function jointLine(joint: number, degrees: number, aligning: boolean): string {
  const isNear = Math.abs(degrees) <= PER_CHARACTER;
  const advice = isNear ? "ok" : `turn it to ${degrees > 0 ? "minus" : "plus"}`;
  return `J${joint + 1} ${bar(degrees)} ${degrees.toFixed(1).padStart(6)} deg${aligning ? `  ${advice}` : ""}`;
}

/** From the middle to where the leader is; the middle is the arm. */
function bar(degrees: number): string {
  const length = Math.min(HALF, Math.ceil(Math.abs(degrees) / PER_CHARACTER) - 1);
  const half = "#".repeat(Math.max(0, length));
  const [left, right] = degrees < 0 ? [half, ""] : ["", half];
  return `[${left.padStart(HALF, ".")}|${right.padEnd(HALF, ".")}]`;
}

function inDegrees(angle: number): number {
  return (angle * 180) / Math.PI;
}
