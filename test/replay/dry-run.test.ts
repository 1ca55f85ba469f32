import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MotionStream } from "../../daemon/arm/motion-stream.js";
import type { Episode, EpisodeMessage } from "../../daemon/recorder/read-episode.js";
import { dryRun } from "../../daemon/replay/dry-run.js";
import { jointPosition, mapJoints } from "../../daemon/types/units.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { LIMITS } from "../limits.js";

const PERIOD = 0.01;
/** One degree a step of 0.1 s. */
const STRIDE = Math.PI / 180;
const START = 50;

/** A run as it would be recorded: hold for a moment, then one chunk that turns J1; the arm follows exactly. */
function recorded(change: (q: readonly number[], tick: number) => readonly number[] = (q) => q): Episode {
  const stream = new MotionStream(HOME, PERIOD, LIMITS);
  const messages: EpisodeMessage[] = [];
  const add = (topic: string, value: unknown): void => {
    messages.push({ topic, logTime: 0n, publishTime: 0n, sequence: 0, value: JSON.parse(JSON.stringify(value)) });
  };
  for (let tick = 0; tick < 60; tick++) {
    const dueAt = START + tick * PERIOD;
    if (tick === 10) {
      const targets = [1, 2, 3, 4, 5].map((step) => ({
        dueAt: dueAt + step * 0.1,
        q: mapJoints(HOME, (angle, joint) => angle + (joint === 0 ? step * STRIDE : 0)),
        gripper: 1,
      }));
      const chunk = { id: 1, epoch: 2, capturedAt: dueAt, period: 0.1, targets };
      add("/policy/chunk", chunk);
      const receivedAt = dueAt - 0.002;
      add("/policy/chunk_result", { id: 1, accepted: true, receivedAt });
      const made = { ...chunk, targets: targets.map((target) => ({ ...target, q: jointPosition(target.q) })) };
      assert.equal(stream.follow(made, receivedAt), true);
    }
    const { source, q } = stream.propose(dueAt);
    stream.sent(q);
    add("/arm/setpoint", { source, epoch: source === "policy" ? 2 : 1, dueAt, q: change(q, tick) });
    add("/arm/report", { at: dueAt + 0.001, measured: q, measuredAge: 0 });
  }
  return { messages, metadata: new Map(), attachments: new Map(), torn: null };
}

describe("a dry run", () => {
  it("plans the same as was sent and is refused nothing while the code is the same", () => {
    const run = dryRun(recorded(), LIMITS, PERIOD);
    assert.deepEqual(run.refusals, {});
    assert.equal(run.setpoints, 60);
    assert.equal(run.chunks, 1);
    assert.ok(run.planned >= 45, `${run.planned}`);
    assert.ok(Math.max(...run.mostDifference) < 1e-12, String(run.mostDifference));
  });

  it("shows where what was sent is another thing than what would be planned now", () => {
    const bent = recorded((q, tick) => q.map((angle, joint) => (tick === 30 && joint === 3 ? angle + 0.0001 : angle)));
    const run = dryRun(bent, LIMITS, PERIOD);
    assert.ok(Math.abs((run.mostDifference[3] ?? 0) - 0.0001) < 1e-9);
    assert.ok(Math.abs((run.mostAfter ?? 0) - 0.3) < 1e-9);
  });

  it("names what the guard would refuse now", () => {
    const jump = recorded((q, tick) => q.map((angle, joint) => (tick >= 30 && joint === 0 ? angle + 0.1 : angle)));
    const run = dryRun(jump, LIMITS, PERIOD);
    assert.ok((run.refusals.velocity ?? 0) > 0, JSON.stringify(run.refusals));
  });
});
