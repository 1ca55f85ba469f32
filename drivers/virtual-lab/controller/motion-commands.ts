import { type Instant, isJointVector, type JointPosition, jointPosition } from "../../../daemon/types/units.js";
import { isIntegerIn, isIntegerList, type JsonObject } from "../../rm75/json-object.js";
import { MILLI_DEGREE } from "./controller-state.js";
import { type Caller, type Command, type Execution, jointAndValue } from "./execution.js";
import { forward, fromEuler, fromQuaternion, fromRotationVector, inverse, multiply, type Pose } from "./kinematics.js";
import type { Segment } from "./motion.js";
import { lineTo, planThrough } from "./plan.js";

/** Commands that move or stop the arm. */
export const MOTION_COMMANDS: { readonly [name: string]: Command } = {
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
    const [joint, step] = jointAndValue(request.joint_step);
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
    if (run.onStop === "obeys") {
      run.state.motion.stop(kind);
    }
    caller.send({ command, [confirms]: run.onStop !== "refuses" });
  };
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
