import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { OperatorStartError } from "../../daemon/operator/start-error.js";
import { loadToken, readToken } from "../../daemon/operator/token.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-token-"));
after(() => rmSync(folder, { recursive: true }));

test("the first start writes a token that only its owner can read, later ones keep it", () => {
  const path = join(folder, "deep", "token");
  const check = loadToken(path);
  const token = readFileSync(path, "utf8").trim();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(token.length, 43);
  assert.equal(check(token), true);
  assert.equal(loadToken(path)(token), true);
  assert.equal(readToken(path), token);
  for (const wrong of ["", token.slice(1), `${token}x`, token.toUpperCase()]) {
    assert.equal(check(wrong), false, wrong);
  }
});

test("a token file that others may read, or without a token, stops the start", () => {
  const open = join(folder, "open");
  writeFileSync(open, "a".repeat(43));
  chmodSync(open, 0o644);
  assert.throws(
    () => loadToken(open),
    (error) => error instanceof OperatorStartError && error.hint.includes("chmod 600"),
  );
  const empty = join(folder, "empty");
  writeFileSync(empty, "\n", { mode: 0o600 });
  assert.throws(() => loadToken(empty), OperatorStartError);
  assert.throws(() => loadToken(join(open, "token")), OperatorStartError);
  assert.throws(() => readToken(join(folder, "absent")), OperatorStartError);
});
