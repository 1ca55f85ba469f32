import { parseArgs } from "node:util";
import { machine } from "../bench/statistics.js";
import { type Campaign, runCampaign } from "./campaign.js";
import { addToCorpus, readCorpus } from "./corpus.js";
import { TARGETS } from "./targets.js";

// Executable: mutated inputs through one parser or all; findings and figures as JSON, status 1 when there are findings.
// node dist/test/fuzz/fuzz.js --target all --inputs 2e6 [--seconds 60] [--seed 1] [--keep]

const { values } = parseArgs({
  options: {
    target: { type: "string", default: "all" },
    inputs: { type: "string", default: "2e6" },
    seconds: { type: "string", default: "Infinity" },
    seed: { type: "string", default: String(Date.now() % 1e9) },
    keep: { type: "boolean", default: false },
  },
});
const chosen = Object.entries(TARGETS).filter(([name]) => values.target === "all" || values.target === name);
if (chosen.length === 0) {
  throw new Error(`there is no target ${values.target}: ${Object.keys(TARGETS).join(", ")}, all`);
}
// The YAML library looks into the environment at every token; as a plain object that is a third of its time less.
process.env = { ...process.env };
let findings = 0;
for (const [name, target] of chosen) {
  const began = performance.now();
  let told = began;
  const isOver = (done: number): boolean => {
    const now = performance.now();
    if (now - told > 1000) {
      told = now;
      process.stderr.write(`\r${name}: ${done} of ${Number(values.inputs)} inputs `);
    }
    return now - began > Number(values.seconds) * 1000;
  };
  const campaign: Campaign = runCampaign(target, readCorpus(name), Number(values.inputs), Number(values.seed), isOver);
  const { kept, ...figures } = campaign;
  if (values.keep) {
    addToCorpus(
      name,
      [...kept, ...campaign.findings.map(({ input }) => input)].filter(({ length }) => length < 20_000),
    );
  }
  process.stderr.write("\n");
  findings += campaign.findings.length;
  const seconds = Math.round((performance.now() - began) / 1000);
  const line = { target: name, seed: Number(values.seed), seconds, ...figures, kept: kept.length, ...machine() };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
process.exitCode = findings === 0 ? 0 : 1;
