import { z } from "zod";
import { type JointVector, mapJoints } from "../types/units.js";
import type { ChunkLimits, WatchLimits } from "../watch/watch-limits.js";
import { least, most, positive, sourced } from "./sourced.js";

// Interlocks: ML-02, ML-03, ML-04, ML-08, ML-10, ML-11, ML-13, ML-14, ML-15, ML-16, ML-17, PO-01, PO-02, PO-03, PO-04, PO-05,
// PO-06, PO-07, PO-13, PO-19, OP-06, AR-03, AR-04, AR-05, AR-06, AR-07, AR-08, AR-09, AR-10, AR-11, AR-12, AR-13, AR-14, AR-16, HO-08, HO-15.

/** The vendor's fastest joint. */
const rated = positive.max(225);
const amperes = positive.max(30);

/** What is watched while the arm is connected; the bounds of the numbers are compiled in. */
export const watchSchema = z.strictObject({
  outside_soft_deg: most(1),
  outward_deg: most(1),
  overspeed_part: most(1.2),
  overspeed_ms: most(30),
  overspeed_at_once_part: most(1.5),
  cartesian_part: most(1.3),
  cartesian_ms: most(50),
  self_clearance_mm: least(10, 100),
  under_table_mm: most(10),
  behind_deg: most(3),
  lag_ms: most(50),
  stuck_commanded_deg: most(3),
  stuck_measured_deg: most(0.2),
  stuck_ms: most(300),
  standstill_deg: most(1),
  standstill_deg_s: most(2),
  standstill_after_ms: most(500),
  turns_per_s: most(6),
  swing_deg: most(0.5),
  oscillation_ms: most(1000),
  clamped_part: most(0.3),
  clamped_ms: most(2000),
  temperature_note: most(65),
  temperature_slow: most(75),
  temperature_stop: most(85),
  temperature_cool: most(60),
  temperature_rise_per_minute: most(5),
  free_current_a: sourced(z.tuple([amperes, amperes, amperes, amperes, amperes, amperes, amperes])),
  current_slow_part: most(1.5),
  current_slow_ms: most(100),
  current_stop_part: most(2),
  current_stop_ms: most(30),
  voltage_low_note: least(22, 24),
  voltage_low_stop: least(20.5, 24),
  voltage_high_note: most(26.5),
  voltage_high_stop: most(27.5),
  voltage_ms: most(100),
  controller_note: most(60),
  controller_stop: most(70),
  gripper_answer_ms: most(300),
  gripper_error_part: most(0.1),
  gripper_error_ms: most(1000),
  state_note_ms: most(25),
  state_slow_ms: most(50),
  frozen_ms: most(200),
  frozen_commanded_deg: most(0.5),
  rated_deg_s: sourced(z.tuple([rated, rated, rated, rated, rated, rated, rated])),
  jump_part: most(1.3),
  jump_deg_s2: most(3000),
  jump_slack_deg: most(0.2),
  jumps: most(3),
  jumps_ms: most(50),
  foreign_note_per_s: most(10),
  foreign_stop_per_s: most(1000),
  answer_ms: most(200),
  collision_read_ms: most(3000),
  stalled_commanded_deg: most(0.5),
  stalled_part: most(0.2),
  stalled_ms: most(100),
  garbled_per_s: most(5),
  stop_obeyed_ms: most(300),
  lateness_ms: most(5),
  picture_ms: most(150),
  memory_part: most(0.8),
  descriptors_part: most(0.8),
  busy_part: most(0.8),
  busy_ms: most(5000),
  arm_memory_mb: most(512),
  daemon_memory_mb: most(4096),
  slow_pace: most(0.5),
  slow_ms: least(200, 10_000),
});

/** What chunks are held against before they are followed. */
export const chunkSchema = z.strictObject({
  age_part: most(0.6),
  slow_age_part: most(0.8),
  outside_deg: most(2),
  outside_cell_mm: most(10),
  jump_deg: most(15),
  first_jump_deg: most(10),
  slow_jump_deg: most(5),
  haste_part: most(3),
  outside_in_row: most(3),
  jumps_in_row: most(2),
  garbage_within_s: least(10, 600),
  starved_ms: most(250),
  longest_s: most(120),
});

const DEGREE = Math.PI / 180;

