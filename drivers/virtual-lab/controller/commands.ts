import type { Instant } from "../../../daemon/types/units.js";
import { isIntegerIn, type JsonObject } from "../../rm75/json-object.js";
import type { ControllerState } from "./controller-state.js";
import { type Caller, type Execution, jointAndValue } from "./execution.js";
import { MOTION_COMMANDS } from "./motion-commands.js";
import { answerQuery } from "./queries.js";
import { CONFIRMED, REGISTERS, SILENT } from "./registers.js";
import { SETTING_COMMANDS } from "./setting-commands.js";

/** Executes one request; an unknown command is answered with `state: false`. */
export function execute(run: Execution, request: JsonObject, caller: Caller, at: Instant): void {
  const name = request.command;
  if (typeof name !== "string" || name in Object.prototype) {
    return;
  }
  const command = MOTION_COMMANDS[name] ?? SETTING_COMMANDS[name];
  if (command !== undefined) {
    command(run, request, caller, at);
    return;
  }
  const setter = REGISTERS.find(({ set }) => set === name);
  if (setter?.get) {
    const accepted = store(run.state, setter.get, request[setter.carries], setter.perJoint);
    caller.send({ command: name, [setter.confirms]: accepted });
    run.state.motion.collisionLatched = run.state.registers.get("get_collision_remove_enable") === true;
    return;
  }
  const reply = answerQuery(run.state, request);
  if (reply !== null) {
    caller.send(reply);
  } else if (CONFIRMED[name] !== undefined) {
    caller.send({ command: name, [CONFIRMED[name]]: true });
  } else if (!SILENT.has(name)) {
    caller.send({ command: name, state: false });
  }
}

function store(state: ControllerState, query: string, value: unknown, perJoint: boolean): boolean {
  if (perJoint) {
    const [joint, number] = jointAndValue(value);
    const values = [...state.numbers(query)];
    values[joint - 1] = number;
    if (isIntegerIn(joint, 1, 7)) {
      state.registers.set(query, values);
    }
    return isIntegerIn(joint, 1, 7);
  }
  if (typeof value === "number" || typeof value === "boolean") {
    state.registers.set(query, value);
    return true;
  }
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) {
    state.registers.set(query, value);
    return true;
  }
  return false;
}
