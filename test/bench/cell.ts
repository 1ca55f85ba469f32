import { parseArgs } from "node:util";
import { LIMITS } from "../limits.js";
import { type Replay, replayExpert } from "./replay-expert.js";

// Executable: how much room the scripted expert's motion leaves in the cell, over many seeds, task after task.
// node dist/test/bench/cell.js --seeds 100

const { values } = parseArgs({ options: { seeds: { type: "string", default: "100" } } });
const replays: Replay[] = [];
for (let seed = 0; seed < Number(values.seeds); seed++) {
  replays.push(await replayExpert(seed, LIMITS));
}
const least = (of: (replay: Replay) => number): number => Number((1000 * Math.min(...replays.map(of))).toFixed(1));
const sum = (of: (replay: Replay) => number): number => replays.reduce((total, replay) => total + of(replay), 0);
const figures = {
  seeds: replays.length,
  ticks: sum((replay) => replay.ticks),
  refusedChunks: sum((replay) => replay.refusedChunks.length),
  refusedSetpoints: sum((replay) => replay.refusedSetpoints.length),
  succeeded: sum((replay) => (replay.succeeded ? 1 : 0)),
  leastMarginMm: {
    workspace: least((replay) => replay.margins.workspace),
    table: least((replay) => replay.margins.table),
    selfCollision: least((replay) => replay.margins["self-collision"]),
  },
  fastestMmS: -least((replay) => -replay.fastest),
  refusals: [...new Set(replays.flatMap((replay) => [...replay.refusedChunks, ...replay.refusedSetpoints]))].slice(
    0,
    20,
  ),
};
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
