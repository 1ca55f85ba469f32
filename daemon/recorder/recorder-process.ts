import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { projectPath } from "../ports/project-path.js";
import type { Seconds } from "../types/units.js";
import type {
  EpisodeAttachment,
  EpisodeEnd,
  EpisodeStart,
  FromRecorder,
  NewsMessage,
  PictureMessage,
  RecorderOptions,
  ToRecorder,
} from "./recorder-messages.js";

/** Waiting for a slow disk, pictures are dropped beyond this many bytes: three seconds of two 20 Hz cameras. */
const MOST_FOR_PICTURES = 8 * 1024 * 1024;
/** And everything else beyond this many. */
const MOST_WAITING = 16 * 1024 * 1024;
/** Of a message without a picture, about. */
const MESSAGE_BYTES = 2000;
/** First wait before an ended process is started again; doubled up to the longest. */
const SHORTEST_WAIT: Seconds = 0.5;
const LONGEST_WAIT: Seconds = 10;
/** A disk that takes longer to close a file is left alone; repair closes it. */
const CLOSE_WITHIN: Seconds = 5;
/** How much of the process' last words is kept, characters. */
const LAST_WORDS = 400;

/** The daemon's end of the recorder process. Nothing here waits: what the process does not take in time is dropped. */
export interface RecorderProcess {
  /** Something that happened; false when it was dropped. */
  tell(message: NewsMessage | PictureMessage): boolean;
  open(start: EpisodeStart, attachments: readonly EpisodeAttachment[], lead: Seconds): void;
  close(end: EpisodeEnd): void;
  discard(): void;
  /** Closes what is open and ends the process. */
  end(): Promise<void>;
  /** Of the running process; undefined between two lives. */
  pid(): number | undefined;
}

/** Starts the recorder process; it is started again whenever it ends. */
export function startRecorderProcess(
  options: RecorderOptions,
  listener: (message: FromRecorder) => void,
): RecorderProcess {
  let child: ChildProcess | null = null;
  let ended = false;
  let waiting = 0;
  let wait = SHORTEST_WAIT;
  let restart: NodeJS.Timeout | undefined;
  const dropped = { frames: 0, messages: 0 };

  const start = (): void => {
    waiting = 0;
    const born = fork(projectPath("dist", "daemon", "recorder", "process.js"), [JSON.stringify(options)], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child = born;
    let lastWords = "";
    born.stderr?.setEncoding("utf8").on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS);
    });
    born.on("message", (message: FromRecorder) => {
      wait = SHORTEST_WAIT;
      listener(message);
    });
    born.on("error", (error) => {
      lastWords = error.message;
    });
    born.on("close", (code, signal) => {
      child = null;
      if (!ended) {
        const detail = lastWords.trim() === "" ? `its process ended (${signal ?? code})` : lastWords.trim();
        restart = setTimeout(start, wait * 1000);
        wait = Math.min(2 * wait, LONGEST_WAIT);
        listener({ kind: "failed", code: "recorder-ended", detail, hint: "It is started again for the next episode." });
      }
    });
  };

  /** False when the process is away or `most` bytes wait for it already. */
  const send = (message: ToRecorder, bytes: number, most: number): boolean => {
    const to = child;
    if (to?.connected !== true || waiting + bytes > most) {
      return false;
    }
    waiting += bytes;
    to.send(message, () => {
      // A process that has ended meanwhile took its count with it.
      waiting -= to === child ? bytes : 0;
    });
    return true;
  };
  start();

  return {
    tell: (message) => {
      const isPicture = message.kind === "picture";
      const bytes = MESSAGE_BYTES + (isPicture ? message.jpeg.byteLength : 0);
      const taken = send(message, bytes, isPicture ? MOST_FOR_PICTURES : MOST_WAITING);
      dropped[isPicture ? "frames" : "messages"] += taken ? 0 : 1;
      return taken;
    },
    open: (episode, attachments, lead) => {
      dropped.frames = 0;
      dropped.messages = 0;
      if (!send({ kind: "open", start: episode, attachments, lead }, MESSAGE_BYTES, Infinity)) {
        listener({ kind: "failed", code: "recorder-away", detail: "the recorder process is not there", hint: "" });
      }
    },
    close: (end) => {
      const counts = { droppedFrames: dropped.frames, droppedMessages: dropped.messages };
      send({ kind: "close", end, ...counts }, MESSAGE_BYTES, Infinity);
    },
    discard: () => {
      send({ kind: "discard" }, MESSAGE_BYTES, Infinity);
    },
    end: async () => {
      ended = true;
      clearTimeout(restart);
      const last = child;
      if (last !== null) {
        const timer = setTimeout(() => last.kill("SIGKILL"), CLOSE_WITHIN * 1000);
        // Behind everything that waits: a mere disconnect would throw that away.
        send({ kind: "end" }, 0, Infinity);
        if (last.exitCode === null && last.signalCode === null) {
          await once(last, "exit");
        }
        clearTimeout(timer);
      }
    },
    pid: () => child?.pid,
  };
}
