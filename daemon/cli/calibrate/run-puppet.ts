import { basename, dirname } from "node:path";
import { writeCalibration } from "../../../calibration/files.js";
import { type GuidedMove, type MatchedPose, solvePuppet } from "../../../calibration/puppet.js";
import { createPuppet } from "../../../drivers/puppet/serial-puppet.js";
import { hostClock } from "../../ports/clock.js";
import type { Puppet } from "../../ports/puppet.js";
import { puppetOptions } from "../../puppet/puppet-options.js";
import { DriverError, OPERATOR_HINT } from "../../types/driver-error.js";
import type { PuppetIdentity, PuppetSample } from "../../types/puppet.js";
import { JOINT_COUNT, type JointPosition, type JointVector, jointAt, mapJoints } from "../../types/units.js";
import type { CalibratePuppetOptions } from "../calibrate.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import { configOf } from "../measure/evidence-place.js";
import { note, say } from "../print.js";
import { tellToSign } from "./tell-to-sign.js";

const DEGREE = Math.PI / 180;
/** A pose is the mean of the readings of this long: 40 of them at 125 a second. */
const READ_MS = 320;
/** A hand that holds still moves a leader by less while it is read. */
const MOST_SWAY = 1 * DEGREE;
/** What arrives earlier may have been read before the operator said that it stands: two readings of 8 ms. */
const SETTLING = 0.016;
/** Fewer readings in that time are a line that loses most of them. */
const LEAST_READINGS = 10;

/** Asks the operator for something; false when nobody is there any more. */
export type AskOperator = (words: string) => Promise<boolean>;

/** Calibrates the leader of a configuration and writes the file that it names. */
export async function runCalibratePuppet(options: CalibratePuppetOptions, ask: AskOperator): Promise<ExitCode> {
  const config = configOf(options.config);
  const { file, puppet: section, home } = config;
  if (section === undefined) {
    const hint = "Add one (drivers/puppet/README.md), or name another file with --config.";
    throw new CliError(EXIT.usage, "no-leader", `${file} has no section puppet.`, hint);
  }
  if (basename(section.calibration) !== "puppet.json") {
    const hint = "Give it the name puppet.json, as all calibrations of a folder have theirs.";
    throw new CliError(EXIT.usage, "file-name", `puppet.calibration is ${section.calibration}.`, hint);
  }
  const reader = new PoseReader(createPuppet(puppetOptions(section), hostClock));
  try {
    const identity = await reader.connect();
    note(`${identity.kind} ${identity.serial}, ${identity.joints} joints`);
    const solved = await guide(reader, identity, home, ask);
    if (solved === null) {
      note("Ended; nothing was written.");
      return EXIT.unfinished;
    }
    if ("reason" in solved) {
      throw new CliError(EXIT.unfinished, "not-calibrated", `${solved.reason}. Nothing was written.`, solved.hint);
    }
    const path = writeCalibration(dirname(section.calibration), "puppet", {
      format: "kinevla-calibration-1",
      kind: "puppet",
      measuredAt: new Date().toISOString(),
      by: options.by,
      arm: options.arm,
      calibration: {
        puppet: identity,
        joints: solved.calibration.joints.map(({ sign, zero, scale }) => ({ sign, zero, scale })),
        gripper: solved.calibration.gripper,
      },
      residual: { rad: solved.residual, poses: 2 },
    });
    solved.calibration.joints.forEach(({ sign, zero, scale }, joint) => {
      say(`J${joint + 1}  sign ${sign > 0 ? "+" : "-"}  zero ${inDegrees(zero)} deg  scale ${scale.toFixed(3)}`);
    });
    say(`Residual ${inDegrees(solved.residual)} deg at most. Written: ${path}`);
    tellToSign(path, config);
    return EXIT.done;
  } finally {
    await reader.close();
  }
}

