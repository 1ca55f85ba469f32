import { createConnection, type Socket } from "node:net";
import { GUARDIAN_BYTE } from "./guardian-protocol.js";

/** Between two attempts to reach the guardian, milliseconds. */
const RETRY_MS = 200;

/** What the arm process learns from its guardian. */
export interface GuardianListener {
  onBeat(): void;
  /** The guardian has stopped the arm. */
  onFired(): void;
}

/** The arm process's end of the guardian's connection. */
export interface GuardianLink {
  /** Proves that the arm process is alive; call it from the tick, so that a hanging process is silent. */
  beat(): void;
  /** The arm does not stop: the guardian lets the relay in its supply open, where there is one. */
  cut(): void;
  /** Ends in order: the guardian does nothing. */
  goodbye(): Promise<void>;
}

/** Connects to the guardian and stays connected; while it is away, beats go nowhere. */
export function linkToGuardian(path: string, listener: GuardianListener): GuardianLink {
  const beat = Buffer.of(GUARDIAN_BYTE.beat);
  let socket: Socket | null = null;
  let open = false;
  let ended = false;
  let retry: NodeJS.Timeout | undefined;

  const connect = (): void => {
    const attempt = createConnection(path, () => {
      open = true;
    });
    socket = attempt;
    attempt.on("data", (bytes) => {
      if (bytes.includes(GUARDIAN_BYTE.fired)) {
        listener.onFired();
      }
      if (bytes.includes(GUARDIAN_BYTE.beat)) {
        listener.onBeat();
      }
    });
    // An error is followed by `close`, where it is handled.
    attempt.on("error", () => undefined);
    attempt.on("close", () => {
      open = false;
      if (!ended) {
        retry = setTimeout(connect, RETRY_MS);
      }
    });
  };
  connect();
  return {
    beat: () => {
      if (open) {
        socket?.write(beat);
      }
    },
    cut: () => {
      if (open) {
        socket?.write(Buffer.of(GUARDIAN_BYTE.cut));
      }
    },
    goodbye: () =>
      new Promise((resolve) => {
        ended = true;
        clearTimeout(retry);
        if (socket === null || !open) {
          socket?.destroy();
          resolve();
          return;
        }
        socket.once("close", () => resolve());
        socket.end(Buffer.of(GUARDIAN_BYTE.goodbye));
        socket.setTimeout(200, () => socket?.destroy());
      }),
  };
}
