import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, it } from "node:test";
import { type MjpegServer, serveMjpeg } from "../../drivers/virtual-lab/cameras/mjpeg.js";

let server: MjpegServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function watched(open: MjpegServer): Promise<void> {
  while (!open.wanted("front")) {
    await new Promise(setImmediate);
  }
}

/** A picture that tells its number; not a JPEG, which the server does not mind. */
function frame(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(length, 0x2e);
  bytes.write(`#${number}#`);
  return bytes;
}

describe("the cameras' server", () => {
  it("sends each frame as one part with its length", async () => {
    server = await serveMjpeg("127.0.0.1", 0);
    const open = server;
    const request = get({ host: "127.0.0.1", port: open.port, path: "/front.mjpeg", agent: false });
    const [response] = (await once(request, "response")) as [IncomingMessage];
    assert.match(response.headers["content-type"] ?? "", /^multipart\/x-mixed-replace; boundary=/);
    await watched(open);
    open.publish("front", frame(1, 500), 12.5);
    open.publish("wrist", frame(2, 500), 12.5);
    let text = "";
    for await (const bytes of response) {
      text += bytes;
      if (text.endsWith("..\r\n")) {
        break;
      }
    }
    request.destroy();
    assert.match(
      text,
      /^--kinevla-frame\r\nContent-Type: image\/jpeg\r\nContent-Length: 500\r\nX-Timestamp: 12\.500000\r\n\r\n#1#\.+\r\n$/,
    );
  });

  it("drops frames for a reader that is slow, and goes on with the newest", async () => {
    server = await serveMjpeg("127.0.0.1", 0);
    const open = server;
    const socket = connect(open.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET /front.mjpeg HTTP/1.1\r\nHost: lab\r\n\r\n");
    await watched(open);
    socket.pause();
    const length = 400_000;
    const sent = 200;
    for (let number = 1; number <= sent; number += 1) {
      open.publish("front", frame(number, length), 12.5);
      await new Promise(setImmediate);
    }
    let received = "";
    let last = 0;
    const seen = new Set<number>();
    socket.on("data", (bytes) => {
      received = received.slice(-20) + bytes.toString("latin1");
      for (const [, number] of received.matchAll(/#(\d+)#/g)) {
        last = Number(number);
        seen.add(last);
      }
    });
    socket.resume();
    let number = sent;
    while (last <= sent) {
      number += 1;
      open.publish("front", frame(number, length), 12.5);
      await new Promise(setImmediate);
    }
    socket.destroy();
    assert.ok(seen.size < sent / 2, `${seen.size} of ${sent} frames had been queued`);
  });

  it("answers a still with the next picture, and an unknown path with what there is", async () => {
    server = await serveMjpeg("127.0.0.1", 0);
    const open = server;
    const still = fetch(`http://127.0.0.1:${open.port}/front.jpg`);
    await watched(open);
    open.publish("front", frame(9, 300), 12.5);
    const answer = await still;
    assert.equal(answer.headers.get("content-type"), "image/jpeg");
    assert.equal((await answer.arrayBuffer()).byteLength, 300);
    assert.equal((await fetch(`http://127.0.0.1:${open.port}/nothing`)).status, 404);
  });
});
