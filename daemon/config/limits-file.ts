import { z } from "zod";
import { aboveCeiling } from "../guard/ceilings.js";
import { bodyWith, type Hand } from "../motion/body.js";
import type { Vector3 } from "../motion/kinematics.js";
import { type JointVector, jointAt, mapJoints } from "../types/units.js";
import type { ArmLimits } from "../watch/watch-limits.js";
import type { Config } from "./config.js";
import { positive, sourced } from "./sourced.js";
import { leaderLimits, teleopSchema } from "./teleop-schema.js";
import { chunkLimits, chunkSchema, watchLimits, watchSchema } from "./watch-schema.js";
import { ConfigError, parseYaml, readTrusted } from "./yaml-file.js";

// Interlocks: HO-12.

const sevenPositive = z.tuple([positive, positive, positive, positive, positive, positive, positive]);
const vector = z.tuple([z.number(), z.number(), z.number()]);
const capsule = z.strictObject({ from: vector, to: vector, radius: positive });

/** The file as it is written. */
export const limitsSchema = z.strictObject({
  version: z.literal(1),
  joints: z.strictObject({
    soft_deg: sourced(sevenPositive),
    policy_deg_s: sourced(sevenPositive),
    home_deg_s: sourced(sevenPositive),
    teleop_deg_s: sourced(sevenPositive),
    recover_deg_s: sourced(sevenPositive),
    acceleration_deg_s2: sourced(sevenPositive),
    jerk_deg_s3: sourced(sevenPositive),
    stop_acceleration_deg_s2: sourced(sevenPositive),
    stop_jerk_deg_s3: sourced(sevenPositive),
  }),
  stream: z.strictObject({
    most_step_deg: sourced(positive),
    most_first_distance_deg: sourced(positive),
    following_error_deg: sourced(positive),
    following_error_ms: sourced(positive),
    standing_error_deg: sourced(positive),
    standing_error_ms: sourced(positive),
  }),
  ages_ms: z.strictObject({
    arm_state: sourced(positive),
    operator: sourced(positive),
    near_operator: sourced(positive),
    leader: sourced(positive),
    guardian: sourced(positive),
    setpoint: sourced(positive),
    stream: sourced(positive),
  }),
  cartesian: z.strictObject({
    speed_mm_s: sourced(positive),
    recover_speed_mm_s: sourced(positive),
    stopping_ms: sourced(positive),
  }),
  cell: z.strictObject({
    box_lowest_mm: sourced(vector),
    box_highest_mm: sourced(vector),
    table_mm: sourced(z.number()),
    fingertips_over_table_mm: sourced(positive),
    housings_over_table_mm: sourced(positive),
    self_clearance_mm: sourced(positive),
  }),
  hand: z.strictObject({
    fingertips_mm: sourced(z.array(vector).min(1)),
    gripper_mm: sourced(capsule),
    fingers_mm: sourced(capsule),
    camera_mm: sourced(capsule),
  }),
  watch: watchSchema,
  chunks: chunkSchema,
  teleop: teleopSchema,
});

/** Reads the file of limits; throws ConfigError that names every wrong key and every limit above its ceiling. */
export function loadLimits({ limits: path, trust }: Pick<Config, "limits" | "trust">): ArmLimits {
  const remedy = "name the file of limits under limits: in the configuration";
  return parseLimits(readTrusted(path, "limits", trust, remedy), path);
}

/** Checks the text of a file of limits; `path` is for messages. */
export function parseLimits(text: string, path: string): ArmLimits {
  return limitsFrom(parseYaml(text, path, limitsSchema), path);
}

