import type { JointPosition } from "../../../daemon/types/units.js";
import { isIntegerIn, type JsonObject } from "../../rm75/json-object.js";
import type { Plant } from "../plant.js";
import type { Violations } from "./arrivals.js";
import { Disturbance } from "./disturbance.js";
import { Motion, type MotionLimits } from "./motion.js";
import { type Json, REGISTERS } from "./registers.js";

/** Which controller is emulated. */
export interface ControllerIdentity {
  readonly product: string;
  readonly generation: 3 | 4;
  readonly firmware: string;
  /** Error fields of states and push: scalars up to firmware 1.6, a list from 1.7 on, or both. */
  readonly errorStyle: "scalars" | "list" | "both";
  /** Modified DH, one [alpha 0.001 deg, a um, d um, offset 0.001 deg] a joint. */
  readonly dh: readonly (readonly number[])[];
  /** Values that differ from those of a factory-new arm, by the query that reads them. */
  readonly registers: { readonly [query: string]: Json };
}

/** A factory-new RM75-B of generation 3 that satisfies every version of the vendor's client. */
export const RM75_B: ControllerIdentity = {
  product: "RM75-B",
  generation: 3,
  firmware: "V1.7.1",
  errorStyle: "both",
  dh: [
    [0, 0, 240_500, 0],
    [-90_000, 0, 0, 0],
    [90_000, 0, 256_000, 0],
    [-90_000, 0, 0, 0],
    [90_000, 0, 210_000, 0],
    [-90_000, 0, 0, 0],
    [90_000, 0, 144_000, 0],
  ],
  registers: {},
};

/** Where and how often the state is pushed; kept in the controller over connections. */
export interface PushSettings {
  enable: boolean;
  /** Push period in units of 5 ms. */
  cycle: number;
  port: number;
  ip: string;
  forceCoordinate: number;
  readonly custom: { [option: string]: boolean };
}

/** One 0.001 degree in rad. */
export const MILLI_DEGREE = Math.PI / 180_000;
/** One 0.001 RPM in rad/s. */
const MILLI_RPM = (2 * Math.PI) / 60_000;

/** The tool frame in use after power-up. */
const NO_LOAD = "Arm_Tip";

/** A gripper motion under way: reported as done when the fingers rest. */
interface GripperMotion {
  readonly done: () => void;
  readonly opening: number;
  restingTicks: number;
}

/** Everything the emulated controller remembers and the motion it performs. */
export class ControllerState {
  readonly identity: ControllerIdentity;
  readonly plant: Plant;
  readonly motion: Motion;
  readonly registers = new Map<string, Json>();
  readonly toolFrames = new Map<string, JsonObject>([
    [NO_LOAD, { pose: [0, 0, 0, 0, 0, 0], payload: 0, position: [0, 0, 0] }],
    ["gripper", { pose: [0, 0, 150_000, 0, 0, 0], payload: 620, position: [0, 0, 60_000] }],
  ]);
  readonly workFrames = new Map<string, JsonObject>([["Base", { pose: [0, 0, 0, 0, 0, 0] }]]);
  toolFrame = NO_LOAD;
  /** In the running time of this process, s. */
  bootedAt = 0;
  workFrame = "Base";
  readonly push: PushSettings = {
    // Off until somebody names a target: a virtual arm sends nothing into a network by itself.
    enable: false,
    cycle: 1,
    port: 8089,
    ip: "192.168.1.10",
    forceCoordinate: 0,
    custom: {
      aloha_state: false,
      arm_current_status: true,
      expand_state: false,
      hand: false,
      joint_speed: true,
      lift_state: false,
      rm_plus_base: false,
      rm_plus_state: false,
    },
  };
  /** What was made to go wrong with the arm. */
  disturbance = new Disturbance();
  /** True once the gripper was commanded; its position is not refreshed before that (vendor). */
  gripperCommanded = false;
  gripperMotion: GripperMotion | null = null;
  #gripperOpening: number;
  #gripperMoving: "opening" | "closing" | "still" = "still";

  constructor(identity: ControllerIdentity, plant: Plant, violate: (rule: keyof Violations) => void) {
    this.identity = identity;
    this.plant = plant;
    for (const { get, initial } of REGISTERS) {
      if (get !== null) {
        this.registers.set(get, identity.registers[get] ?? initial);
      }
    }
    const measured = plant.measured();
    this.#gripperOpening = measured.gripperOpening;
    this.motion = new Motion(measured.q, () => this.limits(), violate);
  }

  /** Limits now stored in the joints, rad and rad/s. */
  limits(): MotionLimits {
    return {
      minimum: this.numbers("get_joint_min_pos").map((value) => value * MILLI_DEGREE),
      maximum: this.numbers("get_joint_max_pos").map((value) => value * MILLI_DEGREE),
      maximumSpeed: this.numbers("get_joint_max_speed").map((value) => value * MILLI_RPM),
    };
  }

  /** The list of numbers stored under a query; empty when there is none. */
  numbers(query: string): readonly number[] {
    const value = this.registers.get(query);
    return Array.isArray(value) && value.every((item) => typeof item === "number") ? value : [];
  }

