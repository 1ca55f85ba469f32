import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { CAMERA_ROLES, type CameraRole } from "../../../daemon/types/frame.js";
import type { Instant } from "../../../daemon/types/units.js";

const BOUNDARY = "kinevla-frame";

/** Serves the newest picture of each camera: `/front.mjpeg` as a stream, `/front.jpg` as a still. */
export interface MjpegServer {
  readonly port: number;
  /** True when somebody watches or waits for a still. */
  wanted(role: CameraRole): boolean;
  /**
   * Sends a JPEG to all who watch; who still has more than one picture unsent misses this one. What it shows was so at
   * `exposedAt`, which its header says as mjpg-streamer does (`X-Timestamp`).
   */
  publish(role: CameraRole, jpeg: Buffer, exposedAt: Instant): void;
  /** Ends the connections of all who watch a camera, as one that is unplugged does. */
  hangUp(role: CameraRole): void;
  close(): Promise<void>;
}

/** One camera's watchers. */
interface Channel {
  readonly streams: Set<ServerResponse>;
  readonly stills: Set<ServerResponse>;
}

function roleOf(path: string, suffix: string): CameraRole | undefined {
  return CAMERA_ROLES.find((role) => path === `/${role}${suffix}`);
}

class Cameras implements MjpegServer {
  readonly port: number;
  readonly #server: Server;
  readonly #channels: Readonly<Record<CameraRole, Channel>>;

  constructor(server: Server, channels: Readonly<Record<CameraRole, Channel>>) {
    this.#server = server;
    this.#channels = channels;
    const address = server.address();
    this.port = typeof address === "object" && address !== null ? address.port : 0;
  }

  wanted(role: CameraRole): boolean {
    const { streams, stills } = this.#channels[role];
    return streams.size + stills.size > 0;
  }

  publish(role: CameraRole, jpeg: Buffer, exposedAt: Instant): void {
    const { streams, stills } = this.#channels[role];
    for (const response of stills) {
      response.writeHead(200, { "content-type": "image/jpeg", "content-length": jpeg.length }).end(jpeg);
    }
    stills.clear();
    for (const response of streams) {
      if ((response.socket?.writableLength ?? 0) > jpeg.length) {
        continue;
      }
      response.cork();
      const headers = [
        "Content-Type: image/jpeg",
        `Content-Length: ${jpeg.length}`,
        `X-Timestamp: ${exposedAt.toFixed(6)}`,
      ];
      response.write(`--${BOUNDARY}\r\n${headers.join("\r\n")}\r\n\r\n`);
      response.write(jpeg);
      response.write("\r\n");
      response.uncork();
    }
  }

  hangUp(role: CameraRole): void {
    for (const response of this.#channels[role].streams) {
      response.destroy();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

function serve(
  channels: Readonly<Record<CameraRole, Channel>>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = request.url ?? "/";
  const streamed = roleOf(path, ".mjpeg");
  const still = roleOf(path, ".jpg");
  const role = streamed ?? still;
  if (role === undefined) {
    response.writeHead(404).end("cameras: /front.mjpeg /wrist.mjpeg /front.jpg /wrist.jpg\n");
    return;
  }
  const waiting = streamed === undefined ? channels[role].stills : channels[role].streams;
  waiting.add(response);
  response.once("close", () => waiting.delete(response));
  if (streamed !== undefined) {
    response.socket?.setNoDelay(true);
    response.writeHead(200, {
      "content-type": `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
      "cache-control": "no-store",
      connection: "close",
    });
    response.flushHeaders();
  }
}

/** Starts serving; rejects when the port is taken. */
export async function serveMjpeg(host: string, port: number): Promise<MjpegServer> {
  const channels = {
    front: { streams: new Set<ServerResponse>(), stills: new Set<ServerResponse>() },
    wrist: { streams: new Set<ServerResponse>(), stills: new Set<ServerResponse>() },
  };
  const server = createServer((request, response) => serve(channels, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return new Cameras(server, channels);
}
