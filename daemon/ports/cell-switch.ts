/** The second contact of an enabling switch or guard door, as a device of the cell tells it. */
export interface CellSwitch {
  /** Tells at once and at every change whether it is closed; a device that is away or silent is an open switch. */
  watch(listener: (closed: boolean) => void): void;
  close(): void;
}
