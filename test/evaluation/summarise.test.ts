import assert from "node:assert/strict";
import { test } from "node:test";
import { reportHtml } from "../../daemon/evaluation/report-html.js";
import { plainRates, summarise } from "../../daemon/evaluation/summarise.js";
import { wilsonInterval } from "../../daemon/evaluation/wilson.js";
import { evaluationInWords } from "../../daemon/evaluation/words.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";
import { SUBJECT, trial } from "./samples.js";

const failed = { goal: false, kinematic: false } as const;
const RUNS = [
  trial({ seed: 5 }),
  trial({ seed: 6, kinematic: false }),
  trial({ seed: 5, task: 3 }),
  trial({ seed: 5, condition: "mismatched", ...failed, policyPeakMib: 160 }),
  trial({ seed: 6, condition: "mismatched", kinematic: true }),
  trial({ seed: 5, task: 3, condition: "mismatched", kinematic: false, policyPeakMib: null }),
  trial({ seed: 9, condition: "mismatched", ...failed }),
];

test("goal and kinematic success are counted apart, a task and over all, with Wilson intervals", () => {
  const [plain] = summarise(SUBJECT, RUNS, TASKS).conditions;
  assert.deepEqual(
    plain?.tasks.map(({ task, trials, goal, kinematic }) => [task, trials, goal.rate, kinematic.rate]),
    [
      [0, 2, 1, 0.5],
      [3, 1, 1, 1],
    ],
  );
  assert.deepEqual(plain?.all.kinematic, { rate: 2 / 3, interval: wilsonInterval(2, 3) });
  assert.equal(plain?.difference, null);
});

test("the plain rates stand at the top of the JSON, by task and over all", () => {
  const { tasks, goal, kinematic } = plainRates(summarise(SUBJECT, RUNS, TASKS));
  assert.deepEqual(
    tasks?.map(({ trials, ...rates }) => [trials, rates.goal, rates.kinematic]),
    [
      [2, 1, 0.5],
      [1, 1, 1],
    ],
  );
  assert.deepEqual([goal, kinematic], [1, 2 / 3]);
  const changed = RUNS.filter(({ condition }) => condition === "mismatched");
  assert.deepEqual(plainRates(summarise(SUBJECT, changed, TASKS)), {});
});

test("what a condition changes is told against the plain trials of the same tasks and seeds alone", () => {
  const changed = summarise(SUBJECT, RUNS, TASKS).conditions.at(-1);
  assert.equal(changed?.condition, "mismatched");
  assert.deepEqual(changed?.difference, {
    pairs: 3,
    goal_points: -100 / 3,
    kinematic_points: -100 / 3,
    only_plain: 2,
    only_changed: 1,
  });
});

test("how the trials ended is counted", () => {
  const stopped = trial({ seed: 7, end: "failed: No picture from the front camera." });
  const again = trial({ seed: 6, attempts: 3 });
  const [plain] = summarise(SUBJECT, [trial(), again, stopped], TASKS).conditions;
  assert.equal(plain?.repeated, 2);
  assert.deepEqual(plain?.ends, [
    { end: "finished", trials: 2 },
    { end: stopped.end, trials: 1 },
  ]);
});

test("texts are scored where they are the model's own", () => {
  const wrong = trial({ texts: [{ coarse: "move the bread", fine: TASKS[1]?.fine ?? "", times: 2 }] });
  const [plain, forced] = summarise(SUBJECT, [wrong, trial({ condition: "random" })], TASKS).conditions;
  assert.equal(plain?.bleu?.coarse, 1);
  assert.ok((plain?.bleu?.fine ?? 1) < 0.95);
  assert.equal(plain?.bleu?.texts, 2);
  assert.equal(forced?.bleu, null);
});

test("latencies are by phase, of the model and of all; memory is the largest seen", () => {
  const [plain, forced] = summarise(SUBJECT, RUNS, TASKS).conditions;
  const row = (phase: string) => plain?.latency_ms.find((latency) => latency.phase === phase);
  assert.deepEqual(row("text"), { phase: "text", p50: 1, p95: 3 });
  assert.deepEqual(row("model"), { phase: "model", p50: 3, p95: 6 });
  assert.deepEqual(row("all"), { phase: "all", p50: 8, p95: 23 });
  assert.equal(plain?.chunks, 6);
  assert.deepEqual([plain?.policy_peak_mib, forced?.policy_peak_mib], [150.5, 160]);
});

test("the words for the terminal hold every figure", () => {
  const words = evaluationInWords(summarise(SUBJECT, RUNS, TASKS));
  for (const part of ["As trained", "goal 100 %", "as told 67 %", "-33.3 points", "BLEU-4", "model 3 / 6", "160 MiB"]) {
    assert.ok(words.includes(part), `${part} is not in ${words}`);
  }
});

test("the page stands alone, shows failures first, and takes no markup from what was said", () => {
  const nasty = trial({ seed: 6, ...failed, detail: '<script>alert("x")</script>', instruction: "<b>" });
  const page = reportHtml(summarise(SUBJECT, [...RUNS, nasty], TASKS));
  assert.doesNotMatch(page, /<script|<link|src="(?!data:)|https?:/);
  assert.match(page, /&#60;script&#62;alert\(&#34;x&#34;\)/);
  const places = ["goal not reached", "but not as told", "<b>as told"].map((words) => page.indexOf(words));
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  );
  assert.equal(page.match(/data:image\/jpeg;base64,c3RhcnQ=/g)?.length, RUNS.length + 1);
});

test("an evaluation without a trial has no conditions", () => {
  assert.deepEqual(summarise(SUBJECT, [], TASKS).conditions, []);
});
