import { dirname, join } from "node:path";
import { CALIBRATION_NAMES, calibrationPath } from "../../calibration/files.js";
import { MANIFEST_NAME } from "../../models/bundle/read-manifest.js";
import type { Config } from "../config/config.js";
import type { SignedKind } from "../ports/trust.js";

/** A file that has to be signed where signatures are asked for. */
export interface NamedFile {
  readonly kind: SignedKind;
  readonly path: string;
  /** It need not be there. */
  readonly optional: boolean;
}

/** Every file that a configuration names and that decides how the arm moves, the configuration first. */
export function namedFiles({ file, limits, policy, calibration, puppet }: Config): readonly NamedFile[] {
  const folders = [
    ...(calibration === undefined ? [] : [calibration.directory]),
    ...(puppet === undefined ? [] : [dirname(puppet.calibration)]),
  ];
  const calibrations = folders.flatMap((folder) => CALIBRATION_NAMES.map((name) => calibrationPath(folder, name)));
  const leader = puppet === undefined ? [] : [puppet.calibration];
  return [
    { kind: "configuration", path: file, optional: false },
    { kind: "limits", path: limits, optional: false },
    { kind: "bundle", path: join(policy.bundle, MANIFEST_NAME), optional: false },
    ...[...new Set([...calibrations, ...leader])].map((path): NamedFile => {
      return { kind: "calibration", path, optional: true };
    }),
  ];
}
