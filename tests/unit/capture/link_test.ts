/** What carries IP in a capture, read as tshark reads it. */
import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ACK, tcpFrame } from "../../../lib/capture/packet.ts";
import { LINK_802_11, LINK_ETHERNET, LINK_RADIOTAP } from "../../../lib/capture/pcap_format.ts";
import { readRecordings, saidBy } from "../../../lib/capture/recording.ts";
import { bash } from "../../support/programs.ts";
import { needing } from "../../support/skips.ts";
import { pcap } from "../../support/pcap.ts";

const SAID = "data";
const ETHERNET_BYTES = 14;

const frame = tcpFrame(
  {
    from: { transport: "tcp", hostname: "192.0.2.1", port: 4000 },
    to: { transport: "tcp", hostname: "192.0.2.2", port: 80 },
  },
  { flags: ACK, sequence: 1, acknowledged: 1, payload: new TextEncoder().encode(SAID) },
);
const packet = frame.subarray(ETHERNET_BYTES);
const addresses = frame.subarray(0, 12);

function bytes(hex: string): Uint8Array {
  return Uint8Array.fromHex(hex.replaceAll(" ", ""));
}

/** An IPv4 header without a checksum, before what it carries. */
function inIp(protocol: number, carried: Uint8Array): Uint8Array {
  const header = new Uint8Array(20);
  header.set([0x45, 0, (20 + carried.length) >> 8, (20 + carried.length) & 255, 0, 0, 0, 0, 64]);
  header.set([protocol, 0, 0, 198, 51, 100, 1, 198, 51, 100, 2], 9);
  return concat([header, carried]);
}

const MAC = "020000000001 020000000002 020000000003";
const SNAP = "aaaa03 000000 0800";
const wifi = (control: string, rest = "") => bytes(`${control} 0000 ${MAC} 1000 ${rest}`);

const CARRIERS: Readonly<Record<string, { readonly link: number; readonly front: Uint8Array }>> = {
  "802.1Q in 802.1ad": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes("88a8 0007 8100 0008 0800")]),
  },
  "VLAN behind Linux's any device": {
    link: 113,
    front: bytes("0000 0001 0006 0200000000020000 8100 0007 0800"),
  },
  "VLAN behind Linux's any device, version 2": {
    link: 276,
    front: bytes("8100 0000 00000001 0001 00 06 0200000000020000 0007 0800"),
  },
  "PPPoE": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes("8864 11 00 0001 002e 0021")]),
  },
  "802.1Q by its old number": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes("9100 0007 0800")]),
  },
  "PPP": { link: 9, front: bytes("0021") },
  "MPLS in PPP": { link: 9, front: bytes("0281 00011140") },
  "HDLC as Cisco has it": { link: 104, front: bytes("0f 00 0800") },
  "the same under PPP's number": { link: 50, front: bytes("0f 00 0800") },
  "LLC without SNAP": { link: LINK_ETHERNET, front: concat([addresses, bytes("002f 060603")]) },
  "Ethernet in Ethernet": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes("6558"), addresses, bytes("0800")]),
  },
  "PPP with its address": { link: 50, front: bytes("ff03 0021") },
  "PPP with a short protocol": { link: 9, front: bytes("ff03 21") },
  "MPLS": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes("8847 00010040 00011140")]),
  },
  "MPLS to many": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes("8848 00011140")]),
  },
  "LLC and SNAP on Ethernet": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes(`0034 ${SNAP}`)]),
  },
  "LLC and SNAP in a VLAN": {
    link: LINK_ETHERNET,
    front: concat([addresses, bytes(`8100 0007 0034 ${SNAP}`)]),
  },
  "Wi-Fi to an access point": { link: LINK_802_11, front: wifi("0801", SNAP) },
  "Wi-Fi with QoS": { link: LINK_802_11, front: wifi("8802", `0000 ${SNAP}`) },
  "Wi-Fi with QoS and HT control": {
    link: LINK_802_11,
    front: wifi("8882", `0000 00000000 ${SNAP}`),
  },
  "Wi-Fi with four addresses": {
    link: LINK_802_11,
    front: wifi("8803", `020000000004 0000 ${SNAP}`),
  },
  "radiotap": {
    link: LINK_RADIOTAP,
    front: concat([bytes("00 00 0900 02000000 00"), wifi("0801", SNAP)]),
  },
  "radiotap with its time, two words of fields and a padded header of Wi-Fi": {
    link: LINK_RADIOTAP,
    front: concat([
      bytes("00 00 1900 030000a0 00000020 00000000 0000000000000000 20"),
      wifi("8802", `0000 0000 ${SNAP}`),
    ]),
  },
};

