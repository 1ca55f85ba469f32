import { type Instant, isJointVector, type JointPosition, jointPosition } from "../../../daemon/types/units.js";
import { isIntegerIn, isIntegerList, type JsonObject } from "../../rm75/json-object.js";
import type { ArrivalRecord } from "./arrivals.js";
import { type ControllerState, MILLI_DEGREE } from "./controller-state.js";
import { forward, fromEuler, fromQuaternion, fromRotationVector, inverse, multiply, type Pose } from "./kinematics.js";
import type { Segment } from "./motion.js";
import { lineTo, planThrough } from "./plan.js";
import { answerQuery } from "./queries.js";
import { CONFIRMED, type Json, REGISTERS, SILENT } from "./registers.js";

/** Who sent a command, and how to answer. */
export interface Caller {
  /** Counts connections since the controller started. */
  readonly id: number;
  /** True for a serial line, where frames of a stream are answered. */
  readonly serial: boolean;
  send(reply: { readonly [field: string]: Json }): void;
}

/** What a command works on. */
export interface Execution {
  readonly state: ControllerState;
  readonly arrivals: ArrivalRecord;
  /** True while an injected fault makes the arm ignore stops. */
  readonly ignoresStop: boolean;
  /** Segments of a chain that waits for its last member (`trajectory_connect` 1). */
  readonly chain: Segment[];
}

type Command = (run: Execution, request: JsonObject, caller: Caller, at: Instant) => void;

/** Executes one request; commands that nobody documents stay unanswered. */
export function execute(run: Execution, request: JsonObject, caller: Caller, at: Instant): void {
  const name = request.command;
  if (typeof name !== "string") {
    return;
  }
  const command = COMMANDS[name];
  if (command !== undefined) {
    command(run, request, caller, at);
    return;
  }
  const setter = REGISTERS.find(({ set }) => set === name);
  if (setter?.get) {
    const accepted = store(run.state, setter.get, request[setter.carries], setter.perJoint);
    caller.send({ command: name, [setter.confirms]: accepted });
    run.state.motion.collisionLatched = run.state.registers.get("get_collision_remove_enable") === true;
    return;
  }
  const reply = answerQuery(run.state, request);
  if (reply !== null) {
    caller.send(reply);
  } else if (CONFIRMED[name] !== undefined) {
    caller.send({ command: name, [CONFIRMED[name]]: true });
  } else if (!SILENT.has(name)) {
    caller.send({ command: name, state: false });
  }
}

