import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { firstValueFrom } from "rxjs";
import { type AuditEntry, chainLine, followLine, NO_RECORD } from "../../daemon/audit/audit-chain.js";
import { verifyAudit } from "../../daemon/audit/audit-files.js";
import { AuditLog } from "../../daemon/audit/audit-log.js";

const root = mkdtempSync(join(tmpdir(), "kinevla-audit-"));
after(() => rmSync(root, { recursive: true }));
const DAY = 24 * 3_600_000;

function entry(detail: string): AuditEntry {
  return {
    ...{ what: "home", who: "Ada", token: "1a2b3c4d", role: "operator" },
    ...{ lease: 7, epoch: 3, detail, result: "accepted" },
  };
}

/** A log in a folder of its own, on clocks that stand until the test moves them. */
function startLog(name: string) {
  const folder = join(root, name);
  const clock = { at: 100, now: () => clock.at };
  const wall = { at: Date.parse("2026-01-01T23:00:00Z") };
  const open = (): Promise<AuditLog> => AuditLog.open({ folder, clock, wallTime: () => wall.at });
  return { folder, clock, wall, open, text: (file: string) => readFileSync(join(folder, file), "utf8") };
}

/** Three days of records, over two runs. */
async function threeDays(name: string) {
  const rig = startLog(name);
  for (let run = 0; run < 2; run += 1) {
    const log = await rig.open();
    for (let record = 0; record < 5; record += 1) {
      log.record(entry(`run ${run}, record ${record}`));
    }
    await log.close();
    rig.wall.at += DAY;
  }
  const log = await rig.open();
  log.record(entry("last"));
  await log.close();
  return rig;
}

describe("audit chain", () => {
  it("carries both clocks, who, what and what became of it, and the digest of the record before", () => {
    const first = chainLine(NO_RECORD, entry("one"), 100.5, Date.parse("2026-01-01T00:00:00Z"));
    const second = chainLine(first.end, entry("two"), 101, Date.parse("2026-01-01T00:00:01Z"));
    const { previous, digest, ...rest } = JSON.parse(second.line);
    assert.deepEqual([previous, digest], [first.end.digest, second.end.digest]);
    assert.deepEqual(rest, { number: 2, at: 101, wall: "2026-01-01T00:00:01.000Z", ...entry("two") });
    assert.deepEqual(followLine(first.end, second.line), second.end);
  });

  it("does not take a changed, foreign or cut line", () => {
    const { line, end } = chainLine(NO_RECORD, entry("one"), 1, 0);
    assert.match(String(followLine(NO_RECORD, line.replace("Ada", "Eve"))), /changed/);
    assert.match(String(followLine(end, line)), /does not follow/);
    assert.match(String(followLine(NO_RECORD, line.slice(0, -9))), /only part/);
    assert.match(String(followLine(NO_RECORD, "{}")), /no record/);
  });
});

describe("audit log", () => {
  it("goes on across days and runs, in files that only the owner reads", async () => {
    const { folder } = await threeDays("days");
    assert.deepEqual(readdirSync(folder).sort(), ["2026-01-01.jsonl", "2026-01-02.jsonl", "2026-01-03.jsonl"]);
    assert.equal(statSync(join(folder, "2026-01-01.jsonl")).mode & 0o777, 0o600);
    const found = verifyAudit(folder);
    assert.ok(found.kind === "whole" && found.records === 11 && found.files === 3);
  });

  const changes: readonly (readonly [string, (lines: string[]) => void, number])[] = [
    ["a changed word", (lines) => lines.splice(2, 1, (lines[2] ?? "").replace("Ada", "Eve")), 3],
    ["a removed record", (lines) => lines.splice(2, 1), 3],
    ["two swapped records", (lines) => lines.splice(1, 2, lines[2] ?? "", lines[1] ?? ""), 2],
    ["a record twice", (lines) => lines.splice(1, 0, lines[1] ?? ""), 3],
    ["a foreign line", (lines) => lines.splice(4, 0, "hello"), 5],
  ];
  for (const [name, change, line] of changes) {
    it(`names the first broken line: ${name}`, async () => {
      const { folder, text } = await threeDays(name);
      const lines = text("2026-01-02.jsonl").trimEnd().split("\n");
      change(lines);
      writeFileSync(join(folder, "2026-01-02.jsonl"), `${lines.join("\n")}\n`);
      const found = verifyAudit(folder);
      assert.deepEqual(found.kind === "broken" && [found.file, found.line], ["2026-01-02.jsonl", line]);
    });
  }

  it("notices a file that is missing between two others", async () => {
    const { folder } = await threeDays("missing");
    rmSync(join(folder, "2026-01-02.jsonl"));
    const found = verifyAudit(folder);
    assert.deepEqual(found.kind === "broken" && [found.file, found.line], ["2026-01-03.jsonl", 1]);
  });

  it("takes off what a crash left unfinished, and records that", async () => {
    const { folder, open, text } = await threeDays("crash");
    appendFileSync(join(folder, "2026-01-03.jsonl"), '{"number":12,"at":');
    assert.equal(verifyAudit(folder).kind, "broken");
    const log = await open();
    await log.close();
    assert.equal(verifyAudit(folder).kind, "whole");
    assert.match(text("2026-01-03.jsonl"), /18 bytes of an unfinished record were taken off/);
  });

  it("keeps 90 days", async () => {
    const { folder, wall, open } = await threeDays("old");
    wall.at += 89 * DAY;
    const log = await open();
    log.record(entry("much later"));
    await log.close();
    assert.deepEqual(readdirSync(folder).sort(), ["2026-01-02.jsonl", "2026-01-03.jsonl", "2026-04-02.jsonl"]);
    assert.equal(verifyAudit(folder).kind, "whole");
  });

  it("a disk that takes nothing is a fault that is told; the records wait and are written once it does", async (context) => {
    const folder = join(root, "disk", "audit");
    const disk = join(root, "disk");
    mkdirSync(disk);
    // Only root may mount a full disk; for everybody else a file stands in the way of the folder.
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=32k", "none", disk]).status === 0;
    context.after(() => mounted && spawnSync("umount", ["-l", disk]));
    const log = await AuditLog.open({ folder, clock: { now: () => 1 } });
    const ballast = mounted ? join(disk, "ballast") : folder;
    if (mounted) {
      assert.throws(() => writeFileSync(ballast, Buffer.alloc(64 * 1024)), /ENOSPC/);
    } else {
      rmSync(folder, { recursive: true });
      writeFileSync(ballast, "");
    }
    for (let record = 0; record < 40; record += 1) {
      log.record(entry(`record ${record}`));
    }
    const told = await firstFault(log);
    assert.deepEqual([told.code, told.part], ["audit-log", "audit log"]);
    assert.match(told.hint, /Make room/);
    rmSync(ballast);
    if (!mounted) {
      mkdirSync(folder);
    }
    while ((await firstValueFrom(log.fault)) !== null) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await log.close();
    const found = verifyAudit(folder);
    assert.ok(found.kind === "whole" && found.records === 40, JSON.stringify(found));
  });
});

async function firstFault(log: AuditLog) {
  for (;;) {
    const fault = await firstValueFrom(log.fault);
    if (fault !== null) {
      return fault;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
