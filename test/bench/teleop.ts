import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { goHome } from "../../daemon/cli/go-home.js";
import { need } from "../../daemon/cli/operator-link.js";
import { loadConfig } from "../../daemon/config/config.js";
import { loadLimits } from "../../daemon/config/limits-file.js";
import { taskOf } from "../../daemon/launch/lab-control.js";
import type { ServerMessageOf } from "../../daemon/operator/server-message.js";
import { type Instant, isJointVector, type JointVector, mapJoints, type Seconds } from "../../daemon/types/units.js";
import type { Arrival } from "../../drivers/virtual-lab/controller/arrivals.js";
import { createRandom, type Random } from "../../drivers/virtual-lab/scene/random.js";
import { configWithHand } from "../puppet/config-with-hand.js";
import { Hand } from "../puppet/hand.js";
import { correctionsIn, type MeasuredTakeover, measureTakeover, setpointsOf } from "../puppet/measured-takeover.js";
import { DEGREE } from "../teleop/leader.js";
import { type BenchOptions, type BenchSession, startBench } from "./session.js";
import { machine, quantile, toMs } from "./statistics.js";

/** How soon the arm follows a leader, and what takeovers from the running policy look like on the wire. */
export interface TeleopFigures {
  /** From the leader's answer on the serial line to the first setpoint at the controller that differs by it. */
  readonly reading_to_wire_ms: Spread & { readonly n: number };
  /** The arm process's own figure, from the reading's arrival at the puppet process; 99 of 100. */
  readonly own_p99_ms: number | null;
  readonly takeovers: {
    readonly n: number;
    /** From the policy's last setpoint to the leader's first, in ticks; asked for: 2 at most. */
    readonly most_ticks: number;
    readonly between_ms: Spread | null;
    /** From the leader's answer that its button is pressed to the leader's first setpoint at the controller. */
    readonly button_to_wire_ms: Spread | null;
    /** Of every step of a joint around a takeover, as a part of one tick's limit; asked for: 1 at most. */
    readonly largest_step: number;
    readonly stop_commands: number;
    /** Rounds in which the policy did not get the arm to move; they were repeated. */
    readonly repeated: number;
  };
  readonly seed: number;
  readonly scheduling: string;
  readonly machine: { readonly cores: number; readonly load: number };
}

interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What `kinevla bench teleop` is asked for. */
export interface TeleopBenchOptions extends BenchOptions {
  /** Readings that are timed for so long. */
  readonly seconds: Seconds;
  /** Takeovers. */
  readonly n: number;
  readonly seed: number;
}

/** Joint that takes the timed steps, 0 to 6: nothing else moves by it. */
const STEPPING = 6;
/** deg: three counts of an encoder with 4096 a turn on a joint of scale 2. */
const STEP = 0.25;
/** A step is over by then. */
const SETTLES: Seconds = 0.35;
/** A setpoint moves by at least the wire's resolution, rad. */
const RESOLUTION = Math.PI / 180_000;
const PATIENCE_MS = 20_000;
/** Faster than this counts as moving, rad/s: 2 deg/s. */
const MOVING = 0.035;

/** Steps a leader, then takes over from the policy at random instants and poses, over and over; real clocks, the whole system. */
export async function benchTeleop(options: TeleopBenchOptions): Promise<TeleopFigures> {
  const folder = mkdtempSync(join(tmpdir(), "bench-teleop-"));
  const { home, limits } = loadConfig(options.configFile);
  const hand = await Hand.take("dynamixel-leader", join(folder, "leader"), home);
  try {
    const configFile = configWithHand(options.configFile, folder, hand, "button");
    const session = await startBench({ ...options, configFile });
    const bench = new TeleopBench(session, hand, loadLimits(limits).teleop.velocity, options);
    try {
      return await bench.run();
    } finally {
      await session.close();
    }
  } finally {
    await hand.close();
    rmSync(folder, { recursive: true });
  }
}

