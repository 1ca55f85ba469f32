import { openSync, readFileSync } from "node:fs";
import { ANSWER_SUFFIX, type ProcessFault } from "./policy-fault.js";
import { replayChunk } from "./replay-chunk.js";

/** Does to this process what the file says whenever SIGUSR2 comes. */
export function obeySignal(file: string): void {
  process.on("SIGUSR2", () => {
    const fault: ProcessFault = JSON.parse(readFileSync(file, "utf8"));
    switch (fault.kind) {
      case "throw":
        throwInTheMiddle();
        return;
      case "reject":
        void Promise.reject(new Error("injected: a rejection that nobody handles"));
        return;
      case "block":
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fault.seconds * 1000);
        return;
      case "churn":
        churn(fault.megabytes);
        return;
      case "replay-chunk":
        replayChunk(`${file}${ANSWER_SUFFIX}`);
        return;
      case "descriptors":
        exhaust();
        return;
      default:
        fault satisfies never;
    }
  });
}

/** Everything that works with time asks the clock: the next to do so meets an exception. */
function throwInTheMiddle(): void {
  const { hrtime } = process;
  const broken = (): never => {
    process.hrtime = hrtime;
    throw new Error("injected: an exception that nobody expects");
  };
  process.hrtime = Object.assign(broken, { bigint: hrtime.bigint });
}

const MEGABYTE_OF_OBJECTS = 20_000;

/** In steps, so that the process goes on with its work between them. */
function churn(megabytes: number): void {
  let left = megabytes;
  let kept: object[] = [];
  const step = (): void => {
    kept = kept
      .slice(-MEGABYTE_OF_OBJECTS * 20)
      .concat(Array.from({ length: MEGABYTE_OF_OBJECTS }, (_, index) => ({ index, words: `object ${index}` })));
    left -= 1;
    if (left > 0) {
      setImmediate(step);
    }
  };
  step();
}

function exhaust(): void {
  for (let opened = 0; opened < 100_000; opened += 1) {
    try {
      openSync("/dev/null", "r");
    } catch {
      // No more are given: that is what was asked for.
      return;
    }
  }
}
