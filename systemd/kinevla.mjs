// `npm run kinevla`: the command line, or what to do where nothing is built yet.
import { existsSync } from "node:fs";

const cli = new URL("../dist/daemon/cli.js", import.meta.url);
if (!existsSync(cli)) {
  process.stderr.write("kinevla: it is not built yet\n  Run `npm start` once: it installs what is missing, builds, and shows it at work in the virtual lab.\n");
  process.exit(7);
}
await import(cli.href);
