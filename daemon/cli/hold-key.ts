import type { Readable } from "node:stream";
import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT } from "./exit-code.js";
import { firstState } from "./first-state.js";
import { note } from "./print.js";

// Interlocks: OP-02.

/** A key counts as held once it repeats: terminals repeat 25 to 40 times a second, after a first 0.25 to 0.7 s. */
const REPEATS_WITHIN_MS = 150;
/** No repeat for this long: the key is let go. Above the slowest repetition and the jitter of a remote terminal. */
const LET_GO_AFTER_MS = 200;
const LOOK_MS = 20;
const CTRL_C = "\u0003";

/** Where keys come from; the standard input of a terminal. */
export type KeyInput = Readable & { setRawMode?: (raw: boolean) => unknown };

/** The space bar of a terminal as hold-to-run. A terminal tells no release, so the end of its repetition counts as one. */
export class HoldKey {
  readonly #input: KeyInput;
  readonly #now: () => number;
  readonly #onChange: (held: boolean) => void;
  readonly #look: NodeJS.Timeout;
  readonly #onData = (bytes: Buffer): void => this.#read(bytes.toString());
  #lastAt = -Infinity;
  #isHeld = false;

  /** `now` in ms; `onChange` is told every press and release. */
  constructor(input: KeyInput, now: () => number, onChange: (held: boolean) => void) {
    this.#input = input;
    this.#now = now;
    this.#onChange = onChange;
    this.#look = setInterval(() => this.#letGoWhenSilent(), LOOK_MS);
    input.setRawMode?.(true);
    input.on("data", this.#onData);
    input.resume();
  }

  /** Lets go and gives the terminal back. */
  end(): void {
    clearInterval(this.#look);
    this.#input.off("data", this.#onData);
    this.#input.pause();
    this.#input.setRawMode?.(false);
    this.#set(false);
  }

  #read(keys: string): void {
    if (keys.includes(CTRL_C)) {
      // In raw mode the terminal makes no signal of it.
      process.kill(process.pid, "SIGINT");
    }
    if (!/^ +$/.test(keys)) {
      // Any other key lets go: a hand that cramps presses what it finds.
      this.#lastAt = -Infinity;
      this.#set(false);
      return;
    }
    const now = this.#now();
    if (now - this.#lastAt <= REPEATS_WITHIN_MS) {
      this.#set(true);
    }
    this.#lastAt = now;
  }

  #letGoWhenSilent(): void {
    if (this.#now() - this.#lastAt > LET_GO_AFTER_MS) {
      this.#set(false);
    }
  }

  #set(held: boolean): void {
    if (held !== this.#isHeld) {
      this.#isHeld = held;
      this.#onChange(held);
    }
  }
}

/**
 * Does something that moves the arm; where motion needs hold-to-run, or this does always, once the space bar is held, and
 * only as long. State must be followed. Throws CliError where there is no terminal to hold a key in.
 */
export async function whileHolding<T>(
  client: OperatorClient,
  act: () => Promise<T>,
  needed: "where-asked" | "always" = "where-asked",
): Promise<T> {
  const isAlways = needed === "always";
  if (!isAlways && !needsHolding(await firstState(client))) {
    return act();
  }
  if (!process.stdin.isTTY) {
    throw new CliError(
      EXIT.refused,
      "hold-to-run",
      "Motion needs hold-to-run, and this is no terminal.",
      `Use a terminal or the operator page${isAlways ? "" : ", or have a supervisor allow it without: kinevla unattended on"}`,
    );
  }
  note("Hold the SPACE bar to let the arm move; letting go stops it. Ctrl-C stops and latches.");
  let pressed: () => void = () => undefined;
  const press = new Promise<void>((resolve) => {
    pressed = resolve;
  });
  const key = new HoldKey(
    process.stdin,
    () => performance.now(),
    (held) => {
      client.hold(held);
      if (held) {
        pressed();
      }
    },
  );
  let isOver = false;
  const end = (): void => {
    if (!isOver) {
      isOver = true;
      key.end();
    }
  };
  void client.closed.then(end);
  try {
    await press;
    return await act();
  } finally {
    end();
  }
}

/** Motion needs somebody who presses hold-to-run. */
export function needsHolding({ holdToRun }: ServerMessageOf<"state">): boolean {
  return holdToRun !== "not-needed" && holdToRun !== "waived";
}
