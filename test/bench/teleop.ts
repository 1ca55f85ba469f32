import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../daemon/config/config.js";
import { loadLimits } from "../../daemon/config/limits-file.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { ArmReport } from "../../daemon/types/arm-link.js";
import type { Setpoint } from "../../daemon/types/setpoint.js";
import { type Instant, isJointVector, type JointVector, mapJoints, type Seconds } from "../../daemon/types/units.js";
import type { Arrival } from "../../drivers/virtual-lab/controller/arrivals.js";
import { createRandom, type Random } from "../../drivers/virtual-lab/scene/random.js";
import { type DaemonEnd, Rig } from "../arm/rig.js";
import { Hand } from "../puppet/hand.js";
import { type MeasuredTakeover, measureTakeover } from "../puppet/measured-takeover.js";
import { DEGREE } from "../teleop/leader.js";
import { machine, quantile, toMs } from "./statistics.js";

/** How soon the arm follows a leader, and what takeovers from a policy look like on the wire. */
export interface TeleopFigures {
  /**
   * From the leader's answer on the serial line to the first setpoint that differs by it: to the instant for which the arm
   * process sent it, which it keeps to 0.2 ms, and to where the controller, an ordinary process of this machine, read it.
   */
  readonly answer_to_wire_ms: Spread & { readonly n: number };
  readonly answer_to_controller_ms: Spread;
  /** The arm process's own figure, from the reading's arrival at the puppet process; 99 of 100. */
  readonly own_p99_ms: number | null;
  readonly takeovers: {
    readonly n: number;
    /** From the policy's last setpoint to the leader's first, in ticks; asked for: 2 at most. */
    readonly most_ticks: number;
    readonly between_ms: Spread;
    /** From the leader's answer that its button is pressed to the leader's first setpoint at the controller. */
    readonly button_to_wire_ms: Spread;
    /** Of every step of a joint from 0.5 s before to 0.5 s after, as a part of one tick's limit; asked for: 1 at most. */
    readonly largest_step: number;
    /** Commands that stop the arm; asked for: none. */
    readonly stop_commands: number;
    /** Rounds in which the arm stood still or stopped before the button was pressed, or the leader was not ready; repeated. */
    readonly repeated: readonly string[];
  };
  readonly seed: number;
  readonly machine: { readonly cores: number; readonly load: number };
}

interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `kinevla bench teleop` is asked for. */
export interface TeleopBenchOptions {
  /** Readings are timed for so long. */
  readonly seconds: Seconds;
  /** Takeovers. */
  readonly n: number;
  readonly seed: number;
  readonly progress: (words: string) => void;
}

/** Joint that takes the timed steps, 0 to 6: nothing else moves by it. */
const STEPPING = 6;
/** deg of the leader's own: three counts of an encoder with 4096 a turn. */
const STEP = 0.264;
/** A step is over by then. */
const SETTLES: Seconds = 0.35;
/** A setpoint moves by at least the wire's resolution, rad. */
const RESOLUTION = Math.PI / 180_000;
/** The arm goes home after so many takeovers: each ends a little elsewhere. */
const HOME_EVERY = 8;
/** Each joint of the leader may be put this far off, degrees; swing (6) and policy (13) bring it to 44 of the 45 allowed. */
const MOST_OFF = 25;
/** The policy's greatest speed of J1 and J5, rad/s. */
const POLICY_SPEED = 0.25;
/** Rounds that may be lost to the machine's load, in a row. */
const MOST_REPEATED = 5;

/**
 * A virtual leader on a pseudo terminal, the real puppet process, arm process and guardian, and the virtual controller, all on
 * the host's clock; this process stands where the daemon does, and its chunks are the policy's. Steps the leader, then has it
 * take over at random instants, speeds and poses.
 */
export async function benchTeleop(options: TeleopBenchOptions): Promise<TeleopFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bench-teleop-"));
  const config = loadConfig(projectPath("daemon", "config", "lab.yaml"));
  const { home } = config;
  const hand = await Hand.take("dynamixel-leader", join(folder, "leader"), home);
  try {
    const { rig, daemon } = await Rig.ready(hand);
    try {
      return await new TeleopBench(rig, daemon, hand, loadLimits(config).teleop.velocity, options).run();
    } finally {
      await rig.close();
    }
  } finally {
    await hand.close();
    rmSync(folder, { recursive: true });
  }
}

