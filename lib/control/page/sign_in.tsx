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
  const send = (event: Event) => {
    event.preventDefault();
    onToken(token.trim());
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
        {refused && <ErrorText>the server does not know this token</ErrorText>}
        <button type="submit" class="main">open</button>
      </form>
    </main>
  );
}
