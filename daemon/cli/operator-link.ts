import { OperatorClient, OperatorLinkError, type Reply } from "../operator/client.js";
import { OperatorStartError } from "../operator/start-error.js";
import { readToken } from "../operator/token.js";
import { CliError, EXIT } from "./exit-code.js";
import type { OperatorOptions } from "./operator-options.js";
import { RefusedError } from "./refused-error.js";

/** Connects to the daemon; throws CliError. */
export async function connectOperator(options: OperatorOptions): Promise<OperatorClient> {
  try {
    return await OperatorClient.connect({
      url: options.url,
      token: readToken(options.tokenFile),
      name: options.name,
    });
  } catch (error) {
    throw inWords(error, EXIT.unreachable);
  }
}

/** Waits for a reply; throws RefusedError when it is a refusal and CliError when it never comes. */
export async function need<Wanted extends Reply["type"]>(
  pending: Promise<Reply>,
  wanted: Wanted,
): Promise<Extract<Reply, { readonly type: Wanted }>> {
  const reply = await pending.catch((error: unknown) => {
    throw inWords(error, EXIT.lost);
  });
  if (reply.type === "refused") {
    throw new RefusedError(reply);
  }
  if (!isWanted(reply, wanted)) {
    throw new CliError(EXIT.lost, "bad-answer", `The daemon answered ${reply.type}.`, "Are both of the same version?");
  }
  return reply;
}

function isWanted<Wanted extends Reply["type"]>(
  reply: Reply,
  wanted: Wanted,
): reply is Extract<Reply, { readonly type: Wanted }> {
  return reply.type === wanted;
}

function inWords(error: unknown, exitCode: typeof EXIT.unreachable | typeof EXIT.lost): unknown {
  return error instanceof OperatorLinkError || error instanceof OperatorStartError
    ? new CliError(exitCode, error.code, error.message, error.hint)
    : error;
}
