/// <reference lib="dom" />
/** The page at the address of `--control`: begins in the browser here. */
import { render } from "preact";
import { Api } from "./api.ts";
import { App } from "./app.tsx";
import { follow } from "./follow.ts";
import { tokenIn } from "./place.ts";
import { Store } from "./store.ts";

const TOKEN_KEY = "netecho-token";

// The token leaves the address bar, and stays until the tab is closed.
const given = tokenIn(location.hash);
if (given !== undefined) {
  sessionStorage.setItem(TOKEN_KEY, given);
  history.replaceState(null, "", location.pathname);
}

const store = new Store();
const api = new Api(sessionStorage.getItem(TOKEN_KEY) ?? "");
const followServer = () => void follow(store, { api, signal: new AbortController().signal });

render(
  <App
    store={store}
    api={api}
    onToken={(token) => {
      sessionStorage.setItem(TOKEN_KEY, token);
      api.token = token;
      store.asksToken = false;
      store.changed();
      followServer();
    }}
  />,
  document.getElementById("app")!,
);
followServer();