  /** Non-zero error codes, and those of the joints. */
  errors(): readonly number[] {
    return this.motion.systemErrors.size === 0 ? [0] : [...this.motion.systemErrors];
  }

  /** Errors for one datagram: the present ones, and those that came and went since the last datagram. */
  pushedErrors(): readonly number[] {
    const codes = new Set([...this.motion.systemErrors, ...this.motion.unpushedErrors]);
    this.motion.unpushedErrors.clear();
    return codes.size === 0 ? [0] : [...codes];
  }

  /** Error fields in the style of the emulated firmware. */
  errorFields(codes: readonly number[]): { readonly [field: string]: Json } {
    const scalars = { arm_err: codes[0] ?? 0, sys_err: 0 };
    const list = { err: codes };
    switch (this.identity.errorStyle) {
      case "scalars":
        return scalars;
      case "list":
        return list;
      case "both":
        return { ...scalars, ...list };
    }
  }

  /** Measured joint angles in 0.001 degrees. */
  measuredMilliDeg(): readonly number[] {
    return toMilliDeg(this.plant.measured().q);
  }

  /** Moves the gripper to an opening of 1 (closed) to 1000 (open) with a force in gram. */
  commandGripper(opening: number, forceGram: number, done: () => void): void {
    const from = this.plant.measured().gripperOpening;
    this.gripperCommanded = true;
    this.#gripperMoving = opening / 1000 > from ? "opening" : "closing";
    this.plant.setGripper(opening / 1000, forceGram * 9.81e-3);
    this.gripperMotion = { done, opening: from, restingTicks: 0 };
  }

  /** Watches the gripper, once a cycle: 20 cycles (0.1 s) without motion end it. */
  watchGripper(): void {
    const opening = this.plant.measured().gripperOpening;
    if (this.gripperCommanded) {
      this.#gripperOpening = opening;
    }
    const motion = this.gripperMotion;
    if (motion === null) {
      return;
    }
    const resting = Math.abs(opening - motion.opening) < 1e-3;
    this.gripperMotion = { done: motion.done, opening, restingTicks: resting ? motion.restingTicks + 1 : 0 };
    if (this.gripperMotion.restingTicks >= 20) {
      this.gripperMotion = null;
      this.#gripperMoving = "still";
      motion.done();
    }
  }

  /** The gripper's own report; mode 1 open, 2 closed, 3 stopped, 4 closing, 5 opening (vendor). */
  gripperReport(): { readonly [field: string]: Json } {
    const opening = this.#gripperOpening;
    const resting = opening > 0.99 ? 1 : opening < 0.01 ? 2 : 3;
    const mode = this.#gripperMoving === "still" ? resting : this.#gripperMoving === "closing" ? 4 : 5;
    const actpos = Math.round(Math.max(0, Math.min(1, opening)) * 1000);
    const { errors = 0, online = true } = this.disturbance.gripper ?? {};
    return { enable: 1, status: online ? 1 : 0, error: errors, mode, current_force: 0, temperature: 34, actpos };
  }

  /** Holds `q` and forgets errors and motion; settings stay, as they do in the real controller. */
  reset(q: JointPosition): void {
    this.motion.reset(q);
    this.gripperMotion = null;
    this.gripperCommanded = false;
    this.#gripperMoving = "still";
    this.#gripperOpening = this.plant.measured().gripperOpening;
  }

  /** Comes up after power-up, where the arm stands; stored settings stay. */
  boot(): void {
    this.reset(this.plant.measured().q);
    this.toolFrame = NO_LOAD;
    this.bootedAt = process.uptime();
  }

  /** Takes the fields of set_realtime_push that are there; false when one is wrong. */
  configurePush(request: JsonObject): boolean {
    const { enable, cycle, port, ip, force_coordinate: coordinate, custom } = request;
    const wrong =
      (enable !== undefined && typeof enable !== "boolean") ||
      (cycle !== undefined && !isIntegerIn(cycle, 1, 1000)) ||
      (port !== undefined && !isIntegerIn(port, 1, 65_535)) ||
      (ip !== undefined && typeof ip !== "string");
    if (wrong) {
      return false;
    }
    this.push.enable = typeof enable === "boolean" ? enable : this.push.enable;
    this.push.cycle = typeof cycle === "number" ? cycle : this.push.cycle;
    this.push.port = typeof port === "number" ? port : this.push.port;
    this.push.ip = typeof ip === "string" ? ip : this.push.ip;
    this.push.forceCoordinate = typeof coordinate === "number" ? coordinate : this.push.forceCoordinate;
    for (const [option, value] of Object.entries(custom ?? {})) {
      this.push.custom[option] = value === true || value === 1;
    }
    return true;
  }
}

/** Joint angles in rad as the integers of the wire, 0.001 degrees. */
export function toMilliDeg(q: readonly number[]): readonly number[] {
  return q.map((angle) => Math.round(angle / MILLI_DEGREE));
}
