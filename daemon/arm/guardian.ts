import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import pino from "pino";
import { loadConfig } from "../config/config.js";
import { ConfigError } from "../config/yaml-file.js";
import { dieWithParent } from "../launch/die-with-parent.js";
import { projectPath } from "../ports/project-path.js";
import { startGuardian } from "./guardian-watch.js";

// Executable: the guardian. Exit codes: 0 ended in order, 78 configuration, 69 its socket is taken.

const log = pino({ name: "guardian" });

function refuse(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

const { values } = parseArgs({ options: { config: { type: "string" }, "die-with-parent": { type: "boolean" } } });
try {
  const config = loadConfig(values.config ?? projectPath("daemon", "config", "lab.yaml"));
  const { link } = config.arm;
  if (link.kind !== "tcp") {
    refuse(
      78,
      `${config.file}: the guardian needs a TCP link to the arm; a serial line has room for one commander only`,
    );
  }
  mkdirSync(dirname(config.guardianSocket), { recursive: true });
  const guardian = await startGuardian({
    socketPath: config.guardianSocket,
    arm: { host: link.host, port: link.port },
    log: (message) => log.info(message),
  });
  const end = (): void => {
    guardian.close();
    process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  dieWithParent(end);
} catch (error) {
  refuse(error instanceof ConfigError ? 78 : 69, error instanceof Error ? error.message : String(error));
}
