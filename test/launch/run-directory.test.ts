import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { ConfigError } from "../../daemon/config/yaml-file.js";
import { startChild } from "../../daemon/launch/child.js";
import { PROCESS_EXIT } from "../../daemon/launch/process-exit.js";
import { makeRunDirectory } from "../../daemon/launch/run-directory.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-run-"));
after(() => rmSync(folder, { recursive: true }));

function refusal(path: string): string {
  try {
    makeRunDirectory(path);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  throw new Error("it was made");
}

describe("the run directory", () => {
  it("is made, with those above it, and left empty", () => {
    const path = join(folder, "a", "b");
    makeRunDirectory(path);
    makeRunDirectory(path);
    assert.deepEqual(readdirSync(path), []);
  });

  it("is refused with what to do where a file is in the way", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    assert.match(refusal(file), /file cannot be written \(EEXIST\): it is a file; name another run_directory/);
    assert.match(refusal(join(file, "run")), /cannot be written \(ENOTDIR\)/);
  });

  it("is refused on a full disk", () => {
    const path = join(folder, "full");
    makeRunDirectory(path);
    symlinkSync("/dev/full", join(path, `.probe-${process.pid}`));
    assert.match(refusal(path), /cannot be written \(ENOSPC\): the disk is full; make room on it/);
    makeRunDirectory(path);
  });
});

describe("a process of the system", () => {
  const child = (script: string, logFile: string, onLine: (line: string) => void = () => undefined) =>
    startChild({ name: "part", command: process.execPath, args: ["-e", script, "--"], logFile, onLine });

  it("goes on without its log when the disk is full", async () => {
    const logFile = join(folder, "full.log");
    symlinkSync("/dev/full", logFile);
    let lines = 0;
    await new Promise<void>((resolve) => {
      const running = child("setInterval(() => console.log('x'), 5)", logFile, () => {
        lines += 1;
        if (lines === 50) {
          void running.stop().then(resolve);
        }
      });
    });
    assert.ok(lines >= 50);
  });

  it("that refuses to start has its own words passed on, and nothing else", async () => {
    const words = `console.log('{"level":30}'); console.error('The port is taken. Set another.'); process.exit(${PROCESS_EXIT.busy})`;
    assert.equal(await child(words, join(folder, "busy.log")).ended, "The port is taken. Set another.");
  });

  it("that crashes is named with its log and last lines", async () => {
    const ended = await child("console.error('bang'); process.exit(70)", join(folder, "crash.log")).ended;
    assert.match(ended, /^part ended with code 70; see .*crash\.log\n {2}bang$/);
  });
});
