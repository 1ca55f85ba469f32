import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_LAB, type Lab, startLab } from "../../../drivers/virtual-lab/main.js";
import { catalogue } from "../../measure/catalogue.js";
import type { Evidence } from "../../measure/evidence.js";
import { writeEvidence } from "../../measure/evidence-folder.js";
import type { Measurement } from "../../measure/measurement.js";
import { type ArmAddress, MeasuringCell } from "../../measure/measuring-cell.js";
import { Questions } from "../../measure/questions.js";
import { projectPath } from "../../ports/project-path.js";
import { VERSION } from "../../version.js";
import { CliError, EXIT, type ExitCode } from "../exit-code.js";
import type { MeasureOptions } from "../measure.js";
import { note, say, sayJson } from "../print.js";
import { type Person, personAt, YES } from "./ask.js";
import { armOf, mustBeAlone, stopOnInterrupt } from "./at-the-arm.js";
import { configOf, evidenceFolder } from "./evidence-place.js";

type Result = Pick<Evidence, "outcome" | "words" | "figures">;

/** Goes through the catalogue with whoever stands there, and writes evidence of each measurement. */
export async function runMeasure(options: MeasureOptions): Promise<ExitCode> {
  const virtual = options.lab === true;
  const config = configOf(virtual ? projectPath("daemon", "config", "lab.yaml") : options.config);
  const out = evidenceFolder(options);
  const about = aboutOf(options, virtual);
  if (!virtual) {
    await mustBeAlone(config);
  }
  const folder = mkdtempSync(join(tmpdir(), "kinevla-measure-"));
  let lab: Lab | null = null;
  let cell: MeasuringCell | null = null;
  const interruption = stopOnInterrupt(() => cell);
  const person = options.yes ? YES : personAt(process.stdin, process.stderr, interruption.stop);
  try {
    lab = virtual ? await startLab(DEFAULT_LAB) : null;
    const arm = lab === null ? armOf(config) : { ...lab.addresses.controller, push: { host: "127.0.0.1", port: 0 } };
    const identity = { ...(await identityOf(arm)), serial: about.serial };
    const limits = createHash("sha256").update(readFileSync(config.limits)).digest("hex");
    const common = { ...{ virtual, limits, arm: identity, operator: about.operator }, program: `kinevla ${VERSION}` };
    let differs = 0;
    let failed = 0;
    for (const measurement of wanted(catalogue(arm), options.only)) {
      if (interruption.happened()) {
        return EXIT.interrupted;
      }
      const decision = await introduce(measurement, person, virtual);
      if (decision === "end" || interruption.happened()) {
        break;
      }
      if (measurement.kind === "by-hand") {
        // The arm is for the vendor's tools now.
        await cell?.close();
        cell = null;
      }
      let result: Result;
      if (decision === "skip") {
        result = {
          outcome: "not-measured",
          words: virtual ? "The virtual lab has no hands." : "Skipped.",
          figures: [],
        };
      } else {
        try {
          if (measurement.kind === "moving") {
            cell ??= await MeasuringCell.start({ config, arm, realTime: options.realTime, folder });
          }
          result = await perform(measurement, arm, cell, person);
        } catch (error) {
          failed += 1;
          const words = error instanceof Error ? error.message : String(error);
          result = { outcome: "not-measured", words: `It failed: ${words}`, figures: [] };
        }
      }
      differs += result.outcome === "differs" ? 1 : 0;
      const { id, question, assumed } = measurement;
      const measuredAt = new Date().toISOString();
      const evidence: Evidence = {
        ...{ format: "kinevla-evidence-1", id, question, assumed, ...result, measuredAt, ...common },
      };
      tell(evidence, writeEvidence(out, evidence), options);
    }
    note(`Evidence: ${out}. Check it with: kinevla measure verify --out ${out}`);
    return interruption.happened() ? EXIT.interrupted : failed + differs > 0 ? EXIT.unhealthy : EXIT.done;
  } finally {
    interruption.forget();
    person.close();
    await cell?.close();
    await lab?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Says what will be done and what may move, and asks; what only hands can do is left out in the virtual lab. */
async function introduce(measurement: Measurement, person: Person, virtual: boolean) {
  note(`\n${measurement.id}  ${measurement.question}`);
  note(`  taken for granted: ${measurement.assumed}`);
  note(
    `  moves: ${measurement.moves}${measurement.kind === "moving" ? "; before the first one the arm goes home" : ""}`,
  );
  if (measurement.kind === "by-hand") {
    note(`  by hand: ${measurement.steps}`);
    return virtual ? ("skip" as const) : person.decide("Done, and figures at hand?");
  }
  return person.decide(measurement.kind === "moving" ? "Is nobody and nothing in the arm's reach?" : "Measure?");
}

async function perform(
  measurement: Measurement,
  arm: ArmAddress,
  cell: MeasuringCell | null,
  person: Person,
): Promise<Result> {
  switch (measurement.kind) {
    case "asking":
      return measurement.perform(arm);
    case "moving":
      if (cell === null) {
        throw new Error("the arm process does not run");
      }
      return measurement.perform(cell);
    case "by-hand": {
      const figures = [];
      for (const { name, unit } of measurement.figures) {
        const value = await person.answer(`  ${name}${unit === "" ? "" : `, ${unit}`}: `);
        figures.push({ name, value, unit });
      }
      const fits = await person.decide(`  Is it as taken for granted (${measurement.assumed})? Skip means: noted.`);
      const outcome = fits === "measure" ? "as-assumed" : "noted";
      return { outcome, words: await person.answer("  In one sentence: "), figures };
    }
  }
}

function tell(evidence: Evidence, file: string, { json }: MeasureOptions): void {
  if (json) {
    sayJson({ file, ...evidence });
    return;
  }
  say(`${evidence.id.padEnd(5)} ${evidence.outcome}: ${evidence.words}`);
  for (const { name, value, unit } of evidence.figures) {
    note(`      ${name}: ${String(value).slice(0, 100)} ${unit}`);
  }
}

function aboutOf(options: MeasureOptions, virtual: boolean): { readonly serial: string; readonly operator: string } {
  if (virtual) {
    return { serial: "virtual", operator: options.operator ?? "nobody" };
  }
  const { serial, operator } = options;
  if (serial === undefined || operator === undefined) {
    const hint = "Name both: --serial <number on the nameplate> --operator <your name>; they stand in the evidence.";
    throw new CliError(EXIT.usage, "who", "Evidence of a real arm needs its serial number and who measured.", hint);
  }
  if (options.yes) {
    throw new CliError(EXIT.usage, "yes", "--yes is for the virtual lab.", "At an arm somebody decides each time.");
  }
  return { serial, operator };
}

async function identityOf(arm: ArmAddress): Promise<{ readonly model: string; readonly firmware: string }> {
  const questions = await Questions.open(arm.host, arm.port).catch((error: unknown) => {
    const hint = "Is it powered and booted, is the address right, are the services stopped?";
    throw new CliError(
      EXIT.unreachable,
      "no-arm",
      `The arm at ${arm.host}:${arm.port} does not answer: ${error}.`,
      hint,
    );
  });
  const reply = await questions.ask("get_arm_software_info");
  questions.close();
  const { Product_version: model, ctrl_info: controller } = reply?.fields ?? {};
  const firmware =
    typeof controller === "object" && controller !== null && "version" in controller ? controller.version : "";
  return { model: String(model ?? "unknown"), firmware: String(firmware).replace(/^V/, "") };
}

function wanted(all: readonly Measurement[], only: readonly string[] | undefined): readonly Measurement[] {
  const unknown = only?.find((id) => !all.some((one) => one.id === id.toUpperCase()));
  if (unknown !== undefined) {
    throw new CliError(EXIT.usage, "unknown-id", `There is no measurement ${unknown}.`, "They are H-1 to H-20.");
  }
  return only === undefined ? all : all.filter(({ id }) => only.some((one) => one.toUpperCase() === id));
}
