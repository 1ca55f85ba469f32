import { RM75_B } from "../../drivers/rm75/arm-description.js";
import type { Rm75Options } from "../../drivers/rm75/rm75-options.js";
import type { Config } from "../config/config.js";

const DEGREE = Math.PI / 180;

/** What the arm of a configured cell must read back. */
export function expectedArm({ tool, allowed }: Config["arm"]): Pick<Rm75Options, "expected" | "tool"> {
  const metres = (values: readonly number[]): readonly number[] => values.map((value) => value / 1000);
  return {
    expected: {
      ...RM75_B,
      allowed: {
        firmware: allowed?.firmware ?? null,
        controllers: allowed?.controllers?.map((address) => address.toLowerCase()) ?? null,
      },
    },
    tool: {
      payload: tool.payload_g / 1000,
      centre: metres(tool.centre_mm),
      position: metres(tool.frame_mm),
      angles: tool.frame_deg.map((angle) => angle * DEGREE),
    },
  };
}
