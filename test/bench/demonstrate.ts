import { setTimeout as delay } from "node:timers/promises";
import { CliError, EXIT } from "../../daemon/cli/exit-code.js";
import { goHome } from "../../daemon/cli/go-home.js";
import { need } from "../../daemon/cli/operator-link.js";
import type { LabControl } from "../../daemon/launch/lab-control.js";
import type { OperatorClient } from "../../daemon/operator/client.js";
import type { ServerMessageOf } from "../../daemon/operator/server-message.js";
import type { JointPosition, Seconds } from "../../daemon/types/units.js";
import type { Hand } from "../puppet/hand.js";
import type { Waypoint } from "./expert-path.js";

type State = ServerMessageOf<"state">;

/** What a demonstration is given with. */
export interface DemonstrationRig {
  readonly client: OperatorClient;
  readonly lab: LabControl;
  readonly hand: Hand;
  readonly home: JointPosition;
  readonly looks: "nominal" | "varied";
  readonly progress: (words: string) => void;
}

/** What is to be shown. */
export interface PlannedDemonstration {
  /** Place in the lab's list. */
  readonly task: number;
  readonly instruction: string;
  readonly seed: number;
  readonly path: readonly Waypoint[];
}

/** How a demonstration went. */
export interface DemonstrationEnd {
  /** The leader led the arm along the whole path; else why not. A recording is kept in both cases, once the arm moved. */
  readonly end: "shown" | string;
  /** What the lab says; the label of the recording. null where nothing was shown and nothing is kept. */
  readonly verdict: { readonly success: boolean; readonly detail: string } | null;
  /** From a reading of the leader to its setpoint on the wire, 99 of 100 since the start. */
  readonly latencyP99Ms: number | null;
}

const MOST_HOMINGS = 5;
/** How fast the hand brings the leader to the arm: far below the 200 deg/s at which readings count as torn (OP-08). */
const CALM_DEG_S = 30;
/** To be aligned takes 0.5 s at rest (OP-07), to engage 0.3 s more. */
const READY_WITHIN: Seconds = 10;
/** After the leader rests: the arm is at most 12 degrees behind it (daemon/teleop). */
const REST_WITHIN: Seconds = 3;
const AT_REST = (0.2 * Math.PI) / 180;

/** Lays the table, brings the leader to the arm, records while it leads the arm along the path, and asks the lab how it ended. */
export async function demonstrate(rig: DemonstrationRig, planned: PlannedDemonstration): Promise<DemonstrationEnd> {
  const { client, lab, hand, home, looks, progress } = rig;
  await goHomeAgain(client, progress);
  await lab.reset(planned.seed, looks, planned.task);
  await untilSeen(client, progress);
  await hand.goTo(home, CALM_DEG_S);
  const ready = await stateWithin(client, READY_WITHIN, ({ teleop }) => teleop?.phase === "ready");
  if (ready === null) {
    return notShown(client, "the leader was never aligned");
  }
  await need(client.requestInControl({ type: "record", action: "begin", task: planned.instruction }), "accepted");
  await hand.button(true);
  const engaged = await stateWithin(client, READY_WITHIN, ({ mode }) => mode === "teleop");
  if (engaged === null) {
    await hand.button(false);
    await need(client.requestInControl({ type: "record", action: "discard" }), "accepted");
    return notShown(client, "the leader was never followed");
  }
  const end = await lead(client, hand, planned.path);
  const verdict = (await lab.verdicts())[planned.task];
  if (verdict === undefined) {
    throw new Error("the virtual lab gave no verdict");
  }
  const success = end === "shown" && verdict.kinematic;
  await need(client.requestInControl({ type: "record", action: "keep", success }), "accepted");
  await hand.button(false);
  return { end, verdict: { success, detail: verdict.detail }, latencyP99Ms: latencyOf(client) };
}

