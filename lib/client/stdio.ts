/** Standard input and output, whose failures are told from those of the peer by their class. */
import { NetworkError } from "../core/errors.ts";
import { explain } from "../core/explain.ts";
import type { Reader, Screen } from "../core/io.ts";

/** Rejects with a {@linkcode NetworkError} that says which input failed. */
export function namedInput(input: Reader, name: string): Reader {
  return { read: (into) => input.read(into).catch(failWith(`Cannot read ${name}`)) };
}

/** Rejects with a {@linkcode NetworkError} that says which output failed. */
export function namedOutput(output: Screen, name: string): Screen {
  return {
    write: (bytes) => output.write(bytes).catch(failWith(`Cannot write to ${name}`)),
    isTerminal: () => output.isTerminal(),
  };
}

function failWith(what: string): (error: unknown) => never {
  return (error) => {
    throw new NetworkError(`${what}: ${explain(error)}`, { cause: error });
  };
}
