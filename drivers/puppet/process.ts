import type { Puppet } from "../../daemon/ports/puppet.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { PuppetIdentity } from "../../daemon/types/puppet.js";
import { NewestSender } from "./newest-sender.js";
import { parseToPuppet } from "./parse-to-puppet.js";

/** Told what happens to the leader and at the arm process, for the log. */
export interface PuppetNews {
  found(identity: PuppetIdentity): void;
  /** Only when it is another reason than before. */
  away(error: DriverError): void;
  /** The arm process does not take what is read, and why; only when it is another reason than before. */
  refused(reason: string): void;
}

/** Between two tries to find the leader. */
const AGAIN_AFTER_MS = 300;

/** The leader of one process: found, read, lost and found again; what it reads goes to the Unix socket of the arm process. */
export interface PuppetProcess {
  /** Grows with each reading, and with each try to find the leader while there is none. */
  progress(): number;
  close(): Promise<void>;
}

/** Reads `puppet` until closed. Errors other than DriverError are faults of the program and reject `ended`. */
export function startPuppetProcess(
  puppet: Puppet,
  socketPath: string,
  news: PuppetNews,
): PuppetProcess & {
  readonly ended: Promise<void>;
} {
  let refusedFor = "";
  const hear = (line: string): void => {
    const message = parseToPuppet(line);
    const reason = typeof message === "string" ? `it sent ${message}` : message.reason;
    if (reason !== refusedFor) {
      refusedFor = reason;
      news.refused(reason);
    }
  };
  const sender = new NewestSender(socketPath, hear);
  let progress = 0;
  let over = false;
  let wake: () => void = () => undefined;
  let last = "";

  const away = (error: DriverError): void => {
    sender.say({ kind: "lost", code: error.code, detail: error.message });
    if (last !== `${error.code} ${error.message}`) {
      last = `${error.code} ${error.message}`;
      news.away(error);
    }
  };

  /** One leader from found to lost. */
  const attend = async (): Promise<void> => {
    progress++;
    let found = false;
    let lose: (error: DriverError) => void = () => undefined;
    const lost = new Promise<DriverError>((resolve) => {
      lose = resolve;
    });
    try {
      const identity = await puppet.connect({
        onSample: (sample) => {
          if (found) {
            progress++;
            sender.say({ kind: "sample", sample });
          }
        },
        onLost: lose,
      });
      found = true;
      last = "";
      news.found(identity);
      sender.say({ kind: "hello", identity });
    } catch (error) {
      if (!(error instanceof DriverError)) {
        throw error;
      }
      away(error);
      return;
    }
    const ending = new Promise<null>((resolve) => {
      wake = () => resolve(null);
    });
    const error = await Promise.race([lost, ending]);
    if (error !== null) {
      away(error);
    }
  };

  const run = async (): Promise<void> => {
    while (!over) {
      await attend();
      if (!over) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, AGAIN_AFTER_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  };

  const ended = run();
  return {
    progress: () => progress,
    ended,
    close: async () => {
      over = true;
      wake();
      await puppet.close();
      sender.close();
      await ended;
    },
  };
}
