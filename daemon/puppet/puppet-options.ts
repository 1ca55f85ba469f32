import type { PuppetOptions } from "../../drivers/puppet/serial-puppet.js";
import type { PuppetConfig } from "../config/config.js";

/** The driver's options of a configuration. */
export function puppetOptions(config: PuppetConfig): PuppetOptions {
  const { path, baud } = config;
  if (config.kind === "realman-leader") {
    return { kind: config.kind, path, baud };
  }
  const { joint_ids: jointIds, gripper_id: gripperId, button } = config;
  return { kind: config.kind, path, baud, jointIds, gripperId, ...(button === undefined ? {} : { button }) };
}
