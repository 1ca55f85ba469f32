import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import pino, { type DestinationStream, type Logger, type LoggerOptions } from "pino";

// Interlocks: HO-11.

/** So many bytes may wait for a reader: some 4000 lines. */
const MOST_WAITING = 1 << 20;
const STANDARD_OUTPUT = 1;

/**
 * A process's log on its standard output, never waited for: a reader that has stopped, or a slow disk, must hold up nothing.
 * What finds no room is dropped, and how much it was is told once there is room again.
 */
export function processLog(options: LoggerOptions): Logger {
  const output = fstatSync(STANDARD_OUTPUT);
  const isRead = output.isFIFO() || output.isSocket();
  return pino(options, isRead ? new UnwaitedOutput() : pino.destination({ fd: STANDARD_OUTPUT, sync: false }));
}

/** Standard output that somebody reads; where pino's own destination blocks, at the latest when the process ends. */
class UnwaitedOutput implements DestinationStream {
  readonly #output = new Socket({ fd: STANDARD_OUTPUT, readable: false, writable: true });
  #dropped = 0;
  #gone = false;

  constructor() {
    this.#output.unref();
    this.#output.on("error", () => {
      // The reader has ended; so has the log.
      this.#gone = true;
    });
  }

  write(line: string): void {
    if (this.#gone || this.#output.writableLength > MOST_WAITING) {
      this.#dropped += 1;
      return;
    }
    if (this.#dropped > 0) {
      const told = { level: 40, time: Date.now(), pid: process.pid, dropped: this.#dropped };
      this.#output.write(`${JSON.stringify({ ...told, msg: "lines were lost: nobody read the log" })}\n`);
      this.#dropped = 0;
    }
    this.#output.write(line);
  }
}