class TeleopBench {
  readonly #bench: BenchSession;
  readonly #hand: Hand;
  readonly #velocity: JointVector;
  readonly #options: TeleopBenchOptions;
  readonly #random: Random;
  #phase: ServerMessageOf<"progress">["phase"] | null = null;
  #tasks = 0;

  constructor(bench: BenchSession, hand: Hand, velocity: JointVector, options: TeleopBenchOptions) {
    this.#bench = bench;
    this.#hand = hand;
    this.#velocity = velocity;
    this.#options = options;
    this.#random = createRandom(options.seed);
    bench.client.onMessage((message) => {
      this.#phase = message.type === "progress" ? message.phase : this.#phase;
    });
  }

  async run(): Promise<TeleopFigures> {
    const { progress, n, seed } = this.#options;
    progress("the leader's sign test, 6 s");
    await this.#until(({ teleop }) => teleop?.phase === "sign-test");
    await this.#hand.turnEachJoint();
    const latencies = await this.#timeReadings();
    const ownP99 = (await this.#state()).teleop?.latencyP99Ms ?? null;
    const takeovers: (MeasuredTakeover & { readonly pressedAt: Instant; readonly stops: number })[] = [];
    let repeated = 0;
    while (takeovers.length < n) {
      try {
        takeovers.push(await this.#takeOver());
        progress(`${takeovers.length} of ${n} takeovers`);
      } catch (error) {
        repeated += 1;
        progress(`a round is repeated: ${error instanceof Error ? error.message : String(error)}`);
        if (repeated > n + 5) {
          throw error;
        }
        await this.#letGo();
      }
    }
    return {
      reading_to_wire_ms: { ...spread(latencies), n: latencies.length },
      own_p99_ms: ownP99,
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
      scheduling: (await this.#bench.status()).arm?.scheduling ?? "unknown",
      machine: machine(),
    };
  }

  /** Steps the leader again and again while the arm follows it. */
  async #timeReadings(): Promise<readonly Seconds[]> {
    const { seconds, progress } = this.#options;
    progress(`readings, ${seconds} s`);
    const { lab, client } = this.#bench;
    await goHome(client, () => undefined);
    await this.#stand(0);
    await this.#press();
    await pause(1);
    await lab.clearArrivals();
    const steps: Instant[] = [];
    const end = performance.now() + seconds * 1000;
    for (let way = 1; performance.now() < end; way = -way) {
      steps.push(await this.#hand.step(STEPPING, way * STEP));
      await pause(SETTLES + this.#random.between(0, 0.02));
    }
    const frames = framesOf((await lab.arrivals()).records);
    await this.#letGo();
    return steps.map((at, index) => {
      const until = steps[index + 1] ?? Infinity;
      const from = frames.findLast((frame) => frame.at <= at)?.q?.[STEPPING] ?? Number.NaN;
      const moved = frames.find(
        (frame) => frame.at > at && frame.at < until && Math.abs((frame.q?.[STEPPING] ?? from) - from) > RESOLUTION / 2,
      );
      if (moved === undefined) {
        throw new Error(`the step at ${at} s led to no setpoint`);
      }
      return moved.at - at;
    });
  }

  /** One takeover from the policy in motion; the leader is up to 20 degrees off in each joint, and in motion too. */
  async #takeOver(): Promise<MeasuredTakeover & { readonly pressedAt: Instant; readonly stops: number }> {
    const { lab, system, client } = this.#bench;
    const folder = system.config.recording?.directory ?? "";
    const known = correctionsIn(folder).length;
    await this.#movePolicy();
    await this.#stand(20);
    await this.#hand.swing([this.#random.index(7)], 6, this.#random.between(5, 40));
    await lab.clearArrivals();
    await pause(this.#random.between(0.1, 0.5));
    if (client.state?.source !== "policy") {
      throw new Error(`the policy does not move the arm any more, the mode is ${client.state?.mode}`);
    }
    const pressedAt = await this.#press();
    await pause(0.6);
    await this.#letGo();
    const deadline = performance.now() + PATIENCE_MS;
    while (correctionsIn(folder).length === known) {
      if (performance.now() > deadline) {
        throw new Error("no correction was recorded");
      }
      await pause(0.05);
    }
    const sent = await setpointsOf(folder, correctionsIn(folder).at(-1) ?? "");
    const { records } = await lab.arrivals();
    const stops = records.filter(({ command }) => command !== "movej_canfd").length;
    const period = system.config.stream.period_ms / 1000;
    return { ...measureTakeover(sent, records, this.#velocity, period), pressedAt, stops };
  }

  /** Has the policy move the arm: goes on with its task, or begins another one at home. */
  async #movePolicy(): Promise<void> {
    const { client, lab, instructions } = this.#bench;
    if (this.#phase === "paused") {
      const moving = this.#moving();
      await need(client.requestInControl({ type: "resume" }), "accepted");
      if (await moving) {
        return;
      }
    }
    const instruction = instructions[this.#tasks % instructions.length] ?? "";
    this.#tasks += 1;
    await goHome(client, () => undefined);
    await lab.reset(this.#tasks, "nominal", Math.max(0, taskOf(await lab.tasks(), instruction)));
    const moving = this.#moving();
    await need(client.requestInControl({ type: "instruct", instruction, homeFirst: false, confirm: true }), "accepted");
    if (!(await moving)) {
      throw new Error(`the policy does not move the arm: ${this.#phase}`);
    }
  }

  /** True once a joint moves by the policy, false when its task has ended before. */
  async #moving(): Promise<boolean> {
    let last: { readonly at: Instant; readonly q: readonly number[] } | null = null;
    const state = await this.#until(({ source, commanded, at }) => {
      const before = last;
      last = commanded === null ? null : { at, q: commanded };
      if (this.#phase === "failed" || this.#phase === "finished" || this.#phase === "stopped") {
        return source !== "policy";
      }
      const most = Math.max(...(commanded ?? []).map((q, joint) => Math.abs(q - (before?.q[joint] ?? q))));
      return source === "policy" && before !== null && most / (at - before.at) > MOVING;
    });
    return state.source === "policy";
  }

  /** The leader stands beside the arm, up to `off` degrees away in each joint, until it may be followed. */
  async #stand(off: number): Promise<void> {
    const { commanded } = await this.#state();
    if (commanded === null || !isJointVector(commanded)) {
      throw new Error("it is not known where the arm is");
    }
    await this.#hand.stand(mapJoints(commanded, (angle) => angle + this.#random.between(-off, off) * DEGREE));
    await this.#until(({ teleop }) => teleop?.phase !== "ready");
    await this.#until(({ teleop }) => teleop?.phase === "ready");
  }

  /** Presses the leader's button; the arm follows it afterwards. */
  async #press(): Promise<Instant> {
    const leading = this.#until(({ mode }) => mode === "teleop");
    const at = await this.#hand.button(true);
    await leading;
    return at;
  }

  async #letGo(): Promise<void> {
    const held = this.#until(({ mode, source }) => mode === "hold" && source !== "stop");
    await this.#hand.button(false);
    await held;
  }

  #state(): Promise<ServerMessageOf<"state">> {
    return this.#until(() => true);
  }

  /** The first state from now on that fits; rejects when none comes. */
  #until(fits: (state: ServerMessageOf<"state">) => boolean): Promise<ServerMessageOf<"state">> {
    const { client } = this.#bench;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        leave();
        const teleop = client.state?.teleop;
        reject(new Error(`waited in vain: mode ${client.state?.mode}, leader ${teleop?.phase} (${teleop?.detail})`));
      }, PATIENCE_MS);
      const leave = client.onMessage((message) => {
        if (message.type === "state" && fits(message)) {
          clearTimeout(timer);
          leave();
          resolve(message);
        }
      });
    });
  }
}

function framesOf(records: readonly Arrival[]): readonly Arrival[] {
  return records.filter(({ command }) => command === "movej_canfd");
}

function spread(values: readonly Seconds[]): Spread {
  return { p50: toMs(quantile(values, 0.5)), p99: toMs(quantile(values, 0.99)), max: toMs(Math.max(...values)) };
}

function pause(seconds: Seconds): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
