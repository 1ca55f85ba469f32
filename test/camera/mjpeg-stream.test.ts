import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { openMjpeg } from "../../drivers/camera/mjpeg-stream.js";

function part(jpeg: string): string {
  return `--b\r\nContent-Length: ${jpeg.length}\r\nX-Timestamp: 1.500000\r\n\r\n${jpeg}\r\n`;
}

/** A camera that sends what the test says. */
async function camera(type: string, body: (response: ServerResponse) => void) {
  const server = createServer((_, response) => body(response.writeHead(200, { "content-type": type })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close().closeAllConnections() };
}

const PICTURES = "multipart/x-mixed-replace; boundary=b";

describe("a stream of JPEG pictures", () => {
  it("gives the newest, says how many it passed over, and ends with its camera", async () => {
    const { url, close } = await camera(PICTURES, (response) =>
      response.end(part("one") + part("two") + part("three")),
    );
    const stream = await openMjpeg(url);
    const { jpeg, ...said } = (await stream?.next()) ?? {};
    assert.deepEqual([String(jpeg), said], ["three", { told: 1.5, missed: 2 }]);
    assert.equal(await stream?.next(), null);
    close();
  });

  it("ends when it is silent for a second, and when it sends what no part can be", async () => {
    const mute = await camera(PICTURES, (response) => response.write(part("one")));
    const stream = await openMjpeg(mute.url);
    assert.equal(String((await stream?.next())?.jpeg), "one");
    assert.equal(await stream?.next(), null);
    mute.close();
    const wrong = await camera(PICTURES, (response) => response.write("--b\r\nContent-Length: x\r\n\r\n"));
    assert.equal(await (await openMjpeg(wrong.url))?.next(), null);
    wrong.close();
  });

  it("is none where the camera answers something else, and rejects where nobody does", async () => {
    const film = await camera("video/mp4", (response) => response.end());
    assert.equal(await openMjpeg(film.url), null);
    film.close();
    await assert.rejects(openMjpeg(film.url), /ECONNREFUSED/);
    const mute = await camera(PICTURES, () => undefined);
    await assert.rejects(openMjpeg(mute.url), /silent for 1000 ms/);
    mute.close();
  });
});
