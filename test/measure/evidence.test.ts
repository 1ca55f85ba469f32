import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { unmeasured } from "../../daemon/composition/unmeasured.js";
import { ConfigError } from "../../daemon/config/yaml-file.js";
import type { Evidence } from "../../daemon/measure/evidence.js";
import { type Found, readEvidenceFolder, writeEvidence } from "../../daemon/measure/evidence-folder.js";
import { NEEDED, standingOf, VALID_FOR } from "../../daemon/measure/standing.js";

const root = mkdtempSync(join(tmpdir(), "kinevla-evidence-"));
after(() => rmSync(root, { recursive: true }));

const ARM = { model: "RM75-B", serial: "75B2410113", firmware: "1.7.1" } as const;
const NOON = "2026-11-22T12:00:00.000Z";

function evidence(change: Partial<Evidence> = {}): Evidence {
  return {
    format: "kinevla-evidence-1",
    id: "H-2",
    question: "Does it stop?",
    assumed: "It does.",
    outcome: "as-assumed",
    words: "It does.",
    figures: [{ name: "distance", value: 0.42, unit: "deg" }],
    virtual: false,
    arm: ARM,
    operator: "Ada",
    measuredAt: NOON,
    program: "kinevla 0.1.0",
    limits: "0".repeat(64),
    ...change,
  };
}

function found(...list: readonly Evidence[]): readonly Found[] {
  return list.map((one, index) => ({ file: `${index}.json`, kind: "evidence", evidence: one }));
}

describe("evidence on disk", () => {
  it("is read back as it was written, under a key that is its owner's alone", () => {
    const folder = join(root, "good");
    writeEvidence(folder, evidence({ measuredAt: "2026-11-22T13:00:00.000Z" }));
    writeEvidence(folder, evidence({ id: "H-7" }));
    assert.deepEqual(
      readEvidenceFolder(folder).map((one) => (one.kind === "evidence" ? one.evidence : one)),
      [evidence({ id: "H-7" }), evidence({ measuredAt: "2026-11-22T13:00:00.000Z" })],
    );
    assert.equal(statSync(join(folder, "signing-key.pem")).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith(".")),
      [],
    );
  });

  for (const [what, change, reason] of [
    ["a figure", (text: string) => text.replace("0.42", "0.41"), /digest does not fit/],
    ["figure and digest", refigured, /signature does not fit/],
    ["the form", (text: string) => text.replace('"operator"', '"operators"'), /no evidence/],
    ["everything", () => "{", /no JSON/],
  ] as const) {
    it(`is refused when somebody changed ${what}`, () => {
      const folder = join(root, what.replaceAll(" ", "-"));
      const file = join(folder, writeEvidence(folder, evidence()));
      writeFileSync(file, change(readFileSync(file, "utf8")));
      const [one] = readEvidenceFolder(folder);
      assert.match(one?.kind === "refused" ? one.reason : "believed", reason);
    });
  }

  it("of another installation is refused, and so is evidence without its key", () => {
    const folder = join(root, "ours");
    const other = join(root, "theirs");
    writeEvidence(folder, evidence());
    const name = writeEvidence(other, evidence({ id: "H-7" }));
    writeFileSync(join(folder, name), readFileSync(join(other, name)));
    const kinds = readEvidenceFolder(folder).map((one) => (one.kind === "refused" ? one.reason : one.evidence.id));
    assert.deepEqual(kinds.sort(), ["H-2", "another installation has signed it"]);
    rmSync(join(other, "installation.pub.pem"));
    assert.equal(readEvidenceFolder(other)[0]?.kind, "refused");
  });

  it("says what is wrong where it cannot be written", () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    assert.throws(() => writeEvidence(join(file, "folder"), evidence()), ConfigError);
    assert.deepEqual(readEvidenceFolder(join(root, "nowhere")), []);
    mkdirSync(join(root, "empty"));
    assert.deepEqual(readEvidenceFolder(join(root, "empty")), []);
  });
});

/** Another figure with a digest that fits, as somebody without the key could write it. */
function refigured(text: string): string {
  const folder = join(root, `forger-${process.hrtime.bigint()}`);
  const changed = JSON.parse(text).evidence;
  changed.figures[0].value = 0.1;
  const name = writeEvidence(folder, changed);
  const forged = JSON.parse(readFileSync(join(folder, name), "utf8"));
  return JSON.stringify({ ...forged, key: JSON.parse(text).key, signature: JSON.parse(text).signature });
}

describe("how an arm stands with its measurements", () => {
  const now = Date.parse(NOON) / 1000 + 60;
  const all = NEEDED.map((id) => evidence({ id }));

  it("nothing is missing when all that is needed was measured", () => {
    const standing = standingOf(found(...all), now);
    assert.deepEqual(standing.missing, []);
    assert.deepEqual(standing.arm, ARM);
    assert.equal(unmeasured(standing, "RM75-B, generation 3, firmware 1.7.1"), null);
    assert.equal(unmeasured(standing, "not connected"), null);
    assert.equal(unmeasured(standing, null), null);
    assert.equal(unmeasured(null, null), null);
  });

  for (const [what, list] of [
    ["nothing was measured", []],
    ["it was measured in the virtual lab", all.map((one) => ({ ...one, virtual: true }))],
    ["it was too long ago", all.map((one) => ({ ...one, measuredAt: "2025-11-21T12:00:00.000Z" }))],
    ["it was skipped", all.map((one) => ({ ...one, outcome: "not-measured" as const }))],
  ] as const) {
    it(`everything is missing when ${what}`, () => {
      assert.equal(standingOf(found(...list), now).missing.length, NEEDED.length);
    });
  }

  it("what was measured on another firmware or arm counts no more once this one is measured", () => {
    for (const arm of [
      { ...ARM, firmware: "1.7.4" },
      { ...ARM, serial: "75B0000001" },
    ]) {
      const standing = standingOf(found(...all, evidence({ id: "H-1", arm })), now);
      assert.deepEqual([...standing.valid.keys()], ["H-1"]);
      assert.equal(standing.missing.length, NEEDED.length - 1);
    }
  });

  it("what turned out otherwise stops a policy, and says how, until it is measured as assumed", () => {
    const differs = evidence({ id: "H-4", outcome: "differs", words: "It may not." });
    const standing = standingOf(found(...all, differs), now);
    assert.match(unmeasured(standing, null) ?? "", /H-4 found otherwise than assumed: It may not\./);
    assert.deepEqual(standingOf(found(...all, differs, evidence({ id: "H-4" })), now).missing, []);
    assert.ok(VALID_FOR > 300 * 24 * 3600);
  });

  it("a connected arm of another firmware is not the one that was measured", () => {
    const standing = standingOf(found(...all), now);
    assert.match(unmeasured(standing, "RM75-B, generation 3, firmware 1.7.4") ?? "", /the arm is RM75-B, .* 1\.7\.4/);
    const half = standingOf(found(...all.slice(1)), now);
    assert.match(unmeasured(half, null) ?? "", /^H-1 was not measured/);
    assert.match(unmeasured(standingOf([], now), null) ?? "", /and 5 more$/);
  });
});
