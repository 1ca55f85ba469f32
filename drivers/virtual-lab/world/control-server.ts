import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** Answers one request of the lab's control port; what it throws becomes a 400 with the error's words. */
export type ControlRoute = (body: unknown, query: URLSearchParams) => Promise<unknown> | unknown;

/** A loopback HTTP server for tests, benches and data: JSON in, JSON out. */
export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const MOST_BODY = 65_536;

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > MOST_BODY) {
      throw new RangeError(`a request may have at most ${MOST_BODY} bytes`);
    }
    parts.push(bytes);
  }
  const text = Buffer.concat(parts).toString("utf8");
  return text.trim() === "" ? {} : JSON.parse(text);
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  const text = `${JSON.stringify(value)}\n`;
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

async function handle(
  routes: ReadonlyMap<string, ControlRoute>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://lab");
  const route = routes.get(`${request.method} ${url.pathname}`);
  if (route === undefined) {
    reply(response, 404, { error: `there is only: ${[...routes.keys()].join(", ")}` });
    return;
  }
  try {
    const answer = await route(await bodyOf(request), url.searchParams);
    if (answer instanceof Uint8Array) {
      response.writeHead(200, { "content-type": "image/jpeg", "content-length": answer.length }).end(answer);
    } else {
      reply(response, 200, answer ?? {});
    }
  } catch (error) {
    reply(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

/** Starts serving; keys of `routes` are like `POST /reset`. Rejects when the port is taken. */
export async function serveControl(
  host: string,
  port: number,
  routes: ReadonlyMap<string, ControlRoute>,
): Promise<ControlServer> {
  const server = createServer((request, response) => {
    handle(routes, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
