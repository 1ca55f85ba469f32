import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Toxics } from "./impairment.js";
import { ToxicPipe } from "./toxic-pipe.js";

/** A TCP connection seen through a faulty line: what is written and read passes a `ToxicPipe` each way. */
export class ImpairedSocket extends Duplex {
  readonly #socket: Socket;
  readonly #inward: ToxicPipe;
  readonly #outward: ToxicPipe;

  constructor(socket: Socket, toxics: () => Toxics, random: () => number) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    // Bytes towards the controller end nothing by their number: `limitBytes` counts what the arm says.
    const inwardToxics = (): Toxics => ({ ...toxics(), limitBytes: null });
    this.#inward = new ToxicPipe(inwardToxics, random, {
      deliver: (bytes) => this.push(bytes),
      end: () => this.push(null),
    });
    this.#outward = new ToxicPipe(toxics, random, {
      deliver: (bytes) => socket.write(bytes),
      end: () => socket.end(),
    });
    socket.on("data", (bytes: Buffer) => this.#inward.push(bytes));
    socket.on("end", () => this.#inward.finish());
    // After an orderly end the sender's kernel still delivers what is under way; after a reset nothing of it comes.
    socket.on("error", () => this.#gone());
  }

  /** Looks at the toxics again. */
  flush(): void {
    this.#inward.flush();
    this.#outward.flush();
  }

  resetAndDestroy(): void {
    this.#socket.resetAndDestroy();
    this.destroy();
  }

  /** The peer's bytes stay in the kernels' buffers until `resumeReading`. */
  pauseReading(): void {
    this.#socket.pause();
  }

  resumeReading(): void {
    this.#socket.resume();
  }

  override _read(): void {
    // The pipe pushes by itself; a controller reads everything.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#outward.push(bytes);
    done();
  }

  override _final(done: () => void): void {
    this.#outward.finish();
    done();
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#inward.abandon();
    this.#outward.abandon();
    this.#socket.destroy();
    done();
  }

  #gone(): void {
    this.#inward.abandon();
    this.#outward.abandon();
    this.destroy();
  }
}
