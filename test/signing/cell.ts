import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Calibration } from "../../calibration/files.js";
import { writeCalibration } from "../../calibration/files.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { PUBLIC_KEY } from "../../daemon/signing/keys.js";
import { signFile } from "../../daemon/signing/sign.js";
import { CALIBRATION } from "../teleop/leader.js";

/** A configuration with limits, calibrations and a leader in a folder of its own, and a maintainer's keys. */
export interface Cell {
  readonly folder: string;
  readonly config: string;
  readonly limits: string;
  readonly table: string;
  readonly puppet: string;
  readonly key: KeyObject;
  /** Puts the maintainer's key beside the configuration. */
  ask(): void;
  /** Signs files, with the maintainer's key if with no other. */
  sign(files: readonly string[], key?: KeyObject): Promise<void>;
  remove(): void;
}

const common = { format: "kinevla-calibration-1", measuredAt: new Date().toISOString(), by: "Ada", arm: "A1" } as const;
const TABLE: Calibration = {
  ...{ ...common, kind: "table", normal: [0, 0, 1], height: 0 },
  residual: { metres: 0.001, points: 162 },
};
const { puppet, joints, gripper } = CALIBRATION;
const PUPPET: Calibration = {
  ...{ ...common, kind: "puppet", residual: { rad: 0.001, poses: 2 } },
  calibration: { puppet, joints: joints.map(({ sign, ...joint }) => ({ ...joint, sign: sign < 0 ? -1 : 1 })), gripper },
};

/** Makes one; nothing in it is signed, and nothing asks for that. `more` goes to the end of the configuration. */
export function makeCell(more = ""): Cell {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-signed-"));
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const config = join(folder, "kinevla.yaml");
  const limits = join(folder, "limits-rm75b.yaml");
  const shipped = (name: string): string => readFileSync(projectPath("daemon", "config", name), "utf8");
  writeFileSync(limits, shipped("limits-rm75b.yaml"));
  const sections = [
    "calibration: { directory: calibration, arm: A1, max_age_days: 90 }",
    "puppet: { kind: realman-leader, path: /dev/none, baud: 460800, calibration: calibration/puppet.json }",
    more,
  ];
  const text = shipped("lab.yaml")
    .replace("../../models", projectPath("models"))
    // Where no arm listens (RFC 863), so that no other test's is reached.
    .replace("18080", "9")
    .replace(/^run_directory:.*$/m, "run_directory: run");
  writeFileSync(config, `${text}\n${sections.join("\n")}\n`);
  const calibrations = join(folder, "calibration");
  const table = writeCalibration(calibrations, "table", TABLE);
  const leader = writeCalibration(calibrations, "puppet", PUPPET);
  return {
    ...{ folder, config, limits, table, puppet: leader, key: privateKey },
    ask: () =>
      writeFileSync(join(dirname(config), PUBLIC_KEY), publicKey.export({ type: "spki", format: "pem" }), {
        mode: 0o644,
      }),
    sign: async (files, key = privateKey) => {
      for (const file of files) {
        await signFile(file, key, Date.now());
      }
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