const COMMANDS: { readonly [name: string]: Command } = {
  movej_canfd: streamJoints,
  movej_follow: streamJoints,
  movep_canfd: streamPose,
  movep_follow: streamPose,
  movev_canfd: streamVelocity,
  movej: (run, request, caller, at) => move(run, request, caller, at, "movej", [jointGoal(run, request.joint)]),
  movej_p: (run, request, caller, at) => move(run, request, caller, at, "movej", [poseGoal(run, request.pose)]),
  movel: (run, request, caller, at) => move(run, request, caller, at, "movel", line(run, poseOf(request.pose))),
  moves: (run, request, caller, at) => move(run, request, caller, at, "moves", line(run, poseOf(request.pose))),
  movec: (run, request, caller, at) => {
    const pose = request.pose;
    const goals = typeof pose === "object" && pose !== null ? Object.values(pose) : [];
    move(run, request, caller, at, "movec", goals.length === 2 ? goals.map((goal) => poseGoal(run, goal)) : null);
  },
  movel_offset: (run, request, caller, at) =>
    move(run, request, caller, at, "movel", line(run, offset(run, request.offset, request.frame_type === 1))),
  set_joint_step: (run, request, caller, at) => {
    const [joint, step] = pair(request.joint_step);
    const q = [...run.state.motion.commanded];
    q[joint - 1] = (q[joint - 1] ?? Number.NaN) + step * MILLI_DEGREE;
    move(run, request, caller, at, "movej", [isJointVector(q) ? reachable(run, jointPosition(q)) : null]);
  },
  set_pos_step: (run, request, caller, at) => {
    const axis = ["x_step", "y_step", "z_step"].indexOf(String(request.step_type));
    const shift = [0, 0, 0, 0, 0, 0].map((_, i) => (i === axis ? request.step : 0));
    move(run, request, caller, at, "movel", line(run, offset(run, shift, false)));
  },
  set_ort_step: (run, request, caller, at) => {
    const axis = ["rx_step", "ry_step", "rz_step"].indexOf(String(request.step_type));
    const shift = [0, 0, 0, 0, 0, 0].map((_, i) => (i === axis + 3 ? request.step : 0));
    move(run, request, caller, at, "movel", line(run, offset(run, shift, false)));
  },
  set_joint_teach: (run, request, caller, at) => {
    const joint = request.teach_joint;
    if (!isIntegerIn(joint, 1, 7)) {
      caller.send({ command: "set_joint_teach", joint_teach: false });
      return;
    }
    const { minimum, maximum } = run.state.limits();
    const q = [...run.state.motion.commanded];
    q[joint - 1] = (request.direction === "pos" ? maximum : minimum)[joint - 1] ?? 0;
    run.arrivals.add(at, "set_joint_teach", caller.id, null);
    run.state.motion.run([segment(run, [jointPosition(q)], "movej", percent(request) ?? 1, () => {})], at);
    caller.send({ command: "set_joint_teach", joint_teach: true });
  },
  set_stop_teach: stop("slow_stop", "stop_teach"),
  set_arm_stop: stop("stop", "arm_stop"),
  set_arm_slow_stop: stop("slow_stop", "arm_slow_stop"),
  set_arm_pause: stop("pause", "arm_pause"),
  set_arm_emergency_stop: (run, request, caller, at) => {
    if (request.emergency_stop === 1) {
      run.arrivals.add(at, "set_arm_emergency_stop", caller.id, null);
      run.state.motion.stop("stop");
    }
    caller.send({ command: "set_arm_emergency_stop", set_state: true });
  },
  set_arm_continue: (run, _request, caller, at) => {
    const paused = run.state.motion.takePaused();
    if (paused !== null) {
      const rest = [run.state.motion.commanded, ...paused.plan.waypoints.slice(-1)];
      const plan = planThrough(rest, 20, run.state.limits().maximumSpeed);
      run.state.motion.run([{ ...paused, plan }], at);
    }
    caller.send({ command: "set_arm_continue", arm_continue: true });
  },
  set_delete_current_trajectory: (run, _request, caller) => {
    run.state.motion.takePaused();
    caller.send({ command: "set_delete_current_trajectory", delete_current_trajectory: true });
  },
  set_arm_delete_trajectory: (run, _request, caller) => {
    run.state.motion.takePaused();
    caller.send({ command: "set_arm_delete_trajectory", arm_delete_trajectory: true });
  },
  clear_system_err: (run, _request, caller) => {
    run.state.motion.systemErrors.clear();
    caller.send({ command: "clear_system_err", clear_state: true });
  },
  set_joint_clear_err: (run, { joint_clear_err: joint }, caller) => {
    const known = isIntegerIn(joint, 1, 7);
    if (known) {
      run.state.motion.jointErrors[joint - 1] = 0;
    }
    caller.send({ command: "set_joint_clear_err", joint_clear_err: known });
  },
  set_joint_en_state: (run, request, caller) => {
    const [joint, enabled] = pair(request.joint_en_state);
    const known = isIntegerIn(joint, 1, 7);
    if (known) {
      run.state.motion.enabled[joint - 1] = enabled === 1;
    }
    caller.send({ command: "set_joint_en_state", joint_en_state: known });
  },
  auto_set_joint_limit: (run, _request, caller) => {
    for (const query of ["get_joint_min_pos", "get_joint_max_pos"]) {
      const factory = REGISTERS.find(({ get }) => get === query);
      run.state.registers.set(query, factory?.initial ?? 0);
    }
    caller.send({ command: "auto_set_joint_limit", limit_mode: true });
  },
  set_realtime_push: (run, request, caller) => {
    caller.send({ command: "set_realtime_push", state: run.state.configurePush(request) });
  },
  set_gripper_position: (run, request, caller) => grip(run, request, caller, request.position, 1000),
  set_gripper_release: (run, request, caller) => grip(run, request, caller, 1000, 1000),
  set_gripper_pick: (run, request, caller) => grip(run, request, caller, 1, request.force),
  set_gripper_pick_on: (run, request, caller) => grip(run, request, caller, 1, request.force),
  set_manual_tool_frame: frameSetter("toolFrames", "tool_name", "tool_pose", "manual_tool_frame"),
  update_tool_frame: frameSetter("toolFrames", "tool_name", "tool_pose", "update_state"),
  set_manual_work_frame: frameSetter("workFrames", "frame_name", "frame_pose", "manual_work_frame"),
  update_work_frame: frameSetter("workFrames", "frame_name", "frame_pose", "update_state"),
  set_change_tool_frame: (run, { tool_name: name }, caller) => {
    run.state.toolFrame = String(name);
    caller.send({ command: "set_change_tool_frame", change_tool_frame: true });
  },
  set_change_work_frame: (run, { frame_name: name }, caller) => {
    run.state.workFrame = String(name);
    caller.send({ command: "set_change_work_frame", change_work_frame: true });
  },
  set_delete_tool_frame: (run, { tool_name: name }, caller) => {
    run.state.toolFrames.delete(String(name));
    caller.send({ command: "set_delete_tool_frame", delete_tool_frame: true });
  },
  set_delete_work_frame: (run, { frame_name: name }, caller) => {
    run.state.workFrames.delete(String(name));
    caller.send({ command: "set_delete_work_frame", delete_work_frame: true });
  },
};

