import { createConnection } from "node:net";
import { createRm75Arm } from "../../../drivers/rm75/rm75-arm.js";
import { STOP_HINT } from "../../arm/stop-codes.js";
import { expectedArm } from "../../composition/expected-arm.js";
import type { Config } from "../../config/config.js";
import { hostClock } from "../../ports/clock.js";
import { type LinkHealth, QUIET_LINK } from "../../types/arm-state.js";
import { DriverError, OPERATOR_HINT } from "../../types/driver-error.js";
import { type Check, type Finding, ill, well } from "./check.js";

/** Does the arm answer, is it the arm that we expect, and does its state reach this host? */
export function armCheck(config: Config): Check {
  return {
    name: "arm",
    run: async () => {
      if (await isListening(config.armSocket)) {
        return well("an arm process runs and holds it; whether it is well is part of the operator port's check");
      }
      return connectOnce(config);
    },
  };
}

/** Connects as the arm process does, which ends with fresh state, and leaves again without commanding anything. */
async function connectOnce(config: Config): Promise<Finding> {
  const { link, push } = config.arm;
  const newest: { link: LinkHealth } = { link: QUIET_LINK };
  const arm = createRm75Arm({
    link: link.kind === "tcp" ? link : { kind: "serial", path: link.path, baudRate: link.baud },
    push: { host: push.host, port: push.port, period: push.period_ms / 1000 },
    ...expectedArm(config.arm),
    tools: [],
    clock: hostClock,
  });
  try {
    const found = await arm.connect({
      onState: ({ link }) => {
        newest.link = link;
      },
      onLost: () => undefined,
    });
    if (newest.link.tool !== null) {
      return ill(newest.link.tool, STOP_HINT["tool-wrong"]);
    }
    const route = link.kind === "tcp" ? `, state arrives at ${push.host}:${push.port}` : "";
    return well(`${found.model}, generation ${found.generation}, firmware ${found.firmware}${route}`);
  } catch (error) {
    if (!(error instanceof DriverError)) {
      throw error;
    }
    return ill(error.message, OPERATOR_HINT[error.code]);
  } finally {
    await arm.close();
  }
}

function isListening(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socket);
    const settle = (listening: boolean): void => {
      connection.destroy();
      resolve(listening);
    };
    connection.once("connect", () => settle(true));
    connection.once("error", () => settle(false));
  });
}
