import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { OperatorStartError } from "../../daemon/operator/start-error.js";
import { readToken } from "../../daemon/operator/token.js";
import { keepTokenFile } from "../../daemon/operator/token-file.js";
import { TokenStore } from "../../daemon/operator/token-store.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-token-"));
after(() => rmSync(folder, { recursive: true }));
const HOUR = 3_600_000;

/** A store of its own, on a wall clock that stands until the test moves it. */
function startStore(name: string) {
  const clock = { at: Date.parse("2026-01-01T08:00:00Z") };
  const path = join(folder, name, "tokens.json");
  return { path, file: join(folder, name, "token"), clock, store: new TokenStore(path, () => clock.at) };
}

test("the first start writes a token that only its owner can read, later ones keep it while it is good", () => {
  const { path, file, clock, store } = startStore("first");
  const { id } = keepTokenFile(store, file, "operator");
  const token = readFileSync(file, "utf8").trim();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(token.length, 43);
  assert.ok(!readFileSync(path, "utf8").includes(token), "only its digest is kept");
  assert.equal(store.find(token)?.id, id);
  clock.at += 11 * HOUR;
  assert.equal(keepTokenFile(new TokenStore(path, () => clock.at), file, "operator").id, id);
  assert.equal(readToken(file), token);
  for (const wrong of ["", token.slice(1), `${token}x`, token.toUpperCase()]) {
    assert.equal(store.find(wrong), null, wrong);
  }
});

test("an expired or revoked token, or one of another role, is replaced in the file", () => {
  const { file, clock, store } = startStore("replaced");
  const first = keepTokenFile(store, file, "operator");
  clock.at += 12 * HOUR;
  assert.equal(store.standing(first.id), "expired");
  const second = keepTokenFile(store, file, "operator");
  assert.notEqual(second.id, first.id);
  assert.equal(store.revoke(second.id), true);
  assert.equal(store.standing(second.id), "revoked");
  const third = keepTokenFile(store, file, "operator");
  assert.notEqual(third.id, second.id);
  const fourth = keepTokenFile(store, file, "supervisor");
  assert.equal(store.find(readToken(file))?.id, fourth.id);
  assert.equal(fourth.role, "supervisor");
});

test("a token that somebody put into the file is taken up", () => {
  const { file, store } = startStore("given");
  keepTokenFile(store, file, "operator");
  writeFileSync(file, `${"g".repeat(43)}\n`, { mode: 0o600 });
  const taken = keepTokenFile(store, file, "operator");
  assert.equal(store.find("g".repeat(43))?.id, taken.id);
});

test("tokens are made for a role and a time of at most 12 hours, listed without themselves, and taken back", () => {
  const { path, clock, store } = startStore("made");
  const short = store.make({ name: "Ada", role: "viewer", hours: 2 });
  const long = store.make({ name: "Sue", role: "supervisor", hours: 100 });
  const other = new TokenStore(path, () => clock.at);
  assert.deepEqual(
    other.list().map(({ name, role, expiresAt }) => [name, role, expiresAt]),
    [
      ["Ada", "viewer", "2026-01-01T10:00:00.000Z"],
      ["Sue", "supervisor", "2026-01-01T20:00:00.000Z"],
    ],
  );
  assert.equal(other.find(long.token)?.role, "supervisor");
  clock.at += 2 * HOUR;
  assert.deepEqual([other.standing(short.record.id), other.standing(long.record.id)], ["expired", "good"]);
  store.revoke(long.record.id);
  assert.equal(other.standing(long.record.id), "revoked");
  assert.equal(other.revoke("00000000"), false);
  clock.at += 8 * 24 * HOUR;
  other.make({ name: "Ben", role: "operator", hours: 1 });
  assert.deepEqual(
    other.list().map(({ name }) => name),
    ["Ben"],
  );
});

test("a file of tokens that cannot be read any more lets nobody in, but who was known may still stop", () => {
  const { path, store } = startStore("broken");
  const { record, token } = store.make({ name: "Ada", role: "operator", hours: 2 });
  writeFileSync(path, "{");
  assert.equal(store.standing(record.id), "expired");
  assert.equal(store.find(token)?.id, record.id);
  assert.match(store.trouble ?? "", /cannot be used/);
  assert.throws(() => new TokenStore(path), OperatorStartError);
});

test("a file that others may read, or that holds no token, stops the start", () => {
  const { file, path, store } = startStore("open");
  keepTokenFile(store, file, "operator");
  chmodSync(file, 0o644);
  assert.throws(
    () => keepTokenFile(store, file, "operator"),
    (error) => error instanceof OperatorStartError && error.hint.includes("chmod 600"),
  );
  chmodSync(path, 0o644);
  assert.throws(() => new TokenStore(path), OperatorStartError);
  const empty = join(folder, "empty");
  writeFileSync(empty, "\n", { mode: 0o600 });
  assert.throws(() => keepTokenFile(store, empty, "operator"), OperatorStartError);
  assert.throws(() => readToken(join(folder, "absent")), OperatorStartError);
  assert.throws(
    () => keepTokenFile(startStore("unwritable").store, join(file, "token"), "operator"),
    OperatorStartError,
  );
});

test("what systemd delivers may look open to its group, and is good for as long as it is delivered", () => {
  const { file, clock, store } = startStore("delivered");
  keepTokenFile(store, file, "operator");
  chmodSync(file, 0o440);
  process.env.CREDENTIALS_DIRECTORY = join(folder, "delivered");
  const first = keepTokenFile(store, file, "operator");
  clock.at += 13 * HOUR;
  const again = keepTokenFile(store, file, "operator");
  assert.equal(again.id, first.id);
  assert.equal(store.standing(again.id), "good");
  delete process.env.CREDENTIALS_DIRECTORY;
});

test("root makes tokens for the user whose daemon reads them", (context) => {
  if (process.getuid?.() !== 0) {
    context.diagnostic("only root can give files away");
    return;
  }
  const { path, store } = startStore("given away");
  store.make({ name: "Ada", role: "operator", hours: 1 });
  chownSync(path, 65534, 65534);
  store.make({ name: "Sue", role: "supervisor", hours: 1 });
  assert.deepEqual([statSync(path).uid, statSync(path).mode & 0o777], [65534, 0o600]);
});
