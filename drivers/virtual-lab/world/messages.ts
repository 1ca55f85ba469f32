import type { JointPosition } from "../../../daemon/types/units.js";
import type { PlantState } from "../plant.js";
import type { ObjectName, TablePoses } from "../scene/object-pose.js";
import type { SceneSpec } from "../scene/scene-spec.js";

/** Where the arm is when a scene begins: at home, or where it happens to be. */
export type ArmStart = "home" | "stay";

/** What the lab tells the world process. */
export type ToWorld =
  | { readonly kind: "targets"; readonly q: JointPosition }
  | { readonly kind: "gripper"; readonly opening: number; readonly force: number }
  | { readonly kind: "build"; readonly id: number; readonly scene: SceneSpec; readonly arm: ArmStart }
  | { readonly kind: "truth"; readonly id: number };

/** What the world process tells the lab. */
export type FromWorld =
  | { readonly kind: "ready"; readonly cameraPort: number }
  | { readonly kind: "measured"; readonly state: PlantState }
  | { readonly kind: "built"; readonly id: number; readonly state: PlantState }
  | { readonly kind: "truth"; readonly id: number; readonly truth: WorldTruth }
  | { readonly kind: "failed"; readonly id: number; readonly reason: string };

/** Poses of everything on the table, as no sensor of the arm knows them. */
export interface WorldTruth {
  /** Simulated seconds since the scene was built. */
  readonly time: number;
  /** At rest, before anything moved. */
  readonly start: TablePoses;
  readonly now: TablePoses;
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

/** Exit code of a world process whose cameras' port is taken; the lab says so in words. */
export const CAMERAS_CANNOT_LISTEN = 69;
