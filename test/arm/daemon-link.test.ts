import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { isDying, listenForDaemon } from "../../daemon/arm/daemon-link.js";

/** A process that does nothing until it is killed. */
async function idle(t: TestContext): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, ["-e", "process.stdout.write('up'); setInterval(() => {}, 1000)"]);
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const { pid } = child;
  assert.ok(pid !== undefined);
  return Object.assign(child, { pid });
}

describe("HO-03: a daemon that was killed", () => {
  it("is seen to be dying before anybody has waited for it; one that runs, and one of somebody else, is not", async (t) => {
    const child = await idle(t);
    assert.equal(isDying(child.pid), false);
    assert.equal(isDying(process.pid), false);
    assert.equal(isDying(1), false);
    child.kill("SIGKILL");
    // No turn of the event loop goes by, so that nobody collects what is left of it.
    const until = performance.now() + 10_000;
    while (!isDying(child.pid)) {
      assert.ok(performance.now() < until, "it is not seen to be dying");
    }
  });

  it("loses its connection although its socket is still open", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "kinevla-daemon-link-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const child = await idle(t);
    const path = join(folder, "arm.sock");
    const seen = new EventEmitter();
    const told = once(seen, "told");
    let gone = false;
    const link = await listenForDaemon(path, {
      onOpen: () => undefined,
      onMessage: () => seen.emit("told"),
      onWrong: (reason) => assert.fail(reason),
      onClose: () => {
        gone = true;
      },
    });
    t.after(() => link.close());
    const socket = connect(path);
    t.after(() => socket.destroy());
    await once(socket, "connect");
    const used = { memory: 0.3, descriptors: 0.01, busy: 0.2 };
    // Beyond every process id (proc(5), pid_max): one that cannot be seen from the beginning.
    socket.write(`${JSON.stringify({ kind: "resources", pid: 2 ** 22 + 1, used })}\n`);
    await told;
    link.look();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gone, false);
    const again = once(seen, "told");
    socket.write(`${JSON.stringify({ kind: "resources", pid: child.pid, used })}\n`);
    await again;
    link.look();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gone, false);
    child.kill("SIGKILL");
    await once(child, "exit");
    link.look();
    assert.equal(gone, true);
  });
});
