/** Where the program was started with `--die-with-parent`: calls `end` when standard input closes. */
export function dieWithParent(end: () => void): void {
  if (process.argv.includes("--die-with-parent")) {
    process.stdin.on("end", end);
    process.stdin.on("error", end);
    process.stdin.resume();
  }
}
