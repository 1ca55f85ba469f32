import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder that holds `package.json`, from sources and from `dist` alike. */
const root = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    folder = dirname(folder);
  }
  return folder;
})();

/** Absolute path of something in the project, for example `projectPath("models", "bundles")`. */
export function projectPath(...segments: readonly string[]): string {
  return join(root, ...segments);
}
