import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { LabStartError } from "./lab-start-error.js";
import type { Answer, Question, Questions } from "./questions.js";

/** Somebody who waits for an answer. */
interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** How such a process is started. */
export interface AskedProcessOptions {
  readonly script: URL;
  /** Its one argument, as JSON. */
  readonly options: object;
  /** Flags of Node. */
  readonly flags?: readonly string[];
}

/** A forked process of the lab that answers questions (`answerQuestions` is its other end); it ends with this one. */
export class AskedProcess<Q extends Questions> {
  readonly pid: number;
  /** Resolves when the process has ended, however that came. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;

  constructor({ script, options, flags = [] }: AskedProcessOptions) {
    const child = fork(fileURLToPath(script), [JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [...flags],
    });
    this.#child = child;
    this.pid = child.pid ?? -1;
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`a process of the lab ended (${signal ?? code})`));
        }
        this.#waiting.clear();
        resolve();
      });
    });
    child.on("message", (answer: Answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.error === undefined) {
        waiting?.resolve(answer.answered);
      } else {
        waiting?.reject(answer.portTaken === true ? new LabStartError(answer.error) : new RangeError(answer.error));
      }
    });
  }

  /** Rejects with the other side's words when it cannot (LabStartError for a port, else RangeError); with Error when it has ended. */
  async ask<K extends keyof Q & string>(kind: K, asked: Q[K]["asked"]): Promise<Q[K]["answered"]> {
    if (!this.#child.connected) {
      throw new Error("a process of the lab has ended");
    }
    this.#asked += 1;
    const question: Question = { id: this.#asked, kind, asked };
    const answered = new Promise<Q[K]["answered"]>((resolve, reject) => {
      this.#waiting.set(question.id, { resolve, reject });
    });
    this.#child.send(question);
    return await answered;
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await ended;
    }
  }
}
