/** Unix sockets: the file, its permissions, and who was there before. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bash, netecho, Server } from "../support/programs.ts";
import { echoThrough } from "../support/connections.ts";
import { onLinux, withNodeNetworking } from "../support/skips.ts";
import { randomBytes, sha256 } from "../support/bytes.ts";
import { withFolder } from "../support/system.ts";

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Starts a server on a Unix socket and waits until it listens. */
async function serve(path: string, args: readonly string[] = []): Promise<Server> {
  return await Server.start(["--json", ...args], `unix:${path}`);
}

Deno.test({
  ...onLinux("a socket echoes, is told in full, and its file goes with the server"),
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/echo.sock`;
      await using server = await serve(path, ["--show", "none"]);
      const bytes = randomBytes(5_000_000);
      const conn = await Deno.connect({ transport: "unix", path });
      assertEquals(await sha256(await echoThrough(conn, bytes)), await sha256(bytes));
      const { code, stderr } = await netecho(["client", `unix:${path}`, "--verify"], {
        input: bytes,
      });
      assertEquals([code, stderr], [0, "verified: 5,000,000 bytes came back as sent\n"]);
      const { address, transport, path: told } = server.events[0]!;
      assertEquals([address, transport, told], [`unix:${path}`, "unix", path]);
      assertEquals((await server.stop()).code, 0);
      assert(!exists(path));
    }),
});

Deno.test({
  ...onLinux("a stale file is replaced, a live socket and any other file are errors"),
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/echo.sock`;
      const killed = await serve(path);
      await killed.stop("SIGKILL");
      assert(exists(path));
      await using _server = await serve(path);
      const second = await netecho(["server", `unix:${path}`]);
      assertEquals([second.code, second.text], [1, ""]);
      assertMatch(
        second.stderr,
        /^netecho: Cannot listen on unix:\S+: the address is already in use; another program listens there, or the file is no socket\n$/,
      );
      const conn = await Deno.connect({ transport: "unix", path });
      assertEquals(await echoThrough(conn, new Uint8Array([1])), new Uint8Array([1]));

      await Deno.writeTextFile(`${folder}/file`, "precious");
      const third = await netecho(["server", `unix:${folder}/file`]);
      assertEquals(third.code, 1);
      assertEquals(await Deno.readTextFile(`${folder}/file`), "precious");
      const nobody = await netecho(["client", `unix:${folder}/none`]);
      assertEquals(nobody.code, 1);
      assertMatch(
        nobody.stderr,
        /^netecho: Cannot connect to unix:\S+: no such file or directory\n$/,
      );
    }),
});

Deno.test({
  ...onLinux("what has taken the path meanwhile is left alone"),
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/echo.sock`;
      await using server = await serve(path);
      await Deno.remove(path);
      await Deno.writeTextFile(path, "precious");
      assertEquals((await server.stop()).code, 0);
      assertEquals(await Deno.readTextFile(path), "precious");
      assertEquals([...Deno.readDirSync(folder)].length, 1);
    }),
});

Deno.test({
  ...onLinux("--mode is the mode from the first moment on"),
  fn: () =>
    withFolder(async (folder) => {
      for (const mode of ["0600", "666"]) {
        const path = `${folder}/${mode}`;
        await using _server = await serve(path, ["--mode", mode]);
        const { mode: found } = await Deno.lstat(path);
        assertEquals((found! & 0o777).toString(8), mode.replace(/^0/, ""));
      }
    }),
});

Deno.test({
  ...onLinux("socat and nc get their echo", ["socat", "nc"]),
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/echo.sock`;
      await using _server = await serve(path);
      for (const command of ['socat - UNIX-CONNECT:"$SOCKET"', 'nc -N -U "$SOCKET"']) {
        const { text } = await bash(command, { input: "hello\n", env: { SOCKET: path } });
        assertEquals(text, "hello\n");
      }
    }),
});

const abstract = onLinux("unix:@NAME is an abstract name", ["socat"]);
Deno.test({
  ...abstract.ignore ? abstract : await withNodeNetworking(abstract.name),
  async fn() {
    const name = `netecho-${crypto.randomUUID()}`;
    await using _server = await serve(`@${name}`);
    const command = 'socat - ABSTRACT-CONNECT:"$NAME"';
    const { text } = await bash(command, { input: "hello\n", env: { NAME: name } });
    assertEquals(text, "hello\n");
    assertEquals((await netecho(["client", `unix:@${name}`], { input: "hi\n" })).text, "hi\n");
  },
});
