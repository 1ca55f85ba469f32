import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { JointPosition } from "../../../daemon/types/units.js";
import type { Plant, PlantState } from "../plant.js";
import type { SceneSpec } from "../scene/scene-spec.js";
import { LabStartError } from "./lab-start-error.js";
import {
  type ArmStart,
  CAMERAS_CANNOT_LISTEN,
  type FromWorld,
  type ToWorld,
  type WorldOptions,
  type WorldTruth,
} from "./messages.js";

/** An answer that somebody waits for. */
interface Waiting {
  readonly resolve: (message: FromWorld) => void;
  readonly reject: (error: Error) => void;
}

/** The world in a process of its own, so that physics and rendering never delay the controller. */
export class WorldProcess implements Plant {
  readonly cameraPort: number;
  /** Resolves when the process has ended, however that came. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #measured: PlantState;
  /** While a scene is built, targets of the old one are not passed on. */
  #building = false;

  private constructor(child: ChildProcess, cameraPort: number, first: PlantState) {
    this.#child = child;
    this.cameraPort = cameraPort;
    this.#measured = first;
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`the world process ended (${signal ?? code})`));
        }
        this.#waiting.clear();
        resolve();
      });
    });
    child.on("message", (message: FromWorld) => this.#hear(message));
  }

  /** Starts the process; resolves when physics run and cameras are served, rejects when it ends before that. */
  static async start(options: WorldOptions): Promise<WorldProcess> {
    const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)), [JSON.stringify(options)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    let cameraPort: number | undefined;
    return await new Promise((resolve, reject) => {
      const endedEarly = (code: number | null): void => {
        reject(
          code === CAMERAS_CANNOT_LISTEN
            ? new LabStartError(`port ${options.cameraPort} on ${options.host} cannot be opened for the cameras`)
            : new Error(`the world process ended at its start (${code})`),
        );
      };
      const listen = (message: FromWorld): void => {
        if (message.kind === "ready") {
          cameraPort = message.cameraPort;
        } else if (message.kind === "measured" && cameraPort !== undefined) {
          child.off("message", listen);
          child.off("exit", endedEarly);
          resolve(new WorldProcess(child, cameraPort, message.state));
        }
      };
      child.on("message", listen);
      child.once("exit", endedEarly);
    });
  }

  #tell(message: ToWorld): void {
    if (this.#child.connected) {
      this.#child.send(message);
    }
  }

  #hear(message: FromWorld): void {
    switch (message.kind) {
      case "measured":
        this.#measured = message.state;
        return;
      case "built":
        this.#measured = message.state;
        this.#answer(message.id, message);
        return;
      case "truth":
      case "failed":
        this.#answer(message.id, message);
        return;
      case "ready":
        return;
      default:
        message satisfies never;
    }
  }

  #answer(id: number, message: FromWorld): void {
    this.#waiting.get(id)?.resolve(message);
    this.#waiting.delete(id);
  }

  async #ask(message: (id: number) => ToWorld): Promise<FromWorld> {
    if (!this.#child.connected) {
      throw new Error("the world process has ended");
    }
    this.#asked += 1;
    const id = this.#asked;
    const answered = new Promise<FromWorld>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    this.#tell(message(id));
    const answer = await answered;
    if (answer.kind === "failed") {
      throw new RangeError(`the scene cannot be built: ${answer.reason}`);
    }
    return answer;
  }

  setTargets(q: JointPosition): void {
    if (!this.#building) {
      this.#tell({ kind: "targets", q });
    }
  }

  setGripper(opening: number, force: number): void {
    if (!this.#building) {
      this.#tell({ kind: "gripper", opening, force });
    }
  }

  measured(): PlantState {
    return this.#measured;
  }

  /** Replaces the scene; objects at rest, gripper open, the arm at home or where it was. */
  async build(scene: SceneSpec, arm: ArmStart): Promise<void> {
    this.#building = true;
    try {
      await this.#ask((id) => ({ kind: "build", id, scene, arm }));
    } finally {
      this.#building = false;
    }
  }

  /** Where everything really is. */
  async truth(): Promise<WorldTruth> {
    const answer = await this.#ask((id) => ({ kind: "truth", id }));
    if (answer.kind !== "truth") {
      throw new Error(`the world process answered ${answer.kind} to a question about the truth`);
    }
    return answer.truth;
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
