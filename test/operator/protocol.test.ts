import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { CLIENT_MESSAGE_TYPES } from "../../daemon/operator/client-message.js";
import { protocolSchema } from "../../daemon/operator/protocol-schema.js";
import { readMessage } from "../../daemon/operator/read-message.js";
import { REFUSAL_CODES } from "../../daemon/operator/refusal.js";
import { SERVER_MESSAGE_TYPES } from "../../daemon/operator/server-message.js";
import { projectPath } from "../../daemon/ports/project-path.js";

const read = (file: string): string => readFileSync(projectPath("daemon", "operator", file), "utf8");

test("the published schema is the one in use", () => {
  assert.deepEqual(
    JSON.parse(read("protocol.schema.json")),
    JSON.parse(JSON.stringify(protocolSchema())),
    "run: node dist/daemon/operator/write-protocol-schema.js && npx biome check --write daemon/operator",
  );
});

test("the protocol page names every message and every refusal", () => {
  const page = read("PROTOCOL.md");
  for (const word of [...CLIENT_MESSAGE_TYPES, ...SERVER_MESSAGE_TYPES, ...REFUSAL_CODES]) {
    assert.ok(page.includes(`\`${word}\``), `PROTOCOL.md does not mention ${word}`);
  }
});

test("every example of the protocol page that a client sends can be read", () => {
  const examples = [...read("PROTOCOL.md").matchAll(/^-> (\{.*\})$/gm)].map((match) => match[1] ?? "");
  assert.ok(examples.length >= CLIENT_MESSAGE_TYPES.length);
  for (const example of examples) {
    assert.equal(readMessage(example).kind, "message", example);
  }
});

test("defaults are filled in and unknown keys refused", () => {
  const reading = readMessage('{"type":"instruct","id":1,"lease":2,"sequence":3,"instruction":"x"}');
  assert.deepEqual(reading, {
    kind: "message",
    message: { type: "instruct", id: 1, lease: 2, sequence: 3, instruction: "x", homeFirst: true, confirm: false },
  });
  const extra = readMessage('{"type":"status","id":1,"extra":true}');
  assert.ok(extra.kind === "unreadable" && extra.message.includes("extra"));
});

test("nothing is coerced", () => {
  for (const text of [
    '{"type":"status","id":"1"}',
    '{"type":"status","id":1.5}',
    '{"type":"status","id":-1}',
    '{"type":"status","id":9007199254740993}',
    '{"type":"status"}',
    '{"type":"renew","id":1,"lease":1e999,"sequence":1,"seen":1}',
    '{"type":"renew","id":1,"lease":null,"sequence":1,"seen":1}',
    '{"type":"instruct","id":1,"lease":1,"sequence":1,"instruction":["x"]}',
    '{"type":"instruct","id":1,"lease":1,"sequence":1,"instruction":"x","homeFirst":"true"}',
    '{"type":"subscribe","id":1,"topics":["state"],"rateHz":0}',
    '{"type":"subscribe","id":1,"topics":["secrets"]}',
    '["status"]',
    "null",
    "7",
    '{"type":7}',
  ]) {
    const reading = readMessage(text);
    assert.ok(reading.kind === "unreadable" && reading.code === "malformed", text);
  }
  const unknown = readMessage('{"type":"set-joints","id":4}');
  assert.ok(unknown.kind === "unreadable" && unknown.code === "unknown-type" && unknown.id === 4);
});

test("whatever the bytes, reading a message never throws, and what is read fits the protocol", () => {
  const valid = [...read("PROTOCOL.md").matchAll(/^-> (\{.*\})$/gm)].map((match) => match[1] ?? "");
  const mutated = fc
    .tuple(fc.constantFrom(...valid), fc.nat(200), fc.nat(8), fc.string({ unit: "binary", maxLength: 6 }))
    .map(([text, at, cut, insert]) => text.slice(0, at) + insert + text.slice(at + cut));
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: "binary" }), fc.json()), (text) => {
      const reading = readMessage(text);
      if (reading.kind === "message") {
        assert.ok(CLIENT_MESSAGE_TYPES.includes(reading.message.type));
        assert.equal(readMessage(JSON.stringify(reading.message)).kind, "message");
      }
    }),
    { numRuns: 2000 },
  );
});