interface TimedTakeover extends MeasuredTakeover {
  readonly pressedAt: Instant;
  readonly stops: number;
}

class TeleopBench {
  readonly #rig: Rig;
  readonly #daemon: DaemonEnd;
  readonly #hand: Hand;
  readonly #velocity: JointVector;
  readonly #options: TeleopBenchOptions;
  readonly #random: Random;
  #way = 1;

  constructor(rig: Rig, daemon: DaemonEnd, hand: Hand, velocity: JointVector, options: TeleopBenchOptions) {
    this.#rig = rig;
    this.#daemon = daemon;
    this.#hand = hand;
    this.#velocity = velocity;
    this.#options = options;
    this.#random = createRandom(options.seed);
  }

  async run(): Promise<TeleopFigures> {
    const { progress, n, seed } = this.#options;
    this.#daemon.beat();
    await this.#daemon.waitForEngaged();
    progress("the leader's sign test, 6 s");
    await this.#phase("sign-test");
    await this.#hand.turnEachJoint();
    const { wire, controller } = await this.#timeReadings();
    const own = this.#daemon.report?.teleop?.latencyP99Ms ?? null;
    const takeovers: TimedTakeover[] = [];
    const repeated: string[] = [];
    let inARow = 0;
    while (takeovers.length < n) {
      if ((takeovers.length + repeated.length) % HOME_EVERY === 0) {
        await this.#goHome();
      }
      const taken = await this.#takeOver();
      if (typeof taken === "string") {
        repeated.push(taken);
        inARow += 1;
        if (inARow > MOST_REPEATED) {
          throw new Error(`no takeover for ${inARow} rounds: ${taken}`);
        }
        progress(`once more: ${taken}`);
        continue;
      }
      inARow = 0;
      takeovers.push(taken);
      if (takeovers.length % 10 === 0 || takeovers.length === n) {
        progress(`${takeovers.length} of ${n} takeovers`);
      }
    }
    return {
      answer_to_wire_ms: { ...spread(wire), n: wire.length },
      answer_to_controller_ms: spread(controller),
      own_p99_ms: own,
      takeovers: {
        n: takeovers.length,
        most_ticks: Math.max(...takeovers.map(({ ticks }) => ticks)),
        between_ms: spread(takeovers.map(({ between }) => between)),
        button_to_wire_ms: spread(takeovers.map(({ arrivedAt, pressedAt }) => arrivedAt - pressedAt)),
        largest_step: Number(Math.max(...takeovers.map(({ largestStep }) => largestStep)).toFixed(3)),
        stop_commands: takeovers.reduce((sum, { stops }) => sum + stops, 0),
        repeated,
      },
      seed,
      machine: machine(),
    };
  }

