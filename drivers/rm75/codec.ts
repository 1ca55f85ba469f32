import type { JointPosition, Seconds } from "../../daemon/types/units.js";
import { MILLI_DEGREE } from "./joint-target.js";
import { isIntegerIn, isIntegerList, isJsonObject, type JsonObject } from "./json-object.js";
import { errorCodes, isJointList, toPosition } from "./state-fields.js";

/** A request and how its answer is recognised and read; `read` gives null for an answer of the wrong shape. */
export interface Query<Answer> {
  readonly command: string;
  readonly request: Buffer;
  /** The key and value that name the reply. */
  readonly style: "state" | "command";
  readonly name: string;
  read(reply: JsonObject): Answer | null;
}

/** Where the state push goes; `statusWord` is one of the options that the vendor calls custom. */
export interface PushSettings {
  readonly enable: boolean;
  /** Period in units of 5 ms. */
  readonly cycle: number;
  readonly port: number;
  readonly ip: string;
  readonly statusWord: boolean;
}

/** Who the controller says it is. */
export interface SoftwareInfo {
  readonly model: string;
  readonly generation: number;
  /** Version of the controller's software without the leading V, for example 1.7.1. */
  readonly firmware: string;
}

/** What `get_current_arm_state` says; the push says more. */
export interface PolledState {
  readonly q: JointPosition;
  readonly systemErrors: readonly number[];
}

/** What the gripper reports of itself. */
export interface GripperReport {
  /** 0 closed to 1 open. */
  readonly opening: number;
  readonly online: boolean;
  /** Bits: 0 stalled, 1 overheated, 2 over-current, 3 driver, 4 internal communication. */
  readonly errors: number;
}

/** One joint's row of the modified DH table. */
export interface LinkGeometry {
  /** rad */
  readonly alpha: number;
  /** m */
  readonly a: number;
  /** m */
  readonly d: number;
  /** rad */
  readonly offset: number;
}

/** What the controller counts with at its flange: the tool frame in use. */
export interface ToolFrame {
  readonly name: string;
  /** Of the tool frame in the flange's, m; and its turn as rotation Rz Ry Rx, rad. */
  readonly position: readonly number[];
  readonly angles: readonly number[];
  /** kg */
  readonly payload: number;
  /** Centre of mass in the flange's frame, m. */
  readonly centre: readonly number[];
}

/** The fast stop on the controller's own ramp. */
export const QUICK_STOP = line({ command: "set_arm_stop" });
/** The stop that decelerates on the path. */
export const SLOW_STOP = line({ command: "set_arm_slow_stop" });

/** 0.001 RPM in rad/s. */
const MILLI_RPM = (2 * Math.PI) / 60_000;
const MICROMETRE = 1e-6;
const MILLI = 1e-3;

export const SOFTWARE_INFO: Query<SoftwareInfo> = query(
  "get_arm_software_info",
  "command",
  "arm_software_info",
  (reply) => {
    const { Product_version: model, ctrl_info: control, robot_controller_version: version } = reply;
    const firmware = isJsonObject(control) ? control.version : null;
    const generation = typeof version === "string" ? Number.parseInt(version, 10) : 3;
    if (typeof model !== "string" || typeof firmware !== "string" || !isIntegerIn(generation, 1, 99)) {
      return null;
    }
    return { model, generation, firmware: firmware.replace(/^V/i, "") };
  },
);

export const JOINT_MINIMUM = jointAngles("get_joint_min_pos", "joint_min_pos", "min_pos");
export const JOINT_MAXIMUM = jointAngles("get_joint_max_pos", "joint_max_pos", "max_pos");

/** Maximum joint speeds in rad/s. */
export const JOINT_SPEED: Query<readonly number[]> = query(
  "get_joint_max_speed",
  "state",
  "joint_max_speed",
  (reply) =>
    isIntegerList(reply.joint_speed, 7, 0, 1_000_000) ? reply.joint_speed.map((value) => value * MILLI_RPM) : null,
);