/** Two poses that are known of the arm, each joint alone, then the handle; null when the operator left. */
async function guide(
  reader: PoseReader,
  identity: PuppetIdentity,
  home: JointPosition,
  ask: AskOperator,
): Promise<ReturnType<typeof solvePuppet> | null> {
  const read = async (words: string): Promise<Reading | null> => {
    for (let again = ""; await ask(`${again}${words} Hold it still; Enter.`); again = "It moved. ") {
      const reading = await reader.read();
      if (reading !== null) {
        return reading;
      }
    }
    return null;
  };
  const poses: MatchedPose[] = [];
  const zero = mapJoints(home, () => 0);
  let last: Reading | null = null;
  for (const [name, arm] of [
    ["zero pose: stretched straight up, every joint at 0", zero],
    [`home pose: ${inWords(home)}`, home],
  ] as const) {
    last = await read(`Put the leader into the arm's ${name}.`);
    if (last === null) {
      return null;
    }
    poses.push({ leader: last.angles, arm });
  }
  const moves: GuidedMove[] = [];
  for (let joint = 0; joint < JOINT_COUNT; joint++) {
    const turned = await read(
      `Turn J${joint + 1} alone by about 30 deg, the way that is positive for the arm's J${joint + 1}.`,
    );
    if (turned === null || last === null) {
      return null;
    }
    moves.push({ joint, before: last.angles, after: turned.angles });
    last = turned;
  }
  const closed = await read("Close the handle fully.");
  const open = closed === null ? null : await read("Open the handle fully.");
  if (closed === null || open === null) {
    return null;
  }
  return solvePuppet({ identity, moves, poses, gripper: { closed: closed.gripper, open: open.gripper } });
}

interface Reading {
  /** Means, rad. */
  readonly angles: JointVector;
  readonly gripper: number;
}

/** Mean readings of a leader at rest. */
class PoseReader {
  readonly #puppet: Puppet;
  #samples: PuppetSample[] = [];
  #lost: DriverError | null = null;

  constructor(puppet: Puppet) {
    this.#puppet = puppet;
  }

  /** Throws CliError where it is not there or is another one. */
  async connect(): Promise<PuppetIdentity> {
    try {
      return await this.#puppet.connect({
        onSample: (sample) => this.#samples.push(sample),
        onLost: (error) => {
          this.#lost = error;
        },
      });
    } catch (error) {
      throw error instanceof DriverError ? inWordsOf(error) : error;
    }
  }

  /** What it reads from now on; null while it moves. Throws CliError when the leader is lost. */
  async read(): Promise<Reading | null> {
    this.#samples = [];
    const from = hostClock.now() + SETTLING;
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
    const samples = this.#samples.filter(({ at }) => at >= from);
    const [first] = samples;
    if (this.#lost !== null) {
      throw inWordsOf(this.#lost);
    }
    if (first === undefined || samples.length < LEAST_READINGS) {
      const hint = "Check the leader's cable; kinevla puppet shows how many readings arrive.";
      throw new CliError(EXIT.unhealthy, "few-readings", `${samples.length} readings in ${READ_MS} ms.`, hint);
    }
    const of = (joint: number): readonly number[] => samples.map(({ angles }) => jointAt(angles, joint));
    const sways = first.angles.some((_, joint) => Math.max(...of(joint)) - Math.min(...of(joint)) > MOST_SWAY);
    return sways
      ? null
      : {
          angles: mapJoints(first.angles, (_, joint) => mean(of(joint))),
          gripper: mean(samples.map(({ gripper }) => gripper)),
        };
  }

  close(): Promise<void> {
    return this.#puppet.close();
  }
}

function inWordsOf(error: DriverError): CliError {
  return new CliError(EXIT.unhealthy, error.code, error.message, OPERATOR_HINT[error.code]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function inDegrees(angle: number): string {
  return (angle / DEGREE).toFixed(2);
}

function inWords(pose: JointPosition): string {
  return pose.map((angle, joint) => `J${joint + 1} ${(angle / DEGREE).toFixed(0)}`).join(", ");
}
