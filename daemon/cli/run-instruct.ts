import type { OperatorClient } from "../operator/client.js";
import type { ServerMessage, ServerMessageOf } from "../operator/server-message.js";
import { askAboutWording, canAsk } from "./ask-about-wording.js";
import { describing, line } from "./describe.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { followTask, type TaskWish } from "./follow-task.js";
import { whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";
import { RefusedError } from "./refused-error.js";

/** Runs one task and tells how it goes. */
export function runInstruct(
  instruction: string,
  options: OperatorOptions & { readonly home: boolean; readonly confirm?: true },
): Promise<ExitCode> {
  const tell = options.json ? tellPrograms : tellPeople();
  return inControl(options, ["reasoning", "chunks", "faults", "progress"], async ({ client }) => {
    if (!options.json) {
      say(line("Instruction", instruction));
    }
    const wish = { instruction, homeFirst: options.home, confirm: options.confirm ?? false };
    const end = await followOrAsk(client, wish, tell, !options.json && canAsk());
    if (end === null) {
      note("Nothing was run.");
      return EXIT.refused;
    }
    return end.phase === "finished" ? EXIT.done : EXIT.unfinished;
  });
}

/** Follows a task; about an untrained wording whoever sits at the terminal decides, null where for nothing. */
async function followOrAsk(
  client: OperatorClient,
  wish: TaskWish,
  tell: (message: ServerMessage) => void,
  mayAsk: boolean,
): Promise<ServerMessageOf<"progress"> | null> {
  try {
    return await whileHolding(client, () => followTask(client, wish, tell));
  } catch (error) {
    if (!mayAsk || !(error instanceof RefusedError) || error.code !== "instruction-unknown") {
      throw error;
    }
    const decided = await askAboutWording(error.refusal, wish);
    return decided === null ? null : whileHolding(client, () => followTask(client, decided, tell));
  }
}

function tellPeople(): (message: ServerMessage) => void {
  const describe = describing();
  return (message) => {
    const words = describe(message);
    if (words !== null) {
      say(words);
    }
  };
}

const TOLD: readonly ServerMessage["type"][] = ["progress", "reasoning", "chunk", "faults", "control", "refused"];

function tellPrograms(message: ServerMessage): void {
  if (TOLD.includes(message.type)) {
    sayJson(message);
  }
}
