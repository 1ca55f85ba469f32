import type { OperatorClient } from "../operator/client.js";
import type { Topic } from "../operator/client-message.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { connectOperator, need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { note } from "./print.js";

/** A stop on Ctrl-C that is not confirmed within this time is reported as such. */
const STOP_WITHIN_MS = 1500;

/** What happens while a command is in control. */
export interface InControl {
  readonly client: OperatorClient;
  /** Rejects with CliError when the connection or control is lost; settles in no other way. */
  readonly lost: Promise<never>;
}

/** Takes control, does something, gives control back; Ctrl-C stops the arm first. Throws CliError. */
export async function inControl(
  options: OperatorOptions,
  topics: readonly Topic[],
  act: (context: InControl) => Promise<ExitCode>,
): Promise<ExitCode> {
  const client = await connectOperator(options);
  const interruption = stopOnInterrupt(client);
  try {
    await need(client.subscribe(["state", ...topics]), "accepted");
    await need(options.takeOver ? client.takeOver() : client.takeControl(), "control-granted");
    const lost = watchLoss(client);
    const exitCode = await Promise.race([act({ client, lost }), lost, interruption.done]);
    if (client.isInControl) {
      await need(client.releaseControl(), "accepted");
    }
    return exitCode;
  } finally {
    interruption.forget();
    await client.close();
  }
}

function watchLoss(client: OperatorClient): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    const lose = (code: string, message: string): void => {
      reject(new CliError(EXIT.lost, code, message, "Is the daemon still running? See: kinevla status"));
    };
    void client.closed.then((why) => lose("link-lost", `The connection to the daemon is gone: ${why}.`));
    client.onMessage((message) => {
      if (message.type === "control" && !message.yours) {
        lose("control-lost", `Control is lost: ${message.reason}.`);
      }
    });
  });
  // Nobody may be waiting any more when it happens.
  lost.catch(() => undefined);
  return lost;
}

/** On Ctrl-C: the stop goes out before anything else happens. */
function stopOnInterrupt(client: OperatorClient): { readonly done: Promise<ExitCode>; forget(): void } {
  let onSignal: () => void = () => undefined;
  const done = new Promise<ExitCode>((resolve) => {
    let pressed = 0;
    onSignal = () => {
      pressed += 1;
      if (pressed > 1) {
        resolve(EXIT.interrupted);
        return;
      }
      note("Stopping the arm.");
      const timer = setTimeout(() => {
        note("The stop is NOT confirmed. Use the hardware stop.");
        resolve(EXIT.interrupted);
      }, STOP_WITHIN_MS);
      client
        .stop("Ctrl-C")
        .then(
          () => note("Stopped and latched; when it is safe: kinevla ack"),
          (error: unknown) => note(`The stop is NOT confirmed (${String(error)}). Use the hardware stop.`),
        )
        .finally(() => {
          clearTimeout(timer);
          resolve(EXIT.interrupted);
        });
    };
  });
  for (const signal of SIGNALS) {
    process.on(signal, onSignal);
  }
  return {
    done,
    forget: () => {
      for (const signal of SIGNALS) {
        process.off(signal, onSignal);
      }
    },
  };
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
