import { type Check, ill, well } from "./check.js";

/** Oldest version that the dependencies run on, as in package.json. */
const OLDEST = [20, 19] as const;

/** Is this Node.js new enough? */
export function nodeCheck(version: string = process.versions.node): Check {
  return {
    name: "node",
    run: async () => {
      const [major = 0, minor = 0] = version.split(".").map(Number);
      const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
      return isNew
        ? well(`Node.js ${version}`)
        : ill(`Node.js ${version} is too old`, `Install Node.js ${OLDEST.join(".")} or newer.`);
    },
  };
}