/** Waits until the arm is there and both cameras give pictures; unlike for an instruction no policy is needed. */
export async function untilSeen(client: OperatorClient, progress: (words: string) => void): Promise<void> {
  let last = "";
  for (;;) {
    const { arm, faults } = await need(client.request({ type: "status" }), "status");
    const blind = faults.filter(({ code }) => code.startsWith("camera-"));
    if (arm !== null && blind.length === 0) {
      return;
    }
    const words = arm === null ? "arm process: it has said nothing yet" : blind.map(({ detail }) => detail).join(" ");
    if (words !== last) {
      progress(words);
      last = words;
    }
    await delay(ASK_EVERY * 1000);
  }
}

const ASK_EVERY: Seconds = 0.1;

/** Passes the sign test of the leader, once after it was plugged in; throws CliError where it does not pass. */
export async function passSignTest({ client, hand, home }: DemonstrationRig): Promise<void> {
  await hand.goTo(home, CALM_DEG_S);
  for (let attempt = 1; attempt <= MOST_SIGN_TESTS; attempt += 1) {
    await stateWithin(client, READY_WITHIN, ({ teleop }) => teleop?.phase === "sign-test");
    await hand.turnEachJoint();
    if ((await stateWithin(client, READY_WITHIN, ({ teleop }) => teleop?.phase === "ready")) !== null) {
      return;
    }
  }
  const words = `The leader does not become ready: ${client.state?.teleop?.detail ?? "there is none"}.`;
  throw new CliError(EXIT.unhealthy, "leader-not-ready", words, "Give this machine less to do.");
}

const MOST_SIGN_TESTS = 3;

/** Follows the path until its end and the arm's rest; "shown", or why it ended before. */
async function lead(client: OperatorClient, hand: Hand, path: readonly Waypoint[]): Promise<string> {
  const watch = new AbortController();
  const lost = stateUntil(client, ({ mode }) => mode !== "teleop", watch.signal);
  const shown = hand.goAlong(path).then(async () => {
    await stateWithin(client, REST_WITHIN, isAtRest);
    return null;
  });
  const cut = await Promise.race([lost, shown]);
  watch.abort();
  if (cut === null) {
    return "shown";
  }
  const stop = cut.stops[0];
  return stop === undefined ? `the arm went into ${cut.mode}` : `${stop.code}: ${stop.detail}`;
}

/** The arm stands where the leader does. */
function isAtRest({ teleop }: State): boolean {
  return teleop?.differences?.every((difference) => Math.abs(difference) <= AT_REST) === true;
}

function notShown(client: OperatorClient, words: string): DemonstrationEnd {
  const teleop = client.state?.teleop;
  const detail = `${words} (${teleop?.phase ?? "no leader"}: ${teleop?.detail ?? ""})`;
  return { end: detail, verdict: null, latencyP99Ms: latencyOf(client) };
}

function latencyOf(client: OperatorClient): number | null {
  return client.state?.teleop?.latencyP99Ms ?? null;
}

/** The next state that fits, within seconds; null after that. */
async function stateWithin(
  client: OperatorClient,
  seconds: Seconds,
  fits: (state: State) => boolean,
): Promise<State | null> {
  return stateUntil(client, fits, AbortSignal.timeout(seconds * 1000));
}

/** The next state that fits; null once the signal comes. */
function stateUntil(
  client: OperatorClient,
  fits: (state: State) => boolean,
  signal: AbortSignal,
): Promise<State | null> {
  return new Promise((resolve) => {
    const leave = client.onMessage((message) => {
      if (message.type === "state" && fits(message)) {
        end(message);
      }
    });
    const end = (state: State | null): void => {
      leave();
      resolve(state);
    };
    signal.addEventListener("abort", () => end(null), { once: true });
  });
}

/** A demonstration may end with a latched stop, and so may the way home; an operator would acknowledge and go on. */
async function goHomeAgain(client: OperatorClient, progress: (words: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Refused where nothing is latched.
      await client.requestInControl({ type: "acknowledge", reason: "next demonstration" });
      await goHome(client, () => undefined);
      return;
    } catch (error) {
      if (!(error instanceof CliError) || attempt === MOST_HOMINGS) {
        throw error;
      }
      progress(`acknowledging on the way home: ${error.message}`);
    }
  }
}