/** Converts to SI units and holds everything against the ceilings; throws ConfigError. */
export function limitsFrom(raw: z.infer<typeof limitsSchema>, path: string): ArmLimits {
  const { joints, stream, ages_ms: ages, cartesian, cell, hand, watch, chunks, teleop } = raw;
  const highest = radians(joints.soft_deg.value);
  const position = { lowest: mapJoints(highest, (value) => -value), highest };
  const moving = {
    ...position,
    acceleration: radians(joints.acceleration_deg_s2.value),
    jerk: radians(joints.jerk_deg_s3.value),
  };
  const velocity = radians(joints.policy_deg_s.value);
  const limits: ArmLimits = {
    policy: { ...moving, velocity },
    home: { ...moving, velocity: radians(joints.home_deg_s.value) },
    teleop: { ...moving, velocity: radians(joints.teleop_deg_s.value) },
    recover: { ...moving, velocity: radians(joints.recover_deg_s.value) },
    recoverSpeed: Math.min(cartesian.recover_speed_mm_s.value, cartesian.speed_mm_s.value) / 1000,
    stop: {
      ...position,
      velocity,
      acceleration: radians(joints.stop_acceleration_deg_s2.value),
      jerk: radians(joints.stop_jerk_deg_s3.value),
    },
    mostStep: stream.most_step_deg.value * DEGREE,
    mostFirstDistance: stream.most_first_distance_deg.value * DEGREE,
    following: { error: stream.following_error_deg.value * DEGREE, lasting: stream.following_error_ms.value / 1000 },
    standing: { error: stream.standing_error_deg.value * DEGREE, lasting: stream.standing_error_ms.value / 1000 },
    mostAge: {
      armState: ages.arm_state.value / 1000,
      operator: ages.operator.value / 1000,
      nearOperator: ages.near_operator.value / 1000,
      leader: ages.leader.value / 1000,
      guardian: ages.guardian.value / 1000,
      setpoint: ages.setpoint.value / 1000,
      stream: ages.stream.value / 1000,
    },
    cell: {
      body: bodyWith({
        fingertips: hand.fingertips_mm.value.map(metres),
        capsules: [
          { ...capsuleOf("gripper", hand.gripper_mm.value), overTable: true },
          { ...capsuleOf("fingers", hand.fingers_mm.value), overTable: false },
          { ...capsuleOf("camera", hand.camera_mm.value), overTable: true },
        ],
      }),
      speed: cartesian.speed_mm_s.value / 1000,
      stopping: cartesian.stopping_ms.value / 1000,
      box: { lowest: metres(cell.box_lowest_mm.value), highest: metres(cell.box_highest_mm.value) },
      table: {
        height: cell.table_mm.value / 1000,
        fingertips: cell.fingertips_over_table_mm.value / 1000,
        housings: cell.housings_over_table_mm.value / 1000,
        // Stands in the cell's calibrations (composition/arm-limits.ts).
        plane: null,
      },
      clearance: cell.self_clearance_mm.value / 1000,
    },
    watch: watchLimits(watch),
    chunks: chunkLimits(chunks),
    leader: leaderLimits(teleop),
  };
  const findings = [...aboveCeiling(limits), ...slowTakeover(limits)];
  if (findings.length > 0) {
    throw new ConfigError(findings.map((finding) => `${path}: ${finding}`).join("\n"));
  }
  return limits;
}

const DEGREE = Math.PI / 180;

/** A takeover goes on from the speed that it finds: teleoperation may not be slower than what it takes over from. */
function slowTakeover({ policy, home, teleop }: ArmLimits): readonly string[] {
  return [...teleop.velocity.keys()]
    .filter((joint) => {
      const speed = jointAt(teleop.velocity, joint);
      return speed < jointAt(policy.velocity, joint) || speed < jointAt(home.velocity, joint);
    })
    .map((joint) => `teleop velocity of J${joint + 1} is less than that of policy or home, so nobody could take over`);
}

function radians(degrees: JointVector): JointVector {
  return mapJoints(degrees, (value) => value * DEGREE);
}

function metres([x, y, z]: Vector3): Vector3 {
  return [x / 1000, y / 1000, z / 1000];
}

function capsuleOf(
  name: string,
  { from, to, radius }: z.infer<typeof capsule>,
): Omit<Hand["capsules"][number], "overTable"> {
  return { name, from: metres(from), to: metres(to), radius: radius / 1000 };
}
