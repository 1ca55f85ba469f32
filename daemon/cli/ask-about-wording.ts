import { createInterface } from "node:readline/promises";
import type { ServerMessageOf } from "../operator/server-message.js";
import { describe } from "./describe.js";
import type { TaskWish } from "./follow-task.js";
import { note } from "./print.js";

/** True where somebody sits at a terminal who can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks what to do about an untrained wording: the wish to run instead, or null for nothing. */
export async function askAboutWording(refusal: ServerMessageOf<"refused">, wish: TaskWish): Promise<TaskWish | null> {
  note(describe(refusal) ?? refusal.message);
  // Without line editing of its own, so that Ctrl-C stays what it is everywhere: stop the arm.
  const terminal = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  try {
    const nearest = refusal.nearest === null ? "" : "n = run the nearest, ";
    const answer = await terminal.question(`${nearest}a = run it all the same, anything else = nothing: `);
    switch (answer.trim().toLowerCase()) {
      case "n":
        return refusal.nearest === null ? null : { ...wish, instruction: refusal.nearest };
      case "a":
        return { ...wish, confirm: true };
      default:
        return null;
    }
  } finally {
    terminal.close();
  }
}
