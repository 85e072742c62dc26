/** What node:crypto does not tell of a certificate in DER (RFC 5280, X.690). */
import { ipText } from "../../ip.ts";

// Tags of X.690, of a certificate (section 4.1) and of a GeneralName (section 4.2.1.6).
const OCTET_STRING = 0x04;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const TEXTS = new Set([0x81, 0x82, 0x86]); // mail address, DNS name, URI
const IP_ADDRESS = 0x87;
const NOTHING = new Uint8Array(0);
const SUBJECT_ALT_NAME = "85,29,17"; // 2.5.29.17

interface Element {
  readonly tag: number;
  readonly value: Uint8Array;
}

/**
 * The DNS names, addresses, mail addresses and URIs of a certificate in DER. The text that node:crypto
 * makes of them cannot tell a name with a comma in it from two names.
 */
export function altNames(der: Uint8Array): string[] {
  const signed = contentOf(contentOf(der));
  const extensions = elementsOf(signed).find(({ tag }) => tag === EXTENSIONS);
  const all = elementsOf(contentOf(extensions?.value)).map(({ value }) => elementsOf(value));
  const own = all.find(([id]) => id?.value.join() === SUBJECT_ALT_NAME);
  const names = own?.find(({ tag }) => tag === OCTET_STRING);
  return elementsOf(contentOf(names?.value)).flatMap(nameOf);
}

/** The version of a certificate: 1, or what it says, which is 3 in all that are made today. */
export function versionOf(der: Uint8Array): number {
  const [first] = elementsOf(contentOf(contentOf(der)));
  return first?.tag === VERSION ? 1 + (contentOf(first.value).at(-1) ?? 0) : 1;
}

// What the first element has in it; nothing where there is none.
function contentOf(der: Uint8Array = NOTHING): Uint8Array {
  return elementsOf(der)[0]?.value ?? NOTHING;
}

function nameOf({ tag, value }: Element): string[] {
  if (TEXTS.has(tag)) return [new TextDecoder("latin1").decode(value)];
  return tag === IP_ADDRESS && [4, 16].includes(value.length) ? [ipText(value)] : [];
}

function elementsOf(der: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at < der.length;) {
    const tag = der[at]!;
    const short = der[at + 1]!;
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
    const begin = at + 2 + lengthBytes;
    const length = lengthBytes === 0
      ? short
      : der.subarray(at + 2, begin).reduce((sum, byte) => sum * 256 + byte, 0);
    elements.push({ tag, value: der.subarray(begin, begin + length) });
    at = begin + length;
  }
  return elements;
}
