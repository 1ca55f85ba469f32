import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { TokenStore } from "../../daemon/operator/token-store.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jsonLines, kinevla } from "./kinevla.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-tokens-"));
after(() => rmSync(folder, { recursive: true }));
const config = join(folder, "kinevla.yaml");
writeFileSync(
  config,
  readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8").replace(
    /^run_directory:.*$/m,
    "run_directory: run",
  ),
);
const options = ["--config", config];

test("tokens are made, listed and revoked from the command line", async () => {
  const wish = ["--role", "supervisor", "--name", "Sue", "--hours", "2"];
  const made = await kinevla("token", "make", ...wish, ...options).ended;
  assert.equal(made.exitCode, 0, made.stderr);
  const store = new TokenStore(join(folder, "run", "tokens.json"));
  const record = store.find(made.stdout.trim());
  assert.deepEqual([record?.role, record?.name], ["supervisor", "Sue"]);
  const listed = await kinevla("token", "list", "--json", ...options).ended;
  assert.ok(!listed.stdout.includes(made.stdout.trim()));
  assert.equal(jsonLines(listed.stdout).length, 1);
  const revoked = await kinevla("token", "revoke", record?.id ?? "", ...options).ended;
  assert.equal(revoked.exitCode, 0);
  assert.equal(store.standing(record?.id ?? ""), "revoked");
  assert.match((await kinevla("token", "list", ...options).ended).stdout, /revoked .* Sue/);
});

test("a wrong role, time or id is said", async () => {
  assert.equal((await kinevla("token", "make", "--role", "king", "--name", "x", ...options).ended).exitCode, 2);
  const long = await kinevla("token", "make", "--role", "viewer", "--name", "x", "--hours", "13", ...options).ended;
  assert.match(long.stderr, /at most 12/);
  const absent = await kinevla("token", "revoke", "00000000", ...options).ended;
  assert.equal(absent.exitCode, 4);
  assert.match(absent.stderr, /token list/);
});
