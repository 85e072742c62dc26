// The shortest Node echo servers, by socket.pipe(socket) where there is one.
// usage: node echo.mjs tcp|udp PORT | unix PATH | tls PORT CERT KEY   (prints "listening ..."; port
// 0 picks a free one)
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import process from "node:process";
import tls from "node:tls";

const [transport, where, cert, key] = process.argv.slice(2);
const options = { noDelay: true, allowHalfOpen: true };
const host = "127.0.0.1";

function echo(socket) {
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
}

function say() {
  const { port = where } = this.address();
  process.stdout.write(`listening ${port}\n`);
}

if (transport === "udp") {
  const socket = createSocket("udp4", (message, { port, address }) => {
    socket.send(message, port, address);
  });
  socket.bind(Number(where), host, say);
} else if (transport === "tls") {
  const files = { cert: readFileSync(cert), key: readFileSync(key) };
  tls.createServer({ ...options, ...files }, echo).listen({ host, port: Number(where) }, say);
} else {
  const at = transport === "unix" ? { path: where } : { host, port: Number(where), backlog: 4096 };
  createServer(options, echo).listen(at, say);
}
