import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT } from "./exit-code.js";
import { followTask } from "./follow-task.js";
import { whileHolding } from "./hold-key.js";
import type { InControl } from "./in-control.js";
import { need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { note } from "./print.js";
import type { SessionOptions } from "./record.js";
import type { ResetOverlay } from "./reset-overlay.js";

/** How one demonstration ended. */
export type End = "success" | "failure" | "again" | "quit";

const ANSWERS: ReadonlyMap<string, End> = new Map([
  ["s", "success"],
  ["f", "failure"],
  ["r", "again"],
  ["q", "quit"],
]);

/** What keeps the daemon from recording, as it says it. */
type Fault = ServerMessageOf<"faults">["faults"][number];

/** What a guided session works with. */
export interface Session {
  readonly options: OperatorOptions & SessionOptions;
  readonly context: InControl;
  readonly overlay: ResetOverlay;
  /** The first picture of the first demonstration that was kept, by task. */
  readonly starts: Map<string, Uint8Array>;
  /** Says something and waits for a line; null when nobody is there any more. */
  ask(words: string): Promise<string | null>;
}

function noPicture(error: unknown): null {
  note(
    `No picture of how the table stands now, to lay it again: ${error instanceof Error ? error.message : String(error)}`,
  );
  return null;
}

/** Records one demonstration: by hand and labelled by an answer, or by the policy. Throws CliError where nobody is asked. */
export async function demonstrate(session: Session, task: string): Promise<End> {
  const { options, context, overlay, starts } = session;
  const { client } = context;
  const recorder = await watchRecorder(client);
  // What is not there now is no reference; the next one may be.
  const first = starts.has(task) ? null : await overlay.present().catch(noPicture);
  const end = (change: { action: "keep" | "discard"; success: boolean | null }) =>
    client.requestInControl({ type: "record", ...change });
  try {
    await need(client.requestInControl({ type: "record", action: "begin", task }), "accepted");
    const shown = options.policy ? followPolicy(context, task) : label(session, recorder.fails);
    const found = await Promise.race([shown, recorder.fails]);
    if (typeof found !== "string") {
      throw new CliError(EXIT.refused, found.code, `It is not recorded: ${found.detail}`, found.hint);
    }
    const kept = found === "success" || found === "failure";
    await need(
      end(kept ? { action: "keep", success: found === "success" } : { action: "discard", success: null }),
      "accepted",
    );
    if (kept && first !== null) {
      starts.set(task, first);
    }
    return found;
  } catch (error) {
    // It ended in the middle: half a demonstration is none.
    await end({ action: "discard", success: null });
    if (!(error instanceof CliError) || options.yes || options.policy) {
      throw error;
    }
    note(`${error.message} ${error.hint}`);
    return "again";
  } finally {
    recorder.forget();
  }
}

/** Asks how it went until an answer fits, or the recorder fails; lets a leader without a button take over meanwhile. */
async function label({ ask, context: { client } }: Session, fails: Promise<Fault>): Promise<End | Fault> {
  const asksForLeader = client.state?.teleop?.enabling === "operator";
  const leading = asksForLeader ? "t = the puppet takes over, e = the arm holds, " : "";
  const words = `Recording. ${leading}s = success, f = failure, r = throw away and again, q = throw away and end`;
  for (;;) {
    const answer = await Promise.race([ask(words), fails]);
    if (asksForLeader && answer === "t") {
      await orSay(() => whileHolding(client, () => lead(client)));
    } else if (asksForLeader && answer === "e") {
      await orSay(() => need(client.requestInControl({ type: "end-teleop" }), "accepted"));
    }
    const end = answer === null ? "quit" : typeof answer === "string" ? ANSWERS.get(answer) : answer;
    if (end !== undefined) {
      return end;
    }
  }
}

/** Lets the leader take over; where a key is held for it, resolves when the motion has ended. */
async function lead(client: OperatorClient): Promise<void> {
  const isHeld = client.state?.holdToRun !== "not-needed" && client.state?.holdToRun !== "waived";
  let led = false;
  let leave: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    leave = client.onMessage((message) => {
      if (message.type === "state") {
        const leads = message.mode === "teleop" || message.mode === "align";
        led ||= leads;
        if (led && !leads) {
          resolve();
        }
      }
    });
  });
  try {
    await need(client.requestInControl({ type: "teleop", clutch: false }), "accepted");
    await (isHeld ? over : undefined);
  } finally {
    leave();
  }
}

/** Resolves with what keeps the daemon from recording, if that comes after now. */
async function watchRecorder(client: OperatorClient): Promise<{ readonly fails: Promise<Fault>; forget(): void }> {
  const among = (faults: readonly Fault[]): Fault | undefined => faults.find(({ code }) => code === "not-recording");
  const before = among((await need(client.request({ type: "status" }), "status")).faults);
  let forget: () => void = () => undefined;
  const fails = new Promise<Fault>((resolve) => {
    forget = client.onMessage((message) => {
      const found = message.type === "faults" ? among(message.faults) : undefined;
      if (found !== undefined && found.since !== before?.since) {
        resolve(found);
      }
    });
  });
  return { fails, forget };
}

async function followPolicy({ client }: InControl, task: string): Promise<End> {
  const wish = { instruction: task, homeFirst: true, confirm: false };
  const { phase } = await whileHolding(client, () => followTask(client, wish, () => undefined));
  return phase === "finished" ? "success" : "failure";
}

/** What moves the arm between answers; a refusal is told and ends nothing. */
export async function orSay(move: () => Promise<unknown>): Promise<void> {
  try {
    await move();
  } catch (error) {
    if (!(error instanceof CliError)) {
      throw error;
    }
    note(`${error.message} ${error.hint}`);
  }
}
