import koffi from "koffi";

// Node has no datagram sockets of the Unix kind, so these three functions of the C library are called directly.
// Constants of Linux: socket(7), unix(7), send(2).
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sun_path holds 108 bytes. */
const LONGEST_PATH = 107;

/** Sends datagrams to one Unix socket; `send` never waits and gives false when the datagram was not taken. */
export interface DatagramSender {
  send(text: string): boolean;
}

/** Opens a datagram socket towards `path`, where a first `@` stands for the abstract name space; throws when it cannot. */
export function datagramSender(path: string): DatagramSender {
  const libc = koffi.load("libc.so.6");
  const socket = libc.func("int socket(int domain, int type, int protocol)");
  const sendto = libc.func(
    "int64_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t size)",
  );
  const address = unixAddress(path);
  const fd: number = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    throw new Error(`no datagram socket for ${path}: errno ${koffi.errno()}`);
  }
  return {
    send: (text) => {
      const bytes = Buffer.from(text, "utf8");
      const sent = sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length);
      return Number(sent) === bytes.length;
    },
  };
}

/** `struct sockaddr_un`: family in the host's order (every machine that Node 20 supports is little-endian), then the path. */
function unixAddress(path: string): Buffer {
  const name = Buffer.from(path, "utf8");
  if (name.length === 0 || name.length > LONGEST_PATH) {
    throw new Error(`a Unix socket has a name of 1 to ${LONGEST_PATH} bytes, not ${name.length}`);
  }
  const abstract = name[0] === "@".charCodeAt(0);
  if (abstract) {
    name[0] = 0;
  }
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, name, Buffer.alloc(abstract ? 0 : 1)]);
}
