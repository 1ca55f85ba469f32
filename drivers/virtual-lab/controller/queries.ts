import type { JsonObject } from "../../rm75/json-object.js";
import { type ControllerState, toMilliDeg } from "./controller-state.js";
import { forward, toEuler, toQuaternion } from "./kinematics.js";
import { CONSTANT_REPLIES, type Json, REGISTERS } from "./registers.js";

type Reply = { readonly [field: string]: Json };

/** The answer to a query by the documented shape; null for a command that is no query. */
export function answerQuery(state: ControllerState, request: JsonObject): Reply | null {
  const name = String(request.command);
  const live = LIVE[name];
  if (live !== undefined) {
    return live(state, request);
  }
  const register = REGISTERS.find(({ get }) => get === name);
  if (register !== undefined) {
    return { [register.style]: register.name, [register.field]: state.registers.get(name) ?? register.initial };
  }
  return CONSTANT_REPLIES[name] ?? null;
}

/** Flange pose as the vendor writes it: um and 0.001 rad of Euler angles. */
function milliPose(state: ControllerState): readonly number[] {
  const { position, rotation } = forward(state.plant.measured().q);
  return [
    ...position.map((value) => Math.round(value * 1e6)),
    ...toEuler(rotation).map((value) => Math.round(value * 1e3)),
  ];
}

/** Current in 0.001 mA; 3 N m/A is invented, the vendor publishes no torque constant. */
function milliMilliAmpere({ plant, disturbance }: ControllerState): readonly number[] {
  const { at, torque } = plant.measured();
  // A real reading never says the very same twice. A world that stands still because this machine is busy does.
  const noise = Math.floor(at * 1000) % 7;
  return torque.map((value, joint) => Math.round((disturbance.current.get(joint) ?? value / 3) * 1e6) + noise);
}

/** Temperatures in 0.001 degrees; null for a sensor that says nothing. */
function milliCelsius({ disturbance }: ControllerState): readonly (number | null)[] {
  return TEMPERATURE.map((usual, joint) => {
    const celsius = disturbance.temperature.get(joint);
    return celsius === undefined ? usual : Number.isNaN(celsius) ? null : Math.round(celsius * 1e3);
  });
}

function milliVolt({ disturbance }: ControllerState): readonly number[] {
  return VOLTAGE.map((usual, joint) => Math.round((disturbance.voltage.get(joint) ?? usual / 1e3) * 1e3));
}

const TEMPERATURE = [31_200, 30_800, 32_000, 31_500, 33_000, 33_500, 32_900];
const VOLTAGE = [24_100, 24_100, 24_100, 24_100, 24_100, 24_100, 24_100];

