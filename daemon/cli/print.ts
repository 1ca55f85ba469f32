/** Writes one line for people; control characters in it, which could be the model's, are made visible. */
export function say(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

/** Writes one JSON object as a line, for programs. */
export function sayJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Writes one line about the command itself, apart from its result. */
export function note(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

function printable(text: string): string {
  return text.replace(/(?!\n)\p{Cc}/gu, "\u{fffd}");
}
