import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { watch } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { need } from "../../daemon/cli/operator-link.js";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { type Repaired, repairFolder } from "../../daemon/recorder/repair.js";
import { descendants, type Rig, startRig } from "./rig.js";

/** So much of a file may be written: a chunk of 1 MiB and not another one. */
const MOST_BYTES = 1_300_000;
/** A busy machine takes long to get into motion. */
const PATIENCE_MS = 60_000;

describe("while a recorded policy runs", () => {
  let rig: Rig;
  let folder: string;
  before(async () => {
    rig = await startRig();
    folder = rig.system.config.recording?.directory ?? "";
  });
  after(() => rig.close());

  const daemon = () => rig.system.children.find(({ name }) => name === "daemon");
  const recorder = (): number => descendants(daemon()?.pid ?? 0, "recorder/process.js")[0] ?? 0;
  const notRecording = () =>
    rig.next("faults", ({ faults }) => faults.some(({ code }) => code === "not-recording"), PATIENCE_MS);

  /** What the operator is told, and that nothing of it reaches the arm: from then on two more chunks move it. */
  async function untroubled(fault: ReturnType<typeof notRecording>): Promise<string> {
    const { faults } = await fault;
    for (let chunks = 0; chunks < 2; chunks++) {
      await rig.next("chunk", ({ accepted }) => accepted);
    }
    const { mode, stops } = await rig.next("state", ({ source }) => source === "policy");
    assert.deepEqual({ mode, stops }, { mode: "policy", stops: [] });
    const { detail, hint } = faults.find(({ code }) => code === "not-recording") ?? { detail: "", hint: "" };
    return `${detail} ${hint}`;
  }

  async function endTask(): Promise<void> {
    const ended = rig.next("progress", ({ phase }) => phase === "stopped" || phase === "failed");
    await need(rig.client.stop("enough"), "accepted");
    await ended;
    await need(rig.client.requestInControl({ type: "acknowledge", reason: "scenario" }), "accepted");
  }

  it("a full disk is told, and the stream goes on; the next run is recorded again", async () => {
    const told = notRecording();
    limitFile(recorder(), String(MOST_BYTES));
    await rig.startMoving();
    assert.match(await untroubled(told), /EFBIG.*kinevla record repair/s);
    await endTask();

    limitFile(recorder(), "unlimited");
    await rig.startMoving();
    await endTask();
    await until(folder, () => readIndex(folder)?.length === 1);
    assert.equal(readIndex(folder)?.[0]?.outcome, "stopped");
  });

  it("kill -9 of the recorder is told, and the stream goes on", async () => {
    await rig.startMoving();
    const told = notRecording();
    process.kill(recorder(), "SIGKILL");
    assert.match(await untroubled(told), /SIGKILL.*started again/s);
    await endTask();
  });

  it("kill -9 of the daemon: the recorder closes what it has, and every file opens", async () => {
    const recovered = rig.next("faults", ({ faults }) => faults.every(({ code }) => code !== "not-recording"));
    await rig.startMoving();
    await recovered;
    daemon()?.kill("SIGKILL");
    await until(folder, () => !existsSync(join(folder, "recorder.pid")));
    const [, last] = readIndex(folder) ?? [];
    assert.equal(last?.outcome, "stopped");
    const found: Repaired[] = [];
    await repairFolder(folder, (one) => found.push(one));
    // One that the full disk has left, one that the kill of the recorder has; it may have had no whole chunk yet.
    const results = found.map(({ result }) => result);
    assert.equal(results.filter((result) => result === "mended" || result === "empty").length, 2);
    assert.ok(
      results.every((result) => result !== "spoilt" && result !== "left"),
      results.join(),
    );
    assert.ok(results.includes("mended"));
  });
});

/** What a process may write into one file from now on. */
function limitFile(pid: number, bytes: string): void {
  const { status, stderr } = spawnSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
}

/** Looks again with every change of a folder. */
async function until(folder: string, fits: () => boolean): Promise<void> {
  const watcher = watch(folder, { signal: AbortSignal.timeout(20_000) });
  if (fits()) {
    return;
  }
  for await (const _ of watcher) {
    if (fits()) {
      return;
    }
  }
}
