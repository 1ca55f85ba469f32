import type { ArmIdentity } from "../../daemon/types/arm-state.js";
import { DriverError } from "../../daemon/types/driver-error.js";
import { type ArmDescription, firstMismatch, inWords } from "./arm-description.js";
import {
  COLLISION_STAGE,
  HARDWARE_ADDRESS,
  JOINT_MAXIMUM,
  JOINT_MINIMUM,
  JOINT_SPEED,
  LINK_GEOMETRY,
  SOFTWARE_INFO,
} from "./codec.js";
import type { QueryChannel } from "./query-channel.js";

// Interlocks: AR-18.

/** Reads back who the arm is; throws DriverError `wrong-arm` that names the first field that is not as expected. */
export async function identify(channel: QueryChannel, expected: ArmDescription): Promise<ArmIdentity> {
  const software = await channel.ask(SOFTWARE_INFO);
  const minimum = await channel.ask(JOINT_MINIMUM);
  const maximum = await channel.ask(JOINT_MAXIMUM);
  const maximumSpeed = await channel.ask(JOINT_SPEED);
  const links = await channel.ask(LINK_GEOMETRY);
  const collisionStage = await channel.ask(COLLISION_STAGE);
  const hardwareAddress = expected.allowed.controllers === null ? null : await channel.ask(HARDWARE_ADDRESS);
  const found = { software, minimum, maximum, maximumSpeed, links, collisionStage, hardwareAddress };
  const wrong = firstMismatch(expected, found);
  if (wrong !== null) {
    const context = { field: wrong.field, expected: wrong.expected, found: wrong.found };
    throw new DriverError("wrong-arm", inWords(wrong), context);
  }
  const { model, generation, firmware } = software;
  return { model, generation, firmware, jointCount: links.length, minimum, maximum, maximumSpeed };
}
