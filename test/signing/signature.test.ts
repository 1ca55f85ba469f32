import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { fingerprintOf, readSignature, signBytes } from "../../daemon/signing/signature.js";

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");
const FILE = Buffer.from("speed_mm_s: 250\n");
const AT = Date.parse("2026-06-01T00:00:00Z");
const signed = signBytes("limits", FILE, privateKey, AT);
const text = `${JSON.stringify(signed, null, 2)}\n`;

function why(
  bytes: Uint8Array,
  signature = text,
  kind: "limits" | "configuration" = "limits",
  key = publicKey,
): string {
  const found = readSignature(signature, kind, bytes, key);
  return typeof found === "string" ? found : "";
}

function flipped(bytes: Uint8Array, index: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

describe("HO-12: a signature", () => {
  it("fits the file that it was made for, and says by whom and when", () => {
    assert.equal(why(FILE), "");
    assert.equal(signed.key, fingerprintOf(publicKey));
    assert.equal(fingerprintOf(privateKey), fingerprintOf(publicKey));
    assert.equal(signed.signedAt, "2026-06-01T00:00:00.000Z");
  });
  it("fits no file with another byte, one byte less or one more", () => {
    for (let index = 0; index < FILE.length; index++) {
      assert.match(why(flipped(FILE, index)), /changed after it was signed/);
    }
    assert.match(why(FILE.subarray(1)), /changed after/);
    assert.match(why(Buffer.concat([FILE, Buffer.from("\n")])), /changed after/);
  });
  it("is none with any of its own bytes flipped", () => {
    for (let index = 0; index < text.length; index++) {
      assert.notEqual(why(FILE, flipped(Buffer.from(text), index).toString()), "", `byte ${index}`);
    }
  });
  it("is refused in words when it is of another key, for another kind of file, with another date, or no signature", () => {
    assert.match(why(FILE, text, "limits", other.publicKey), /of another key/);
    const foreign = signBytes("limits", FILE, other.privateKey, AT);
    assert.match(why(FILE, JSON.stringify({ ...foreign, key: signed.key })), /does not fit/);
    assert.match(why(FILE, text, "configuration"), /another kind \(limits\)/);
    assert.match(why(FILE, JSON.stringify({ ...signed, kind: "configuration" }), "configuration"), /does not fit/);
    assert.match(why(FILE, JSON.stringify({ ...signed, signedAt: "2027-06-01T00:00:00.000Z" })), /does not fit/);
    for (const none of ["", "{}", "null", `${text}x`, JSON.stringify({ ...signed, more: 1 })]) {
      assert.match(why(FILE, none), /no signature/);
    }
  });
});
