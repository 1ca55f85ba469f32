/** The arm process does not do what it was asked for: what it last stopped for, or why it refuses. */
export class CellStopped extends Error {
  override readonly name = "CellStopped";
}
