import { createInterface } from "node:readline";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { followTask } from "./follow-task.js";
import { whileHolding } from "./hold-key.js";
import { type InControl, inControl } from "./in-control.js";
import { need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";
import type { SessionOptions } from "./record.js";

/** How one demonstration ended. */
type End = "success" | "failure" | "again" | "quit";

const ANSWERS: ReadonlyMap<string, End> = new Map([
  ["s", "success"],
  ["f", "failure"],
  ["r", "again"],
  ["q", "quit"],
]);

/** Records demonstrations until enough are kept; one that is not kept is removed. */
export function runRecordSession(options: OperatorOptions & SessionOptions): Promise<ExitCode> {
  const tasks = options.task ?? [];
  if (tasks.length === 0) {
    throw new CliError(EXIT.usage, "no-task", "Nothing says what is shown.", 'Name it: --task "pick up the bread"');
  }
  return inControl(options, ["progress"], async (context) => {
    const answers = createInterface({ input: process.stdin, terminal: false });
    const lines = answers[Symbol.asyncIterator]();
    const ask = async (words: string): Promise<string> => {
      note(words);
      const { done, value } = await lines.next();
      // Nobody is there any more.
      return done === true ? "q" : value.trim().toLowerCase();
    };
    try {
      for (let kept = 0; kept < options.episodes; ) {
        const task = tasks[kept % tasks.length] ?? "";
        const place = `${kept + 1} of ${options.episodes}`;
        const begins =
          options.yes || (await ask(`${place}: "${task}". Put the table as at the start; Enter begins.`)) !== "q";
        const end = begins ? await demonstrate(context, task, options.policy ?? false, ask) : "quit";
        if (end === "quit") {
          return EXIT.unfinished;
        }
        kept += end === "again" ? 0 : 1;
        if (options.json) {
          sayJson({ type: "demonstration", kept, episodes: options.episodes, task, end });
        } else {
          say(end === "again" ? `${place}: thrown away, once more` : `${place}: kept as ${end}`);
        }
      }
      return EXIT.done;
    } finally {
      answers.close();
    }
  });
}

async function demonstrate(
  { client }: InControl,
  task: string,
  byPolicy: boolean,
  ask: (words: string) => Promise<string>,
): Promise<End> {
  await need(client.requestInControl({ type: "record", action: "begin", task }), "accepted");
  let end: End | undefined;
  try {
    if (byPolicy) {
      const wish = { instruction: task, homeFirst: true, confirm: false };
      const { phase } = await whileHolding(client, () => followTask(client, wish, () => undefined));
      end = phase === "finished" ? "success" : "failure";
    }
    while (end === undefined) {
      end = ANSWERS.get(
        await ask("Recording. s = success, f = failure, r = throw away and again, q = throw away and end"),
      );
    }
  } catch (error) {
    // It ended in the middle: half a demonstration is none.
    await client.requestInControl({ type: "record", action: "discard" });
    throw error;
  }
  const kept = end === "success" || end === "failure";
  const success = kept ? end === "success" : null;
  await need(client.requestInControl({ type: "record", action: kept ? "keep" : "discard", success }), "accepted");
  return end;
}
