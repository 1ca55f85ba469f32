import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { WebSocket } from "ws";
import { type Rig, startRig } from "./rig.js";

// One test for each line of reference/safety.md section 5 that no other file of this folder tests.

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

/** A frame of a client, masked with zeros: the bytes of the payload stand in it as they are. */
function frame(opcode: number, payload: Uint8Array, isLast = true): Buffer {
  assert.ok(payload.length < 126);
  return Buffer.concat([Buffer.from([(isLast ? 0x80 : 0) | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** Opens a WebSocket by hand; resolves once the daemon has said hello. */
function openByHand(token: string): Promise<Socket> {
  const socket = connect(rig.server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    [
      `GET / HTTP/1.1\r\nHost: ${rig.address}\r\nConnection: Upgrade\r\nUpgrade: websocket`,
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
      `Sec-WebSocket-Protocol: kinevla.v1, kinevla.token.${token}\r\n\r\n`,
    ].join("\r\n"),
  );
  return new Promise((resolve) => {
    const look = (bytes: Buffer): void => {
      if (bytes.includes("welcome")) {
        socket.off("data", look);
        resolve(socket);
      }
    };
    socket.on("data", look);
  });
}

/** What a connection is told last, before it ends. */
async function lastWords(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (bytes: Buffer) => {
    text += bytes.toString("latin1");
  });
  await new Promise((resolve) => socket.on("close", resolve));
  return text;
}

test("line 2: no cookie is ever set or read, and a token in the address is worth nothing", async () => {
  const page = await fetch(rig.server.url, { headers: { Cookie: `token=${rig.token}` } });
  assert.equal(page.headers.get("set-cookie"), null);
  assert.equal((await fetch(`${rig.server.url}/front.jpg?token=${rig.token}`)).status, 401);
  assert.equal((await fetch(`${rig.server.url}/front.jpg`, { headers: { Cookie: `token=${rig.token}` } })).status, 401);
});

test("line 7: compression is not negotiated", async () => {
  const socket = new WebSocket(`ws://${rig.address}`, ["kinevla.v1"], { perMessageDeflate: true });
  await new Promise((resolve) => socket.once("open", resolve));
  assert.equal(socket.extensions, "");
  socket.terminate();
});

test("line 7: text that is not UTF-8 ends the connection", async () => {
  const socket = await openByHand(rig.token);
  const words = lastWords(socket);
  socket.write(frame(1, Buffer.from([0x22, 0xff, 0xfe, 0x22])));
  assert.match(await words, /not UTF-8/);
});

test("line 7: a message in very many tiny fragments ends the connection, also when it never ends", async () => {
  const socket = await openByHand(rig.token);
  const words = lastWords(socket);
  socket.write(frame(1, Buffer.from("x"), false));
  for (let part = 0; part < 40; part += 1) {
    socket.write(frame(0, Buffer.from("x"), false));
  }
  assert.match(await words, /too many fragments/);
});

test("line 7: a frame that announces 100 MiB is refused before it arrives", async () => {
  const socket = await openByHand(rig.token);
  const words = lastWords(socket);
  const header = Buffer.alloc(14);
  header.writeUInt8(0x81, 0);
  header.writeUInt8(0xff, 1);
  header.writeBigUInt64BE(100n * 1024n * 1024n, 2);
  socket.write(header);
  assert.match(await words, /larger than 64 KiB/);
});

test("line 8: a header larger than 8 KiB is refused", async () => {
  const socket = connect(rig.server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  const words = lastWords(socket);
  socket.write(`GET / HTTP/1.1\r\nHost: ${rig.address}\r\nX-Long: ${"x".repeat(9000)}\r\n\r\n`);
  assert.match(await words, /^HTTP\/1\.1 431/);
});

test("line 8 and 9: 500 connections that say nothing do not keep a stop out", async () => {
  const silent = Array.from({ length: 500 }, () => {
    const socket = connect(rig.server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: ");
    return socket;
  });
  const client = await rig.raw();
  client.send({ type: "stop", id: 1 });
  await client.next("accepted");
  assert.equal(rig.backend.count("stop"), 1);
  for (const socket of silent) {
    socket.destroy();
  }
});

test("line 8: a flood of pings is answered or ended, and a stop from another client gets through", async () => {
  const socket = await openByHand(rig.token);
  const ping = frame(9, Buffer.from("flood"));
  socket.write(Buffer.concat(Array.from({ length: 5000 }, () => ping)));
  const client = await rig.raw();
  client.send({ type: "stop", id: 1 });
  await client.next("accepted");
  socket.destroy();
});

test("line 13: no other origin may read an answer", async () => {
  for (const path of ["/", "/healthz", "/metrics", "/front.jpg"]) {
    const answer = await fetch(`${rig.server.url}${path}`, { headers: { Origin: "http://evil.example" } });
    assert.equal(answer.headers.get("access-control-allow-origin"), null, path);
  }
  const preflight = await fetch(`${rig.server.url}/front.jpg`, { method: "OPTIONS" });
  assert.equal(preflight.status, 405);
});
