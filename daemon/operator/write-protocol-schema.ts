import { writeFileSync } from "node:fs";
import { projectPath } from "../ports/project-path.js";
import { protocolSchema } from "./protocol-schema.js";

// Run after a change of the protocol: node dist/daemon/operator/write-protocol-schema.js && npx biome check --write daemon/operator
writeFileSync(
  projectPath("daemon", "operator", "protocol.schema.json"),
  `${JSON.stringify(protocolSchema(), null, 2)}\n`,
);
