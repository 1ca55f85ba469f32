// `npm start`: installs what is missing, then runs `kinevla start` with the same arguments.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { explain, root, setUp } from "./setup.mjs";

await setUp().catch(explain);
const child = spawn(process.execPath, [join(root, "dist", "daemon", "cli.js"), "start", ...process.argv.slice(2)], { stdio: "inherit" });
// Ctrl-C reaches the child by the terminal itself; this process only waits for it to finish its own stop.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("close", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
