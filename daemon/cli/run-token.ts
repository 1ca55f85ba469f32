import { loadConfig } from "../config/config.js";
import { ConfigError } from "../config/yaml-file.js";
import { OperatorStartError } from "../operator/start-error.js";
import { TokenStore } from "../operator/token-store.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { note, say, sayJson } from "./print.js";
import type { MakeOptions, TokenOptions } from "./token.js";

/** Makes a token; it alone goes to the standard output, so that it can be written to a file. */
export function makeToken({ role, name, hours, ...options }: MakeOptions): ExitCode {
  return withStore(options, (store) => {
    const { token, record } = store.make({ name, role, hours });
    if (options.json) {
      sayJson({ token, id: record.id, name, role, expiresAt: record.expiresAt });
    } else {
      say(token);
      note(`${record.id}: ${name}, ${role}, until ${record.expiresAt}`);
    }
    return EXIT.done;
  });
}

/** Lists all tokens that are remembered, without what they are. */
export function listTokens(options: TokenOptions): ExitCode {
  return withStore(options, (store) => {
    const tokens = store.list().map(({ id, name, role, expiresAt }) => {
      return { id, name, role, expiresAt, standing: store.standing(id) };
    });
    if (options.json) {
      sayJson(tokens);
    } else if (tokens.length === 0) {
      note("There is no token; the daemon makes one at its start.");
    }
    for (const { id, name, role, expiresAt, standing } of options.json ? [] : tokens) {
      say(`${id}  ${role.padEnd(10)}  ${standing.padEnd(7)}  until ${expiresAt}  ${name}`);
    }
    return EXIT.done;
  });
}

/** Takes a token back. */
export function revokeToken(id: string, options: TokenOptions): ExitCode {
  return withStore(options, (store) => {
    if (!store.revoke(id)) {
      throw new CliError(EXIT.refused, "no-such-token", `There is no token ${id}.`, "See: kinevla token list");
    }
    if (options.json) {
      sayJson({ id, standing: "revoked" });
    } else {
      say(`Revoked ${id}.`);
    }
    return EXIT.done;
  });
}

function withStore(options: TokenOptions, act: (store: TokenStore) => ExitCode): ExitCode {
  try {
    return act(new TokenStore(loadConfig(options.config).operator.tokenStore));
  } catch (error) {
    if (error instanceof OperatorStartError) {
      throw new CliError(EXIT.refused, error.code, error.message, error.hint);
    }
    if (error instanceof ConfigError) {
      throw new CliError(EXIT.usage, "config", error.message, "Name another file with --config.");
    }
    throw error;
  }
}
