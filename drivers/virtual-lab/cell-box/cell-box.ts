import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { CELL_BYTE, SILENT_AFTER, TOLD_EVERY } from "../../cell-box/protocol.js";

/** What a virtual cell box works with. */
export interface CellBoxOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** The relay has opened: the arm has no power any more. */
  readonly onPowerCut: () => void;
}

/** A virtual cell box: the enabling switch of the lab and the relay in the arm's supply. */
export interface CellBox {
  readonly port: number;
  /** Opens or closes the enabling switch. */
  setSwitch(closed: boolean): void;
  /** Falls silent, as a box without power; it stays connected. */
  silence(): void;
  close(): Promise<void>;
}

/** Starts a box with a closed switch; its relay is watched from the first pulse on. Rejects when the port is taken. */
export async function startCellBox({ host, port, onPowerCut }: CellBoxOptions): Promise<CellBox> {
  const readers = new Set<Socket>();
  let closed = true;
  let silent = false;
  let relay: NodeJS.Timeout | undefined;
  const tell = (): void => {
    if (!silent) {
      for (const reader of readers) {
        reader.write(Buffer.of(closed ? CELL_BYTE.closed : CELL_BYTE.open));
      }
    }
  };
  const server = createServer({ noDelay: true }, (socket) => {
    readers.add(socket);
    socket.on("data", (bytes) => {
      if (bytes.includes(CELL_BYTE.pulse)) {
        clearTimeout(relay);
        relay = setTimeout(onPowerCut, SILENT_AFTER * 1000);
      }
    });
    socket.on("error", () => undefined);
    socket.on("close", () => readers.delete(socket));
    tell();
  });
  server.listen(port, host);
  await once(server, "listening");
  const timer = setInterval(tell, TOLD_EVERY * 1000);
  return {
    port: (server.address() as AddressInfo).port,
    setSwitch: (now) => {
      closed = now;
      tell();
    },
    silence: () => {
      silent = true;
    },
    close: async () => {
      clearInterval(timer);
      clearTimeout(relay);
      for (const reader of readers) {
        reader.destroy();
      }
      server.close();
      await once(server, "close");
    },
  };
}
