/** The command line: what is wrong with it is one line on stderr and exit code 2. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { onLinux } from "../support/skips.ts";
import { fileURLToPath } from "node:url";
import { netecho, ROOT, Running, runProgram } from "../support/programs.ts";

// The command line, and the line that it brings.
const MISTAKES: readonly (readonly [args: string, message: string])[] = [
  ["", "A subcommand is needed: server or client; see netecho --help"],
  ["serve", 'Unknown subcommand "serve"; did you mean server?'],
  [
    "server :0=reply,reply=a --reply b",
    "Option --reply is not used: each endpoint has its own",
  ],
  ["server :0=discard --service echo", "Option --service is not used: each endpoint has its own"],
  ["server --shwo hex", "Unknown option --shwo; did you mean --show?"],
  ["client --lingr=1s", "Unknown option --lingr; did you mean --linger?"],
  ["server --wait 1s", "Unknown option --wait; it is one of netecho client"],
  ["client --max-connections 3", "Unknown option --max-connections; it is one of netecho server"],
  ["client -ping", "Unknown option -ping; did you mean --ping?"],
  ["client -starttls smtp h:25", "Unknown option -starttls: netecho speaks no STARTTLS"],
  ["--wait", 'Unknown subcommand "--wait"'],
  ["client -connect h:443", "Unknown option -connect: write netecho client tls://HOST:PORT"],
  ["server -%", "Unknown option -%"],
  [
    "client -zv h 80",
    "Unknown option -zv: to see whether somebody listens, write --wait 5s",
  ],
  [
    "client -lk 80",
    "Unknown option -lk: to listen, write netecho server ADDRESS; a server serves until it is " +
    "stopped, unless --once is given",
  ],
  [
    "client -lvp 80",
    "Unknown option -lvp: to listen, write netecho server ADDRESS; the port is part of ADDRESS; " +
    "for the local one of a client, write --source :PORT",
  ],
  [
    "client -w5 h 80",
    "Unknown option -w5: for a time limit, write --connect-timeout 5s; after the end of input, " +
    "--linger 5s",
  ],
  ["client -uv h 80", "Unknown option -uv: for UDP, write udp://HOST:PORT"],
  ["client -s1.2.3.4 h 80", "Unknown option -s1.2.3.4: write --source 1.2.3.4"],
  ["client -c3 h 80", "Option --count does not apply here: it is for --ping"],
  ["client -C h 80", "Unknown option -C: for line ends of CR LF, write --crlf"],
  [
    "client -N h 80",
    "Unknown option -N: leave it out: the end of input is a FIN, unless --no-half-close is given",
  ],
  [
    "client -q1 h 80",
    "Unknown option -q1: to wait for the peer after the end of input, write --linger 1s",
  ],
  [
    "client -q 1 h 80",
    "Option --quiet does not apply here: it is for --ping; nc's -q is --linger D here",
  ],
  ["client -d h 80", "Unknown option -d: to leave stdin alone, write --recv-only"],
  ["client -n h 80", "Unknown option -n: leave it out: an IP address is never looked up"],
  [
    "client -o f h 80",
    "Unknown option -o: to keep what passes, write --capture FILE.pcapng; to see it, --show hex",
  ],
  ["client -x p h 80", "Unknown option -x: netecho speaks to no SOCKS or HTTP proxy"],
  ["client -X 5 h 80", "Unknown option -X: netecho speaks to no SOCKS or HTTP proxy"],
  ["client --ssl h 80", "Unknown option --ssl: for TLS, write tls://HOST:PORT"],
  ["client --version", "Unknown option --version: write netecho --version"],
  ["client -4 -6 h 80", "Options --ipv4 and --ipv6 exclude each other; leave one out"],
  ["server -4", "Unknown option -4: to listen on IPv4 alone, write 0.0.0.0:PORT"],
  ["127.0.0.1 9", "A subcommand is needed: write netecho client 127.0.0.1 9"],
  ["-u 127.0.0.1 9", "A subcommand is needed: write netecho client udp://127.0.0.1:9"],
  [
    "client -lp8080",
    "Unknown option -lp8080: to listen, write netecho server ADDRESS; the port " +
    "is part of ADDRESS; for the local one of a client, write --source :PORT",
  ],
  ["client -=x", "Unknown option -=x"],
  ["servr :8080", 'Unknown subcommand "servr"; did you mean server?'],
  ["-l 8080", "A subcommand is needed: write netecho server :8080"],
  ["client -u :9", "Unknown option -u: for UDP, write udp://HOST:PORT"],
  ["version", 'Unknown subcommand "version"; did you mean --version?'],
  [
    "server --show hxe",
    'Option --show: one of text, hex, size, none is needed, not "hxe"; did you mean hex?',
  ],
  ["server --show", "Option --show needs a value (text|hex|size|none)"],
  [
    "server --grace 5",
    "Option --grace: a duration such as 250us, 10ms, 1.5s or 2m is needed, " +
    'not "5"; try 5s or 5ms',
  ],
  [
    "client --linger=soon",
    'Option --linger: a duration such as 250us, 10ms, 1.5s or 2m is needed, not "soon"',
  ],
  ["server --stats 0", 'Option --stats: a duration above 0 is needed, not "0"'],
  [
    "server --idle-timeout 600h",
    'Option --idle-timeout: a duration of at most 24 days (576h) is needed, not "600h"',
  ],
  [
    "server --max-connections 0",
    'Option --max-connections: a whole number from 1 to 9007199254740991 is needed, not "0"',
  ],
  [
    "server --max-connections=1.5",
    'Option --max-connections: a whole number from 1 to 9007199254740991 is needed, not "1.5"',
  ],
  [
    "server --grace -1s",
    'Option --grace: a duration such as 250us, 10ms, 1.5s or 2m is needed, not "-1s"',
  ],
  [
    "server -q8080",
    "Unknown option -q8080: to wait for the peer after the end of input, write --linger 8080s " +
    "(netecho client)",
  ],
  ["client --cert c.pem", "Unknown option --cert: write --client-cert FILE"],
  ["client --tls h:443", "Unknown option --tls: for TLS, write tls://HOST:PORT"],
  ["client TCP:h:80", 'Address "TCP:h:80": write h:80'],
  ["client udp:[::1]:9", 'Address "udp:[::1]:9": write udp://[::1]:9'],
  ["server ssl://:8443", 'Address "ssl://:8443": write tls://:8443'],
  ["client OPENSSL:h:443,verify=0", 'Address "OPENSSL:h:443,verify=0": write tls://h:443'],
  ["client tls://h", 'Address "tls://h" has no port; try tls://h:8080'],
  ["server -servername h", "Unknown option -servername: write --servername NAME (netecho client)"],
  ["client tcp-connect:8080,retry=5", 'Address "tcp-connect:8080,retry=5": write :8080'],
  ["client UNIX-CONNECT:sock", 'Address "UNIX-CONNECT:sock": write unix:sock'],
  [
    "client tcp:h/80",
    'Address "tcp:h/80" needs a port between 0 and 65535, not "h/80"',
  ],
  ["server -showcerts", "Unknown option -showcerts: write -v (netecho client)"],
  ["client UNIX-CONNECT:/tmp/x", 'Address "UNIX-CONNECT:/tmp/x": write unix:/tmp/x'],
  ["server TCP4-LISTEN:8080,fork", 'Address "TCP4-LISTEN:8080,fork": write :8080'],
  ["server -q=perhaps", 'Option --quiet is a flag and takes no value, not "perhaps"'],
  ["server --q", "Unknown option --q; did you mean --quiet?"],
  [
    "server --quiet --show hex",
    "Options --show and --quiet exclude each other; leave one out",
  ],
  ["constructor", 'Unknown subcommand "constructor"'],
  ["client --connect-timeout 0", 'Option --connect-timeout: a duration above 0 is needed, not "0"'],
  ["client 127.0.0.1:1 2", 'Host "127.0.0.1:1" has a port or a transport already; leave out "2"'],
  ["server [:::]:80", 'Address "[:::]:80" has no IPv6 address between its brackets'],
  ["server [::1]", 'Address "[::1]" has no port; try [::1]:8080'],
  ["server --json=perhaps", 'Option --json is a flag and takes no value, not "perhaps"'],
  ["server -q --show hex", "Options --show and --quiet exclude each other; leave one out"],
  [
    "server 127.0.0.1:65536",
    'Address "127.0.0.1:65536" needs a port between 0 and 65535, not "65536"',
  ],
  [
    "server 127.0.0.1:http",
    'Address "127.0.0.1:http" needs a port between 0 and 65535, not "http"',
  ],
  ["server localhost", 'Address "localhost" has no port; try localhost:8080'],
  ["server ::1:8080", 'Address "::1:8080" is ambiguous: write IPv6 in brackets, as in [::1]:8080'],
  ["server [nope]:80", 'Address "[nope]:80" has no IPv6 address between its brackets'],
  ["client a/b:80", 'Address "a/b:80" has no valid host name before its port'],
  [
    "server http://localhost:80",
    "HTTP is not spoken here; for the connection below it try localhost:80",
  ],
  [
    "server udp://:0=iperf3",
    "Service iperf3 begins with a connection; leave out udp://, as its port takes datagrams as well",
  ],
  [
    "server :0=iperf3 --once",
    "Option --once: a peer of service iperf3 needs several connections",
  ],
  [
    "server :80=ecko",
    'Unknown service "ecko" (known: echo, discard, chargen, daytime, time, reply, forward, iperf3); did you mean echo?',
  ],
  [
    "server --service ecko",
    'Option --service: Unknown service "ecko" (known: echo, discard, chargen, daytime, time, reply, forward, iperf3); did you mean echo?',
  ],
  [
    "server udp://:0=chargen",
    "Service chargen is not offered over UDP: its answers are longer than their questions, which helps those who forge a sender's address; leave out udp://",
  ],
  ["server :0=reply", "Service reply needs --reply TEXT or --reply-file FILE"],
  [
    "server :0=reply --reply a\\q",
    'Option --reply: "\\q" is none of \\n, \\r, \\t, \\0, \\\\ and \\xHH',
  ],
  ["server --reply hello", "Option --reply does not apply here: it is for service reply"],
  ["server --mode 0600", "Option --mode does not apply here: it is for unix:"],
  [
    "server unix:a --mode 888",
    'Option --mode: permissions in octal are needed, as in 0600, not "888"',
  ],
  ["server unix:", 'Address "unix:" needs a path, as in unix:/tmp/echo.sock'],
  [
    "server tls://:0 --key LICENSE --cert a",
    "Option --cert: cannot read a: no such file or directory",
  ],
  ["server tls://:0 --cert LICENSE", "Option --cert: the file holds no certificate in PEM"],
  [
    "server tls://:0 --cert LICENSE --key LICENSE",
    "Option --cert: the file holds no certificate in PEM",
  ],
  [
    "server --allow 10.0.0.0/33",
    'Option --allow: a network such as 10.0.0.0/8 or 2001:db8::/32, an address or @FILE is needed, not "10.0.0.0/33"',
  ],
  ["server --deny @nowhere", "Option --deny: cannot read nowhere: no such file or directory"],
  ["client :9 --insecure", "Option --insecure does not apply here: it is for tls://"],
  [
    "client udp://:9 --keepalive",
    "Option --keepalive does not apply here: it is for tcp://, tls://",
  ],
  [
    "client :9 --source here:1",
    'Option --source: an IP address of this machine is needed, not "here:1"',
  ],
  [
    "client :9 --proxy-protocol --proxy-source :4444",
    'Option --proxy-source: an IP address and a port are needed, not ":4444"',
  ],
  [
    "client :9 --proxy-protocol --proxy-source 999.1.1.1:1",
    'Option --proxy-source: an IP address and a port are needed, not "999.1.1.1:1"',
  ],
  [
    "server --deny fe80::1%eth0",
    'Option --deny: a network such as 10.0.0.0/8 or 2001:db8::/32, an address or @FILE is needed, not "fe80::1%eth0"',
  ],
  ["client tls://:9 --alpn ,", 'Option --alpn: protocols such as h2,http/1.1 are needed, not ","'],
  ["client tls://:9 --servername a..b", 'Option --servername: a host name is needed, not "a..b"'],
  [
    "client udp://:9 --retry 2s",
    "Option --retry does not apply over UDP: nothing tells whether a peer is there",
  ],
  ["client :9 --proxy-version 2", "Option --proxy-version needs --proxy-protocol as well"],
  [
    "client :9 --recv-only --send-only",
    "Options --recv-only and --send-only exclude each other; leave one out",
  ],
  [
    "client :9 --retry often",
    'Option --retry: a number of times or a duration is needed, as in 5 or 30s, not "often"',
  ],
  [
    "client tls://:9 --fingerprint 12",
    'Option --fingerprint: a SHA-256 fingerprint of 64 hex digits is needed, not "12"',
  ],
  ["client 127.0.0.1 80 81", 'One peer at a time: "81" is one too many'],
  ["client :0", "Cannot connect to port 0 (tcp://localhost:0)"],
];

for (const [args, message] of MISTAKES) {
  Deno.test(`netecho ${args}: usage error`, async () => {
    const { code, text, stderr } = await netecho(args.split(" ").filter(Boolean));
    assertEquals([code, text, stderr], [2, "", `netecho: ${message}\n`]);
  });
}

Deno.test(onLinux("--mode of an abstract name is a usage error"), async () => {
  const { code, stderr } = await netecho(["server", "unix:@a", "--mode", "0600"]);
  const message = "Option --mode does not apply to an abstract name, which is no file";
  assertEquals([code, stderr], [2, `netecho: ${message}\n`]);
});

Deno.test("the permissions of the binary suffice for everything that asks for one", async () => {
  const { permissions } = config.compile;
  const flags = Object.entries(permissions).map(([name, value]) =>
    value === true ? `--allow-${name}` : `--allow-${name}=${(value as string[]).join(",")}`
  );
  const folder = await Deno.makeTempDir();
  const run = (...args: string[]): [string, string[]] => [
    Deno.execPath(),
    ["run", "--no-prompt", ...flags, fileURLToPath(new URL("main.ts", ROOT)), ...args],
  ];
  const unix = Deno.build.os === "windows" ? [] : [`unix:${folder}/s`, "--mode", "0600"];
  const args = ["server", "tls://127.0.0.1:0", ...unix, "--json"];
  await using server = new Running(run(...args));
  const { port } = JSON.parse(await server.line(/"listening".*tls/));
  const client = run("client", `tls://127.0.0.1:${port}`, "--insecure", "-v");
  const { code, text } = await runProgram(client, { input: "hello" });
  assertEquals([code, text], [0, "hello"]);
  const checked = await runProgram(run("client", `tls://127.0.0.1:${port}`));
  assertEquals([checked.code, /permission/.test(checked.stderr)], [1, false]);
  server.kill();
  await server.end();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("deno.json's tasks can be run", async () => {
  const { code, stderr } = await runProgram([Deno.execPath(), ["task"]]);
  assertEquals([code, /Failed/.test(stderr)], [0, false]);
});

Deno.test("an argument that is shown back cannot command the terminal", async () => {
  const { code, stderr } = await netecho(["server", "\x1b[2J:80"]);
  assertEquals(code, 2);
  assertEquals(
    stderr,
    'netecho: Address "\\x1b[2J:80" has no valid host name before its port\n',
  );
});

Deno.test("--version prints the version of deno.json", async () => {
  for (const flag of ["--version", "-V"]) {
    const { code, text } = await netecho([flag]);
    assertEquals(code, 0);
    assertMatch(text, /^netecho \S+ \(Deno \d+\.\d+\.\d+, [\w-]+\)\n$/);
    assertEquals(text.split(" ")[1], config.version);
  }
});

for (const args of [["--help"], ["-h"], ["help"]]) {
  Deno.test(`netecho ${args} names the subcommands`, async () => {
    const { code, text, stderr } = await netecho(args);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(text, "netecho server [ADDRESS[=SERVICE][,key=value...]...]");
    assertStringIncludes(text, "netecho client [ADDRESS | HOST PORT]");
  });
}

for (const subcommand of ["server", "client"]) {
  Deno.test(`netecho ${subcommand} --help describes its options within 80 columns`, async () => {
    const { code, text, stderr } = await netecho([subcommand, "--help"]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(text, new RegExp(`^usage: netecho ${subcommand} `));
    assertMatch(text, /\n {2}-h, --help +print this help\n/);
    assertEquals(text.split("\n").filter((line) => line.length > 80), []);
  });
}
