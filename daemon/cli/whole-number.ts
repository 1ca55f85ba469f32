import { InvalidArgumentError } from "commander";

/** Reads an option that counts something; throws InvalidArgumentError, which names the option. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("a whole number is needed");
  }
  return value;
}

/** Reads a TCP port, 0 for any free one; throws InvalidArgumentError. */
export function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port > 65_535) {
    throw new InvalidArgumentError("a port is 0 to 65535");
  }
  return port;
}

/** Reads a length in mm above 0; throws InvalidArgumentError. */
export function millimetres(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 1000) {
    throw new InvalidArgumentError("a length in mm is needed");
  }
  return value;
}

/** Reads a share, 0 to 1; throws InvalidArgumentError. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("a number from 0 to 1 is needed");
  }
  return value;
}
