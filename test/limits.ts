import { loadLimits } from "../daemon/config/limits-file.js";
import { projectPath } from "../daemon/ports/project-path.js";
import { NO_SIGNATURES_ASKED } from "../daemon/ports/trust.js";

/** The limits that the project ships. */
export const LIMITS = loadLimits({
  limits: projectPath("daemon", "config", "limits-rm75b.yaml"),
  trust: NO_SIGNATURES_ASKED,
});
