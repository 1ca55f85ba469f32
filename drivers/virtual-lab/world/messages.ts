import type { CameraRole } from "../../../daemon/types/frame.js";
import type { Instant, JointPosition } from "../../../daemon/types/units.js";
import type { Spoiling } from "../impair/impairment.js";
import type { ObjectName, TablePoses } from "../scene/object-pose.js";
import type { SceneSpec } from "../scene/scene-spec.js";

/** Where the arm is when a scene begins: at home, or where it happens to be. */
export type ArmStart = "home" | "stay";

/** What the lab asks the world process. */
export type WorldQuestions = {
  /** Answered when physics run and cameras are served. */
  readonly start: { readonly asked: null; readonly answered: WorldPorts };
  /** Answered with the joint position in the new scene. */
  readonly build: {
    readonly asked: { readonly scene: SceneSpec; readonly arm: ArmStart };
    readonly answered: JointPosition;
  };
  /** Spoils the pictures of one camera; answered with the instant from which on. */
  readonly spoil: {
    readonly asked: { readonly role: CameraRole; readonly how: Spoiling };
    readonly answered: Instant;
  };
  readonly truth: { readonly asked: null; readonly answered: WorldTruth };
};

/** Where the world is reached. */
export interface WorldPorts {
  /** HTTP. */
  readonly cameras: number;
  /** TCP, for one controller (`PlantLink`). */
  readonly plant: number;
}

/** The world as no sensor of the arm knows it. */
export interface WorldTruth {
  /** Simulated seconds since the scene was built. */
  readonly time: number;
  /** At rest, before anything moved. */
  readonly start: TablePoses;
  readonly now: TablePoses;
  readonly q: JointPosition;
  /** 0 closed to 1 open. */
  readonly gripperOpening: number;
  /** The object between the closed fingers, if any. */
  readonly held: ObjectName | null;
  /** Where the carrot was gripped when it was last lifted: m from its middle towards its upper end; null if never. */
  readonly grip: number | null;
}

/** What the world process is started with, as its one argument in JSON. */
export interface WorldOptions {
  readonly scene: SceneSpec;
  readonly host: string;
  /** 0 for any free one. */
  readonly cameraPort: number;
  readonly framesPerSecond: number;
}
