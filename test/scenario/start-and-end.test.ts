import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { configApart } from "../../daemon/launch/config-apart.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { kinevla, type Run } from "../cli/kinevla.js";
import { descendants, isAlive, watchFor } from "./rig.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-ends-"));
const runDirectory = join(folder, "run");
after(() => rmSync(folder, { recursive: true }));

const file = join(folder, "cell.yaml");
await configApart(projectPath("daemon", "config", "lab.yaml"), file, runDirectory);

const start = (): Run => kinevla("start", "--config", file);

/** Resolves when none of the processes is there any more; rejects after 20 s. */
async function allGone(pids: readonly number[]): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (pids.some(isAlive)) {
    assert.ok(Date.now() < deadline, `still there: ${pids.filter(isAlive).join(", ")}`);
    await watchFor(50);
  }
}

describe("kinevla start ends in order at every stage", () => {
  for (const [stage, signal] of [
    ["virtual lab", "SIGINT"],
    ["daemon with cameras", "SIGTERM"],
  ] as const) {
    it(`${signal} while it starts: ${stage}`, async () => {
      const run = start();
      await run.printed(stage);
      const pids = descendants(run.child.pid ?? 0);
      run.child.kill(signal);
      const { exitCode, stderr } = await run.ended;
      assert.equal(exitCode, 130);
      assert.match(stderr, /Ended before everything had started; nothing has moved/);
      await allGone(pids);
    });
  }

  it("starts again right after it was killed, and Ctrl-C twice stops the arm first and leaves nothing", async () => {
    const killed = start();
    await killed.printed("Stream");
    const left = descendants(killed.child.pid ?? 0);
    assert.ok(left.length >= 6, `${left.length} processes`);
    killed.child.kill("SIGKILL");
    const run = start();
    await run.printed("Instruction");
    await allGone(left);
    const pids = descendants(run.child.pid ?? 0);
    run.child.kill("SIGINT");
    run.child.kill("SIGINT");
    const { exitCode, stderr } = await run.ended;
    assert.equal(exitCode, 130);
    assert.match(stderr, /Stopping the arm, then everything else/);
    assert.doesNotMatch(stderr, /not confirmed/);
    await allGone(pids);
    assert.match(readFileSync(join(runDirectory, "logs", "arm.log"), "utf8"), /"code":"operator-stop"/);
    assert.deepEqual(readdirSync(runDirectory).sort(), [
      "audit",
      "logs",
      "operator.token",
      "recordings",
      "tokens.json",
    ]);
  });
});
