import { createInterface } from "node:readline";
import { demonstrate, orSay, type Session } from "./demonstrate.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { goHome } from "./go-home.js";
import { whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";
import { tellPuppetNews } from "./puppet-news.js";
import type { SessionOptions } from "./record.js";
import { resetOverlay, startPictureOf } from "./reset-overlay.js";

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
    return await inControl(options, ["progress", "faults"], async (context) => {
      const endNews = tellPuppetNews(context.client);
      try {
        return await record({ options, context, overlay, starts, ask }, tasks);
      } finally {
        endNews();
      }
    });
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

async function overlayWords({ overlay }: Session, start: Uint8Array): Promise<string> {
  try {
    return `The picture from then over the present one: ${await overlay.draw(start)}`;
  } catch (error) {
    return `There is no picture of it now: ${error instanceof Error ? error.message : String(error)}`;
  }
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
