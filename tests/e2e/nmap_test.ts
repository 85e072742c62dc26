/** What a scanner makes of us; a file of its own, because nmap takes its time. */
import { assertMatch } from "@std/assert";
import { bash, Server } from "../support/programs.ts";
import { needing } from "../support/skips.ts";

Deno.test({
  ...needing(["nmap"], "nmap -sV names the echo service"),
  async fn() {
    await using server = await Server.start(["-q"]);
    const command = "nmap -sV --version-intensity 1 -p $PORT 127.0.0.1";
    const { text } = await bash(command, { env: { PORT: String(server.port) } });
    assertMatch(text, new RegExp(`^${server.port}/tcp open +echo$`, "m"));
  },
});
