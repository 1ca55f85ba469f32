/** The recorder process: writes what the daemon tells it; it alone waits for the disk. */
import { mkdirSync } from "node:fs";
import { diskError } from "./disk-error.js";
import { lockFolder, recordingProcess } from "./folder-lock.js";
import { Recorder } from "./recorder.js";
import type { FromRecorder, RecorderOptions, ToRecorder } from "./recorder-messages.js";

/** A second recorder, or a folder that cannot be written. */
const EXIT_REFUSED = 2;

const options = JSON.parse(process.argv[2] ?? "null") as RecorderOptions;
const tell = (message: FromRecorder): void => {
  if (process.connected) {
    process.send?.(message);
  }
};

function lock(): () => void {
  try {
    mkdirSync(options.folder, { recursive: true, mode: 0o750 });
    const other = recordingProcess(options.folder);
    if (other === null) {
      return lockFolder(options.folder);
    }
    process.stderr.write(
      `another process (${other}) records into ${options.folder}: name another recording.directory\n`,
    );
  } catch (error) {
    const found = diskError(error);
    if (found === null) {
      throw error;
    }
    process.stderr.write(`${options.folder} cannot be written: ${found.detail}. ${found.hint}\n`);
  }
  process.exit(EXIT_REFUSED);
}

const unlock = lock();
const recorder = new Recorder(options, tell);

// One after the other; the disk is waited for inside, so that more is not even read meanwhile.
let queue = Promise.resolve();
const then = (next: () => Promise<void>): void => {
  queue = queue.then(next);
};

const end = async (): Promise<void> => {
  await recorder.handle({ kind: "end" });
  unlock();
  process.exit(0);
};

process.on("message", (message: ToRecorder) => then(message.kind === "end" ? end : () => recorder.handle(message)));
// The daemon is gone: what is recorded is closed in order.
process.on("disconnect", () => then(end));
// Ctrl-C at a terminal is for the daemon, which ends this process by its connection.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);
