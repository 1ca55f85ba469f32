import { connect, type Socket } from "node:net";
import { DriverError } from "../../daemon/types/driver-error.js";
import type { Seconds } from "../../daemon/types/units.js";
import type { ArmLink, LinkListener } from "./link.js";

/** A controller on the same wire answers within milliseconds. */
const CONNECT_TIMEOUT: Seconds = 3;
/** An orderly end that takes longer is cut off. */
const CLOSE_TIMEOUT: Seconds = 0.5;
const READ_BUFFER_BYTES = 65_536;

/** Connects to a controller; throws DriverError `connect-refused` or `connect-timeout`. */
export function openTcpLink(host: string, port: number, listener: LinkListener): Promise<ArmLink> {
  return new Promise((resolve, reject) => {
    let link: TcpLink | null = null;
    const socket = connect({
      host,
      port,
      noDelay: true,
      // One buffer for all reads: the arm process makes no garbage here.
      onread: {
        buffer: Buffer.alloc(READ_BUFFER_BYTES),
        callback: (length, buffer) => {
          link?.receive(Buffer.from(buffer.buffer, buffer.byteOffset, length));
          return true;
        },
      },
    });
    const refuse = (cause: Error) => {
      clearTimeout(timer);
      socket.destroy();
      const code = "code" in cause && cause.code === "ECONNREFUSED" ? "connect-refused" : "connect-timeout";
      reject(
        new DriverError(code, `no connection to the arm at ${host}:${port}: ${cause.message}`, { host, port }, cause),
      );
    };
    const timer = setTimeout(() => refuse(new Error("no answer")), CONNECT_TIMEOUT * 1000);
    socket.once("error", refuse);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", refuse);
      link = new TcpLink(socket, listener);
      resolve(link);
    });
  });
}

class TcpLink implements ArmLink {
  readonly localAddress: string | null;
  readonly remoteAddress: string | null;
  readonly #socket: Socket;
  #listener: LinkListener | null;

  constructor(socket: Socket, listener: LinkListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.localAddress = socket.localAddress ?? null;
    this.remoteAddress = socket.remoteAddress ?? null;
    let cause: Error | undefined;
    socket.on("error", (error) => {
      cause = error;
    });
    socket.on("close", () => {
      const lost = this.#listener;
      this.#listener = null;
      const where = `${this.remoteAddress}`;
      lost?.onLost(
        new DriverError(
          "link-lost",
          `the connection to the arm ended: ${cause?.message ?? "closed by the arm"}`,
          { where },
          cause,
        ),
      );
    });
  }

  receive(bytes: Buffer): void {
    this.#listener?.onBytes(bytes);
  }

  isIdle(): boolean {
    return this.#socket.writableLength === 0;
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable) {
      this.#socket.write(bytes);
    }
  }

  reset(): void {
    this.#listener = null;
    this.#socket.resetAndDestroy();
  }

  close(): Promise<void> {
    this.#listener = null;
    return new Promise((resolve) => {
      if (this.#socket.closed) {
        resolve();
        return;
      }
      const timer = setTimeout(() => this.#socket.destroy(), CLOSE_TIMEOUT * 1000);
      this.#socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.end();
    });
  }
}
