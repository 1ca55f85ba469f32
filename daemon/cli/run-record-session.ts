import { createInterface } from "node:readline";
import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { followTask } from "./follow-task.js";
import { goHome } from "./go-home.js";
import { whileHolding } from "./hold-key.js";
import { type InControl, inControl } from "./in-control.js";
import { need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";
import type { SessionOptions } from "./record.js";
import { type ResetOverlay, resetOverlay, startPictureOf } from "./reset-overlay.js";

/** How one demonstration ended. */
type End = "success" | "failure" | "again" | "quit";

const ANSWERS: ReadonlyMap<string, End> = new Map([
  ["s", "success"],
  ["f", "failure"],
  ["r", "again"],
  ["q", "quit"],
]);

/** What keeps the daemon from recording, as it says it. */
type Fault = ServerMessageOf<"faults">["faults"][number];

/** What a session works with. */
interface Session {
  readonly options: OperatorOptions & SessionOptions;
  readonly context: InControl;
  readonly overlay: ResetOverlay;
  /** The first picture of the first demonstration that was kept, by task. */
  readonly starts: Map<string, Uint8Array>;
  /** Says something and waits for a line; null when nobody is there any more. */
  ask(words: string): Promise<string | null>;
}

/** Records demonstrations until enough are kept; one that is not kept is removed. */
export async function runRecordSession(options: OperatorOptions & SessionOptions): Promise<ExitCode> {
  const tasks = options.task ?? [];
  if (tasks.length === 0) {
    throw new CliError(EXIT.usage, "no-task", "Nothing says what is shown.", 'Name it: --task "pick up the bread"');
  }
  const starts = new Map<string, Uint8Array>();
  if (options.reference !== undefined) {
    const start = await startPictureOf(options.reference);
    for (const task of tasks) {
      starts.set(task, start);
    }
  }
  const overlay = resetOverlay(options);
  const answers = createInterface({ input: process.stdin, terminal: false });
  const ask = asking(answers[Symbol.asyncIterator]());
  try {
    return await inControl(options, ["progress", "faults"], (context) =>
      record({ options, context, overlay, starts, ask }, tasks),
    );
  } finally {
    // Also where a question is still open: nobody waits for its answer any more.
    answers.close();
    overlay.close();
  }
}

async function record(session: Session, tasks: readonly string[]): Promise<ExitCode> {
  const { options } = session;
  const count = { success: 0, failure: 0, again: 0 };
  for (let kept = 0; kept < options.episodes; kept = count.success + count.failure) {
    const task = tasks[kept % tasks.length] ?? "";
    const place = `${kept + 1} of ${options.episodes}`;
    const begins = options.yes || (await prepare(session, task, place));
    const end = begins ? await demonstrate(session, task) : "quit";
    if (end === "quit") {
      note(`Ended with ${kept} of ${options.episodes} kept: ${sum(count)}.`);
      return EXIT.unfinished;
    }
    count[end] += 1;
    if (options.json) {
      const done = count.success + count.failure;
      sayJson({ type: "demonstration", kept: done, episodes: options.episodes, task, end });
    } else {
      say(end === "again" ? `${place}: thrown away, once more` : `${place}: kept as ${end}`);
    }
  }
  note(`All ${options.episodes} are kept: ${sum(count)}.`);
  return EXIT.done;
}

function sum({ success, failure, again }: { success: number; failure: number; again: number }): string {
  return `${success} success, ${failure} failure; ${again} thrown away`;
}

/** Until the table is as at the start; false when the session is to end. */
async function prepare(session: Session, task: string, place: string): Promise<boolean> {
  for (;;) {
    const start = session.starts.get(task);
    if (start === undefined) {
      note(`${place}: "${task}". Lay the table; the first picture becomes the reference for those after it.`);
    } else {
      note(`${place}: "${task}". Lay the table as at the start. ${await overlayWords(session, start)}`);
    }
    const leader = session.context.client.state?.teleop;
    if (leader !== undefined && leader !== null && leader.detail !== "") {
      note(`Puppet: ${leader.detail}`);
    }
    const answer = await session.ask(
      `Enter begins, h = the arm goes home${start === undefined ? "" : ", o = look again"}, q = end`,
    );
    if (answer === "" || answer === "q" || answer === null) {
      return answer === "";
    }
    if (answer === "h") {
      await orSay(() =>
        whileHolding(session.context.client, () => goHome(session.context.client, () => note("Going home."))),
      );
    }
  }
}

/** What moves the arm between answers; a refusal is told and ends nothing. */
async function orSay(move: () => Promise<unknown>): Promise<void> {
  try {
    await move();
  } catch (error) {
    if (!(error instanceof CliError)) {
      throw error;
    }
    note(`${error.message} ${error.hint}`);
  }
}

async function overlayWords({ overlay }: Session, start: Uint8Array): Promise<string> {
  try {
    return `The picture from then over the present one: ${await overlay.draw(start)}`;
  } catch (error) {
    return `There is no picture of it now: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function demonstrate(session: Session, task: string): Promise<End> {
  const { options, context, overlay, starts } = session;
  const { client } = context;
  const recorder = await watchRecorder(client);
  // What is not there now is no reference; the next one may be.
  const first = starts.has(task) ? null : await overlay.present().catch(() => null);
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

/** Asks over lines; a question that is given up leaves its line to the next one. */
function asking(lines: AsyncIterator<string>): Session["ask"] {
  let next: Promise<IteratorResult<string>> | null = null;
  return async (words) => {
    note(words);
    // A key that was held has paused it.
    process.stdin.resume();
    next ??= lines.next().finally(() => {
      next = null;
    });
    const { done, value } = await next;
    return done === true ? null : value.trim().toLowerCase();
  };
}

async function followPolicy({ client }: InControl, task: string): Promise<End> {
  const wish = { instruction: task, homeFirst: true, confirm: false };
  const { phase } = await whileHolding(client, () => followTask(client, wish, () => undefined));
  return phase === "finished" ? "success" : "failure";
}
