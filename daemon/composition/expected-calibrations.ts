import type { Expected } from "../../calibration/files.js";
import { cameraId } from "../../drivers/camera/camera-id.js";
import type { Config } from "../config/config.js";
import { cameraOptions } from "./cameras-options.js";

/** What the calibrations of a configured cell have to be of. `wallTime` in ms since 1970. */
export function expectedCalibrations(
  { cameras, trust }: Pick<Config, "cameras" | "trust">,
  { arm, max_age_days }: Pick<NonNullable<Config["calibration"]>, "arm" | "max_age_days">,
  wallTime: number,
): Expected {
  const idOf = (role: "front" | "wrist"): string | null => cameraId(cameraOptions(cameras[role]).source);
  const present = { front: idOf("front"), wrist: idOf("wrist") };
  return { cell: { arm, cameras: present }, wallTime, maxAgeDays: max_age_days, trust };
}
