/// <reference lib="dom" />
/** Asking for the token of the server. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ErrorText } from "./parts.tsx";

/** A form for the token that `--control-token` was given. */
export function SignIn(
  { onToken, refused }: {
    readonly onToken: (token: string) => void;
    readonly refused: boolean;
  },
): JSX.Element {
  const [token, setToken] = useState("");
  const [isOdd, setOdd] = useState(false);
  const send = (event: Event) => {
    event.preventDefault();
    const word = token.trim();
    if (/^[\x21-\x7e]+$/.test(word)) onToken(word);
    else setOdd(true);
  };
  return (
    <main class="sign-in">
      <h1>netecho</h1>
      <form onSubmit={send}>
        <label for="token">The token of this server, as --control-token has it</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
        {isOdd && <ErrorText>a token is one word of visible ASCII characters</ErrorText>}
        {refused && !isOdd && <ErrorText>the server does not know this token</ErrorText>}
        <button type="submit" class="main">open</button>
      </form>
    </main>
  );
}
