import type { SerialPort } from "serialport";
import { DriverError, type DriverErrorCode } from "../../daemon/types/driver-error.js";
import type { ArmLink, LinkListener } from "./link.js";

/** The port takes bytes a moment after they were written; a frame and a question may wait for that. */
const WAITING_BYTES = 256;

/** Opens the controller's RS485 line, 8N1; throws DriverError `port-busy`, `no-permission` or `connect-refused`. */
export async function openSerialLink(path: string, baudRate: number, listener: LinkListener): Promise<ArmLink> {
  // Loaded only here: a native addon has no business in an arm process that speaks TCP.
  const { SerialPort: Port } = await import("serialport");
  const port = new Port({ path, baudRate, dataBits: 8, parity: "none", stopBits: 1, autoOpen: false, lock: true });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) {
        resolve();
      } else {
        const context = { path, baudRate };
        reject(
          new DriverError(codeOf(error), `the serial port ${path} does not open: ${error.message}`, context, error),
        );
      }
    });
  });
  return new SerialLink(port, path, listener);
}

/** serialport tells the reason only in its message. */
function codeOf({ message }: Error): DriverErrorCode {
  if (/lock|busy|temporarily unavailable/i.test(message)) {
    return "port-busy";
  }
  return /permission|EACCES/i.test(message) ? "no-permission" : "connect-refused";
}

class SerialLink implements ArmLink {
  readonly localAddress = null;
  readonly remoteAddress = null;
  readonly #port: SerialPort;
  #listener: LinkListener | null;

  constructor(port: SerialPort, path: string, listener: LinkListener) {
    this.#port = port;
    this.#listener = listener;
    const lose = (cause?: Error | null) => {
      const lost = this.#listener;
      this.#listener = null;
      const reason = cause?.message ?? "the port is gone";
      lost?.onLost(new DriverError("link-lost", `the serial line to the arm ended: ${reason}`, { path }, cause));
    };
    port.on("data", (bytes: Buffer) => this.#listener?.onBytes(bytes));
    port.on("error", lose);
    port.on("close", lose);
  }

  isIdle(): boolean {
    return this.#port.writableLength <= WAITING_BYTES;
  }

  /** Copies the bytes: unlike a socket, the port reads them only after this has returned. */
  write(bytes: Buffer): void {
    if (this.#port.isOpen) {
      this.#port.write(Buffer.from(bytes));
    }
  }

  /** Discards what the port has not sent yet, then closes it. */
  reset(): void {
    this.#listener = null;
    if (this.#port.isOpen) {
      this.#port.flush(() => this.#port.close());
    }
  }

  close(): Promise<void> {
    this.#listener = null;
    return new Promise((resolve) => {
      if (!this.#port.isOpen) {
        resolve();
        return;
      }
      // A pseudo terminal cannot drain; closing is what matters.
      this.#port.drain(() => this.#port.close(() => resolve()));
    });
  }
}
