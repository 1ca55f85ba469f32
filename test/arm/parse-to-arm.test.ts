import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseToArm } from "../../daemon/arm/parse-to-arm.js";
import { LineBuffer } from "../../daemon/ports/line-buffer.js";
import type { ToArm } from "../../daemon/types/arm-link.js";
import { jointPosition } from "../../daemon/types/units.js";

const CHUNK = {
  id: 3,
  epoch: 2,
  capturedAt: 10,
  period: 0.1,
  targets: [1, 2].map((count) => ({ dueAt: 10 + count / 10, q: jointPosition([0, 1, 2, 0, 1, 2, 0]), gripper: 0.5 })),
};
const MESSAGES: readonly ToArm[] = [
  { kind: "stop", reason: "button", by: "anna" },
  { kind: "operator-beat", lease: 4, role: "operator", held: true },
  { kind: "allow-unattended", allowed: true, by: "Ada" },
  { kind: "operator-gone", reason: "released" },
  { kind: "chunk", chunk: CHUNK },
  { kind: "pictures", capturedAt: 12.5 },
  { kind: "unfamiliar", detail: "commanded 3 is 6.1 standard deviations away" },
  { kind: "no-chunk", detail: "step 3 is not seven finite numbers" },
  { kind: "resources", pid: 4711, used: { memory: 0.3, descriptors: 0.01, busy: 0.2 } },
  { kind: "request", id: 1, lease: 4, request: { kind: "engage" } },
  { kind: "request", id: 3, lease: 4, request: { kind: "home", to: jointPosition([0, 1, 2, 0, 1, 2, 0]) } },
  { kind: "request", id: 2, lease: 4, request: { kind: "acknowledge", reason: "looked" } },
  { kind: "request", id: 5, lease: 4, request: { kind: "recover" } },
];

describe("messages of the daemon", () => {
  it("arrive as they were sent, cut anywhere", () => {
    const text = MESSAGES.map((message) => `${JSON.stringify(message)}\n`).join("");
    for (let cut = 0; cut <= text.length; cut += 7) {
      const lines = new LineBuffer(65_536);
      const complete = [...(lines.push(text.slice(0, cut)) ?? []), ...(lines.push(text.slice(cut)) ?? [])];
      assert.deepEqual(
        complete.map((line) => parseToArm(line)),
        MESSAGES.map((message) => ({ ok: true, message })),
      );
    }
  });

  it("end the connection where a line never ends", () => {
    const lines = new LineBuffer(100);
    assert.equal(lines.push("x".repeat(101)), null);
  });

  const bad = ["null", '"1"', "1e999", "true", "[]", "{}", '"NaN"', "-1e999"];
  it("are refused when any number of a chunk is not a finite number", () => {
    const text = JSON.stringify({ kind: "chunk", chunk: CHUNK });
    const numbers = [...text.matchAll(/(?<=[:[,])-?\d+(\.\d+)?/g)];
    assert.ok(numbers.length > 20);
    for (const number of numbers) {
      for (const garbage of bad) {
        const broken = text.slice(0, number.index) + garbage + text.slice(number.index + number[0].length);
        assert.equal(parseToArm(broken).ok, false, broken);
      }
    }
  });

  it("are refused with too few or too many joints, targets or keys", () => {
    const target = CHUNK.targets[0];
    const chunks: readonly unknown[] = [
      { ...CHUNK, targets: [] },
      { ...CHUNK, targets: new Array(65).fill(target) },
      { ...CHUNK, targets: [{ ...target, q: [0, 0, 0, 0, 0, 0] }] },
      { ...CHUNK, targets: [{ ...target, q: [0, 0, 0, 0, 0, 0, 0, 0] }] },
      { ...CHUNK, targets: [{ ...target, gripper: 1.2 }] },
      { ...CHUNK, extra: 1 },
      { ...CHUNK, period: 0 },
      { ...CHUNK, id: 1.5 },
    ];
    for (const chunk of chunks) {
      const parsed = parseToArm(JSON.stringify({ kind: "chunk", chunk }));
      assert.equal(parsed.ok, false);
      assert.match(parsed.ok ? "" : parsed.reason, /^malformed: /);
    }
    const parsed = parseToArm(JSON.stringify({ kind: "chunk", chunk: chunks[0] }));
    assert.equal(parsed.ok ? null : parsed.chunkId, 3);
  });

  it("never throw, whatever arrives", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        assert.equal(parseToArm(line).ok, false);
      }),
      { numRuns: 500 },
    );
  });
});
