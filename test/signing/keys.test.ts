import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createKeys, KeyError, readPrivateKey, readPublicKeyBeside } from "../../daemon/signing/keys.js";
import { fingerprintOf } from "../../daemon/signing/signature.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-keys-"));
after(() => rmSync(folder, { recursive: true }));
const config = join(folder, "kinevla.yaml");
const beside = join(folder, "maintainer.pub");

function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof KeyError, String(error));
    assert.ok(error.hint.length > 0);
    return error.message;
  }
  return assert.fail("it was taken");
}

describe("HO-12: a maintainer's keys", () => {
  const made = createKeys(join(folder, "keys"));
  it("are made once: the private one for its owner alone, and never in the place of another", () => {
    assert.equal(statSync(made.privateFile).mode & 0o777, 0o600);
    assert.equal(statSync(made.publicFile).mode & 0o022, 0);
    assert.equal(fingerprintOf(readPrivateKey(made.privateFile)), made.fingerprint);
    const before = readFileSync(made.privateFile, "utf8");
    assert.match(
      refusal(() => createKeys(join(folder, "keys"))),
      /maintainer\.key already/,
    );
    rmSync(made.publicFile);
    assert.match(
      refusal(() => createKeys(join(folder, "keys"))),
      /maintainer\.key already/,
    );
    assert.equal(readFileSync(made.privateFile, "utf8"), before);
  });
  it("a private key that others may read signs nothing", () => {
    for (const mode of [0o604, 0o640, 0o602]) {
      chmodSync(made.privateFile, mode);
      assert.match(
        refusal(() => readPrivateKey(made.privateFile)),
        /may be read by others/,
      );
    }
    chmodSync(made.privateFile, 0o600);
    readPrivateKey(made.privateFile);
  });
  it("a file that is missing or no private key is told", () => {
    assert.match(
      refusal(() => readPrivateKey(join(folder, "none"))),
      /is no private key \(ENOENT/,
    );
    const file = join(folder, "other.key");
    writeFileSync(file, "-----BEGIN\n", { mode: 0o600 });
    assert.match(
      refusal(() => readPrivateKey(file)),
      /is no private key/,
    );
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
    writeFileSync(file, rsa.export({ type: "pkcs8", format: "pem" }));
    assert.match(
      refusal(() => readPrivateKey(file)),
      /another kind \(rsa\)/,
    );
  });
  it("no public key beside the configuration asks for nothing; a link to one that was lost is no such thing", () => {
    assert.equal(readPublicKeyBeside(config), null);
    symlinkSync(join(folder, "lost"), beside);
    assert.match(
      refusal(() => readPublicKeyBeside(config)),
      /is no public key \(ENOENT/,
    );
    rmSync(beside);
  });
  it("a public key that others may change is refused, as is one whose folder they may write, and one that is none", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(beside, publicKey.export({ type: "spki", format: "pem" }), { mode: 0o644 });
    const found = readPublicKeyBeside(config);
    assert.ok(found !== null && fingerprintOf(found) === fingerprintOf(publicKey));
    chmodSync(beside, 0o664);
    assert.match(
      refusal(() => readPublicKeyBeside(config)),
      /maintainer\.pub may be changed by others/,
    );
    chmodSync(beside, 0o644);
    chmodSync(folder, 0o722);
    assert.match(
      refusal(() => readPublicKeyBeside(config)),
      /may be changed by others/,
    );
    chmodSync(folder, 0o700);
    for (const text of ["", "hello", privateKey.export({ type: "pkcs8", format: "pem" })]) {
      writeFileSync(beside, text);
      assert.match(
        refusal(() => readPublicKeyBeside(config)),
        /is no public key/,
      );
    }
    const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    writeFileSync(beside, rsa.export({ type: "spki", format: "pem" }));
    assert.match(
      refusal(() => readPublicKeyBeside(config)),
      /another kind \(rsa\)/,
    );
  });
});
