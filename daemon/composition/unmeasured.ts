import type { Standing } from "../measure/standing.js";

/**
 * Why no policy may move this arm yet; null when it may, or where the configuration names no evidence, as for a virtual
 * arm. `identity` is what the arm process says of the arm it is connected to.
 */
export function unmeasured(standing: Standing | null, identity: string | null): string | null {
  if (standing === null) {
    return null;
  }
  const [first] = standing.missing;
  if (first !== undefined) {
    const others = standing.missing.length - 1;
    return others === 0 ? first : `${first}; and ${others} more`;
  }
  const { model = "", firmware = "" } = standing.arm ?? {};
  return identity === null ||
    !identity.includes("firmware") ||
    (identity.startsWith(`${model},`) && identity.endsWith(`firmware ${firmware}`))
    ? null
    : `the measurements are of ${model} with firmware ${firmware}, the arm is ${identity}`;
}