  /** Steps the leader again and again while the arm follows it. */
  async #timeReadings(): Promise<{ readonly wire: readonly Seconds[]; readonly controller: readonly Seconds[] }> {
    const { seconds, progress } = this.#options;
    progress(`readings, ${seconds} s`);
    await this.#stand(0);
    await this.#press();
    await pause(1);
    const begun = this.#rig.arrivals.length;
    const told = this.#daemon.messages.length;
    const steps: Instant[] = [];
    const end = performance.now() + seconds * 1000;
    for (let way = 1; performance.now() < end; way = -way) {
      steps.push(await this.#hand.step(STEPPING, way * STEP));
      await pause(SETTLES + this.#random.between(0, 0.02));
    }
    if (this.#daemon.report?.mode !== "teleop") {
      throw new Error(`the arm does not follow any more: ${this.#whyNot()}`);
    }
    const frames = this.#rig.arrivals.slice(begun);
    const sent = this.#sentSince(told).map(({ dueAt, q }) => ({ at: dueAt, q }));
    await this.#letGo();
    const timed = (row: readonly Placed[]): readonly Seconds[] =>
      steps.slice(1).map((at, index) => latencyOf(at, steps[index + 2] ?? Infinity, row));
    return { wire: timed(sent), controller: timed(frames) };
  }

  /** One takeover from a policy in motion; why there was none, in words, when the machine did not let it move. */
  async #takeOver(): Promise<TimedTakeover | string> {
    await this.#stand(MOST_OFF);
    await this.#hand.swing([this.#random.index(7)], 6, this.#random.between(5, 40));
    const told = this.#daemon.messages.length;
    const begun = this.#rig.arrivals.length;
    const { ok, reason } = await this.#daemon.request({ kind: "follow-policy" });
    if (!ok) {
      return `${reason} (${this.#whyNot()})`;
    }
    this.#way = -this.#way;
    const speed = this.#way * this.#random.between(0.05, POLICY_SPEED);
    const takeAt = performance.now() + this.#random.between(350, 900);
    while (performance.now() < takeAt) {
      await this.#daemon.chunk(speed);
      await pause(Math.min(0.15, Math.max(0, (takeAt - performance.now()) / 1000)));
    }
    if (this.#daemon.report?.source !== "policy") {
      return this.#whyNot();
    }
    const pressedAt = await this.#hand.button(true);
    const { mode, teleop } = await this.#daemon.until(({ mode }) => mode === "teleop" || mode === "align");
    if (mode === "align") {
      // The arm waits for a leader that is not ready: a reading that came late makes it count as unsteady.
      await this.#letGo();
      // As the daemon does before whatever comes next.
      await this.#daemon.request({ kind: "hold" });
      await this.#daemon.until(({ mode }) => mode === "hold");
      return `the leader was not ready: ${teleop?.detail}`;
    }
    await pause(0.6);
    await this.#letGo();
    const sent = this.#sentSince(told);
    const arrived = this.#rig.arrivals.slice(begun);
    const stops = arrived.filter(({ command }) => command !== "movej_canfd").length;
    return { ...measureTakeover(sent, arrived, this.#velocity, PERIOD), pressedAt, stops };
  }

  #sentSince(told: number): readonly Setpoint[] {
    return this.#daemon.messages
      .slice(told)
      .flatMap((message): readonly Setpoint[] => (message.kind === "setpoints" ? message.setpoints : []));
  }

  async #goHome(): Promise<void> {
    const { ok, reason } = await this.#daemon.request({ kind: "home" });
    if (!ok) {
      throw new Error(`the arm does not go home: ${reason}`);
    }
    await this.#daemon.until(({ mode }) => mode === "hold");
  }

  /** The leader stands beside the arm, up to `off` degrees away in each joint, for long enough to be followed. */
  async #stand(off: number): Promise<void> {
    const commanded = this.#daemon.report?.commanded ?? null;
    if (commanded === null || !isJointVector(commanded)) {
      throw new Error("it is not known where the arm is");
    }
    await this.#hand.stand(mapJoints(commanded, (angle) => angle + this.#random.between(-off, off) * DEGREE));
    await pause(STEADY);
    if (off === 0) {
      await this.#phase("ready");
    }
  }

  /** Presses the leader's button; the arm follows it afterwards. */
  async #press(): Promise<Instant> {
    const at = await this.#hand.button(true);
    await this.#daemon.until(({ mode }) => mode === "teleop");
    return at;
  }

  async #letGo(): Promise<void> {
    await this.#hand.button(false);
    await this.#daemon.until(({ mode, source }) => (mode === "hold" || mode === "align") && source !== "stop");
  }

  #phase(phase: string): Promise<ArmReport> {
    return this.#daemon.until(({ teleop }) => teleop?.phase === phase);
  }

  #whyNot(): string {
    const report = this.#daemon.report;
    return `mode ${report?.mode}, ${report?.stops[0]?.detail ?? "no stop"}`;
  }
}

const PERIOD: Seconds = 0.01;
/** A leader has to be steady for half a second (OP-07). */
const STEADY: Seconds = 0.6;

/** Where the joints were asked to be, and when. */
type Placed = Pick<Arrival, "at" | "q">;

/** From a step of the leader to the first setpoint that differs by it. */
function latencyOf(at: Instant, until: Instant, frames: readonly Placed[]): Seconds {
  const from = frames.findLast((frame) => frame.at <= at)?.q?.[STEPPING] ?? Number.NaN;
  const moved = frames.find((frame) => {
    return frame.at > at && frame.at < until && Math.abs((frame.q?.[STEPPING] ?? from) - from) > RESOLUTION / 2;
  });
  if (moved === undefined) {
    throw new Error(`the step at ${at} s led to no setpoint`);
  }
  return moved.at - at;
}

function spread(values: readonly Seconds[]): Spread {
  return { p50: toMs(quantile(values, 0.5)), p99: toMs(quantile(values, 0.99)), max: toMs(Math.max(...values)) };
}

function pause(seconds: Seconds): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
