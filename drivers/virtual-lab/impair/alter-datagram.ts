import type { Seconds } from "../../../daemon/types/units.js";
import { isJsonObject, type JsonObject } from "../../rm75/json-object.js";
import type { Alteration } from "./impairment.js";

/** A datagram with one bit flipped, `where` from 0 (its first byte) to 1. */
export function flipped(datagram: Buffer, where: number): Buffer {
  const bytes = Buffer.from(datagram);
  const index = Math.floor(where * (bytes.length - 2));
  bytes[index] = (bytes[index] ?? 0) ^ 0x08;
  return bytes;
}

/** A datagram of the state push with its content made wrong, `elapsed` after the first such one. */
export function altered(datagram: Buffer, how: Alteration, elapsed: Seconds): Buffer {
  const push: unknown = JSON.parse(datagram.toString());
  if (!isJsonObject(push) || !isJsonObject(push.joint_status)) {
    return datagram;
  }
  const { joint_status: status } = push;
  const withStatus = (changed: JsonObject): Buffer => line({ ...push, joint_status: { ...status, ...changed } });
  /** One joint's value of a list is another; 0.001 of the unit, J1 = 0. */
  const withJoint = (field: string, joint: number, change: (value: number) => unknown): Buffer =>
    withStatus({ [field]: numbers(status[field]).map((value, index) => (index === joint ? change(value) : value)) });
  const joints = numbers(status.joint_position);
  switch (how) {
    case "jump":
      return withJoint("joint_position", 1, (angle) => angle + 5000);
    case "offset":
      return withJoint("joint_position", 1, (angle) => angle + 10_000);
    case "overspeed":
      // J3, which hardly moves over the table, at 1.6 times the 45 deg/s that it may.
      return withJoint("joint_position", 2, (angle) => angle + Math.round(72_000 * elapsed));
    case "drift":
      return withJoint("joint_position", 0, (angle) => angle + Math.round(2000 * elapsed));
    case "six-joints":
      return withStatus({ joint_position: joints.slice(0, 6) });
    case "eight-joints":
      return withStatus({ joint_position: [...joints, 0] });
    case "strings":
      return withStatus({ joint_position: joints.map(String) });
    case "null-joints":
      return withStatus({ joint_position: null });
    case "infinite":
      return Buffer.from(
        withJoint("joint_position", 0, () => "#")
          .toString()
          .replace('"#"', "1e999"),
      );
    case "no-errors": {
      const { arm_err: _arm, sys_err: _system, err: _list, ...rest } = push;
      return line(rest);
    }
    case "corrupt":
      return flipped(datagram, 0.5);
    case "temperature-ramp":
      return withJoint("joint_temperature", 2, () => Math.round(Math.min(95, 60 + 17 * elapsed) * 1000));
    case "temperature-negative":
      return withJoint("joint_temperature", 2, () => -1000);
    case "temperature-null":
      return withJoint("joint_temperature", 2, () => null);
    case "voltage-sag":
      return withStatus({
        joint_voltage: joints.map(() => Math.round(Math.max(19, 24 - 25 * elapsed) * 1000)),
      });
    case "current-surge":
      return withJoint("joint_current", 1, (current) => Math.round(2.5 * Math.max(current, FREE_CURRENT)));
    default:
      return how satisfies never;
  }
}

/** What J2 takes at most in free motion, as the wire has it, uA: 12 A of the limits file. */
const FREE_CURRENT = 12e6;

function numbers(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

function line(message: JsonObject): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\r\n`);
}
