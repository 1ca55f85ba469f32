import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { loadOpenCv, OPENCV_ENVIRONMENT } from "../../drivers/camera/opencv.js";

/** How a test server behaves. */
export type MjpegBehaviour = "moving" | "frozen" | "silent";

/** A small HTTP camera on loopback that tests can spoil. */
export interface MjpegServer {
  readonly url: string;
  readonly port: number;
  behave(behaviour: MjpegBehaviour): void;
  /** From now on it serves these. */
  show(pictures: readonly Buffer[]): void;
  close(): Promise<void>;
}

/** Pictures a second. */
const RATE = 25;

/**
 * Distinct JPEG pictures of one size; the left half is red, the right half blue, a bar moves from picture to picture. `blur`: how far
 * they are out of focus, pixels (standard deviation).
 */
export function testPictures(width: number, height: number, blur = 0, count = 16): readonly Buffer[] {
  Object.assign(process.env, OPENCV_ENVIRONMENT);
  const cv = loadOpenCv();
  return Array.from({ length: count }, (_, index) => {
    const picture = new cv.Mat(height, width, cv.CV_8UC3, [255, 0, 0]);
    picture.drawRectangle(new cv.Rect(0, 0, width / 2, height), new cv.Vec3(0, 0, 255), -1);
    picture.drawRectangle(new cv.Rect(0, Math.floor((index * height) / count), width, 2), new cv.Vec3(0, 255, 0), -1);
    const shown = blur === 0 ? picture : picture.gaussianBlur(new cv.Size(0, 0), blur);
    const jpeg = cv.imencode(".jpg", shown);
    picture.release();
    if (shown !== picture) {
      shown.release();
    }
    return jpeg;
  });
}

/** Serves pictures as `multipart/x-mixed-replace` on a loopback port; 0 takes any. `stamped`: what it says of their exposure. */
export async function startMjpegServer(
  pictures: readonly Buffer[],
  port = 0,
  stamped: () => number | null = () => null,
): Promise<MjpegServer> {
  let behaviour: MjpegBehaviour = "moving";
  let shown = pictures;
  let index = 0;
  const readers = new Set<ServerResponse>();
  const server: Server = createServer((request, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=frame" });
    readers.add(response);
    request.on("close", () => readers.delete(response));
  });
  const timer = setInterval(() => {
    if (behaviour === "silent") {
      return;
    }
    index += behaviour === "moving" ? 1 : 0;
    const picture = shown[index % shown.length];
    const stamp = stamped();
    const told = stamp === null ? "" : `\r\nX-Timestamp: ${stamp.toFixed(6)}`;
    for (const reader of readers) {
      reader.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture?.length}${told}\r\n\r\n`);
      reader.write(picture);
      reader.write("\r\n");
    }
  }, 1000 / RATE);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${bound}/front.mjpeg`,
    port: bound,
    behave: (next) => {
      behaviour = next;
    },
    show: (next) => {
      shown = next;
    },
    close: async () => {
      clearInterval(timer);
      if (!server.listening) {
        return;
      }
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
