/**
 * Numbers of the capture file formats: pcapng (draft-ietf-opsawg-pcapng), pcap
 * (draft-ietf-opsawg-pcap), and their link types (https://www.tcpdump.org/linktypes.html).
 */

/** Types of pcapng's blocks. */
export const BLOCK_TYPE = {
  /** The same in both byte orders. */
  section: 0x0a0d0d0a,
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  enhancedPacket: 6,
  decryptionSecrets: 10,
} as const;

/** Codes of pcapng's options; each means something in one type of block. */
export const OPTION_CODE = {
  endOfOptions: 0,
  comment: 1,
  /** if_name */
  interfaceName: 2,
  /** shb_userappl */
  application: 4,
  /** if_tsresol */
  timestampResolution: 9,
  /** if_tsoffset */
  timestampOffset: 14,
} as const;

/** By which a section of pcapng tells its byte order. */
export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

/** The secrets type of a TLS key log. */
export const TLS_KEY_LOG = 0x544c534b;

/** By which a pcap file tells its byte order and the unit of its timestamps. */
export const PCAP_MAGIC = { microseconds: 0xa1b2c3d4, nanoseconds: 0xa1b23c4d } as const;

/** LINKTYPE_ETHERNET */
export const LINK_ETHERNET = 1;
/** LINKTYPE_IEEE802_11 */
export const LINK_802_11 = 105;
/** LINKTYPE_LINUX_SLL */
export const LINK_SLL = 113;
/** LINKTYPE_IEEE802_11_RADIOTAP */
export const LINK_RADIOTAP = 127;
/** LINKTYPE_LINUX_SLL2 */
export const LINK_SLL2 = 276;
