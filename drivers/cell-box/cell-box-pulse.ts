import type { RelayPulse } from "../../daemon/ports/relay-pulse.js";
import { BoxConnection, type CellBoxAddress } from "./box-connection.js";
import { CELL_BYTE } from "./protocol.js";

/** The relay of a cell box. */
export function createCellBoxPulse(address: CellBoxAddress): RelayPulse {
  const nothing = (): void => undefined;
  const connection = new BoxConnection(address, nothing, nothing);
  return { pulse: () => connection.write(CELL_BYTE.pulse), close: () => connection.close() };
}