function streamJoints(run: Execution, request: JsonObject, caller: Caller, at: Instant): void {
  const { joint } = request;
  if (!isIntegerList(joint, 7, -720_000, 720_000)) {
    return;
  }
  const name = request.command === "movej_follow" ? "movej_follow" : "movej_canfd";
  const q = jointPosition(joint.map((value) => value * MILLI_DEGREE));
  run.arrivals.add(at, name, caller.id, q);
  const high = name === "movej_canfd" && request.follow === true;
  run.state.motion.stream({ q, high, status: "move_through_joint", smoothing: smoothing(request, high) }, at);
  if (caller.serial && name === "movej_canfd") {
    caller.send({ state: "joint_state", joint: run.state.measuredMilliDeg(), arm_err: run.state.errors()[0] ?? 0 });
  }
}

function streamPose(run: Execution, request: JsonObject, caller: Caller, at: Instant): void {
  const pose = poseOf(request.pose ?? request.pose_quat);
  const q = pose === null ? null : inverse(pose, run.state.motion.commanded);
  const name = String(request.command);
  run.arrivals.add(at, name, caller.id, q);
  if (q === null) {
    run.state.motion.fail(0x1003);
    return;
  }
  const high = name === "movep_canfd" && request.follow === true;
  run.state.motion.stream({ q, high, status: "move_through_pose", smoothing: smoothing(request, high) }, at);
}

/** Each frame moves the target by one period of the Cartesian velocity, um/s and 0.001 rad/s over 10 ms. */
function streamVelocity(run: Execution, request: JsonObject, caller: Caller, at: Instant): void {
  const velocity = request.cartesian_velocity;
  run.arrivals.add(at, "movev_canfd", caller.id, null);
  const shift = isIntegerList(velocity, 6, -2e6, 2e6) ? velocity.map((value) => value * 0.01) : null;
  const goal = offset(run, shift, false);
  const q = goal === null ? null : inverse(goal, run.state.motion.commanded);
  if (q !== null) {
    run.state.motion.stream({ q, high: true, status: "movev_canfd", smoothing: 1 }, at);
  }
}

/** Filter weight of trajectory modes 1 and 2; `radio` is the vendor's name of the smoothing, 0 to 1000. */
function smoothing(request: JsonObject, high: boolean): number {
  const { trajectory_mode: mode, radio } = request;
  const filtered = high && (mode === 1 || mode === 2) && typeof radio === "number";
  return filtered ? 1 / (1 + Math.max(0, radio) / 100) : 1;
}

function move(
  run: Execution,
  request: JsonObject,
  caller: Caller,
  at: Instant,
  type: Segment["type"],
  goals: readonly (JointPosition | null)[] | null,
): void {
  const command = String(request.command);
  run.arrivals.add(at, command, caller.id, null);
  const waypoints = goals?.filter((goal) => goal !== null) ?? [];
  const v = percent(request);
  const ready = run.state.motion.enabled.every(Boolean) && run.state.motion.jointErrors.every((bits) => bits === 0);
  const accepted = goals !== null && waypoints.length === goals.length && v !== null && ready;
  caller.send({ command, receive_state: accepted });
  if (!accepted) {
    return;
  }
  const connected = request.trajectory_connect === 1;
  const done = (ok: boolean) =>
    caller.send({
      state: "current_trajectory_state",
      trajectory_state: ok,
      device: 0,
      trajectory_connect: connected ? 1 : 0,
    });
  run.chain.push(segment(run, waypoints, type, v, done));
  if (!connected) {
    run.state.motion.run(run.chain.splice(0), at);
  }
}

function segment(
  run: Execution,
  waypoints: readonly JointPosition[],
  type: Segment["type"],
  v: number,
  done: (ok: boolean) => void,
): Segment {
  const from = run.chain.at(-1)?.plan.waypoints.at(-1) ?? run.state.motion.commanded;
  const status = ({ movej: "move_J", movel: "move_L", movec: "move_C", moves: "move_S" } as const)[type];
  const plan = planThrough([from, ...waypoints], v, run.state.limits().maximumSpeed);
  return { plan, status, type, done };
}

function stop(kind: "stop" | "slow_stop" | "pause", confirms: string): Command {
  return (run, request, caller, at) => {
    const command = String(request.command);
    run.arrivals.add(at, command, caller.id, null);
    run.chain.length = 0;
    if (!run.ignoresStop) {
      run.state.motion.stop(kind);
    }
    caller.send({ command, [confirms]: true });
  };
}