export const LINK_GEOMETRY: Query<readonly LinkGeometry[]> = query("get_DH_data", "command", "get_DH_data", (reply) => {
  const rows: LinkGeometry[] = [];
  for (let joint = 1; joint <= 7; joint += 1) {
    const row = reply[`joint_${joint}`];
    if (!isIntegerList(row, 4, -10_000_000, 10_000_000)) {
      return null;
    }
    const [alpha = 0, a = 0, d = 0, offset = 0] = row;
    rows.push({ alpha: alpha * MILLI_DEGREE, a: a * MICROMETRE, d: d * MICROMETRE, offset: offset * MILLI_DEGREE });
  }
  return rows;
});

export const PUSH_SETTINGS: Query<PushSettings> = query(
  "get_realtime_push",
  "command",
  "get_realtime_push",
  (reply) => {
    const { enable, cycle, port, ip, custom } = reply;
    const statusWord = isJsonObject(custom) && custom.arm_current_status === true;
    const known =
      typeof enable === "boolean" &&
      typeof ip === "string" &&
      isIntegerIn(cycle, 1, 10_000) &&
      isIntegerIn(port, 0, 65_535);
    return known ? { enable, cycle, port, ip, statusWord } : null;
  },
);

export const POLLED_STATE: Query<PolledState> = query(
  "get_current_arm_state",
  "state",
  "current_arm_state",
  (reply) => {
    const state = reply.arm_state;
    if (!isJsonObject(state) || !isJointList(state.joint)) {
      return null;
    }
    const systemErrors = errorCodes(state);
    return systemErrors === null ? null : { q: toPosition(state.joint), systemErrors };
  },
);

export const JOINT_ERRORS: Query<readonly number[]> = query("get_joint_err_flag", "state", "joint_err_flag", (reply) =>
  isIntegerList(reply.err_flag, 7, 0, 0xffff) ? reply.err_flag : null,
);

export const JOINT_ENABLED: Query<readonly boolean[]> = query(
  "get_joint_en_state",
  "state",
  "joint_en_state",
  (reply) => (isIntegerList(reply.en_state, 7, 0, 1) ? reply.en_state.map((flag) => flag === 1) : null),
);

/** Sensitivity of collision detection, 0 (off) to 8. */
export const COLLISION_STAGE: Query<number> = query(
  "get_collision_stage",
  "state",
  "get_collision_stage",
  ({ collision_stage: stage }) => (isIntegerIn(stage, 0, 8) ? stage : null),
);

/** Temperature of the controller in degrees Celsius, from its 0.001 degrees. */
export const CONTROLLER_TEMPERATURE: Query<number> = query(
  "get_controller_state",
  "state",
  "controller_state",
  ({ temperature }) => (isIntegerIn(temperature, -1e6, 1e6) ? temperature * 1e-3 : null),
);

/** The tool frame in use; after power-up that of no load. Wire: 0.001 mm, 0.001 rad, g. */
export const TOOL_FRAME: Query<ToolFrame> = query(
  "get_current_tool_frame",
  "state",
  "current_tool_frame",
  ({ tool_name: name, pose, payload, position: centre }) => {
    const known =
      typeof name === "string" &&
      isIntegerList(pose, 6, -10_000_000, 10_000_000) &&
      isIntegerIn(payload, 0, 100_000) &&
      isIntegerList(centre, 3, -10_000_000, 10_000_000);
    return known
      ? {
          name,
          position: pose.slice(0, 3).map((value) => value * MICROMETRE),
          angles: pose.slice(3).map((value) => value * MILLI),
          payload: payload * MILLI,
          centre: centre.map((value) => value * MICROMETRE),
        }
      : null;
  },
);

