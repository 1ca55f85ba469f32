import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { DriverError, type DriverErrorCode } from "../../daemon/types/driver-error.js";
import { type JsonObject, parseJsonObject } from "./json-object.js";

// Interlocks: AR-12.

/** Where the arm's state push is received, and from whom it is believed. */
export interface StateReceiverOptions {
  /** Address of this host in the arm's network. */
  readonly host: string;
  /** UDP port, 0 for any free one. */
  readonly port: number;
  /** Address of the arm's controller. */
  readonly source: string;
  onPush(push: JsonObject): void;
  onLost(error: DriverError): void;
}

/** Datagrams that were not believed. */
export interface DroppedDatagrams {
  /** From another address, or from another port of the arm's address than the first one. */
  foreign: number;
  malformed: number;
}

function codeOf(error: Error): DriverErrorCode {
  switch ("code" in error ? error.code : "") {
    case "EADDRNOTAVAIL":
      return "connect-timeout";
    case "EACCES":
      return "no-permission";
    default:
      return "port-busy";
  }
}

/** Receives the state push. Datagrams carry no sequence and no signature, so their source is all there is to check. */
export class StateReceiver {
  readonly dropped: DroppedDatagrams = { foreign: 0, malformed: 0 };
  readonly port: number;
  readonly #socket: Socket;
  readonly #options: StateReceiverOptions;
  /** The port of the arm's first datagram; which one the controller uses is documented nowhere. */
  #sourcePort: number | null = null;
  #open = true;

  private constructor(socket: Socket, options: StateReceiverOptions) {
    this.#socket = socket;
    this.#options = options;
    this.port = socket.address().port;
    socket.on("message", (datagram, source) => this.#receive(datagram, source));
    socket.on("error", (error) => {
      if (this.#open) {
        options.onLost(new DriverError("link-lost", `the arm's state cannot be received: ${error.message}`, {}, error));
      }
    });
  }

  /** Opens the UDP port; throws DriverError `port-busy`, `no-permission`, or `connect-timeout` for a foreign address. */
  static open(options: StateReceiverOptions): Promise<StateReceiver> {
    const { host, port } = options;
    return new Promise((resolve, reject) => {
      const socket = createSocket({ type: "udp4", reuseAddr: false });
      socket.once("error", (error) => {
        socket.close();
        const message = `UDP port ${port} of ${host} cannot be opened: ${error.message}`;
        reject(new DriverError(codeOf(error), message, { host, port }, error));
      });
      socket.bind(port, host, () => {
        socket.removeAllListeners("error");
        resolve(new StateReceiver(socket, options));
      });
    });
  }

  close(): void {
    if (this.#open) {
      this.#open = false;
      this.#socket.close();
    }
  }

  #receive(datagram: Buffer, source: RemoteInfo): void {
    if (!this.#open) {
      return;
    }
    if (source.address !== this.#options.source || source.port !== (this.#sourcePort ?? source.port)) {
      this.dropped.foreign += 1;
      return;
    }
    const push = parseJsonObject(datagram);
    if (push === null) {
      this.dropped.malformed += 1;
      return;
    }
    this.#sourcePort ??= source.port;
    this.#options.onPush(push);
  }
}
