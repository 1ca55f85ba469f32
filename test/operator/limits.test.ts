import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, test } from "node:test";
import { WebSocket } from "ws";
import { OperatorClient, OperatorLinkError } from "../../daemon/operator/client.js";
import { type OperatorStartCode, OperatorStartError } from "../../daemon/operator/start-error.js";
import { FakeBackend } from "./fake-backend.js";
import { type Rig, startRig } from "./rig.js";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

/** Status and text of a handshake that is turned away; 101 when it is let in. */
function handshake(
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: "127.0.0.1",
      port: rig.server.port,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "kinevla.v1",
        ...headers,
      },
    });
    call.on("upgrade", (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, text: "" });
    });
    call.on("response", (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => {
        text += bytes.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("error", reject);
    call.end();
  });
}

test("only known hosts, origins, protocols and tokens get past the handshake", async () => {
  const { port } = rig.server;
  assert.equal((await handshake({})).status, 101);
  assert.equal((await handshake({ Origin: `http://127.0.0.1:${port}` })).status, 101);
  assert.equal((await handshake({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` })).status, 101);
  assert.equal((await handshake({ Origin: "http://evil.example" })).status, 403);
  assert.equal((await handshake({ Origin: "null" })).status, 403);
  assert.equal((await handshake({ Origin: `http://127.0.0.1:${port}.evil.example` })).status, 403);
  assert.equal((await handshake({ Origin: `http://127.0.0.1:${port + 1}` })).status, 403);
  assert.equal((await handshake({ Host: "rebound.example" })).status, 403);
  assert.equal((await handshake({ "Sec-WebSocket-Protocol": "chat" })).status, 400);
  const wrong = await handshake({ "Sec-WebSocket-Protocol": `kinevla.v1, kinevla.token.${"x".repeat(43)}` });
  assert.equal(wrong.status, 401);
  assert.match(wrong.text, /token file/);
});

test("the client class says why it did not get in", async () => {
  const code = async (url: string, token: string): Promise<string> => {
    try {
      await (await OperatorClient.connect({ url, token, name: "x" })).close();
      return "connected";
    } catch (error) {
      return error instanceof OperatorLinkError ? error.code : String(error);
    }
  };
  assert.equal(await code(`ws://${rig.address}`, rig.token), "connected");
  assert.equal(await code(`ws://${rig.address}`, "x".repeat(43)), "bad-token");
  assert.equal(await code("ws://127.0.0.1:1", rig.token), "cannot-reach");
});

test("the sixty-fifth client without a token is turned away", async () => {
  await Promise.all(Array.from({ length: 64 }, () => rig.raw()));
  const turned = await handshake({});
  assert.equal(turned.status, 503);
  assert.match(turned.text, /close one/);
});

test("an oversized message gets one clear refusal and ends the connection", async () => {
  const client = await rig.raw();
  client.send({ type: "stop", id: 1, reason: "x".repeat(65 * 1024) });
  assert.equal((await client.next("refused")).code, "oversized");
  const { code, reason } = await client.closed;
  assert.equal(code, 1009);
  assert.match(reason, /64 KiB/);
});

test("a message in very many fragments ends the connection", async () => {
  const client = await rig.raw();
  for (let fragment = 0; fragment < 20; fragment += 1) {
    client.socket.send("x", { fin: false });
  }
  assert.equal((await client.next("refused")).code, "malformed");
  assert.equal((await client.closed).code, 1008);
});

test("three unreadable messages in a row end the connection, a good one between forgives", async () => {
  const client = await rig.raw();
  assert.equal((await client.ask("{")).code, "malformed");
  assert.equal((await client.ask('{"type":"status","id":1,"id":2}')).code, "malformed");
  client.send({ type: "status", id: 3 });
  await client.next("status");
  client.socket.send(Buffer.from("binary"));
  assert.equal((await client.next("refused")).code, "malformed");
  assert.equal((await client.ask({ type: "explode", id: 4 })).code, "unknown-type");
  assert.equal((await client.ask(`{"a":${"[".repeat(30_000)}${"]".repeat(30_000)}}`)).code, "malformed");
  assert.equal((await client.closed).code, 1008);
});

test("a stop gets through while its own connection and others flood", async () => {
  const flood = await rig.raw();
  const calm = await rig.raw();
  const noise = JSON.stringify({ type: "status", id: 1 });
  for (let message = 0; message < 1500; message += 1) {
    flood.socket.send(noise);
  }
  flood.send({ type: "stop", id: 77, reason: "flooded" });
  calm.send({ type: "stop", id: 78, reason: "calm" });
  await calm.next("accepted");
  assert.equal((await flood.next("refused")).code, "too-fast");
  assert.equal((await flood.next("accepted")).id, 77);
  assert.deepEqual(rig.backend.calls.map((call) => (call.kind === "stop" ? call.reason : call.kind)).sort(), [
    "calm",
    "flooded",
  ]);
});

test("a message that only contains the word stop is limited like any other", async () => {
  const client = await rig.raw();
  for (let message = 0; message < 100; message += 1) {
    client.send({ type: "take-control", id: message, name: "stop" });
  }
  assert.equal((await client.next("refused")).code, "too-fast");
});

test("a client that floods on and on is cut off", async () => {
  const client = await rig.raw();
  const noise = JSON.stringify({ type: "status", id: 1 });
  for (let message = 0; message < 6000; message += 1) {
    client.socket.send(noise);
  }
  client.send({ type: "stop", id: 2, reason: "cut off" });
  assert.equal((await client.closed).code, 1008);
  assert.ok(
    rig.backend.calls.some((call) => call.kind === "stop" && call.reason === "cut off"),
    "its stop counts all the same",
  );
  assert.equal(rig.backend.audit.filter(({ result }) => result === "too-fast").length, 1, "it is dropped once");
});

test("a client that never reads is cut off, others go on, and its lease ends", async () => {
  const slow = await rig.raw();
  slow.send({ type: "subscribe", id: 1, topics: ["reasoning"] });
  await slow.next("accepted");
  slow.send({ type: "take-control", id: 2, name: "Slow" });
  await slow.next("control-granted");
  const other = await rig.raw();
  const gone = new Promise<void>((resolve) => {
    rig.backend.onCall = ({ kind }) => {
      if (kind === "operator-gone") {
        resolve();
      }
    };
  });
  slow.socket.pause();
  // More than the kernel's buffers take on loopback.
  const text = "x".repeat(64 * 1024);
  let isGone = false;
  void gone.then(() => {
    isGone = true;
  });
  for (let event = 0; event < 2000 && !isGone; event += 1) {
    rig.backend.understood(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await gone;
  other.send({ type: "status", id: 5 });
  assert.equal((await other.next("status")).clients, 1);
});

test("a handshake that trickles is ended", async () => {
  const socket = connect(rig.server.port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: ");
  socket.on("error", () => undefined);
  socket.resume();
  await new Promise((resolve) => socket.on("close", resolve));
});

test("a busy port, a public address: one clear message, nothing left behind", async () => {
  const code = async (start: () => Promise<Rig>): Promise<OperatorStartCode> => {
    try {
      await (await start()).close();
    } catch (error) {
      if (error instanceof OperatorStartError) {
        assert.match(error.hint, /configuration|tunnel/);
        return error.code;
      }
      throw error;
    }
    throw new Error("it started");
  };
  assert.equal(await code(() => startRig(new FakeBackend(), rig.server.port)), "port-busy");
  assert.equal(await code(() => startRig(new FakeBackend(), 0, "0.0.0.0")), "not-loopback");
});

test("closing the server tells every client why", async () => {
  const client = await rig.raw();
  await rig.server.close();
  const { code, reason } = await client.closed;
  assert.deepEqual([code, reason], [1001, "the daemon is stopping"]);
  assert.equal(client.socket.readyState, WebSocket.CLOSED);
});