const LIVE: { readonly [command: string]: (state: ControllerState, request: JsonObject) => Reply } = {
  get_joint_degree: (state) => ({ state: "joint_degree", joint: state.measuredMilliDeg() }),
  get_current_arm_state: (state) => ({
    state: "current_arm_state",
    arm_state: { joint: state.measuredMilliDeg(), pose: milliPose(state), ...state.errorFields(state.errors()) },
  }),
  get_arm_all_state: (state) => ({
    state: "arm_all_state",
    all_state: {
      temperature: milliCelsius(state),
      current: milliMilliAmpere(state),
      voltage: milliVolt(state),
      err_flag: state.motion.jointErrors,
      en_flag: state.motion.enabled.map(Number),
      sys_err: state.errors()[0] ?? 0,
      err: state.errors(),
    },
  }),
  get_joint_err_flag: (state) => ({
    state: "joint_err_flag",
    err_flag: state.motion.jointErrors,
    brake_state: [0, 0, 0, 0, 0, 0, 0],
  }),
  get_joint_en_state: (state) => ({ state: "joint_en_state", en_state: state.motion.enabled.map(Number) }),
  get_current_joint_temperature: (state) => ({
    state: "current_joint_temperature",
    joint_temperature: milliCelsius(state),
  }),
  get_current_joint_voltage: (state) => ({ state: "current_joint_voltage", joint_voltage: milliVolt(state) }),
  get_current_joint_current: (state) => ({
    state: "current_joint_current",
    joint_current: milliMilliAmpere(state),
  }),
  get_controller_state: (state) => ({
    state: "controller_state",
    voltage: 24_150,
    current: 1480,
    temperature: Math.round((state.disturbance.controllerTemperature ?? 42.3) * 1e3),
    err_flag: state.errors()[0] ?? 0,
  }),
  get_arm_current_trajectory: (state) => {
    const type = state.motion.segment?.type ?? "none";
    const joints = type === "movej" || type === "none";
    return { state: "arm_current_trajectory", type, data: joints ? state.measuredMilliDeg() : milliPose(state) };
  },
  get_arm_plan_num: () => ({ state: "arm_plan_num", plan_num: 0 }),
  get_system_runtime: (state) => {
    const seconds = Math.floor(process.uptime() - state.bootedAt);
    const [day, hour] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24];
    return { command: "get_system_runtime", day, hour, min: Math.floor(seconds / 60) % 60, sec: seconds % 60 };
  },
  get_arm_software_info: ({ identity }) => {
    const build = { build_time: "2025/06/16 16:43:55", version: identity.firmware };
    const common = { Product_version: identity.product, algorithm_info: { version: "1.5.5" }, ctrl_info: build };
    const command = "arm_software_info";
    return identity.generation === 4
      ? { ...common, command, robot_controller_version: "4.0", communication_info: build, program_info: build }
      : { ...common, command, dynamic_info: { model_version: "2" }, plan_info: build };
  },
  get_DH_data: ({ identity }) => ({
    command: "get_DH_data",
    ...Object.fromEntries(identity.dh.map((row, i) => [`joint_${i + 1}`, row])),
  }),
  get_realtime_push: ({ push }) => ({
    command: "get_realtime_push",
    custom: push.custom,
    cycle: push.cycle,
    enable: push.enable,
    force_coordinate: push.forceCoordinate,
    ip: push.ip,
    port: push.port,
  }),
  get_gripper_state: (state) => ({ command: "get_gripper_state", ...state.gripperReport() }),
  get_current_tool_frame: (state) => ({
    state: "current_tool_frame",
    tool_name: state.toolFrame,
    ...frame(state.toolFrames, state.toolFrame),
    ...(state.disturbance.payload === null ? {} : { payload: state.disturbance.payload }),
  }),
  get_current_work_frame: (state) => ({
    state: "current_work_frame",
    frame_name: state.workFrame,
    ...frame(state.workFrames, state.workFrame),
  }),
  get_tool_frame: (state, { tool_name: name }) => ({
    state: "given_tool_frame",
    tool_name: String(name),
    ...frame(state.toolFrames, String(name)),
  }),
  get_work_frame: (state, { frame_name: name }) => ({
    state: "given_work_frame",
    frame_name: String(name),
    ...frame(state.workFrames, String(name)),
  }),
  get_total_tool_frame: (state) => ({
    state: "total_tool_frame",
    tool_names: [...state.toolFrames.keys(), "NULL"],
  }),
  get_total_work_frame: (state) => ({
    state: "total_work_frame",
    frame_names: [...state.workFrames.keys(), "NULL"],
  }),
  read_holding_registers: (_state, { device }) =>
    device === 1 || device === 2
      ? { command: "read_holding_registers", data: 512 }
      : { command: "read_holding_registers", read_state: false },
};

function frame(frames: ReadonlyMap<string, JsonObject>, name: string): Reply {
  const found = frames.get(name) ?? { pose: [0, 0, 0, 0, 0, 0] };
  return Object.fromEntries(Object.entries(found).flatMap(([key, value]) => (isJson(value) ? [[key, value]] : [])));
}

function isJson(value: unknown): value is Json {
  return typeof value === "number" || (Array.isArray(value) && value.every((item) => typeof item === "number"));
}

/** One datagram of the state push, with CR LF. */
export function pushDatagram(state: ControllerState): Buffer {
  const { disturbance } = state;
  const q = disturbance.reported(state.plant.measured().q);
  const { position, rotation } = forward(q);
  const { custom } = state.push;
  const status = disturbance.status ?? state.motion.status();
  const datagram = {
    state: "realtime_arm_joint_state",
    ...(custom.arm_current_status === true ? { arm_current_status: status } : {}),
    ...state.errorFields(state.pushedErrors()),
    joint_status: {
      joint_current: milliMilliAmpere(state),
      joint_en_flag: state.motion.enabled.map(Number),
      joint_err_code: state.motion.jointErrors,
      joint_position: toMilliDeg(q),
      joint_temperature: milliCelsius(state),
      joint_voltage: milliVolt(state),
      joint_speed: [0, 0, 0, 0, 0, 0, 0],
    },
    waypoint: {
      euler: toEuler(rotation).map((value) => Math.round(value * 1e3)),
      position: position.map((value) => Math.round(value * 1e6)),
      quat: toQuaternion(rotation).map((value) => Math.round(value * 1e6)),
    },
  };
  return Buffer.from(`${JSON.stringify(datagram)}\r\n`);
}
