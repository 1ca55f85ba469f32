import { createServer } from "node:net";
import { type Check, type Finding, ill, well } from "./check.js";

/** Is the operator port free, or is it our own daemon that uses it? */
export function portCheck(host: string, port: number): Check {
  return {
    name: "operator port",
    run: async () => {
      const code = await bindingError(host, port);
      if (code === null) {
        return well(`${host}:${port} is free`);
      }
      if (code !== "EADDRINUSE") {
        return ill(`${host}:${port} cannot be opened (${code})`, "Set a loopback host and a port above 1023.");
      }
      return daemonAt(host, port);
    },
  };
}

async function daemonAt(host: string, port: number): Promise<Finding> {
  const hint = `Stop the other program (see: ss -ltnp 'sport = :${port}'), or set another operator port.`;
  try {
    const response = await fetch(`http://${host}:${port}/readyz`, { signal: AbortSignal.timeout(2000) });
    const body: unknown = await response.json();
    if (typeof body === "object" && body !== null && "ready" in body && "reasons" in body) {
      return body.ready === true
        ? well(`a daemon runs at ${host}:${port} and is ready`)
        : ill(`a daemon runs at ${host}:${port} but is not ready: ${String(body.reasons)}`, "See: kinevla status");
    }
    return ill(`another program uses ${host}:${port}`, hint);
  } catch {
    return ill(`another program uses ${host}:${port}`, hint);
  }
}

/** Code of the error that listening meets; null when it works. */
function bindingError(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
