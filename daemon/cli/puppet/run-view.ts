import { createWriteStream } from "node:fs";
import { createPuppet, type PuppetOptions } from "../../../drivers/puppet/serial-puppet.js";
import { loadConfig } from "../../config/config.js";
import { hostClock } from "../../ports/clock.js";
import { puppetOptions } from "../../puppet/puppet-options.js";
import { DriverError, OPERATOR_HINT } from "../../types/driver-error.js";
import type { PuppetSample } from "../../types/puppet.js";
import { CliError, EXIT } from "../exit-code.js";
import type { PuppetCommandOptions } from "../puppet.js";
import { Screen } from "../screen.js";
import { poseLines } from "./bars.js";
import { untilEnd } from "./until-end.js";

const DRAW_MS = 100;
const AGAIN_MS = 500;

/** Shows a leader until Ctrl-C; throws CliError where it cannot be read at first. */
export async function runView(options: PuppetCommandOptions): Promise<void> {
  const leader = chosen(options);
  const puppet = createPuppet(leader, hostClock);
  const screen = new Screen(process.stdout);
  const save = options.save === undefined ? null : createWriteStream(options.save);
  let newest: PuppetSample | null = null;
  let trouble = "";
  let [readings, firstSeq, times] = [0, 0, 0];
  let recent: number[] = [];
  const listener = {
    onSample: (sample: PuppetSample): void => {
      firstSeq = readings === 0 ? sample.seq : firstSeq;
      readings++;
      newest = sample;
      recent.push(sample.at);
      save?.write(`${JSON.stringify(sample)}\n`);
    },
    onLost: (error: DriverError): void => {
      trouble = `${error.code}: ${error.message}. ${OPERATOR_HINT[error.code]}`;
      times++;
      again();
    },
  };
  let retry: NodeJS.Timeout | null = null;
  const again = (): void => {
    retry = setTimeout(() => {
      puppet.connect(listener).then(
        () => {
          trouble = "";
          readings = 0;
        },
        (error: unknown) => {
          trouble = error instanceof Error ? error.message : String(error);
          again();
        },
      );
    }, AGAIN_MS);
  };
  const identity = await puppet.connect(listener).catch((error: unknown) => {
    throw error instanceof DriverError
      ? new CliError(EXIT.unhealthy, error.code, error.message, OPERATOR_HINT[error.code])
      : error;
  });
  const draw = setInterval(() => {
    const now = hostClock.now();
    recent = recent.filter((at) => now - at < 1);
    const sample: PuppetSample | null = newest;
    if (sample !== null) {
      const asked = sample.seq - firstSeq + 1;
      const age = ((now - sample.at) * 1000).toFixed(0);
      screen.draw(
        [
          `${identity.kind} ${identity.serial} at ${leader.path}`,
          ...poseLines(sample.angles, sample.gripper, sample.button),
          `${recent.length} readings/s, age ${age} ms, ${Math.max(0, asked - readings)} of ${asked} lost, away ${times} times${trouble === "" ? "" : `\n${trouble}`}`,
        ],
        now,
      );
    }
  }, DRAW_MS);
  await untilEnd(options.seconds);
  clearInterval(draw);
  if (retry !== null) {
    clearTimeout(retry);
  }
  await puppet.close();
  save?.end();
}

/** Of the command line, or of the configuration. */
function chosen({ config, kind, path, baud, jointIds, gripperId, button }: PuppetCommandOptions): PuppetOptions {
  if (path !== undefined && kind === "realman-leader") {
    return { kind, path, baud: baud ?? 460_800 };
  }
  if (path !== undefined && kind === "dynamixel-leader") {
    return { kind, path, baud: baud ?? 1_000_000, jointIds, gripperId, ...(button === undefined ? {} : { button }) };
  }
  const { file, puppet } = loadConfig(config);
  if (path !== undefined || kind !== undefined || puppet === undefined) {
    const hint = "Give both --path and --kind, or a --config with a section puppet.";
    const said = path !== undefined || kind !== undefined ? "--path or --kind alone" : `${file} has no section puppet`;
    throw new CliError(EXIT.usage, "no-leader", `Which leader arm? ${said}.`, hint);
  }
  return puppetOptions(puppet);
}
