// The shortest Node echo server: socket.pipe(socket).
// usage: node echo.mjs PORT   (prints "listening PORT"; port 0 picks a free one)
import { createServer } from "node:net";
import process from "node:process";

const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.pipe(socket);
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 }, () => {
  process.stdout.write(`listening ${server.address().port}\n`);
});
