import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type BlockKind, runBlock } from "../motion/limiter-block.js";
import { machine } from "./statistics.js";

// Executable: random demands through limiter and clear step, every bound checked in every step; nothing may break one.
// node dist/test/bench/limiter-runs.js --steps 1e8 [--file limiter-runs.json] [--from 0]
// With --file it goes on where an earlier run ended; --from starts at a block, as a violation names it.

/** Steps of a block; its number is the seed, so any block can be repeated by itself. */
const BLOCK = 100_000;

interface Sums {
  readonly next: number;
  readonly steps: Readonly<Record<BlockKind, number>>;
  readonly ramps: number;
  readonly seconds: number;
  readonly violations: readonly string[];
}

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1e6" },
    file: { type: "string", default: "" },
    from: { type: "string", default: "0" },
  },
});
const goal = Number(values.steps);
let sums: Sums = {
  next: Number(values.from),
  steps: { wild: 0, chunks: 0, clear: 0 },
  ramps: 0,
  seconds: 0,
  violations: [],
};
if (values.file !== "" && existsSync(values.file)) {
  sums = JSON.parse(readFileSync(values.file, "utf8"));
}

function total({ wild, chunks, clear }: Sums["steps"]): number {
  return wild + chunks + clear;
}

while (total(sums.steps) < goal && sums.violations.length === 0) {
  const began = process.hrtime.bigint();
  const { block, kind, steps, ramps, violations } = runBlock(sums.next, BLOCK);
  sums = {
    next: block + 1,
    steps: { ...sums.steps, [kind]: sums.steps[kind] + steps },
    ramps: sums.ramps + ramps,
    seconds: sums.seconds + Number(process.hrtime.bigint() - began) / 1e9,
    violations: violations.map((words) => `block ${block} (${kind}), ${words}`),
  };
  if (values.file !== "") {
    writeFileSync(`${values.file}.new`, `${JSON.stringify(sums)}\n`);
    renameSync(`${values.file}.new`, values.file);
  }
  process.stderr.write(`\r${total(sums.steps)} of ${goal} steps, ${sums.seconds.toFixed(0)} s `);
}
process.stderr.write("\n");
const figures = { ...sums, total: total(sums.steps), seconds: Math.round(sums.seconds), ...machine() };
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exitCode = sums.violations.length === 0 ? 0 : 1;
