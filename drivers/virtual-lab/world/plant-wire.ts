import { type JointPosition, jointPosition } from "../../../daemon/types/units.js";
import type { PlantState } from "../plant.js";

// Between controller and world, on one host: records of doubles of a fixed length, no framing, host byte order.

const BYTES = Float64Array.BYTES_PER_ELEMENT;
/** q, gripper opening, grip force. */
const COMMAND_LENGTH = 9;
/** at, q, torque, gripper opening. */
const STATE_LENGTH = 16;

/** What the drives are told; the gripper is left as it is when null. */
export interface PlantCommand {
  /** Position targets, rad. */
  readonly q: JointPosition;
  /** Opening 0 closed to 1 open; grip force, N. */
  readonly gripper: { readonly opening: number; readonly force: number } | null;
}

/** The bytes of one command. */
export function encodePlantCommand({ q, gripper }: PlantCommand): Buffer {
  return bytesOf([...q, gripper?.opening ?? Number.NaN, gripper?.force ?? Number.NaN]);
}

/** The bytes of one measurement. */
export function encodePlantState({ at, q, torque, gripperOpening }: PlantState): Buffer {
  return bytesOf([at, ...q, ...torque, gripperOpening]);
}

/** Takes the bytes of a connection as they come and calls `hear` with each whole command. */
export function plantCommands(hear: (command: PlantCommand) => void): (bytes: Buffer) => void {
  return records(COMMAND_LENGTH, (values) => {
    const [opening = Number.NaN, force = Number.NaN] = values.slice(7);
    hear({ q: jointPosition(values.slice(0, 7)), gripper: Number.isNaN(opening) ? null : { opening, force } });
  });
}

/** Takes the bytes of a connection as they come and calls `hear` with each whole measurement. */
export function plantStates(hear: (state: PlantState) => void): (bytes: Buffer) => void {
  return records(STATE_LENGTH, (values) => {
    const [at = 0, gripperOpening = 0] = [values[0], values[15]];
    hear({ at, q: jointPosition(values.slice(1, 8)), torque: values.slice(8, 15), gripperOpening });
  });
}

function bytesOf(values: readonly number[]): Buffer {
  return Buffer.from(Float64Array.from(values).buffer);
}

function records(length: number, hear: (values: readonly number[]) => void): (bytes: Buffer) => void {
  const record = new Float64Array(length);
  const into = Buffer.from(record.buffer);
  let filled = 0;
  return (bytes) => {
    for (let read = 0; read < bytes.length; ) {
      const count = bytes.copy(into, filled, read, read + length * BYTES - filled);
      read += count;
      filled = (filled + count) % (length * BYTES);
      if (filled === 0) {
        hear(Array.from(record));
      }
    }
  };
}
