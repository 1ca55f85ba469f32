import { type Command, InvalidArgumentError, Option } from "commander";
import { projectPath } from "../ports/project-path.js";
import type { PuppetKind } from "../types/puppet.js";
import { isJointVector, type JointVector } from "../types/units.js";

/** What `kinevla puppet` was given. */
export interface PuppetCommandOptions {
  readonly config: string;
  readonly kind?: PuppetKind;
  readonly path?: string;
  readonly baud?: number;
  readonly jointIds: readonly number[];
  readonly gripperId: number;
  readonly button?: { readonly id: number; readonly address: number };
  readonly virtual?: boolean;
  readonly at?: JointVector;
  readonly trace?: string;
  readonly save?: string;
  readonly seconds?: number;
}

/** `kinevla puppet`: look at a leader arm, or be one. */
export function register(program: Command): void {
  program
    .command("puppet")
    .description("show what a leader arm says; with --virtual, be one that is moved by keys or a trace")
    .option("--config <file>", "configuration with a section puppet", projectPath("daemon", "config", "lab.yaml"))
    .addOption(
      new Option("--kind <kind>", "kind of leader, instead of the configuration's").choices([
        "realman-leader",
        "dynamixel-leader",
      ]),
    )
    .option("--path <path>", "serial port; with --virtual the pseudo terminal to make")
    .option("--baud <n>", "460800 for realman-leader, 1000000 for dynamixel-leader by default", numberOf)
    .option("--joint-ids <ids>", "Dynamixel ids of J1 to J7", idsOf, [1, 2, 3, 4, 5, 6, 7])
    .option("--gripper-id <id>", "Dynamixel id of the handle", numberOf, 8)
    .option("--button <id:address>", "Dynamixel id and register of the button, where there is one", buttonOf)
    .option("--virtual", "make a virtual leader at --path (needs socat)")
    .option("--at <degrees>", "with --virtual: where J1 to J7 stand at first, for example 0,10,0,75,0,95,0", anglesOf)
    .option("--trace <file>", "with --virtual: move along this trace instead of by keys")
    .option("--save <file>", "write each reading as a line of JSON, a trace for --trace")
    .option("--seconds <n>", "end after this time", numberOf)
    .addHelpText(
      "after",
      `
End \`kinevla start\` before you look at a leader: only one program may read it.
Examples:
  kinevla puppet --path /dev/ttyUSB0 --kind realman-leader
  kinevla puppet --virtual --kind dynamixel-leader --path /tmp/leader --at 0,10,0,75,0,95,0
In the configuration the button of such a leader is  button: { id: 20, address: 128 }.`,
    )
    .action(async (options: PuppetCommandOptions) => {
      if (options.virtual === true) {
        await (await import("./puppet/run-virtual.js")).runVirtual(options);
      } else {
        await (await import("./puppet/run-view.js")).runView(options);
      }
    });
}

function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError("a number of 0 or more is needed");
  }
  return value;
}

function buttonOf(text: string): { readonly id: number; readonly address: number } {
  const [, id, address] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (id === undefined || address === undefined) {
    throw new InvalidArgumentError("an id and a register are needed, for example 20:128");
  }
  return { id: numberOf(id), address: numberOf(address) };
}

function idsOf(text: string): readonly number[] {
  const ids = text.split(",").map(numberOf);
  if (ids.length !== 7 || new Set(ids).size !== 7) {
    throw new InvalidArgumentError("seven different ids are needed, for example 1,2,3,4,5,6,7");
  }
  return ids;
}

function anglesOf(text: string): JointVector {
  const angles = text.split(",").map((degrees) => (Number(degrees) * Math.PI) / 180);
  if (!isJointVector(angles)) {
    throw new InvalidArgumentError("seven angles in degrees are needed, for example 0,10,0,75,0,95,0");
  }
  return angles;
}
