import { createInterface } from "node:readline/promises";

/** What somebody at the terminal decides about a measurement. */
export type Decision = "measure" | "skip" | "end";

/** Somebody at a terminal. */
export interface Person {
  decide(question: string): Promise<Decision>;
  /** What was typed; empty for nothing. */
  answer(question: string): Promise<string>;
  close(): void;
}

/**
 * Reads answers from a terminal; the end of the input is the wish to end. While it reads, the terminal hands Ctrl-C over
 * as a key and raises no signal: then `onInterrupt` is called at once, also when nothing was asked.
 */
export function personAt(input: NodeJS.ReadableStream, output: NodeJS.WritableStream, onInterrupt: () => void): Person {
  const lines = createInterface({ input, output });
  let over = false;
  const ended = new Promise<string>((resolve) => {
    lines.once("close", () => {
      over = true;
      resolve("q");
    });
  });
  lines.on("SIGINT", () => {
    onInterrupt();
    lines.close();
  });
  const ask = (question: string): Promise<string> =>
    over ? ended : Promise.race([lines.question(question), ended]).then((text) => text.trim());
  return {
    decide: async (question) => {
      for (;;) {
        switch ((await ask(`${question} [y]es, [s]kip, [q]uit: `)).toLowerCase()) {
          case "y":
          case "yes":
            return "measure";
          case "s":
          case "skip":
            return "skip";
          case "q":
          case "quit":
            return "end";
          default:
            break;
        }
      }
    },
    answer: async (question) => {
      const text = await ask(question);
      return over ? "" : text;
    },
    close: () => lines.close(),
  };
}

/** Says yes to everything and knows no figures: for the virtual lab. */
export const YES: Person = {
  decide: () => Promise.resolve("measure"),
  answer: () => Promise.resolve(""),
  close: () => undefined,
};
