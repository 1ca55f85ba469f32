import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { projectPath } from "../../daemon/ports/project-path.js";

function interpreter(setUp: "setUpTraining" | "setUpLerobot"): string {
  const url = JSON.stringify(pathToFileURL(projectPath("systemd", "setup.mjs")).href);
  const script = `import(${url}).then((m) => m.${setUp}()).then((python) => process.stdout.write(python))`;
  return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
}

/** The Python that has the package lerobot; `npm test` has made it before. */
export function lerobotPython(): string {
  return interpreter("setUpLerobot");
}

/** The Python that trains. */
export function trainingPython(): string {
  return interpreter("setUpTraining");
}