function grip(run: Execution, request: JsonObject, caller: Caller, position: unknown, force: unknown): void {
  const accepted = isIntegerIn(position, 1, 1000) && isIntegerIn(force, 50, 1000);
  caller.send({ command: "set_gripper", state: accepted });
  if (accepted) {
    run.state.commandGripper(position, force, () => {
      if (request.block === true) {
        caller.send({ state: "current_trajectory_state", trajectory_state: true, device: 1, trajectory_connect: 0 });
      }
    });
  }
}

function frameSetter(
  frames: "toolFrames" | "workFrames",
  nameField: string,
  poseField: string,
  confirms: string,
): Command {
  return (run, request, caller) => {
    const { payload = 0, position = [0, 0, 0] } = request;
    const pose = request[poseField];
    const accepted = isIntegerList(pose, 6, -1e7, 1e7);
    if (accepted) {
      run.state[frames].set(
        String(request[nameField]),
        frames === "toolFrames" ? { pose, payload, position } : { pose },
      );
    }
    caller.send({ command: String(request.command), [confirms]: accepted });
  };
}

function store(state: ControllerState, query: string, value: unknown, perJoint: boolean): boolean {
  if (perJoint) {
    const [joint, number] = pair(value);
    const values = [...state.numbers(query)];
    values[joint - 1] = number;
    if (isIntegerIn(joint, 1, 7)) {
      state.registers.set(query, values);
    }
    return isIntegerIn(joint, 1, 7);
  }
  if (typeof value === "number" || typeof value === "boolean") {
    state.registers.set(query, value);
    return true;
  }
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) {
    state.registers.set(query, value);
    return true;
  }
  return false;
}

function jointGoal(run: Execution, joint: unknown): JointPosition | null {
  return isIntegerList(joint, 7, -720_000, 720_000)
    ? reachable(run, jointPosition(joint.map((value) => value * MILLI_DEGREE)))
    : null;
}

function poseGoal(run: Execution, pose: unknown): JointPosition | null {
  const goal = poseOf(pose);
  const q = goal === null ? null : inverse(goal, present(run));
  return q === null ? null : reachable(run, q);
}

function line(run: Execution, goal: Pose | null): readonly (JointPosition | null)[] | null {
  return goal === null
    ? null
    : (lineTo(goal, present(run))
        ?.slice(1)
        .map((q) => reachable(run, q)) ?? null);
}

/** Where the next segment starts. */
function present(run: Execution): JointPosition {
  return run.chain.at(-1)?.plan.waypoints.at(-1) ?? run.state.motion.commanded;
}

function reachable(run: Execution, q: JointPosition): JointPosition | null {
  const { minimum, maximum } = run.state.limits();
  return q.every((angle, i) => angle >= (minimum[i] ?? angle) && angle <= (maximum[i] ?? angle)) ? q : null;
}

/** A pose of 6 numbers (um, 0.001 rad of Euler angles) or 7 (um, 1e-6 of quaternion). */
function poseOf(value: unknown): Pose | null {
  if (isIntegerList(value, 6, -1e7, 1e7)) {
    const [x = 0, y = 0, z = 0, rx = 0, ry = 0, rz = 0] = value;
    return { position: [x * 1e-6, y * 1e-6, z * 1e-6], rotation: fromEuler(rx * 1e-3, ry * 1e-3, rz * 1e-3) };
  }
  if (isIntegerList(value, 7, -1e7, 1e7)) {
    const [x = 0, y = 0, z = 0, ...quaternion] = value;
    return { position: [x * 1e-6, y * 1e-6, z * 1e-6], rotation: fromQuaternion(quaternion) };
  }
  return null;
}

/** The present flange pose moved by um and turned by 0.001 rad, in the tool's or the base's axes. */
function offset(run: Execution, value: unknown, inTool: boolean): Pose | null {
  if (!Array.isArray(value) || value.length !== 6 || !value.every((item) => typeof item === "number")) {
    return null;
  }
  const [x = 0, y = 0, z = 0, ...turn] = value;
  const { position, rotation } = forward(present(run));
  const turned = fromRotationVector(turn.map((angle) => angle * 1e-3));
  const shift = [x, y, z].map((part) => part * 1e-6);
  const moved = inTool
    ? shift.map((_, row) => shift.reduce((sum, part, k) => sum + (rotation[3 * row + k] ?? 0) * part, 0))
    : shift;
  return {
    position: position.map((part, i) => part + (moved[i] ?? 0)),
    rotation: inTool ? multiply(rotation, turned) : multiply(turned, rotation),
  };
}

function percent(request: JsonObject): number | null {
  const { v } = request;
  return isIntegerIn(v, 1, 100) ? v : null;
}

function pair(value: unknown): readonly [number, number] {
  return Array.isArray(value) && typeof value[0] === "number" && typeof value[1] === "number"
    ? [value[0], value[1]]
    : [Number.NaN, Number.NaN];
}
