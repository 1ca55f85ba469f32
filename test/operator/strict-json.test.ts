import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStrictJson } from "../../daemon/operator/strict-json.js";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

test("takes what JSON takes", () => {
  for (const text of [
    '{"a":1,"b":{"a":2}}',
    '[{"a":1},{"a":1}]',
    '"x"',
    "-1.5e3",
    '{"a":"\\"{[,:\\\\"}',
    ' { "a" : [ ] } ',
  ]) {
    assert.deepEqual(parseStrictJson(text), { kind: "value", value: JSON.parse(text) }, text);
  }
});

test("a repeated key is named, also when it is written with escapes", () => {
  assert.deepEqual(parseStrictJson('{"a":1,"\\u0061":2}'), { kind: "rejected", reason: 'the key "a" appears twice' });
  assert.equal(parseStrictJson('{"x":{"a":1,"b":2,"a":3}}').kind, "rejected");
});

test("keys that reach a prototype are refused, values may say anything", () => {
  for (const key of ["__proto__", "constructor", "prototype", "\\u005f_proto__"]) {
    assert.equal(parseStrictJson(`{"${key}":1}`).kind, "rejected", key);
  }
  assert.equal(parseStrictJson('{"a":"__proto__"}').kind, "value");
});

test("eight levels pass, nine do not, nor do very many", () => {
  assert.equal(parseStrictJson(nested(8)).kind, "value");
  assert.equal(parseStrictJson(nested(9)).kind, "rejected");
  assert.equal(parseStrictJson(nested(30_000)).kind, "rejected");
});

test("what is not JSON is refused", () => {
  for (const text of ["", "{", "{a:1}", "NaN", "'x'", "{}{}", "\u0000"]) {
    assert.equal(parseStrictJson(text).kind, "rejected", text);
  }
});
