import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cross, minus, plus, type Rotation, times, transpose, type Vector3 } from "../../calibration/rigid.js";
import type { StandOptions } from "../../daemon/cli/calibrate/stand.js";
import { freeTcpPort, freeUdpPort } from "../../daemon/launch/free-ports.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { RigidPose } from "../../daemon/types/board.js";
import type { CameraRole } from "../../daemon/types/frame.js";
import { type Lab, startLab } from "../../drivers/virtual-lab/main.js";
import { type CameraSpec, drawScene, type SceneSpec } from "../../drivers/virtual-lab/scene/scene-spec.js";

/** A virtual lab whose cameras, light and colours are drawn from a seed, and a configuration of it with calibrations. */
export interface VirtualCell {
  readonly lab: Lab;
  readonly scene: SceneSpec;
  readonly options: StandOptions;
  /** Of the calibration files. */
  readonly folder: string;
  post(path: string, body: object): Promise<void>;
  close(): Promise<void>;
}

/** Starts one with free ports. */
export async function startVirtualCell(seed: number, realTime = true): Promise<VirtualCell> {
  const lab = await startLab({ seed });
  const work = mkdtempSync(join(tmpdir(), "kinevla-virtual-cell-"));
  const post = async (path: string, body: object): Promise<void> => {
    const response = await fetch(`${lab.addresses.control}${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) {
      throw new Error(`the lab refused ${path}: ${await response.text()}`);
    }
    await response.text();
  };
  await post("/reset", { seed, looks: "varied", task: 0 });
  const { controller, cameras } = lab.addresses;
  const config = join(work, "cell.yaml");
  const folder = join(work, "calibration");
  const text = readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8")
    .replace("18080", String(controller.port))
    .replace("18089", String(await freeUdpPort()))
    .replace("8787", String(await freeTcpPort()))
    .replace("http://127.0.0.1:18081/front.mjpeg", cameras.front)
    .replace("http://127.0.0.1:18081/wrist.mjpeg", cameras.wrist)
    .replace("limits: limits", `limits: ${projectPath("daemon", "config")}/limits`)
    .replace("../../models", projectPath("models"))
    .replace("../../.run", join(work, "run"));
  writeFileSync(config, `${text}\ncalibration: { directory: calibration, arm: VIRTUAL-1, max_age_days: 90 }\n`);
  return {
    ...{ lab, folder, post, scene: drawScene(seed, "move-bread") },
    options: { config, by: "test", lab: lab.addresses.control, square: 25, realTime },
    close: async () => {
      await lab.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** Focal length of a lab's camera, pixels. */
export function trueFocalLength(spec: CameraSpec): number {
  return 128 / Math.tan((spec.fieldOfView * Math.PI) / 360);
}

/** Where a lab's camera is, in the base frame (front) or the flange's (wrist): x right, y down, z forward. */
export function trueCamera(role: CameraRole, { position, target, roll }: CameraSpec): RigidPose {
  const unit = (v: Vector3): Vector3 => times(v, 1 / Math.hypot(...v));
  const up: Vector3 = role === "front" ? [0, 0, 1] : [-1, 0, 0];
  const forward = unit(minus(target, position));
  const level = unit(cross(forward, up));
  const top = cross(level, forward);
  const right = plus(times(level, Math.cos(roll)), times(top, Math.sin(roll)));
  const rows: Rotation = [...right, ...cross(forward, right), ...forward];
  return { position, rotation: transpose(rows) };
}
