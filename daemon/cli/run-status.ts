import type { ServerMessageOf } from "../operator/server-message.js";
import { describeFault, describeProgress, line } from "./describe.js";
import { EXIT, type ExitCode } from "./exit-code.js";
import { connectOperator, need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { say, sayJson } from "./print.js";

/** Shows the state of the whole system. */
export async function runStatus(options: OperatorOptions): Promise<ExitCode> {
  const client = await connectOperator(options);
  try {
    const status = await need(client.request({ type: "status" }), "status");
    if (options.json) {
      sayJson(status);
    } else {
      say(inWords(status));
    }
    return status.ready ? EXIT.done : EXIT.unhealthy;
  } finally {
    await client.close();
  }
}

function inWords(status: ServerMessageOf<"status">): string {
  const { arm, policy, state, progress } = status;
  const lines = [
    line("Daemon", `version ${status.version}, ${status.clients} clients`),
    line("Ready", status.ready ? "yes" : `no: ${status.reasons.join("; ")}`),
    line("Control", status.holder ?? "nobody"),
    line("Arm", arm === null ? "away" : `${arm.identity}; stream ${arm.periodMs} ms, ${arm.scheduling}`),
    line(
      "Policy",
      policy === null
        ? "not loaded"
        : `${policy.bundleId} on ${policy.provider}, ${policy.horizon} steps of ${policy.period} s`,
    ),
  ];
  if (state !== null) {
    const degrees = state.measured?.map((angle) => ((angle * 180) / Math.PI).toFixed(1)).join(" ") ?? "unknown";
    lines.push(
      line("Mode", `${state.mode}${state.armStatus === "" ? "" : `, the arm says ${state.armStatus}`}`),
      line("Joints", `${degrees} deg, gripper ${(state.gripper.measured * 100).toFixed(0)} % open`),
      ...state.stops.map((stop) => line("Standing", `${stop.detail}. ${stop.hint}`)),
    );
  }
  lines.push(...status.faults.map(describeFault));
  if (progress !== null) {
    lines.push(line("Task", progress.instruction), describeProgress(progress));
  }
  return lines.join("\n");
}
