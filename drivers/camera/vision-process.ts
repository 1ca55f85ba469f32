import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { Instant, Seconds } from "../../daemon/types/units.js";
import type { FromVision, ToVision } from "./messages.js";
import { OPENCV_ENVIRONMENT } from "./opencv.js";
import type { VisionOptions } from "./options.js";

/** First wait before an ended process is started again; doubled up to the longest. */
const SHORTEST_WAIT: Seconds = 0.5;
const LONGEST_WAIT: Seconds = 2;
/** A healthy process speaks at least every 3 s (a wait and an FFmpeg time-out); a silent one hangs in a read or an open. */
const LONGEST_SILENCE: Seconds = 5;
/** Loading OpenCV takes 0.4 to 1 s (runtime.md section 3), on an overloaded machine many times that. */
const LONGEST_START: Seconds = 30;
/** How much of the process' last words is kept, characters. */
const LAST_WORDS = 400;

/** What a vision process reports to its owner; frames carry their capture instant, the rest comes as it happens. */
export interface VisionListener {
  onFrame(frame: Extract<FromVision, { readonly kind: "frame" }>): void;
  /** After `record`: the same picture as the camera gave it. */
  onPicture(picture: Extract<FromVision, { readonly kind: "picture" }>): void;
  onWrongSize(width: number, height: number): void;
  onAbsent(detail: string): void;
}

/** One running vision process; it is started again whenever it ends. */
export interface VisionProcess {
  /** Process id; undefined between two lives. */
  pid(): number | undefined;
  /** The newest picture as JPEG bytes; rejects with DriverError while there is none. */
  jpeg(): Promise<Uint8Array>;
  /** From now on, in this life and the next ones, every picture comes as JPEG too. */
  record(): void;
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>;
}

const RECORD: ToVision = { kind: "record" };

interface PendingJpeg {
  resolve(bytes: Uint8Array): void;
  reject(error: DriverError): void;
}

/** Starts a process of its own for one camera, so that a camera that hangs or crashes takes nothing else with it. */
export function startVisionProcess(options: VisionOptions, listener: VisionListener): VisionProcess {
  let child: ChildProcess | null = null;
  let closed = false;
  let recorded = false;
  let wait = SHORTEST_WAIT;
  let restart: NodeJS.Timeout | undefined;
  let silentAfter: Instant = 0;
  let nextId = 1;
  const pending = new Map<number, PendingJpeg>();

  const noPicture = (): DriverError => new DriverError("camera-absent", "there is no picture of this camera");

  const take = (message: FromVision): void => {
    silentAfter = hostClock.now() + LONGEST_SILENCE;
    switch (message.kind) {
      case "frame":
        wait = SHORTEST_WAIT;
        listener.onFrame(message);
        break;
      case "picture":
        listener.onPicture(message);
        break;
      case "wrong-size":
        listener.onWrongSize(message.width, message.height);
        break;
      case "absent":
        listener.onAbsent(message.detail);
        break;
      case "jpeg": {
        const request = pending.get(message.id);
        pending.delete(message.id);
        if (message.bytes === null) {
          request?.reject(noPicture());
        } else {
          request?.resolve(message.bytes);
        }
        break;
      }
      default:
        message satisfies never;
    }
  };

  const start = (): void => {
    silentAfter = hostClock.now() + LONGEST_START;
    const born = fork(projectPath("dist", "drivers", "camera", "process.js"), [JSON.stringify(options)], {
      serialization: "advanced",
      execArgv: [],
      env: { ...process.env, ...OPENCV_ENVIRONMENT },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child = born;
    if (recorded) {
      born.send(RECORD);
    }
    let lastWords = "";
    born.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
    born.on("message", take);
    born.on("error", (error) => {
      lastWords = error.message;
    });
    born.on("close", (code, signal) => {
      child = null;
      for (const request of pending.values()) {
        request.reject(noPicture());
      }
      pending.clear();
      if (closed) {
        return;
      }
      const words = lastWords.trim() === "" ? "" : `: ${lastWords.trim()}`;
      listener.onAbsent(`The camera's process ended (${signal ?? code})${words}. It is started again.`);
      restart = setTimeout(start, wait * 1000);
      wait = Math.min(2 * wait, LONGEST_WAIT);
    });
  };

  const watchdog = setInterval(() => {
    if (hostClock.now() > silentAfter) {
      child?.kill("SIGKILL");
    }
  }, 500);
  start();

  return {
    pid: () => child?.pid,
    jpeg: () =>
      new Promise((resolve, reject) => {
        if (child?.connected !== true) {
          reject(noPicture());
          return;
        }
        const request = { kind: "jpeg", id: nextId } satisfies ToVision;
        pending.set(request.id, { resolve, reject });
        nextId += 1;
        child.send(request);
      }),
    record: () => {
      recorded = true;
      if (child?.connected === true) {
        child.send(RECORD);
      }
    },
    close: async () => {
      closed = true;
      clearInterval(watchdog);
      clearTimeout(restart);
      if (child !== null) {
        const gone = once(child, "close");
        child.kill("SIGKILL");
        await gone;
      }
    },
  };
}
