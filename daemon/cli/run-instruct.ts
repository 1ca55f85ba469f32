import type { ServerMessage } from "../operator/server-message.js";
import { describing, line } from "./describe.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { followTask } from "./follow-task.js";
import { inControl } from "./in-control.js";
import type { OperatorOptions } from "./operator-options.js";
import { say, sayJson } from "./print.js";

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
    const end = await followTask(client, wish, tell);
    return end.phase === "finished" ? EXIT.done : EXIT.unfinished;
  });
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
