import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { configApart } from "../../daemon/launch/config-apart.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { countAnswers } from "../../daemon/service/answers.js";
import { serviceManager } from "../../daemon/service/service-manager.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-notify-"));
const running: ChildProcess[] = [];
after(async () => {
  for (const child of running) {
    child.kill("SIGKILL");
  }
  rmSync(folder, { recursive: true });
});

/** A service manager's end of the socket: what arrived, without borders between datagrams. */
interface Listener {
  readonly path: string;
  text(): string;
}

async function listen(name: string, kind: "UNIX-RECV" | "ABSTRACT-RECV" = "UNIX-RECV"): Promise<Listener> {
  const path = kind === "UNIX-RECV" ? join(folder, name) : `kinevla-${process.pid}-${name}`;
  const socat = spawn("socat", ["-d", "-d", "-u", `${kind}:${path}`, "STDOUT"], { stdio: ["ignore", "pipe", "pipe"] });
  running.push(socat);
  let text = "";
  socat.stdout.on("data", (bytes: Buffer) => {
    text += bytes.toString();
  });
  let said = "";
  while (!said.includes("starting data transfer loop")) {
    const [bytes] = await once(socat.stderr, "data");
    said += String(bytes);
  }
  return { path: kind === "UNIX-RECV" ? path : `@${path}`, text: () => text };
}

/** Resolves when the text that arrived fits; rejects after 20 s. */
async function until(listener: Listener, fits: RegExp): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!fits.test(listener.text())) {
    assert.ok(Date.now() < deadline, `${fits} not in: ${listener.text()}`);
    await pause(20);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The lab's configuration with ports of its own; no lab is there. */
async function lonelyConfig(name: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await configApart(projectPath("daemon", "config", "lab.yaml"), file, join(folder, `${name}-run`));
  return file;
}

function startWatched(listener: Listener, command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, args, {
    env: { PATH: process.env.PATH, NOTIFY_SOCKET: listener.path, WATCHDOG_USEC: "1200000" },
    stdio: "ignore",
  });
  running.push(child);
  return child;
}

describe("what a service tells its manager", () => {
  for (const kind of ["UNIX-RECV", "ABSTRACT-RECV"] as const) {
    it(`arrives as datagrams (${kind})`, async () => {
      const listener = await listen(kind, kind);
      const manager = serviceManager({ NOTIFY_SOCKET: listener.path });
      assert.equal(manager.watched, false);
      manager.ready("two\nlines");
      await until(listener, /^READY=1\nSTATUS=two lines$/);
      manager.stopping();
      await until(listener, /STOPPING=1$/);
    });
  }

  it("is nothing without one, and the processes that it starts inherit none", () => {
    const environment = { NOTIFY_SOCKET: join(folder, "nobody") };
    const manager = serviceManager(environment);
    assert.deepEqual(environment, {});
    manager.ready("nobody listens");
    manager.feedWhile(() => assert.fail("nobody asks for proof"));
    serviceManager({}).stopping();
  });

  it("feeds the watchdog only while the work goes on", async () => {
    const listener = await listen("progress");
    const manager = serviceManager({ NOTIFY_SOCKET: listener.path, WATCHDOG_USEC: "60000" });
    let work = 0;
    let asked = 0;
    manager.feedWhile(() => {
      asked += 1;
      return work;
    });
    while (asked < 5) {
      await pause(5);
    }
    assert.equal(listener.text(), "");
    work += 1;
    await until(listener, /^WATCHDOG=1$/);
    const then = asked;
    while (asked < then + 5) {
      await pause(5);
    }
    assert.equal(listener.text(), "WATCHDOG=1");
    manager.stopping();
  });

  it("another process's watchdog is none of ours", () => {
    assert.equal(serviceManager({ WATCHDOG_USEC: "1000000", WATCHDOG_PID: "1" }).watched, false);
    assert.equal(serviceManager({ WATCHDOG_USEC: "1000000", WATCHDOG_PID: String(process.pid) }).watched, true);
  });
});

describe("the count of answers", () => {
  it("grows while the server answers well, and not when it is silent", async () => {
    let silent = false;
    const server = createServer((_, response) => (silent ? undefined : response.end("ok")));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const answers = countAnswers(`http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`, 0.02);
    while (answers.count() < 3) {
      await pause(5);
    }
    silent = true;
    await pause(60);
    const last = answers.count();
    await pause(100);
    assert.equal(answers.count(), last);
    answers.close();
    server.closeAllConnections();
    server.close();
  });
});

describe("the services' executables", () => {
  it("guardian: ready, alive, and gone in order, without memory that is both written and run", async () => {
    const listener = await listen("guardian");
    const script = projectPath("dist", "daemon", "arm", "guardian.js");
    const node = [process.execPath, "--jitless", script, "--config", await lonelyConfig("guardian")];
    // PR_SET_MDWE (65), which MemoryDenyWriteExecute= stands for, is inherited; a kernel before 6.3 does not know it.
    const deny = `import ctypes, os; ctypes.CDLL(None).prctl(65, 1, 0, 0, 0); os.execv("${node[0]}", ${JSON.stringify(node)})`;
    const child = startWatched(listener, "python3", ["-c", deny]);
    await until(listener, /^READY=1\nSTATUS=guarding the arm at 127\.0\.0\.1:\d+(WATCHDOG=1){2,}$/);
    child.kill("SIGTERM");
    await once(child, "exit");
    await until(listener, /STOPPING=1$/);
  });

  it("arm process: alive by its stream's ticks, and silent when it is stopped", async () => {
    const listener = await listen("arm");
    const script = projectPath("dist", "daemon", "arm", "main.js");
    const child = startWatched(listener, process.execPath, [script, "--config", await lonelyConfig("arm")]);
    await until(listener, /^READY=1\nSTATUS=its stream runs(WATCHDOG=1){2,}$/);
    child.kill("SIGSTOP");
    await pause(100);
    const text = listener.text();
    await pause(600);
    assert.equal(listener.text(), text);
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    await until(listener, /STOPPING=1$/);
  });

  it("daemon: ready when it serves operators, alive by answering itself", async () => {
    const listener = await listen("daemon");
    const script = projectPath("dist", "daemon", "main.js");
    const config = await lonelyConfig("daemon");
    appendFileSync(config, `evidence_directory: ${join(folder, "evidence")}\n`);
    const args = ["--disallow-code-generation-from-strings", script, "--config", config];
    const child = startWatched(listener, process.execPath, args);
    await until(listener, /^READY=1\nSTATUS=operators: http:\/\/127\.0\.0\.1:\d+(WATCHDOG=1){2,}$/);
    // The arm of this configuration was never measured.
    const address = /operators: (http:\/\/127\.0\.0\.1:\d+)/.exec(listener.text())?.[1];
    const { reasons } = (await (await fetch(`${address}/readyz`)).json()) as { reasons: readonly string[] };
    assert.ok(reasons.some((reason) => /^arm: H-1 was not measured on this arm .* and 5 more$/.test(reason)));
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    await until(listener, /STOPPING=1$/);
  });

  it("refuse with code 78, which is not tried again, without a configuration", () => {
    for (const script of ["arm/guardian.js", "arm/main.js", "main.js"]) {
      const { status } = spawnSync(process.execPath, [projectPath("dist", "daemon", script), "--config", "/nowhere"]);
      assert.equal(status, 78, script);
    }
  });
});
