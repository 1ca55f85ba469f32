import { loadLimits } from "../daemon/config/limits-file.js";
import { projectPath } from "../daemon/ports/project-path.js";

/** The limits that the project ships. */
export const LIMITS = loadLimits(projectPath("daemon", "config", "limits-rm75b.yaml"));
