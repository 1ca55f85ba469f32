import type { ServerMessageOf } from "../../daemon/operator/server-message.js";
import { type BenchOptions, startBench } from "./session.js";
import { machine, quantile, toMs } from "./statistics.js";

type Phases = ServerMessageOf<"chunk">["phases"];
type Spread = { readonly p50: number; readonly p95: number };

/** Time from picture to arm process, by phase. */
export interface ChunkFigures {
  readonly phases_ms: Readonly<Record<keyof Phases, Spread>>;
  /** From the start of the inference until the arm process had the chunk. */
  readonly total_ms: Spread;
  /** What of that was not model time: packing and the ways between the processes. */
  readonly overhead_ms: Spread;
  readonly n: number;
  readonly forced: number;
  readonly machine: { readonly cores: number; readonly load: number };
}

const MODEL_PHASES = ["vision", "prefill", "text", "codes", "decode"] as const;
const OVERHEAD_PHASES = ["preprocess", "handOver"] as const;

/** Collects `n` accepted chunks while tasks run. */
export async function benchChunk(options: BenchOptions & { readonly n: number }): Promise<ChunkFigures> {
  const bench = await startBench(options);
  try {
    const chunks: ServerMessageOf<"chunk">[] = [];
    bench.client.onMessage((message) => {
      if (message.type === "chunk" && message.accepted && chunks.length < options.n) {
        chunks.push(message);
        if (chunks.length % 20 === 0) {
          options.progress(`${chunks.length} of ${options.n} chunks`);
        }
      }
    });
    await bench.keepMoving(() => chunks.length >= options.n);
    const sum = (phases: Phases, names: readonly (keyof Phases)[]): number =>
      names.reduce((total, name) => total + phases[name], 0);
    const spread = (value: (phases: Phases) => number): Spread => {
      const values = chunks.map(({ phases }) => value(phases));
      return { p50: toMs(quantile(values, 0.5)), p95: toMs(quantile(values, 0.95)) };
    };
    return {
      phases_ms: {
        grab: spread(({ grab }) => grab),
        preprocess: spread(({ preprocess }) => preprocess),
        vision: spread(({ vision }) => vision),
        prefill: spread(({ prefill }) => prefill),
        text: spread(({ text }) => text),
        codes: spread(({ codes }) => codes),
        decode: spread(({ decode }) => decode),
        handOver: spread(({ handOver }) => handOver),
      },
      total_ms: spread((phases) => sum(phases, [...MODEL_PHASES, ...OVERHEAD_PHASES])),
      overhead_ms: spread((phases) => sum(phases, OVERHEAD_PHASES)),
      n: chunks.length,
      forced: chunks.filter(({ forced }) => forced).length,
      machine: machine(),
    };
  } finally {
    await bench.close();
  }
}