/** Converts to SI units. */
export function watchLimits(raw: z.infer<typeof watchSchema>): WatchLimits {
  const degrees = ({ value }: { readonly value: number }): number => value * DEGREE;
  const milli = ({ value }: { readonly value: number }): number => value / 1000;
  const fastest: JointVector = raw.rated_deg_s.value;
  const free: JointVector = raw.free_current_a.value;
  return {
    outside: degrees(raw.outside_soft_deg),
    outward: degrees(raw.outward_deg),
    speed: {
      part: raw.overspeed_part.value,
      lasting: milli(raw.overspeed_ms),
      most: raw.overspeed_at_once_part.value,
    },
    cartesianSpeed: { part: raw.cartesian_part.value, lasting: milli(raw.cartesian_ms) },
    leastClearance: milli(raw.self_clearance_mm),
    underTable: milli(raw.under_table_mm),
    behind: { error: degrees(raw.behind_deg), lag: milli(raw.lag_ms) },
    stuck: {
      commanded: degrees(raw.stuck_commanded_deg),
      measured: degrees(raw.stuck_measured_deg),
      within: milli(raw.stuck_ms),
    },
    standstill: {
      distance: degrees(raw.standstill_deg),
      speed: degrees(raw.standstill_deg_s),
      settled: milli(raw.standstill_after_ms),
    },
    oscillation: {
      turns: raw.turns_per_s.value,
      swing: degrees(raw.swing_deg),
      lasting: milli(raw.oscillation_ms),
    },
    clamping: { part: raw.clamped_part.value, within: milli(raw.clamped_ms) },
    temperature: {
      note: raw.temperature_note.value,
      slow: raw.temperature_slow.value,
      stop: raw.temperature_stop.value,
      cool: raw.temperature_cool.value,
      risePerMinute: raw.temperature_rise_per_minute.value,
    },
    current: {
      free: mapJoints(free, (value) => value),
      slow: { part: raw.current_slow_part.value, lasting: milli(raw.current_slow_ms) },
      stop: { part: raw.current_stop_part.value, lasting: milli(raw.current_stop_ms) },
    },
    voltage: {
      low: { note: raw.voltage_low_note.value, stop: raw.voltage_low_stop.value },
      high: { note: raw.voltage_high_note.value, stop: raw.voltage_high_stop.value },
      lasting: milli(raw.voltage_ms),
    },
    controller: { note: raw.controller_note.value, stop: raw.controller_stop.value },
    gripper: {
      answer: milli(raw.gripper_answer_ms),
      error: raw.gripper_error_part.value,
      lasting: milli(raw.gripper_error_ms),
    },
    stateAge: { note: milli(raw.state_note_ms), slow: milli(raw.state_slow_ms) },
    frozen: { lasting: milli(raw.frozen_ms), commanded: degrees(raw.frozen_commanded_deg) },
    jump: {
      rated: mapJoints(fastest, (value) => value * DEGREE),
      part: raw.jump_part.value,
      acceleration: raw.jump_deg_s2.value * DEGREE,
      slack: degrees(raw.jump_slack_deg),
      most: raw.jumps.value,
      within: milli(raw.jumps_ms),
    },
    foreign: { note: raw.foreign_note_per_s.value, stop: raw.foreign_stop_per_s.value },
    answer: milli(raw.answer_ms),
    collisionRead: milli(raw.collision_read_ms),
    stalled: {
      commanded: degrees(raw.stalled_commanded_deg),
      part: raw.stalled_part.value,
      lasting: milli(raw.stalled_ms),
    },
    garbled: raw.garbled_per_s.value,
    stopObeyed: milli(raw.stop_obeyed_ms),
    lateness: milli(raw.lateness_ms),
    pictureAge: milli(raw.picture_ms),
    resources: {
      memory: raw.memory_part.value,
      descriptors: raw.descriptors_part.value,
      busy: { part: raw.busy_part.value, lasting: milli(raw.busy_ms) },
      armMemory: raw.arm_memory_mb.value * 1e6,
      daemonMemory: raw.daemon_memory_mb.value * 1e6,
    },
    slow: { pace: raw.slow_pace.value, lasting: milli(raw.slow_ms) },
  };
}

/** Converts to SI units. */
export function chunkLimits(raw: z.infer<typeof chunkSchema>): ChunkLimits {
  return {
    age: raw.age_part.value,
    slowAge: raw.slow_age_part.value,
    outside: raw.outside_deg.value * DEGREE,
    outsideCell: raw.outside_cell_mm.value / 1000,
    jump: raw.jump_deg.value * DEGREE,
    firstJump: raw.first_jump_deg.value * DEGREE,
    slowJump: raw.slow_jump_deg.value * DEGREE,
    haste: raw.haste_part.value,
    outsideInRow: raw.outside_in_row.value,
    jumpsInRow: raw.jumps_in_row.value,
    garbageWithin: raw.garbage_within_s.value,
    starved: raw.starved_ms.value / 1000,
    longest: raw.longest_s.value,
  };
}
