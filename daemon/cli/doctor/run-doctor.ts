import type { Config } from "../../config/config.js";
import { EXIT, type ExitCode } from "../exit-code.js";
import { say, sayJson } from "../print.js";
import { type Result, runChecks } from "./check.js";
import { checksOf } from "./checks.js";
import { configCheck } from "./config-check.js";
import { nodeCheck } from "./node-check.js";

/** Runs all checks and tells each finding as it comes. */
export async function runDoctor(options: { readonly config: string; readonly json?: true }): Promise<ExitCode> {
  const tell = options.json ? sayJson : (result: Result) => say(inWords(result));
  let config: Config | null = null;
  const first = [
    nodeCheck(),
    configCheck(options.config, (loaded) => {
      config = loaded;
    }),
  ];
  const results = [...(await runChecks(first, tell))];
  if (config !== null) {
    results.push(...(await runChecks(checksOf(config), tell)));
  }
  const failed = results.filter((result) => !result.ok).length;
  if (!options.json) {
    say(failed === 0 ? "All is well." : `${failed} of ${results.length} checks failed.`);
  }
  return failed === 0 ? EXIT.done : EXIT.unhealthy;
}

function inWords({ name, ok, detail, hint }: Result): string {
  const first = `${ok ? "ok  " : "FAIL"}  ${name.padEnd(16)} ${detail}`;
  return hint === "" ? first : `${first}\n      ${"".padEnd(16)} -> ${hint}`;
}