const TUNNELS: Readonly<Record<string, Uint8Array>> = {
  "GRE": inIp(47, concat([bytes("0000 0800"), packet])),
  "GRE with all of its fields": inIp(
    47,
    concat([bytes("b000 0800 00000000 00000001 00000001"), packet]),
  ),
  "Ethernet in GRE": inIp(47, concat([bytes("0000 6558"), frame])),
  "PPP in GRE, with both numbers": inIp(
    47,
    concat([bytes("3081 880b 0020 0001 00000001 00000001 ff03 0021"), packet]),
  ),
  "MPLS in IP": inIp(137, concat([bytes("00011140"), packet])),
  "MPLS in GRE": inIp(47, concat([bytes("0000 8847 00011140"), packet])),
  "IP in IP": inIp(4, packet),
  "destination options behind an authentication header": inIp(
    51,
    concat([
      bytes("3c04 0000 00000001 00000001 000000000000000000000000"),
      bytes("0600 0104 00000000"),
      packet.subarray(20),
    ]),
  ),
  "an authentication header": inIp(
    51,
    concat([bytes("0604 0000 00000001 00000001 000000000000000000000000"), packet.subarray(20)]),
  ),
  "VXLAN": inIp(
    17,
    concat([bytes("15b3 12b5 004a 0000 08000000 00000100"), frame]),
  ),
  "VXLAN without the flag that it has a network": inIp(
    17,
    concat([bytes("15b3 12b5 004a 0000 00000000 00000100"), frame]),
  ),
  "VXLAN from its port": inIp(
    17,
    concat([bytes("12b5 15b3 004a 0000 08000000 00000100"), frame]),
  ),
  "MPLS in UDP": inIp(17, concat([bytes("15b3 19eb 0038 0000 00011140"), packet])),
  "EtherIP": inIp(97, concat([bytes("3000"), frame])),
  "Ethernet in IP": inIp(143, frame),
  "Ethernet in Geneve": inIp(
    17,
    concat([bytes("15b3 17c1 004a 0000 00 00 6558 00000100"), frame]),
  ),
  "IP in Geneve, with an option": inIp(
    17,
    concat([bytes("15b3 17c1 0044 0000 02 00 0800 00000100 0102 03 01 00000000"), packet]),
  ),
  "VXLAN with a policy": inIp(
    17,
    concat([bytes("15b3 12b5 004a 0000 88000001 00000100"), frame]),
  ),
};

const CASES = [
  ...Object.entries(CARRIERS).map(([name, { link, front }]) => ({
    name,
    link,
    whole: concat([front, packet]),
  })),
  ...Object.entries(TUNNELS).map(([name, whole]) => ({ name, link: 101, whole })),
];

for (const { name, link, whole } of CASES) {
  Deno.test({
    ...needing(["tshark"], `captures: ${name}, as tshark reads it`),
    async fn() {
      const file = pcap([whole], { link });
      const { text, stderr } = await fieldOf(file, "tcp.payload");
      assertEquals([text.trim()], [new TextEncoder().encode(SAID).toHex()], stderr);
      const { recordings, troubles } = await readRecordings({ path: "test", bytes: file });
      const streams = recordings.filter(({ protocol }) => protocol === "tcp");
      assertEquals(streams.map((each) => concat(saidBy("client", each))), [
        new TextEncoder().encode(SAID),
      ]);
      assertEquals(troubles, []);
    },
  });
}

/** What tshark has in a field of each packet, a line each. */
async function fieldOf(file: Uint8Array, field: string): ReturnType<typeof bash> {
  const path = await Deno.makeTempFile({ suffix: ".pcap" });
  await Deno.writeFile(path, file);
  const finished = await bash('tshark -r "$FILE" -T fields -e "$FIELD"', {
    env: { FILE: path, FIELD: field },
  });
  await Deno.remove(path);
  return finished;
}

const port = packet.slice(); // of another connection
port[21] = 7;
const error = (protocol: number, header: string, quoted: Uint8Array) =>
  inIp(protocol, concat([bytes(header), quoted]));
const QUOTES = {
  "whole": error(1, "0301 0000 00000000", port),
  "of a connection that is there": error(1, "0301 0000 00000000", packet),
  "without the number of a segment": error(1, "0b00 0000 00000000", port.subarray(0, 28)),
  "in a redirect": error(1, "0501 0000 00000000", port),
};

