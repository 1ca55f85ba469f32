import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type UseBounds, useBounds, watchUse } from "../../daemon/service/process-use.js";
import type { Resources } from "../../daemon/types/resources.js";

/** The next reading. */
function reading(bounds: UseBounds, waited?: () => number): Promise<Resources> {
  return new Promise((resolve) => {
    const hear = (used: Resources): void => {
      end();
      resolve(used);
    };
    const end = watchUse(bounds, hear, waited);
  });
}

/** Runs a script of a process with at most 64 descriptors; its reading is what it prints. */
async function readingElsewhere(script: string): Promise<Resources> {
  const module = JSON.stringify(projectPath("dist", "daemon", "service", "process-use.js"));
  const whole = `import { openSync } from "node:fs";
    import { useBounds, watchUse } from ${module};
    const bounds = useBounds(1e9);
    ${script}
    watchUse(bounds, (used) => { process.stdout.write(JSON.stringify(used), () => process.exit(0)); });`;
  const limited = `ulimit -n 64; exec "$0" --input-type=module -e "$1"`;
  const { stdout } = await promisify(execFile)("sh", ["-c", limited, process.execPath, whole]);
  return JSON.parse(stdout);
}

describe("what a process uses", () => {
  it("is read of this one", async () => {
    const before = process.memoryUsage.rss();
    const { memory, descriptors, busy } = await reading({ ...useBounds(1e9), unit: null });
    assert.ok(memory > 0.5 * (before / 1e9) && memory < 2 * (before / 1e9), `${memory} of ${before}`);
    assert.ok(descriptors > 0 && descriptors < 0.8);
    assert.ok(busy >= 0 && busy < 0.8, String(busy));
  });

  it("counts each descriptor against the soft limit", async () => {
    const bounds = { ...useBounds(1e9), descriptors: 1000 };
    const before = await reading(bounds);
    const opened = await Promise.all(Array.from({ length: 100 }, () => open("/dev/null")));
    const after = await reading(bounds);
    await Promise.all(opened.map((file) => file.close()));
    assert.ok(Math.abs(after.descriptors - before.descriptors - 0.1) < 0.01, JSON.stringify({ before, after }));
  });

  it("is all of them where none is left to read it with", async () => {
    const used = await readingElsewhere(`try { for (;;) openSync("/dev/null"); } catch {}`);
    assert.equal(used.descriptors, 1);
    assert.equal(used.memory, 1);
  });

  it("is of the soft limit that this process has", async () => {
    const { descriptors } = await readingElsewhere(`for (let n = 0; n < 20; n += 1) openSync("/dev/null");`);
    // An idle Node process has some 20 of its own.
    assert.ok(descriptors > 0.4 && descriptors < 0.9, String(descriptors));
  });

  it("of the unit's memory only what the system cannot take back, where that is nearer to its bound", async () => {
    const folder = mkdtempSync(join(tmpdir(), "use-"));
    const file = join(folder, "memory.stat");
    writeFileSync(file, "anon 900000000\nfile 7000000000\n");
    const bounds = useBounds(1e12);
    const { memory } = await reading({ ...bounds, unit: { file, high: 1e9 } });
    rmSync(folder, { recursive: true });
    assert.equal(memory, 0.9);
  });

  it("sees a loop that is always busy, and none in one that is blocked on purpose", async () => {
    let busy = true;
    let spun = 0;
    const spin = (): void => {
      const from = performance.now();
      while (performance.now() < from + 20);
      spun += (performance.now() - from) / 1000;
      if (busy) {
        setImmediate(spin);
      }
    };
    spin();
    const used = await reading(useBounds(1e9));
    assert.ok(used.busy > 0.8, String(used.busy));
    const waiting = await reading(useBounds(1e9), () => spun);
    busy = false;
    assert.ok(waiting.busy < 0.3, String(waiting.busy));
  });
});
