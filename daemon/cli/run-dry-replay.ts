import { existsSync } from "node:fs";
import { armLimits } from "../composition/arm-limits.js";
import { loadConfig } from "../config/config.js";
import { readEpisode } from "../recorder/read-episode.js";
import { dryRun } from "../replay/dry-run.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { say, sayJson } from "./print.js";

const TOPICS = ["/arm/setpoint", "/arm/report", "/policy/chunk", "/policy/chunk_result"];

/** Prints what differs; the exit code says whether the guard refuses anything now. */
export async function runDryReplay(path: string, configFile: string, json: boolean): Promise<ExitCode> {
  if (!existsSync(path)) {
    throw new CliError(EXIT.usage, "no-episode", `${path} is not there.`, "See: kinevla record list");
  }
  const config = loadConfig(configFile);
  const episode = await readEpisode(path, TOPICS);
  const start = episode.metadata.get("kinevla.episode");
  if (start === undefined) {
    const hint = "Name an .mcap file of kinevla; one that a crash has torn: kinevla record repair FOLDER";
    throw new CliError(EXIT.refused, "no-episode", `${path} is no recording of this program.`, hint);
  }
  const period = Number(start.get("period_ms")) / 1000;
  const { limits } = armLimits(config, Date.now());
  const run = dryRun(episode, limits, period > 0 ? period : config.stream.period_ms / 1000);
  const refused = Object.values(run.refusals).reduce((sum, count) => sum + count, 0);
  if (json) {
    sayJson(run);
  } else {
    say(`Guard:   ${run.setpoints} setpoints permitted then, ${refused} refusals now`);
    for (const [code, count] of Object.entries(run.refusals)) {
      say(`         ${code}: ${count}`);
    }
    say(`Planner: ${run.planned} setpoints of ${run.chunks} chunks planned anew; largest difference, degrees:`);
    for (const [joint, difference] of run.mostDifference.entries()) {
      say(`         J${joint + 1}  ${((difference * 180) / Math.PI).toFixed(6)}`);
    }
    if (run.mostAfter !== null) {
      say(`         largest ${run.mostAfter.toFixed(2)} s after the first setpoint`);
    }
  }
  return refused === 0 ? EXIT.done : EXIT.unfinished;
}