for (const [name, quote] of Object.entries(QUOTES)) {
  Deno.test({
    ...needing(
      ["tshark"],
      `captures: a packet that ICMP quotes, ${name}, is numbered as in tshark`,
    ),
    async fn() {
      const file = pcap([quote, packet], { link: 101 });
      const { text } = await fieldOf(file, "tcp.stream");
      const { recordings, troubles } = await readRecordings({ path: "test", bytes: file });
      assertEquals(recordings.length, Number(text.trim().split("\n").at(-1)) + 1);
      assertEquals(
        concat(recordings.flatMap((each) => saidBy("client", each))),
        new TextEncoder().encode(SAID),
      );
      assertEquals(troubles, []);
    },
  });
}

Deno.test("captures: what hides a packet is counted by its name", async () => {
  const onEthernet = (type: string, carried = packet) => concat([addresses, bytes(type), carried]);
  const datagram = (ports: string, payload: string) =>
    inIp(17, concat([bytes(`${ports} 0026 0000 ${payload.padEnd(60, "0")}`)]));
  const fragment = inIp(50, packet);
  fragment[6] = 0x20; // more of them
  const nested = Array.from({ length: 20 }).reduce<Uint8Array>((within) => inIp(4, within), packet);
  const frames = [
    onEthernet("0800", inIp(47, bytes("0000 22eb"))),
    onEthernet("0800", inIp(47, bytes("0000 0000"))), // a keepalive
    onEthernet("0800", inIp(47, bytes("0000 2001"))), // NHRP
    onEthernet("0800", datagram("15b3 06a5", "0002")), // L2TP
    onEthernet("0800", datagram("15b3 06a5", "c802")), // its control messages
    onEthernet("0800", datagram("06a5 0035", "0002")), // DNS from its port
    onEthernet("0800", datagram("0035 1194", "0001")), // and to another
    onEthernet("0800", datagram("0868 15b3", "30ff")), // GTP
    onEthernet("0800", datagram("1194 15b3", "00000001")), // ESP
    onEthernet("0800", datagram("1194 15b3", "00000000")), // IKE
    onEthernet("0800", datagram("15b3 12b5", "08")).subarray(0, -20), // VXLAN, cut
    onEthernet("0800", inIp(17, bytes("15b3 12b5 0009 0000 08"))), // too short for VXLAN
    onEthernet("0800", bytes("55")),
    onEthernet("0800", inIp(47, bytes("4000 0800 00000000 00000000"))), // RFC 1701
    onEthernet("0800", inIp(50, packet)),
    onEthernet("0800", inIp(51, bytes("3204 0000 00000001 00000001 000000000000000000000000"))),
    onEthernet("0800", fragment),
    onEthernet("0800", inIp(115, packet)),
    onEthernet("0800", nested),
    onEthernet("8864 11 00 0001 002e 00fd"), // MPPE
    onEthernet("86dd", bytes(`60000000 0000 3b 40 ${"0".repeat(64)}`)), // nothing behind its header
    onEthernet("88e5"),
    onEthernet("8847 00011140 00000000"),
    onEthernet("0806"), // ARP
    onEthernet("88cc"), // LLDP
    onEthernet("0034 424203"), // spanning tree
  ];
  const { troubles } = await readRecordings({
    path: "test",
    bytes: pcap(frames, { link: LINK_ETHERNET }),
  });
  assertEquals(troubles, [
    "1 packet of ERSPAN, which is not understood",
    "2 packets of L2TP, which is not understood",
    "1 packet of GTP, which is not understood",
    "4 packets encrypted by IPsec",
    "1 packet cut within the headers",
    "1 packet of another version than IPv4 and IPv6",
    "1 packet of GRE with routing, which is not understood",
    "1 packet of too many layers",
    "1 packet compressed, encrypted or divided by PPP",
    "1 packet of MACsec, which is not understood",
    "1 packet of MPLS without IP, which is not understood",
  ]);
});

Deno.test("captures: frames of Wi-Fi that cannot be read are counted by what they are", async () => {
  const frames = [
    wifi("0841", SNAP), // protected
    wifi("8802", `8000 ${SNAP}`), // A-MSDU
    wifi("4801"), // no data in it
    wifi("8000"), // a beacon
  ].map((front) => concat([front, packet]));
  const { troubles } = await readRecordings({
    path: "test",
    bytes: pcap(frames, { link: LINK_802_11 }),
  });
  assertEquals(troubles, [
    "1 packet encrypted by Wi-Fi",
    "1 packet of Wi-Fi with several packets in one, which is not understood",
  ]);
});
