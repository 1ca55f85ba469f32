import { describing, line } from "./describe.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { connectOperator, need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { say, sayJson } from "./print.js";

/** Changes of mode are sent at once whatever the rate. */
const MODE_RATE_HZ = 1;

/** Shows what happens until Ctrl-C. */
export async function runWatch(options: OperatorOptions & { readonly state?: number }): Promise<ExitCode> {
  const rate = options.state ?? MODE_RATE_HZ;
  if (!(rate >= 1 && rate <= 50)) {
    throw new CliError(EXIT.usage, "usage", "--state takes 1 to 50 Hz.", "For example --state 10.");
  }
  const client = await connectOperator(options);
  let mode = "";
  const describe = describing();
  client.onMessage((message) => {
    if (options.json) {
      if (message.type !== "state" || options.state !== undefined) {
        sayJson(message);
      }
    } else if (message.type === "state") {
      if (message.mode !== mode) {
        mode = message.mode;
        const stop = message.stops[0];
        say(line("Mode", stop === undefined ? mode : `${mode}: ${stop.detail}. ${stop.hint}`));
      }
    } else {
      const words = describe(message);
      if (words !== null) {
        say(words);
      }
    }
  });
  const interrupted = new Promise<ExitCode>((resolve) => {
    process.once("SIGINT", () => resolve(EXIT.done));
    process.once("SIGTERM", () => resolve(EXIT.done));
  });
  await need(client.subscribe(["state", "reasoning", "chunks", "faults", "progress"], rate), "accepted");
  const lost = client.closed.then((why) => {
    throw new CliError(EXIT.lost, "link-lost", `The connection to the daemon is gone: ${why}.`, "Start it again.");
  });
  try {
    return await Promise.race([interrupted, lost]);
  } finally {
    lost.catch(() => undefined);
    await client.close();
  }
}
