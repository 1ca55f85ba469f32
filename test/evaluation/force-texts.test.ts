import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { EMPTY, firstValueFrom, of } from "rxjs";
import { forceTexts, readForcedTexts } from "../../daemon/composition/force-texts.js";
import { ConfigError } from "../../daemon/config/yaml-file.js";
import type { InferenceRequest, Policy } from "../../daemon/ports/policy.js";
import { observation } from "../models/observation.js";

const A = { coarse: "a", fine: "aa" };
const B = { coarse: "b", fine: "bb" };
const GENERATED = { kind: "generated", draft: null } as const;

function rig() {
  const asked: InferenceRequest["text"][] = [];
  const inner: Policy = {
    status: of({ kind: "loading" }),
    infer: ({ text }) => {
      asked.push(text);
      return EMPTY;
    },
    altered: () => of("it was changed"),
    close: async () => undefined,
  };
  const policy = forceTexts(inner, { move: [A, B] }, 7);
  const infer = (text: InferenceRequest["text"], instruction = "move") =>
    policy.infer({ instruction, observation: observation(4), text });
  return { asked, infer, policy };
}

test("every inference of a task is forced the same texts, the next task the next ones, round and round", () => {
  const { asked, infer } = rig();
  const draft = { coarse: "own", fine: "own", generatedAt: 1 };
  for (let task = 0; task < 3; task += 1) {
    infer(GENERATED).subscribe();
    infer({ kind: "generated", draft }).subscribe();
    infer({ kind: "forced", text: draft }).subscribe();
  }
  const forced = asked.map((text) => (text.kind === "forced" ? text.text : null));
  const dated = (text: typeof A) => ({ ...text, generatedAt: 7 });
  assert.deepEqual(forced, [A, A, A, B, B, B, A, A, A].map(dated));
});

test("what was changed of the bundle since it was loaded is told all the same", async () => {
  assert.equal(await firstValueFrom(rig().policy.altered()), "it was changed");
});

test("an instruction without texts fails instead of running on the model's own", async () => {
  const { asked, infer } = rig();
  await assert.rejects(firstValueFrom(infer(GENERATED, "wave")), /no text to force for "wave"/);
  assert.deepEqual(asked, []);
});

test("a file without texts is a wrong configuration", () => {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-texts-"));
  try {
    const file = join(folder, "texts.json");
    for (const text of ["", "[]", '{"move":[]}', '{"move":[{"coarse":"","fine":"x"}]}']) {
      writeFileSync(file, text);
      assert.throws(() => readForcedTexts(file), ConfigError, text);
    }
    writeFileSync(file, JSON.stringify({ move: [A] }));
    assert.deepEqual(readForcedTexts(file), { move: [A] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
