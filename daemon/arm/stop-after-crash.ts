import { createConnection } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseConfig } from "../config/config.js";
import { ConfigError, readText } from "../config/yaml-file.js";
import { PROCESS_EXIT } from "../launch/process-exit.js";
import { STOP } from "./guardian-watch.js";

// Executable: the arm process's unit runs it when that process has ended, however it ended (ExecStopPost=). After a
// crash it tells the arm to stop over a connection of its own: third, when arm process and guardian died together.
// Interlocks: HO-06.

/** An arm that answers does so within 50 ms; it stands on the same network. */
const WITHIN_MS = 1000;

/** Tells the arm to stop; resolves with what it said, rejects when it cannot be reached in time. */
function sendStop(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error("no answer in time")), WITHIN_MS);
    socket.on("connect", () => socket.write(STOP));
    socket.on("data", (bytes) => {
      if (bytes.includes("arm_stop")) {
        resolve(bytes.toString("latin1").trim());
        socket.end();
      }
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      reject(new Error("the arm closed the connection"));
    });
  });
}

const { values } = parseArgs({ options: { config: { type: "string" } } });
// systemd.exec(5): `success` when the process ended as it was asked to.
if (process.env.SERVICE_RESULT !== "success") {
  try {
    // Stopping needs nobody's signature.
    const file = resolve(values.config ?? "");
    const { link } = parseConfig(readText(file, "name another file with --config"), file).arm;
    // On a serial line nothing ever moves (see README.md), so there is nothing to stop.
    if (link.kind === "tcp") {
      const answer = await sendStop(link.host, link.port);
      process.stdout.write(`the arm was told to stop and answered ${answer}\n`);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`the arm could not be told to stop: ${reason}\n`);
    process.exitCode = error instanceof ConfigError ? PROCESS_EXIT.configuration : PROCESS_EXIT.busy;
  }
}
