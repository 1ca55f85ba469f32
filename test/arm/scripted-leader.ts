import { type ChildProcess, spawn } from "node:child_process";
import { realTimeCommand } from "../../daemon/arm/scheduling.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { JointVector } from "../../daemon/types/units.js";
import type { ToLeader } from "./scripted-leader-process.js";

/** Real-time priority of the leader, where it may be had: a device waits for no processor. */
const PRIORITY = 60;

/** A leader arm that does as a test says, in a process of its own. */
export class ScriptedLeader {
  readonly #child: ChildProcess;

  /** Connects to the arm process's socket at `path`, standing like the arm at `q`, rad. */
  constructor(path: string, q: JointVector) {
    const script = projectPath("dist", "test", "arm", "scripted-leader-process.js");
    const { command, args } = realTimeCommand(script, [], PRIORITY);
    this.#child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.does({ kind: "connect", path, q });
  }

  does(what: ToLeader): void {
    this.#child.send(what);
  }

  close(): void {
    this.#child.kill("SIGKILL");
  }
}
