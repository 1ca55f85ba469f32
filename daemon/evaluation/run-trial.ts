import { CliError, EXIT } from "../cli/exit-code.js";
import { followTask } from "../cli/follow-task.js";
import { goHome } from "../cli/go-home.js";
import { RefusedError } from "../cli/refused-error.js";
import { untilReady } from "../cli/until-ready.js";
import type { LabControl } from "../launch/lab-control.js";
import type { OperatorClient } from "../operator/client.js";
import type { ServerMessage } from "../operator/server-message.js";
import { policyPeakMib } from "./peak-memory.js";
import { PHASES, type PlannedTrial, type Subject, type Trial } from "./trial.js";

const MOST_HOMINGS = 5;
const MOST_ATTEMPTS = 10;
/** Whoever must be waited for longer than this needs somebody to do something. */
const MOST_WAIT_MS = 60_000;

/** What a trial is run with. */
export interface TrialRig {
  readonly client: OperatorClient;
  readonly lab: LabControl;
  readonly looks: Subject["looks"];
  /** Process id. */
  readonly daemon: number;
  readonly progress: (words: string) => void;
}

/**
 * Lays the table, has the daemon follow the instruction, and asks the lab how it ended; rejects when the system breaks.
 * A task that fails for want of pictures shows nothing of the policy: it is started again on the same table, and the
 * trial says how often; throws CliError where that never ends.
 */
export async function runTrial(rig: TrialRig, planned: PlannedTrial): Promise<Trial> {
  for (let attempts = 1; attempts <= MOST_ATTEMPTS; attempts += 1) {
    const trial = await attempt(rig, planned);
    if (trial !== null) {
      return { ...trial, attempts };
    }
    rig.progress("again: the cameras stalled, this was no trial");
  }
  const words = `The cameras stalled in ${MOST_ATTEMPTS} starts of one trial.`;
  throw new CliError(EXIT.unhealthy, "too-busy", words, "Give this machine less to do, then go on with --resume.");
}

/** One start of a trial; null where a camera failed. */
async function attempt(
  { client, lab, looks, daemon, progress }: TrialRig,
  planned: PlannedTrial,
): Promise<Trial | null> {
  await goHomeAgain(client, progress);
  await lab.reset(planned.seed, looks, planned.task);
  await untilReady(client, progress, MOST_WAIT_MS);
  const start = await lab.frontPicture();
  const startedAt = performance.now();
  const record = recording();
  // Wordings that the policy was not trained on are meant.
  const wish = { instruction: planned.instruction, homeFirst: false, confirm: true };
  const end = await followTask(client, wish, record.hear).catch(blindOnly);
  if (end === null || (end.phase === "failed" && record.wasBlind())) {
    return null;
  }
  const verdict = (await lab.verdicts())[planned.task];
  if (verdict === undefined) {
    throw new Error("the virtual lab gave no verdict");
  }
  const { goal, kinematic, detail } = verdict;
  return {
    kind: "trial",
    ...planned,
    ...{ goal, kinematic, detail },
    end: end.detail === "" ? end.phase : `${end.phase}: ${end.detail}`,
    seconds: rounded((performance.now() - startedAt) / 1000),
    attempts: 1,
    chunks: end.chunks,
    texts: record.texts(),
    latencies: record.latencies,
    policyPeakMib: policyPeakMib(daemon),
    pictures: { start: base64(start), end: base64(await lab.frontPicture()) },
  };
}

/** A camera may stall between being ready and being asked. */
function blindOnly(error: unknown): null {
  if (error instanceof RefusedError && error.code === "not-ready") {
    return null;
  }
  throw error;
}

/** Collects what the daemon says of one task. */
function recording() {
  const counts = new Map<string, Trial["texts"][number]>();
  const latencies: number[][] = [];
  let wasBlind = false;
  return {
    latencies,
    wasBlind: (): boolean => wasBlind,
    texts: (): Trial["texts"] => [...counts.values()],
    hear: (message: ServerMessage): void => {
      if (message.type === "reasoning") {
        const { coarse, fine } = message;
        const key = `${coarse}\n${fine}`;
        counts.set(key, { coarse, fine, times: (counts.get(key)?.times ?? 0) + 1 });
      } else if (message.type === "chunk") {
        latencies.push(PHASES.map((phase) => rounded(message.phases[phase] * 1000)));
      } else if (message.type === "faults") {
        wasBlind ||= message.faults.some(({ code }) => code.startsWith("camera-"));
      }
    },
  };
}

/** A trial may end with a latched stop, and so may the way home from it; an operator would acknowledge and go on. */
async function goHomeAgain(client: OperatorClient, progress: (words: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await untilLinked(client);
      // Refused where nothing is latched.
      await client.requestInControl({ type: "acknowledge", reason: "next trial" });
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

/** A link that was reset is opened again by itself. */
function untilLinked(client: OperatorClient): Promise<void> {
  return new Promise((resolve) => {
    const leave = client.onMessage((message) => {
      if (message.type === "state" && message.mode !== "disconnected") {
        leave();
        resolve();
      }
    });
  });
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
