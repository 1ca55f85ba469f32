import { makeRealTime, SHORT_COLLECTIONS } from "../../../daemon/ports/real-time.js";
import type { CameraRole } from "../../../daemon/types/frame.js";
import type { Instant, JointPosition } from "../../../daemon/types/units.js";
import type { Spoiling } from "../impair/impairment.js";
import type { SceneSpec } from "../scene/scene-spec.js";
import { AskedProcess } from "./asked-process.js";
import { LabStartError } from "./lab-start-error.js";
import type { ArmStart, WorldOptions, WorldPorts, WorldQuestions, WorldTruth } from "./messages.js";

/** Between arm process and guardian above and the leader's processes below (system.ts): those take a core while they start. */
const PHYSICS_PRIORITY = 35;

/** The world in a process of its own, so that physics and rendering delay nobody. */
export class WorldProcess {
  readonly ports: WorldPorts;
  /** Resolves when the process has ended, however that came. */
  readonly ended: Promise<void>;
  readonly #process: AskedProcess<WorldQuestions>;

  private constructor(process: AskedProcess<WorldQuestions>, ports: WorldPorts) {
    this.#process = process;
    this.ports = ports;
    this.ended = process.ended;
  }

  /**
   * Starts the process; resolves when physics run and cameras are served, throws LabStartError where their port is taken.
   * With `realTime` the physics do not wait for whoever else computes; the pictures do.
   */
  static async start(options: WorldOptions, realTime: boolean): Promise<WorldProcess> {
    const process = new AskedProcess<WorldQuestions>({
      script: new URL("./child.js", import.meta.url),
      options,
      flags: SHORT_COLLECTIONS,
    });
    try {
      const ports = await process.ask("start", null);
      if (realTime) {
        makeRealTime(process.pid, PHYSICS_PRIORITY, "main", "virtual world's physics run");
      }
      return new WorldProcess(process, ports);
    } catch (error) {
      await process.close();
      const { host, cameraPort } = options;
      throw error instanceof LabStartError
        ? new LabStartError(`port ${cameraPort} on ${host} cannot be opened for the cameras`)
        : error;
    }
  }

  /** Replaces the scene: objects at rest, gripper open, the arm at home or where it was; gives its joint position. */
  async build(scene: SceneSpec, arm: ArmStart): Promise<JointPosition> {
    return await this.#process.ask("build", { scene, arm });
  }

  /** Spoils the pictures of one camera; gives the instant from which on. */
  async spoil(role: CameraRole, how: Spoiling): Promise<Instant> {
    return await this.#process.ask("spoil", { role, how });
  }

  /** Where everything really is. */
  async truth(): Promise<WorldTruth> {
    return await this.#process.ask("truth", null);
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#process.close();
  }
}