/** How long the controller has run, s. */
export const RUNNING_TIME: Query<Seconds> = query(
  "get_system_runtime",
  "command",
  "get_system_runtime",
  ({ day, hour, min, sec }) => {
    const known =
      isIntegerIn(day, 0, 1e6) && isIntegerIn(hour, 0, 23) && isIntegerIn(min, 0, 59) && isIntegerIn(sec, 0, 59);
    return known ? ((day * 24 + hour) * 60 + min) * 60 + sec : null;
  },
);

/** Hardware address (MAC) of the controller's wired interface, in lower case. */
export const HARDWARE_ADDRESS: Query<string> = query("get_wired_net", "command", "get_wired_net", ({ mac }) =>
  typeof mac === "string" && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac) ? mac.toLowerCase() : null,
);

export const CLEAR_SYSTEM_ERROR = setter({ command: "clear_system_err" }, "clear_state");

export const GRIPPER_REPORT: Query<GripperReport> = query(
  "get_gripper_state",
  "command",
  "get_gripper_state",
  (reply) => {
    const { actpos, status, error } = reply;
    const known = isIntegerIn(actpos, 0, 1000) && isIntegerIn(status, 0, 1) && isIntegerIn(error, 0, 0xffff);
    return known ? { opening: actpos / 1000, online: status === 1, errors: error } : null;
  },
);

/** Clears the errors of joint 1 to 7. */
export function clearJointError(joint: number): Query<boolean> {
  return setter({ command: "set_joint_clear_err", joint_clear_err: joint }, "joint_clear_err");
}

/** Enables the drive of joint 1 to 7. */
export function enableJoint(joint: number): Query<boolean> {
  return setter({ command: "set_joint_en_state", joint_en_state: [joint, 1] }, "joint_en_state");
}

/** Says where the state push goes; options that are not named keep their value. */
export function configurePush({ statusWord, ...settings }: PushSettings): Query<boolean> {
  return setter({ command: "set_realtime_push", ...settings, custom: { arm_current_status: statusWord } }, "state");
}

/** The opening 0 (closed) to 1 (open) as the wire counts it, 1 to 1000. */
export function gripperPosition(opening: number): number {
  return Math.max(1, Math.min(1000, Math.round(opening * 1000)));
}

/** Moves the gripper to an opening from 0 (closed) to 1 (open) without waiting for it. */
export function moveGripper(opening: number): Query<boolean> {
  const position = gripperPosition(opening);
  const { request, read } = setter({ command: "set_gripper_position", position, block: false }, "state");
  return { command: "set_gripper_position", request, style: "command", name: "set_gripper", read };
}

/** True when `reply` answers `asked`. */
export function answers(asked: Query<unknown>, reply: JsonObject): boolean {
  return reply[asked.style] === asked.name;
}

/** What became of a stop: confirmed or refused by the arm; null for any other message. */
export function stopReply(message: JsonObject): boolean | null {
  switch (message.command) {
    case "set_arm_stop":
      return message.arm_stop === true;
    case "set_arm_slow_stop":
      return message.arm_slow_stop === true;
    default:
      return null;
  }
}

/** True for the arm's word that it does not take a setpoint; on TCP it says nothing of those that it takes. */
export function refusesSetpoint(message: JsonObject): boolean {
  return message.command === "movej_canfd" && message.receive_state === false;
}

function jointAngles(command: string, name: string, field: string): Query<JointPosition> {
  return query(command, "state", name, (reply) => {
    const value = reply[field];
    return isJointList(value) ? toPosition(value) : null;
  });
}

function setter(
  request: { readonly command: string; readonly [field: string]: unknown },
  field: string,
): Query<boolean> {
  return {
    command: request.command,
    request: line(request),
    style: "command",
    name: request.command,
    read: (reply) => {
      const value = reply[field];
      return typeof value === "boolean" ? value : null;
    },
  };
}

function query<Answer>(
  command: string,
  style: "state" | "command",
  name: string,
  read: (reply: JsonObject) => Answer | null,
): Query<Answer> {
  return { command, request: line({ command }), style, name, read };
}

/** One message with the CR LF without which the arm does not react. */
function line(message: JsonObject): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\r\n`);
}
