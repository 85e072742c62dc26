/** Apart from the schema itself, which takes a library to load. */

/** The version of the shape of a result. */
export const SCHEMA_VERSION = "netecho-bench/1";
