import { readFileSync } from "node:fs";
import { projectPath } from "./ports/project-path.js";

/** Version of the project, from package.json. */
export const VERSION: string = String(JSON.parse(readFileSync(projectPath("package.json"), "utf8")).version);
