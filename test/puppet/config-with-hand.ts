import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Document, parseDocument } from "yaml";
import { loadConfig } from "../../daemon/config/config.js";
import type { PuppetCalibration } from "../../daemon/types/puppet.js";
import type { TeleopEnabling } from "../../daemon/types/teleop.js";
import { VIRTUAL_BUTTON } from "../../drivers/virtual-lab/puppet/virtual-leader.js";
import type { Hand } from "./hand.js";

/** A copy of a configuration in `folder` with a hand's leader in it, and the leader's calibration beside it. */
export function configWithHand(file: string, folder: string, hand: Hand, enabling: TeleopEnabling): string {
  const { limits, policy } = loadConfig(file);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["limits"], limits);
  document.setIn(["policy", "bundle"], policy.bundle);
  giveHand(document, folder, hand, enabling);
  const copy = join(folder, "with-hand.yaml");
  writeFileSync(copy, document.toString());
  return copy;
}

/** Puts a hand's leader into a configuration, and its calibration into `folder`. */
export function giveHand(document: Document, folder: string, hand: Hand, enabling: TeleopEnabling): void {
  const port = { kind: hand.kind, path: hand.path, calibration: calibrationFile(folder) };
  document.setIn(
    ["puppet"],
    hand.kind === "realman-leader"
      ? { ...port, baud: 460_800 }
      : { ...port, baud: 1_000_000, joint_ids: [1, 2, 3, 4, 5, 6, 7], gripper_id: 8, button: VIRTUAL_BUTTON },
  );
  document.setIn(["teleop"], { enabling });
  writeCalibration(folder, hand.calibration);
}

/** Writes what `kinevla calibrate puppet` would; it is read when the leader comes. */
export function writeCalibration(folder: string, calibration: PuppetCalibration): void {
  writeFileSync(calibrationFile(folder), JSON.stringify({ calibration }));
}

function calibrationFile(folder: string): string {
  return join(folder, "puppet.json");
}
