import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { coverage, coverageInWords } from "./coverage.js";
import { report } from "./report.js";
import type { TrialResult } from "./run-trial.js";
import type { SoakFigures } from "./soak.js";
import { suiteFigures } from "./suite-figures.js";

const RUN: TrialResult = {
  ...{ caseId: 31, trial: "all lost", mode: "policy", seed: 1, reactionMs: 101, stillMs: 200 },
  ...{ budget: { reaction: 110, still: 300 }, problems: [], violations: [] },
};

const SOAK: SoakFigures = {
  ...{ minutes: 30, faults: 0, tasks: 176, frames: 9, problems: [], violations: [] },
  nuisance_stops: ["state-stale at 3 s"],
  explained_stops: ["overspeed at 4 s: the arm had met something"],
};

describe("the figures of a suite", () => {
  it("sum up the runs of each trial in each mode", () => {
    const { cases, failed } = suiteFigures(
      [RUN, { ...RUN, seed: 2, reactionMs: 105 }, { ...RUN, mode: "homing" }],
      [31],
    );
    assert.equal(cases.length, 2);
    assert.equal(failed, 0);
    assert.deepEqual(cases[0]?.reaction_ms, { min: 101, p50: 101, p99: 105, max: 105 });
    assert.equal(cases[0]?.budget_ms, 110);
  });

  it("call a trial failed for one problem or one broken promise in any of its runs, and name the seed", () => {
    const late = { ...RUN, seed: 7, problems: ["reaction 131.0 ms, budget 110"] };
    const broken = {
      ...RUN,
      mode: "homing" as const,
      seed: 9,
      violations: [{ check: "C1" as const, at: 3, detail: "3 setpoints" }],
    };
    const figures = suiteFigures([RUN, late, broken], [31]);
    assert.equal(figures.failed, 2);
    assert.deepEqual(figures.cases[0]?.problems, [{ what: "reaction ... ms, budget 110", seeds: [7] }]);
    assert.deepEqual(figures.violations, [{ id: 31, mode: "homing", seed: 9, what: "C1: 3 setpoints" }]);
  });

  it("say of rows without trials why they do not run", () => {
    const why = "the service manager counts them; test/systemd";
    assert.deepEqual(suiteFigures([], [90, 31]).not_run, [{ id: 90, why }]);
  });
});

describe("the list of rows", () => {
  it("says for each in which modes it runs, or that it has none and why", () => {
    const rows = coverage();
    assert.equal(rows.length, 96);
    assert.deepEqual(
      rows.filter(({ trials }) => trials.length === 0).map(({ id }) => id),
      [10, 73, 87, 90],
    );
    const words = coverageInWords(rows);
    assert.match(words, /^18 {2}policy 1, homing 1, teleop 1 +blackhole/m);
    assert.match(words, /^90 {2}NONE +4 crashes in 5 minutes \(the service manager counts them/m);
    assert.match(words, /96 rows: 92 with a case .* 4 without/);
  });
});

describe("the report", () => {
  it("has a row for each trial, and for each failure the command that shows it again", () => {
    const late = { ...RUN, seed: 7, problems: ["the arm did not come to rest"] };
    const text = report({
      ...{ figures: suiteFigures([RUN, late], null), command: "fault --all", seed: 1, load: "1 to 2" },
      ...{ scheduling: "SCHED_FIFO 50", notes: ["by hand"] },
      soaks: [{ quiet: true, figures: SOAK }],
    });
    assert.match(
      text,
      /176 tasks, 9 setpoints, 0 faults: 1 nuisance stops, 1 stops by policy or contact, 0 broken promises/,
    );
    assert.match(text, /^- nuisance stop state-stale at 3 s$/m);
    assert.match(text, /^- stop without an injected fault: overspeed at 4 s: the arm had met something$/m);
    assert.match(text, /\| arm state stale \| 110 \| 2 \| 101.0 \| 101.0 \(policy, seed \d+\) \| {2}\|/);
    assert.match(text, /\| 31 \| 1, 5, 10, 20 lost packets: all lost \| policy \| 2 \| 101 \| 110 \|/);
    assert.match(
      text,
      /the arm did not come to rest \(1 of 2; `npm run -s kinevla -- fault --case 31 --runs 1 --seed 7`\)/,
    );
  });
});
