import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { z } from "zod";
import { projectPath } from "../../daemon/ports/project-path.js";
import { kinevla } from "../cli/kinevla.js";

const INSTRUCTION = "pick up the bread and move it to the front";

const result = z.object({
  conditions: z.tuple([
    z.object({
      condition: z.literal("plain"),
      all: z.object({ trials: z.literal(1) }),
      ends: z.tuple([z.object({ end: z.string(), trials: z.literal(1) })]),
      bleu: z.object({ coarse: z.number(), fine: z.number() }),
      chunks: z.int().positive(),
      policy_peak_mib: z.number().positive(),
    }),
  ]),
});

it("evaluates a task through the whole system, writes log and page, and does nothing again when it goes on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-evaluate-"));
  try {
    // Too short for the task: how a trial is told is tested here, not how good the policy is.
    const config = readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8")
      .replace("limits-rm75b.yaml", projectPath("daemon", "config", "limits-rm75b.yaml"))
      .replace("../../models/bundles/", `${projectPath("models", "bundles")}/`)
      .replace("task_timeout_ms: 60000", "task_timeout_ms: 2500");
    writeFileSync(join(folder, "short.yaml"), config);
    const report = join(folder, "page.html");
    const asked = ["evaluate", "--config", join(folder, "short.yaml"), "--trials", "1", "--tasks", "2", "--json"];
    const first = await kinevla(...asked, "--report", report).ended;
    assert.equal(first.exitCode, 0, first.stderr);
    const [plain] = result.parse(JSON.parse(first.stdout)).conditions;
    // Where the machine stalls the guard may end the trial before the time does.
    assert.match(plain.ends[0].end, /^failed: ./);
    assert.equal(plain.bleu.coarse, 1);
    const page = readFileSync(report, "utf8");
    assert.ok(page.includes(INSTRUCTION) && page.includes("data:image/jpeg;base64,/9j/"));
    assert.equal(readFileSync(join(folder, "page.jsonl"), "utf8").trim().split("\n").length, 2);
    rmSync(report);
    const again = await kinevla(...asked, "--report", report, "--resume").ended;
    assert.equal(again.stdout, first.stdout);
    assert.equal(again.stderr, `Report: ${report}\n`);
    assert.equal(readFileSync(report, "utf8"), page);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
