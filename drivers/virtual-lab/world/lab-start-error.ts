/** The lab cannot start: something else uses a port of it, or the port may not be opened. */
export class LabStartError extends Error {
  override readonly name = "LabStartError";

  constructor(message: string) {
    super(`${message}. Is another lab running? End it, or give this one other ports.`);
  }
}
