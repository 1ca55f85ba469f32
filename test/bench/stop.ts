import { need } from "../../daemon/cli/operator-link.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { type BenchOptions, type BenchSession, startBench } from "./session.js";
import { machine, quantile, toMs } from "./statistics.js";

/** From an operator's stop message to the first stop byte at the controller, while the arm moves. */
export interface StopFigures {
  readonly latency_ms: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly n: number;
  /** Setpoints that reached the controller after the stop. */
  readonly setpoints_after_stop: number;
  readonly scheduling: string;
  readonly machine: { readonly cores: number; readonly load: number };
}

/** rad/s: above this a joint counts as moving. */
const MOVING = 0.03;

/** Stops the moving arm `n` times; stamps on both ends are of the host's one monotonic clock. */
export async function benchStop(options: BenchOptions & { readonly n: number }): Promise<StopFigures> {
  const bench = await startBench(options);
  try {
    const latencies: number[] = [];
    let after = 0;
    for (let round = 0; round < options.n; round += 1) {
      await startMoving(bench, round);
      await bench.lab.clearArrivals();
      const sentAt = hostClock.now();
      await need(bench.client.stop("bench"), "accepted");
      // Whatever the arm process could still send would have arrived by then.
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { records } = await bench.lab.arrivals();
      const stop = records.findIndex(({ command }) => command === "set_arm_stop");
      const arrival = records[stop];
      if (arrival === undefined) {
        throw new Error(`stop ${round + 1} did not reach the controller`);
      }
      latencies.push(arrival.at - sentAt);
      after += records.slice(stop).filter(({ command }) => command === "movej_canfd").length;
      await need(bench.client.requestInControl({ type: "acknowledge", reason: "bench" }), "accepted");
      if ((round + 1) % 20 === 0) {
        options.progress(`${round + 1} of ${options.n} stops`);
      }
    }
    return {
      latency_ms: {
        p50: toMs(quantile(latencies, 0.5)),
        p99: toMs(quantile(latencies, 0.99)),
        max: toMs(Math.max(...latencies)),
      },
      n: latencies.length,
      setpoints_after_stop: after,
      scheduling: (await bench.status()).arm?.scheduling ?? "unknown",
      machine: machine(),
    };
  } finally {
    await bench.close();
  }
}

/** Starts a task and resolves while a joint moves. */
async function startMoving(bench: BenchSession, round: number): Promise<void> {
  const { client, instructions } = bench;
  const moving = new Promise<void>((resolve) => {
    let before: { readonly at: number; readonly q: readonly number[] } | null = null;
    const unlisten = client.onMessage((message) => {
      if (message.type !== "state" || message.commanded === null) {
        return;
      }
      const { at, commanded } = message;
      const last = before;
      if (last !== null && at > last.at) {
        const speed = Math.max(...commanded.map((q, joint) => Math.abs(q - (last.q[joint] ?? q)))) / (at - last.at);
        if (speed > MOVING) {
          unlisten();
          resolve();
        }
      }
      before = { at, q: commanded };
    });
  });
  const instruction = instructions[round % instructions.length] ?? "";
  await need(client.requestInControl({ type: "instruct", instruction, homeFirst: false, confirm: true }), "accepted");
  await moving;
}
