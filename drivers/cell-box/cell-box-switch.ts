import type { CellSwitch } from "../../daemon/ports/cell-switch.js";
import { BoxConnection, type CellBoxAddress } from "./box-connection.js";
import { CELL_BYTE, SILENT_AFTER } from "./protocol.js";

/** The switch of a cell box: open until the box says otherwise, and again when it is silent or gone. */
export function createCellBoxSwitch(address: CellBoxAddress): CellSwitch {
  let connection: BoxConnection | null = null;
  let silence: NodeJS.Timeout | undefined;
  return {
    watch: (listener) => {
      let closed = false;
      const tell = (now: boolean): void => {
        if (now !== closed) {
          closed = now;
          listener(now);
        }
      };
      listener(false);
      const heard = (bytes: Buffer): void => {
        clearTimeout(silence);
        silence = setTimeout(() => tell(false), SILENT_AFTER * 1000);
        // Of several bytes at once any that does not say closed counts, also one that the protocol does not know.
        tell(bytes.every((byte) => byte === CELL_BYTE.closed));
      };
      connection = new BoxConnection(address, heard, () => tell(false));
    },
    close: () => {
      clearTimeout(silence);
      connection?.close();
    },
  };
}
