import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";

/** A process that has logged 5 MB into a pipe that nobody reads. */
async function flooded(t: TestContext): Promise<{ child: ChildProcess; latestMs: number }> {
  const script = projectPath("dist", "test", "service", "flooding-process.js");
  const child = spawn(process.execPath, [script], { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  t.after(() => child.kill("SIGKILL"));
  const [{ latestMs }] = await once(child, "message");
  return { child, latestMs };
}

describe("a log that nobody reads", () => {
  it("holds up nothing; what was lost is counted and told once it is read again", async (t) => {
    const { child, latestMs } = await flooded(t);
    // Blocked, it would be late for ever.
    assert.ok(latestMs < 2000, `${latestMs} ms`);
    assert.ok(child.stdout !== null);
    const lines: { readonly msg: string; readonly dropped?: number }[] = [];
    const told = new Promise<void>((resolve) => {
      createInterface(child.stdout ?? process.stdin).on("line", (line) => {
        lines.push(JSON.parse(line));
        if (lines.at(-1)?.msg === "one more") {
          resolve();
        } else if (lines.length === 1) {
          // There is room again only after what waited was read.
          setTimeout(() => child.send("one more"), 200);
        }
      });
    });
    await told;
    const dropped = lines.find((line) => line.dropped !== undefined)?.dropped ?? 0;
    assert.equal(lines.filter(({ msg }) => msg.startsWith("xxx")).length + dropped, 5000);
    assert.ok(dropped > 1000, `${dropped}`);
  });

  it("does not keep the process from ending", async (t) => {
    const { child } = await flooded(t);
    const exit = once(child, "exit");
    child.send("end");
    const [code] = await exit;
    assert.equal(code, 7);
  });
});
