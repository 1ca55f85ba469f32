import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { watch } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { goHome } from "../../daemon/cli/go-home.js";
import { need } from "../../daemon/cli/operator-link.js";
import type { ServerMessageOf } from "../../daemon/operator/server-message.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { readIndex } from "../../daemon/recorder/episode-index.js";
import { recordingProcess } from "../../daemon/recorder/folder-lock.js";
import { type Repaired, repairFolder } from "../../daemon/recorder/repair.js";
import { descendants, openRig, type Rig } from "./rig.js";

/** So much of a file may be written: a chunk of 1 MiB and not another one. */
const MOST_BYTES = 1_300_000;
/** A busy machine takes long to fill it. */
const PATIENCE_MS = 60_000;

describe("while the arm streams and a demonstration is recorded", () => {
  let rig: Rig;
  let folder: string;
  before(async () => {
    rig = await openRig(projectPath("daemon", "config", "lab.yaml"));
    await rig.next("state", ({ mode }) => mode !== "disconnected", PATIENCE_MS);
    folder = rig.system.config.recording?.directory ?? "";
    await goHome(rig.client, () => undefined);
  });
  after(() => rig.close());

  const daemon = () => rig.system.children.find(({ name }) => name === "daemon");
  const recorder = (): number => descendants(daemon()?.pid ?? 0, "recorder/process.js")[0] ?? 0;
  const record = (action: "begin" | "keep") =>
    rig.client.requestInControl({ type: "record", action, task: "show it", success: true });
  const told = (fault: boolean) =>
    rig.next("faults", ({ faults }) => faults.some(({ code }) => code === "not-recording") === fault, PATIENCE_MS);

  /** The operator is told and the demonstration is not kept, for this reason; the arm knows nothing of it. */
  async function lost(told: Promise<ServerMessageOf<"faults">>, reason: RegExp): Promise<void> {
    const { faults } = await told;
    const { detail, hint } = faults.find(({ code }) => code === "not-recording") ?? { detail: "", hint: "" };
    assert.match(`${detail} ${hint}`, reason);
    await rig.lab.clearArrivals();
    // Two reports later.
    await rig.next("state");
    const { mode, stops } = await rig.next("state");
    assert.deepEqual({ mode, stops }, { mode: "hold", stops: [] });
    const commands = new Set((await rig.arrivals()).map(({ command }) => command));
    assert.deepEqual([...commands], ["movej_canfd"]);
    const kept = await record("keep");
    assert.equal(kept.type, "refused");
    assert.match(kept.type === "refused" ? kept.message : "", /not recorded/);
  }

  it("a full disk is told, and the stream goes on; the next one is recorded again", async () => {
    const fault = told(true);
    limitFile(recorder(), String(MOST_BYTES));
    await need(record("begin"), "accepted");
    await lost(fault, /EFBIG.*kinevla record repair/s);

    limitFile(recorder(), "unlimited");
    const recovered = told(false);
    await need(record("begin"), "accepted");
    await recovered;
    await need(record("keep"), "accepted");
    await until(folder, () => readIndex(folder)?.length === 1);
    assert.equal(readIndex(folder)?.[0]?.success, true);
  });

  it("kill -9 of the recorder is told, and the stream goes on", async () => {
    const fault = told(true);
    await need(record("begin"), "accepted");
    process.kill(recorder(), "SIGKILL");
    await lost(fault, /SIGKILL.*started again/s);
  });

  it("kill -9 of the daemon: the recorder closes what it has, and every file opens", async () => {
    // It is started again half a second after it ended; before, nothing can be begun.
    await until(folder, () => recordingProcess(folder) !== null);
    const recovered = told(false);
    await need(record("begin"), "accepted");
    await recovered;
    daemon()?.kill("SIGKILL");
    await until(folder, () => recordingProcess(folder) === null);
    const [, last] = readIndex(folder) ?? [];
    assert.deepEqual([last?.outcome, last?.success], ["stopped", null]);
    const found: Repaired[] = [];
    await repairFolder(folder, (one) => found.push(one));
    // One that the full disk has left with a chunk in it; one that the kill has left, which may have had none yet.
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
