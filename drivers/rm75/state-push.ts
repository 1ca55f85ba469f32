import { type ArmState, QUIET_LINK } from "../../daemon/types/arm-state.js";
import { type Instant, JOINT_COUNT } from "../../daemon/types/units.js";
import { isIntegerIn, isIntegerList, isJsonObject, type JsonObject } from "./json-object.js";
import { errorCodes, isJointList, toPosition } from "./state-fields.js";

/**
 * Reads one datagram of the state push; says why when it is not exactly as documented. A missing joint position must
 * not become zeros, six joints must not become seven, and error fields of either style (up to firmware 1.6 scalars,
 * from 1.7 a list) must be there.
 */
export function readPush(
  push: JsonObject,
  receivedAt: Instant,
): { readonly kind: "state"; readonly state: ArmState } | { readonly kind: "rejected"; readonly reason: string } {
  const { arm_current_status: status = "unknown", joint_status: joints } = push;
  if (push.state !== "realtime_arm_joint_state") {
    return { kind: "rejected", reason: "not a state push" };
  }
  if (typeof status !== "string" || !isJsonObject(joints)) {
    return { kind: "rejected", reason: "no joint status" };
  }
  if (!isJointList(joints.joint_position)) {
    return { kind: "rejected", reason: "joint_position is not seven angles" };
  }
  if (!isIntegerList(joints.joint_err_code, 7, 0, 0xffff)) {
    return { kind: "rejected", reason: "joint_err_code is not seven codes" };
  }
  if (!isIntegerList(joints.joint_en_flag, 7, 0, 1)) {
    return { kind: "rejected", reason: "joint_en_flag is not seven flags" };
  }
  const systemErrors = errorCodes(push);
  if (systemErrors === null) {
    return { kind: "rejected", reason: "no error codes of a known style" };
  }
  return {
    kind: "state",
    state: {
      receivedAt,
      measured: toPosition(joints.joint_position),
      status,
      systemErrors,
      jointErrors: joints.joint_err_code,
      jointEnabled: joints.joint_en_flag.map((flag) => flag === 1),
      health: {
        temperature: readings(joints.joint_temperature, MILLI),
        voltage: readings(joints.joint_voltage, MILLI),
        current: readings(joints.joint_current, MICRO),
        controllerTemperature: null,
      },
      link: QUIET_LINK,
    },
  };
}

/** 0.001 degrees and 0.001 V; 0.001 mA in A. */
const MILLI = 1e-3;
const MICRO = 1e-6;

/** Seven readings in `unit`; NaN for what is missing or is no integer. */
function readings(value: unknown, unit: number): readonly number[] {
  const list: readonly unknown[] = Array.isArray(value) && value.length === JOINT_COUNT ? value : [];
  return Array.from({ length: JOINT_COUNT }, (_, joint) => {
    const reading = list[joint];
    return isIntegerIn(reading, -1e9, 1e9) ? reading * unit : Number.NaN;
  });
}
