import type { ArmState } from "../../daemon/types/arm-state.js";
import type { Instant } from "../../daemon/types/units.js";
import { isIntegerList, isJsonObject, type JsonObject } from "./json-object.js";
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
    },
  };
}
