import type { Subject, Trial } from "../../daemon/evaluation/trial.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

/** What the trials below are of. */
export const SUBJECT: Subject = {
  kind: "evaluation",
  schema: "kinevla.evaluation.v1",
  bundle: "some-bundle",
  manifestSha256: "0".repeat(64),
  looks: "varied",
  reasoning: "every-chunk",
};

/** A trial that went as it should, with two chunks. */
export function trial(change: Partial<Trial> = {}): Trial {
  const task = TASKS[change.task ?? 0];
  return {
    kind: "trial",
    condition: "plain",
    task: 0,
    seed: 5,
    instruction: task?.instruction ?? "",
    goal: true,
    kinematic: true,
    detail: "bread moved 120 mm",
    end: "finished",
    seconds: 8.1,
    attempts: 1,
    chunks: 2,
    texts: [{ coarse: task?.coarse ?? "", fine: task?.fine ?? "", times: 2 }],
    latencies: [
      [1, 1, 1, 1, 1, 1, 1, 1],
      [10, 0, 0, 0, 3, 0, 0, 10],
    ],
    policyPeakMib: 150.5,
    pictures: { start: "c3RhcnQ=", end: "ZW5k" },
    ...change,
  };
}
